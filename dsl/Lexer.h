// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text to tokens. Blanks and comments separate tokens; line ends are kept as a mark on the token that follows. What is
// no token is reported here, once, and leaves an Invalid token, at which the parser stays silent.
#pragma once

#include "dsl/Ast.h"
#include "dsl/Diagnostics.h"
#include "dsl/Tokens.h"
#include <optional>
#include <string>
#include <vector>

namespace cnn::dsl {

struct LexedFile {
  /// Ends with an EndOfFile token.
  std::vector<Token> tokens;
  std::vector<Comment> comments;
};

LexedFile lex(const SourceFile &source, DiagnosticEngine &diagnostics);

/// The values of literal tokens, from their text. The lexer has checked the form; nothing if the value does not fit.
std::optional<int64_t> integerValue(llvm::StringRef text);
std::optional<double> realValue(llvm::StringRef text);
std::optional<std::vector<int64_t>> windowValue(llvm::StringRef text);
/// Takes the text with its quotes.
std::string stringValue(llvm::StringRef text);

} // namespace cnn::dsl
