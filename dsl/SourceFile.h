// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of `.cnn` files and places in it.
//
// A SourceRange is a half-open interval of byte offsets in one file. It is two words, is copied freely, and is turned
// into line and column only when a diagnostic is shown. Lines and columns start at 1; columns count bytes.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cnn::dsl {

class SourceFile;

struct LineColumn {
  int64_t line = 1;
  int64_t column = 1;
};

struct SourceRange {
  const SourceFile *file = nullptr;
  uint32_t begin = 0;
  uint32_t end = 0;

  /// False for the range of something that no file holds, such as the command line.
  bool isValid() const { return file != nullptr; }
  LineColumn beginPosition() const;
  LineColumn endPosition() const;
  /// The text covered.
  llvm::StringRef text() const;
  /// The empty range at the start, or just behind the end.
  SourceRange atBegin() const { return {file, begin, begin}; }
  SourceRange atEnd() const { return {file, end, end}; }
  /// The smallest range that covers both; they must be in one file.
  SourceRange to(SourceRange last) const { return {file, begin, last.end}; }

  bool operator==(const SourceRange &) const = default;
};

/// The immutable text of one file. Ranges and syntax trees point into it, so it must outlive them and never moves.
class SourceFile {
public:
  /// No larger file is read: a larger one is surely not a model, and offsets must fit 32 bits.
  static constexpr int64_t maxSize = 16 << 20;

  /// `path` is shown in diagnostics as it stands. `ordinal` orders diagnostics of different files.
  SourceFile(std::string path, std::string text, int64_t ordinal = 0);
  SourceFile(const SourceFile &) = delete;
  SourceFile &operator=(const SourceFile &) = delete;

  llvm::StringRef path() const { return filePath; }
  llvm::StringRef text() const { return contents; }
  int64_t ordinal() const { return fileOrdinal; }
  int64_t lineCount() const { return static_cast<int64_t>(lineStarts.size()); }
  /// Line and column of a byte offset; an offset behind the end is taken as the end.
  LineColumn position(uint32_t offset) const;
  /// The text of a line, from 1, without its line ending (LF or CR LF).
  llvm::StringRef lineText(int64_t line) const;
  SourceRange range(uint32_t begin, uint32_t end) const { return {this, begin, end}; }

private:
  std::string filePath;
  std::string contents;
  int64_t fileOrdinal;
  std::vector<uint32_t> lineStarts;
};

/// All files of one compilation. A file reached by two paths is read once.
class SourceTable {
public:
  SourceTable() = default;
  /// A table that never looks at the disk: read() finds what was added under that path.
  static SourceTable withoutDisk() {
    SourceTable table;
    table.mayReadDisk = false;
    return table;
  }

  /// Reads a file, or finds it if it was read before. Returns null and sets `error` to a sentence without the path
  /// ("no such file or directory") if it cannot be read, is neither a file nor a pipe, or is larger than
  /// SourceFile::maxSize.
  const SourceFile *read(llvm::StringRef path, std::string &error);
  /// The same for a path from the command line, where `-` is standard input.
  const SourceFile *readArgument(llvm::StringRef path, std::string &error);
  /// The file that is shown as `path` in diagnostics, if it was read or added; null otherwise.
  const SourceFile *find(llvm::StringRef path) const;
  /// Adds text that is not on disk: the standard library, standard input, tests.
  const SourceFile *add(std::string path, std::string text);
  /// In the order in which they were read.
  void forEach(llvm::function_ref<void(const SourceFile &)> action) const {
    for (const Entry &entry : files)
      action(*entry.file);
  }

private:
  struct Entry {
    std::string realPath;
    std::unique_ptr<SourceFile> file;
  };
  std::vector<Entry> files;
  bool mayReadDisk = true;
};

} // namespace cnn::dsl
