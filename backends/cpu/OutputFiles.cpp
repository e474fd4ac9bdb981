// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/OutputFiles.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace llvm;

namespace cnn::cpu {

Expected<OutputFiles> OutputFiles::create(StringRef folder) {
  if (std::error_code code = sys::fs::create_directories(folder, /*IgnoreExisting=*/true, sys::fs::all_all))
    return createStringError("cannot make the folder '" + folder + "': " + code.message());
  if (!sys::fs::is_directory(folder))
    return createStringError("'" + folder + "' is not a folder");
  OutputFiles files;
  files.folder = folder.str();
  return std::move(files);
}

OutputFiles::~OutputFiles() {
  for (const File &file : files)
    remove(file);
}

void OutputFiles::remove(const File &file) {
  sys::fs::remove(file.temporary);
  sys::DontRemoveFileOnSignal(file.temporary);
}

Expected<std::string> OutputFiles::reserve(StringRef name) {
  SmallString<256> model(folder), temporary;
  sys::path::append(model, "." + name + ".%%%%%%%%");
  int descriptor;
  if (std::error_code code = sys::fs::createUniqueFile(model, descriptor, temporary))
    return createStringError("cannot write to the folder '" + folder + "': " + code.message());
  sys::Process::SafelyCloseFileDescriptor(descriptor);
  files.push_back({name.str(), temporary.str().str()});
  sys::RemoveFileOnSignal(temporary); // Ctrl-C
  return temporary.str().str();
}

Error OutputFiles::write(StringRef name, function_ref<void(raw_pwrite_stream &)> writer) {
  Expected<std::string> path = reserve(name);
  if (!path)
    return path.takeError();
  std::error_code code;
  raw_fd_ostream stream(*path, code);
  if (!code) {
    writer(stream);
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    return createStringError("cannot write '" + name + "' in '" + folder + "': " + code.message());
  return Error::success();
}

std::string OutputFiles::getPath(StringRef name) const {
  for (const File &file : files)
    if (file.name == name)
      return file.temporary;
  llvm_unreachable("a file that was reserved");
}

void OutputFiles::drop(StringRef name) {
  llvm::erase_if(files, [&](const File &file) {
    if (file.name != name)
      return false;
    remove(file);
    return true;
  });
}

Error OutputFiles::commit() {
  auto placeOf = [&](const File &file) {
    SmallString<256> place(folder);
    sys::path::append(place, file.name);
    return place;
  };
  // A folder is what keeps a file from its name where its neighbours get theirs.
  for (const File &file : files)
    if (SmallString<256> place = placeOf(file); sys::fs::is_directory(place))
      return createStringError("cannot write '" + place + "': it is a folder");
  for (const File &file : files) {
    SmallString<256> place = placeOf(file);
    if (std::error_code code = sys::fs::rename(file.temporary, place))
      return createStringError("cannot write '" + place + "': " + code.message());
    sys::DontRemoveFileOnSignal(file.temporary);
  }
  files.clear();
  return Error::success();
}

} // namespace cnn::cpu
