// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Images of the tests, as the contents of files.
#ifndef CNN_TEST_RUNTIME_IMAGES_H
#define CNN_TEST_RUNTIME_IMAGES_H

#include <cstdint>
#include <png.h>
#include <string>
#include <vector>

inline std::string pngFile(int width, int height, int format, const std::vector<uint8_t> &pixels) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = static_cast<png_uint_32>(format);
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr);
  std::string file(size, 0);
  png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr);
  file.resize(size);
  return file;
}

#endif
