// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be said about names without evaluating anything, in all code, also in modules that no net uses and in
// branches that are not taken:
//
//   - a name that nothing defines, or that is used before it is bound;
//   - an argument that the called module or function does not have;
//   - a value that goes nowhere: an expression as a statement whose value nobody takes (often a forgotten `x = `);
//   - a type that there is not.
//
// Where evaluation could decide otherwise, nothing is said: a name bound in one branch of an `if` counts as bound, and
// so does, inside a loop, one that is bound further down in the loop.
#pragma once

#include "dsl/Ast.h"
#include "dsl/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace cnn::dsl {

/// What a file sees beyond its own bodies: its declarations, those it imports, and the standard library.
struct VisibleNames {
  /// The declaration of a name, or null.
  llvm::function_ref<const Decl *(llvm::StringRef)> find;
  /// All declared names, for suggestions.
  llvm::ArrayRef<llvm::StringRef> declared;
  /// Names that are known without a declaration.
  llvm::ArrayRef<llvm::StringRef> builtin;
  /// The names of types; if empty, types are not checked.
  llvm::ArrayRef<llvm::StringRef> types;
};

/// Reports each mistake once; a name that is unknown in several places of a declaration is reported at the first.
void checkNames(const FileAst &ast, const VisibleNames &visible, DiagnosticEngine &diagnostics);

} // namespace cnn::dsl
