// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/ChooseFractions.h"
#include "backends/neuflow/MapperFit.h"
#include "backends/neuflow/Passes.h"
#include "ir/reference/OpEvaluators.h"
#include "runtime/neuflow/machine/Target.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace cnn::neuflow {
#define GEN_PASS_DEF_QUANTIZE
#include "backends/neuflow/Passes.h.inc"
} // namespace cnn::neuflow

using namespace mlir;

namespace cnn::neuflow {
namespace {

RankedTensorType wordType(Type type) {
  return cast<RankedTensorType>(type).clone(IntegerType::get(type.getContext(), 16));
}

/// Tables of all functions and fractions that a net has, each made once.
class MapperTables {
public:
  MapperTables(MLIRContext *context, int64_t maxSegments) : context(context), maxSegments(maxSegments) {}

  /// `largest` is the magnitude of inputs that calibration has seen.
  MapperAttr ofFunction(UnaryKind kind, double alpha, int64_t input, int64_t output, double largest) {
    return get({int64_t(kind), alpha, 0, input, output, boundOf(largest, input)},
               [&](double x) { return reference::applyUnary(kind, x, alpha); });
  }
  MapperAttr ofLine(double scale, double shift, int64_t input, int64_t output) {
    return get({-1, scale, shift, input, output, kGreatestWord}, [&](double x) { return scale * x + shift; });
  }

private:
  using Key = std::tuple<int64_t, double, double, int64_t, int64_t, int64_t>;

  /// The largest input as a word, with room for what was not seen: few different ones, so that tables are shared.
  static int64_t boundOf(double largest, int64_t fraction) {
    double word = std::ldexp(std::max(largest, 0x1p-30) * kHeadroom, int(fraction));
    double step = std::exp2(std::floor(std::log2(word)) - 3);
    return int64_t(std::clamp(std::ceil(word / step) * step, 1.0, double(kGreatestWord)));
  }

  MapperAttr get(Key key, function_ref<double(double)> function) {
    MapperAttr &table = tables[key];
    if (!table) {
      MapperFit fit = fitMapper(function, std::get<3>(key), std::get<4>(key), maxSegments, std::get<5>(key));
      table = MapperAttr::get(context, fit.symmetry, fit.segments);
    }
    return table;
  }

  MLIRContext *context;
  int64_t maxSegments;
  std::map<Key, MapperAttr> tables;
};

/// One part of the grid.
class PartQuantizer {
public:
  PartQuantizer(func::FuncOp part, DenseMap<Value, int64_t> fractions, MapperTables &tables)
      : part(part), fractions(std::move(fractions)), tables(tables), builder(part.getContext()) {}

  void run() {
    Block &body = part.getBody().front();
    for (BlockArgument argument : body.getArguments()) {
      argumentRanges.push_back(part.removeArgAttr(argument.getArgNumber(), rangeAttrName));
      part.setArgAttr(argument.getArgNumber(), fractionAttrName, fractionAttr(argument));
      argument.setType(wordType(argument.getType()));
      words[argument] = argument;
    }
    SmallVector<Operation *> old;
    for (Operation &op : body.without_terminator())
      old.push_back(&op);
    for (Operation *op : old)
      if (isa<NeuflowDialect>(op->getDialect())) {
        builder.setInsertionPoint(op);
        words[op->getResult(0)] = write(op);
      }
    Operation *end = body.getTerminator();
    for (OpOperand &operand : end->getOpOperands()) {
      part.setResultAttr(operand.getOperandNumber(), fractionAttrName, fractionAttr(operand.get()));
      operand.set(read(operand.get()));
    }
    for (Operation *op : llvm::reverse(old))
      op->erase();
    part.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), end->getOperandTypes()));
  }

private:
  IntegerAttr fractionAttr(Value value) { return builder.getI64IntegerAttr(fractions.at(value)); }

  Value constant(Location loc, Value reals, int64_t fraction) {
    auto elements = cast<DenseElementsAttr>(reals.getDefiningOp<arith::ConstantOp>().getValue());
    SmallVector<int16_t> numbers;
    bool isSaturated = false;
    for (float number : elements.getValues<float>())
      numbers.push_back(quantize(std::ldexp(double(number), int(fraction) - kFractionBits), &isSaturated));
    if (isSaturated)
      emitWarning(loc, "constants that 16 bits cannot hold beside the values around them are brought into their range");
    return arith::ConstantOp::create(builder, loc,
                                     DenseElementsAttr::get(wordType(reals.getType()), ArrayRef<int16_t>(numbers)));
  }

  Value read(Value value) {
    Value &word = words[value];
    if (!word)
      word = constant(value.getLoc(), value, fractions.at(value));
    return word;
  }

  Value map(Operation *op, Value x, ArrayRef<Attribute> tables) {
    bool isOne = llvm::all_equal(tables);
    return MapOp::create(builder, op->getLoc(), x.getType(), x,
                         builder.getArrayAttr(isOne ? tables.take_front() : tables));
  }

  /// Of a value on reals.
  double largestOf(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    Attribute range =
        argument ? argumentRanges[argument.getArgNumber()] : value.getDefiningOp()->getAttr(rangeAttrName);
    return cast<DenseF64ArrayAttr>(range)[0];
  }

  Value write(Operation *op) {
    int64_t output = fractions.at(op->getResult(0));
    Value result = TypeSwitch<Operation *, Value>(op)
                       .Case([&](ConvOp op) -> Value {
                         int64_t kernels = kernelFraction(fractions.at(op.getInput()), output);
                         return ConvOp::create(builder, op.getLoc(), wordType(op.getType()), read(op.getInput()),
                                               constant(op.getLoc(), op.getKernels(), kernels),
                                               constant(op.getLoc(), op.getBias(), output), op.getConnectionsAttr(),
                                               op.getStridesAttr(), op.getSameSizeAttr(), op.getArithmeticAttr());
                       })
                       .Case([&](FunctionOp op) {
                         return map(op, read(op.getInput()),
                                    tables.ofFunction(op.getKind(), op.getAlpha().convertToDouble(),
                                                      fractions.at(op.getInput()), output, largestOf(op.getInput())));
                       })
                       .Case([&](AffineOp op) {
                         SmallVector<Attribute> list;
                         auto numbers = [](Value value) {
                           auto elements = cast<DenseElementsAttr>(value.getDefiningOp<arith::ConstantOp>().getValue());
                           return std::vector<float>(elements.value_begin<float>(), elements.value_end<float>());
                         };
                         for (auto [scale, shift] : llvm::zip_equal(numbers(op.getScale()), numbers(op.getShift())))
                           list.push_back(tables.ofLine(scale, shift, fractions.at(op.getInput()), output));
                         return map(op, read(op.getInput()), list);
                       })
                       // The same op on words.
                       .Default([&](Operation *op) -> Value {
                         OperationState state(op->getLoc(), op->getName());
                         for (Value operand : op->getOperands())
                           state.addOperands(read(operand));
                         state.addTypes(wordType(op->getResult(0).getType()));
                         state.attributes = op->getAttrDictionary();
                         Operation *made = builder.create(state);
                         made->removeAttr(rangeAttrName);
                         if (isa<MulOp, SquareOp, DivOp>(op))
                           if (int64_t raw = rawFraction(op, fractions); raw != output) {
                             made->removeAttr(indexAttrName);
                             made->setAttr(fractionAttrName, builder.getI64IntegerAttr(raw));
                             return map(op, made->getResult(0), tables.ofLine(1, 0, raw, output));
                           }
                         return made->getResult(0);
                       });
    result.getDefiningOp()->setAttr(fractionAttrName, builder.getI64IntegerAttr(output));
    if (Attribute index = op->getAttr(indexAttrName))
      result.getDefiningOp()->setAttr(indexAttrName, index);
    return result;
  }

  func::FuncOp part;
  DenseMap<Value, int64_t> fractions;
  MapperTables &tables;
  OpBuilder builder;
  DenseMap<Value, Value> words;
  SmallVector<Attribute> argumentRanges;
};

/// Gives the calls of parts, and what stands around them, the types and fractions of the parts.
void updateCalls(ModuleOp module, const llvm::StringMap<func::FuncOp> &parts) {
  module.walk([&](func::CallOp call) {
    auto known = parts.find(call.getCallee());
    if (known == parts.end())
      return;
    func::FuncOp part = known->second;
    auto fraction = [](Attribute attribute) { return cast<IntegerAttr>(attribute).getInt(); };
    for (OpOperand &operand : call->getOpOperands()) {
      unsigned i = operand.getOperandNumber();
      if (auto quantize = operand.get().getDefiningOp<QuantizeOp>()) {
        // Another part may have chosen another fraction.
        if (!quantize->hasOneUse()) {
          quantize = cast<QuantizeOp>(OpBuilder(call).clone(*quantize));
          operand.set(quantize.getOutput());
        }
        quantize.setFraction(fraction(part.getArgAttr(i, fractionAttrName)));
      }
      operand.get().setType(part.getArgumentTypes()[i]);
    }
    for (OpResult result : call.getResults()) {
      result.setType(part.getResultTypes()[result.getResultNumber()]);
      for (Operation *user : result.getUsers())
        if (auto dequantize = dyn_cast<DequantizeOp>(user))
          dequantize.setFraction(fraction(part.getResultAttr(result.getResultNumber(), fractionAttrName)));
    }
  });
}

struct QuantizePass : impl::QuantizeBase<QuantizePass> {
  using QuantizeBase::QuantizeBase;

  void runOnOperation() override {
    Result<Target> machine = presetTarget(target);
    if (!machine) {
      getOperation().emitError(machine.message());
      return signalPassFailure();
    }
    MapperTables tables(&getContext(), machine->mapperSegments);
    llvm::StringMap<func::FuncOp> parts;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      auto kind = function->getAttrOfType<PartKindAttr>(partAttrName);
      if (!kind || kind.getValue() != PartKind::Grid)
        continue;
      FailureOr<DenseMap<Value, int64_t>> fractions = chooseFractions(function, *machine);
      if (failed(fractions))
        return signalPassFailure();
      PartQuantizer(function, std::move(*fractions), tables).run();
      parts[function.getName()] = function;
    }
    updateCalls(getOperation(), parts);
  }
};

} // namespace
} // namespace cnn::neuflow
