// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_FILES_IDX_H
#define CNN_RUNTIME_FILES_IDX_H

#include "runtime/files/Numbers.h"

namespace cnn::runtime {

// Reads the header of an IDX file (LeCun's MNIST page): two zero bytes, the type, the rank, the sizes, big-endian; then
// the data, of readBlock(), and the end.
cnn_status readIdxHeader(ByteReader &reader, ArrayHeader &header, cnn_error *error);

} // namespace cnn::runtime
#endif
