// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression of a `.cnn` file can be: a compile-time value, or a tensor that exists when the net runs.
//
// Values are cheap to copy. Poison stands for a value that could not be worked out; the error is reported, and whatever
// is made from poison is poison without another message.
#pragma once

#include "dsl/Ast.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace cnn::dsl {

class Value;
struct FileScope;
struct Instance;
struct Operation;

struct Poison {};

/// The value of a block without a last expression.
struct Nothing {};

struct Text {
  std::shared_ptr<const std::string> text;
};

/// `3x3`.
struct WindowValue {
  llvm::SmallVector<int64_t, 3> sizes;
};

struct ListValue {
  std::shared_ptr<const std::vector<Value>> elements;
  int64_t nesting = 1;
};

/// `(a, b)`; also what a net with several results gives, whose elements have names.
struct TupleValue {
  std::shared_ptr<const std::vector<Value>> elements;
  /// Null, or one name per element.
  std::shared_ptr<const std::vector<std::string>> names = nullptr;
  int64_t nesting = 1;
};

/// `begin..end`, end excluded.
struct RangeValue {
  int64_t begin = 0;
  int64_t end = 0;
};

/// A net, module or fn that is not applied to anything yet, or a raw operation (`cnn.conv`).
struct Callable {
  const ModelDecl *decl = nullptr;
  const FileScope *file = nullptr;
  const Operation *operation = nullptr;
};

/// A tensor with the batch as its first dimension, or a weight or constant without.
struct Tensor {
  mlir::Value value;
  /// Of a class number: how many classes there are. 0 for other tensors.
  int64_t classes = 0;
  mlir::RankedTensorType type() const;
  bool hasBatch() const;
  /// The shape of one sample.
  llvm::ArrayRef<int64_t> shape() const;
};

/// A value with named parts that only certain places understand: an initializer, an optimizer, a source of data ….
struct Record {
  /// In the user's words: "initializer", "optimizer", "rate", "data source", "augmentation".
  std::string family;
  std::string kind;
  std::vector<std::pair<std::string, Value>> fields;

  /// Null if there is no such field.
  const Value *find(llvm::StringRef name) const;
};

class Value {
public:
  using Storage = std::variant<Poison, Nothing, int64_t, double, bool, Text, WindowValue, ListValue, TupleValue,
                               RangeValue, Callable, std::shared_ptr<Instance>, Tensor, std::shared_ptr<const Record>>;

  Value() = default;
  template <typename T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Value> && std::is_constructible_v<Storage, T &&>)
  Value(T &&content) : storage(std::forward<T>(content)) {}
  static Value ofText(llvm::StringRef text);
  static Value ofList(std::vector<Value> elements);
  static Value ofTuple(std::vector<Value> elements);

  template <typename T> bool is() const { return std::holds_alternative<T>(storage); }
  /// Null if the value is of another kind.
  template <typename T> const T *as() const { return std::get_if<T>(&storage); }

  bool isPoison() const { return is<Poison>(); }
  Instance *asInstance() const;
  const Record *asRecord() const;
  /// Elements of a list or tuple; null otherwise.
  const std::vector<Value> *elements() const;
  /// An integer or real as a real.
  std::optional<double> asNumber() const;

private:
  Storage storage;
};

/// The kind with its article: "an integer", "a tensor of shape [6, 28, 28]".
std::string describe(const Value &value);

/// As it would be written in a file, shortened if long: "5x5", "[1, 2]", "conv".
std::string print(const Value &value);

/// How many values lie inside one another: 0 for a number, 1 for a list of numbers. Layers count what configures them.
int64_t nesting(const Value &value);

/// Whether two compile-time values are equal; nullopt if they cannot be compared (tensors, layers).
std::optional<bool> equal(const Value &left, const Value &right);

/// "[6, 28, 28]".
std::string printShape(llvm::ArrayRef<int64_t> shape);

/// The dims of one sample: without the dynamic first dimension, if there is one.
llvm::ArrayRef<int64_t> sampleShape(mlir::RankedTensorType type);

/// "f32", "u8", "i32".
std::string printElementType(mlir::Type type);

} // namespace cnn::dsl
