// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handlers have no argument that could bring what they need, so it is in static memory; and they use what POSIX allows
// there (signal-safety(7)), which a folder's reader, opendir, is not.
#include "tools/cnnc/Signals.h"
#include <cassert>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace cnn::tools {

static constexpr std::array<int, 3> signalNumbers = {SIGHUP, SIGINT, SIGTERM};

KeepIgnoredSignals::KeepIgnoredSignals() {
  for (size_t i = 0; i < signalNumbers.size(); ++i) {
    struct sigaction action;
    isIgnored[i] = sigaction(signalNumbers[i], nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }
}

KeepIgnoredSignals::~KeepIgnoredSignals() {
  for (size_t i = 0; i < signalNumbers.size(); ++i)
    if (isIgnored[i])
      signal(signalNumbers[i], SIG_IGN);
}

EndSignals::EndSignals(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  for (int signal : signalNumbers)
    sigaddset(&action.sa_mask, signal);
  for (size_t i = 0; i < signalNumbers.size(); ++i) {
    sigaction(signalNumbers[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN)
      sigaction(signalNumbers[i], &action, nullptr);
  }
}

EndSignals::~EndSignals() {
  for (size_t i = 0; i < signalNumbers.size(); ++i)
    sigaction(signalNumbers[i], &before[i], nullptr);
}

/// As if there had been no handler. The signal comes when the handler is left.
static void endBy(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
}

static const char *volatile removedFolder = nullptr; // null: none yet

static void emptyFolder(const char *path) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return;
  alignas(dirent64) char entries[4096];
  long bytes;
  while ((bytes = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0)
    for (long at = 0; at < bytes;) {
      auto *entry = reinterpret_cast<const dirent64 *>(entries + at);
      unlinkat(folder, entry->d_name, 0);
      at += entry->d_reclen;
    }
  close(folder);
}

static void removeFolder(int signal) {
  // The main thread must not go on while what it works with disappears: it would report an error that is none.
  if (gettid() != getpid()) {
    syscall(SYS_tgkill, getpid(), getpid(), signal);
    return;
  }
  // A linker that was started may write while the folder is being emptied; it cannot once the folder is gone.
  for (int tries = 0; removedFolder && tries < 100 && rmdir(removedFolder) != 0 && errno == ENOTEMPTY; ++tries)
    emptyFolder(removedFolder);
  endBy(signal);
}

RemoveFolderOnSignal::RemoveFolderOnSignal() : signals(removeFolder) { assert(!removedFolder && "one at a time"); }

RemoveFolderOnSignal::~RemoveFolderOnSignal() { removedFolder = nullptr; }

std::error_code RemoveFolderOnSignal::makeFolder(llvm::StringRef wanted) {
  path = wanted.str();
  sigset_t ending, before;
  sigemptyset(&ending);
  for (int signal : signalNumbers)
    sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, &before);
  int code = mkdir(path.c_str(), 0700) == 0 ? 0 : errno;
  removedFolder = code == 0 ? path.c_str() : nullptr;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {code, std::generic_category()};
}

static volatile sig_atomic_t delayedSignal = 0;

DelaySignals::DelaySignals() {
  delayedSignal = 0;
  signals.emplace([](int signal) { delayedSignal = signal; });
}

DelaySignals::~DelaySignals() {
  signals.reset();
  if (int signal = delayedSignal)
    raise(signal);
}

static volatile sig_atomic_t isToStop = 0;
static timespec firstStop;

static void requestStop(int signal) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (!isToStop) {
    firstStop = now;
    isToStop = 1;
    return;
  }
  double seconds = static_cast<double>(now.tv_sec - firstStop.tv_sec) + 1e-9 * double(now.tv_nsec - firstStop.tv_nsec);
  if (seconds >= 0.1)
    endBy(signal);
}

StopOnSignal::StopOnSignal() : signals(requestStop) {}
const volatile sig_atomic_t *StopOnSignal::flag() const { return &isToStop; }

} // namespace cnn::tools
