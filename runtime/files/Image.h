// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_FILES_IMAGE_H
#define CNN_RUNTIME_FILES_IMAGE_H

#include "runtime/files/ByteReader.h"

namespace cnn::runtime {

// Unpacks a PNG or JPEG image of exactly height x width into planes u8[channels, height, width], channels 1 or 3.
// Gray becomes color by repetition. Color becomes gray by ITU-R 601 luma, (19595 R + 38470 G + 7471 B + 32768) / 65536.
// Sixteen bits are rounded to eight; transparency is dropped; what a file says about gamma changes nothing; CMYK is
// refused. The size is checked before the pixels are
// unpacked, and a file that is truncated or damaged anywhere is refused. CNN_BAD_FILE.
cnn_status decodeImage(const char *name, const uint8_t *data, uint64_t size, int64_t channels, int64_t height,
                       int64_t width, Bytes &pixels, cnn_error *error);

// Reads no more of an image than its header, and refuses one of another size. CNN_BAD_FILE.
cnn_status checkImageSize(ByteReader &reader, int64_t height, int64_t width, cnn_error *error);

} // namespace cnn::runtime
#endif
