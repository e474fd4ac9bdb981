// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Errors about the user's model: collected while it is read, shown once at the end.
//
//   diagnostics.error(range, "unknown name 'cnov'").help(range, "did you mean 'conv'?");
//
// is shown as
//
//   lenet5.cnn:4:12: error: unknown name 'cnov'
//       4 |   x = x |> cnov(6, 5x5)
//         |            ^~~~
//   lenet5.cnn:4:12: help: did you mean 'conv'?
//
// A diagnostic may carry notes (another place that matters), help lines (what to do), and the chain of instantiations
// that led to it. The chain is kept by the engine: whoever enters a module's body holds an InstantiationScope, and
// every diagnostic made meanwhile gets one "in Bottleneck(64, 1), instantiated here" note per scope, innermost first.
// Order in the output: the message, its notes, the instantiations, its help.
//
// When shown, diagnostics are sorted by place and freed of duplicates (same place, same message), and after maxErrors
// errors the rest are only counted. One mistake should give one error: that is the business of who reports (do not
// complain about a value that is already wrong); the engine only drops exact repetitions, such as one per iteration of
// an unrolled loop.
#pragma once

#include "dsl/SourceFile.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace cnn::dsl {

enum class Severity { Error, Warning, Note, Help };

/// "error", "warning", "note" or "help".
llvm::StringRef severityName(Severity severity);

/// A line that belongs to a diagnostic.
struct Remark {
  SourceRange range;
  std::string message;
};

struct Diagnostic {
  Severity severity = Severity::Error;
  SourceRange range;
  std::string message;
  std::vector<Remark> notes;
  std::vector<Remark> instantiations;
  std::vector<Remark> helps;

  Diagnostic &note(SourceRange place, const llvm::Twine &text);
  Diagnostic &help(SourceRange place, const llvm::Twine &text);
  /// Adds the help line "did you mean 'x'?" at the diagnostic's own place if a candidate is close enough to `name`.
  Diagnostic &suggest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);
  /// The same where nothing but the candidates is possible: a word that begins alike is close enough, and if there is
  /// none, the candidates are listed.
  Diagnostic &suggestOneOf(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);
};

class DiagnosticEngine {
public:
  /// Errors beyond this number are counted, not shown.
  static constexpr int64_t maxErrors = 20;
  /// Diagnostics beyond this number are not even kept.
  static constexpr int64_t maxKept = 10000;

  /// The returned reference stays valid while the engine lives.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  Diagnostic &warning(SourceRange range, const llvm::Twine &message);

  bool hasErrors() const { return errors != 0; }
  int64_t errorCount() const { return errors; }
  /// Sorted by file and place, without duplicates.
  std::vector<const Diagnostic *> sorted() const;

  /// Writes all diagnostics in the form shown above.
  void printText(llvm::raw_ostream &os, bool colors = false) const;
  /// Writes one JSON object per line and diagnostic (JSON Lines), all of them, in the same order:
  ///   {"severity": "error", "file": "a.cnn", "begin": {"line": 4, "column": 12}, "end": {"line": 4, "column": 16},
  ///    "message": "…", "notes": [{"severity": "note" | "instantiation" | "help", "file", "begin", "end", "message"}]}
  /// "file", "begin" and "end" are absent where there is no place.
  void printJson(llvm::raw_ostream &os) const;

private:
  friend class InstantiationScope;
  Diagnostic &add(Severity severity, SourceRange range, const llvm::Twine &message);
  /// The scopes entered now, innermost first; of a long chain, its ends.
  std::vector<Remark> chain() const;

  std::deque<Diagnostic> diagnostics;
  Diagnostic dropped;
  std::vector<Remark> instantiations;
  int64_t errors = 0;
};

/// While it lives, diagnostics carry the note `message` ("in Bottleneck(64, 1), instantiated here") at `range`.
class InstantiationScope {
public:
  InstantiationScope(DiagnosticEngine &engine, SourceRange range, std::string message);
  ~InstantiationScope();
  InstantiationScope(const InstantiationScope &) = delete;
  InstantiationScope &operator=(const InstantiationScope &) = delete;

private:
  DiagnosticEngine &engine;
};

/// The candidate that `name` is most likely a misspelling of, if any is close. Ties go to the first.
std::optional<llvm::StringRef> closestName(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace cnn::dsl
