// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Values.h"
#include "dsl/ElaborateScope.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::dsl {

//===----------------------------------------------- Access -------------------------------------------------------===//

mlir::RankedTensorType Tensor::type() const { return llvm::cast<mlir::RankedTensorType>(value.getType()); }

bool Tensor::hasBatch() const { return type().getRank() > 0 && type().isDynamicDim(0); }

llvm::ArrayRef<int64_t> Tensor::shape() const { return sampleShape(type()); }

llvm::ArrayRef<int64_t> sampleShape(mlir::RankedTensorType type) {
  bool hasBatch = type.getRank() > 0 && type.isDynamicDim(0);
  return type.getShape().drop_front(hasBatch ? 1 : 0);
}

const Value *Record::find(llvm::StringRef name) const {
  for (const auto &[fieldName, value] : fields)
    if (fieldName == name)
      return &value;
  return nullptr;
}

Value Value::ofText(llvm::StringRef text) { return Text{std::make_shared<const std::string>(text.str())}; }

int64_t nesting(const Value &value) {
  if (const auto *list = value.as<ListValue>())
    return list->nesting;
  if (const auto *tuple = value.as<TupleValue>())
    return tuple->nesting;
  if (const Instance *instance = value.asInstance())
    return instance->nesting;
  return 0;
}

static int64_t nestingAround(const std::vector<Value> &elements) {
  int64_t deepest = 0;
  for (const Value &element : elements)
    deepest = std::max(deepest, nesting(element));
  return deepest + 1;
}

Value Value::ofList(std::vector<Value> elements) {
  int64_t nesting = nestingAround(elements);
  return ListValue{std::make_shared<const std::vector<Value>>(std::move(elements)), nesting};
}

Value Value::ofTuple(std::vector<Value> elements) {
  int64_t nesting = nestingAround(elements);
  return TupleValue{std::make_shared<const std::vector<Value>>(std::move(elements)), nullptr, nesting};
}

Instance *Value::asInstance() const {
  const auto *instance = as<std::shared_ptr<Instance>>();
  return instance ? instance->get() : nullptr;
}

const Record *Value::asRecord() const {
  const auto *record = as<std::shared_ptr<const Record>>();
  return record ? record->get() : nullptr;
}

const std::vector<Value> *Value::elements() const {
  if (const auto *list = as<ListValue>())
    return list->elements.get();
  if (const auto *tuple = as<TupleValue>())
    return tuple->elements.get();
  return nullptr;
}

std::optional<double> Value::asNumber() const {
  if (const auto *integer = as<int64_t>())
    return static_cast<double>(*integer);
  if (const auto *real = as<double>())
    return *real;
  return std::nullopt;
}

//===---------------------------------------------- Printing ------------------------------------------------------===//

std::string printShape(llvm::ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), ", ") + "]";
}

std::string printElementType(mlir::Type type) {
  if (type.isUnsignedInteger())
    return "u" + std::to_string(type.getIntOrFloatBitWidth());
  if (type.isSignlessInteger())
    return "i" + std::to_string(type.getIntOrFloatBitWidth());
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

static std::string describeTensor(const Tensor &tensor) {
  if (tensor.classes > 0)
    return "a class of " + std::to_string(tensor.classes);
  if (tensor.shape().empty())
    return "one " + printElementType(tensor.type().getElementType()) + " value";
  return "a tensor of shape " + printShape(tensor.shape());
}

std::string describe(const Value &value) {
  if (value.is<int64_t>())
    return "the integer " + print(value);
  if (value.is<double>())
    return "the number " + print(value);
  if (value.is<bool>())
    return *value.as<bool>() ? "'on'" : "'off'";
  if (value.is<Text>())
    return "the text " + print(value);
  if (value.is<WindowValue>())
    return "the window " + print(value);
  if (value.is<ListValue>())
    return "the list " + print(value);
  if (value.is<TupleValue>())
    return "the tuple " + print(value);
  if (value.is<RangeValue>())
    return "the range " + print(value);
  if (const auto *callable = value.as<Callable>()) {
    if (!callable->decl)
      return "the operation '" + print(value) + "'";
    return "the " + spelling(callable->decl->modelKind).str() + " '" + print(value) + "'";
  }
  if (value.asInstance())
    return "the layer " + print(value);
  if (const auto *tensor = value.as<Tensor>())
    return describeTensor(*tensor);
  if (const Record *record = value.asRecord())
    return "the " + record->family + " " + record->kind;
  return "no value";
}

static std::string printReal(double real) {
  // The shortest text that reads back as the same number.
  for (int precision = 1; precision <= 17; ++precision) {
    char buffer[40];
    snprintf(buffer, sizeof buffer, "%.*g", precision, real);
    if (strtod(buffer, nullptr) == real)
      return buffer;
  }
  return std::to_string(real);
}

// Lists may share elements, so that one of few nodes can be huge when written out.
static constexpr size_t maxPrinted = 80;

static void printTo(std::string &out, const Value &value) {
  if (out.size() > maxPrinted)
    return;
  if (const auto *integer = value.as<int64_t>()) {
    out += std::to_string(*integer);
  } else if (const auto *real = value.as<double>()) {
    out += printReal(*real);
  } else if (const auto *truth = value.as<bool>()) {
    out += *truth ? "on" : "off";
  } else if (const auto *text = value.as<Text>()) {
    out += "\"" + *text->text + "\"";
  } else if (const auto *window = value.as<WindowValue>()) {
    out += llvm::join(llvm::map_range(window->sizes, [](int64_t size) { return std::to_string(size); }), "x");
  } else if (const auto *range = value.as<RangeValue>()) {
    out += std::to_string(range->begin) + ".." + std::to_string(range->end);
  } else if (const auto *callable = value.as<Callable>()) {
    out += callable->decl ? callable->decl->name.text.str() : operationName(*callable->operation);
  } else if (const Instance *instance = value.asInstance()) {
    out += instance->label;
  } else if (const auto *tensor = value.as<Tensor>()) {
    out += printElementType(tensor->type().getElementType()) + printShape(tensor->shape());
  } else if (const Record *record = value.asRecord()) {
    out += record->kind;
  } else if (const std::vector<Value> *elements = value.elements()) {
    bool isList = value.is<ListValue>();
    out += isList ? "[" : "(";
    for (size_t i = 0; i < elements->size() && out.size() <= maxPrinted; ++i) {
      if (i > 0)
        out += ", ";
      printTo(out, (*elements)[i]);
    }
    if (!isList && elements->size() == 1)
      out += ",";
    out += isList ? "]" : ")";
  } else {
    out += "()";
  }
}

std::string print(const Value &value) {
  std::string out;
  printTo(out, value);
  if (out.size() > maxPrinted) {
    out.resize(maxPrinted);
    out += "…";
  }
  return out;
}

//===---------------------------------------------- Equality ------------------------------------------------------===//

std::optional<bool> equal(const Value &left, const Value &right) {
  if (left.is<int64_t>() && right.is<int64_t>())
    return *left.as<int64_t>() == *right.as<int64_t>();
  std::optional<double> leftNumber = left.asNumber(), rightNumber = right.asNumber();
  if (leftNumber && rightNumber)
    return *leftNumber == *rightNumber;
  if (left.is<bool>() && right.is<bool>())
    return *left.as<bool>() == *right.as<bool>();
  if (left.is<Text>() && right.is<Text>())
    return *left.as<Text>()->text == *right.as<Text>()->text;
  if (left.is<WindowValue>() && right.is<WindowValue>())
    return left.as<WindowValue>()->sizes == right.as<WindowValue>()->sizes;
  if (left.is<RangeValue>() && right.is<RangeValue>())
    return left.as<RangeValue>()->begin == right.as<RangeValue>()->begin &&
           left.as<RangeValue>()->end == right.as<RangeValue>()->end;
  if (left.is<Callable>() && right.is<Callable>())
    return left.as<Callable>()->decl == right.as<Callable>()->decl &&
           left.as<Callable>()->operation == right.as<Callable>()->operation;
  if (left.is<Tensor>() || right.is<Tensor>() || left.asInstance() || right.asInstance())
    return std::nullopt;
  const std::vector<Value> *leftElements = left.elements(), *rightElements = right.elements();
  if (leftElements && rightElements && left.is<ListValue>() == right.is<ListValue>()) {
    if (leftElements == rightElements)
      return true;
    if (leftElements->size() != rightElements->size())
      return false;
    for (size_t i = 0; i < leftElements->size(); ++i) {
      // Lists of lists that share elements can be exponentially large; they are not compared.
      if ((*leftElements)[i].elements() || (*rightElements)[i].elements())
        return std::nullopt;
      std::optional<bool> same = equal((*leftElements)[i], (*rightElements)[i]);
      if (!same || !*same)
        return same;
    }
    return true;
  }
  return false;
}

} // namespace cnn::dsl
