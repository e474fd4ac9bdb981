// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Frontend.h"
#include "dsl/Elaborator.h"
#include "dsl/Names.h"
#include "mlir/IR/Verifier.h"

namespace cnn::dsl {

/// Names the program leaves to the language itself.
static constexpr llvm::StringLiteral builtinNames[] = {"cnn"};
static constexpr llvm::StringLiteral typeNames[] = {"f32",    "u8", "class", "int",   "real",  "bool", "string",
                                                    "window", "fn", "list",  "tuple", "range", "const"};

static void checkFile(const FileScope &file, DiagnosticEngine &diagnostics) {
  std::vector<llvm::StringRef> declared = file.names();
  std::vector<llvm::StringRef> builtin(std::begin(builtinNames), std::end(builtinNames));
  std::vector<llvm::StringRef> types(std::begin(typeNames), std::end(typeNames));
  auto find = [&](llvm::StringRef name) -> const Decl * {
    const Definition *definition = file.find(name);
    return definition ? definition->decl : nullptr;
  };
  checkNames(*file.ast, VisibleNames{find, declared, builtin, types}, diagnostics);
}

CompiledFile compile(SourceTable &sources, const SourceFile &main, const FrontendOptions &options,
                     DiagnosticEngine &diagnostics, mlir::MLIRContext &context) {
  CompiledFile result;
  context.loadDialect<CnnDialect, mlir::func::FuncDialect>();
  std::unique_ptr<Program> program = Program::load(sources, main, diagnostics);
  if (!program)
    return result;
  program->forEachUserFile([&](const FileScope &file) { checkFile(file, diagnostics); });
  if (diagnostics.hasErrors())
    return result;
  Elaborator elaborator(*program, options, diagnostics, context);
  result.module = elaborator.run(result.nets);
  return result;
}

CompiledFile compileFile(llvm::StringRef path, SourceTable &sources, const FrontendOptions &options,
                         DiagnosticEngine &diagnostics, mlir::MLIRContext &context) {
  std::string problem;
  const SourceFile *source = sources.readArgument(path, problem);
  if (source)
    return compile(sources, *source, options, diagnostics, context);
  diagnostics.error({}, "cannot read '" + path + "': " + problem);
  return {};
}

} // namespace cnn::dsl
