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

Error emitArchive(ArrayRef<ObjectFile> objects, StringRef name, OutputFiles &files) {
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
  Error written = files.write(file, [&](raw_pwrite_stream &stream) {
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

Error emitSharedLibrary(ArrayRef<ObjectFile> objects, StringRef name, const Triple &triple, OutputFiles &files) {
  ErrorOr<std::string> linker = sys::findProgramByName("ld.lld-22");
  if (!linker)
    linker = sys::findProgramByName("ld.lld", {"/usr/lib/llvm-22/bin", "/usr/bin"});
  if (!linker)
    return createStringError("cannot link lib" + name + ".so: ld.lld-22 is not installed (package lld-22)");
  std::string file = ("lib" + name + ".so").str();
  Expected<std::string> output = files.reserve(file);
  Expected<std::string> messages = files.reserve("messages");
  if (!output || !messages)
    return joinErrors(output ? Error::success() : output.takeError(),
                      messages ? Error::success() : messages.takeError());
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
                                        *output};
  for (const ObjectFile &object : objects)
    arguments.push_back(object.path);
  std::vector<std::string> libraries = findSystemLibraries(triple);
  arguments.insert(arguments.end(), libraries.begin(), libraries.end());
  std::vector<StringRef> references(arguments.begin(), arguments.end());
  std::string problem;
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(*messages), StringRef(*messages)};
  int code = sys::ExecuteAndWait(*linker, references, std::nullopt, redirects, 0, 0, &problem);
  if (code != 0) {
    if (problem.empty())
      if (ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(*messages))
        problem = (*text)->getBuffer().trim().str();
    return createStringError("cannot link '" + file + "': " + problem);
  }
  files.drop("messages");
  return Error::success();
}

Error emitPackage(StringRef name, StringRef producer, OutputFiles &files) {
  return files.write((name + ".pc").str(), [&](raw_pwrite_stream &stream) {
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
