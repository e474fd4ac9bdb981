// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>
#include <cassert>
#include <tuple>

namespace cnn::dsl {

llvm::StringRef severityName(Severity severity) {
  switch (severity) {
  case Severity::Error:
    return "error";
  case Severity::Warning:
    return "warning";
  case Severity::Note:
    return "note";
  case Severity::Help:
    return "help";
  }
  llvm_unreachable("all severities are listed");
}

//===------------------------------------------- Collecting -------------------------------------------------------===//

Diagnostic &Diagnostic::note(SourceRange place, const llvm::Twine &text) {
  notes.push_back({place, text.str()});
  return *this;
}

Diagnostic &Diagnostic::help(SourceRange place, const llvm::Twine &text) {
  helps.push_back({place, text.str()});
  return *this;
}

Diagnostic &Diagnostic::suggest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
  if (std::optional<llvm::StringRef> closest = closestName(name, candidates))
    help(range, "did you mean '" + *closest + "'?");
  return *this;
}

Diagnostic &Diagnostic::suggestOneOf(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
  constexpr size_t shortestPart = 3, longestList = 16;
  std::optional<llvm::StringRef> closest = closestName(name, candidates);
  // 'eps' for 'epsilon', 'kernel_size' for 'kernel'.
  for (size_t i = 0; !closest && i < candidates.size(); ++i)
    if (std::min(name.size(), candidates[i].size()) >= shortestPart &&
        (name.starts_with_insensitive(candidates[i]) || candidates[i].starts_with_insensitive(name)))
      closest = candidates[i];
  if (closest)
    help(range, "did you mean '" + *closest + "'?");
  else if (!candidates.empty() && candidates.size() <= longestList)
    help(range, (candidates.size() == 1 ? "there is " : "there are ") + llvm::join(candidates, ", "));
  return *this;
}

Diagnostic &DiagnosticEngine::add(Severity severity, SourceRange range, const llvm::Twine &message) {
  // An unrolled loop may fail a million times; the rest is dropped, into one place that is never shown.
  if (static_cast<int64_t>(diagnostics.size()) >= maxKept)
    return dropped = Diagnostic();
  Diagnostic &diagnostic = diagnostics.emplace_back();
  diagnostic.severity = severity;
  diagnostic.range = range;
  diagnostic.message = message.str();
  diagnostic.instantiations = chain();
  return diagnostic;
}

std::vector<Remark> DiagnosticEngine::chain() const {
  constexpr size_t longest = 12, innermost = 4, outermost = 2;
  // The innermost scope was entered last and is what the user wants to see first.
  std::vector<Remark> chain(instantiations.rbegin(), instantiations.rend());
  // A module that contains itself makes a chain that says the same again and again.
  if (chain.size() > longest) {
    size_t omitted = chain.size() - innermost - outermost;
    chain[innermost].message = "… and " + std::to_string(omitted) + " more";
    chain.erase(chain.begin() + innermost + 1, chain.end() - outermost);
  }
  return chain;
}

Diagnostic &DiagnosticEngine::error(SourceRange range, const llvm::Twine &message) {
  ++errors;
  return add(Severity::Error, range, message);
}

Diagnostic &DiagnosticEngine::warning(SourceRange range, const llvm::Twine &message) {
  return add(Severity::Warning, range, message);
}

InstantiationScope::InstantiationScope(DiagnosticEngine &engine, SourceRange range, std::string message)
    : engine(engine) {
  engine.instantiations.push_back({range, std::move(message)});
}

InstantiationScope::~InstantiationScope() { engine.instantiations.pop_back(); }

static int64_t ordinalOf(SourceRange range) { return range.file ? range.file->ordinal() : -1; }

std::vector<const Diagnostic *> DiagnosticEngine::sorted() const {
  auto place = [](const Diagnostic *d) { return std::tuple(ordinalOf(d->range), d->range.begin, d->range.end); };
  // By place, and messages about one place in the order in which they were found.
  std::vector<std::pair<int64_t, const Diagnostic *>> numbered;
  for (const Diagnostic &diagnostic : diagnostics)
    numbered.emplace_back(static_cast<int64_t>(numbered.size()), &diagnostic);
  std::sort(numbered.begin(), numbered.end(), [&](const auto &a, const auto &b) {
    return std::tuple(place(a.second), a.first) < std::tuple(place(b.second), b.first);
  });

  std::vector<const Diagnostic *> unique;
  llvm::StringSet<> messagesHere;
  for (const auto &[number, diagnostic] : numbered) {
    if (!unique.empty() && place(unique.back()) != place(diagnostic))
      messagesHere.clear();
    if (messagesHere.insert(diagnostic->message).second)
      unique.push_back(diagnostic);
  }
  return unique;
}

//===--------------------------------------------- Text -----------------------------------------------------------===//

namespace {

/// A piece of a source line made printable: what is shown, and in how many columns.
struct Glyph {
  uint32_t byteBegin = 0;
  uint32_t byteEnd = 0;
  std::string shown;
  int64_t columns = 0;
  bool isTab = false;
};

} // namespace

/// Cuts a line into characters. What a terminal would not show as it stands (control characters, invalid UTF-8,
/// invisible and direction-changing characters) is spelled out: <00>, <U+202E>.
static std::vector<Glyph> glyphsOf(llvm::StringRef line) {
  std::vector<Glyph> glyphs;
  for (size_t i = 0; i < line.size();) {
    Glyph glyph;
    glyph.byteBegin = static_cast<uint32_t>(i);
    auto byte = static_cast<unsigned char>(line[i]);
    size_t length = llvm::getNumBytesForUTF8(byte);
    const auto *start = reinterpret_cast<const llvm::UTF8 *>(line.data() + i);
    if (byte == '\t') {
      glyph = {glyph.byteBegin, glyph.byteBegin + 1, "\t", 1, true};
    } else if (byte < 0x20 || byte == 0x7f || i + length > line.size() ||
               !llvm::isLegalUTF8Sequence(start, start + length)) {
      llvm::raw_string_ostream(glyph.shown) << '<' << llvm::format_hex_no_prefix(byte, 2) << '>';
      glyph.columns = 4;
      glyph.byteEnd = glyph.byteBegin + 1;
    } else {
      llvm::StringRef character = line.substr(i, length);
      int columns = llvm::sys::unicode::columnWidthUTF8(character);
      glyph.shown = character.str();
      glyph.columns = columns;
      glyph.byteEnd = static_cast<uint32_t>(i + length);
      if (columns < 0) {
        llvm::UTF32 codePoint = 0;
        const llvm::UTF8 *from = start;
        llvm::convertUTF8Sequence(&from, start + length, &codePoint, llvm::strictConversion);
        glyph.shown = "<U+" + llvm::utohexstr(codePoint, /*LowerCase=*/false, /*Width=*/4) + ">";
        glyph.columns = static_cast<int64_t>(glyph.shown.size());
      }
    }
    i = glyph.byteEnd;
    glyphs.push_back(std::move(glyph));
  }
  return glyphs;
}

/// Writes the source line and the caret line under it. Long lines are cut to a part around the caret.
static void printExcerpt(llvm::raw_ostream &os, SourceRange range, llvm::StringRef caretColor,
                         llvm::StringRef endColor) {
  constexpr int64_t maxColumns = 160;
  constexpr int64_t contextBefore = 60;
  LineColumn begin = range.beginPosition();
  LineColumn end = range.endPosition();
  llvm::StringRef line = range.file->lineText(begin.line);
  auto first = static_cast<size_t>(begin.column - 1);
  // A range that goes on for several lines is underlined to the end of its first line.
  size_t last = end.line == begin.line ? static_cast<size_t>(end.column - 1) : line.size();

  // Work on a part of the line only, so that one line of megabytes is no burden.
  size_t partBegin = 0;
  size_t partEnd = line.size();
  if (line.size() > static_cast<size_t>(maxColumns)) {
    if (first > static_cast<size_t>(contextBefore))
      partBegin = first - contextBefore;
    partEnd = std::min(line.size(), partBegin + maxColumns);
    auto isContinuation = [&](size_t i) { return i < line.size() && (line[i] & 0xc0) == 0x80; };
    for (int step = 0; step < 3 && isContinuation(partBegin); ++step)
      ++partBegin;
    for (int step = 0; step < 3 && isContinuation(partEnd); ++step)
      ++partEnd;
  }
  std::vector<Glyph> glyphs = glyphsOf(line.slice(partBegin, partEnd));

  os << llvm::format_decimal(begin.line, 5) << " | ";
  std::string carets;
  if (partBegin > 0) {
    os << "...";
    carets = "   ";
  }
  bool seenCaret = false;
  for (const Glyph &glyph : glyphs) {
    os << glyph.shown;
    size_t at = partBegin + glyph.byteBegin;
    size_t atEnd = partBegin + glyph.byteEnd;
    if (atEnd <= first) {
      // Tabs are repeated so that both lines reach the same tab stop.
      carets += glyph.isTab ? "\t" : std::string(glyph.columns, ' ');
    } else if (at < last || !seenCaret) {
      carets += std::string(glyph.columns, '~');
      if (!seenCaret)
        carets[carets.size() - glyph.columns] = '^';
      seenCaret = true;
    }
  }
  if (partEnd < line.size())
    os << "...";
  if (!seenCaret)
    carets += '^';
  os << "\n      | " << caretColor << carets << endColor << "\n";
}

namespace {

/// Escape sequences of the terminal, or nothing.
struct Colors {
  explicit Colors(bool enabled) {
    if (!enabled)
      return;
    place = "\033[1m";
    error = "\033[1;31m";
    warning = "\033[1;35m";
    note = "\033[1;36m";
    help = "\033[1;32m";
    end = "\033[0m";
  }
  llvm::StringRef of(Severity severity) const {
    switch (severity) {
    case Severity::Error:
      return error;
    case Severity::Warning:
      return warning;
    case Severity::Note:
      return note;
    case Severity::Help:
      return help;
    }
    llvm_unreachable("all severities are listed");
  }
  llvm::StringRef place, error, warning, note, help, end;
};

} // namespace

static void printHeadline(llvm::raw_ostream &os, const Colors &colors, Severity severity, SourceRange range,
                          llvm::StringRef message) {
  os << colors.place;
  if (range.isValid()) {
    LineColumn begin = range.beginPosition();
    os << range.file->path() << ":" << begin.line << ":" << begin.column << ": ";
  } else {
    os << "cnnc: ";
  }
  os << colors.of(severity) << severityName(severity) << ": " << colors.end << message << "\n";
}

void DiagnosticEngine::printText(llvm::raw_ostream &os, bool useColors) const {
  Colors colors(useColors);
  int64_t shown = 0;
  int64_t hidden = 0;
  for (const Diagnostic *diagnostic : sorted()) {
    if (diagnostic->severity == Severity::Error && ++shown > maxErrors) {
      ++hidden;
      continue;
    }
    printHeadline(os, colors, diagnostic->severity, diagnostic->range, diagnostic->message);
    if (diagnostic->range.isValid())
      printExcerpt(os, diagnostic->range, colors.of(diagnostic->severity), colors.end);
    for (const Remark &remark : diagnostic->notes)
      printHeadline(os, colors, Severity::Note, remark.range, remark.message);
    for (const Remark &remark : diagnostic->instantiations)
      printHeadline(os, colors, Severity::Note, remark.range, remark.message);
    for (const Remark &remark : diagnostic->helps)
      printHeadline(os, colors, Severity::Help, remark.range, remark.message);
  }
  if (hidden > 0)
    os << "cnnc: " << hidden << (hidden == 1 ? " more error is" : " more errors are") << " not shown\n";
}

//===--------------------------------------------- JSON -----------------------------------------------------------===//

/// Messages quote the user's text, which may not be UTF-8.
static std::string printable(llvm::StringRef text) { return llvm::json::fixUTF8(text); }

static void writePlace(llvm::json::OStream &json, SourceRange range) {
  if (!range.isValid())
    return;
  json.attribute("file", printable(range.file->path()));
  auto writePosition = [&](llvm::StringRef key, LineColumn position) {
    json.attributeObject(key, [&] {
      json.attribute("line", position.line);
      json.attribute("column", position.column);
    });
  };
  writePosition("begin", range.beginPosition());
  writePosition("end", range.endPosition());
}

static void writeRemarks(llvm::json::OStream &json, llvm::StringRef severity, llvm::ArrayRef<Remark> remarks) {
  for (const Remark &remark : remarks) {
    json.object([&] {
      json.attribute("severity", severity);
      writePlace(json, remark.range);
      json.attribute("message", printable(remark.message));
    });
  }
}

void DiagnosticEngine::printJson(llvm::raw_ostream &os) const {
  for (const Diagnostic *diagnostic : sorted()) {
    llvm::json::OStream json(os);
    json.object([&] {
      json.attribute("severity", severityName(diagnostic->severity));
      writePlace(json, diagnostic->range);
      json.attribute("message", printable(diagnostic->message));
      json.attributeArray("notes", [&] {
        writeRemarks(json, "note", diagnostic->notes);
        writeRemarks(json, "instantiation", diagnostic->instantiations);
        writeRemarks(json, "help", diagnostic->helps);
      });
    });
    json.flush();
    os << "\n";
  }
}

//===-------------------------------------------- Spelling --------------------------------------------------------===//

std::optional<llvm::StringRef> closestName(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
  // A third of the letters may be wrong: two in a name of five. Letter case counts for nothing, so 'Conv' finds 'conv'.
  auto maxDistance = static_cast<unsigned>((name.size() + 2) / 3);
  std::optional<llvm::StringRef> best;
  unsigned bestDistance = maxDistance + 1;
  for (llvm::StringRef candidate : candidates) {
    unsigned distance = name.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, bestDistance);
    // A name of which every letter would have to change is not a misspelling.
    if (distance >= bestDistance || distance >= std::max(name.size(), candidate.size()))
      continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

} // namespace cnn::dsl
