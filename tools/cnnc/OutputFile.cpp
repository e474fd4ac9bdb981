// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/OutputFile.h"
#include "runtime/files/AtomicFile.h"
#include "tools/cnnc/Signals.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

namespace cnn::tools {

bool writeWholeFile(llvm::StringRef path, llvm::StringRef contents, std::string &problem) {
  // What is left half done has another name, but would stay.
  DelaySignals delay;
  runtime::AtomicFile file;
  cnn_error error = {};
  bool isWritten = file.open(path.str().c_str(), &error) == CNN_OK &&
                   file.write(contents.data(), contents.size(), &error) == CNN_OK && file.commit(&error) == CNN_OK;
  problem = isWritten ? "" : error.text;
  return isWritten;
}

bool moveFiles(llvm::StringRef from, llvm::StringRef to, std::string &problem) {
  std::error_code code;
  llvm::SmallVector<std::pair<std::string, std::string>> moves;
  for (llvm::sys::fs::directory_iterator file(from, code), end; file != end && !code; file.increment(code)) {
    llvm::SmallString<128> place(to);
    llvm::sys::path::append(place, llvm::sys::path::filename(file->path()));
    moves.emplace_back(file->path(), place.str());
    // What keeps a file from its name where its neighbours get theirs.
    if (llvm::sys::fs::is_directory(place)) {
      problem = ("cannot write '" + place + "': it is a folder").str();
      return false;
    }
  }
  for (const auto &[path, place] : moves)
    if (!code)
      code = llvm::sys::fs::rename(path, place);
  problem = code ? ("cannot write to the folder '" + to + "': " + code.message()).str() : "";
  return !code;
}

} // namespace cnn::tools
