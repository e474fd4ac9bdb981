// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc COMMAND …: the compiler for convolutional networks.
#include "dsl/Diagnostics.h"
#include "tools/cnnc/BugReport.h"
#include "tools/cnnc/Command.h"
#include "tools/cnnc/Signals.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <csignal>

namespace cnn::tools {

// In the order in which help lists them.
static const Command *const commands[] = {&checkCommand, &trainCommand,   &buildCommand,
                                          &runCommand,   &profileCommand, &fmtCommand};

static void showUsage(llvm::raw_ostream &os) {
  os << "usage: cnnc COMMAND …\n\n";
  for (const Command *command : commands)
    os << "  cnnc " << command->name << " " << command->arguments << "\n        " << command->summary << "\n";
  os << "  cnnc help [COMMAND]\n  cnnc --version\n\n"
        "Exit codes: 0 success, 1 the model is wrong, 2 the command line is wrong, 3 a bug in cnnc.\n";
}

static const Command *findCommand(llvm::StringRef name) {
  for (const Command *command : commands)
    if (command->name == name)
      return command;
  llvm::SmallVector<llvm::StringRef> names = {"help"};
  for (const Command *command : commands)
    names.push_back(command->name);
  llvm::errs() << "cnnc: error: unknown command '" << name << "'";
  if (std::optional<llvm::StringRef> closest = dsl::closestName(name, names))
    llvm::errs() << ", did you mean '" << *closest << "'?";
  llvm::errs() << "\n'cnnc help' lists the commands\n";
  return nullptr;
}

static ExitCode showHelp(llvm::ArrayRef<const char *> words) {
  if (words.empty()) {
    showUsage(llvm::outs());
    return ExitCode::Success;
  }
  const Command *command = findCommand(words.front());
  if (!command)
    return ExitCode::WrongCommandLine;
  llvm::outs() << "usage: cnnc " << command->name << " " << command->arguments << "\n\n"
               << command->summary << "\n\n"
               << command->options;
  return ExitCode::Success;
}

static ExitCode run(llvm::ArrayRef<const char *> words) {
  if (words.empty()) {
    showUsage(llvm::errs());
    return ExitCode::WrongCommandLine;
  }
  llvm::StringRef first = words.front();
  words = words.drop_front();
  if (first == "help" || first == "--help" || first == "-h")
    return showHelp(words);
  if (first == "--version") {
    llvm::outs() << "cnnc " << CNNC_VERSION << "\n";
    return ExitCode::Success;
  }
  const Command *command = findCommand(first);
  if (!command)
    return ExitCode::WrongCommandLine;
  if (llvm::any_of(words, [](llvm::StringRef word) { return word == "--help" || word == "-h"; }))
    return showHelp(command->name.data());
  Arguments arguments(command->name, words);
  return command->run(arguments);
}

DiagnosticsFormat diagnosticsFormat(Arguments &arguments) {
  return arguments.choice("--diagnostics", {"text", "json"}, "text") == "json" ? DiagnosticsFormat::Json
                                                                               : DiagnosticsFormat::Text;
}

void showDiagnostics(const dsl::DiagnosticEngine &diagnostics, DiagnosticsFormat format) {
  if (format == DiagnosticsFormat::Json)
    diagnostics.printJson(llvm::errs());
  else
    diagnostics.printText(llvm::errs(), llvm::errs().has_colors());
}

void showError(const llvm::Twine &message, DiagnosticsFormat format) {
  dsl::DiagnosticEngine diagnostics;
  diagnostics.error({}, message);
  showDiagnostics(diagnostics, format);
}

} // namespace cnn::tools

int main(int argc, char **argv) {
  llvm::ArrayRef<const char *> words(argv, argc);
  {
    cnn::tools::KeepIgnoredSignals ignored;
    cnn::tools::catchCrashes(words);
  }
  // A write beyond the limit for the size of files fails, and is no crash. After LLVM's handlers, which differ.
  std::signal(SIGXFSZ, SIG_IGN);
  cnn::tools::ExitCode code = cnn::tools::run(words.drop_front(argc > 0));
  llvm::raw_fd_ostream &out = llvm::outs();
  out.flush();
  if (out.has_error()) {
    llvm::errs() << "cnnc: error: cannot write to standard output: " << out.error().message() << "\n";
    out.clear_error();
    if (code == cnn::tools::ExitCode::Success)
      code = cnn::tools::ExitCode::WrongModel;
  }
  return static_cast<int>(code);
}
