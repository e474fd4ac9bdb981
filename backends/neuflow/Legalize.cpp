// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts a net into parts of the grid and of the host, and writes those of the grid in the neuflow dialect.
//
//   conv  tanh  softmax  dense         part 0: conv tanh (grid)   part 1: softmax (host)   part 2: dense (grid)
//
// An op's part is the least that comes after those of its operands: the same one if both are of the same kind. So a
// value goes between grid and host as seldom as the order of the ops allows, and each kind has every second number.

#include "backends/neuflow/GridLimits.h"
#include "backends/neuflow/Passes.h"
#include "backends/neuflow/WriteGridOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"

namespace cnn::neuflow {
#define GEN_PASS_DEF_LEGALIZE
#include "backends/neuflow/Passes.h.inc"
} // namespace cnn::neuflow

using namespace mlir;

namespace cnn::neuflow {
namespace {

/// One net.
class NetLegalizer {
public:
  NetLegalizer(func::FuncOp net, const Target &target) : net(net), target(target), builder(net.getContext()) {}

  void run() {
    fixBatch();
    choosePartOfEach();
    writeDriver();
  }

private:
  struct Part {
    bool isGrid = false;
    SmallVector<Operation *> ops;
    llvm::SetVector<Value> inputs, outputs;
  };

  /// One sample at a time.
  void fixBatch() {
    auto fix = [](Value value) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      if (!type || type.getRank() == 0 || !type.isDynamicDim(0))
        return;
      SmallVector<int64_t> shape(type.getShape());
      shape[0] = 1;
      value.setType(type.clone(shape));
    };
    Block &body = net.getBody().front();
    llvm::for_each(body.getArguments(), fix);
    body.walk([&](Operation *op) {
      llvm::for_each(op->getResults(), fix);
      // A slice of all samples.
      if (auto slice = dyn_cast<SliceOp>(op); slice && slice.getSizes()[0] == -1) {
        SmallVector<int64_t> sizes(slice.getSizes());
        sizes[0] = 1;
        slice.setSizes(sizes);
      }
    });
    net.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
  }

  void choosePartOfEach() {
    Block &body = net.getBody().front();
    DenseMap<Value, int64_t> partOf;
    for (Operation &op : body.without_terminator()) {
      if (llvm::all_of(op.getResults(), [&](Value result) { return constants.isConstant(result); }))
        continue;
      std::string limit = findGridLimit(&op, constants, target);
      if (!limit.empty())
        emitWarning(op.getLoc(), "runs on the host: " + limit);
      // Even parts are the grid's.
      int64_t part = limit.empty() ? 0 : 1;
      for (Value operand : op.getOperands())
        if (auto known = partOf.find(operand); known != partOf.end())
          part = std::max(part, known->second + (known->second % 2 != part % 2));
      if (part % 2 != (limit.empty() ? 0 : 1))
        ++part;
      for (Value result : op.getResults())
        partOf[result] = part;
      parts[part].isGrid = limit.empty();
      parts[part].ops.push_back(&op);
    }
    for (auto &[number, part] : parts)
      for (Operation *op : part.ops) {
        for (Value operand : op->getOperands()) {
          auto known = partOf.find(operand);
          if (constants.isConstant(operand) || (known != partOf.end() && known->second == number))
            continue;
          part.inputs.insert(operand);
          if (known != partOf.end())
            parts[known->second].outputs.insert(operand);
        }
        for (Value result : op->getResults())
          if (llvm::is_contained(body.getTerminator()->getOperands(), result))
            part.outputs.insert(result);
      }
  }

  void writeDriver() {
    std::string name = net.getName().str();
    SmallVector<func::FuncOp> functions;
    int64_t number = 0;
    DenseMap<Value, Value> results; // of the driver
    Block &body = net.getBody().front();
    Operation *end = body.getTerminator();
    auto read = [&](Value value) { return results.contains(value) ? results[value] : value; };
    for (auto &[index, part] : parts) {
      std::string partName = name + ".part" + std::to_string(number++);
      func::FuncOp function = part.isGrid ? writeGridPart(partName, part) : writeHostPart(partName, part);
      builder.setInsertionPoint(end);
      functions.push_back(function);
      SmallVector<Value> arguments;
      for (auto [value, type] : llvm::zip_equal(part.inputs, function.getArgumentTypes())) {
        Value argument = read(value);
        if (part.isGrid)
          argument = QuantizeOp::create(builder, value.getLoc(), type, argument, fractionOf(value));
        arguments.push_back(argument);
      }
      auto call = func::CallOp::create(builder, net.getLoc(), function, arguments);
      for (auto [value, result] : llvm::zip_equal(part.outputs, call.getResults()))
        results[value] =
            part.isGrid ? Value(DequantizeOp::create(builder, value.getLoc(), value.getType(), result, kFractionBits))
                        : result;
    }
    for (OpOperand &operand : end->getOpOperands())
      operand.set(read(operand.get()));
    // The net's own ops are all in parts; what is left are constants that a result may be.
    for (auto &[index, part] : llvm::reverse(parts))
      for (Operation *op : llvm::reverse(part.ops))
        op->erase();
    SmallVector<Operation *> rest;
    for (Operation &op : body.without_terminator())
      rest.push_back(&op);
    for (Operation *op : llvm::reverse(rest))
      if (op->use_empty() && !isa<func::CallOp>(op))
        op->erase();
    Operation *last = net;
    for (func::FuncOp function : functions) {
      function->moveAfter(last);
      last = function;
    }
  }

  /// Bytes are words as they are; of all others the choice is not made yet.
  static int64_t fractionOf(Value value) {
    return cast<RankedTensorType>(value.getType()).getElementType().isUnsignedInteger(8) ? 0 : kFractionBits;
  }

  func::FuncOp beginPart(StringRef name, PartKind kind, ArrayRef<Type> inputs, ArrayRef<Type> outputs, Part &part) {
    builder.setInsertionPointAfter(net);
    auto function = func::FuncOp::create(builder, net.getLoc(), name, builder.getFunctionType(inputs, outputs));
    function.setPrivate();
    function->setAttr(partAttrName, PartKindAttr::get(builder.getContext(), kind));
    Block *body = function.addEntryBlock();
    // Programs and who gives them planes know these by name.
    for (unsigned i = 0; i < inputs.size(); ++i)
      function.setArgAttr(i, nameAttrName, builder.getStringAttr("input" + Twine(i)));
    for (unsigned i = 0; i < outputs.size(); ++i)
      function.setResultAttr(i, nameAttrName, builder.getStringAttr("output" + Twine(i)));
    for (auto [i, value] : llvm::enumerate(part.inputs)) {
      body->getArgument(i).setLoc(value.getLoc());
      if (auto argument = dyn_cast<BlockArgument>(value))
        if (Attribute attribute = net.getArgAttr(argument.getArgNumber(), nameAttrName))
          function.setArgAttr(i, nameAttrName, attribute);
    }
    for (auto [i, value] : llvm::enumerate(part.outputs))
      for (OpOperand &use : value.getUses())
        if (isa<func::ReturnOp>(use.getOwner()))
          if (Attribute attribute = net.getResultAttr(use.getOperandNumber(), nameAttrName))
            function.setResultAttr(i, nameAttrName, attribute);
    builder.setInsertionPointToStart(body);
    return function;
  }

  func::FuncOp writeGridPart(StringRef name, Part &part) {
    auto planesType = [&](Value value) -> Type {
      return RankedTensorType::get(*findPlanes(value), builder.getF32Type());
    };
    func::FuncOp function = beginPart(name, PartKind::Grid, llvm::map_to_vector(part.inputs, planesType),
                                      llvm::map_to_vector(part.outputs, planesType), part);
    for (auto [i, value] : llvm::enumerate(part.inputs))
      if (fractionOf(value) == 0)
        function.setArgAttr(i, fractionAttrName, builder.getI64IntegerAttr(0));
    DenseMap<Value, Value> written;
    for (auto [value, argument] : llvm::zip_equal(part.inputs, function.getArguments()))
      written[value] = argument;
    for (Operation *op : part.ops)
      written[op->getResult(0)] =
          writeGridOp(op, builder, constants, target, [&](Value operand) { return written.at(operand); });
    func::ReturnOp::create(builder, net.getLoc(),
                           llvm::map_to_vector(part.outputs, [&](Value value) { return written.at(value); }));
    return function;
  }

  func::FuncOp writeHostPart(StringRef name, Part &part) {
    auto ownType = [](Value value) { return value.getType(); };
    func::FuncOp function = beginPart(name, PartKind::Host, llvm::map_to_vector(part.inputs, ownType),
                                      llvm::map_to_vector(part.outputs, ownType), part);
    IRMapping mapping;
    for (auto [value, argument] : llvm::zip_equal(part.inputs, function.getArguments()))
      mapping.map(value, argument);
    for (Operation *op : part.ops) {
      for (Value operand : op->getOperands())
        if (!mapping.contains(operand))
          cloneConstant(operand, mapping);
      builder.clone(*op, mapping);
    }
    func::ReturnOp::create(builder, net.getLoc(),
                           llvm::map_to_vector(part.outputs, [&](Value value) { return mapping.lookup(value); }));
    return function;
  }

  void cloneConstant(Value value, IRMapping &mapping) {
    Operation *op = value.getDefiningOp();
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        cloneConstant(operand, mapping);
    builder.clone(*op, mapping);
  }

  func::FuncOp net;
  const Target &target;
  OpBuilder builder;
  ConstantValues constants;
  std::map<int64_t, Part> parts;
};

struct LegalizePass : impl::LegalizeBase<LegalizePass> {
  using LegalizeBase::LegalizeBase;

  void runOnOperation() override {
    Result<Target> machine = presetTarget(target);
    if (!machine) {
      getOperation().emitError(machine.message());
      return signalPassFailure();
    }
    for (auto net : llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      auto kind = net->getAttrOfType<FunctionKindAttr>(kindAttrName);
      if (kind && kind.getValue() == FunctionKind::Infer)
        NetLegalizer(net, *machine).run();
    }
  }
};

} // namespace
} // namespace cnn::neuflow
