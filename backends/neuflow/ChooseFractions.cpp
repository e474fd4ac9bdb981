// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/ChooseFractions.h"

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "ir/reference/OpEvaluators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace cnn::neuflow {

int64_t kernelFraction(int64_t input, int64_t output) { return output - input + kFractionBits; }

int64_t rawFraction(Operation *op, const DenseMap<Value, int64_t> &fractions) {
  int64_t a = fractions.at(op->getOperand(0)), b = fractions.at(op->getOperands().back());
  return isa<DivOp>(op) ? a - b + kFractionBits : a + b - kFractionBits;
}

namespace {

constexpr int64_t kLeastFraction = -16, kGreatestFraction = 20;
// An error greater than any noise, for each bit by which something does not fit.
constexpr double kImpossible = 1e9;

bool tiesFractions(Operation *op) {
  return isa<AddOp, SubOp, MaxOp, WindowOp, PadOp, SelectOp, ConcatOp, ReshapeOp>(op);
}

/// By how many bits a magnitude exceeds a word.
double excessBits(double magnitude, int64_t fraction) {
  double bits = std::log2(std::max(magnitude, 1e-300)) + double(fraction) - std::log2(double(kGreatestWord));
  return std::max(bits, 0.0);
}

double square(double x) { return x * x; }

class FractionChooser {
public:
  FractionChooser(func::FuncOp part, const Target &target) : part(part), target(target) {}

  FailureOr<DenseMap<Value, int64_t>> run() {
    if (failed(readRanges()))
      return failure();
    tieValues();
    descend();
    DenseMap<Value, int64_t> fractions;
    for (auto &[value, variable] : variableOf)
      fractions[value] = variables[find(variable)].fraction;
    return fractions;
  }

private:
  struct Range {
    double largest, meanSquare;
  };
  struct Variable {
    size_t parent;
    int64_t limit = kGreatestFraction, fraction = 0;
    bool isFixed = false;
  };
  /// What a function of reals asks of its mapper.
  struct Steepness {
    double slope = 0, intercept = 0;
    bool isStraight = false; // pieces with slopes that are powers of two
  };

  LogicalResult readRanges() {
    auto read = [&](Value value, Attribute attribute) {
      auto numbers = dyn_cast_or_null<DenseF64ArrayAttr>(attribute);
      if (!numbers || numbers.size() != 2)
        return failure();
      ranges[value] = {numbers[0], square(numbers[1])};
      addVariable(value, numbers[0]);
      return success();
    };
    for (BlockArgument argument : part.getArguments()) {
      if (failed(read(argument, part.getArgAttr(argument.getArgNumber(), rangeAttrName))))
        return emitError(argument.getLoc(), "expected a range of the argument, which calibration writes");
      if (auto fixed = part.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), fractionAttrName)) {
        variables.back().isFixed = true;
        variables.back().limit = fixed.getInt();
      }
    }
    for (Operation &op : part.getBody().front().without_terminator()) {
      if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
        auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
        if (!elements || !elements.getElementType().isF32())
          return op.emitError("expected a constant of reals");
        double largest = 0, squares = 0, count = 0;
        for (float number : elements.getValues<float>()) {
          largest = std::max(largest, std::abs(double(number)));
          squares += square(number);
          ++count;
        }
        ranges[constant.getResult()] = {largest, squares / count};
        addVariable(constant.getResult(), largest);
        continue;
      }
      if (!isa<ConvOp, FunctionOp, AffineOp, MulOp, SquareOp, DivOp>(op) && !tiesFractions(&op))
        return op.emitError("expected an op that neuflow-legalize makes, but got '") << op.getName() << "'";
      if (failed(read(op.getResult(0), op.getAttr(rangeAttrName))))
        return op.emitError("expected a range of the result, which calibration writes");
      ops.push_back(&op);
    }
    return success();
  }

  void addVariable(Value value, double largest) {
    Variable variable;
    variable.parent = variables.size();
    if (largest > 0)
      variable.limit =
          std::min<int64_t>(kGreatestFraction, std::floor(std::log2(double(kGreatestWord) / (largest * kHeadroom))));
    variable.limit = std::max(variable.limit, kLeastFraction);
    variableOf[value] = variables.size();
    variables.push_back(variable);
  }

  size_t find(size_t variable) const {
    while (variables[variable].parent != variable)
      variable = variables[variable].parent;
    return variable;
  }

  void tieValues() {
    for (Operation *op : ops) {
      if (!tiesFractions(op))
        continue;
      for (Value operand : op->getOperands()) {
        size_t a = find(variableOf[operand]), b = find(variableOf[op->getResult(0)]);
        if (a == b)
          continue;
        // A fixed one stays so.
        if (variables[b].isFixed)
          std::swap(a, b);
        variables[b].parent = a;
        if (!variables[a].isFixed)
          variables[a].limit = std::min(variables[a].limit, variables[b].limit);
      }
    }
    for (Variable &variable : variables)
      variable.fraction = variable.limit;
  }

  int64_t fractionOf(Value value) { return variables[find(variableOf[value])].fraction; }
  /// As many bits as fit for this value alone.
  int64_t limitOf(Value value) { return variables[variableOf[value]].limit; }

  void descend() {
    for (Operation *op : ops)
      for (Value value : op->getOperands())
        readers[find(variableOf[value])].push_back(op);
    for (Operation *op : ops)
      readers[find(variableOf[op->getResult(0)])].push_back(op);
    for (bool hasChanged = true; hasChanged;) {
      hasChanged = false;
      for (size_t i = 0; i < variables.size(); ++i) {
        if (variables[i].parent != i || variables[i].isFixed || readers[i].empty())
          continue;
        int64_t best = variables[i].fraction;
        double bestLoss = lossAround(i);
        for (int64_t fraction = variables[i].limit; fraction >= std::max(kLeastFraction, variables[i].limit - 20);
             --fraction) {
          variables[i].fraction = fraction;
          // A part in a million, so that it ends.
          if (double loss = lossAround(i); loss < bestLoss * (1 - 1e-6)) {
            bestLoss = loss;
            best = fraction;
            hasChanged = true;
          }
        }
        variables[i].fraction = best;
      }
    }
  }

  /// The loss of all ops that a variable has to do with.
  double lossAround(size_t variable) {
    double sum = 0;
    for (Operation *op : readers[variable])
      sum += lossOf(op);
    // An argument is rounded as it comes in.
    for (BlockArgument argument : part.getArguments())
      if (find(variableOf[argument]) == variable)
        sum += roundingLoss(argument, 1, variables[variable].fraction);
    return sum;
  }

  /// Of a value with this fraction that is rounded so many times.
  double roundingLoss(Value value, double times, double fraction) {
    return times * std::exp2(-2 * fraction) / 12 / std::max(ranges[value].meanSquare, 1e-30);
  }

  double lossOf(Operation *op) {
    Value result = op->getResult(0);
    int64_t output = fractionOf(result);
    return TypeSwitch<Operation *, double>(op)
        .Case([&](ConvOp op) {
          double connections = double(op.getKernels().getType().getDimSize(0)) / op.getType().getDimSize(0);
          return roundingLoss(result, connections, output) +
                 kernelLoss(op, kernelFraction(fractionOf(op.getInput()), output));
        })
        .Case<FunctionOp, AffineOp>([&](Operation *op) { return mapperLoss(op, output); })
        .Case<MulOp, SquareOp, DivOp>([&](Operation *op) {
          int64_t a = fractionOf(op->getOperand(0)), b = fractionOf(op->getOperands().back());
          int64_t raw = isa<DivOp>(op) ? a - b + kFractionBits : a + b - kFractionBits;
          double excess = std::max<int64_t>(raw - limitOf(result), 0) + std::max<int64_t>(output - raw - 6, 0) +
                          std::max<int64_t>(raw - output - 8, 0);
          return excess * kImpossible + roundingLoss(result, 1, raw) +
                 (raw == output ? 0 : roundingLoss(result, 2, output));
        })
        // What only moves or compares loses nothing.
        .Default(0.0);
  }

  double kernelLoss(ConvOp op, int64_t fraction) {
    auto [place, isNew] = kernelLosses.try_emplace({op, fraction}, 0);
    if (!isNew)
      return place->second;
    double missed = 0, all = 0, largest = 0;
    auto elements = cast<DenseElementsAttr>(op.getKernels().getDefiningOp<arith::ConstantOp>().getValue());
    for (float number : elements.getValues<float>()) {
      double scaled = std::ldexp(double(number), int(fraction));
      missed += square(std::floor(scaled + 0.5) - scaled);
      all += square(scaled);
      largest = std::max(largest, std::abs(double(number)));
    }
    return place->second = (all > 0 ? missed / all : 0) + kImpossible * excessBits(largest, fraction);
  }

  double mapperLoss(Operation *op, int64_t output) {
    Value input = op->getOperand(0);
    int64_t from = fractionOf(input);
    const Steepness &steepness = steepnessOf(op);
    double excess =
        excessBits(steepness.slope, output - from + kFractionBits) + excessBits(steepness.intercept, output);
    // The slope misses by up to 1/512, so that the end of a piece misses by that times half its length.
    double piece = std::ldexp(2 * ranges[input].largest, int(from)) / double(target.mapperSegments);
    double slopeLoss = steepness.isStraight && output - from >= -kFractionBits ? 0 : square(piece / 1024) / 3;
    return excess * kImpossible + roundingLoss(op->getResult(0), 2 + 12 * slopeLoss, output);
  }

  const Steepness &steepnessOf(Operation *op) {
    auto [place, isNew] = steepnesses.try_emplace(op);
    Steepness &steepness = place->second;
    if (!isNew)
      return steepness;
    if (auto affine = dyn_cast<AffineOp>(op)) {
      steepness.slope = ranges[affine.getScale()].largest;
      steepness.intercept = ranges[affine.getShift()].largest;
      return steepness;
    }
    auto function = cast<FunctionOp>(op);
    double alpha = function.getAlpha().convertToDouble(), largest = ranges[function.getInput()].largest;
    auto f = [&](double x) { return reference::applyUnary(function.getKind(), x, alpha); };
    constexpr int kPoints = 256;
    for (int i = 0; i < kPoints; ++i) {
      double x = largest * (2 * i + 1 - kPoints) / kPoints, h = largest / kPoints;
      double slope = (f(x + h) - f(x - h)) / (2 * h), intercept = f(x) - slope * x;
      // Where the function grows beyond all words, the mapper saturates anyway.
      double limit = 4 * ranges[function.getOutput()].largest;
      if (!std::isfinite(slope) || !std::isfinite(intercept) || std::abs(f(x)) > limit)
        continue;
      steepness.slope = std::max(steepness.slope, std::abs(slope));
      steepness.intercept = std::max(steepness.intercept, std::abs(intercept));
    }
    steepness.isStraight =
        llvm::is_contained({UnaryKind::Relu, UnaryKind::Abs, UnaryKind::Hardtanh}, function.getKind());
    return steepness;
  }

  func::FuncOp part;
  const Target &target;
  SmallVector<Operation *> ops;
  DenseMap<Value, Range> ranges;
  DenseMap<Value, size_t> variableOf;
  std::vector<Variable> variables;
  std::map<size_t, SmallVector<Operation *>> readers; // of each root: all ops that read or make its values
  std::map<std::pair<Operation *, int64_t>, double> kernelLosses;
  std::map<Operation *, Steepness> steepnesses;
};

} // namespace

FailureOr<DenseMap<Value, int64_t>> chooseFractions(func::FuncOp part, const Target &target) {
  return FractionChooser(part, target).run();
}

} // namespace cnn::neuflow
