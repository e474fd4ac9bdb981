// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace cnn::dsl {

enum class TokenKind : uint8_t {
  EndOfFile,
  /// Something that is no token; the lexer has reported it.
  Invalid,
  // Words. Those that introduce declarations (net, data, …), and param and state, are plain identifiers: they have
  // their meaning only where a declaration may start.
  Identifier,
  KeywordAnd,
  KeywordAssert,
  KeywordElse,
  KeywordFalse,
  KeywordFor,
  KeywordIf,
  KeywordIn,
  KeywordNot,
  KeywordOff,
  KeywordOn,
  KeywordOr,
  KeywordTrue,
  // Literals.
  Integer,
  Real,
  String,
  Window,
  // Brackets.
  LeftParen,
  RightParen,
  LeftSquare,
  RightSquare,
  LeftBrace,
  RightBrace,
  // Punctuation and operators.
  Arrow,
  At,
  Caret,
  Colon,
  Comma,
  Dot,
  DotDot,
  Ellipsis,
  Equal,
  EqualEqual,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  Minus,
  NotEqual,
  Percent,
  Pipe,
  Plus,
  Semicolon,
  Slash,
  Star,
};

/// How messages call a kind of token: "a name", "'|>'", "the end of the file".
llvm::StringRef describe(TokenKind kind);

/// Whether it stands between two operands, so that a line that ends in it goes on.
bool isBinaryOperator(TokenKind kind);

/// The kind of a word: a reserved word, or a name.
TokenKind kindOfWord(llvm::StringRef word);

struct Token {
  uint32_t begin = 0;
  uint32_t end = 0;
  TokenKind kind = TokenKind::EndOfFile;
  /// It is the first token on its line.
  bool startsLine = false;

  /// An identifier or a reserved word.
  bool isWord() const { return kind >= TokenKind::Identifier && kind <= TokenKind::KeywordTrue; }
  bool isOpening() const {
    return kind == TokenKind::LeftParen || kind == TokenKind::LeftSquare || kind == TokenKind::LeftBrace;
  }
  bool isClosing() const {
    return kind == TokenKind::RightParen || kind == TokenKind::RightSquare || kind == TokenKind::RightBrace;
  }
};

} // namespace cnn::dsl
