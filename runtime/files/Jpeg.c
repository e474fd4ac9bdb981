/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* libjpeg reports errors by a function that must not return, so it is left by longjmp. This file is C, and holds no
 * object with a destructor, so that the jump stays inside it. A warning means damaged or missing data: it counts as an
 * error. */
#include "runtime/files/Jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

typedef struct {
  struct jpeg_error_mgr manager; /* first: libjpeg hands out a pointer to it */
  jmp_buf leave;
  char *message;
} error_state;

static void leave_with_message(j_common_ptr info) {
  error_state *state = (error_state *)info->err;
  char text[JMSG_LENGTH_MAX];
  state->manager.format_message(info, text);
  snprintf(state->message, CNN_JPEG_MESSAGE_BYTES, "%s", text);
  longjmp(state->leave, 1);
}

static void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code != JWRN_EXTRANEOUS_DATA)
    leave_with_message(info);
}

/* Also libjpeg's own output function, which prints, must never be reached. */
static void print_nothing(j_common_ptr info) { (void)info; }

static void use_error_state(j_decompress_ptr decoder, error_state *state, char *message) {
  decoder->err = jpeg_std_error(&state->manager);
  state->manager.error_exit = leave_with_message;
  state->manager.emit_message = on_message;
  state->manager.output_message = print_nothing;
  state->message = message;
}

static void read_header(j_decompress_ptr decoder, const uint8_t *data, size_t size) {
  jpeg_mem_src(decoder, data, size);
  jpeg_read_header(decoder, TRUE);
  decoder->out_color_space = decoder->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
  decoder->dct_method = JDCT_ISLOW;
}

int cnn_jpeg_header(const uint8_t *data, size_t size, int64_t *width, int64_t *height, int64_t *channels,
                    char message[CNN_JPEG_MESSAGE_BYTES]) {
  struct jpeg_decompress_struct decoder;
  error_state state;
  memset(&decoder, 0, sizeof decoder);
  use_error_state(&decoder, &state, message);
  if (setjmp(state.leave)) {
    jpeg_destroy_decompress(&decoder);
    return 0;
  }
  jpeg_create_decompress(&decoder);
  read_header(&decoder, data, size);
  *width = decoder.image_width;
  *height = decoder.image_height;
  *channels = decoder.out_color_space == JCS_GRAYSCALE ? 1 : 3;
  jpeg_destroy_decompress(&decoder);
  return 1;
}

int cnn_jpeg_pixels(const uint8_t *data, size_t size, uint8_t *pixels, char message[CNN_JPEG_MESSAGE_BYTES]) {
  struct jpeg_decompress_struct decoder;
  error_state state;
  memset(&decoder, 0, sizeof decoder);
  use_error_state(&decoder, &state, message);
  if (setjmp(state.leave)) {
    jpeg_destroy_decompress(&decoder);
    return 0;
  }
  jpeg_create_decompress(&decoder);
  read_header(&decoder, data, size);
  jpeg_start_decompress(&decoder);
  size_t row = (size_t)decoder.output_width * (size_t)decoder.output_components;
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW line = pixels + decoder.output_scanline * row;
    jpeg_read_scanlines(&decoder, &line, 1);
  }
  jpeg_finish_decompress(&decoder); /* reads to the end marker */
  jpeg_destroy_decompress(&decoder);
  return 1;
}
