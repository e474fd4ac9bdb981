// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Objects -> libNAME.a, libNAME.so, NAME.pc.

#ifndef CNN_BACKENDS_CPU_EMITLIBRARY_H
#define CNN_BACKENDS_CPU_EMITLIBRARY_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"
#include <string>

namespace cnn::cpu {

/// Writes the file `name` in a folder.
llvm::Error writeFile(llvm::StringRef folder, llvm::StringRef name,
                      llvm::function_ref<void(llvm::raw_pwrite_stream &)> writer);

/// An object file that was written, and its name in the archive.
struct ObjectFile {
  std::string path;
  std::string name;
};

/// The static library: the same objects give the same bytes.
llvm::Error emitArchive(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef name, llvm::StringRef folder);

/// The shared library, by lld, for any target. It exports what the objects export, and NAME_model_desc also as
/// `cnn_model`. Where this machine lacks the target's libc and libm, the library does not name them: the program that
/// loads it brings them along.
llvm::Error emitSharedLibrary(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef name, const llvm::Triple &triple,
                              llvm::StringRef folder);

/// What pkg-config reads: the library lies beside the file.
llvm::Error emitPackage(llvm::StringRef name, llvm::StringRef producer, llvm::StringRef folder);

} // namespace cnn::cpu

#endif
