// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Diagnostics.h"
#include "llvm/Support/JSON.h"
#include "gtest/gtest.h"
#include <deque>

using namespace cnn::dsl;

namespace {

std::string textOf(const DiagnosticEngine &diagnostics) {
  std::string text;
  llvm::raw_string_ostream os(text);
  diagnostics.printText(os);
  return text;
}

/// The excerpt that is shown for bytes [begin, end) of a text.
std::string excerpt(const std::string &text, uint32_t begin, uint32_t end) {
  SourceFile source("a.cnn", text);
  DiagnosticEngine diagnostics;
  diagnostics.error(source.range(begin, end), "m");
  std::string shown = textOf(diagnostics);
  return shown.substr(shown.find('\n') + 1);
}

TEST(SourceFile, PositionsAndLines) {
  SourceFile source("a.cnn", "ab\r\ncd\n\nlast");
  EXPECT_EQ(source.lineCount(), 4);
  EXPECT_EQ(source.lineText(1), "ab");
  EXPECT_EQ(source.lineText(3), "");
  EXPECT_EQ(source.lineText(4), "last");
  EXPECT_EQ(source.position(0).line, 1);
  EXPECT_EQ(source.position(5).line, 2);
  EXPECT_EQ(source.position(5).column, 2);
  EXPECT_EQ(source.position(1000).line, 4);
  EXPECT_EQ(source.position(1000).column, 5);
}

TEST(SourceTable, ReportsWhatCannotBeRead) {
  SourceTable sources;
  std::string error;
  EXPECT_EQ(sources.read("/nonexistent/a.cnn", error), nullptr);
  EXPECT_EQ(error, "no such file or directory");
  EXPECT_EQ(sources.read("/", error), nullptr);
  EXPECT_EQ(error, "is a directory");
  // Without an end.
  EXPECT_EQ(sources.read("/dev/zero", error), nullptr);
  EXPECT_EQ(error, "is not a file");
}

TEST(SourceTable, AFileOfTwoPathsIsReadOnce) {
  SourceTable sources;
  std::string error;
  std::string root = SOURCE_ROOT;
  const SourceFile *first = sources.read(root + "/examples/lenet5/lenet5.cnn", error);
  ASSERT_NE(first, nullptr) << error;
  EXPECT_EQ(sources.read(root + "/examples/../examples/lenet5/lenet5.cnn", error), first);
}

// The look that the language's documentation promises.
TEST(Diagnostics, Look) {
  SourceFile source("resnet.cnn", std::string(13, '\n') + "  relu(y + skip)\n");
  DiagnosticEngine diagnostics;
  {
    InstantiationScope outer(diagnostics, source.range(2, 3), "in Stage(2), instantiated here");
    InstantiationScope inner(diagnostics, source.range(1, 2), "in Bottleneck(64, 1), instantiated here");
    diagnostics.error(source.range(20, 28), "cannot add tensors of different shapes: [256, 56, 56] and [64, 56, 56]")
        .help(source.range(4, 5), "project the shortcut")
        .note(source.range(3, 4), "'skip' has 64 channels because 'x' does");
  }
  EXPECT_EQ(textOf(diagnostics),
            "resnet.cnn:14:8: error: cannot add tensors of different shapes: [256, 56, 56] and [64, 56, 56]\n"
            "   14 |   relu(y + skip)\n"
            "      |        ^~~~~~~~\n"
            "resnet.cnn:4:1: note: 'skip' has 64 channels because 'x' does\n"
            "resnet.cnn:2:1: note: in Bottleneck(64, 1), instantiated here\n"
            "resnet.cnn:3:1: note: in Stage(2), instantiated here\n"
            "resnet.cnn:5:1: help: project the shortcut\n");
}

// A module that contains itself: 60 lines that say the same help nobody.
TEST(Diagnostics, LongChainsAreShownByTheirEnds) {
  SourceFile source("a.cnn", std::string(100, '\n'));
  auto chainOf = [&](uint32_t length) {
    DiagnosticEngine diagnostics;
    std::deque<InstantiationScope> scopes;
    for (uint32_t i = 0; i < length; ++i)
      scopes.emplace_back(diagnostics, source.range(i, i), "level " + std::to_string(i));
    diagnostics.error(source.range(99, 99), "too deep");
    std::string messages;
    for (const Remark &remark : diagnostics.sorted().front()->instantiations)
      messages += remark.message + "\n";
    while (!scopes.empty())
      scopes.pop_back();
    return messages;
  };
  EXPECT_EQ(chainOf(7), "level 6\nlevel 5\nlevel 4\nlevel 3\nlevel 2\nlevel 1\nlevel 0\n");
  EXPECT_EQ(chainOf(12).find("more"), std::string::npos);
  EXPECT_EQ(chainOf(64), "level 63\nlevel 62\nlevel 61\nlevel 60\n… and 58 more\nlevel 1\nlevel 0\n");
}

TEST(Diagnostics, CaretsUnderTabsAndWideCharacters) {
  EXPECT_EQ(excerpt("\ta\tbc", 3, 5), "    1 | \ta\tbc\n      | \t \t^~\n");
  EXPECT_EQ(excerpt("é宽 x", 6, 7), "    1 | é宽 x\n      |     ^\n");
  EXPECT_EQ(excerpt("é宽 x", 2, 5), "    1 | é宽 x\n      |  ^~\n");
}

TEST(Diagnostics, UnprintableBytesAreSpelledOut) {
  EXPECT_EQ(excerpt(std::string("a\0\xff"
                                "b",
                                4),
                    3, 4),
            "    1 | a<00><ff>b\n      |          ^\n");
  // A character that changes the direction of text could make the line look like another one.
  EXPECT_EQ(excerpt("a\u202eb", 4, 5), "    1 | a<U+202E>b\n      |          ^\n");
}

TEST(Diagnostics, PlacesAtTheEdges) {
  EXPECT_EQ(excerpt("ab\r\ncd", 2, 2), "    1 | ab\n      |   ^\n");
  EXPECT_EQ(excerpt("ab", 2, 2), "    1 | ab\n      |   ^\n");
  EXPECT_EQ(excerpt("", 0, 0), "    1 | \n      | ^\n");
  // A range over several lines is underlined on the first.
  EXPECT_EQ(excerpt("f(a,\n  b)", 0, 9), "    1 | f(a,\n      | ^~~~\n");
}

TEST(Diagnostics, LongLinesAreCut) {
  std::string shown = excerpt(std::string(1000, 'a') + "!" + std::string(1000, 'b'), 1000, 1001);
  EXPECT_LT(shown.size(), 400u);
  EXPECT_NE(shown.find("a!b"), std::string::npos);
  auto [line, carets] = llvm::StringRef(shown).split('\n');
  EXPECT_EQ(line.find('!'), carets.find('^'));
}

TEST(Diagnostics, SortedByPlaceAndWithoutDuplicates) {
  SourceFile source("a.cnn", "one\ntwo\n");
  SourceFile other("b.cnn", "three\n", /*ordinal=*/1);
  DiagnosticEngine diagnostics;
  diagnostics.error(other.range(0, 1), "in b");
  diagnostics.error(source.range(4, 5), "second");
  diagnostics.error(source.range(0, 1), "first");
  diagnostics.error(source.range(0, 1), "first, but different");
  diagnostics.error(source.range(0, 1), "first");
  diagnostics.error({}, "nowhere");
  std::vector<std::string> messages;
  for (const Diagnostic *diagnostic : diagnostics.sorted())
    messages.push_back(diagnostic->message);
  EXPECT_EQ(messages, (std::vector<std::string>{"nowhere", "first", "first, but different", "second", "in b"}));
  EXPECT_TRUE(llvm::StringRef(textOf(diagnostics)).starts_with("cnnc: error: nowhere\na.cnn:1:1: error: first\n"));
}

TEST(Diagnostics, ErrorsBeyondTheLimitAreCounted) {
  SourceFile source("a.cnn", std::string(100, '\n'));
  DiagnosticEngine diagnostics;
  for (uint32_t i = 0; i < 25; ++i)
    diagnostics.error(source.range(i, i), "wrong");
  std::string text = textOf(diagnostics);
  EXPECT_EQ(llvm::StringRef(text).count(": error: "), static_cast<size_t>(DiagnosticEngine::maxErrors));
  EXPECT_TRUE(llvm::StringRef(text).ends_with("cnnc: 5 more errors are not shown\n"));
}

TEST(Diagnostics, AFloodIsNotKept) {
  SourceFile source("a.cnn", "x");
  DiagnosticEngine diagnostics;
  for (int64_t i = 0; i < 3 * DiagnosticEngine::maxKept; ++i)
    diagnostics.error(source.range(0, 1), "error " + llvm::Twine(i)).help(source.range(0, 1), "help");
  EXPECT_EQ(diagnostics.errorCount(), 3 * DiagnosticEngine::maxKept);
  EXPECT_EQ(diagnostics.sorted().size(), static_cast<size_t>(DiagnosticEngine::maxKept));
}

TEST(Diagnostics, WarningsAreNoErrors) {
  SourceFile source("a.cnn", "x");
  DiagnosticEngine diagnostics;
  diagnostics.warning(source.range(0, 1), "odd");
  EXPECT_FALSE(diagnostics.hasErrors());
  EXPECT_TRUE(llvm::StringRef(textOf(diagnostics)).starts_with("a.cnn:1:1: warning: odd\n"));
}

TEST(Diagnostics, JsonIsOneObjectPerLine) {
  SourceFile source("a.cnn", "x = \xff"
                             "cnov\n");
  DiagnosticEngine diagnostics;
  InstantiationScope scope(diagnostics, source.range(0, 1), "in M, instantiated here");
  diagnostics.error(source.range(5, 9), "unknown name '\xff'").suggest("cnov", {"dense", "conv"});
  diagnostics.error({}, "second");
  std::string text;
  llvm::raw_string_ostream os(text);
  diagnostics.printJson(os);
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(text).trim().split(lines, '\n');
  ASSERT_EQ(lines.size(), 2u);

  llvm::Expected<llvm::json::Value> first = llvm::json::parse(lines[0]);
  ASSERT_TRUE(static_cast<bool>(first));
  EXPECT_EQ(first->getAsObject()->getString("message"), "second");
  EXPECT_EQ(first->getAsObject()->get("file"), nullptr);

  llvm::Expected<llvm::json::Value> value = llvm::json::parse(lines[1]);
  ASSERT_TRUE(static_cast<bool>(value));
  const llvm::json::Object &error = *value->getAsObject();
  EXPECT_EQ(error.getString("severity"), "error");
  EXPECT_EQ(error.getString("file"), "a.cnn");
  EXPECT_EQ(error.getObject("begin")->getInteger("column"), 6);
  EXPECT_EQ(error.getObject("end")->getInteger("column"), 10);
  ASSERT_EQ(error.getArray("notes")->size(), 2u);
  EXPECT_EQ((*error.getArray("notes"))[0].getAsObject()->getString("severity"), "instantiation");
  EXPECT_EQ((*error.getArray("notes"))[1].getAsObject()->getString("message"), "did you mean 'conv'?");
}

TEST(Diagnostics, DidYouMean) {
  llvm::SmallVector<llvm::StringRef> names = {"conv", "dense", "maxpool", "avgpool", "relu", "leaky_relu", "tanh"};
  EXPECT_EQ(closestName("cnov", names), "conv");
  EXPECT_EQ(closestName("Conv", names), "conv");
  EXPECT_EQ(closestName("convv", names), "conv");
  EXPECT_EQ(closestName("max_pool", names), "maxpool");
  EXPECT_EQ(closestName("leakyrelu", names), "leaky_relu");
  EXPECT_EQ(closestName("attention", names), std::nullopt);
  EXPECT_EQ(closestName("x", names), std::nullopt);
  EXPECT_EQ(closestName("", names), std::nullopt);
}

} // namespace
