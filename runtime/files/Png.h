/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef CNN_RUNTIME_FILES_PNG_H
#define CNN_RUNTIME_FILES_PNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CNN_PNG_MESSAGE_BYTES 256

/* Reads the header: width, height and the channels it unpacks to (1 or 3). 0 on failure, with a message. */
int cnn_png_header(const uint8_t *data, size_t size, int64_t *width, int64_t *height, int64_t *channels,
                   char message[CNN_PNG_MESSAGE_BYTES]);
/* Unpacks to pixels[height][width][channels] of the header. 0 on failure, with a message; a truncated file fails. */
int cnn_png_pixels(const uint8_t *data, size_t size, uint8_t *pixels, char message[CNN_PNG_MESSAGE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
