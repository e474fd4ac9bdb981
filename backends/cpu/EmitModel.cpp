// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed functions of NAME.h are thin: NAME_run_create(model, n, &run) is cnn_run_create(model, n, &run), and a
// function that runs the network first puts its typed pointers into arrays. So they are tables and a few loops here.
#include "backends/cpu/EmitModel.h"

#include "backends/cpu/WeightsObject.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace cnn::cpu {

namespace {

/// Constant data in the layout of runtime/abi/model.h.
class TableBuilder {
public:
  explicit TableBuilder(llvm::Module &module)
      : module(module), context(module.getContext()), pointer(PointerType::getUnqual(context)),
        i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)), f64(Type::getDoubleTy(context)),
        tensorDesc(StructType::get(context, {pointer, i32, i32, pointer, i64})),
        weightDesc(StructType::get(context, {pointer, i32, i32, i32, i32, f64, f64, pointer, pointer, i64, i64})),
        derivedDesc(StructType::get(context, {i64, i32, i32, i64, i64})),
        launchDesc(StructType::get(context, {pointer, pointer, pointer, pointer, i64, i64, i64, i64})),
        functionDesc(StructType::get(context, {pointer, i64, pointer, i64, pointer, i64, i64, i64, pointer, i64})),
        deviceTensorDesc(StructType::get(context, {pointer, i32, i32, i64, i64, i64})),
        devicePartDesc(StructType::get(context, {pointer, pointer, i64, i64, pointer, i64, pointer})),
        modelDesc(StructType::get(context, {i32,          i32,     pointer, pointer, i64,          i64,
                                            i64,          i64,     i64,     i64,     pointer,      i64,
                                            pointer,      pointer, pointer, pointer, functionDesc, functionDesc,
                                            functionDesc, i64,     pointer, pointer})) {
    [[maybe_unused]] const DataLayout &layout = module.getDataLayout();
    assert(layout.getTypeAllocSize(tensorDesc) == sizeof(cnn_tensor_desc));
    assert(layout.getTypeAllocSize(weightDesc) == sizeof(cnn_weight_desc));
    assert(layout.getTypeAllocSize(derivedDesc) == sizeof(cnn_derived_desc));
    assert(layout.getTypeAllocSize(launchDesc) == sizeof(cnn_launch_desc));
    assert(layout.getTypeAllocSize(functionDesc) == sizeof(cnn_function_desc));
    assert(layout.getTypeAllocSize(deviceTensorDesc) == sizeof(cnn_device_tensor_desc));
    assert(layout.getTypeAllocSize(devicePartDesc) == sizeof(cnn_device_part_desc));
    assert(layout.getTypeAllocSize(modelDesc) == sizeof(cnn_model_desc));
  }

  GlobalVariable *emit(const ModelDescription &model, bool hasWeights) {
    std::vector<Constant *> weights;
    for (const WeightDescription &weight : model.weights)
      weights.push_back(ConstantStruct::get(
          weightDesc, {text(weight.path), number32(weight.kind), number32(weight.dtype), number32(weight.shape.size()),
                       number32(weight.init), ConstantFP::get(f64, weight.initA), ConstantFP::get(f64, weight.initB),
                       numbers<int64_t>(weight.shape), numbers<int32_t>(weight.storage), number64(weight.offset),
                       number64(weight.block)}));
    std::vector<Constant *> derived;
    for (const DerivedDescription &values : model.derived)
      derived.push_back(
          ConstantStruct::get(derivedDesc, {number64(values.weight), number32(values.kind), number32(values.tile),
                                            number64(values.block), number64(values.offset)}));
    auto external = [&](std::string symbol, bool isThere) -> Constant * {
      if (!isThere)
        return ConstantPointerNull::get(pointer);
      GlobalVariable *variable =
          new GlobalVariable(module, Type::getInt8Ty(context), true, GlobalValue::ExternalLinkage, nullptr, symbol);
      variable->setVisibility(GlobalValue::HiddenVisibility);
      return variable;
    };
    auto block = [&](std::string symbol) { return external(symbol, hasWeights); };
    Constant *value = ConstantStruct::get(modelDesc, {number32(CNN_ABI_VERSION),
                                                      number32(sizeof(cnn_model_desc)),
                                                      text(model.name),
                                                      text(model.producer),
                                                      number64(static_cast<int64_t>(model.codeHash)),
                                                      number64(model.parameterBytes),
                                                      number64(model.stateBytes),
                                                      number64(model.slotBytes),
                                                      number64(model.derivedBytes),
                                                      number64(weights.size()),
                                                      table(weightDesc, weights),
                                                      number64(derived.size()),
                                                      table(derivedDesc, derived),
                                                      block(getEmbeddedParametersSymbol(model)),
                                                      block(getEmbeddedStatesSymbol(model)),
                                                      block(getEmbeddedDerivedSymbol(model)),
                                                      function(&model.infer),
                                                      function(model.trainStep ? &*model.trainStep : nullptr),
                                                      function(model.evaluate ? &*model.evaluate : nullptr),
                                                      number64(model.deviceParts.size()),
                                                      deviceParts(model.deviceParts),
                                                      external(model.deviceSource, !model.deviceParts.empty())});
    return new GlobalVariable(module, modelDesc, true, GlobalValue::ExternalLinkage, value, model.name + "_model_desc");
  }

private:
  Constant *number32(int64_t value) { return ConstantInt::getSigned(i32, value); }
  Constant *number64(int64_t value) { return ConstantInt::getSigned(i64, value); }

  Constant *addPrivate(Constant *value) {
    GlobalVariable *variable =
        new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value, "table");
    variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return variable;
  }
  Constant *text(StringRef value) { return addPrivate(ConstantDataArray::getString(context, value)); }
  template <typename T> Constant *numbers(ArrayRef<T> values) {
    if (values.empty())
      return ConstantPointerNull::get(pointer);
    using Unsigned = std::make_unsigned_t<T>;
    return addPrivate(
        ConstantDataArray::get(context, ArrayRef(reinterpret_cast<const Unsigned *>(values.data()), values.size())));
  }
  Constant *table(StructType *type, ArrayRef<Constant *> entries) {
    if (entries.empty())
      return ConstantPointerNull::get(pointer);
    return addPrivate(ConstantArray::get(ArrayType::get(type, entries.size()), entries));
  }
  Constant *tensors(ArrayRef<TensorDescription> descriptions) {
    std::vector<Constant *> entries;
    for (const TensorDescription &tensor : descriptions)
      entries.push_back(
          ConstantStruct::get(tensorDesc, {text(tensor.name), number32(tensor.dtype), number32(tensor.shape.size()),
                                           numbers<int64_t>(tensor.shape), number64(tensor.classes)}));
    return table(tensorDesc, entries);
  }
  Constant *launches(ArrayRef<LaunchDescription> descriptions) {
    std::vector<Constant *> entries;
    for (const LaunchDescription &launch : descriptions)
      entries.push_back(
          ConstantStruct::get(launchDesc, {text(launch.layers), text(launch.ops), text(launch.algorithm),
                                           text(launch.tile), number64(launch.fixedFlops), number64(launch.sampleFlops),
                                           number64(launch.fixedBytes), number64(launch.sampleBytes)}));
    return table(launchDesc, entries);
  }
  Constant *deviceTensors(ArrayRef<DeviceTensorDescription> descriptions) {
    std::vector<Constant *> entries;
    for (const DeviceTensorDescription &tensor : descriptions)
      entries.push_back(ConstantStruct::get(deviceTensorDesc, {text(tensor.name), number32(tensor.dtype),
                                                               number32(tensor.fraction), number64(tensor.planes),
                                                               number64(tensor.rows), number64(tensor.columns)}));
    return table(deviceTensorDesc, entries);
  }
  Constant *deviceParts(ArrayRef<DevicePartDescription> descriptions) {
    std::vector<Constant *> entries;
    for (const DevicePartDescription &part : descriptions)
      entries.push_back(ConstantStruct::get(
          devicePartDesc, {text(part.name), addPrivate(ConstantDataArray::getString(context, part.program, false)),
                           number64(part.program.size()), number64(part.inputs.size()), deviceTensors(part.inputs),
                           number64(part.outputs.size()), deviceTensors(part.outputs)}));
    return table(devicePartDesc, entries);
  }
  Constant *function(const FunctionDescription *description) {
    if (!description)
      return Constant::getNullValue(functionDesc);
    Function *entry = module.getFunction(description->entry);
    assert(entry && "the entry was emitted");
    return ConstantStruct::get(functionDesc,
                               {entry, number64(description->inputs.size()), tensors(description->inputs),
                                number64(description->outputs.size()), tensors(description->outputs),
                                number64(description->arenaFixedBytes), number64(description->arenaSampleBytes),
                                number64(description->launches.size()), launches(description->launches),
                                number64(description->scratchBytes)});
  }

  llvm::Module &module;
  LLVMContext &context;
  PointerType *pointer;
  IntegerType *i32, *i64;
  Type *f64;
  StructType *tensorDesc, *weightDesc, *derivedDesc, *launchDesc, *functionDesc, *deviceTensorDesc, *devicePartDesc,
      *modelDesc;
};

/// The functions of NAME.h.
class FunctionBuilder {
public:
  FunctionBuilder(const ModelDescription &model, llvm::Module &module, GlobalVariable *desc)
      : model(model), module(module), desc(desc), builder(module.getContext()), pointer(builder.getPtrTy()),
        i64(builder.getInt64Ty()), status(builder.getInt32Ty()), none(builder.getVoidTy()) {}

  StringSet<> emit() {
    enum { withDesc = true };
    forward("status_text", "cnn_status_text", pointer, {status});
    forward("bytes", "cnn_model_bytes", i64, {}, withDesc);
    forward("create", "cnn_model_create", status, {pointer}, withDesc);
    forward("create_in", "cnn_model_create_in", status, {pointer, i64, pointer}, withDesc);
    forward("destroy", "cnn_model_destroy", none, {pointer});
    forward("initialize", "cnn_model_initialize", status, {pointer, i64});
    forward("get_weight", "cnn_model_get_weight", status, {pointer, pointer, pointer, i64});
    forward("set_weight", "cnn_model_set_weight", status, {pointer, pointer, pointer, i64});
    forward("parameters", "cnn_model_parameters", pointer, {pointer});
    forward("states", "cnn_model_states", pointer, {pointer});
    forward("refresh", "cnn_model_refresh", none, {pointer});
    forward("run_bytes", "cnn_run_bytes", i64, {i64}, withDesc);
    forward("run_create", "cnn_run_create", status, {pointer, i64, pointer});
    forward("run_create_in", "cnn_run_create_in", status, {pointer, i64, pointer, i64, pointer});
    forward("run_destroy", "cnn_run_destroy", none, {pointer});
    forward("run_set_parallel_for", "cnn_run_set_parallel_for", none, {pointer, pointer, pointer});
    forward("run_set_observer", "cnn_run_set_observer", none, {pointer, pointer, pointer});
    forward("run_set_device", "cnn_run_set_device", none, {pointer, pointer});
    launch("infer", "cnn_run_infer", model.infer, /*hasRate=*/false);
    if (!model.trainStep)
      return std::move(exported);
    forward("trainer_bytes", "cnn_trainer_bytes", i64, {i64}, withDesc);
    forward("trainer_create", "cnn_trainer_create", status, {pointer, i64, i64, pointer});
    forward("trainer_create_in", "cnn_trainer_create_in", status, {pointer, i64, i64, pointer, i64, pointer});
    forward("trainer_destroy", "cnn_trainer_destroy", none, {pointer});
    forward("trainer_set_parallel_for", "cnn_trainer_set_parallel_for", none, {pointer, pointer, pointer});
    forward("trainer_set_observer", "cnn_trainer_set_observer", none, {pointer, pointer, pointer});
    forward("trainer_get_step", "cnn_trainer_get_step", i64, {pointer});
    forward("trainer_set_step", "cnn_trainer_set_step", none, {pointer, i64});
    forward("trainer_slots", "cnn_trainer_slots", pointer, {pointer});
    launch("train_step", "cnn_trainer_step", *model.trainStep, /*hasRate=*/true);
    if (model.evaluate)
      launch("evaluate", "cnn_trainer_evaluate", *model.evaluate, /*hasRate=*/false);
    return std::move(exported);
  }

private:
  Function *begin(StringRef name, Type *result, ArrayRef<Type *> parameters) {
    Function *function = Function::Create(FunctionType::get(result, parameters, false), GlobalValue::ExternalLinkage,
                                          model.name + "_" + name, module);
    exported.insert(function->getName());
    builder.SetInsertPoint(BasicBlock::Create(module.getContext(), "", function));
    return function;
  }
  void finish(Value *result) {
    if (result->getType()->isVoidTy())
      builder.CreateRetVoid();
    else
      builder.CreateRet(result);
  }

  /// result NAME_name(parameters..) { return target([desc,] parameters..); }
  void forward(StringRef name, StringRef target, Type *result, ArrayRef<Type *> parameters, bool hasDesc = false) {
    Function *function = begin(name, result, parameters);
    SmallVector<Value *> arguments;
    if (hasDesc)
      arguments.push_back(desc);
    for (Argument &argument : function->args())
      arguments.push_back(&argument);
    SmallVector<Type *> types;
    for (Value *argument : arguments)
      types.push_back(argument->getType());
    FunctionCallee callee = module.getOrInsertFunction(target, FunctionType::get(result, types, false));
    finish(builder.CreateCall(callee, arguments));
  }

  /// status NAME_name(state, batch, inputs.. [, rate], outputs..), by arrays of pointers.
  void launch(StringRef name, StringRef target, const FunctionDescription &description, bool hasRate) {
    size_t inputs = description.inputs.size(), outputs = description.outputs.size();
    SmallVector<Type *> types{pointer, i64};
    types.append(inputs, pointer);
    if (hasRate)
      types.push_back(builder.getFloatTy());
    types.append(outputs, pointer);
    Function *function = begin(name, status, types);
    auto pack = [&](size_t first, size_t count) {
      Value *array = builder.CreateAlloca(ArrayType::get(pointer, std::max<size_t>(count, 1)));
      for (size_t i = 0; i < count; ++i)
        builder.CreateStore(function->getArg(first + i), builder.CreateConstInBoundsGEP1_64(pointer, array, i));
      return array;
    };
    Value *inputArray = pack(2, inputs), *outputArray = pack(2 + inputs + hasRate, outputs);
    SmallVector<Value *> arguments{function->getArg(0), function->getArg(1), inputArray};
    SmallVector<Type *> calleeTypes{pointer, i64, pointer};
    if (hasRate) {
      arguments.push_back(function->getArg(2 + inputs));
      calleeTypes.push_back(builder.getFloatTy());
    }
    arguments.push_back(outputArray);
    calleeTypes.push_back(pointer);
    FunctionCallee callee = module.getOrInsertFunction(target, FunctionType::get(status, calleeTypes, false));
    finish(builder.CreateCall(callee, arguments));
  }

  const ModelDescription &model;
  llvm::Module &module;
  GlobalVariable *desc;
  IRBuilder<> builder;
  Type *pointer, *i64, *status, *none;
  StringSet<> exported;
};

} // namespace

StringSet<> emitModel(const ModelDescription &model, bool hasWeights, llvm::Module &module) {
  GlobalVariable *desc = TableBuilder(module).emit(model, hasWeights);
  StringSet<> exported = FunctionBuilder(model, module, desc).emit();
  exported.insert(desc->getName());
  return exported;
}

} // namespace cnn::cpu
