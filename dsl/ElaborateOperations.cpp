// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How raw operations (`cnn.name(…)`) read their arguments.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

std::string operationName(const Operation &operation) { return ("cnn." + operation.name).str(); }

const Operation *findOperation(llvm::StringRef name) {
  for (llvm::ArrayRef<Operation> table : {tensorOperations(), shapeOperations(), descriptionOperations()})
    for (const Operation &operation : table)
      if (operation.name == name)
        return &operation;
  return nullptr;
}

void OperationCall::fail(SourceRange where, const llvm::Twine &message) {
  if (ok)
    elaborator.error(where, message);
  ok = false;
}

const Actual *OperationCall::next(llvm::StringRef name) {
  for (size_t i = 0; i < actuals.size(); ++i) {
    if (!used[i] && (!actuals[i].keyword || actuals[i].keyword.text == name)) {
      used[i] = true;
      return last = &actuals[i];
    }
  }
  return nullptr;
}

const Actual *OperationCall::require(llvm::StringRef name, bool isOptional) {
  const Actual *actual = next(name);
  if (!actual && !isOptional)
    fail(place, "'" + operationName(operation) + "' needs the argument '" + name + "'");
  return actual;
}

Tensor OperationCall::tensor(llvm::StringRef name) {
  const Actual *actual = require(name, false);
  if (!actual)
    return {};
  if (const auto *tensor = actual->value.as<Tensor>())
    return *tensor;
  fail(actual->place, "expected a tensor, but this is " + describe(actual->value));
  return {};
}

Tensor OperationCall::floatTensor(llvm::StringRef name) {
  Tensor given = tensor(name);
  if (!given.value)
    return {};
  std::optional<Tensor> converted = elaborator.toFloat(lastPlace(), given);
  ok &= converted.has_value();
  return converted.value_or(Tensor());
}

int64_t OperationCall::integer(llvm::StringRef name, std::optional<int64_t> otherwise) {
  const Actual *actual = require(name, otherwise.has_value());
  if (!actual)
    return otherwise.value_or(1);
  if (const auto *integer = actual->value.as<int64_t>())
    return *integer;
  fail(actual->place, "'" + name + "' must be an integer, but this is " + describe(actual->value));
  return 1;
}

double OperationCall::number(llvm::StringRef name, std::optional<double> otherwise) {
  const Actual *actual = require(name, otherwise.has_value());
  if (!actual)
    return otherwise.value_or(1);
  if (std::optional<double> number = actual->value.asNumber())
    return *number;
  fail(actual->place, "'" + name + "' must be a number, but this is " + describe(actual->value));
  return 1;
}

bool OperationCall::truth(llvm::StringRef name, std::optional<bool> otherwise) {
  const Actual *actual = require(name, otherwise.has_value());
  if (!actual)
    return otherwise.value_or(false);
  if (const auto *truth = actual->value.as<bool>())
    return *truth;
  fail(actual->place, "'" + name + "' must be on or off, but this is " + describe(actual->value));
  return false;
}

llvm::StringRef OperationCall::text(llvm::StringRef name, std::optional<llvm::StringRef> otherwise) {
  const Actual *actual = require(name, otherwise.has_value());
  if (!actual)
    return otherwise.value_or("");
  if (const auto *text = actual->value.as<Text>())
    return *text->text;
  fail(actual->place, "'" + name + "' must be a text, but this is " + describe(actual->value));
  return "";
}

/// The integers of a window, range or list; nullopt if there is anything else in it.
static std::optional<llvm::SmallVector<int64_t>> integersOf(const Value &value) {
  llvm::SmallVector<int64_t> result;
  if (const auto *window = value.as<WindowValue>()) {
    result.assign(window->sizes.begin(), window->sizes.end());
    return result;
  }
  const std::vector<Value> *elements = value.elements();
  if (!elements)
    return std::nullopt;
  for (const Value &element : *elements) {
    if (!element.is<int64_t>())
      return std::nullopt;
    result.push_back(*element.as<int64_t>());
  }
  return result;
}

llvm::SmallVector<int64_t> OperationCall::integers(llvm::StringRef name, int64_t count,
                                                   std::optional<int64_t> otherwise) {
  const Actual *actual = require(name, otherwise.has_value());
  llvm::SmallVector<int64_t> fallback(count, otherwise.value_or(1));
  if (!actual)
    return fallback;
  if (const auto *one = actual->value.as<int64_t>())
    return llvm::SmallVector<int64_t>(count, *one);
  std::optional<llvm::SmallVector<int64_t>> sizes = integersOf(actual->value);
  if (!sizes) {
    fail(actual->place, "'" + name + "' must be a window or an integer, but this is " + describe(actual->value));
    return fallback;
  }
  if (static_cast<int64_t>(sizes->size()) == count)
    return *sizes;
  fail(actual->place, "'" + name + "' is " + print(actual->value) + ", which has " + llvm::Twine(sizes->size()) +
                          (sizes->size() == 1 ? " dim" : " dims") + ", but the input has " + llvm::Twine(count) +
                          (count == 1 ? " spatial dim" : " spatial dims"));
  return fallback;
}

llvm::SmallVector<int64_t> OperationCall::list(llvm::StringRef name) {
  const Actual *actual = require(name, false);
  if (!actual)
    return {};
  if (std::optional<llvm::SmallVector<int64_t>> integers = integersOf(actual->value))
    return *integers;
  if (const auto *one = actual->value.as<int64_t>())
    return {*one};
  fail(actual->place, "'" + name + "' must be a list of integers, but this is " + describe(actual->value));
  return {};
}

bool OperationCall::finish() {
  for (size_t i = 0; ok && i < actuals.size(); ++i)
    if (!used[i])
      fail(actuals[i].keyword ? actuals[i].keyword.range : actuals[i].place,
           "'" + operationName(operation) + "' has no such argument");
  return ok;
}

} // namespace cnn::dsl
