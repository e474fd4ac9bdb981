// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Storage layouts: in which order the lowered tensor of a cnn value keeps its dimensions, and the attributes by which
// the linalg form tells the back end about it.

#ifndef CNN_PASSES_STORAGELAYOUT_H
#define CNN_PASSES_STORAGELAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace cnn {

/// On an argument of a function in linalg form: dimension i of its storage is dimension storage[i] of the cnn value.
/// Absent: the order of the cnn dialect. It is the permutation of `cnn_weight_desc.storage`.
inline constexpr llvm::StringLiteral storageAttrName = "cnn.storage";

/// Unit attribute on a linalg.generic of the form c[m.., n] += a[m.., k..] * b[k.., n]: what the kernel generator for
/// contractions takes.
inline constexpr llvm::StringLiteral contractionAttrName = "cnn.contraction";

/// Dimension i of the storage is dimension layout[i] of the value.
using Layout = llvm::SmallVector<int64_t, 6>;

/// 0, 1, 2, ...: the order of the cnn dialect, and of everything that crosses a model's interface.
Layout identityLayout(int64_t rank);

/// Batch, spatial dimensions, channels: what every op on activations prefers.
Layout channelsLast(int64_t rank);

/// Kernel dimensions, input channels, output channels: how the weight of a convolution is stored, so that the output
/// channels, which become vector lanes, are contiguous.
Layout weightLayout(int64_t rank);

} // namespace cnn

#endif
