// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/Arguments.h"
#include "dsl/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

Arguments::Arguments(llvm::StringRef command, llvm::ArrayRef<const char *> arguments) : command(command) {
  bool onlyFiles = false;
  for (llvm::StringRef text : arguments) {
    if (text == "--" && !onlyFiles) {
      onlyFiles = true;
      continue;
    }
    // A lone '-' is the name of standard input.
    words.push_back({text, !onlyFiles && text.size() > 1 && text.starts_with("-")});
  }
}

bool Arguments::flag(llvm::StringRef name) {
  knownOptions.push_back(name);
  bool isGiven = false;
  for (Word &word : words) {
    if (word.isOption && word.text == name)
      word.isUsed = isGiven = true;
    if (word.isOption && word.text.starts_with(name) && word.text.substr(name.size()).starts_with("=")) {
      word.isUsed = true;
      error("the option '" + name + "' takes no value");
    }
  }
  return isGiven;
}

std::vector<llvm::StringRef> Arguments::values(llvm::StringRef name) {
  knownOptions.push_back(name);
  std::vector<llvm::StringRef> result;
  for (size_t i = 0; i < words.size(); ++i) {
    Word &word = words[i];
    if (!word.isOption)
      continue;
    llvm::StringRef rest = word.text;
    if (!rest.consume_front(name))
      continue;
    if (rest.empty()) {
      word.isUsed = true;
      // What looks like an option is taken as the value only if it is a number: -o is no value of --weights.
      if (i + 1 < words.size() && !words[i + 1].isUsed &&
          (!words[i + 1].isOption || llvm::StringRef("0123456789.").contains(words[i + 1].text[1]))) {
        words[++i].isUsed = true;
        result.push_back(words[i].text);
      } else {
        error("the option '" + name + "' needs a value");
      }
    } else if (rest.consume_front("=")) {
      word.isUsed = true;
      if (rest.empty())
        error("the option '" + name + "' needs a value");
      else
        result.push_back(rest);
    }
  }
  return result;
}

std::optional<llvm::StringRef> Arguments::value(llvm::StringRef name) {
  std::vector<llvm::StringRef> all = values(name);
  return all.empty() ? std::nullopt : std::optional(all.back());
}

llvm::StringRef Arguments::choice(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> choices,
                                  llvm::StringRef fallback) {
  std::optional<llvm::StringRef> given = value(name);
  if (!given)
    return fallback;
  if (llvm::is_contained(choices, *given))
    return *given;
  std::string list = llvm::join(choices, ", ");
  if (std::optional<llvm::StringRef> closest = dsl::closestName(*given, choices))
    error("unknown value '" + *given + "' of '" + name + "', did you mean '" + *closest + "'? Values: " + list);
  else
    error("unknown value '" + *given + "' of '" + name + "'. Values: " + list);
  return fallback;
}

std::optional<int64_t> Arguments::integer(llvm::StringRef name, int64_t minimum) {
  std::optional<llvm::StringRef> given = value(name);
  if (!given)
    return std::nullopt;
  int64_t number = 0;
  if (!given->getAsInteger(10, number) && number >= minimum)
    return number;
  error("the option '" + name + "' needs a whole number of at least " + llvm::Twine(minimum) + ", not '" + *given +
        "'");
  return std::nullopt;
}

std::vector<llvm::StringRef> Arguments::files(llvm::StringRef what) {
  std::vector<llvm::StringRef> result;
  for (Word &word : words) {
    if (!word.isOption && !word.isUsed) {
      word.isUsed = true;
      result.push_back(word.text);
    }
  }
  if (result.empty())
    error("expected " + what);
  return result;
}

llvm::StringRef Arguments::file(llvm::StringRef what) {
  for (Word &word : words) {
    if (!word.isOption && !word.isUsed) {
      word.isUsed = true;
      return word.text;
    }
  }
  error("expected " + what);
  return "";
}

void Arguments::error(const llvm::Twine &message) {
  llvm::errs() << "cnnc " << command << ": error: " << message << "\n";
  hasErrors = true;
}

bool Arguments::finish() {
  for (const Word &word : words) {
    if (word.isUsed)
      continue;
    if (!word.isOption) {
      error("unexpected argument '" + word.text + "'");
      continue;
    }
    llvm::StringRef name = word.text.split('=').first;
    if (std::optional<llvm::StringRef> closest = dsl::closestName(name, knownOptions))
      error("unknown option '" + name + "', did you mean '" + *closest + "'?");
    else
      error("unknown option '" + name + "'");
  }
  if (hasErrors)
    llvm::errs() << "'cnnc help " << command << "' shows the options\n";
  return !hasErrors;
}

} // namespace cnn::tools
