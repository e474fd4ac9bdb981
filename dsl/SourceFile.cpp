// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/SourceFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <algorithm>
#include <cassert>

namespace cnn::dsl {

LineColumn SourceRange::beginPosition() const { return file ? file->position(begin) : LineColumn(); }

LineColumn SourceRange::endPosition() const { return file ? file->position(end) : LineColumn(); }

llvm::StringRef SourceRange::text() const { return file ? file->text().slice(begin, end) : llvm::StringRef(); }

SourceFile::SourceFile(std::string path, std::string text, int64_t ordinal)
    : filePath(std::move(path)), contents(std::move(text)), fileOrdinal(ordinal) {
  lineStarts.push_back(0);
  for (size_t i = 0; i < contents.size(); ++i)
    if (contents[i] == '\n')
      lineStarts.push_back(static_cast<uint32_t>(i + 1));
}

LineColumn SourceFile::position(uint32_t offset) const {
  offset = std::min(offset, static_cast<uint32_t>(contents.size()));
  auto next = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  int64_t line = next - lineStarts.begin();
  return {line, static_cast<int64_t>(offset) - lineStarts[line - 1] + 1};
}

llvm::StringRef SourceFile::lineText(int64_t line) const {
  assert(line >= 1 && line <= lineCount() && "no such line");
  size_t begin = lineStarts[line - 1];
  size_t end = line < lineCount() ? lineStarts[line] - 1 : contents.size();
  llvm::StringRef text = llvm::StringRef(contents).slice(begin, end);
  text.consume_back("\r");
  return text;
}

const SourceFile *SourceTable::read(llvm::StringRef path, std::string &error) {
  llvm::SmallString<128> realPath;
  if (std::error_code code = llvm::sys::fs::real_path(path, realPath)) {
    error = llvm::StringRef(code.message()).lower();
    return nullptr;
  }
  for (const Entry &entry : files)
    if (entry.realPath == realPath)
      return entry.file.get();

  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(realPath, status)) {
    error = llvm::StringRef(code.message()).lower();
    return nullptr;
  }
  if (llvm::sys::fs::is_directory(status)) {
    error = "is a directory";
    return nullptr;
  }
  // The size of a pipe or device is not known before it is read; the second check below covers those.
  auto tooLarge = [&](uint64_t size) {
    if (size <= static_cast<uint64_t>(SourceFile::maxSize))
      return false;
    error = "the file has " + std::to_string(size) + " bytes, but at most " + std::to_string(SourceFile::maxSize) +
            " are allowed";
    return true;
  };
  if (tooLarge(status.getSize()))
    return nullptr;
  auto buffer = llvm::MemoryBuffer::getFile(realPath, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    error = llvm::StringRef(buffer.getError().message()).lower();
    return nullptr;
  }
  if (tooLarge((*buffer)->getBufferSize()))
    return nullptr;
  auto ordinal = static_cast<int64_t>(files.size());
  files.push_back(
      {realPath.str().str(), std::make_unique<SourceFile>(path.str(), (*buffer)->getBuffer().str(), ordinal)});
  return files.back().file.get();
}

const SourceFile *SourceTable::add(std::string path, std::string text) {
  auto ordinal = static_cast<int64_t>(files.size());
  files.push_back({"", std::make_unique<SourceFile>(std::move(path), std::move(text), ordinal)});
  return files.back().file.get();
}

} // namespace cnn::dsl
