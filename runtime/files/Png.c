/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* libpng reports errors by a function that must not return, so it is left by longjmp. This file is C, and holds no
 * object with a destructor, so that the jump stays inside it.
 *
 * Samples are taken as they are stored: libpng's simplified interface would turn those of a file with a gAMA or cHRM
 * chunk into sRGB, and the same picture would be other numbers than everywhere else. */
#include "runtime/files/Png.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

typedef struct {
  const uint8_t *data;
  size_t left;
  png_structp decoder;
  png_infop info;
  char *message;
} png_source;

static void leave_with_message(png_structp decoder, png_const_charp text) {
  png_source *source = png_get_error_ptr(decoder);
  snprintf(source->message, CNN_PNG_MESSAGE_BYTES, "%s", text);
  png_longjmp(decoder, 1);
}

/* About chunks that hold no pixels. */
static void ignore_warning(png_structp decoder, png_const_charp text) {
  (void)decoder;
  (void)text;
}

static void read_bytes(png_structp decoder, png_bytep to, size_t count) {
  png_source *source = png_get_io_ptr(decoder);
  if (count > source->left)
    png_error(decoder, "the file ends too early");
  memcpy(to, source->data, count);
  source->data += count;
  source->left -= count;
}

static int open_source(png_source *source, const uint8_t *data, size_t size, char *message) {
  memset(source, 0, sizeof *source);
  source->data = data;
  source->left = size;
  source->message = message;
  source->decoder = png_create_read_struct(PNG_LIBPNG_VER_STRING, source, leave_with_message, ignore_warning);
  source->info = source->decoder ? png_create_info_struct(source->decoder) : NULL;
  if (source->info)
    return 1;
  snprintf(message, CNN_PNG_MESSAGE_BYTES, "no memory");
  png_destroy_read_struct(&source->decoder, NULL, NULL);
  return 0;
}

static void close_source(png_source *source) { png_destroy_read_struct(&source->decoder, &source->info, NULL); }

static void read_header(png_source *source) {
  png_set_read_fn(source->decoder, source, read_bytes);
  png_read_info(source->decoder, source->info);
}

int cnn_png_header(const uint8_t *data, size_t size, int64_t *width, int64_t *height, int64_t *channels,
                   char message[CNN_PNG_MESSAGE_BYTES]) {
  png_source source;
  if (!open_source(&source, data, size, message))
    return 0;
  if (setjmp(png_jmpbuf(source.decoder))) {
    close_source(&source);
    return 0;
  }
  read_header(&source);
  *width = png_get_image_width(source.decoder, source.info);
  *height = png_get_image_height(source.decoder, source.info);
  *channels = png_get_color_type(source.decoder, source.info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
  close_source(&source);
  return 1;
}

int cnn_png_pixels(const uint8_t *data, size_t size, uint8_t *pixels, char message[CNN_PNG_MESSAGE_BYTES]) {
  png_source source;
  if (!open_source(&source, data, size, message))
    return 0;
  if (setjmp(png_jmpbuf(source.decoder))) {
    close_source(&source);
    return 0;
  }
  read_header(&source);
  png_set_expand(source.decoder); /* palettes, and less than eight bits */
  png_set_scale_16(source.decoder);
  png_set_strip_alpha(source.decoder);
  int passes = png_set_interlace_handling(source.decoder);
  png_read_update_info(source.decoder, source.info);
  size_t row = png_get_rowbytes(source.decoder, source.info);
  png_uint_32 height = png_get_image_height(source.decoder, source.info);
  for (int pass = 0; pass < passes; ++pass)
    for (png_uint_32 y = 0; y < height; ++y)
      png_read_row(source.decoder, pixels + y * row, NULL);
  close_source(&source);
  return 1;
}
