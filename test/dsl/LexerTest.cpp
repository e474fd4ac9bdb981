// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Lexer.h"
#include "gtest/gtest.h"

using namespace cnn::dsl;

namespace {

struct Lexed {
  explicit Lexed(std::string text) : source("test.cnn", std::move(text)), file(lex(source, diagnostics)) {}
  /// The kinds without the end of the file.
  std::vector<TokenKind> kinds() const {
    std::vector<TokenKind> result;
    for (const Token &token : file.tokens)
      result.push_back(token.kind);
    result.pop_back();
    return result;
  }
  std::string messages() const {
    std::string result;
    for (const Diagnostic *diagnostic : diagnostics.sorted())
      result += diagnostic->message + "\n";
    return result;
  }
  llvm::StringRef text(size_t index) const {
    return source.text().slice(file.tokens[index].begin, file.tokens[index].end);
  }

  SourceFile source;
  DiagnosticEngine diagnostics;
  LexedFile file;
};

using Kinds = std::vector<TokenKind>;
using enum TokenKind;

TEST(Lexer, Words) {
  Lexed lexed("and x net on param _a1");
  EXPECT_EQ(lexed.kinds(), (Kinds{KeywordAnd, Identifier, Identifier, KeywordOn, Identifier, Identifier}));
  EXPECT_EQ(lexed.messages(), "");
}

TEST(Lexer, NumbersAndWindows) {
  Lexed lexed("5 1_000 0.05 5e-4 1E3 5x5 1x3x3 10..20");
  EXPECT_EQ(lexed.kinds(), (Kinds{Integer, Integer, Real, Real, Real, Window, Window, Integer, DotDot, Integer}));
  EXPECT_EQ(integerValue("1_000"), 1000);
  EXPECT_EQ(realValue("5e-4"), 5e-4);
  EXPECT_EQ(windowValue("1x3x3"), (std::vector<int64_t>{1, 3, 3}));
}

TEST(Lexer, PercentIsALiteralOnlyWhereNoOperandFollows) {
  EXPECT_EQ(Lexed("0.5%").kinds(), (Kinds{Real}));
  EXPECT_EQ(Lexed("f(5%, 7% )").kinds(), (Kinds{Identifier, LeftParen, Real, Comma, Real, RightParen}));
  EXPECT_EQ(Lexed("7%2").kinds(), (Kinds{Integer, Percent, Integer}));
  EXPECT_EQ(Lexed("7 % x").kinds(), (Kinds{Integer, Percent, Identifier}));
  EXPECT_EQ(realValue("0.5%"), 0.005);
}

TEST(Lexer, LimitsOfIntegers) {
  EXPECT_EQ(Lexed("9223372036854775807").messages(), "");
  EXPECT_NE(Lexed("9223372036854775808").messages(), "");
  EXPECT_NE(Lexed("1e999").messages(), "");
}

TEST(Lexer, StringEscapes) {
  Lexed lexed(R"("a\"b\\c\n\t" "é")");
  ASSERT_EQ(lexed.kinds(), (Kinds{String, String}));
  EXPECT_EQ(stringValue(lexed.text(0)), "a\"b\\c\n\t");
  EXPECT_EQ(stringValue(lexed.text(1)), "é");
}

TEST(Lexer, LineStartsAndComments) {
  Lexed lexed("a # first\n  # second\r\n\tb");
  ASSERT_EQ(lexed.kinds(), (Kinds{Identifier, Identifier}));
  EXPECT_TRUE(lexed.file.tokens[0].startsLine);
  EXPECT_TRUE(lexed.file.tokens[1].startsLine);
  ASSERT_EQ(lexed.file.comments.size(), 2u);
  EXPECT_EQ(lexed.file.comments[0].range.text(), "# first");
  EXPECT_FALSE(lexed.file.comments[0].ownsLine);
  EXPECT_EQ(lexed.file.comments[1].range.text(), "# second");
  EXPECT_TRUE(lexed.file.comments[1].ownsLine);
}

TEST(Lexer, EllipsisHasTwoSpellings) {
  EXPECT_EQ(Lexed("S... 10 …").kinds(), (Kinds{Identifier, Ellipsis, Integer, Ellipsis}));
}

TEST(Lexer, ByteOrderMarkIsSkipped) {
  EXPECT_EQ(Lexed("\xef\xbb\xbf"
                  "a")
                .kinds(),
            (Kinds{Identifier}));
}

TEST(Lexer, OneErrorForARunOfBadBytes) {
  Lexed lexed(std::string("a \xff\xfe\xfd b \0\0\0 c", 13));
  EXPECT_EQ(lexed.kinds(), (Kinds{Identifier, Invalid, Identifier, Invalid, Identifier}));
  EXPECT_EQ(lexed.diagnostics.errorCount(), 2);
}

TEST(Lexer, GivesUpOnABinaryFile) {
  std::string text;
  for (int i = 0; i < 100000; ++i)
    text += "\x01 \x02 ";
  Lexed lexed(text);
  EXPECT_LE(lexed.diagnostics.errorCount(), DiagnosticEngine::maxErrors);
  EXPECT_EQ(lexed.file.tokens.back().kind, EndOfFile);
}

TEST(Lexer, EmptyFile) {
  EXPECT_EQ(Lexed("").kinds(), Kinds{});
  EXPECT_EQ(Lexed("\n\n").kinds(), Kinds{});
  EXPECT_EQ(Lexed("#").file.comments.size(), 1u);
}

} // namespace
