// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Tokens.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

namespace cnn::dsl {

TokenKind kindOfWord(llvm::StringRef word) {
  return llvm::StringSwitch<TokenKind>(word)
      .Case("and", TokenKind::KeywordAnd)
      .Case("assert", TokenKind::KeywordAssert)
      .Case("else", TokenKind::KeywordElse)
      .Case("false", TokenKind::KeywordFalse)
      .Case("for", TokenKind::KeywordFor)
      .Case("if", TokenKind::KeywordIf)
      .Case("in", TokenKind::KeywordIn)
      .Case("not", TokenKind::KeywordNot)
      .Case("off", TokenKind::KeywordOff)
      .Case("on", TokenKind::KeywordOn)
      .Case("or", TokenKind::KeywordOr)
      .Case("true", TokenKind::KeywordTrue)
      .Default(TokenKind::Identifier);
}

llvm::StringRef describe(TokenKind kind) {
  switch (kind) {
  case TokenKind::EndOfFile:
    return "the end of the file";
  case TokenKind::Invalid:
    return "an invalid character";
  case TokenKind::Identifier:
    return "a name";
  case TokenKind::KeywordAnd:
    return "'and'";
  case TokenKind::KeywordAssert:
    return "'assert'";
  case TokenKind::KeywordElse:
    return "'else'";
  case TokenKind::KeywordFalse:
    return "'false'";
  case TokenKind::KeywordFor:
    return "'for'";
  case TokenKind::KeywordIf:
    return "'if'";
  case TokenKind::KeywordIn:
    return "'in'";
  case TokenKind::KeywordNot:
    return "'not'";
  case TokenKind::KeywordOff:
    return "'off'";
  case TokenKind::KeywordOn:
    return "'on'";
  case TokenKind::KeywordOr:
    return "'or'";
  case TokenKind::KeywordTrue:
    return "'true'";
  case TokenKind::Integer:
    return "an integer";
  case TokenKind::Real:
    return "a number";
  case TokenKind::String:
    return "a string";
  case TokenKind::Window:
    return "a window";
  case TokenKind::LeftParen:
    return "'('";
  case TokenKind::RightParen:
    return "')'";
  case TokenKind::LeftSquare:
    return "'['";
  case TokenKind::RightSquare:
    return "']'";
  case TokenKind::LeftBrace:
    return "'{'";
  case TokenKind::RightBrace:
    return "'}'";
  case TokenKind::Arrow:
    return "'->'";
  case TokenKind::At:
    return "'@'";
  case TokenKind::Caret:
    return "'^'";
  case TokenKind::Colon:
    return "':'";
  case TokenKind::Comma:
    return "','";
  case TokenKind::Dot:
    return "'.'";
  case TokenKind::DotDot:
    return "'..'";
  case TokenKind::Ellipsis:
    return "'...'";
  case TokenKind::Equal:
    return "'='";
  case TokenKind::EqualEqual:
    return "'=='";
  case TokenKind::Greater:
    return "'>'";
  case TokenKind::GreaterEqual:
    return "'>='";
  case TokenKind::Less:
    return "'<'";
  case TokenKind::LessEqual:
    return "'<='";
  case TokenKind::Minus:
    return "'-'";
  case TokenKind::NotEqual:
    return "'!='";
  case TokenKind::Percent:
    return "'%'";
  case TokenKind::Pipe:
    return "'|>'";
  case TokenKind::Plus:
    return "'+'";
  case TokenKind::Semicolon:
    return "';'";
  case TokenKind::Slash:
    return "'/'";
  case TokenKind::Star:
    return "'*'";
  }
  llvm_unreachable("all kinds are listed");
}

bool isBinaryOperator(TokenKind kind) {
  switch (kind) {
  case TokenKind::KeywordAnd:
  case TokenKind::KeywordOr:
  case TokenKind::Caret:
  case TokenKind::DotDot:
  case TokenKind::EqualEqual:
  case TokenKind::Greater:
  case TokenKind::GreaterEqual:
  case TokenKind::Less:
  case TokenKind::LessEqual:
  case TokenKind::Minus:
  case TokenKind::NotEqual:
  case TokenKind::Percent:
  case TokenKind::Pipe:
  case TokenKind::Plus:
  case TokenKind::Slash:
  case TokenKind::Star:
    return true;
  default:
    return false;
  }
}

} // namespace cnn::dsl
