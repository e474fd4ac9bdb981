// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Syntax trees to a module of the cnn dialect, in one walk that evaluates and builds: compile-time values are worked
// out, loops unrolled, calls of modules entered, and ops made where tensors meet. Private to the Elaborate*.cpp files.
//
// Shapes come from the ops' own shape functions; a refusal of theirs is shown at the user's place. Code of the standard
// library is walked like the user's, but errors in it are reported where the user called it.
//
// Who returns poison, or null, or nullopt has reported an error, or was given poison.
#pragma once

#include "dsl/ElaborateScope.h"
#include "dsl/Frontend.h"
#include "ir/CnnDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include <deque>
#include <functional>
#include <map>

namespace cnn::dsl {

class Elaborator;
class OperationCall;

/// A raw operation: what `cnn.name(…)` does.
struct Operation {
  llvm::StringLiteral name;
  Value (*run)(Elaborator &, OperationCall &);
};
llvm::ArrayRef<Operation> tensorOperations();
llvm::ArrayRef<Operation> shapeOperations();
llvm::ArrayRef<Operation> descriptionOperations();
const Operation *findOperation(llvm::StringRef name);

/// An argument as given: its value and where it is written.
struct Actual {
  Value value;
  SourceRange place;
  Name keyword;
};

/// What is known of the function that is being built.
struct FunctionState {
  Mode mode = Mode::Infer;
  mlir::func::FuncOp function;
  mlir::Block *block = nullptr;
  std::vector<mlir::NamedAttrList> argumentAttributes;
  std::deque<Weight> weights;
  llvm::DenseMap<mlir::Value, Weight *> weightOf;
  std::map<std::string, Weight *> weightByPath;
  mlir::Value key;
  int64_t dropouts = 0;
  WeightScope root;
  int64_t parameters = 0;
  int64_t multiplyAccumulates = 0;
  /// Filled for Mode::Infer.
  std::vector<LayerSummary> layers;
  /// An application of the trained net to certain tensors is evaluated once.
  std::map<std::vector<void *>, Value> netResults;
};

class Elaborator {
public:
  Elaborator(const Program &program, const FrontendOptions &options, DiagnosticEngine &diagnostics,
             mlir::MLIRContext &context);

  /// Null after errors.
  mlir::OwningOpRef<mlir::ModuleOp> run(std::vector<NetSummary> &summaries);

  //===--- Diagnostics (ElaborateErrors.cpp) ---===//

  Diagnostic &error(SourceRange place, const llvm::Twine &message);
  /// An error at the place of an expression, in the user's text if at all possible.
  Diagnostic &error(const Expr *expr, const llvm::Twine &message);
  /// The innermost place in a file of the user.
  SourceRange userPlace(SourceRange place) const;
  SourceRange placeOf(const Expr *expr) const;
  mlir::Location locationOf(SourceRange place) const;
  /// Explains where the value of an operand comes from, for instance "'skip' has 64 channels because 'x' does".
  void noteOrigin(Diagnostic &diagnostic, const Expr *expr, const Tensor &tensor, bool isAboutChannels);
  /// If `shortcut` is another name for something, or the input of the module, and a pointwise layer could give it the
  /// shape of `other`, says so.
  bool suggestProjection(Diagnostic &diagnostic, const Expr *shortcut, const Tensor &from, const Expr *other,
                         const Tensor &to);

  //===--- Expressions (ElaborateExpressions.cpp, ElaborateArithmetic.cpp, ElaborateTensors.cpp) ---===//

  Value evaluate(const Expr *expr);
  Value evaluateBlock(const BlockExpr *block);
  Value evaluateName(const NameExpr &expr);
  Value evaluateConstant(const Definition &definition);
  Value evaluateIf(const IfExpr &expr);
  Value evaluateIndex(const IndexExpr &expr);
  Value evaluateTensorIndex(const IndexExpr &expr, const Tensor &tensor);
  Value evaluateMember(const MemberExpr &expr);
  Value evaluateRange(const RangeExpr &expr);
  Value evaluateElements(llvm::ArrayRef<const Expr *> elements, bool isList);
  Value evaluateUnary(const UnaryExpr &expr);
  Value evaluateBinary(const BinaryExpr &expr);
  std::optional<bool> evaluateCondition(const Expr *expr, llvm::StringRef what);
  std::optional<int64_t> evaluateInteger(const Expr *expr, llvm::StringRef what);
  /// Says how a quotient that is no integer becomes one.
  void suggestRounding(Diagnostic &diagnostic, const Expr *expr, const Value &value) const;
  /// Appends the elements of a list, window, tuple or range.
  bool appendElements(const Expr *expr, const Value &value, std::vector<Value> &elements);
  Value limited(const Expr *expr, Value value);

  Value combineConstants(const BinaryExpr &expr, const Value &left, const Value &right);
  Value combineTensors(const BinaryExpr &expr, const Value &left, const Value &right);
  Value raiseTensor(const BinaryExpr &expr, const Tensor &base, const Value &exponent);
  /// The same as an f32 tensor; integers of the data are converted. Class numbers are refused.
  std::optional<Tensor> toFloat(SourceRange place, const Tensor &tensor);
  /// A number, or a list of numbers: a tensor without batch.
  std::optional<Tensor> toTensor(const Expr *expr, const Value &value);
  /// left OP right, whichever of the two is broadcast.
  Value combine(SourceRange place, BinaryKind kind, const Tensor &left, const Tensor &right);

  //===--- Statements (ElaborateStatements.cpp) ---===//

  Value execute(const Stmt *stmt);
  void executeFor(const ForStmt &stmt);
  void executeAssert(const AssertStmt &stmt);
  void bind(const Pattern &pattern, const Value &value, const Expr *source);
  void bindName(const Name &name, const Value &value, const Expr *source);

  //===--- Calls (ElaborateCalls.cpp, ElaborateSignatures.cpp) ---===//

  Value evaluateCall(const CallExpr &expr);
  Value evaluatePipe(const PipeExpr &expr);
  Value evaluatePin(const PinExpr &expr);
  bool evaluateArguments(llvm::ArrayRef<Argument> arguments, std::vector<Actual> &actuals);
  /// Calls anything with tensors: an instance, or a module that needs no configuration.
  Value applyToTensors(const Value &callee, llvm::ArrayRef<Actual> actuals, SourceRange place, const Expr *calleeExpr);
  /// Too many bodies inside one another, at the call of `callee`.
  void reportDepth(const ModelDecl &callee, bool isStandard, SourceRange place);
  Value callFunction(const Callable &callee, llvm::ArrayRef<Actual> actuals, SourceRange place);
  Value callOperation(const Operation &operation, llvm::ArrayRef<Actual> actuals, SourceRange place);
  /// Null after an error.
  std::shared_ptr<Instance> configure(const Callable &callee, llvm::ArrayRef<Actual> actuals, SourceRange place);
  Value applyInstance(Instance &instance, llvm::ArrayRef<Actual> actuals, SourceRange place);
  /// Makes an instance of a module that was given no configuration, and applies it.
  Value applyModule(const Callable &callee, llvm::ArrayRef<Actual> actuals, SourceRange place, const Expr *calleeExpr);
  /// Binds configuration parameters to arguments and defaults, as variables of `frame`.
  bool bindConfiguration(const ModelDecl &decl, llvm::ArrayRef<Actual> actuals, SourceRange place, Frame &frame);
  bool checkConfigurationType(const ModelDecl &decl, const Parameter &parameter, Value &value, SourceRange place);
  /// Binds tensor parameters, capturing and checking dims.
  bool bindInputs(const ModelDecl &decl, llvm::ArrayRef<Actual> actuals, SourceRange place, Frame &frame);
  bool matchTensor(const ModelDecl &decl, const Parameter &parameter, const Actual &actual, Frame &frame);
  bool captureDims(const ModelDecl &decl, const Parameter &parameter, const Actual &actual, const Tensor &tensor,
                   Frame &frame);
  bool checkDims(const ModelDecl &decl, const Parameter &parameter, const Actual &actual, const Tensor &tensor,
                 Frame &frame);
  /// The value of a body, or the named results it has bound.
  Value evaluateBody(const ModelDecl &decl, Frame &frame);
  Value takeResults(const ModelDecl &decl, const Value &bodyValue, Frame &frame);
  bool checkResult(const ModelDecl &decl, const Parameter &result, const Value &value, SourceRange place, Frame &frame);
  /// The tensor type that a TypeExpr of a weight, an input of a net or a field of data stands for.
  std::optional<mlir::RankedTensorType> evaluateType(const TypeExpr &type, bool isBatched, int64_t *classes);
  bool evaluateDims(llvm::ArrayRef<const Expr *> dims, llvm::SmallVectorImpl<int64_t> &shape);

  //===--- Weights (ElaborateWeights.cpp) ---===//

  void executeParam(const ParamStmt &stmt);
  WeightScope &scopeOf(Instance &instance, SourceRange place);
  std::string segmentOf(const Instance &instance) const;
  std::shared_ptr<Instance> makeInstance(const Callable &callee, SourceRange place);
  std::optional<InitAttr> resolveInit(const Expr *expr, const Value &value, llvm::ArrayRef<int64_t> shape);

  //===--- Ops (ElaborateOps.cpp) ---===//

  /// Makes an op after its shape function has agreed; empty after an error, which is reported at `place`.
  template <typename Op>
  llvm::SmallVector<mlir::Value> build(SourceRange place, llvm::ArrayRef<mlir::Value> operands,
                                       llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    typename Op::Properties properties;
    mlir::DictionaryAttr dictionary = builder.getDictionaryAttr(attributes);
    if constexpr (!std::is_same_v<typename Op::Properties, mlir::EmptyProperties>)
      (void)Op::setPropertiesFromAttr(properties, dictionary, [] { return mlir::InFlightDiagnostic(); });
    return buildInferred(Op::getOperationName(), place, operands, dictionary, &properties);
  }
  llvm::SmallVector<mlir::Value> buildInferred(llvm::StringRef name, SourceRange place,
                                               llvm::ArrayRef<mlir::Value> operands, mlir::DictionaryAttr attributes,
                                               mlir::OpaqueProperties properties);
  /// An op whose result type the caller knows.
  mlir::Value buildTyped(llvm::StringRef name, SourceRange place, llvm::ArrayRef<mlir::Value> operands,
                         mlir::RankedTensorType type, llvm::ArrayRef<mlir::NamedAttribute> attributes = {});
  Value buildUnary(SourceRange place, UnaryKind kind, const Tensor &input, double alpha = 0.01);
  Value buildReshape(SourceRange place, const Tensor &input, llvm::ArrayRef<int64_t> shape);
  Tensor buildConstant(SourceRange place, llvm::ArrayRef<double> values, llvm::ArrayRef<int64_t> shape);
  bool checkSize(SourceRange place, mlir::RankedTensorType type);

  //===--- Functions and blocks (ElaborateNets.cpp, ElaborateData.cpp, ElaborateTrain.cpp) ---===//

  void elaborateNet(const ModelDecl &decl, const FileScope &file);
  void beginFunction(const std::string &name, Mode mode, SourceRange place);
  /// `classes` > 0: a class number below it.
  mlir::Value addArgument(mlir::Type type, llvm::StringRef name, Role role, SourceRange place, int64_t classes = 0);
  struct Result {
    mlir::Value value;
    std::string name;
    Role role;
    std::optional<int64_t> tied = std::nullopt;
  };
  void endFunction(llvm::ArrayRef<Result> results, SourceRange place);
  void elaborateData(const DataDecl &decl);
  void elaborateTrain(const TrainDecl &decl);

  /// In a train block: the net that is trained. Applying it uses its own weights, not those of a new instance.
  const ModelDecl *trainedNet = nullptr;
  std::function<Value(llvm::ArrayRef<Actual>, SourceRange)> applyTrainedNet;

  const Program &program;
  const FrontendOptions &options;
  DiagnosticEngine &diagnostics;
  mlir::MLIRContext &context;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Frame *frame = nullptr;
  std::unique_ptr<FunctionState> function;
  std::vector<NetSummary> *summaries = nullptr;

  /// One level deeper in the evaluation; false if that is too deep, which is reported.
  struct Depth {
    explicit Depth(int64_t &counter) : counter(counter) { ++counter; }
    ~Depth() { --counter; }
    int64_t &counter;
  };
  bool countStep(SourceRange place);
  int64_t expressionDepth = 0;
  int64_t callDepth = 0;
  int64_t steps = 0;
  bool isOutOfSteps = false;
  int64_t applications = 0;
  /// Values of the consts; one that is being worked out is there without a value.
  std::map<const ConstDecl *, std::optional<Value>> constants;
};

/// The arguments of a raw operation, read one after the other: each is the next positional one, or the keyword.
class OperationCall {
public:
  OperationCall(Elaborator &elaborator, const Operation &operation, llvm::ArrayRef<Actual> actuals, SourceRange place)
      : elaborator(elaborator), operation(operation), actuals(actuals), used(actuals.size()), place(place) {}

  /// Null if the argument was not given.
  const Actual *next(llvm::StringRef name);
  /// The following report a missing argument or one of the wrong kind and make `ok` false.
  Tensor tensor(llvm::StringRef name);
  /// Converted to f32.
  Tensor floatTensor(llvm::StringRef name);
  int64_t integer(llvm::StringRef name, std::optional<int64_t> otherwise = std::nullopt);
  double number(llvm::StringRef name, std::optional<double> otherwise = std::nullopt);
  bool truth(llvm::StringRef name, std::optional<bool> otherwise = std::nullopt);
  llvm::StringRef text(llvm::StringRef name, std::optional<llvm::StringRef> otherwise = std::nullopt);
  /// One integer for each of `count` dimensions: given as one for all, a window or a list.
  llvm::SmallVector<int64_t> integers(llvm::StringRef name, int64_t count, std::optional<int64_t> otherwise);
  /// A list of integers.
  llvm::SmallVector<int64_t> list(llvm::StringRef name);
  /// No argument may be left over.
  bool finish();
  /// Where the argument that was read last is written.
  SourceRange lastPlace() const { return last ? last->place : place; }
  void fail(SourceRange where, const llvm::Twine &message);

  Elaborator &elaborator;
  const Operation &operation;
  llvm::ArrayRef<Actual> actuals;
  std::vector<bool> used;
  SourceRange place;
  bool ok = true;

private:
  const Actual *require(llvm::StringRef name, bool isOptional);
  const Actual *last = nullptr;
};

} // namespace cnn::dsl
