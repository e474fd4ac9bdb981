// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Raw operations that describe: initializers, optimizers, learning rates, sources of data. And one that rounds numbers.
#include "dsl/Elaborator.h"
#include <cmath>

namespace cnn::dsl {

static Value record(std::string family, std::string kind, std::vector<std::pair<std::string, Value>> fields) {
  return std::shared_ptr<const Record>(
      std::make_shared<Record>(Record{std::move(family), std::move(kind), std::move(fields)}));
}

/// cnn.init(kind, scale, center, fan, power): center +- scale / fan^power; see resolveInit.
static Value runInit(Elaborator &, OperationCall &call) {
  std::string kind = call.text("kind").str();
  double scale = call.number("scale", 0.0), center = call.number("center", 0.0);
  llvm::StringRef fan = call.text("fan", "in");
  double power = call.number("power", 0.0);
  if (!call.finish())
    return Poison();
  return record("initializer", kind,
                {{"scale", scale}, {"center", center}, {"fan", Value::ofText(fan)}, {"power", power}});
}

/// cnn.with_fan(init, fan_in, fan_out): the initializer as if for a weight with these fans.
static Value runWithFan(Elaborator &elaborator, OperationCall &call) {
  const Actual *actual = call.next("init");
  SourceRange where = call.lastPlace();
  double fanIn = call.number("fan_in"), fanOut = call.number("fan_out");
  if (!actual || !call.finish())
    return Poison();
  Value value = actual->value;
  if (const auto *callable = value.as<Callable>();
      callable && callable->decl && callable->decl->modelKind == ModelKind::Function)
    value = elaborator.callFunction(*callable, {}, where);
  const Record *init = value.asRecord();
  if (!init || init->family != "initializer") {
    if (value.isPoison() || value.asNumber())
      return value;
    call.fail(where, "expected a number or an initializer, but this is " + describe(value));
    return Poison();
  }
  auto fields = init->fields;
  fields.push_back({"fan_in", fanIn});
  fields.push_back({"fan_out", fanOut});
  return record(init->family, init->kind, fields);
}

static Value runRate(Elaborator &, OperationCall &call) {
  std::string kind = call.text("kind").str();
  double base = call.number("base");
  SourceRange basePlace = call.lastPlace();
  double every = call.number("every", 1.0);
  SourceRange everyPlace = call.lastPlace();
  double factor = call.number("factor", 1.0);
  SourceRange factorPlace = call.lastPlace();
  double power = call.number("power", 1.0);
  SourceRange powerPlace = call.lastPlace();
  double warmup = call.number("warmup", 0.0);
  SourceRange warmupPlace = call.lastPlace();
  if (!call.finish())
    return Poison();
  if (!(base > 0))
    call.fail(basePlace, "a learning rate must be positive, but is " + print(Value(base)));
  if (!(every > 0))
    call.fail(everyPlace, "'every' must be a positive number of epochs, but is " + print(Value(every)));
  if (!(warmup >= 0))
    call.fail(warmupPlace, "'warmup' must be a number of epochs, but is " + print(Value(warmup)));
  if (!(factor > 0))
    call.fail(factorPlace, "'factor' must be positive, but is " + print(Value(factor)));
  if (!(power > 0))
    call.fail(powerPlace, "'power' must be positive, but is " + print(Value(power)));
  if (!call.ok)
    return Poison();
  return record("rate", kind,
                {{"base", base}, {"every", every}, {"factor", factor}, {"power", power}, {"warmup", warmup}});
}

/// cnn.optimizer(kind, rate, momentum, nesterov, beta1, beta2, epsilon, decay, no_decay)
static Value runOptimizer(Elaborator &, OperationCall &call) {
  std::string kind = call.text("kind").str();
  const Actual *rate = call.next("rate");
  SourceRange ratePlace = call.lastPlace();
  double momentum = call.number("momentum", 0.0);
  SourceRange momentumPlace = call.lastPlace();
  bool nesterov = call.truth("nesterov", false);
  double beta1 = call.number("beta1", 0.9);
  SourceRange beta1Place = call.lastPlace();
  double beta2 = call.number("beta2", 0.999);
  SourceRange beta2Place = call.lastPlace();
  double epsilon = call.number("epsilon", 1e-8);
  SourceRange epsilonPlace = call.lastPlace();
  double decay = call.number("decay", 0.0);
  SourceRange decayPlace = call.lastPlace();
  const Actual *noDecay = call.next("no_decay");
  if (!call.finish() || !rate)
    return Poison();
  Value rateValue = rate->value;
  if (std::optional<double> number = rateValue.asNumber()) {
    if (!(*number > 0))
      call.fail(ratePlace, "a learning rate must be positive, but is " + print(rateValue));
    rateValue = record("rate", "constant",
                       {{"base", *number}, {"every", 1.0}, {"factor", 1.0}, {"power", 1.0}, {"warmup", 0.0}});
  }
  if (!rateValue.asRecord() || rateValue.asRecord()->family != "rate")
    call.fail(ratePlace, "'rate' must be a number, step, poly or cosine, but this is " + describe(rateValue));
  if (!(momentum >= 0 && momentum < 1))
    call.fail(momentumPlace, "'momentum' must be at least 0 and less than 1, but is " + print(Value(momentum)));
  if (!(beta1 >= 0 && beta1 < 1))
    call.fail(beta1Place, "'beta1' must be at least 0 and less than 1, but is " + print(Value(beta1)));
  if (!(beta2 >= 0 && beta2 < 1))
    call.fail(beta2Place, "'beta2' must be at least 0 and less than 1, but is " + print(Value(beta2)));
  if (!(epsilon >= 0))
    call.fail(epsilonPlace, "'epsilon' must not be negative, but is " + print(Value(epsilon)));
  if (!(decay >= 0))
    call.fail(decayPlace, "'decay' must not be negative, but is " + print(Value(decay)));
  Value patterns = Value::ofList({});
  if (noDecay) {
    patterns = noDecay->value;
    if (patterns.is<Text>())
      patterns = Value::ofList({patterns});
    bool areTexts = patterns.is<ListValue>();
    for (size_t i = 0; areTexts && i < patterns.elements()->size(); ++i)
      areTexts = (*patterns.elements())[i].is<Text>();
    if (!areTexts)
      call.fail(noDecay->place, "'no_decay' must be a list of weight paths such as \"*.bias\", but this is " +
                                    describe(noDecay->value));
  }
  if (!call.ok)
    return Poison();
  return record("optimizer", kind,
                {{"rate", rateValue},
                 {"momentum", momentum},
                 {"nesterov", nesterov},
                 {"beta1", beta1},
                 {"beta2", beta2},
                 {"epsilon", epsilon},
                 {"decay", decay},
                 {"no_decay", patterns}});
}

static Value runSource(Elaborator &, OperationCall &call) {
  std::string kind = call.text("kind").str();
  llvm::StringRef path = call.text("path");
  if (call.ok && path.empty())
    call.fail(call.lastPlace(), "expected the name of a file");
  return call.finish() ? record("data source", kind, {{"path", Value::ofText(path)}}) : Value(Poison());
}

/// cnn.augment(kind, amount, fill)
static Value runAugment(Elaborator &, OperationCall &call) {
  std::string kind = call.text("kind").str();
  double amount = call.number("amount");
  SourceRange where = call.lastPlace();
  double fill = call.number("fill", 0.0);
  if (!call.finish())
    return Poison();
  if (kind == "flip" && !(amount >= 0 && amount <= 1))
    call.fail(where, "a probability must be between 0 and 1, but is " + print(Value(amount)));
  if (kind == "shift" && !(amount >= 0 && amount <= 4096))
    call.fail(where, "a shift must be between 0 and 4096 pixels, but is " + print(Value(amount)));
  if (!call.ok)
    return Poison();
  std::vector<std::pair<std::string, Value>> fields = {{kind, amount}};
  if (kind == "shift")
    fields.push_back({"fill", fill});
  return record("augmentation", kind, fields);
}

/// cnn.round(kind, number): the integer next to a number, "down", "up" or the "nearest" one.
static Value runRound(Elaborator &, OperationCall &call) {
  llvm::StringRef kind = call.text("kind");
  const Actual *actual = call.next("number");
  if (!actual || !call.finish())
    return Poison();
  if (actual->value.is<int64_t>())
    return actual->value;
  std::optional<double> number = actual->value.asNumber();
  if (!number) {
    call.fail(actual->place, "expected a number to round, but this is " + describe(actual->value));
    return Poison();
  }
  double rounded = kind == "down" ? std::floor(*number) : kind == "up" ? std::ceil(*number) : std::round(*number);
  // 2^63, the first number that is too large.
  constexpr double limit = 9223372036854775808.0;
  if (rounded >= -limit && rounded < limit)
    return static_cast<int64_t>(rounded);
  call.fail(actual->place, "this is larger than an integer can be");
  return Poison();
}

llvm::ArrayRef<Operation> descriptionOperations() {
  static const Operation operations[] = {
      {"augment", runAugment}, {"init", runInit},     {"optimizer", runOptimizer}, {"rate", runRate},
      {"round", runRound},     {"source", runSource}, {"with_fan", runWithFan},
  };
  return operations;
}

} // namespace cnn::dsl
