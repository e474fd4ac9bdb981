// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "test/backends/ops/RemoteProgram.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace llvm;

namespace cnn::test {

static bool writeFile(const std::string &path, StringRef bytes) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return false;
  stream << bytes;
  stream.close();
  return !stream.has_error();
}

/// Runs a program; returns what it printed if it fails, else an empty text.
static std::string run(ArrayRef<StringRef> command, const std::string &messages) {
  std::string problem;
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(messages), StringRef(messages)};
  int code = sys::ExecuteAndWait(command.front(), command, std::nullopt, redirects, 0, 0, &problem);
  if (code == 0)
    return "";
  ErrorOr<std::unique_ptr<MemoryBuffer>> text = MemoryBuffer::getFile(messages);
  return (command.front() + ", exit code " + Twine(code) + ": " + problem + (text ? (*text)->getBuffer() : "")).str();
}

std::string RemoteProgram::findObstacle() {
  if (StringRef(CNN_QEMU_AARCH64).empty())
    return "qemu-aarch64 (package qemu-user) was not there when this was built";
  if (StringRef(CNN_AARCH64_OBJECTS).empty())
    return "the C library for AArch64 (packages libc6-dev-arm64-cross, libgcc-12-dev-arm64-cross) was not there when "
           "this "
           "was built";
  return "";
}

std::unique_ptr<RemoteProgram> RemoteProgram::link(StringRef object) {
  SmallString<128> folder;
  if (sys::fs::createUniqueDirectory("ops-test", folder))
    return nullptr;
  std::unique_ptr<RemoteProgram> program(new RemoteProgram(folder.str().str()));
  std::string objectFile = program->path("Test.o"), file = program->path("call");
  SmallVector<StringRef> objects;
  StringRef(CNN_AARCH64_OBJECTS).split(objects, '|');
  SmallVector<StringRef> command = {CNN_AARCH64_CLANG, "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-static"};
  command.append(objects);
  command.append({StringRef(objectFile), "-lm", "-o", StringRef(file)});
  std::string problem = writeFile(objectFile, object) ? run(command, program->path("messages")) : "cannot write Test.o";
  if (!problem.empty()) {
    errs() << problem << "\n";
    return nullptr;
  }
  return program;
}

RemoteProgram::~RemoteProgram() { sys::fs::remove_directories(folder); }

std::string RemoteProgram::call(const TestCall &call) {
  std::string text;
  raw_string_ostream stream(text);
  auto write = [&](int64_t value) { stream.write(reinterpret_cast<const char *>(&value), sizeof value); };
  for (int64_t value : {call.batch, call.seed, call.step, int64_t(bit_cast<int32_t>(call.rate)), int64_t(call.isSplit),
                        int64_t(call.fill), call.inputCount, call.resultCount})
    write(value);
  auto writeValue = [&](const TestValue &value, bool hasData) {
    write(std::strlen(value.name));
    write(value.bytes);
    stream << value.name;
    if (hasData)
      stream.write(static_cast<const char *>(value.data), value.bytes);
  };
  for (const TestValue &value : ArrayRef(call.inputs, call.inputCount))
    writeValue(value, /*hasData=*/true);
  for (const TestValue &value : ArrayRef(call.results, call.resultCount))
    writeValue(value, /*hasData=*/false);

  std::string program = path("call"), callFile = path("arguments"), resultFile = path("results");
  if (!writeFile(callFile, text))
    return "cannot write the call";
  if (std::string problem = run({CNN_QEMU_AARCH64, program, callFile, resultFile}, path("messages")); !problem.empty())
    return problem;
  ErrorOr<std::unique_ptr<MemoryBuffer>> results = MemoryBuffer::getFile(resultFile, /*IsText=*/false,
                                                                         /*RequiresNullTerminator=*/false);
  if (!results)
    return "cannot read the results";
  StringRef rest = (*results)->getBuffer();
  for (const TestValue &value : ArrayRef(call.results, call.resultCount)) {
    if (rest.size() < value.bytes)
      return "the results are cut off";
    std::memcpy(value.data, rest.data(), value.bytes);
    rest = rest.drop_front(value.bytes);
  }
  return rest.empty() ? "" : "the results are too long";
}

} // namespace cnn::test
