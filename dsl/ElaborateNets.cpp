// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nets to functions: arguments are the inputs, then the weights in the order in which they are declared.
#include "dsl/Elaborator.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"

namespace cnn::dsl {

Elaborator::Elaborator(const Program &program, const FrontendOptions &options, DiagnosticEngine &diagnostics,
                       mlir::MLIRContext &context)
    : program(program), options(options), diagnostics(diagnostics), context(context), builder(&context) {}

/// In C the objects of a net A are called A_model, A_run and A_trainer, and their functions begin so.
static void checkNetNames(llvm::ArrayRef<const ModelDecl *> nets, DiagnosticEngine &diagnostics) {
  for (const ModelDecl *net : nets)
    for (const ModelDecl *other : nets) {
      llvm::StringRef rest = net->name.text;
      if (!rest.consume_front(other->name.text) || !llvm::is_contained({"_model", "_run", "_trainer"}, rest))
        continue;
      diagnostics
          .error(net->name.range, "a net cannot be called '" + net->name.text + "' beside '" + other->name.text +
                                      "', whose functions have names such as '" + net->name.text + "_create'")
          .note(other->name.range, "'" + other->name.text + "' is here");
    }
}

mlir::OwningOpRef<mlir::ModuleOp> Elaborator::run(std::vector<NetSummary> &netSummaries) {
  summaries = &netSummaries;
  const FileScope &file = program.main();
  Frame fileFrame;
  fileFrame.file = &file;
  frame = &fileFrame;
  module = mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, file.ast->source.path(), 1, 1));
  auto each = [&](auto action) {
    for (const Decl *decl : file.ast->declarations)
      action(decl);
  };
  each([&](const Decl *decl) {
    if (const auto *constant = llvm::dyn_cast<ConstDecl>(decl))
      evaluateConstant({constant, &file, constant->name});
  });
  std::vector<const ModelDecl *> nets;
  each([&](const Decl *decl) {
    const auto *net = llvm::dyn_cast<ModelDecl>(decl);
    if (net && net->modelKind == ModelKind::Net)
      nets.push_back(net);
  });
  checkNetNames(nets, diagnostics);
  for (const ModelDecl *net : nets)
    elaborateNet(*net, file);
  each([&](const Decl *decl) {
    if (const auto *data = llvm::dyn_cast<DataDecl>(decl))
      elaborateData(*data);
  });
  if (!diagnostics.hasErrors())
    each([&](const Decl *decl) {
      if (const auto *train = llvm::dyn_cast<TrainDecl>(decl))
        elaborateTrain(*train);
    });
  frame = nullptr;
  if (diagnostics.hasErrors())
    return nullptr;
  return std::move(module);
}

void Elaborator::beginFunction(const std::string &name, Mode mode, SourceRange place) {
  function = std::make_unique<FunctionState>();
  function->mode = mode;
  builder.setInsertionPointToEnd(module->getBody());
  function->function = mlir::func::FuncOp::create(builder, locationOf(place), name, builder.getFunctionType({}, {}));
  FunctionKind kind = mode == Mode::Infer  ? FunctionKind::Infer
                      : mode == Mode::Loss ? FunctionKind::Loss
                                           : FunctionKind::Evaluate;
  function->function->setAttr(kindAttrName, FunctionKindAttr::get(&context, kind));
  function->block = function->function.addEntryBlock();
  builder.setInsertionPointToEnd(function->block);
  function->root.application = ++applications;
}

mlir::Value Elaborator::addArgument(mlir::Type type, llvm::StringRef name, Role role, SourceRange place,
                                    int64_t classes) {
  mlir::NamedAttrList attributes;
  attributes.set(nameAttrName, builder.getStringAttr(name));
  attributes.set(roleAttrName, RoleAttr::get(&context, role));
  if (classes > 0)
    attributes.set(classesAttrName, builder.getI64IntegerAttr(classes));
  function->argumentAttributes.push_back(std::move(attributes));
  return function->block->addArgument(type, locationOf(place));
}

void Elaborator::endFunction(llvm::ArrayRef<Result> results, SourceRange place) {
  llvm::SmallVector<mlir::Value> values;
  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::DictionaryAttr> resultAttributes, argumentAttributes;
  for (const Result &result : results) {
    values.push_back(result.value);
    types.push_back(result.value.getType());
    mlir::NamedAttrList attributes;
    attributes.set(nameAttrName, builder.getStringAttr(result.name));
    attributes.set(roleAttrName, RoleAttr::get(&context, result.role));
    if (result.tied)
      attributes.set(tiedAttrName, builder.getI64IntegerAttr(*result.tied));
    resultAttributes.push_back(attributes.getDictionary(&context));
  }
  for (const mlir::NamedAttrList &attributes : function->argumentAttributes)
    argumentAttributes.push_back(attributes.getDictionary(&context));
  mlir::func::ReturnOp::create(builder, locationOf(place), values);
  mlir::func::FuncOp func = function->function;
  func.setFunctionType(builder.getFunctionType(function->block->getArgumentTypes(), types));
  func.setAllArgAttrs(argumentAttributes);
  func.setAllResultAttrs(resultAttributes);
}

void Elaborator::elaborateNet(const ModelDecl &decl, const FileScope &file) {
  for (const Parameter &parameter : decl.configuration)
    if (!parameter.init) {
      diagnostics.error(parameter.range, "a net needs a default for its argument '" + parameter.name.text + "'");
      return;
    }
  SourceRange place = decl.name.range;
  // The library of a net exports NAME_create and the like beside the runtime's own functions.
  if (decl.name.text == "cnn" || decl.name.text.starts_with("cnn_")) {
    diagnostics.error(place, "a net cannot be called '" + decl.name.text +
                                 "': names that begin with 'cnn_' are those of the runtime");
    return;
  }
  beginFunction(decl.name.text.str(), Mode::Infer, place);
  Frame *saved = frame;
  Frame inner;
  inner.file = &file;
  inner.decl = &decl;
  inner.caller = nullptr;
  inner.callPlace = place;
  inner.weights = &function->root;
  bool ok = bindConfiguration(decl, {}, place, inner);
  frame = &inner;
  for (const Parameter &input : decl.inputs) {
    if (!ok)
      break;
    if (input.isVariadic) {
      error(input.range, "a net has a fixed number of inputs");
      ok = false;
      break;
    }
    int64_t classes = 0;
    for (const Expr *dim : input.type->dims) {
      const auto *name = llvm::dyn_cast<NameExpr>(dim);
      if (llvm::isa<SpreadExpr>(dim) || (name && !inner.variables.contains(name->name) && !file.find(name->name))) {
        error(dim, "the sizes of a net's input must be known, but '" + dim->range().text() + "' is not");
        ok = false;
      }
    }
    std::optional<mlir::RankedTensorType> type =
        ok ? evaluateType(*input.type, /*isBatched=*/true, &classes) : std::nullopt;
    if (!type || !checkSize(input.type->range, *type)) {
      ok = false;
      break;
    }
    if (inner.variables.contains(input.name.text)) {
      error(input.name.range, "there are two inputs '" + input.name.text + "'");
      ok = false;
      break;
    }
    mlir::Value argument = addArgument(*type, input.name.text, Role::Input, input.name.range, classes);
    inner.variables[input.name.text] = {Tensor{argument, classes}, input.name.range, nullptr};
  }
  Value result = Poison();
  if (ok)
    result = evaluateBody(decl, inner);
  frame = saved;
  if (!result.isPoison()) {
    std::vector<Result> results;
    const std::vector<Value> *elements = result.elements();
    for (size_t i = 0; i < decl.results.size(); ++i) {
      const auto *tensor = (elements ? (*elements)[i] : result).as<Tensor>();
      if (!tensor->hasBatch()) {
        error(decl.results[i].range, "the result '" + decl.results[i].name.text + "' does not depend on the inputs");
        result = Poison();
        break;
      }
      results.push_back({tensor->value, decl.results[i].name.text.str(), Role::Output});
    }
    if (!result.isPoison())
      endFunction(results, decl.body->range());
  }
  if (!result.isPoison()) {
    NetSummary summary;
    summary.name = decl.name.text.str();
    summary.layers = std::move(function->layers);
    summary.parameters = function->parameters;
    summary.multiplyAccumulates = function->multiplyAccumulates;
    summaries->push_back(std::move(summary));
  } else {
    function->function.erase();
  }
  function.reset();
}

} // namespace cnn::dsl
