// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of cnnc: one source file each, listed in main.cpp. A subcommand turns flags into library calls.
#pragma once

#include "tools/cnnc/Arguments.h"
#include "llvm/ADT/StringRef.h"

namespace cnn::dsl {
class DiagnosticEngine;
}
namespace llvm {
class raw_ostream;
}

namespace cnn::tools {

enum class ExitCode {
  Success = 0,
  /// The model, or a file that belongs to it, is wrong.
  WrongModel = 1,
  WrongCommandLine = 2,
  /// A bug in the compiler.
  CompilerBug = 3,
};

struct Command {
  llvm::StringRef name;
  /// "FILE… [--check]".
  llvm::StringRef arguments;
  /// One line.
  llvm::StringRef summary;
  /// One line for each option.
  llvm::StringRef options;
  ExitCode (*run)(Arguments &arguments);
};

extern const Command buildCommand;
extern const Command checkCommand;
extern const Command fmtCommand;
extern const Command profileCommand;
extern const Command runCommand;
extern const Command trainCommand;

/// How diagnostics are shown, an option of every subcommand that reads models: --diagnostics=text|json.
enum class DiagnosticsFormat { Text, Json };
DiagnosticsFormat diagnosticsFormat(Arguments &arguments);
/// Shows them on standard error, in color on a terminal.
void showDiagnostics(const dsl::DiagnosticEngine &diagnostics, DiagnosticsFormat format);
/// Shows an error that has no place in a model.
void showError(const llvm::Twine &message, DiagnosticsFormat format);

/// --emit=ast, after which only the syntax is known to be right.
ExitCode printSyntaxTree(llvm::StringRef path, DiagnosticsFormat format, llvm::raw_ostream &stream);

} // namespace cnn::tools
