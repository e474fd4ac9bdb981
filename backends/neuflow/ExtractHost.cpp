// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is left of a net for a processor: its host parts in one function, and a call for each part of the grid.
//
//   %q = neuflow.quantize %x {fraction = 0}        %a = call @Net.part0(%x)     // a device's: what is words, and how,
//   %p = call @Net.part0(%q)          // grid      %b = cnn.softmax %a          // its declaration says
//   %a = neuflow.dequantize %p {..}           ->
//   %b = call @Net.part1(%a)          // host
//
// The tensor level computes one sample; here the batch comes back. Whatever depends on an input has it in front.

#include "backends/neuflow/Passes.h"
#include "ir/CnnDialect.h"
#include "mlir/IR/IRMapping.h"

namespace cnn::neuflow {
#define GEN_PASS_DEF_EXTRACTHOST
#include "backends/neuflow/Passes.h.inc"
} // namespace cnn::neuflow

using namespace mlir;

namespace cnn::neuflow {
namespace {

bool isGridPart(func::FuncOp function) {
  auto part = function->getAttrOfType<PartKindAttr>(partAttrName);
  return part && part.getValue() == PartKind::Grid;
}

bool hasBatch(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() > 0 && type.isDynamicDim(0);
}

Type withBatch(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  SmallVector<int64_t> shape(tensor.getShape());
  shape[0] = ShapedType::kDynamic;
  return tensor.clone(shape);
}

class HostExtractor {
public:
  explicit HostExtractor(func::FuncOp net)
      : net(net), module(net->getParentOfType<ModuleOp>()), builder(net.getContext()) {}

  LogicalResult run() {
    Block &body = net.getBody().front();
    SmallVector<Operation *> old;
    for (Operation &op : body.without_terminator())
      old.push_back(&op);
    for (BlockArgument argument : body.getArguments())
      argument.setType(withBatch(argument.getType()));
    Operation *end = body.getTerminator();
    builder.setInsertionPoint(end);
    for (Operation *op : old)
      if (failed(write(op)))
        return failure();
    for (OpOperand &operand : end->getOpOperands())
      operand.set(values.lookupOrDefault(operand.get()));
    for (Operation *op : llvm::reverse(old))
      op->erase();
    net.setFunctionType(builder.getFunctionType(body.getArgumentTypes(), end->getOperandTypes()));
    return success();
  }

private:
  LogicalResult write(Operation *op) {
    // These are said by the declaration of the part.
    if (isa<QuantizeOp>(op)) {
      values.map(op->getResult(0), values.lookupOrDefault(op->getOperand(0)));
      return success();
    }
    if (isa<DequantizeOp>(op))
      return success();
    auto call = dyn_cast<func::CallOp>(op);
    if (!call) {
      copy(op);
      return success();
    }
    auto part = module.lookupSymbol<func::FuncOp>(call.getCallee());
    if (!part)
      return op->emitOpError("expected a function '") << call.getCallee() << "'";
    if (isGridPart(part))
      return callDevice(call, part);
    Block &body = part.getBody().front();
    for (auto [argument, operand] : llvm::zip_equal(body.getArguments(), call.getOperands()))
      values.map(argument, values.lookupOrDefault(operand));
    for (Operation &inner : body.without_terminator())
      copy(&inner);
    for (auto [result, value] : llvm::zip_equal(call.getResults(), body.getTerminator()->getOperands()))
      values.map(result, values.lookupOrDefault(value));
    return success();
  }

  /// The same op on all samples of a batch, if it reads one.
  void copy(Operation *op) {
    Operation *made = builder.clone(*op, values);
    if (!llvm::any_of(made->getOperands(), hasBatch))
      return;
    for (Value result : made->getResults())
      result.setType(withBatch(result.getType()));
    if (auto slice = dyn_cast<SliceOp>(made)) {
      SmallVector<int64_t> sizes(slice.getSizes());
      sizes[0] = -1;
      slice.setSizes(sizes);
    }
  }

  /// What the host has of the words that the call gives back.
  static DequantizeOp findReader(OpResult result) {
    for (Operation *user : result.getUsers())
      if (auto dequantize = dyn_cast<DequantizeOp>(user))
        return dequantize;
    return nullptr;
  }

  /// Name, planes and fraction of an argument or result of a part.
  DictionaryAttr describe(DictionaryAttr known, Type words, StringAttr name) {
    NamedAttribute entries[] = {
        builder.getNamedAttr(nameAttrName, name),
        builder.getNamedAttr(devicePlanesAttrName,
                             builder.getDenseI64ArrayAttr(cast<RankedTensorType>(words).getShape())),
        builder.getNamedAttr(deviceFractionAttrName, known.get(fractionAttrName))};
    return builder.getDictionaryAttr(entries);
  }

  LogicalResult callDevice(func::CallOp call, func::FuncOp part) {
    SmallVector<Type> inputs, outputs;
    SmallVector<Value> operands;
    SmallVector<DictionaryAttr> inputAttributes, outputAttributes;
    auto add = [&](SmallVectorImpl<DictionaryAttr> &list, DictionaryAttr known, Type words) {
      auto name = known ? known.getAs<StringAttr>(nameAttrName) : StringAttr();
      if (!name || !known.get(fractionAttrName))
        return LogicalResult(part.emitOpError("expected the name and the fraction of each argument and result"));
      list.push_back(describe(known, words, name));
      return success();
    };
    for (auto [i, operand] : llvm::enumerate(call.getOperands())) {
      operands.push_back(values.lookupOrDefault(operand));
      inputs.push_back(operands.back().getType());
      if (failed(add(inputAttributes, part.getArgAttrDict(i), part.getArgumentTypes()[i])))
        return failure();
    }
    for (OpResult result : call.getResults()) {
      DequantizeOp reader = findReader(result);
      if (!reader)
        return call.emitOpError("expected each result to be read by neuflow.dequantize");
      outputs.push_back(withBatch(reader.getType()));
      unsigned i = result.getResultNumber();
      if (failed(add(outputAttributes, part.getResultAttrDict(i), part.getResultTypes()[i])))
        return failure();
    }
    OpBuilder atPart(part);
    auto device = func::FuncOp::create(atPart, part.getLoc(), part.getName(), builder.getFunctionType(inputs, outputs));
    part.erase();
    device.setPrivate();
    device->setAttr(devicePartAttrName, builder.getI64IntegerAttr(devices++));
    device.setAllArgAttrs(inputAttributes);
    device.setAllResultAttrs(outputAttributes);
    // Who measures launches knows them by the layers' names; this one has many.
    Location location = NameLoc::get(device.getNameAttr(), call.getLoc());
    auto made = func::CallOp::create(builder, location, device, operands);
    for (auto [result, value] : llvm::zip_equal(call.getResults(), made.getResults()))
      for (Operation *user : result.getUsers())
        if (isa<DequantizeOp>(user))
          values.map(user->getResult(0), value);
    return success();
  }

  func::FuncOp net;
  ModuleOp module;
  OpBuilder builder;
  IRMapping values;
  int64_t devices = 0;
};

struct ExtractHostPass : impl::ExtractHostBase<ExtractHostPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> nets;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kindAttrName))
        nets.push_back(function);
    for (func::FuncOp net : nets)
      if (failed(HostExtractor(net).run()))
        return signalPassFailure();
    for (func::FuncOp part : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (part->hasAttr(partAttrName))
        part.erase();
  }
};

} // namespace
} // namespace cnn::neuflow
