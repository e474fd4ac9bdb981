// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handlers have no argument that could bring what they need, so it is in static memory; and they use what POSIX allows
// there (signal-safety(7)), which a folder's reader, opendir, is not.
#include "tools/cnnc/Signals.h"
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <utility>

namespace cnn::tools {

static constexpr std::array<int, 3> signals = {SIGHUP, SIGINT, SIGTERM};

KeepIgnoredSignals::KeepIgnoredSignals() {
  for (size_t i = 0; i < signals.size(); ++i) {
    struct sigaction action;
    isIgnored[i] = sigaction(signals[i], nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }
}

KeepIgnoredSignals::~KeepIgnoredSignals() {
  for (size_t i = 0; i < signals.size(); ++i)
    if (isIgnored[i])
      signal(signals[i], SIG_IGN);
}

EndSignals::EndSignals(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  for (int signal : signals)
    sigaddset(&action.sa_mask, signal);
  for (size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN)
      sigaction(signals[i], &action, nullptr);
  }
}

EndSignals::~EndSignals() {
  for (size_t i = 0; i < signals.size(); ++i)
    sigaction(signals[i], &before[i], nullptr);
}

/// As if there had been no handler. The signal comes when the handler is left.
static void endBy(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
}

static const char *volatile removedFolder = nullptr;

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
  for (int tries = 0; tries < 100 && rmdir(removedFolder) != 0 && errno == ENOTEMPTY; ++tries)
    emptyFolder(removedFolder);
  endBy(signal);
}

RemoveFolderOnSignal::RemoveFolderOnSignal(llvm::StringRef path)
    : path(path), outer(std::exchange(removedFolder, this->path.c_str())), signals(removeFolder) {}

RemoveFolderOnSignal::~RemoveFolderOnSignal() { removedFolder = outer; }

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
