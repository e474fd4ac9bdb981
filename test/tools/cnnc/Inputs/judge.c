/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A label that is no class is refused before any result is written. */
#include "Judge.h"

int main(void) {
  static const float scores[4 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  static const int32_t right[4] = {0, 1, 2, 0}, wrong[4] = {0, 1, 2, 3};
  float losses[4] = {-1, -1, -1, -1};
  Judge_model *model;
  Judge_run *run;
  if (Judge_create(&model) != CNN_OK || Judge_run_create(model, 1, &run) != CNN_OK)
    return 1;
  if (Judge_infer(run, 4, scores, wrong, losses) != CNN_BAD_ARGUMENT || losses[0] != -1)
    return 2;
  if (Judge_infer(run, 4, scores, right, losses) != CNN_OK || losses[0] < 0 || losses[3] < 0)
    return 3;
  Judge_run_destroy(run);
  Judge_destroy(model);
  return 0;
}
