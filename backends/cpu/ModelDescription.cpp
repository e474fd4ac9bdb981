// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/ModelDescription.h"

#include "backends/cpu/MemoryPlan.h"
#include "backends/cpu/Passes.h"
#include "backends/cpu/kernels/BorderSteps.h"
#include "backends/cpu/kernels/WinogradOps.h"
#include "ir/CnnDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/StorageLayout.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cnn::cpu {

int64_t getDtypeBytes(cnn_dtype dtype) {
  switch (dtype) {
  case CNN_F32:
  case CNN_I32:
    return 4;
  case CNN_U8:
    return 1;
  case CNN_I64:
    return 8;
  }
  return 0;
}

int64_t WeightDescription::getElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::vector<WeightDescription::StoredDimension> WeightDescription::getStoredDimensions() const {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  std::vector<StoredDimension> dimensions;
  for (int32_t dim : storage)
    dimensions.push_back({shape[dim], strides[dim]});
  if (block) {
    dimensions.front() = {dimensions.front().size / block, dimensions.front().stride * block};
    dimensions.back().size = block;
  }
  return dimensions;
}

std::vector<FunctionDescription *> ModelDescription::getFunctions() {
  std::vector<FunctionDescription *> functions = {&infer};
  for (std::optional<FunctionDescription> *function : {&trainStep, &evaluate})
    if (*function)
      functions.push_back(&**function);
  return functions;
}

namespace {

/// A sum over what there is once, and what there is for each sample; saturates.
struct Count {
  uint64_t fixed = 0, sample = 0;

  /// `each`, for every point of a space whose dynamic sizes are the batch.
  void add(ArrayRef<int64_t> sizes, uint64_t each) {
    bool hasBatch = false;
    for (int64_t size : sizes) {
      hasBatch |= ShapedType::isDynamic(size);
      each = llvm::SaturatingMultiply<uint64_t>(each, ShapedType::isDynamic(size) ? 1 : size);
    }
    uint64_t &sum = hasBatch ? sample : fixed;
    sum = llvm::SaturatingAdd(sum, each);
  }
};

/// How many operations on floats one point of the op takes.
uint64_t countFlops(linalg::LinalgOp op) {
  uint64_t count = 0;
  for (Operation &step : op.getBlock()->without_terminator())
    if (isa<arith::ArithDialect, math::MathDialect>(step.getDialect()) && step.getNumOperands() > 0 &&
        !isa<arith::ExtFOp, arith::TruncFOp>(step) && isa<FloatType>(step.getResult(0).getType()) &&
        isa<FloatType>(step.getOperand(0).getType()))
      ++count;
  return count;
}

/// The loops of the convolution that a contraction between Winograd's transforms stands for.
SmallVector<int64_t> definitionOf(linalg::LinalgOp contraction) {
  TiledConvShape shape = tiledConvShape(contraction);
  SmallVector<int64_t> definition{contraction.getStaticLoopRanges().front()};
  llvm::append_range(definition, contraction->getAttrOfType<DenseI64ArrayAttr>(extentAttrName).asArrayRef());
  definition.append({shape.outputs, shape.depth.window, shape.kernel, shape.kernel, shape.inputs});
  return definition;
}

/// Adds a layer's path and an op's name from each part of a location, as the lowering to linalg has left them there.
void collectNames(Location location, llvm::SetVector<StringRef> &layers, llvm::SetVector<StringRef> &ops) {
  if (auto call = dyn_cast<CallSiteLoc>(location))
    return collectNames(call.getCallee(), layers, ops);
  if (auto name = dyn_cast<NameLoc>(location)) {
    layers.insert(name.getName());
    return;
  }
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    if (auto op = dyn_cast_or_null<StringAttr>(fused.getMetadata()))
      ops.insert(op);
    for (Location part : fused.getLocations())
      collectNames(part, layers, ops);
  }
}

LaunchDescription describeLaunch(func::CallOp call) {
  LaunchDescription launch;
  llvm::SetVector<StringRef> layers, ops;
  collectNames(call.getLoc(), layers, ops);
  launch.layers = llvm::join(layers, ", ");
  launch.ops = llvm::join(ops, ", ");
  func::FuncOp kernel = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  launch.kernel = call.getCallee().str();
  if (kernel->hasAttr(devicePartAttrName))
    launch.algorithm = "device";
  Count flops, bytes;
  kernel.walk([&](linalg::LinalgOp op) {
    if (op->hasAttr(contractionAttrName))
      launch.algorithm = "direct";
    if (auto algorithm = op->getAttrOfType<ConvAlgorithmAttr>(algorithmAttrName)) {
      launch.algorithm = stringifyConvAlgorithm(algorithm.getValue());
      flops.add(definitionOf(op), countFlops(op));
    } else if (!op->hasAttr(transformAttrName)) {
      flops.add(loopsWithoutBorder(op), countFlops(op));
    }
  });
  for (Type type : kernel.getArgumentTypes())
    if (auto buffer = dyn_cast<MemRefType>(type))
      bytes.add(buffer.getShape(), llvm::divideCeil(buffer.getElementTypeBitWidth(), 8));
  launch.fixedFlops = flops.fixed;
  launch.sampleFlops = flops.sample;
  launch.fixedBytes = bytes.fixed;
  launch.sampleBytes = bytes.sample;
  return launch;
}

class Describer {
public:
  explicit Describer(ModelDescription &model) : model(model) {}

  LogicalResult addFunction(func::FuncOp function, FunctionDescription &description) {
    description.entry = function.getName().str();
    if (function->getAttrOfType<FunctionKindAttr>(kindAttrName).getValue() == FunctionKind::Infer)
      description.entry += ".infer";
    DictionaryAttr arena = function->getAttrOfType<DictionaryAttr>(arenaAttrName);
    if (!arena)
      return function.emitOpError("expected a memory plan");
    description.arenaFixedBytes = arena.getAs<IntegerAttr>("fixed_bytes").getInt();
    description.arenaSampleBytes = arena.getAs<IntegerAttr>("sample_bytes").getInt();
    description.liveFixedBytes = arena.getAs<IntegerAttr>("fixed_bound").getInt();
    description.liveSampleBytes = arena.getAs<IntegerAttr>("sample_bound").getInt();
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      RoleAttr role = function.getArgAttrOfType<RoleAttr>(i, roleAttrName);
      if (role && failed(addArgument(function, i, role.getValue(), description)))
        return failure();
    }
    function.walk([&](func::CallOp call) { description.launches.push_back(describeLaunch(call)); });
    return success();
  }

  /// A part that a device carries out; its program is not known here.
  LogicalResult addDevicePart(func::FuncOp part) {
    DevicePartDescription description;
    description.name = part.getName().str();
    int64_t inputs = part->getAttrOfType<IntegerAttr>(deviceInputsAttrName).getInt();
    for (unsigned i = 0; i < part.getNumArguments(); ++i) {
      auto name = part.getArgAttrOfType<StringAttr>(i, nameAttrName);
      auto planes = part.getArgAttrOfType<DenseI64ArrayAttr>(i, devicePlanesAttrName);
      auto fraction = part.getArgAttrOfType<IntegerAttr>(i, deviceFractionAttrName);
      FailureOr<cnn_dtype> dtype = getDtype(part, cast<MemRefType>(part.getArgumentTypes()[i]).getElementType());
      if (!name || !planes || planes.size() != 3 || !fraction || failed(dtype))
        return part.emitOpError("expected to know the name, the planes and the fraction of argument ") << i;
      (i < inputs ? description.inputs : description.outputs)
          .push_back({name.str(), *dtype, static_cast<int32_t>(fraction.getInt()), planes[0], planes[1], planes[2]});
    }
    if (part->getAttrOfType<IntegerAttr>(devicePartAttrName).getInt() != int64_t(model.deviceParts.size()))
      return part.emitOpError("expected the parts of devices in the order of their numbers");
    model.deviceParts.push_back(std::move(description));
    return success();
  }

  /// Finds the weights of what is derived, when all are known.
  LogicalResult resolveDerived(ModuleOp module) {
    for (auto [derived, shape] : llvm::zip_equal(model.derived, derivedShapes)) {
      auto weight = llvm::find_if(model.weights, [&](const WeightDescription &other) {
        return other.path == derived.path && other.kind == CNN_PARAMETER;
      });
      // Pairs are a dimension behind the outputs; of blocks of these, there is one in front.
      bool isInPairs = derived.kind != CNN_DERIVED_WINOGRAD, isWinograd = derived.kind != CNN_DERIVED_PACKED_BF16;
      if (weight != model.weights.end() && shape.size() == weight->shape.size() - isWinograd + isInPairs + 1)
        derived.block = shape[shape.size() - 1 - isInPairs];
      if (weight == model.weights.end() || weight->dtype != CNN_F32 || !isOfWeight(derived, shape, weight->shape))
        return emitError(module.getLoc(), "bug: what is derived from '")
               << derived.path << "' does not fit a weight of " << model.name;
      derived.weight = weight - model.weights.begin();
    }
    if (model.trainStep && !model.derived.empty())
      return emitError(module.getLoc(), "bug: ")
             << model.name << " is trained, but reads values derived from '" << model.derived.front().path << "'";
    return success();
  }

private:
  /// Whether the values have the shape that is derived from a weight [outputs, inputs, kernel..].
  static bool isOfWeight(const DerivedDescription &derived, ArrayRef<int64_t> shape, ArrayRef<int64_t> weight) {
    if (weight.size() < 2)
      return false;
    SmallVector<int64_t> expected;
    int64_t block = derived.block ? derived.block : weight[0], inputs = weight[1];
    auto addBlocks = [&] {
      if (derived.block)
        expected.push_back(weight[0] / block);
    };
    bool isWinograd = derived.kind != CNN_DERIVED_PACKED_BF16;
    int64_t pack = derived.kind == CNN_DERIVED_WINOGRAD ? 1 : isWinograd ? 2 : derived.tile;
    if (isWinograd) {
      if (weight.size() < 4)
        return false;
      int64_t points = derived.tile + weight.back() - 1;
      expected.push_back(points * points);
    }
    addBlocks();
    llvm::append_range(expected, weight.drop_front(2).drop_back(isWinograd ? 2 : 0));
    expected.append({(inputs + pack - 1) / pack, block});
    if (pack > 1)
      expected.push_back(pack);
    return weight[0] % block == 0 && ArrayRef(expected) == shape;
  }

  FailureOr<cnn_dtype> getDtype(func::FuncOp function, Type type) {
    if (type.isF32())
      return CNN_F32;
    if (type.isInteger(8))
      return CNN_U8;
    if (type.isInteger(32))
      return CNN_I32;
    if (type.isInteger(64))
      return CNN_I64;
    return emitError(function.getLoc(), "expected values of type f32, u8, i32 or i64 at the interface of ")
           << model.name << ", but got " << type;
  }

  LogicalResult addArgument(func::FuncOp function, unsigned i, Role role, FunctionDescription &description) {
    MemRefType type = cast<MemRefType>(function.getArgument(i).getType());
    StringAttr nameAttr = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    std::string name = nameAttr ? nameAttr.str() : stringifyRole(role).str();
    switch (role) {
    case Role::Input:
    case Role::Output:
    case Role::Loss:
    case Role::Metric: {
      FailureOr<cnn_dtype> dtype = getDtype(function, type.getElementType());
      if (failed(dtype))
        return failure();
      bool hasBatch = !type.hasStaticShape();
      std::vector<int64_t> shape(type.getShape().begin() + hasBatch, type.getShape().end());
      if (shape.size() > CNN_MAX_RANK)
        return emitError(function.getLoc(), "expected at most ") << CNN_MAX_RANK << " dimensions of '" << name << "'";
      IntegerAttr classes = function.getArgAttrOfType<IntegerAttr>(i, classesAttrName);
      (role == Role::Input ? description.inputs : description.outputs)
          .push_back({name, *dtype, shape, classes ? classes.getInt() : 0});
      return success();
    }
    case Role::Parameter:
    case Role::State:
      return addWeight(function, i, role, name, type);
    case Role::Derived:
      addDerived(function, i, name, type);
      return success();
    case Role::Slot:
      model.slotBytes = std::max<uint64_t>(model.slotBytes, getEnd(function, i, type));
      return success();
    case Role::Key:
    case Role::Rate:
      return success();
    }
    llvm_unreachable("unknown role");
  }

  static uint64_t getEnd(func::FuncOp function, unsigned i, MemRefType type) {
    int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8) * type.getNumElements();
    return function.getArgAttrOfType<IntegerAttr>(i, offsetAttrName).getInt() + alignBytes(bytes);
  }

  void addDerived(func::FuncOp function, unsigned i, const std::string &name, MemRefType type) {
    DerivedDescription derived;
    derived.path = name;
    if (auto winograd = function.getArgAttrOfType<WinogradAttr>(i, derivedAttrName)) {
      bool isPacked = winograd.getCount() > 1;
      derived.kind = isPacked ? CNN_DERIVED_WINOGRAD_BF16 : CNN_DERIVED_WINOGRAD;
      derived.tile = static_cast<int32_t>(winograd.getTile());
    } else {
      auto packed = function.getArgAttrOfType<PackedAttr>(i, derivedAttrName);
      derived.kind = CNN_DERIVED_PACKED_BF16;
      derived.tile = static_cast<int32_t>(packed.getCount());
    }
    derived.offset = function.getArgAttrOfType<IntegerAttr>(i, offsetAttrName).getInt();
    model.derivedBytes = std::max(model.derivedBytes, getEnd(function, i, type));
    derivedShapes.push_back(llvm::to_vector(type.getShape()));
    model.derived.push_back(std::move(derived));
  }

  LogicalResult addWeight(func::FuncOp function, unsigned i, Role role, const std::string &name, MemRefType type) {
    if (!seen.insert(name).second)
      return success();
    WeightDescription weight;
    weight.path = name;
    weight.kind = role == Role::Parameter ? CNN_PARAMETER : CNN_STATE;
    FailureOr<cnn_dtype> dtype = getDtype(function, type.getElementType());
    if (failed(dtype))
      return failure();
    weight.dtype = *dtype;
    Layout layout = identityLayout(type.getRank());
    if (auto storage = function.getArgAttrOfType<DenseI64ArrayAttr>(i, storageAttrName))
      layout.assign(storage.asArrayRef().begin(), storage.asArrayRef().end());
    int64_t rank = type.getRank() - isSplit(layout);
    if (rank > CNN_MAX_RANK)
      return emitError(function.getLoc(), "expected at most ") << CNN_MAX_RANK << " dimensions of '" << name << "'";
    weight.shape.assign(rank, 1);
    for (auto [size, dim] : llvm::zip_equal(type.getShape(), layout)) {
      weight.storage.push_back(static_cast<int32_t>(dim));
      weight.shape[dim] *= size;
    }
    if (isSplit(layout))
      weight.block = type.getShape().back();
    if (InitAttr init = function.getArgAttrOfType<InitAttr>(i, initAttrName)) {
      weight.init = init.getKind() == InitKind::Uniform    ? CNN_INIT_UNIFORM
                    : init.getKind() == InitKind::Gaussian ? CNN_INIT_GAUSSIAN
                                                           : CNN_INIT_CONSTANT;
      weight.initA = init.getA();
      weight.initB = init.getB();
    }
    weight.offset = function.getArgAttrOfType<IntegerAttr>(i, offsetAttrName).getInt();
    uint64_t &end = role == Role::Parameter ? model.parameterBytes : model.stateBytes;
    end = std::max(end, getEnd(function, i, type));
    model.weights.push_back(std::move(weight));
    return success();
  }

  ModelDescription &model;
  llvm::StringSet<> seen;
  std::vector<SmallVector<int64_t>> derivedShapes;
};

} // namespace

FailureOr<ModelDescription> describeModel(ModuleOp module, StringRef net) {
  ModelDescription model;
  model.name = net.str();
  Describer describer(model);
  bool hasInference = false;
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function->hasAttr(devicePartAttrName) && failed(describer.addDevicePart(function)))
      return failure();
    FunctionKindAttr kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
    if (!kind)
      continue;
    FunctionDescription description;
    if (failed(describer.addFunction(function, description)))
      return failure();
    switch (kind.getValue()) {
    case FunctionKind::Infer:
      hasInference = true;
      model.infer = std::move(description);
      break;
    case FunctionKind::TrainStep:
      model.trainStep = std::move(description);
      break;
    case FunctionKind::Evaluate:
      model.evaluate = std::move(description);
      break;
    case FunctionKind::Loss:
      return function.emitOpError("expected the loss to be differentiated");
    }
  }
  if (!hasInference)
    return emitError(module.getLoc(), "expected a function for the inference of '") << net << "'";
  if (failed(describer.resolveDerived(module)))
    return failure();
  return model;
}

} // namespace cnn::cpu
