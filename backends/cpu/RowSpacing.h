// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Buffers whose rows of channels lie a little further apart than they are long.
//
// A register tile of a convolution reads one value of, say, 14 positions of the image in each step, and the next values
// of their cache lines in the steps that follow. A first-level cache finds a line by the lower bits of its address:
// lines a multiple of 4096 bytes apart share one set, of which there are eight places, so that with 1,024 channels of
// f32, or 512 and a stride of two, the 14 lines displace each other before they are read again. Measured on Zen 4: 76 %
// of the peak in place of 97 %. The 28 positions of a tile with one vector of outputs need more than the two sets that
// 512 channels leave them: 53 % in place of 99 %.
//
//   [14][14][1024]   ->   [14][14][1024 of 1040]
//
// Only buffers between kernels are spaced: what an application hands in, or gets, is dense.

#ifndef CNN_BACKENDS_CPU_ROWSPACING_H
#define CNN_BACKENDS_CPU_ROWSPACING_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace cnn::cpu {

/// Whether a contraction reads the tensor at more positions at once than there are places in the sets of the cache that
/// these share.
bool wantsSpacedRows(mlir::Value tensor);

/// The type with rows that are longer by a cache line.
mlir::MemRefType getSpacedType(mlir::MemRefType dense);

} // namespace cnn::cpu

#endif
