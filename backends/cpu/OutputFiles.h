// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Several files that appear together, complete, or not at all.

#ifndef CNN_BACKENDS_CPU_OUTPUTFILES_H
#define CNN_BACKENDS_CPU_OUTPUTFILES_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace cnn::cpu {

/// Files are written under temporary names beside their places, and renamed by commit(). Whatever is not committed is
/// removed by the destructor, or when a signal ends the program.
class OutputFiles {
public:
  /// `folder` is made if it is not there.
  static llvm::Expected<OutputFiles> create(llvm::StringRef folder);
  OutputFiles(OutputFiles &&) = default;
  ~OutputFiles();

  /// A path to write the file `name` to.
  llvm::Expected<std::string> reserve(llvm::StringRef name);
  /// Writes the file `name`.
  llvm::Error write(llvm::StringRef name, llvm::function_ref<void(llvm::raw_pwrite_stream &)> writer);
  /// The temporary path of a file that was written.
  std::string getPath(llvm::StringRef name) const;

  /// Removes a file that was only needed on the way.
  void drop(llvm::StringRef name);

  /// Gives all files their names.
  llvm::Error commit();

private:
  OutputFiles() = default;
  struct File {
    std::string name, temporary;
  };
  static void remove(const File &file);
  std::string folder;
  std::vector<File> files;
};

} // namespace cnn::cpu

#endif
