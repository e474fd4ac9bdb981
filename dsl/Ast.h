// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The syntax tree of a `.cnn` file: what the user wrote, nothing more. Names are not resolved, no value is computed.
//
// Nodes are plain, immutable once parsed, and live in the arena of their FileAst; pointers to them stay valid while it
// lives and may serve as keys. Text (names, spellings) points into the SourceFile, which must live as long. Every node
// knows its range. Kinds are told apart with llvm::isa, cast and dyn_cast, or by a switch over kind().
//
// Four families:
//   Decl      import, const, net / module / fn, data, train, and the blocks that come later (preprocess, quantize)
//   Stmt      x = e    (a, b) = e    e    for x in e { }    param / state    assert    y[k] = e
//   Expr      everything with a value, including `if` and blocks
//   TypeExpr  f32[C, H, W]    [C, S...]    class[10]    int    window
//
// How the grammar maps to nodes where it is not obvious:
//   - `x |> f(a) |> g` is Pipe(Pipe(x, f(a)), g). The stage is the callee with its configuration; the evaluator applies
//   it.
//   - `conv(6, 5x5) @conv1` is Pin(Call(conv, …), conv1), also as a stage of a pipe.
//   - `{ s1; s2; e }` is a Block. Its value is that of its last statement, if that is an ExprStmt.
//   - `if` as a statement is an ExprStmt that holds an IfExpr. `else if` is an else block whose only statement is the
//     second IfExpr (isElseIf tells the formatter).
//   - `-1` is Unary(Negate, 1): literals carry no sign. `0.5%` is the real 0.005.
//   - The dims of a type are expressions. A NameExpr as a dim of a signature's tensor captures or checks; that is for
//     the evaluator to tell. `S...` is a Spread: in a signature it captures the rest of the dims as a list, elsewhere
//     (`f32[filters, C, kernel...]`) it inserts the elements of a list or window.
//   - A declaration with two parameter lists has configuration and tensors; with one list, a net or module has tensors
//     only, a fn has configuration only.
//   - After a syntax error the tree is still usable for tools (ErrorExpr stands where nothing could be read), but is
//     not evaluated.
#pragma once

#include "dsl/SourceFile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"
#include "llvm/Support/Casting.h"
#include <cstdint>
#include <memory>
#include <type_traits>

namespace cnn::dsl {

class Expr;
class BlockExpr;
class StringExpr;

/// An identifier as written. Empty text: absent.
struct Name {
  llvm::StringRef text;
  SourceRange range;

  explicit operator bool() const { return !text.empty(); }
};

//===------------------------------------------------ Types -------------------------------------------------------===//

/// An element or configuration type, with dims if it is a tensor: `f32[C, H, W]`, `[C, S...]`, `class[10]`, `int`.
/// Which names are types is not decided here.
class TypeExpr {
public:
  SourceRange range;
  /// Absent in `[C, H, W]`.
  Name element;
  /// Whether brackets were written: `f32` is a scalar, `f32[]` too, `[C]` has the default element type.
  bool hasDims = false;
  llvm::ArrayRef<const Expr *> dims;
};

//===--------------------------------------------- Expressions ----------------------------------------------------===//

class Expr {
public:
  enum class Kind {
    Error,
    Integer,
    Real,
    String,
    Bool,
    Window,
    Name,
    Call,
    Index,
    Member,
    Range,
    Spread,
    List,
    Tuple,
    Unary,
    Binary,
    If,
    Pipe,
    Pin,
    Block,
  };

  Kind kind() const { return exprKind; }
  /// Without parentheses around it.
  SourceRange range() const { return exprRange; }

  /// With the parentheses around it, if there are any. They have no meaning, but the formatter keeps them where they
  /// make things clear.
  SourceRange outerRange() const { return outer; }
  bool inParentheses() const { return !(outer == exprRange); }
  void setOuterRange(SourceRange range) { outer = range; }

protected:
  Expr(Kind kind, SourceRange range) : exprRange(range), outer(range), exprKind(kind) {}

private:
  SourceRange exprRange;
  SourceRange outer;
  Kind exprKind;
};

/// Stands where an expression could not be read; the error is reported.
class ErrorExpr : public Expr {
public:
  explicit ErrorExpr(SourceRange range) : Expr(Kind::Error, range) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Error; }
};

class IntegerExpr : public Expr {
public:
  IntegerExpr(SourceRange range, int64_t value) : Expr(Kind::Integer, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Integer; }
  int64_t value;
};

class RealExpr : public Expr {
public:
  RealExpr(SourceRange range, double value) : Expr(Kind::Real, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Real; }
  double value;
};

class StringExpr : public Expr {
public:
  StringExpr(SourceRange range, llvm::StringRef value) : Expr(Kind::String, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::String; }
  /// Without the quotes, escapes replaced.
  llvm::StringRef value;
};

/// `true`, `false`; `on` and `off` mean the same.
class BoolExpr : public Expr {
public:
  BoolExpr(SourceRange range, bool value) : Expr(Kind::Bool, range), value(value) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Bool; }
  bool value;
};

/// `5x5`, `3x3x3`: two or more sizes. There is no literal of one size; a plain integer serves.
class WindowExpr : public Expr {
public:
  WindowExpr(SourceRange range, llvm::ArrayRef<int64_t> sizes) : Expr(Kind::Window, range), sizes(sizes) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Window; }
  llvm::ArrayRef<int64_t> sizes;
};

class NameExpr : public Expr {
public:
  NameExpr(SourceRange range, llvm::StringRef name) : Expr(Kind::Name, range), name(name) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Name; }
  llvm::StringRef name;
};

/// One argument of a call; `keyword` is absent for a positional one. Positional ones come first (the parser checks).
struct Argument {
  SourceRange range;
  Name keyword;
  const Expr *value = nullptr;
};

/// `callee(arguments)`: applies a module to configuration, an instance to tensors, a function to values.
class CallExpr : public Expr {
public:
  CallExpr(SourceRange range, const Expr *callee, llvm::ArrayRef<Argument> arguments)
      : Expr(Kind::Call, range), callee(callee), arguments(arguments) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Call; }
  const Expr *callee;
  llvm::ArrayRef<Argument> arguments;
};

/// `base[i]`, `base[i, j]`; an index may be a RangeExpr: a slice.
class IndexExpr : public Expr {
public:
  IndexExpr(SourceRange range, const Expr *base, llvm::ArrayRef<const Expr *> indices)
      : Expr(Kind::Index, range), base(base), indices(indices) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Index; }
  const Expr *base;
  llvm::ArrayRef<const Expr *> indices;
};

/// `base.member`.
class MemberExpr : public Expr {
public:
  MemberExpr(SourceRange range, const Expr *base, Name member)
      : Expr(Kind::Member, range), base(base), member(member) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Member; }
  const Expr *base;
  Name member;
};

/// `begin..end`, end excluded. As an index either side may be left out (null).
class RangeExpr : public Expr {
public:
  RangeExpr(SourceRange range, const Expr *begin, const Expr *end) : Expr(Kind::Range, range), begin(begin), end(end) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Range; }
  const Expr *begin;
  const Expr *end;
};

/// `list...` as a dim, an element of a list or a positional argument: its elements, one by one. A bare `...` is a
/// spread of the name `_`.
class SpreadExpr : public Expr {
public:
  SpreadExpr(SourceRange range, const Expr *operand) : Expr(Kind::Spread, range), operand(operand) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Spread; }
  const Expr *operand;
};

class ListExpr : public Expr {
public:
  ListExpr(SourceRange range, llvm::ArrayRef<const Expr *> elements) : Expr(Kind::List, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::List; }
  llvm::ArrayRef<const Expr *> elements;
};

/// `(a, b)`, `(a,)`, `()`. Parentheses around one expression leave no node.
class TupleExpr : public Expr {
public:
  TupleExpr(SourceRange range, llvm::ArrayRef<const Expr *> elements) : Expr(Kind::Tuple, range), elements(elements) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Tuple; }
  llvm::ArrayRef<const Expr *> elements;
};

enum class UnaryOperator { Negate, Not };

class UnaryExpr : public Expr {
public:
  UnaryExpr(SourceRange range, UnaryOperator op, const Expr *operand)
      : Expr(Kind::Unary, range), op(op), operand(operand) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Unary; }
  UnaryOperator op;
  const Expr *operand;
};

enum class BinaryOperator {
  Or,
  And,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Add,
  Subtract,
  Multiply,
  Divide,
  Remainder,
  Power,
};

/// "+", "and", … as written in a file.
llvm::StringRef spelling(BinaryOperator op);
/// "-" or "not".
llvm::StringRef spelling(UnaryOperator op);

class BinaryExpr : public Expr {
public:
  BinaryExpr(SourceRange range, BinaryOperator op, SourceRange operatorRange, const Expr *left, const Expr *right)
      : Expr(Kind::Binary, range), op(op), operatorRange(operatorRange), left(left), right(right) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Binary; }
  BinaryOperator op;
  SourceRange operatorRange;
  const Expr *left;
  const Expr *right;
};

/// `if condition { … } else { … }`; elseBlock may be null.
class IfExpr : public Expr {
public:
  IfExpr(SourceRange range, const Expr *condition, const BlockExpr *thenBlock, const BlockExpr *elseBlock,
         bool isElseIf)
      : Expr(Kind::If, range), condition(condition), thenBlock(thenBlock), elseBlock(elseBlock), isElseIf(isElseIf) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::If; }
  const Expr *condition;
  const BlockExpr *thenBlock;
  const BlockExpr *elseBlock;
  /// The else block was written as `else if …`, without braces of its own.
  bool isElseIf;
};

/// `input |> stage`.
class PipeExpr : public Expr {
public:
  PipeExpr(SourceRange range, const Expr *input, const Expr *stage)
      : Expr(Kind::Pipe, range), input(input), stage(stage) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Pipe; }
  const Expr *input;
  const Expr *stage;
};

/// `operand @name`: the instance made by `operand` has `name` as its segment of the weight path.
class PinExpr : public Expr {
public:
  PinExpr(SourceRange range, const Expr *operand, Name name) : Expr(Kind::Pin, range), operand(operand), name(name) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Pin; }
  const Expr *operand;
  Name name;
};

class Stmt;

/// `{ statements }`.
class BlockExpr : public Expr {
public:
  BlockExpr(SourceRange range, llvm::ArrayRef<const Stmt *> statements)
      : Expr(Kind::Block, range), statements(statements) {}
  static bool classof(const Expr *e) { return e->kind() == Kind::Block; }
  llvm::ArrayRef<const Stmt *> statements;
};

//===---------------------------------------------- Statements ----------------------------------------------------===//

class Stmt {
public:
  enum class Kind { Binding, IndexBinding, Expr, For, Param, Assert };

  Kind kind() const { return stmtKind; }
  SourceRange range() const { return stmtRange; }

protected:
  Stmt(Kind kind, SourceRange range) : stmtRange(range), stmtKind(kind) {}

private:
  SourceRange stmtRange;
  Kind stmtKind;
};

/// What a binding or a loop binds: one name, or a tuple taken apart. The name `_` binds nothing.
struct Pattern {
  SourceRange range;
  bool isTuple = false;
  llvm::ArrayRef<Name> names;
};

/// `x = value`, `(a, b) = value`.
class BindingStmt : public Stmt {
public:
  BindingStmt(SourceRange range, Pattern target, const Expr *value)
      : Stmt(Kind::Binding, range), target(target), value(value) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Binding; }
  Pattern target;
  const Expr *value;
};

/// `y[i, j] = value`: an operation in index notation.
class IndexBindingStmt : public Stmt {
public:
  IndexBindingStmt(SourceRange range, Name target, llvm::ArrayRef<Name> indices, const Expr *value)
      : Stmt(Kind::IndexBinding, range), target(target), indices(indices), value(value) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::IndexBinding; }
  Name target;
  llvm::ArrayRef<Name> indices;
  const Expr *value;
};

/// An expression; the last one of a block is its value.
class ExprStmt : public Stmt {
public:
  ExprStmt(SourceRange range, const Expr *value) : Stmt(Kind::Expr, range), value(value) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Expr; }
  const Expr *value;
};

/// `for variable in list { body }`.
class ForStmt : public Stmt {
public:
  ForStmt(SourceRange range, Pattern variable, const Expr *list, const BlockExpr *body)
      : Stmt(Kind::For, range), variable(variable), list(list), body(body) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::For; }
  Pattern variable;
  const Expr *list;
  const BlockExpr *body;
};

/// `param name: type = init`, `state name: type = init`; init may be null.
class ParamStmt : public Stmt {
public:
  ParamStmt(SourceRange range, bool isState, Name name, const TypeExpr *type, const Expr *init)
      : Stmt(Kind::Param, range), isState(isState), name(name), type(type), init(init) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Param; }
  bool isState;
  Name name;
  const TypeExpr *type;
  const Expr *init;
};

/// `assert condition, message`; message may be null. It is an expression so that it can name values.
class AssertStmt : public Stmt {
public:
  AssertStmt(SourceRange range, const Expr *condition, const Expr *message)
      : Stmt(Kind::Assert, range), condition(condition), message(message) {}
  static bool classof(const Stmt *s) { return s->kind() == Kind::Assert; }
  const Expr *condition;
  const Expr *message;
};

//===--------------------------------------------- Declarations ---------------------------------------------------===//

class Decl {
public:
  enum class Kind { Import, Const, Model, Data, Train, Later };

  Kind kind() const { return declKind; }
  SourceRange range() const { return declRange; }

protected:
  Decl(Kind kind, SourceRange range) : declRange(range), declKind(kind) {}

private:
  SourceRange declRange;
  Kind declKind;
};

/// `import "file.cnn"`.
class ImportDecl : public Decl {
public:
  ImportDecl(SourceRange range, const StringExpr *path) : Decl(Kind::Import, range), path(path) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Import; }
  const StringExpr *path;
};

/// `const name = value`.
class ConstDecl : public Decl {
public:
  ConstDecl(SourceRange range, Name name, const Expr *value) : Decl(Kind::Const, range), name(name), value(value) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Const; }
  Name name;
  const Expr *value;
};

/// A parameter of either list, or a result. `name: type = init`; `parts: [C, S...]...` takes any number of arguments.
struct Parameter {
  SourceRange range;
  Name name;
  /// Null for a configuration parameter without a type: any value.
  const TypeExpr *type = nullptr;
  bool isVariadic = false;
  /// Null: required.
  const Expr *init = nullptr;
};

enum class ModelKind { Net, Module, Function };

/// "net", "module" or "fn".
llvm::StringRef spelling(ModelKind kind);

/// `net Name(inputs) -> (results) { … }`, `module Name(configuration)(inputs) -> result { … }`,
/// `fn name(configuration) { … }`.
class ModelDecl : public Decl {
public:
  ModelDecl(SourceRange range) : Decl(Kind::Model, range) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Model; }
  ModelKind modelKind = ModelKind::Module;
  Name name;
  llvm::ArrayRef<Parameter> configuration;
  llvm::ArrayRef<Parameter> inputs;
  /// `-> (a: f32[10], b: f32)` has named results, `-> [C, H, W]` one without a name; empty if nothing was written.
  llvm::ArrayRef<Parameter> results;
  /// Both lists were written, possibly empty: `module M()(x: [C]) { … }`.
  bool hasTwoLists = false;
  const BlockExpr *body = nullptr;
};

/// One line of a declarative block: `name: type = value` (either part may be absent), or `name { … }`.
struct Entry {
  SourceRange range;
  Name name;
  const TypeExpr *type = nullptr;
  const Expr *value = nullptr;
  /// `name { entries }`.
  bool isBlock = false;
  llvm::ArrayRef<Entry> entries;
};

/// `data Name { … }`.
class DataDecl : public Decl {
public:
  DataDecl(SourceRange range, Name name, llvm::ArrayRef<Entry> entries)
      : Decl(Kind::Data, range), name(name), entries(entries) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Data; }
  Name name;
  llvm::ArrayRef<Entry> entries;
};

/// `train model on data { … }`. The model is a name, or a call that configures a net: `train ResNet(depth = 50) on D`.
class TrainDecl : public Decl {
public:
  TrainDecl(SourceRange range, const Expr *model, const Expr *data, llvm::ArrayRef<Entry> entries)
      : Decl(Kind::Train, range), model(model), data(data), entries(entries) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Train; }
  const Expr *model;
  const Expr *data;
  llvm::ArrayRef<Entry> entries;
};

/// `preprocess … { … }` and `quantize … { … }`: known to the grammar as balanced text, not yet to the compiler.
class LaterDecl : public Decl {
public:
  LaterDecl(SourceRange range, Name keyword) : Decl(Kind::Later, range), keyword(keyword) {}
  static bool classof(const Decl *d) { return d->kind() == Kind::Later; }
  Name keyword;
};

//===------------------------------------------------- File -------------------------------------------------------===//

/// A `#` comment, from the `#` to the end of its line.
struct Comment {
  SourceRange range;
  /// Nothing but blanks stands before it on its line.
  bool ownsLine = false;
};

/// The tree of one file and the memory of all its nodes.
class FileAst {
public:
  explicit FileAst(const SourceFile &source) : source(source) {}
  FileAst(const FileAst &) = delete;
  FileAst &operator=(const FileAst &) = delete;

  const SourceFile &source;
  llvm::ArrayRef<const Decl *> declarations;
  /// In the order of the file.
  llvm::ArrayRef<Comment> comments;

  /// Makes a node in the arena. Nodes are never destroyed, so they must not own memory.
  template <typename Node, typename... Arguments> Node *make(Arguments &&...arguments) {
    static_assert(std::is_trivially_destructible_v<Node>);
    return new (arena.Allocate<Node>()) Node(std::forward<Arguments>(arguments)...);
  }
  /// Copies a list into the arena.
  template <typename Element> llvm::ArrayRef<Element> copy(llvm::ArrayRef<Element> elements) {
    static_assert(std::is_trivially_destructible_v<Element>);
    auto *memory = arena.Allocate<Element>(elements.size());
    std::uninitialized_copy(elements.begin(), elements.end(), memory);
    return {memory, elements.size()};
  }
  llvm::StringRef copy(llvm::StringRef text) { return text.copy(arena); }

private:
  llvm::BumpPtrAllocator arena;
};

} // namespace cnn::dsl
