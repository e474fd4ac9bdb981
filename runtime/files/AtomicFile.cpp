// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/AtomicFile.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace cnn::runtime {

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool isWrittenDirectly(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0)
    return false;
  if (!S_ISREG(info.st_mode))
    return true;
  // The links in /proc/self/fd are open files, whatever names they show; /dev/stdout leads there.
  std::string name = path;
  char target[PATH_MAX];
  for (int links = 0; links < 40; ++links) {
    ssize_t length = readlink(name.c_str(), target, sizeof target);
    if (length < 0)
      return false;
    std::string folder = folderOf(name);
    struct statfs system;
    if (statfs(folder.c_str(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC)
      return true;
    std::string next(target, static_cast<size_t>(length));
    name = next.starts_with("/") ? next : folder + "/" + next;
  }
  return false;
}

ssize_t writeWithoutSignal(int file, const void *data, size_t size) {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigpending(&pending);
  bool wasPending = sigismember(&pending, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t written = ::write(file, data, size);
  int reason = errno;
  // The signal of our own write is taken back while it is blocked.
  timespec now = {};
  if (written < 0 && reason == EPIPE && !wasPending)
    while (sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR)
      ;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = reason;
  return written;
}

bool isLeftover(const std::string &path, pid_t process) {
  if (kill(process, 0) == 0 || errno != ESRCH)
    return false;
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool isFree = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
  if (file >= 0)
    close(file);
  return isFree;
}

// A killed process leaves TARGET.PROCESS-N.tmp.
static void removeLeftovers(const std::string &target) {
  std::string folder = folderOf(target), name = target.substr(target.rfind('/') + 1) + ".";
  DIR *entries = opendir(folder.c_str());
  if (!entries)
    return;
  while (const dirent *entry = readdir(entries)) {
    std::string found = entry->d_name;
    int process = 0, length = 0;
    unsigned attempt = 0;
    bool isOurs = found.starts_with(name) &&
                  std::sscanf(found.c_str() + name.size(), "%d-%u.tmp%n", &process, &attempt, &length) == 2 &&
                  name.size() + static_cast<size_t>(length) == found.size() && process > 0;
    if (isOurs && isLeftover(folder + "/" + found, process))
      unlink((folder + "/" + found).c_str());
  }
  closedir(entries);
}

cnn_status AtomicFile::failed(cnn_error *error) const {
  return fail(error, CNN_CANNOT_WRITE, "%s: cannot write: %s", target.c_str(), std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (file < 0)
    return;
  close(file);
  if (!temporary.empty())
    unlink(temporary.c_str());
}

cnn_status AtomicFile::open(const char *path, cnn_error *error) {
  target = path;
  if (isWrittenDirectly(path)) {
    file = ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return file < 0 ? failed(error) : CNN_OK;
  }
  // A symbolic link stays one: the file that it names is replaced.
  char resolved[PATH_MAX];
  if (realpath(path, resolved))
    target = resolved;
  removeLeftovers(target);
  for (unsigned attempt = 0; attempt < 1000; ++attempt) {
    temporary = target + "." + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
    struct stat replaced;
    bool replaces = stat(target.c_str(), &replaced) == 0;
    // Not readable for more people for a moment, either.
    mode_t mode = replaces ? replaced.st_mode & 0666 : 0666;
    file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file >= 0) {
      flock(file, LOCK_EX | LOCK_NB); // see isLeftover
      if (replaces)
        fchmod(file, replaced.st_mode & 07777); // as far as the file system has permissions
      return CNN_OK;
    }
    if (errno != EEXIST)
      break;
  }
  return failed(error);
}

cnn_status AtomicFile::write(const void *data, uint64_t size, cnn_error *error) {
  const char *from = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = writeWithoutSignal(file, from, std::min<uint64_t>(size, 1 << 30));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return failed(error);
    from += written;
    size -= static_cast<uint64_t>(written);
  }
  return CNN_OK;
}

cnn_status AtomicFile::commit(cnn_error *error) {
  if (temporary.empty()) {
    int result = close(file);
    file = -1;
    return result == 0 ? CNN_OK : failed(error);
  }
  if (fsync(file) != 0)
    return failed(error);
  if (rename(temporary.c_str(), target.c_str()) != 0)
    return failed(error);
  temporary.clear();
  close(file);
  file = -1;
  // The new name reaches the disk with its folder; a file system that cannot do that has done what it can.
  int folder = ::open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
  return CNN_OK;
}

cnn_status checkWritable(const char *path, cnn_error *error) {
  struct stat info;
  bool exists = stat(path, &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return fail(error, CNN_CANNOT_WRITE, "%s: cannot write: it is a folder", path);
  bool direct = isWrittenDirectly(path);
  std::string folder = folderOf(path);
  if (!direct && stat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode))
    errno = ENOTDIR;
  else if (access(direct ? path : folder.c_str(), W_OK) == 0)
    return CNN_OK;
  return fail(error, CNN_CANNOT_WRITE, "%s: cannot write: %s", path, std::strerror(errno));
}

} // namespace cnn::runtime
