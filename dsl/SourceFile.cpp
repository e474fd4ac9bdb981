// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/SourceFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include <algorithm>
#include <cassert>
#include <optional>

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

static std::string textOf(std::error_code code) { return llvm::StringRef(code.message()).lower(); }

/// Reads to the end, but no more than a file may have: a pipe, or a file that grows, does not say its size.
static std::optional<std::string> readAll(llvm::sys::fs::file_t file, std::string &error) {
  std::string text;
  constexpr size_t chunk = 64 << 10;
  while (true) {
    size_t size = text.size();
    text.resize(size + chunk);
    llvm::Expected<size_t> count = llvm::sys::fs::readNativeFile(file, llvm::MutableArrayRef(&text[size], chunk));
    if (!count) {
      error = textOf(llvm::errorToErrorCode(count.takeError()));
      return std::nullopt;
    }
    text.resize(size + *count);
    if (text.size() > static_cast<size_t>(SourceFile::maxSize)) {
      error = "it has more than " + std::to_string(SourceFile::maxSize) + " bytes";
      return std::nullopt;
    }
    if (*count == 0)
      return text;
  }
}

const SourceFile *SourceTable::read(llvm::StringRef path, std::string &error) {
  if (!mayReadDisk) {
    for (const Entry &entry : files)
      if (entry.file->path() == path)
        return entry.file.get();
    error = "no such file or directory";
    return nullptr;
  }
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status)) {
    error = textOf(code);
    return nullptr;
  }
  llvm::sys::fs::file_type type = status.type();
  if (type != llvm::sys::fs::file_type::regular_file && type != llvm::sys::fs::file_type::fifo_file) {
    error = type == llvm::sys::fs::file_type::directory_file ? "is a directory" : "is not a file";
    return nullptr;
  }
  // A pipe may have no path but the one it was given by, as in `cnnc check <(cat lenet5.cnn)`.
  llvm::SmallString<128> realPath;
  if (llvm::sys::fs::real_path(path, realPath))
    realPath = path;
  for (const Entry &entry : files)
    if (entry.realPath == realPath)
      return entry.file.get();
  llvm::Expected<llvm::sys::fs::file_t> file = llvm::sys::fs::openNativeFileForRead(path);
  if (!file) {
    error = textOf(llvm::errorToErrorCode(file.takeError()));
    return nullptr;
  }
  std::optional<std::string> text = readAll(*file, error);
  llvm::sys::fs::closeFile(*file);
  if (!text)
    return nullptr;
  auto ordinal = static_cast<int64_t>(files.size());
  files.push_back({realPath.str().str(), std::make_unique<SourceFile>(path.str(), std::move(*text), ordinal)});
  return files.back().file.get();
}

const SourceFile *SourceTable::readArgument(llvm::StringRef path, std::string &error) {
  if (path != "-")
    return read(path, error);
  std::optional<std::string> text = readAll(llvm::sys::fs::getStdinHandle(), error);
  return text ? add("<stdin>", std::move(*text)) : nullptr;
}

const SourceFile *SourceTable::find(llvm::StringRef path) const {
  for (const Entry &entry : files)
    if (entry.file->path() == path)
      return entry.file.get();
  return nullptr;
}

const SourceFile *SourceTable::add(std::string path, std::string text) {
  auto ordinal = static_cast<int64_t>(files.size());
  files.push_back({"", std::make_unique<SourceFile>(std::move(path), std::move(text), ordinal)});
  return files.back().file.get();
}

} // namespace cnn::dsl
