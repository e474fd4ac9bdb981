// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/EmitLibrary.h"

#include "runtime/abi/model.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace cnn::cpu {

static std::string pathOf(StringRef folder, StringRef name) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  return path.str().str();
}

Error writeFile(StringRef folder, StringRef name, function_ref<void(raw_pwrite_stream &)> writer) {
  std::error_code code;
  raw_fd_ostream stream(pathOf(folder, name), code);
  if (!code) {
    writer(stream);
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return createStringError("cannot write '" + name + "': " + code.message());
  return Error::success();
}

Error emitArchive(ArrayRef<ObjectFile> objects, StringRef name, StringRef folder) {
  std::vector<std::unique_ptr<MemoryBuffer>> buffers;
  std::vector<NewArchiveMember> members;
  for (const ObjectFile &object : objects) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
        MemoryBuffer::getFile(object.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return createStringError("cannot read the object of '" + name + "': " + buffer.getError().message());
    NewArchiveMember member(MemoryBufferRef((*buffer)->getBuffer(), object.name));
    members.push_back(std::move(member));
    buffers.push_back(std::move(*buffer));
  }
  Error failure = Error::success();
  std::string file = ("lib" + name + ".a").str();
  Error written = writeFile(folder, file, [&](raw_pwrite_stream &stream) {
    failure = writeArchiveToStream(stream, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                   /*Deterministic=*/true, /*Thin=*/false);
  });
  return joinErrors(std::move(failure), std::move(written));
}

/// The C library's and the mathematics library's files for the target, as far as this machine has them.
static std::vector<std::string> findSystemLibraries(const Triple &triple) {
  std::string architecture = triple.getArchName().str() + "-linux-gnu";
  std::vector<std::string> found;
  for (StringRef library : {"libm.so.6", "libc.so.6"})
    for (std::string folder : {"/lib/" + architecture, "/usr/lib/" + architecture, "/usr/" + architecture + "/lib",
                               std::string("/lib64"), std::string("/usr/lib64")}) {
      if (folder.find("lib64") != std::string::npos && triple.getArch() != Triple(sys::getProcessTriple()).getArch())
        continue;
      std::string path = folder + "/" + library.str();
      if (sys::fs::exists(path)) {
        found.push_back(path);
        break;
      }
    }
  return found;
}

Error emitSharedLibrary(ArrayRef<ObjectFile> objects, StringRef name, const Triple &triple, StringRef folder) {
  ErrorOr<std::string> linker = sys::findProgramByName("ld.lld-22");
  if (!linker)
    linker = sys::findProgramByName("ld.lld", {"/usr/lib/llvm-22/bin", "/usr/bin"});
  if (!linker)
    return createStringError("cannot link lib" + name + ".so: ld.lld-22 is not installed (package lld-22)");
  std::string file = ("lib" + name + ".so").str();
  std::string messages = pathOf(folder, file + ".messages");
  std::vector<std::string> arguments = {*linker,
                                        "-shared",
                                        "--soname=" + file,
                                        "--build-id=none",
                                        "--hash-style=gnu",
                                        "--gc-sections",
                                        "-z",
                                        "noexecstack",
                                        "--threads=2",
                                        ("--defsym=" CNN_MODEL_SYMBOL "=" + name + "_model_desc").str(),
                                        "-o",
                                        pathOf(folder, file)};
  for (const ObjectFile &object : objects)
    arguments.push_back(object.path);
  std::vector<std::string> libraries = findSystemLibraries(triple);
  arguments.insert(arguments.end(), libraries.begin(), libraries.end());
  std::vector<StringRef> references(arguments.begin(), arguments.end());
  std::string problem;
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(messages), StringRef(messages)};
  int code = sys::ExecuteAndWait(*linker, references, std::nullopt, redirects, 0, 0, &problem);
  if (code != 0) {
    if (problem.empty())
      if (ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(messages))
        problem = (*text)->getBuffer().trim().str();
    return createStringError("cannot link '" + file + "': " + problem);
  }
  sys::fs::remove(messages);
  return Error::success();
}

Error emitPackage(StringRef name, StringRef producer, StringRef folder) {
  return writeFile(folder, (name + ".pc").str(), [&](raw_pwrite_stream &stream) {
    stream << "libdir=${pcfiledir}\nincludedir=${pcfiledir}\n\n"
           << "Name: " << name << "\n"
           << "Description: the network " << name << ", compiled by " << producer << "\n"
           << "Version: 1\n"
           << "Cflags: -I${includedir}\n"
           << "Libs: -L${libdir} -l" << name << "\n"
           << "Libs.private: -lm\n";
  });
}

} // namespace cnn::cpu
