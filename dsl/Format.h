// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `cnnc fmt`: one look for all models.
//
//   - Two blanks of indentation, lines of at most 120 columns, one blank line where there were several.
//   - What fits on a line stands on one line, unless the user opened it up: a line break behind an opening bracket, or
//     before a '|>', is kept.
//   - `a + b`, `2*a`, `0..n`, `key = value`; blanks around '*' and '/' only where an operand is a call.
//   - In consecutive lines that pipe the same value, the '|>' stand under each other; so do the '=' of consecutive
//   entries.
//   - Comments are kept: those that own their line before what follows them, the others at the end of their line.
//   - Parentheses without effect are kept where they group operators, and dropped elsewhere.
//
// Formatting changes no tree, and a formatted text is not changed by formatting it again.
#pragma once

#include "dsl/Ast.h"
#include <string>

namespace cnn::dsl {

/// The formatted text of a file that was parsed without errors.
std::string format(const FileAst &ast);

} // namespace cnn::dsl
