// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file that appears complete or not at all.
#ifndef CNN_RUNTIME_FILES_ATOMICFILE_H
#define CNN_RUNTIME_FILES_ATOMICFILE_H

#include "runtime/files/Error.h"

#include <string>

namespace cnn::runtime {

// Writes go to a new file in the same folder; commit() brings it to the disk and gives it its name. Without a commit
// nothing is left behind. A name that stands for something other than a regular file, such as /dev/stdout, is written
// directly. All failures are CNN_CANNOT_WRITE.
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

// Refuses a name that could not be written later: no such folder, no permission, a folder of that name.
cnn_status checkWritable(const char *path, cnn_error *error);

} // namespace cnn::runtime
#endif
