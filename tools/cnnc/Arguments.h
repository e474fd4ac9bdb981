// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of one subcommand. A subcommand asks for the options it knows, then for the files, then calls
// finish(), which reports whatever it did not ask for, with a suggestion:
//
//   bool inPlace = arguments.flag("-i");
//   std::optional<llvm::StringRef> output = arguments.value("-o");      // -o FILE, -o=FILE
//   llvm::ArrayRef<llvm::StringRef> files = arguments.files("FILE");    // at least one
//   if (!arguments.finish())
//     return ExitCode::WrongCommandLine;
//
// Options may stand before, between and behind the files; after `--` everything is a file.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace cnn::tools {

class Arguments {
public:
  Arguments(llvm::StringRef command, llvm::ArrayRef<const char *> words);

  /// Whether the flag was given.
  bool flag(llvm::StringRef name);
  /// The value of an option; the last one if it was given several times.
  std::optional<llvm::StringRef> value(llvm::StringRef name);
  /// All values of an option that may be repeated.
  std::vector<llvm::StringRef> values(llvm::StringRef name);
  /// A value that is one of `choices`, or `fallback` if the option was not given; else an error.
  llvm::StringRef choice(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> choices, llvm::StringRef fallback);
  /// A whole number of at least `minimum`.
  std::optional<int64_t> integer(llvm::StringRef name, int64_t minimum);

  /// One or more files; `what` names them in the message if there is none.
  std::vector<llvm::StringRef> files(llvm::StringRef what);
  /// Exactly one file.
  llvm::StringRef file(llvm::StringRef what);

  /// Reports a wrong use of the command.
  void error(const llvm::Twine &message);
  /// Reports unknown options and left-over files; false if there was any error.
  bool finish();

private:
  struct Word {
    llvm::StringRef text;
    bool isOption;
    bool isUsed = false;
  };
  llvm::StringRef command;
  std::vector<Word> words;
  std::vector<llvm::StringRef> knownOptions;
  bool hasErrors = false;
};

} // namespace cnn::tools
