// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_FILES_NPY_H
#define CNN_RUNTIME_FILES_NPY_H

#include "runtime/files/Numbers.h"

namespace cnn::runtime {

// Reads the header of an .npy file, versions 1 to 3 (numpy.lib.format): C order; integers, floats or booleans of either
// byte order. The data, of readBlock(), and the end follow.
cnn_status readNpyHeader(ByteReader &reader, ArrayHeader &header, cnn_error *error);

// Writes an array of `dtype` as version 1.0, complete or not at all. CNN_CANNOT_WRITE.
cnn_status writeNpy(const char *path, int32_t dtype, const std::vector<int64_t> &shape, const void *data,
                    cnn_error *error);

} // namespace cnn::runtime
#endif
