/* Runs the library of tiny.mlir on numbers that are worked out here, too. */
#include "Tiny.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

enum { batch = 5 };

static float conv[2][1][3][3], bias[2], dense[3][8];

static void expect(uint8_t image[4][4], float score[3]) {
  float hidden[8];
  for (int y = 0; y < 2; ++y)
    for (int x = 0; x < 2; ++x)
      for (int o = 0; o < 2; ++o) {
        float sum = 0;
        for (int ky = 0; ky < 3; ++ky)
          for (int kx = 0; kx < 3; ++kx)
            sum += (float)image[y + ky][x + kx] * conv[o][0][ky][kx];
        sum += bias[o];
        hidden[(y * 2 + x) * 2 + o] = sum > 0 ? sum : 0;
      }
  for (int o = 0; o < 3; ++o) {
    score[o] = 0;
    for (int i = 0; i < 8; ++i)
      score[o] += hidden[i] * dense[o][i];
  }
}

static float next(void) {
  static unsigned state = 1;
  state = state * 1664525u + 1013904223u;
  return (float)(int)(state >> 24) / 16.0f - 8.0f;
}

int main(int argc, char **argv) {
  Tiny_model *model;
  CHECK(Tiny_create(&model) == CNN_OK);
  for (int i = 0; i < 18; ++i)
    (&conv[0][0][0][0])[i] = next();
  for (int i = 0; i < 24; ++i)
    (&dense[0][0])[i] = next();
  bias[0] = 0.5f;
  bias[1] = -20.0f;
  if (argc > 1) { /* embedded */
    CHECK(Tiny_get_weight(model, "conv.weight", conv, sizeof conv) == CNN_OK);
    CHECK(Tiny_get_weight(model, "dense.weight", dense, sizeof dense) == CNN_OK);
    CHECK(Tiny_get_weight(model, "conv.bias", bias, sizeof bias) == CNN_OK);
    CHECK(conv[0][0][0][0] == 0.0f && conv[1][0][0][1] == 10.0f && dense[2][1] == 17.0f && bias[1] == 1.0f);
  } else {
    CHECK(Tiny_set_weight(model, "conv.weight", conv, sizeof conv) == CNN_OK);
    CHECK(Tiny_set_weight(model, "dense.weight", dense, sizeof dense) == CNN_OK);
    CHECK(Tiny_set_weight(model, "conv.bias", bias, sizeof bias) == CNN_OK);
    CHECK(Tiny_set_weight(model, "conv.bias", bias, 4) == CNN_WRONG_SIZE);
    CHECK(Tiny_set_weight(model, "none", bias, 4) == CNN_NO_WEIGHT);
  }
  uint8_t images[batch][4][4];
  for (int i = 0; i < batch * 16; ++i)
    (&images[0][0][0])[i] = (uint8_t)(i * 37);
  /* A batch in one piece, in pieces, and in the caller's memory. */
  for (int maxBatch = 1; maxBatch <= batch; maxBatch += 2) {
    Tiny_run *run;
    size_t bytes = Tiny_run_bytes(maxBatch);
    void *memory = malloc(bytes + 1);
    CHECK(memory && Tiny_run_create_in(model, maxBatch, (char *)memory + 1, bytes, &run) == CNN_OK);
    float scores[batch][3], wanted[3];
    CHECK(Tiny_infer(run, batch, &images[0][0][0], &scores[0][0]) == CNN_OK);
    for (int i = 0; i < batch; ++i) {
      expect(images[i], wanted);
      for (int o = 0; o < 3; ++o)
        CHECK(scores[i][o] - wanted[o] <= 0.01f && wanted[o] - scores[i][o] <= 0.01f);
    }
    CHECK(Tiny_infer(run, 0, &images[0][0][0], &scores[0][0]) == CNN_BAD_ARGUMENT);
    Tiny_run_destroy(run);
    free(memory);
  }
  /* Two steps with momentum, in place. */
  Tiny_trainer *trainer;
  CHECK(Tiny_trainer_create(model, 4, 1, &trainer) == CNN_OK);
  float values[4] = {1, 2, 3, 6}, loss, after[2];
  CHECK(Tiny_train_step(trainer, 4, values, 0.5f, &loss) == CNN_OK && loss == 3.0f);
  CHECK(Tiny_train_step(trainer, 2, values, 0.5f, &loss) == CNN_OK && loss == 1.5f);
  CHECK(Tiny_get_weight(model, "conv.bias", after, sizeof after) == CNN_OK);
  CHECK(after[0] == bias[0] - 1.5f - 2.25f && after[1] == bias[1] - 1.5f - 2.25f);
  CHECK(Tiny_trainer_get_step(trainer) == 2);
  CHECK(Tiny_train_step(trainer, 5, values, 0.5f, &loss) == CNN_BATCH_TOO_LARGE);
  Tiny_trainer_destroy(trainer);
  Tiny_destroy(model);
  (void)argv;
  puts("ok");
  return 0;
}
