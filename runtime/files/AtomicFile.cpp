// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/AtomicFile.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cnn::runtime {

static std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
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
  struct stat info;
  bool exists = stat(path, &info) == 0;
  if (exists && !S_ISREG(info.st_mode)) {
    file = ::open(path, O_WRONLY | O_CLOEXEC);
    return file < 0 ? failed(error) : CNN_OK;
  }
  // A symbolic link stays one: the file that it names is replaced.
  char resolved[PATH_MAX];
  if (exists && realpath(path, resolved))
    target = resolved;
  for (unsigned attempt = 0; attempt < 1000; ++attempt) {
    temporary = target + "." + std::to_string(getpid()) + "-" + std::to_string(attempt) + ".tmp";
    file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0)
      return CNN_OK;
    if (errno != EEXIST)
      break;
  }
  return failed(error);
}

cnn_status AtomicFile::write(const void *data, uint64_t size, cnn_error *error) {
  const char *from = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t written = ::write(file, from, std::min<uint64_t>(size, 1 << 30));
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
  bool direct = exists && !S_ISREG(info.st_mode);
  std::string folder = folderOf(path);
  if (!direct && stat(folder.c_str(), &info) == 0 && !S_ISDIR(info.st_mode))
    errno = ENOTDIR;
  else if (access(direct ? path : folder.c_str(), W_OK) == 0)
    return CNN_OK;
  return fail(error, CNN_CANNOT_WRITE, "%s: cannot write: %s", path, std::strerror(errno));
}

} // namespace cnn::runtime
