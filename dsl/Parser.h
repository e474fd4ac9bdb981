// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text to syntax tree. The grammar is in docs/language.md.
#pragma once

#include "dsl/Ast.h"
#include "dsl/Diagnostics.h"
#include <memory>

namespace cnn::dsl {

/// Reads one file. The result is never null; after errors it holds what could be understood, and is not to be
/// evaluated. Imports are left to the caller.
std::unique_ptr<FileAst> parse(const SourceFile &source, DiagnosticEngine &diagnostics);

} // namespace cnn::dsl
