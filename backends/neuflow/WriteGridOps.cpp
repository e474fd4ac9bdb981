// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/WriteGridOps.h"

#include "backends/neuflow/GridLimits.h"
#include "backends/neuflow/PlaneBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace cnn::neuflow {
namespace {

RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// One op of the cnn dialect as ops of the grid.
class OpWriter {
public:
  OpWriter(OpBuilder &builder, ConstantValues &constants, const Target &target)
      : builder(builder), constants(constants), target(target) {}

  /// `read` has the planes of operands that are no constants.
  Value write(Operation *op, function_ref<Value(Value)> read) {
    PlaneBuilder planes(builder, op->getLoc(), target.convKernel);
    return TypeSwitch<Operation *, Value>(op)
        .Case([&](cnn::ConvOp op) { return writeConv(op, read(op.getInput()), planes); })
        .Case([&](AvgPoolOp op) {
          double count = 1;
          for (int64_t size : op.getWindow().getKernel())
            count *= size;
          return planes.average(read(op.getInput()), pairOf(op.getWindow()), 1 / count);
        })
        .Case([&](MaxPoolOp op) { return planes.maximum(read(op.getInput()), pairOf(op.getWindow())); })
        .Case([&](ReduceOp op) {
          Value x = read(op.getInput());
          WindowPair all;
          all[0].kernel = planesOf(x)[1];
          all[1].kernel = planesOf(x)[2];
          if (op.getKind() == ReduceKind::Max)
            return planes.maximum(x, all);
          bool isMean = op.getKind() == ReduceKind::Mean;
          return planes.average(x, all, isMean ? 1.0 / (all[0].kernel * all[1].kernel) : 1);
        })
        .Case([&](BatchNormOp op) { return writeBatchNorm(op, read(op.getInput()), planes); })
        .Case([&](BinaryOp op) { return writeBinary(op, read, planes); })
        .Case([&](UnaryOp op) -> Value {
          Value x = read(op.getInput());
          int64_t count = planesOf(x)[0];
          if (op.getKind() == UnaryKind::Neg)
            return planes.affine(x, std::vector<double>(count, -1), std::vector<double>(count, 0));
          if (op.getKind() == UnaryKind::Square)
            return SquareOp::create(builder, op.getLoc(), x.getType(), x);
          return FunctionOp::create(builder, op.getLoc(), x.getType(), x, op.getKind(), op.getAlpha());
        })
        .Case([&](cnn::ReshapeOp op) { return planes.reshape(read(op.getInput()), *findPlanes(op.getOutput())); })
        .Case([&](cnn::PadOp op) {
          auto [low, high] = std::pair(spatial(op.getLow(), 0), spatial(op.getHigh(), 0));
          return planes.pad(read(op.getInput()), low, high, /*withLeast=*/false);
        })
        .Case([&](SliceOp op) {
          Value x = read(op.getInput());
          x = planes.select(x, llvm::to_vector(llvm::seq(op.getOffsets()[1], op.getOffsets()[1] + op.getSizes()[1])));
          return planes.window(x, spatial(op.getOffsets(), 0), {1, 1}, spatial(op.getSizes(), 1));
        })
        .Case([&](cnn::ConcatOp op) {
          return planes.concat(llvm::map_to_vector(op.getInputs(), [&](Value input) { return read(input); }));
        })
        // Words of bytes are bytes.
        .Case([&](CastOp op) { return read(op.getInput()); });
  }

private:
  static WindowPair pairOf(WindowAttr window) {
    WindowPair pair;
    for (int64_t i = 0; i < window.getRank(); ++i)
      pair[2 - window.getRank() + i] = window.getDim(i);
    return pair;
  }

  /// Numbers of dimensions [1, C, H, W] or fewer, of rows and columns.
  static std::array<int64_t, 2> spatial(ArrayRef<int64_t> numbers, int64_t missing) {
    return {numbers.size() == 4 ? numbers[2] : missing, numbers.size() >= 3 ? numbers.back() : missing};
  }

  Value writeConv(cnn::ConvOp op, Value x, PlaneBuilder &planes) {
    ArrayRef<double> weights = constants.find(op.getWeight())->floats;
    int64_t outputs = typeOf(op.getOutput()).getDimSize(1);
    if (op.getWindow().getRank() == 0 && op.getGroups() == 1)
      return planes.dense(x, weights, outputs);
    // A window that is all of the planes is a dense layer.
    auto isWhole = [&](int i) {
      WindowDim window = pairOf(op.getWindow())[i];
      return window.kernel == planesOf(x)[1 + i] && window.dilation == 1 && window.padLow == 0 && window.padHigh == 0;
    };
    if (op.getGroups() == 1 && isWhole(0) && isWhole(1))
      return planes.dense(x, weights, outputs);
    int64_t groups = op.getGroups(), perGroup = typeOf(op.getWeight()).getDimSize(1);
    SmallVector<Connection> connections;
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t i = 0; i < perGroup; ++i)
        connections.push_back({o, o / (outputs / groups) * perGroup + i});
    return planes.sumWindows(x, {pairOf(op.getWindow()), connections, weights, outputs});
  }

  Value writeBatchNorm(BatchNormOp op, Value x, PlaneBuilder &planes) {
    auto numbers = [&](Value value) -> ArrayRef<double> { return constants.find(value)->floats; };
    std::vector<double> scale, shift;
    for (auto [s, b, mean, variance] : llvm::zip_equal(numbers(op.getScale()), numbers(op.getShift()),
                                                       numbers(op.getMean()), numbers(op.getVariance()))) {
      scale.push_back(s / std::sqrt(variance + op.getEpsilon().convertToDouble()));
      shift.push_back(b - mean * scale.back());
    }
    return planes.affine(x, scale, shift);
  }

  Value writeBinary(BinaryOp op, function_ref<Value(Value)> read, PlaneBuilder &planes) {
    Value x = read(op.getLhs());
    Location loc = op.getLoc();
    if (const reference::Tensor *constant = constants.find(op.getRhs())) {
      std::vector<double> scale(planesOf(x)[0], 1), shift(planesOf(x)[0], 0);
      for (size_t p = 0; p < scale.size(); ++p) {
        double number = constant->floats[op.getAxes().empty() ? 0 : p];
        switch (op.getKind()) {
        case BinaryKind::Add:
          shift[p] = number;
          break;
        case BinaryKind::Sub:
          shift[p] = -number;
          break;
        case BinaryKind::Mul:
          scale[p] = number;
          break;
        case BinaryKind::Div:
          scale[p] = 1 / number;
          break;
        default:
          llvm_unreachable("a limit of the grid");
        }
      }
      return planes.affine(x, scale, shift);
    }
    Value y = read(op.getRhs());
    switch (op.getKind()) {
    case BinaryKind::Add:
      return AddOp::create(builder, loc, x.getType(), x, y);
    case BinaryKind::Sub:
      return SubOp::create(builder, loc, x.getType(), x, y);
    case BinaryKind::Mul:
      return MulOp::create(builder, loc, x.getType(), x, y);
    case BinaryKind::Div:
      return DivOp::create(builder, loc, x.getType(), x, y);
    case BinaryKind::Max:
      return MaxOp::create(builder, loc, x.getType(), x, y);
    case BinaryKind::Min: {
      std::vector<double> minus(planesOf(x)[0], -1), zero(planesOf(x)[0], 0);
      Value greatest =
          MaxOp::create(builder, loc, x.getType(), planes.affine(x, minus, zero), planes.affine(y, minus, zero));
      return planes.affine(greatest, minus, zero);
    }
    }
    llvm_unreachable("all kinds are handled");
  }

  OpBuilder &builder;
  ConstantValues &constants;
  const Target &target;
};

} // namespace

Value writeGridOp(Operation *op, OpBuilder &builder, ConstantValues &constants, const Target &target,
                  function_ref<Value(Value)> read) {
  return OpWriter(builder, constants, target).write(op, read);
}

} // namespace cnn::neuflow
