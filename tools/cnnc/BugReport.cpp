// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file holds the version, the command line, and the text of every model on it with what these import: as much as it
// takes to run the command again elsewhere. Data and weights are not in it.
#include "tools/cnnc/BugReport.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Compiler.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

namespace cnn::tools {

// A crash has no other way to them.
static llvm::ArrayRef<const char *> commandLine;
static bool isReporting = false;

/// Appends a model and, found by its `import` lines, those that it needs.
static void appendModel(llvm::raw_ostream &os, llvm::StringRef path, llvm::StringSet<> &seen) {
  if (!seen.insert(path).second)
    return;
  auto file = llvm::MemoryBuffer::getFile(path);
  if (!file)
    return;
  llvm::StringRef text = (*file)->getBuffer();
  os << "---- " << path << "\n" << text << (text.ends_with("\n") ? "" : "\n");
  llvm::SmallVector<llvm::StringRef> lines;
  text.split(lines, '\n');
  for (llvm::StringRef line : lines) {
    line = line.ltrim();
    if (!line.consume_front("import") || !(line = line.ltrim()).consume_front("\""))
      continue;
    llvm::SmallString<128> imported(llvm::sys::path::parent_path(path));
    llvm::sys::path::append(imported, line.take_until([](char c) { return c == '"'; }));
    appendModel(os, imported, seen);
  }
}

/// The name of the file that was written; empty if none could be.
static std::string writeReport(llvm::StringRef what) {
  llvm::SmallString<128> path;
  int descriptor = -1;
  if (llvm::sys::fs::createUniqueFile("cnnc-bug-%%%%%%.txt", descriptor, path))
    return "";
  llvm::raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  os << "cnnc " << CNNC_VERSION << ": " << what << "\n";
  llvm::interleave(commandLine, os, [&](const char *word) { os << word; }, " ");
  os << "\n";
  llvm::StringSet<> seen;
  for (llvm::StringRef word : commandLine.drop_front(commandLine.empty() ? 0 : 1))
    if (word.ends_with(".cnn"))
      appendModel(os, word, seen);
  os.close();
  bool failed = os.has_error();
  os.clear_error();
  return failed ? "" : path.str().str();
}

void reportBug(const llvm::Twine &what) {
  std::string text = what.str();
  std::string report = writeReport(text);
  llvm::errs() << "cnnc: bug: " << text << "\n";
  if (!report.empty())
    llvm::errs() << "cnnc: this is not the model's fault; '" << report << "' reproduces it\n";
}

[[noreturn]] static void crash(llvm::StringRef what) {
  // A second crash, in the report of the first.
  if (!isReporting) {
    isReporting = true;
    reportBug(what);
  }
  _exit(3);
}

void catchCrashes(llvm::ArrayRef<const char *> words) {
  commandLine = words;
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) { crash(reason); });
#if !LLVM_ADDRESS_SANITIZER_BUILD && !LLVM_THREAD_SANITIZER_BUILD
  // A sanitizer has more to say about a crash.
  llvm::sys::AddSignalHandler([](void *) { crash("cnnc crashed"); }, nullptr);
#endif
}

} // namespace cnn::tools
