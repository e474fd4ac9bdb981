// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model is a set of ordinary functions; what makes them a model are attributes:
//
//   func.func @Net(%image: tensor<?x1x28x28xf32> {cnn.name = "image", cnn.role = #cnn.role<input>},
//                  %w: tensor<6x1x5x5xf32> {cnn.name = "conv1.weight", cnn.role = #cnn.role<parameter>, ...})
//       -> (tensor<?x6x24x24xf32> {cnn.name = "score"}) attributes {cnn.kind = #cnn.function_kind<infer>}
//
// Everything behind the front end (gradients, header, checkpoint) trusts them, so a module in which they do not fit
// together is refused here. A function stops being checked as a whole when its arguments are no longer tensors.

#include "ir/CnnDialect.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace cnn {

static bool mayBeArgument(Role role, FunctionKind kind) {
  switch (role) {
  case Role::Input:
  case Role::Parameter:
  case Role::State:
    return true;
  case Role::Key:
    return kind == FunctionKind::Loss || kind == FunctionKind::TrainStep;
  case Role::Rate:
  case Role::Slot:
    return kind == FunctionKind::TrainStep;
  case Role::Derived:
    return kind == FunctionKind::Infer;
  case Role::Output:
  case Role::Loss:
  case Role::Metric:
    return false;
  }
  llvm_unreachable("unknown role");
}

static bool mayBeResult(Role role, FunctionKind kind) {
  switch (role) {
  case Role::Output:
    return kind == FunctionKind::Infer;
  case Role::Loss:
  case Role::Metric:
    return kind != FunctionKind::Infer;
  case Role::State:
    return kind == FunctionKind::Loss || kind == FunctionKind::TrainStep;
  case Role::Parameter:
  case Role::Slot:
    return kind == FunctionKind::TrainStep;
  case Role::Input:
  case Role::Key:
  case Role::Rate:
  case Role::Derived:
    return false;
  }
  llvm_unreachable("unknown role");
}

static bool isWeight(Role role) { return role == Role::Parameter || role == Role::State || role == Role::Slot; }

namespace {

/// Checks one function of a model as a whole.
class FunctionVerifier {
public:
  FunctionVerifier(FunctionOpInterface function, FunctionKind kind) : function(function), kind(kind) {}

  LogicalResult verify() {
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (failed(verifyArgument(i)))
        return failure();
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (failed(verifyDerived(i)))
        return failure();
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (failed(verifyResult(i)))
        return failure();
    return success();
  }

private:
  LogicalResult verifyArgument(unsigned i) {
    auto roleAttr = function.getArgAttrOfType<RoleAttr>(i, roleAttrName);
    if (!roleAttr)
      return function->emitOpError() << "expected '" << roleAttrName << "' on argument " << i
                                     << " of a function of kind '" << stringifyFunctionKind(kind) << "'";
    Role role = roleAttr.getValue();
    if (!mayBeArgument(role, kind))
      return function->emitOpError() << "expected a role that an argument of a function of kind '"
                                     << stringifyFunctionKind(kind) << "' can have, but got '" << stringifyRole(role)
                                     << "' on argument " << i;
    Type type = function.getArgumentTypes()[i];
    Builder builder(function.getContext());
    Type keyType = RankedTensorType::get({2}, builder.getI64Type());
    if (role == Role::Key && type != keyType)
      return function->emitOpError() << "expected a key of type " << keyType << ", but got " << type;
    Type rateType = RankedTensorType::get({}, builder.getF32Type());
    if (role == Role::Rate && type != rateType)
      return function->emitOpError() << "expected a learning rate of type " << rateType << ", but got " << type;
    if (function.getArgAttr(i, initAttrName) && !isWeight(role))
      return function->emitOpError() << "expected '" << initAttrName
                                     << "' on a parameter or state alone, but got it on "
                                     << "argument " << i << " with the role '" << stringifyRole(role) << "'";
    if (failed(verifyClasses(i, role, type)))
      return failure();
    auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    if (role == Role::Key || role == Role::Rate)
      return success();
    if (!name)
      return function->emitOpError() << "expected '" << nameAttrName << "' on argument " << i;
    if (role == Role::Derived) // has the name of a weight
      return success();
    if (!(isWeight(role) ? weightNames : inputNames).insert(name.getValue()).second)
      return function->emitOpError() << "expected arguments of different names, but got '" << name.getValue()
                                     << "' twice";
    return success();
  }

  /// Derived values and the weight of the same name, which may stand behind them.
  LogicalResult verifyDerived(unsigned i) {
    Attribute derived = function.getArgAttr(i, derivedAttrName);
    Role role = function.getArgAttrOfType<RoleAttr>(i, roleAttrName).getValue();
    if ((role == Role::Derived) != static_cast<bool>(derived))
      return function->emitOpError() << "expected '" << derivedAttrName
                                     << "' on derived values and on nothing else, but argument " << i
                                     << " with the role '" << stringifyRole(role) << "' has "
                                     << (derived ? "it" : "none");
    if (!derived)
      return success();
    auto type = cast<RankedTensorType>(function.getArgumentTypes()[i]);
    if (failed(verifyDerivedType(i, derived, type)))
      return failure();
    auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    if (!derivedValues.insert({name, derived, type}).second)
      return function->emitOpError() << "expected different derived values, but got '" << name.getValue() << "' twice";
    for (unsigned j = 0; j < function.getNumArguments(); ++j) {
      if (function.getArgAttrOfType<RoleAttr>(j, roleAttrName).getValue() != Role::Parameter ||
          function.getArgAttrOfType<StringAttr>(j, nameAttrName) != name)
        continue;
      auto weight = cast<RankedTensorType>(function.getArgumentTypes()[j]);
      if (!weight.hasStaticShape() || !weight.getElementType().isF32() || !isDerivedFrom(derived, type, weight))
        return function->emitOpError() << "expected the derived values " << type << " of a weight of as many filters, "
                                       << "but '" << name.getValue() << "' is " << weight;
      return success();
    }
    return function->emitOpError() << "expected a parameter '" << name.getValue() << "' from which argument " << i
                                   << " is derived";
  }

  LogicalResult verifyDerivedType(unsigned i, Attribute derived, RankedTensorType type) {
    if (auto winograd = dyn_cast<WinogradAttr>(derived)) {
      bool isPacked = winograd.getCount() > 1;
      int64_t rank = type.getRank() - isPacked;
      bool isOfType = isPacked ? type.getElementType().isBF16() && type.getShape().back() == winograd.getCount()
                               : type.getElementType().isF32();
      if (!type.hasStaticShape() || rank < 3 || rank > 5 || !isOfType || type.getDimSize(0) != winograd.getPoints())
        return function->emitOpError() << "expected derived values of type tensor<" << winograd.getPoints()
                                       << " x kernel x inputs x outputs x " << (isPacked ? "2 x bf16" : "f32")
                                       << ">, the outputs perhaps in blocks, but got " << type << " on argument " << i;
      return success();
    }
    auto packed = cast<PackedAttr>(derived);
    if (!type.hasStaticShape() || type.getElementType() != packed.getType() || type.getRank() < 3 ||
        type.getShape().back() != packed.getCount())
      return function->emitOpError() << "expected derived values of type tensor<kernel x inputs x outputs x "
                                     << packed.getCount() << " x bf16>, the outputs perhaps in blocks, but got " << type
                                     << " on argument " << i;
    return success();
  }

  /// Whether derived values of this type have as many filters as the weight, in whatever order it is stored.
  static bool isDerivedFrom(Attribute derived, RankedTensorType type, RankedTensorType weight) {
    if (auto winograd = dyn_cast<WinogradAttr>(derived)) {
      int64_t taps = winograd.getKernel() * winograd.getKernel();
      return weight.getNumElements() / taps == type.getNumElements() / winograd.getPoints() &&
             weight.getNumElements() % taps == 0;
    }
    // Up to count - 1 zeros behind the inputs of each filter.
    int64_t count = cast<PackedAttr>(derived).getCount();
    return type.getNumElements() >= weight.getNumElements() && type.getNumElements() / count <= weight.getNumElements();
  }

  LogicalResult verifyClasses(unsigned i, Role role, Type type) {
    auto classes = function.getArgAttrOfType<IntegerAttr>(i, classesAttrName);
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!classes || (role == Role::Input && tensor && tensor.getRank() == 1 && tensor.getElementType().isInteger(32)))
      return success();
    return function->emitOpError() << "expected '" << classesAttrName
                                   << "' on an input of one i32 per sample, but got it on argument " << i
                                   << " with the role '" << stringifyRole(role) << "' and the type " << type;
  }

  LogicalResult verifyResult(unsigned i) {
    auto roleAttr = function.getResultAttrOfType<RoleAttr>(i, roleAttrName);
    if (!roleAttr && kind != FunctionKind::Infer)
      return function->emitOpError() << "expected '" << roleAttrName << "' on result " << i
                                     << " of a function of kind '" << stringifyFunctionKind(kind) << "'";
    Role role = roleAttr ? roleAttr.getValue() : Role::Output;
    if (!mayBeResult(role, kind))
      return function->emitOpError() << "expected a role that a result of a function of kind '"
                                     << stringifyFunctionKind(kind) << "' can have, but got '" << stringifyRole(role)
                                     << "' on result " << i;
    auto type = cast<RankedTensorType>(function.getResultTypes()[i]);
    if (role == Role::Loss || role == Role::Metric) {
      int64_t largestRank = kind == FunctionKind::Loss ? 1 : 0;
      if (type.getRank() > largestRank || !isa<FloatType>(type.getElementType()))
        return function->emitOpError() << "expected a " << stringifyRole(role) << " of one number"
                                       << (largestRank ? " per sample" : "") << ", but got " << type;
    }
    if (role == Role::Output && !function.getResultAttrOfType<StringAttr>(i, nameAttrName))
      return function->emitOpError() << "expected '" << nameAttrName << "' on result " << i;
    return verifyTied(i, role, type);
  }

  LogicalResult verifyTied(unsigned i, Role role, Type type) {
    auto tied = function.getResultAttrOfType<IntegerAttr>(i, tiedAttrName);
    if (isWeight(role) != static_cast<bool>(tied))
      return function->emitOpError() << "expected '" << tiedAttrName
                                     << "' on the results that replace a weight and on no others, but result " << i
                                     << " with the role '" << stringifyRole(role) << "' has " << (tied ? "it" : "none");
    if (!tied)
      return success();
    uint64_t argument = tied.getValue().getLimitedValue();
    if (argument >= function.getNumArguments())
      return function->emitOpError() << "expected result " << i << " to be tied to one of the "
                                     << function.getNumArguments() << " arguments, but got " << tied;
    auto argumentRole = function.getArgAttrOfType<RoleAttr>(argument, roleAttrName);
    if (argumentRole.getValue() != role || function.getArgumentTypes()[argument] != type)
      return function->emitOpError() << "expected result " << i << ", a " << stringifyRole(role) << " of type " << type
                                     << ", to be tied to an argument like it, but argument " << argument << " is a "
                                     << stringifyRole(argumentRole.getValue()) << " of type "
                                     << function.getArgumentTypes()[argument];
    if (!tiedArguments.insert(argument).second)
      return function->emitOpError() << "expected one result per tied argument, but got two for argument " << argument;
    return success();
  }

  FunctionOpInterface function;
  FunctionKind kind;
  llvm::StringSet<> inputNames, weightNames;
  llvm::DenseSet<std::tuple<Attribute, Attribute, Type>> derivedValues;
  llvm::SmallDenseSet<uint64_t> tiedArguments;
};

} // namespace

/// Whether there is one dictionary per argument and result; a function that is not yet verified may lack some.
static bool hasAttributesForAll(FunctionOpInterface function) {
  ArrayAttr arguments = function.getArgAttrsAttr(), results = function.getResAttrsAttr();
  return (!arguments || arguments.size() == function.getNumArguments()) &&
         (!results || results.size() == function.getNumResults());
}

static LogicalResult verifyNameAndRole(Operation *op, NamedAttribute attribute) {
  auto text = dyn_cast<StringAttr>(attribute.getValue());
  if (attribute.getName() == nameAttrName && (!text || text.empty()))
    return op->emitOpError() << "expected '" << nameAttrName << "' to be a text that is not empty, but got "
                             << attribute.getValue();
  if (attribute.getName() == roleAttrName && !isa<RoleAttr>(attribute.getValue()))
    return op->emitOpError() << "expected '" << roleAttrName << "' to be a #cnn.role, but got " << attribute.getValue();
  return success();
}

LogicalResult CnnDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() != kindAttrName)
    return success();
  auto kind = dyn_cast<FunctionKindAttr>(attribute.getValue());
  if (!kind)
    return op->emitOpError() << "expected '" << kindAttrName << "' to be a #cnn.function_kind, but got "
                             << attribute.getValue();
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError() << "expected '" << kindAttrName << "' on a function alone";
  // The function itself is verified after this; what is wrong with it is reported then.
  auto typeAttr = op->getAttrOfType<TypeAttr>("function_type");
  auto type = typeAttr ? dyn_cast<FunctionType>(typeAttr.getValue()) : FunctionType();
  if (!type || !hasAttributesForAll(function) || !llvm::all_of(type.getInputs(), llvm::IsaPred<RankedTensorType>) ||
      !llvm::all_of(type.getResults(), llvm::IsaPred<RankedTensorType>))
    return success();
  return FunctionVerifier(function, kind.getValue()).verify();
}

LogicalResult CnnDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned, NamedAttribute attribute) {
  if (attribute.getName() == initAttrName && !isa<InitAttr>(attribute.getValue()))
    return op->emitOpError() << "expected '" << initAttrName << "' to be a #cnn.init, but got " << attribute.getValue();
  if (attribute.getName() == derivedAttrName && !isa<WinogradAttr, PackedAttr>(attribute.getValue()))
    return op->emitOpError() << "expected '" << derivedAttrName << "' to be a #cnn.winograd or a #cnn.packed, but got "
                             << attribute.getValue();
  if (attribute.getName() == tiedAttrName)
    return op->emitOpError() << "expected '" << tiedAttrName << "' on a result, but got it on an argument";
  if (attribute.getName() == classesAttrName) {
    auto classes = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!classes || !classes.getType().isInteger(64) || classes.getInt() < 1)
      return op->emitOpError() << "expected '" << classesAttrName << "' to be a number of classes (i64), but got "
                               << attribute.getValue();
  }
  return verifyNameAndRole(op, attribute);
}

LogicalResult CnnDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned, NamedAttribute attribute) {
  for (StringRef ofArguments : {StringRef(initAttrName), StringRef(classesAttrName), StringRef(derivedAttrName)})
    if (attribute.getName() == ofArguments)
      return op->emitOpError() << "expected '" << ofArguments << "' on an argument, but got it on a result";
  if (attribute.getName() == tiedAttrName) {
    auto tied = dyn_cast<IntegerAttr>(attribute.getValue());
    if (!tied || !tied.getType().isInteger(64))
      return op->emitOpError() << "expected '" << tiedAttrName << "' to be the number of an argument (i64), but got "
                               << attribute.getValue();
  }
  return verifyNameAndRole(op, attribute);
}

} // namespace cnn
