// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network's loss says what should be small; training needs to know which way each parameter must move. This pass
// makes that function, by reverse-mode differentiation of the SSA graph:
//
//   func @X.loss(%x, %label, %key, %w) {             func @X.train_step(%x, %label, %key, %rate, %w, %slot) {
//     %y = cnn.conv %x, %w                             %y = cnn.conv %x, %w
//     %l = cnn.cross_entropy %y, %label        =>      %l = cnn.cross_entropy %y, %label
//     return %l                                        %mean = cnn.reduce <mean> %l
//   }                                                  %dl = ...gradient of the mean
//                                                      %dy = cnn.cross_entropy_grad %y, %label, %dl
//                                                      %dw = cnn.conv_weight_grad %x, %dy
//                                                      %w2, %slot2 = cnn.sgd_update %w, %dw, %slot, %rate
//                                                      return %mean, %w2, %slot2
//
// Method. An op is active if a parameter reaches it and it reaches the loss. The active ops are visited in reverse
// order; each turns the gradients of its results into gradients of its operands (DifferentiableOpInterface). What a
// value receives from several uses is summed as it arrives, so that at most one gradient per value is alive; shared
// weights and residual connections are nothing special.
//
// Not done: recomputing forward values to save memory; gradients of gradients (few of the gradient ops can be
// differentiated again).

#include "ir/CnnDialect.h"
#include "ir/ModelError.h"
#include "ir/WeightPattern.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace cnn {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "passes/Passes.h.inc"
} // namespace cnn

using namespace mlir;
using namespace cnn;

namespace {

constexpr StringLiteral lossSuffix = ".loss";
constexpr StringLiteral trainStepSuffix = ".train_step";

/// A loss function, taken apart: indices are those of its arguments and results.
struct LossFunction {
  func::FuncOp function;
  StringRef net;
  TrainOp train;
  SmallVector<unsigned> inputs, weights; // weights: parameters and states
  std::optional<unsigned> key;
  unsigned loss = 0;
  SmallVector<unsigned> metrics, states;

  Role getArgRole(unsigned i) { return function.getArgAttrOfType<RoleAttr>(i, roleAttrName).getValue(); }
  StringRef getArgName(unsigned i) {
    auto name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
    return name ? name.getValue() : stringifyRole(getArgRole(i));
  }
  Operation *getReturn() { return function.getBody().front().getTerminator(); }
};

} // namespace

//===-- Reading the loss function ---------------------------------------------------------------------------------===//

static TrainOp findTrainOp(ModuleOp module, StringRef net) {
  for (TrainOp train : module.getOps<TrainOp>())
    if (train.getNet() == net)
      return train;
  return {};
}

static LogicalResult readArguments(LossFunction &loss) {
  func::FuncOp function = loss.function;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto role = function.getArgAttrOfType<RoleAttr>(i, roleAttrName);
    if (!role)
      return function.emitError() << "argument " << i << " of a loss function needs '" << roleAttrName << "'";
    if (role.getValue() != Role::Key && !function.getArgAttr(i, nameAttrName))
      return function.emitError() << "argument " << i << " of a loss function needs '" << nameAttrName << "'";
    switch (role.getValue()) {
    case Role::Input:
      loss.inputs.push_back(i);
      break;
    case Role::Key:
      if (loss.key)
        return function.emitError() << "expected one key argument, but arguments " << *loss.key << " and " << i
                                    << " are keys";
      loss.key = i;
      break;
    case Role::Parameter:
    case Role::State:
      loss.weights.push_back(i);
      break;
    default:
      return function.emitError() << "argument " << i << " of a loss function cannot have the role '"
                                  << stringifyRole(role.getValue()) << "'";
    }
  }
  return success();
}

static LogicalResult readResults(LossFunction &loss) {
  func::FuncOp function = loss.function;
  unsigned losses = 0;
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto role = function.getResultAttrOfType<RoleAttr>(i, roleAttrName);
    if (!role)
      return function.emitError() << "result " << i << " of a loss function needs '" << roleAttrName << "'";
    switch (role.getValue()) {
    case Role::Loss:
      loss.loss = i;
      ++losses;
      break;
    case Role::Metric:
      loss.metrics.push_back(i);
      break;
    case Role::State: {
      auto tied = function.getResultAttrOfType<IntegerAttr>(i, tiedAttrName);
      if (!tied || tied.getInt() < 0 || tied.getInt() >= function.getNumArguments() ||
          loss.getArgRole(tied.getInt()) != Role::State)
        return function.emitError() << "result " << i << " needs '" << tiedAttrName
                                    << "', the number of a state argument";
      loss.states.push_back(i);
      break;
    }
    default:
      return function.emitError() << "result " << i << " of a loss function cannot have the role '"
                                  << stringifyRole(role.getValue()) << "'";
    }
  }
  if (losses != 1)
    return function.emitError() << "expected one result with the role 'loss', but got " << losses;
  return success();
}

static FailureOr<LossFunction> readLossFunction(func::FuncOp function, ModuleOp module) {
  LossFunction loss;
  loss.function = function;
  loss.net = function.getSymName();
  if (!loss.net.consume_back(lossSuffix))
    return function.emitError() << "expected the name of a loss function to end in '" << lossSuffix << "', but got '"
                                << function.getSymName() << "'";
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "expected a loss function of one block, but got "
                                << function.getBody().getBlocks().size();
  loss.train = findTrainOp(module, loss.net);
  if (!loss.train)
    return function.emitError() << "'" << loss.net << "' has a loss but no train block";
  if (failed(readArguments(loss)) || failed(readResults(loss)))
    return failure();
  return loss;
}

//===-- Which ops to differentiate --------------------------------------------------------------------------------===//

/// The op's name as the user knows it.
static std::string describe(Operation *op) {
  if (auto hit = dyn_cast<TopKHitOp>(op))
    return hit.getK() == 1 ? "accuracy" : "top";
  if (isa<CnnDialect>(op->getDialect()))
    return op->getName().stripDialect().str();
  return op->getName().getStringRef().str();
}

static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

/// The values that a parameter reaches through floating-point values.
static DenseSet<Value> findVariedValues(LossFunction &loss) {
  DenseSet<Value> varied;
  for (unsigned i : loss.weights)
    if (loss.getArgRole(i) == Role::Parameter)
      varied.insert(loss.function.getArgument(i));
  for (Operation &op : loss.function.getBody().front().without_terminator())
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return varied.contains(operand); }))
      for (Value result : op.getResults())
        if (isFloat(result))
          varied.insert(result);
  return varied;
}

/// The ops that stand between a parameter and the loss, last first. Reports what cannot be differentiated.
static FailureOr<SmallVector<Operation *>> findActiveOps(LossFunction &loss, const DenseSet<Value> &varied) {
  Value root = loss.getReturn()->getOperand(loss.loss);
  if (!varied.contains(root))
    return emitModelError(root.getLoc()) << "the loss of '" << loss.net
                                         << "' does not depend on any parameter, so there is nothing to train";
  DenseSet<Value> useful = {root};
  SmallVector<Operation *> active;
  bool complete = true;
  for (Operation &op : llvm::reverse(loss.function.getBody().front().without_terminator())) {
    auto isActive = [&](Value result) { return useful.contains(result) && varied.contains(result); };
    if (!llvm::any_of(op.getResults(), isActive))
      continue;
    if (!isa<DifferentiableOpInterface>(op)) {
      emitModelError(op.getLoc()) << "cannot differentiate '" << describe(&op) << "'; it is used by the loss of '"
                                  << loss.net << "'";
      complete = false;
      continue;
    }
    active.push_back(&op);
    useful.insert(op.operand_begin(), op.operand_end());
  }
  if (!complete)
    return failure();
  return active;
}

//===-- Building the train step -----------------------------------------------------------------------------------===//

namespace {

class TrainStepBuilder {
public:
  TrainStepBuilder(LossFunction &loss, const DenseSet<Value> &varied)
      : loss(loss), varied(varied), builder(loss.function.getContext()), optimizer(loss.train.getOptimizer()) {}

  func::FuncOp build(ArrayRef<Operation *> activeOps);

private:
  void createFunction();
  void cloneForward();
  void buildBackward(ArrayRef<Operation *> activeOps);
  void addGradient(Value forward, Value gradient, Location loc);
  void updateParameters();
  void updateParameter(unsigned argument);
  void finish();

  Value addArgument(Location loc, Type type, Role role, const Twine &name, DictionaryAttr attributes = {});
  Value copyArgument(unsigned argument);
  void addResult(Value value, Role role, StringRef name, std::optional<unsigned> tied = {});
  StringRef resultName(unsigned result);
  Value meanOverBatch(Value perSample);

  LossFunction &loss;
  const DenseSet<Value> &varied;
  OpBuilder builder;
  OptimizerAttr optimizer;

  func::FuncOp step;
  Block *body = nullptr;
  Value key, rate;
  SmallVector<DictionaryAttr> argumentAttrs, resultAttrs;
  SmallVector<Value> results;
  IRMapping mapping;                                // values of the loss function -> values of the train step
  DenseMap<Value, Value> gradients;                 // value of the train step -> its gradient, so far
  SmallVector<std::pair<Value, std::string>> slots; // new value, name; in the order of the slot arguments
};

} // namespace

Value TrainStepBuilder::addArgument(Location loc, Type type, Role role, const Twine &name, DictionaryAttr attributes) {
  NamedAttrList list(attributes);
  list.set(nameAttrName, builder.getStringAttr(name));
  list.set(roleAttrName, RoleAttr::get(builder.getContext(), role));
  argumentAttrs.push_back(list.getDictionary(builder.getContext()));
  return body->addArgument(type, loc);
}

Value TrainStepBuilder::copyArgument(unsigned argument) {
  BlockArgument old = loss.function.getArgument(argument);
  Value copy = addArgument(old.getLoc(), old.getType(), loss.getArgRole(argument), loss.getArgName(argument),
                           loss.function.getArgAttrDict(argument));
  mapping.map(old, copy);
  return copy;
}

void TrainStepBuilder::addResult(Value value, Role role, StringRef name, std::optional<unsigned> tied) {
  NamedAttrList list;
  list.set(nameAttrName, builder.getStringAttr(name));
  list.set(roleAttrName, RoleAttr::get(builder.getContext(), role));
  if (tied)
    list.set(tiedAttrName, builder.getI64IntegerAttr(*tied));
  resultAttrs.push_back(list.getDictionary(builder.getContext()));
  results.push_back(value);
}

StringRef TrainStepBuilder::resultName(unsigned result) {
  if (auto name = loss.function.getResultAttrOfType<StringAttr>(result, nameAttrName))
    return name.getValue();
  return stringifyRole(loss.function.getResultAttrOfType<RoleAttr>(result, roleAttrName).getValue());
}

/// The mean over the batch, as a scalar. A value that is a scalar already is its own mean.
Value TrainStepBuilder::meanOverBatch(Value perSample) {
  if (cast<RankedTensorType>(perSample.getType()).getRank() == 0)
    return perSample;
  return ReduceOp::create(builder, perSample.getLoc(), ReduceKind::Mean, perSample, ArrayRef<int64_t>());
}

void TrainStepBuilder::createFunction() {
  Location loc = loss.function.getLoc();
  builder.setInsertionPointAfter(loss.function);
  step = func::FuncOp::create(builder, loc, (loss.net + trainStepSuffix).str(), builder.getFunctionType({}, {}));
  step->setAttr(kindAttrName, FunctionKindAttr::get(builder.getContext(), FunctionKind::TrainStep));
  body = step.addEntryBlock();
  builder.setInsertionPointToEnd(body);

  for (unsigned input : loss.inputs)
    copyArgument(input);
  key = loss.key ? copyArgument(*loss.key)
                 : addArgument(loc, RankedTensorType::get({2}, builder.getI64Type()), Role::Key, "key");
  rate = addArgument(loc, RankedTensorType::get({}, builder.getF32Type()), Role::Rate, "rate");
  for (unsigned weight : loss.weights)
    copyArgument(weight);
}

void TrainStepBuilder::cloneForward() {
  for (Operation &op : loss.function.getBody().front().without_terminator())
    builder.clone(op, mapping);
}

void TrainStepBuilder::addGradient(Value forward, Value gradient, Location loc) {
  Value &sum = gradients[forward];
  if (!sum) {
    sum = gradient;
    return;
  }
  int64_t rank = cast<RankedTensorType>(sum.getType()).getRank();
  auto allAxes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  sum = BinaryOp::create(builder, loc, BinaryKind::Add, sum, gradient, allAxes);
}

void TrainStepBuilder::buildBackward(ArrayRef<Operation *> activeOps) {
  Value perSample = mapping.lookup(loss.getReturn()->getOperand(loss.loss));
  Value mean = meanOverBatch(perSample);
  addResult(mean, Role::Loss, resultName(loss.loss));

  // The gradient of the mean with respect to itself is 1; the mean's own gradient divides by the batch.
  auto meanType = cast<RankedTensorType>(mean.getType());
  auto one = DenseElementsAttr::get(meanType, builder.getFloatAttr(meanType.getElementType(), 1.0));
  Value seed = ConstantOp::create(builder, mean.getLoc(), one);
  if (mean == perSample)
    addGradient(perSample, seed, mean.getLoc());
  else
    addGradient(perSample, cast<DifferentiableOpInterface>(mean.getDefiningOp()).buildGradients(builder, seed).front(),
                mean.getLoc());

  for (Operation *original : activeOps) {
    SmallVector<Value> resultGradients;
    for (Value result : original->getResults())
      resultGradients.push_back(gradients.lookup(mapping.lookup(result)));
    if (llvm::none_of(resultGradients, [](Value gradient) { return gradient != nullptr; }))
      continue; // The gradients of all users are zero.
    Operation *op = mapping.lookup(original->getResult(0)).getDefiningOp();
    SmallVector<Value> operandGradients = cast<DifferentiableOpInterface>(op).buildGradients(builder, resultGradients);
    assert(operandGradients.size() == op->getNumOperands() && "buildGradients returns one value for each operand");
    for (auto [operand, gradient] : llvm::zip_equal(original->getOperands(), operandGradients))
      if (gradient && varied.contains(operand))
        addGradient(mapping.lookup(operand), gradient, op->getLoc());
  }
}

static APFloat toFloat(double value) { return APFloat(value); }

void TrainStepBuilder::updateParameter(unsigned argument) {
  auto parameter = cast<BlockArgument>(mapping.lookup(loss.function.getArgument(argument)));
  StringRef name = loss.getArgName(argument);
  Location loc = loss.function.getArgument(argument).getLoc();
  Value gradient = gradients.lookup(parameter);
  if (!gradient) {
    emitWarning(loc) << "the loss of '" << loss.net << "' does not depend on '" << name
                     << "', so training leaves it as it is";
    return;
  }
  bool exempt = llvm::any_of(optimizer.getNoDecay(),
                             [&](StringAttr pattern) { return matchesWeightPattern(pattern.getValue(), name); });
  double decay = exempt ? 0.0 : static_cast<double>(optimizer.getDecay());
  auto addSlot = [&](StringRef slot) {
    slots.push_back({Value(), (name + ":" + slot).str()});
    return addArgument(loc, parameter.getType(), Role::Slot, slots.back().second);
  };
  Operation *update = nullptr;
  size_t firstSlot = slots.size();
  switch (optimizer.getKind()) {
  case OptimizerKind::Sgd: {
    Value velocity = static_cast<double>(optimizer.getMomentum()) == 0.0 ? Value() : addSlot("momentum");
    update = SgdUpdateOp::create(builder, loc, parameter, gradient, velocity, rate, toFloat(optimizer.getMomentum()),
                                 optimizer.getNesterov(), toFloat(decay));
    break;
  }
  case OptimizerKind::Adam: {
    Value first = addSlot("first_moment");
    Value second = addSlot("second_moment");
    update =
        AdamUpdateOp::create(builder, loc, parameter, gradient, first, second, rate, key, toFloat(optimizer.getBeta1()),
                             toFloat(optimizer.getBeta2()), toFloat(optimizer.getEpsilon()), toFloat(decay));
    break;
  }
  }
  addResult(update->getResult(0), Role::Parameter, name, parameter.getArgNumber());
  for (size_t i = firstSlot; i < slots.size(); ++i)
    slots[i].first = update->getResult(1 + i - firstSlot);
}

func::FuncOp TrainStepBuilder::build(ArrayRef<Operation *> activeOps) {
  createFunction();
  cloneForward();
  buildBackward(activeOps);
  Operation *lossReturn = loss.getReturn();
  for (unsigned metric : loss.metrics)
    addResult(meanOverBatch(mapping.lookup(lossReturn->getOperand(metric))), Role::Metric, resultName(metric));

  // From here on nothing reads a parameter but its own update, so that updates may be done in place.
  unsigned firstSlot = body->getNumArguments();
  for (unsigned weight : loss.weights)
    if (loss.getArgRole(weight) == Role::Parameter)
      updateParameter(weight);
  for (unsigned state : loss.states) {
    auto tied = loss.function.getResultAttrOfType<IntegerAttr>(state, tiedAttrName);
    unsigned argument = tied.getInt();
    addResult(mapping.lookup(lossReturn->getOperand(state)), Role::State, loss.getArgName(argument),
              cast<BlockArgument>(mapping.lookup(loss.function.getArgument(argument))).getArgNumber());
  }
  for (auto [i, slot] : llvm::enumerate(slots))
    addResult(slot.first, Role::Slot, slot.second, firstSlot + i);
  finish();
  return step;
}

void TrainStepBuilder::finish() {
  func::ReturnOp::create(builder, loss.getReturn()->getLoc(), results);
  step.setFunctionType(builder.getFunctionType(body->getArgumentTypes(), ValueRange(results).getTypes()));
  step.setAllArgAttrs(argumentAttrs);
  step.setAllResultAttrs(resultAttrs);
  // Gradients that were emitted but not asked for, as that of the image.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*body)))
    if (isOpTriviallyDead(&op))
      op.erase();
}

//===-- The pass --------------------------------------------------------------------------------------------------===//

/// A pattern that matches nothing is a mistake in the model: the user thinks a weight does not decay that does.
static LogicalResult checkNoDecay(LossFunction &loss) {
  for (StringAttr pattern : loss.train.getOptimizer().getNoDecay()) {
    auto matches = [&](unsigned weight) {
      return loss.getArgRole(weight) == Role::Parameter &&
             matchesWeightPattern(pattern.getValue(), loss.getArgName(weight));
    };
    if (!llvm::any_of(loss.weights, matches))
      return emitModelError(loss.train.getLoc())
             << "no parameter of '" << loss.net << "' matches " << pattern << ", which should be free of weight decay";
  }
  return success();
}

static LogicalResult differentiate(func::FuncOp function, SymbolTable &symbols, bool eraseLoss) {
  auto module = cast<ModuleOp>(symbols.getOp());
  FailureOr<LossFunction> loss = readLossFunction(function, module);
  if (failed(loss) || failed(checkNoDecay(*loss)))
    return failure();
  if (Operation *other = symbols.lookup((loss->net + trainStepSuffix).str())) {
    InFlightDiagnostic error = other->emitError() << "'" << loss->net << "' has a training step already";
    error.attachNote(function.getLoc()) << "its loss is here";
    return error;
  }
  DenseSet<Value> varied = findVariedValues(*loss);
  FailureOr<SmallVector<Operation *>> activeOps = findActiveOps(*loss, varied);
  if (failed(activeOps))
    return failure();
  symbols.insert(TrainStepBuilder(*loss, varied).build(*activeOps));
  if (eraseLoss)
    symbols.erase(function);
  return success();
}

namespace {

struct DifferentiatePass : cnn::impl::DifferentiateBase<DifferentiatePass> {
  using DifferentiateBase::DifferentiateBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      auto kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
      if (kind && kind.getValue() == FunctionKind::Loss && failed(differentiate(function, symbols, eraseLoss)))
        signalPassFailure();
    }
  }
};

} // namespace
