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

/// On an argument of a function in linalg form: the layout of its storage. Absent: the order of the cnn dialect.
inline constexpr llvm::StringLiteral storageAttrName = "cnn.storage";

/// Unit attribute on a linalg.generic of the form c[m.., n] += a[m.., k..] * b[k.., n]: what the kernel generator for
/// contractions takes. The columns of b may be in blocks: b[n floordiv block, k.., n mod block].
inline constexpr llvm::StringLiteral contractionAttrName = "cnn.contraction";

/// Unit attribute on a linalg.generic that multiplies a tensor with a constant matrix along two of its dimensions:
///   c[m.., p, q, n] += a[m.., i, j, n] * t[p, i] * t[q, j].
inline constexpr llvm::StringLiteral transformAttrName = "cnn.transform";

/// Unit attribute on a linalg.generic that surrounds a tensor with a constant: it may be computed in parts, by whoever
/// reads them.
inline constexpr llvm::StringLiteral padAttrName = "cnn.pad";
/// With it, if nothing of the tensor is cut off: {low = array<i64>, value}, how much stands in front of the tensor in
/// each dimension, and the constant.
inline constexpr llvm::StringLiteral haloAttrName = "cnn.halo";

/// On a contraction: array<i64>, for each dimension of its left operand how many of its first and of its last values
/// are zeros that surround it: [first, last, first, last, ..]. What is multiplied by them may be left out.
inline constexpr llvm::StringLiteral borderAttrName = "cnn.border";

/// On a contraction: the algorithm of the convolution that it is a part of, if that is not the contraction itself. On
/// cnn.conv_input_grad, where cnn.conv would allow it: the algorithm for it, if not the direct one.
inline constexpr llvm::StringLiteral algorithmAttrName = "cnn.algorithm";
/// On a convolution's input gradient: each sum takes one product after the other.
inline constexpr llvm::StringLiteral orderedSumsAttrName = "cnn.ordered_sums";
/// With it, array<i64>: the spatial sizes of the convolution's result, which the tiles may reach beyond.
inline constexpr llvm::StringLiteral extentAttrName = "cnn.extent";

/// Dimension i of the storage is dimension layout[i] of the value. A dimension that stands there twice is split: the
/// first is the number of a block, the last the place in it. The blocks are those of `columnsPerBlock`.
using Layout = llvm::SmallVector<int64_t, 6>;

/// 0, 1, 2, ...: the order of the cnn dialect, and of everything that crosses a model's interface.
Layout identityLayout(int64_t rank);

/// Batch, spatial dimensions, channels: what every op on activations prefers.
Layout channelsLast(int64_t rank);

/// Kernel dimensions, input channels, output channels: how the weight of a convolution is stored, so that the output
/// channels, which become vector lanes, are contiguous.
Layout weightLayout(int64_t rank);

/// A kernel reads a few vectors of output channels for every input channel. Of many output channels these lie far
/// apart, each in another page and in few sets of the caches; so the weight is stored in blocks of so many, each of
/// which is read from end to end: of more than 48, if they are a multiple of 16, 24 or 40. 0: it is not split.
int64_t columnsPerBlock(int64_t outputs);
/// [output blocks, kernel dimensions, input channels, output channels of a block], or as above if it is not split. For
/// the shape of the cnn value, [outputs, inputs, kernel..].
Layout blockedWeightLayout(llvm::ArrayRef<int64_t> shape);

/// Whether a dimension is split, and the layout that is the same but for that.
bool isSplit(llvm::ArrayRef<int64_t> layout);
Layout withoutSplit(llvm::ArrayRef<int64_t> layout);

} // namespace cnn

#endif
