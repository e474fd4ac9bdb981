// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bracket closes which, before anything else is parsed.
//
// A missing bracket would make the parser misread all that follows. So brackets are matched first, with one sure
// landmark: a line that starts, without indentation, like a declaration ("net Name", "import \"") starts one, whatever
// is open before it. Declarations with a wrong bracket get one error and are left out; the others are parsed, and the
// parser can rely on every bracket having its partner: recovery from an error in a statement is a jump to its end.
#pragma once

#include "dsl/Lexer.h"

namespace cnn::dsl {

struct BracketMap {
  /// For each token that is a bracket the index of its partner; for the others nothing of use.
  std::vector<uint32_t> partner;
  /// Token index ranges [first, last) of declarations with a wrong bracket, in order.
  std::vector<std::pair<uint32_t, uint32_t>> broken;
};

/// Whether the token at `index` starts a declaration. Only its own line is looked at.
bool startsDeclaration(const SourceFile &source, const std::vector<Token> &tokens, size_t index);

BracketMap matchBrackets(const SourceFile &source, const std::vector<Token> &tokens, DiagnosticEngine &diagnostics);

} // namespace cnn::dsl
