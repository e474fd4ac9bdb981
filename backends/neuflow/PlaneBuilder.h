// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes what a net computes as ops of the grid, on reals: a window of any size as kernels that fit, a dense layer as
// kernels that cover planes, a pool as convolution or as max of windows.
//
//   11 x 11 on a convolver of 10 x 10: four kernels of 6 x 6, on windows that begin at rows and columns 0 and 5.
//   Row and column 5 belong to the first; the others have zeros there.

#ifndef CNN_BACKENDS_NEUFLOW_PLANEBUILDER_H
#define CNN_BACKENDS_NEUFLOW_PLANEBUILDER_H

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "ir/WindowMath.h"

namespace cnn::neuflow {

/// Windows of planes: rows, then columns.
using WindowPair = std::array<WindowDim, 2>;

/// A sum over windows of planes, before it is cut into kernels that fit.
struct WindowSum {
  WindowPair window;
  llvm::ArrayRef<Connection> connections;
  /// Of each connection, window[0].kernel * window[1].kernel numbers.
  llvm::ArrayRef<double> kernels;
  int64_t outputs;
};

class PlaneBuilder {
public:
  PlaneBuilder(mlir::OpBuilder &builder, mlir::Location loc, int64_t convolverSize)
      : builder(builder), loc(loc), convolverSize(convolverSize) {}

  mlir::Value sumWindows(mlir::Value x, const WindowSum &sum);
  /// `weights` is [outputs, all values of x]. Kernels cover the planes of x, or, if those are fewer, planes of as many
  /// values as kernels have that x is put into.
  mlir::Value dense(mlir::Value x, llvm::ArrayRef<double> weights, int64_t outputs);
  mlir::Value average(mlir::Value x, WindowPair window, double weight);
  mlir::Value maximum(mlir::Value x, WindowPair window);
  mlir::Value affine(mlir::Value x, llvm::ArrayRef<double> scale, llvm::ArrayRef<double> shift);
  mlir::Value reshape(mlir::Value x, std::array<int64_t, 3> shape);
  /// Rows and columns more, or, where negative, fewer.
  mlir::Value pad(mlir::Value x, std::array<int64_t, 2> low, std::array<int64_t, 2> high, bool withLeast);
  mlir::Value window(mlir::Value x, std::array<int64_t, 2> offset, std::array<int64_t, 2> strides,
                     std::array<int64_t, 2> size);
  mlir::Value select(mlir::Value x, llvm::ArrayRef<int64_t> planes);
  mlir::Value concat(llvm::ArrayRef<mlir::Value> inputs);

private:
  mlir::Value constant(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<double> values);
  mlir::RankedTensorType planesType(llvm::ArrayRef<int64_t> shape);
  mlir::Value conv(mlir::Value x, llvm::ArrayRef<Connection> connections, llvm::ArrayRef<double> kernels,
                   std::array<int64_t, 2> kernelSize, std::array<int64_t, 2> strides, bool sameSize, int64_t outputs);
  mlir::Value cover(mlir::Value x, llvm::ArrayRef<double> weights, int64_t outputs);
  mlir::Value padForWindows(mlir::Value x, const WindowPair &window, bool withLeast);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  int64_t convolverSize;
};

/// The planes of a value.
std::array<int64_t, 3> planesOf(mlir::Value value);

} // namespace cnn::neuflow

#endif
