// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The files of one compilation and the names they define.
//
// A file sees its own names, then those of the files it imports (not what these import), then the standard library.
#pragma once

#include "dsl/Ast.h"
#include "dsl/Diagnostics.h"
#include "dsl/SourceFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <vector>

namespace cnn::dsl {

struct FileScope;

/// A const, net, module, fn or data block, and the file whose names its body sees.
struct Definition {
  const Decl *decl = nullptr;
  const FileScope *file = nullptr;
  Name name;
};

struct FileScope {
  std::unique_ptr<FileAst> ast;
  bool isStandard = false;
  /// Defined in this file, then also those of the imported files.
  llvm::StringMap<Definition> own;
  llvm::StringMap<Definition> visible;
  const FileScope *standard = nullptr;

  /// Null if nothing of that name is visible.
  const Definition *find(llvm::StringRef name) const;
  /// All names that are visible, for suggestions.
  std::vector<llvm::StringRef> names() const;
};

class Program {
public:
  /// Reads `main` and all that it imports, and the standard library. Null if there is an error in any of them.
  static std::unique_ptr<Program> load(SourceTable &sources, const SourceFile &main, DiagnosticEngine &diagnostics);

  const FileScope &main() const { return *mainScope; }
  void forEachUserFile(llvm::function_ref<void(const FileScope &)> action) const {
    for (const auto &loaded : files)
      action(*loaded->scope);
  }
  const FileScope &standard() const { return *standardScope; }

private:
  FileScope *loadFile(SourceTable &sources, const SourceFile &source, DiagnosticEngine &diagnostics);
  bool loadStandard(SourceTable &sources, DiagnosticEngine &diagnostics);
  void import(SourceTable &sources, FileScope &into, const ImportDecl &decl, DiagnosticEngine &diagnostics);

  struct Loaded {
    const SourceFile *source;
    std::unique_ptr<FileScope> scope;
    /// Still being read: an import that finds it so closes a cycle.
    bool isOpen = true;
  };
  std::vector<std::unique_ptr<Loaded>> files;
  FileScope *mainScope = nullptr;
  std::vector<std::unique_ptr<FileScope>> standardScopes;
  std::unique_ptr<FileScope> standardScope;
};

/// One file of the standard library, embedded in the compiler.
struct StandardFile {
  llvm::StringRef path;
  llvm::StringRef text;
};
llvm::ArrayRef<StandardFile> standardFiles();

} // namespace cnn::dsl
