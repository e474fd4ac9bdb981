/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Classifies the test images of Fashion-MNIST with the compiled LeNet-5, and prints how many it gets right.
 *
 * All that this program needs of cnnc is the header and the library that `cnnc build` wrote:
 *
 *     cc -Iout app.c out/libLeNet5.a -lm -o app
 *     ./app t10k-images-idx3-ubyte t10k-labels-idx1-ubyte [PREDICTIONS]
 *
 * The files are of LeCun's IDX format, unpacked: two zero bytes, the type of the elements (8: unsigned bytes), the
 * number of dimensions, the size of each as four bytes, the highest first, then the elements. PREDICTIONS receives the
 * class of each image, a number a line.
 */
#include "LeNet5.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, BATCH = 100 };

static void fail(const char *path, const char *why) {
  fprintf(stderr, "app: '%s': %s\n", path, why);
  exit(1);
}

static void check(cnn_status status) {
  if (status != CNN_OK) {
    fprintf(stderr, "app: %s\n", LeNet5_status_text(status));
    exit(1);
  }
}

/* Reads an IDX file of `count` items of `item` bytes each, and answers the items; the caller frees them. */
static uint8_t *readIdx(const char *path, int rank, size_t item, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file)
    fail(path, "cannot be opened");
  uint8_t header[16];
  size_t headerBytes = 4 + 4 * (size_t)rank;
  if (fread(header, 1, headerBytes, file) != headerBytes || header[0] || header[1] || header[2] != 8 ||
      header[3] != rank)
    fail(path, "not an unpacked IDX file of unsigned bytes of the expected rank");
  uint32_t sizes[3];
  for (int i = 0; i < rank; ++i) {
    const uint8_t *bytes = header + 4 + 4 * i;
    sizes[i] = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  }
  for (int i = 1; i < rank; ++i)
    if (sizes[i] != SIDE)
      fail(path, "expected images of 28 by 28");
  *count = sizes[0];
  if (*count == 0 || *count > 1000000)
    fail(path, "expected between 1 and 1,000,000 items");
  uint8_t *items = malloc(*count * item);
  if (!items)
    fail(path, "does not fit in memory");
  if (fread(items, item, *count, file) != *count)
    fail(path, "ends too early");
  fclose(file);
  return items;
}

static int indexOfLargest(const float *scores) {
  int best = 0;
  for (int i = 1; i < CLASSES; ++i)
    if (scores[i] > scores[best])
      best = i;
  return best;
}

int main(int argc, char **argv) {
  if (argc != 3 && argc != 4) {
    fprintf(stderr, "usage: app IMAGES LABELS [PREDICTIONS]\n");
    return 2;
  }
  size_t count, labelCount;
  uint8_t *images = readIdx(argv[1], 3, PIXELS, &count);
  uint8_t *labels = readIdx(argv[2], 1, 1, &labelCount);
  if (labelCount != count)
    fail(argv[2], "has another number of items than the images");
  FILE *predictions = argc == 4 ? fopen(argv[3], "w") : NULL;
  if (argc == 4 && !predictions)
    fail(argv[3], "cannot be written");

  LeNet5_model *model;
  LeNet5_run *run;
  check(LeNet5_create(&model));
  check(LeNet5_run_create(model, BATCH, &run));

  size_t right = 0;
  for (size_t first = 0; first < count; first += BATCH) {
    size_t batch = count - first < BATCH ? count - first : BATCH;
    float scores[BATCH * CLASSES];
    check(LeNet5_infer(run, (int64_t)batch, images + first * PIXELS, scores));
    for (size_t i = 0; i < batch; ++i) {
      int answer = indexOfLargest(scores + i * CLASSES);
      right += answer == labels[first + i];
      if (predictions)
        fprintf(predictions, "%d\n", answer);
    }
  }
  printf("%zu of %zu test images right: accuracy %.4f\n", right, count, (double)right / (double)count);

  LeNet5_run_destroy(run);
  LeNet5_destroy(model);
  free(images);
  free(labels);
  if (predictions && fclose(predictions))
    fail(argv[3], "cannot be written completely");
  return 0;
}
