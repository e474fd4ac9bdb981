// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/OutputFile.h"
#include "tools/cnnc/Signals.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

static std::error_code write(llvm::raw_fd_ostream &&os, llvm::StringRef contents) {
  os << contents;
  os.close();
  std::error_code code = os.error();
  os.clear_error();
  return code;
}

static std::error_code replace(llvm::StringRef path, llvm::StringRef contents) {
  llvm::sys::fs::file_status status;
  llvm::sys::fs::perms permissions = llvm::sys::fs::all_read | llvm::sys::fs::all_write;
  if (!llvm::sys::fs::status(path, status)) {
    if (!llvm::sys::fs::is_regular_file(status)) {
      std::error_code code;
      llvm::raw_fd_ostream os(path, code);
      return code ? code : write(std::move(os), contents);
    }
    permissions = status.permissions();
  }
  llvm::SmallString<128> target, temporary;
  if (llvm::sys::fs::real_path(path, target))
    target = path;
  int descriptor = -1;
  if (std::error_code code = llvm::sys::fs::createUniqueFile(target + ".%%%%%%", descriptor, temporary,
                                                             llvm::sys::fs::OF_None, permissions))
    return code;
  RemoveOnSignal onSignal(temporary);
  llvm::scope_exit remove([&] { llvm::sys::fs::remove(temporary); });
  if (std::error_code code = write(llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true), contents))
    return code;
  // Nothing is left to remove after this.
  return llvm::sys::fs::rename(temporary, target);
}

bool writeWholeFile(llvm::StringRef path, llvm::StringRef contents, std::string &problem) {
  std::error_code code = replace(path, contents);
  problem = code ? code.message() : "";
  return !code;
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
