// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What cnnc does before SIGHUP, SIGINT (Ctrl-C) and SIGTERM end it. A signal that is ignored when cnnc starts, as by
// nohup, stays ignored. Of these objects, those that live at a time are nested, and the inner one counts.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <system_error>

namespace cnn::tools {

/// What is ignored when this is made is ignored again when it goes: for code that does not ask before it handles
/// signals.
class KeepIgnoredSignals {
public:
  KeepIgnoredSignals();
  ~KeepIgnoredSignals();

private:
  std::array<bool, 3> isIgnored;
};

/// A handler for the three signals, as long as it lives.
class EndSignals {
public:
  explicit EndSignals(void (*handler)(int));
  ~EndSignals();
  EndSignals(const EndSignals &) = delete;
  EndSignals &operator=(const EndSignals &) = delete;

private:
  std::array<struct sigaction, 3> before;
};

/// The signals remove a folder, with the files in it, before they end the program. One at a time.
class RemoveFolderOnSignal {
public:
  RemoveFolderOnSignal();
  ~RemoveFolderOnSignal();
  /// Makes the folder; no signal comes between that and its being known. Only this user may use it.
  std::error_code makeFolder(llvm::StringRef path);

private:
  std::string path;
  EndSignals signals;
};

/// The signals come when this goes: for what is short, and should not be left half done.
class DelaySignals {
public:
  DelaySignals();
  ~DelaySignals();

private:
  std::optional<EndSignals> signals;
};

/// The first signal sets a flag; a later one ends the program at once. One that comes within a tenth of a second is the
/// same wish: a terminal and a wrapper may both have passed it on.
class StopOnSignal {
public:
  StopOnSignal();
  const volatile sig_atomic_t *flag() const;

private:
  EndSignals signals;
};

} // namespace cnn::tools
