// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file that appears complete or not at all.
#ifndef CNN_RUNTIME_FILES_ATOMICFILE_H
#define CNN_RUNTIME_FILES_ATOMICFILE_H

#include "runtime/cpu/Error.h"

#include <string>
#include <sys/types.h>

namespace cnn::runtime {

// Writes go to a new file in the same folder; commit() brings it to the disk and gives it its name. Without a commit
// nothing is left behind, and what killed processes have left for the same target is removed. What is replaced keeps
// its permissions, and a symbolic link to it stays one. A name that isWrittenDirectly() is. All failures are
// CNN_CANNOT_WRITE.
class AtomicFile {
public:
  AtomicFile() = default;
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &operator=(const AtomicFile &) = delete;

  cnn_status open(const char *path, cnn_error *error);
  cnn_status write(const void *data, uint64_t size, cnn_error *error);
  cnn_status commit(cnn_error *error);

private:
  cnn_status failed(cnn_error *error) const;

  std::string target, temporary; // temporary is empty when the target is written directly
  int file = -1;
};

// Whether the path stands for something that is there and cannot be replaced: a device or a pipe; or, as /dev/stdout, a
// file that is already open, whose name is not ours to give away.
bool isWrittenDirectly(const char *path);

// Nobody writes this file, or into this folder, any more: its process is gone, and, as that may be one of another
// machine that shares the folder, so is its lock (flock).
bool isLeftover(const std::string &path, pid_t process);

// write(2), but a pipe whose reader has gone is the error EPIPE and no signal: a library may not end its program, nor
// change how the program takes signals.
ssize_t writeWithoutSignal(int file, const void *data, size_t size);

// Refuses a name that could not be written later: no such folder, no permission, a folder of that name.
cnn_status checkWritable(const char *path, cnn_error *error);

} // namespace cnn::runtime
#endif
