// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering of one function from cnn to linalg: which tensor stands for which cnn value, in which storage layout,
// and short names for the few shapes of linalg op that all op families are made of. Private to the pass.

#ifndef CNN_PASSES_LINALGLOWERING_H
#define CNN_PASSES_LINALGLOWERING_H

#include "ir/CnnDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "passes/StorageLayout.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace cnn {

/// An input of a loop nest: the element of `tensor` at map(loops).
struct LoopInput {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// Computes the value of one point; `arguments` are the elements of the inputs (and of the result, where it is read).
using PointBody = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::ValueRange arguments)>;

class LinalgLowering {
public:
  LinalgLowering(mlir::func::FuncOp function);

  /// Emits at the op being lowered, with its location.
  mlir::ImplicitLocOpBuilder builder;

  // What stands for a cnn value.

  /// Says that `tensor`, in this layout, holds `value`. Its floats may be narrower than the value's, if they hold what
  /// is in it: loops widen what they read.
  void set(mlir::Value value, mlir::Value tensor, llvm::ArrayRef<int64_t> layout);
  /// The tensor for `value` in the layout it was computed in, but with no dimension split.
  mlir::Value get(mlir::Value value);
  /// That layout.
  Layout layoutOf(mlir::Value value) const;
  /// The layout in which the value is stored or was computed.
  const Layout &storedLayoutOf(mlir::Value value) const;
  /// The tensor for `value` in the layout asked for, transposed if it is in another one.
  mlir::Value get(mlir::Value value, llvm::ArrayRef<int64_t> layout);
  /// get(value, channelsLast(rank)).
  mlir::Value getChannelsLast(mlir::Value value);
  /// get(value, layout), with elements of the value's type.
  mlir::Value getWide(mlir::Value value, llvm::ArrayRef<int64_t> layout);

  // Types.

  /// The tensor type of a cnn type: without signs, in this layout.
  static mlir::RankedTensorType lowerType(mlir::Type type, llvm::ArrayRef<int64_t> layout);
  static mlir::Type lowerElementType(mlir::Type type);
  /// The same for values that are those of `tensor`, moved: they stay as narrow as they are there.
  static mlir::RankedTensorType lowerMovedType(mlir::Type type, llvm::ArrayRef<int64_t> layout, mlir::Value tensor);

  // Tensors.

  /// The batch of this function; null if it has no argument with a batch.
  mlir::Value getBatch() const { return batch; }
  mlir::Value empty(mlir::RankedTensorType type);
  /// A tensor of one value; the attribute has the element type.
  mlir::Value filled(mlir::RankedTensorType type, mlir::TypedAttr value);
  mlir::Value filled(mlir::RankedTensorType type, double value);
  /// The same values in row-major order under another shape. No data moves.
  mlir::Value reshape(mlir::Value tensor, mlir::RankedTensorType type);
  /// Splits dimension `dim` of size outer * inner in two.
  mlir::Value splitDim(mlir::Value tensor, int64_t dim, int64_t inner);
  /// Dimension i of the result is dimension permutation[i] of the tensor; a reshape where only unit dimensions move.
  mlir::Value transpose(mlir::Value tensor, llvm::ArrayRef<int64_t> permutation);
  /// Whether a tensor can have this shape. If not, says at the op that `what` has too many values; nullopt stands for a
  /// size beyond 64 bits.
  llvm::LogicalResult checkSize(std::optional<llvm::ArrayRef<int64_t>> shape, llvm::StringRef what);
  /// Surrounds a tensor with `value`. Negative amounts crop.
  mlir::FailureOr<mlir::Value> pad(mlir::Value tensor, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high,
                                   double value);
  /// An activation [B, S.., C] with everything that the windows touch outside of it: padding, and what `ceil` makes the
  /// last ones read beyond it. With `channels` above C, there are so many.
  mlir::FailureOr<mlir::Value> padForWindow(mlir::Value tensor, WindowAttr window, double value, int64_t channels = 0);
  /// How many elements of `from` go into one of `to`, as a number; depends on the batch if it is reduced.
  mlir::Value countPerResult(mlir::RankedTensorType from, mlir::RankedTensorType to, mlir::Type floatType);
  /// The box of `tensor` at `offsets` with the shape of `type`.
  mlir::Value slice(mlir::Value tensor, llvm::ArrayRef<int64_t> offsets, mlir::RankedTensorType type);

  // Loops. Floats narrower than f32 are widened when they are read, and results rounded when they are written: bodies
  // compute in f32 at least.

  /// One loop per dimension of `type`, all parallel; the body gives the element of the result.
  mlir::Value forEach(mlir::RankedTensorType type, llvm::ArrayRef<LoopInput> inputs, PointBody body);
  /// The same with several results of one shape; the body gives one element of each.
  llvm::SmallVector<mlir::Value> forEachOf(
      llvm::ArrayRef<mlir::RankedTensorType> types, llvm::ArrayRef<LoopInput> inputs,
      llvm::function_ref<void(mlir::ImplicitLocOpBuilder &, mlir::ValueRange, llvm::SmallVectorImpl<mlir::Value> &)>
          body);
  /// For each point of the loops, in order: result[resultMap] = body(inputs.., result[resultMap]), starting from
  /// `init`. Loops that resultMap does not read are reductions.
  mlir::Value accumulate(mlir::Value init, mlir::AffineMap resultMap, llvm::ArrayRef<LoopInput> inputs, PointBody body,
                         bool isContraction = false);

  /// result[kept loops] = combine of value(inputs..) over the other loops, starting from `start`; inputs[0] is read by
  /// the identity map and gives the loops their sizes. With the last loop kept (channels), one loop is reduced at a
  /// time, the innermost first, into a tensor of partial results: rows in parallel, contiguous, and a rounding error
  /// that grows with the sum of the sizes instead of their product. Few channels are first taken together with the
  /// positions of a row, [.., w * c], for loops that are long enough for vectors.
  mlir::Value reduce(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> kept, double start,
                     llvm::ArrayRef<LoopInput> inputs, PointBody value, PointBody combine);

  mlir::AffineMap identityMap(int64_t rank) { return builder.getMultiDimIdentityMap(rank); }
  /// The map from `loops` loops to these loops alone.
  mlir::AffineMap loopMap(int64_t loops, llvm::ArrayRef<int64_t> results);

private:
  llvm::SmallVector<mlir::Value> widen(mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange arguments);
  LoopInput cropToLoops(const LoopInput &input, mlir::RankedTensorType loops);

  mlir::Value batch;
  struct Copy {
    mlir::Value tensor;
    Layout layout;
  };
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Copy, 1>> copies; // the first is the one that was computed
};

/// Short names for arithmetic in loop bodies, on values of one float type.
class FloatMath {
public:
  FloatMath(mlir::ImplicitLocOpBuilder &builder, mlir::Type type) : builder(builder), type(type) {}
  FloatMath(mlir::ImplicitLocOpBuilder &builder, mlir::Value value) : FloatMath(builder, value.getType()) {}

  mlir::Value constant(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, double b) { return b == 1.0 ? a : mul(a, constant(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value neg(mlir::Value a);
  /// NaN if one of them is.
  mlir::Value max(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value sqrt(mlir::Value a);
  mlir::Value exp(mlir::Value a);
  mlir::Value log(mlir::Value a);
  mlir::Value greater(mlir::Value a, mlir::Value b);
  mlir::Value less(mlir::Value a, mlir::Value b);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  /// a + b that may be reordered within one reduction, so that it can run in vector lanes; still the same for any
  /// number of threads.
  mlir::Value addInAnyOrder(mlir::Value a, mlir::Value b);

private:
  mlir::ImplicitLocOpBuilder &builder;
  mlir::Type type;
};

/// The body of a contraction: arguments[2] + arguments[0] * arguments[1].
mlir::Value multiplyAdd(mlir::ImplicitLocOpBuilder &builder, mlir::ValueRange arguments);

/// Short names for arithmetic on indices in loop bodies.
class IndexMath {
public:
  IndexMath(mlir::ImplicitLocOpBuilder &builder) : builder(builder) {}

  mlir::Value constant(int64_t value);
  mlir::Value loop(int64_t dim);
  mlir::Value add(mlir::Value a, int64_t b);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  /// Of values that are not negative.
  mlir::Value div(mlir::Value a, int64_t b);
  mlir::Value rem(mlir::Value a, int64_t b);
  /// Whether low <= a < high.
  mlir::Value inRange(mlir::Value a, int64_t low, int64_t high);
  mlir::Value equal(mlir::Value a, mlir::Value b);
  mlir::Value both(mlir::Value a, mlir::Value b);
  /// a, brought into [low, high].
  mlir::Value clamp(mlir::Value a, int64_t low, int64_t high);

private:
  mlir::ImplicitLocOpBuilder &builder;
};

// One function per op family; each lowers the op if it belongs to the family (null otherwise) and says whether that
// worked. A failure has been reported.

using FamilyResult = std::optional<llvm::LogicalResult>;
FamilyResult lowerConvOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerElementwiseOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerNormOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerOptimizerOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerPoolOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerReduceOp(LinalgLowering &lowering, mlir::Operation *op);
FamilyResult lowerShapeOp(LinalgLowering &lowering, mlir::Operation *op);

/// The convolution of x, channels last, by one of Winograd's algorithms, which ConvOp::allows. The weight [K.., C, O]
/// may be in blocks, as blockedWeightLayout says; `padLow` zeros stand in front of x, in each spatial dimension,
/// whatever the window says. The result has the type given, channels last. With `pack`, of which the channels are a
/// multiple, transformed values are rounded to bf16 and multiplied in groups of so many channels.
mlir::FailureOr<mlir::Value> lowerWinograd(LinalgLowering &lowering, mlir::Value x, mlir::Value weight,
                                           WindowAttr window, llvm::ArrayRef<int64_t> padLow,
                                           mlir::RankedTensorType type, ConvAlgorithmAttr algorithm, int64_t pack = 1);

} // namespace cnn

#endif
