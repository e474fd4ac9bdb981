// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <cmath>

namespace cnn::dsl {

//===----------------------------------------- Values of literals -------------------------------------------------===//

static std::string withoutSeparators(llvm::StringRef text) {
  std::string digits = text.str();
  llvm::erase(digits, '_');
  return digits;
}

std::optional<int64_t> integerValue(llvm::StringRef text) {
  int64_t value = 0;
  if (llvm::StringRef(withoutSeparators(text)).getAsInteger(10, value))
    return std::nullopt;
  return value;
}

std::optional<double> realValue(llvm::StringRef text) {
  bool isPercent = text.consume_back("%");
  double value = 0;
  if (llvm::StringRef(withoutSeparators(text)).getAsDouble(value) || !std::isfinite(value))
    return std::nullopt;
  return isPercent ? value / 100 : value;
}

std::optional<std::vector<int64_t>> windowValue(llvm::StringRef text) {
  std::vector<int64_t> sizes;
  llvm::SmallVector<llvm::StringRef, 3> parts;
  text.split(parts, 'x');
  for (llvm::StringRef part : parts) {
    std::optional<int64_t> size = integerValue(part);
    if (!size)
      return std::nullopt;
    sizes.push_back(*size);
  }
  return sizes;
}

std::string stringValue(llvm::StringRef text) {
  std::string value;
  text = text.drop_front().drop_back();
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      c = text[++i];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    value += c;
  }
  return value;
}

//===----------------------------------------------- Lexer --------------------------------------------------------===//

namespace {

class Lexer {
public:
  Lexer(const SourceFile &source, DiagnosticEngine &diagnostics)
      : source(source), text(source.text()), diagnostics(diagnostics) {}

  LexedFile run();

private:
  char at(size_t offset) const { return offset < text.size() ? text[offset] : '\0'; }
  bool isDigitAt(size_t offset) const { return llvm::isDigit(at(offset)); }
  Diagnostic &error(size_t begin, size_t end, const llvm::Twine &message);
  void add(TokenKind kind, size_t end);
  void skipBlanksAndComments();
  void lexToken();
  void lexNumber();
  void lexString();
  bool lexPunctuation();
  void lexForeign();
  void lexNonAscii();
  /// The end of digits, which may be grouped by '_', starting at `offset`.
  size_t endOfDigits(size_t offset) const;

  const SourceFile &source;
  llvm::StringRef text;
  DiagnosticEngine &diagnostics;
  LexedFile result;
  size_t position = 0;
  bool atLineStart = true;
  int64_t errors = 0;
};

} // namespace

Diagnostic &Lexer::error(size_t begin, size_t end, const llvm::Twine &message) {
  ++errors;
  return diagnostics.error(source.range(static_cast<uint32_t>(begin), static_cast<uint32_t>(end)), message);
}

void Lexer::add(TokenKind kind, size_t end) {
  result.tokens.push_back({static_cast<uint32_t>(position), static_cast<uint32_t>(end), kind, atLineStart});
  atLineStart = false;
  position = end;
}

LexedFile Lexer::run() {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    error(0, 2, "the file is encoded in UTF-16, but a model is UTF-8 text");
    position = text.size();
  } else if (text.starts_with("\xef\xbb\xbf")) {
    position = 3;
  }
  // A file with this many bad characters is no model, and nothing is gained by going on.
  while (errors < DiagnosticEngine::maxErrors) {
    skipBlanksAndComments();
    if (position >= text.size())
      break;
    lexToken();
  }
  position = text.size();
  atLineStart = true;
  add(TokenKind::EndOfFile, position);
  return std::move(result);
}

void Lexer::skipBlanksAndComments() {
  while (position < text.size()) {
    char c = text[position];
    if (c == '\n') {
      atLineStart = true;
      ++position;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++position;
    } else if (c == '#') {
      size_t end = std::min(text.find('\n', position), text.size());
      size_t trimmed = position + text.slice(position, end).rtrim(" \t\r").size();
      SourceRange range = source.range(static_cast<uint32_t>(position), static_cast<uint32_t>(trimmed));
      llvm::StringRef comment = range.text();
      size_t zero = comment.find('\0');
      if (zero != llvm::StringRef::npos)
        error(position + zero, position + zero + 1, "unexpected NUL byte in a comment");
      else if (const auto *begin = reinterpret_cast<const llvm::UTF8 *>(comment.begin());
               !llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(comment.end()))) {
        size_t bad = reinterpret_cast<const char *>(begin) - text.data();
        error(bad, bad + 1, "invalid UTF-8 in a comment");
      }
      result.comments.push_back({range, atLineStart});
      position = end;
    } else {
      return;
    }
  }
}

void Lexer::lexToken() {
  char c = text[position];
  if (llvm::isAlpha(c) || c == '_') {
    size_t end = position + 1;
    while (llvm::isAlnum(at(end)) || at(end) == '_')
      ++end;
    add(kindOfWord(text.slice(position, end)), end);
  } else if (llvm::isDigit(c)) {
    lexNumber();
  } else if (c == '"') {
    lexString();
  } else if (!lexPunctuation()) {
    lexForeign();
  }
}

size_t Lexer::endOfDigits(size_t offset) const {
  while (isDigitAt(offset) || (at(offset) == '_' && isDigitAt(offset + 1)))
    ++offset;
  return offset;
}

void Lexer::lexNumber() {
  size_t end = endOfDigits(position);
  auto kind = TokenKind::Integer;
  if (at(end) == 'x' && isDigitAt(end + 1)) {
    kind = TokenKind::Window;
    while (at(end) == 'x' && isDigitAt(end + 1))
      end = endOfDigits(end + 1);
  } else {
    if (at(end) == '.' && isDigitAt(end + 1)) {
      kind = TokenKind::Real;
      end = endOfDigits(end + 1);
    }
    size_t exponent = end + 1 + (at(end + 1) == '+' || at(end + 1) == '-');
    if ((at(end) == 'e' || at(end) == 'E') && isDigitAt(exponent)) {
      kind = TokenKind::Real;
      end = endOfDigits(exponent);
    }
    // `0.5%` is a percentage where no operand can follow; otherwise the sign is the remainder operator.
    if (at(end) == '%') {
      size_t next = end + 1;
      while (at(next) == ' ' || at(next) == '\t' || at(next) == '\r')
        ++next;
      if (next >= text.size() || llvm::StringRef("\n,;)]}#").contains(at(next))) {
        kind = TokenKind::Real;
        ++end;
      }
    }
  }

  llvm::StringRef spelling = text.slice(position, end);
  if (llvm::isAlnum(at(end)) || at(end) == '_') {
    size_t wordEnd = end;
    while (llvm::isAlnum(at(wordEnd)) || at(wordEnd) == '_')
      ++wordEnd;
    llvm::StringRef word = text.slice(position, wordEnd);
    if (llvm::StringRef(word.lower()).trim("0123456789x_").empty() && word.contains_insensitive('x')) {
      error(position, wordEnd, "malformed window '" + word + "'")
          .help(source.range(position, wordEnd), "a window is written as sizes with 'x' between them: 3x3, 1x3x3");
    } else {
      error(position, wordEnd, "malformed number '" + word + "'")
          .help(source.range(position, wordEnd), "a name must not start with a digit");
    }
    add(TokenKind::Invalid, wordEnd);
    return;
  }
  if (kind == TokenKind::Integer && !integerValue(spelling)) {
    error(position, end, "the integer is too large: at most 9223372036854775807 fits");
    kind = TokenKind::Invalid;
  } else if (kind == TokenKind::Real && !realValue(spelling)) {
    error(position, end, "the number is too large for a real");
    kind = TokenKind::Invalid;
  } else if (kind == TokenKind::Window) {
    std::optional<std::vector<int64_t>> sizes = windowValue(spelling);
    if (!sizes) {
      error(position, end, "a size of the window is too large");
      kind = TokenKind::Invalid;
    } else if (llvm::is_contained(*sizes, 0)) {
      Diagnostic &diagnostic = error(position, end, "the sizes of a window must be at least 1");
      std::string list;
      for (int64_t size : *sizes)
        list += (list.empty() ? "[" : ", ") + std::to_string(size);
      diagnostic.help(diagnostic.range, "where a size may be 0, as in padding, write a list: " + list + "]");
      kind = TokenKind::Invalid;
    }
  }
  add(kind, end);
}

void Lexer::lexString() {
  auto kind = TokenKind::String;
  // Only the first mistake in a string is reported.
  auto reject = [&](size_t begin, size_t end, const llvm::Twine &message, llvm::StringRef advice = "") {
    if (kind == TokenKind::Invalid)
      return;
    kind = TokenKind::Invalid;
    Diagnostic &diagnostic = error(begin, end, message);
    if (!advice.empty())
      diagnostic.help(source.range(begin, end), advice);
  };
  for (size_t end = position + 1;; ++end) {
    char c = at(end);
    if (end >= text.size() || c == '\n') {
      size_t lineEnd = position + text.slice(position, end).rtrim("\r").size();
      reject(position, lineEnd, "the string is not closed before the end of the line");
      return add(TokenKind::Invalid, end);
    }
    if (c == '"')
      return add(kind, end + 1);
    if (c == '\\') {
      char escaped = at(end + 1);
      if (escaped == '\n' || escaped == '\r' || end + 1 >= text.size())
        continue;
      if (llvm::StringRef("\"\\nt").contains(escaped))
        ++end;
      else
        reject(end, end + 2, "unknown escape in a string",
               "the escapes are \\\" \\\\ \\n \\t; a backslash itself is \\\\");
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') {
      reject(end, end + 1, "unexpected control character in a string");
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      size_t length = llvm::getNumBytesForUTF8(c);
      const auto *start = reinterpret_cast<const llvm::UTF8 *>(text.data() + end);
      if (end + length > text.size() || !llvm::isLegalUTF8Sequence(start, start + length))
        reject(end, end + 1, "invalid UTF-8 in a string");
      else
        end += length - 1;
    }
  }
}

bool Lexer::lexPunctuation() {
  llvm::StringRef rest = text.substr(position);
  // Signs of other languages that would be read as two tokens.
  if (rest.starts_with("//") || rest.starts_with("**") || rest.starts_with("=>") || rest.starts_with("/*"))
    return false;
  if (rest.starts_with("\u2026")) {
    add(TokenKind::Ellipsis, position + llvm::StringRef("\u2026").size());
    return true;
  }
  auto addIf = [&](llvm::StringRef spelling, TokenKind kind) {
    if (!rest.starts_with(spelling))
      return false;
    add(kind, position + spelling.size());
    return true;
  };
  // A spelling that begins another one is tried behind it.
  switch (rest[0]) {
  case '(':
    return addIf("(", TokenKind::LeftParen);
  case ')':
    return addIf(")", TokenKind::RightParen);
  case '[':
    return addIf("[", TokenKind::LeftSquare);
  case ']':
    return addIf("]", TokenKind::RightSquare);
  case '{':
    return addIf("{", TokenKind::LeftBrace);
  case '}':
    return addIf("}", TokenKind::RightBrace);
  case '.':
    return addIf("...", TokenKind::Ellipsis) || addIf("..", TokenKind::DotDot) || addIf(".", TokenKind::Dot);
  case '-':
    return addIf("->", TokenKind::Arrow) || addIf("-", TokenKind::Minus);
  case '|':
    return addIf("|>", TokenKind::Pipe);
  case '=':
    return addIf("==", TokenKind::EqualEqual) || addIf("=", TokenKind::Equal);
  case '!':
    return addIf("!=", TokenKind::NotEqual);
  case '<':
    return addIf("<=", TokenKind::LessEqual) || addIf("<", TokenKind::Less);
  case '>':
    return addIf(">=", TokenKind::GreaterEqual) || addIf(">", TokenKind::Greater);
  case '@':
    return addIf("@", TokenKind::At);
  case '^':
    return addIf("^", TokenKind::Caret);
  case ':':
    return addIf(":", TokenKind::Colon);
  case ',':
    return addIf(",", TokenKind::Comma);
  case '%':
    return addIf("%", TokenKind::Percent);
  case '+':
    return addIf("+", TokenKind::Plus);
  case ';':
    return addIf(";", TokenKind::Semicolon);
  case '/':
    return addIf("/", TokenKind::Slash);
  case '*':
    return addIf("*", TokenKind::Star);
  default:
    return false;
  }
}

/// Reports what is not part of the language, with the right spelling where the wrong one is well known.
void Lexer::lexForeign() {
  struct Habit {
    llvm::StringRef text;
    llvm::StringRef advice;
    bool toLineEnd = false;
  };
  static constexpr Habit habits[] = {
      {"//", "a comment starts with '#'", true},
      {"/*", "a comment starts with '#'", true},
      {"**", "the power is written 'x^2'"},
      {"=>", "did you mean '->' or '>='?"},
      {"&&", "write 'and'"},
      {"||", "write 'or'"},
      {"!", "write 'not'"},
      {"|", "the pipe is written '|>'"},
      {"'", "a string is written in double quotes"},
      {"\u00d7", "write '*' to multiply, 3x3 for a window"},
      {"\u2212", "write '-'"},
      {"\u2013", "write '-'"},
      {"\u2192", "write '->'"},
      {"\u2264", "write '<='"},
      {"\u2265", "write '>='"},
      {"\u2260", "write '!='"},
      {"\u201c", "a string is written in plain double quotes"},
      {"\u201d", "a string is written in plain double quotes"},
      {"\u00a0", "this is a no-break space; write a plain one"},
  };
  llvm::StringRef rest = text.substr(position);
  for (const Habit &habit : habits) {
    if (!rest.starts_with(habit.text))
      continue;
    size_t end = position + habit.text.size();
    if (habit.text == "'" && rest.find('\'', 1) < rest.find('\n'))
      end = position + rest.find('\'', 1) + 1;
    error(position, end, "unexpected '" + text.slice(position, end) + "'")
        .help(source.range(position, end), habit.advice);
    if (habit.toLineEnd)
      end = std::min(text.find('\n', position), text.size());
    return add(TokenKind::Invalid, end);
  }
  if (static_cast<unsigned char>(rest[0]) >= 0x80)
    return lexNonAscii();

  size_t end = position + 1;
  while (at(end) == rest[0] && end < text.size())
    ++end;
  if (llvm::isPrint(rest[0]))
    error(position, end, "unexpected character '" + rest.take_front() + "'");
  else
    error(position, end,
          rest[0] == '\0' ? "unexpected NUL byte; is this a binary file?"
                          : "unexpected control character U+" + llvm::utohexstr(rest[0], false, 4));
  add(TokenKind::Invalid, end);
}

/// One error for a run of characters outside ASCII, or of bytes that are no UTF-8.
void Lexer::lexNonAscii() {
  auto decode = [&](size_t offset, llvm::UTF32 &codePoint) -> size_t {
    const auto *start = reinterpret_cast<const llvm::UTF8 *>(text.data() + offset);
    const llvm::UTF8 *from = start;
    if (llvm::convertUTF8Sequence(&from, reinterpret_cast<const llvm::UTF8 *>(text.end()), &codePoint,
                                  llvm::strictConversion) != llvm::conversionOK)
      return 0;
    return from - start;
  };
  llvm::UTF32 first = 0;
  size_t firstLength = decode(position, first);
  bool isValid = firstLength != 0;
  size_t end = position + std::max<size_t>(firstLength, 1);
  while (end < text.size() && static_cast<unsigned char>(text[end]) >= 0x80) {
    llvm::UTF32 codePoint = 0;
    size_t length = decode(end, codePoint);
    if ((length != 0) != isValid)
      break;
    end += std::max<size_t>(length, 1);
  }
  if (isValid)
    error(position, end,
          "unexpected character U+" + llvm::utohexstr(first, false, 4) +
              "; names are made of the letters a to z, digits and '_'");
  else
    error(position, end, "invalid UTF-8; a model is UTF-8 text");
  add(TokenKind::Invalid, end);
}

LexedFile lex(const SourceFile &source, DiagnosticEngine &diagnostics) { return Lexer(source, diagnostics).run(); }

} // namespace cnn::dsl
