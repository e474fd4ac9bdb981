// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Any bytes through the whole front end, as `cnnc check` runs it: parser, names, elaboration with all shape checks. It
// must end soon, in errors that can be shown or in a module that verifies.
//
// What the file may import is in memory: itself, and lib.cnn.
#include "dsl/Frontend.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include <cstdlib>
#include <memory>

using namespace cnn::dsl;

static constexpr llvm::StringLiteral library = "const lib_width = 2\n"
                                               "fn lib_double(k: int) -> int {\n  2 * k\n}\n"
                                               "module LibBlock(k: int)(x: [C, H, W]) {\n"
                                               "  x |> conv(k, 3x3, pad = 1) |> relu\n}\n";

static void require(bool condition, const char *what) {
  if (condition)
    return;
  llvm::errs() << what << "\n";
  std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Types and attributes live as long as their context, so it is renewed from time to time.
  static std::unique_ptr<mlir::MLIRContext> context;
  static int64_t uses = 0;
  if (uses++ % 1000 == 0)
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);

  SourceTable sources = SourceTable::withoutDisk();
  sources.add("lib.cnn", library.str());
  const SourceFile *main = sources.add("input.cnn", std::string(reinterpret_cast<const char *>(data), size));
  // What takes a second in a release build takes half a minute here.
  FrontendOptions options;
  options.maxSteps = 20'000;
  options.maxListLength = 2'000;
  DiagnosticEngine diagnostics;
  CompiledFile compiled = compile(sources, *main, options, diagnostics, *context);

  std::string shown;
  llvm::raw_string_ostream os(shown);
  diagnostics.printText(os, /*colors=*/true);
  diagnostics.printJson(os);
  require(diagnostics.hasErrors() == !compiled.module, "an error without a message, or a module in spite of one");
  require(diagnostics.hasErrors() || mlir::succeeded(mlir::verify(*compiled.module)), "the module is not valid");
  return 0;
}
