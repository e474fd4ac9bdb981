// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows of any bytes. The first byte chooses: even, one byte per number, and the answers must be those of the
// definition; odd, eight bytes per number, and the answers must agree with each other (and nothing may overflow, which
// the sanitizers watch).

#include "../WindowDefinition.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace cnn;

namespace {

/// The numbers of an input, one after the other; 0 where it ends.
class Numbers {
public:
  Numbers(const uint8_t *data, size_t size) : data(data), size(size) {}

  template <typename T> T next() {
    T value = 0;
    size_t length = size < sizeof(T) ? size : sizeof(T);
    std::memcpy(&value, data, length);
    data += length;
    size -= length;
    return value;
  }

private:
  const uint8_t *data;
  size_t size;
};

void fail(const char *what) {
  std::fprintf(stderr, "%s differs from the definition\n", what);
  std::abort();
}

void checkSmall(Numbers numbers) {
  int64_t in = numbers.next<uint8_t>() + 1;
  WindowDim window;
  window.kernel = numbers.next<uint8_t>() + 1;
  window.stride = numbers.next<uint8_t>() + 1;
  window.dilation = numbers.next<uint8_t>() + 1;
  window.padLow = numbers.next<int16_t>();
  window.padHigh = numbers.next<int16_t>();
  window.ceil = numbers.next<uint8_t>() & 1;
  std::string wrong = checkAgainstDefinition(in, window);
  if (!wrong.empty())
    fail(wrong.c_str());
}

void checkLarge(Numbers numbers) {
  int64_t in = numbers.next<int64_t>();
  WindowDim window;
  window.kernel = numbers.next<int64_t>();
  window.stride = numbers.next<int64_t>();
  window.dilation = numbers.next<int64_t>();
  window.padLow = numbers.next<int64_t>();
  window.padHigh = numbers.next<int64_t>();
  window.ceil = numbers.next<uint8_t>() & 1;
  int64_t p = numbers.next<int64_t>();

  std::optional<int64_t> out = windowOutputSize(in, window);
  if (!out)
    return;
  if (*out < 1 || windowOverhang(in, window) < 0 || windowExtent(window) < 1)
    fail("a size");
  p = p < 0 ? 0 : p % *out;
  bool touch = windowsTouchInput(in, window);
  for (int64_t position : {int64_t(0), p, *out - 1}) {
    int64_t inside = windowCount(position, in, window, false), padded = windowCount(position, in, window, true);
    if (inside < 0 || inside > padded || padded > window.kernel || (touch && inside == 0))
      fail("windowCount");
  }
  Padding same = samePadding(in, window.kernel, window.stride, window.dilation);
  if (same.low < 0 || same.high < same.low)
    fail("samePadding");
  std::optional<int64_t> read = windowPaddedSize(in, window);
  if (read && *read < windowExtent(window))
    fail("windowPaddedSize");
  if (windowSpreadSize(in, window))
    transposedWindow(in, window);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Numbers numbers(data, size);
  if (numbers.next<uint8_t>() % 2 == 0)
    checkSmall(numbers);
  else
    checkLarge(numbers);
  return 0;
}
