/* Runs the library of derived.mlir: with an argument, on the weights that are in it. */
#include "Derived.h"
#include "check.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { outputs = 16, inputs = 4, batch = 3 };

static const double wide[6][3] = {{1 / 4.0, 0, 0},
                                  {-1 / 6.0, -1 / 6.0, -1 / 6.0},
                                  {-1 / 6.0, 1 / 6.0, -1 / 6.0},
                                  {1 / 24.0, 1 / 12.0, 1 / 6.0},
                                  {1 / 24.0, -1 / 12.0, 1 / 6.0},
                                  {0, 0, 1}};
static const double narrow[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};

static float weight[outputs][inputs][3][3];
static float u[batch][6][6][outputs / 8][inputs][8], v[batch][4][4][inputs][outputs];

static double transformed(const double *row, const double *column, int o, int c) {
  double sum = 0;
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 3; ++x)
      sum += row[y] * weight[o][c][y][x] * column[x];
  return sum;
}

static int isNear(float found, double wanted) { return fabs(found - wanted) <= 1e-6 * fabs(wanted) + 1e-6; }

/* Whether inference has the derived values of the model's weight. */
static int isRight(const Derived_model *model, Derived_run *run) {
  static const float x[batch] = {1, 2, -4};
  if (Derived_get_weight(model, "w", weight, sizeof weight) != CNN_OK ||
      Derived_infer(run, batch, x, (float *)u, (float *)v) != CNN_OK)
    return 0;
  for (int b = 0; b < batch; ++b)
    for (int o = 0; o < outputs; ++o)
      for (int c = 0; c < inputs; ++c) {
        for (int i = 0; i < 6; ++i)
          for (int j = 0; j < 6; ++j)
            if (!isNear(u[b][i][j][o / 8][c][o % 8] / x[b], transformed(wide[i], wide[j], o, c)))
              return 0;
        for (int i = 0; i < 4; ++i)
          for (int j = 0; j < 4; ++j)
            if (!isNear(v[b][i][j][c][o] / x[b], transformed(narrow[i], narrow[j], o, c)))
              return 0;
      }
  return 1;
}

int main(int argc, char **argv) {
  (void)argv;
  static float first[sizeof u / sizeof(float)], values[outputs * inputs * 9];
  Derived_model *model;
  Derived_run *run;
  CHECK(Derived_create(&model) == CNN_OK);
  CHECK(Derived_run_create(model, 2, &run) == CNN_OK); /* less than the batch */
  CHECK(isRight(model, run));
  CHECK((weight[0][0][0][1] != 0) == (argc > 1)); /* or zeros */
  /* The same bytes whether they come from the compiler or are computed here. */
  memcpy(first, u, sizeof u);
  memcpy(values, weight, sizeof weight);
  CHECK(Derived_set_weight(model, "w", values, sizeof values) == CNN_OK);
  CHECK(isRight(model, run));
  if (argc > 1) /* zeros may differ in their sign */
    CHECK(memcmp(first, u, sizeof u) == 0);
  CHECK(Derived_initialize(model, 5) == CNN_OK);
  CHECK(isRight(model, run) && memcmp(first, u, sizeof u) != 0);
  float *parameters = Derived_parameters(model);
  CHECK(parameters && Derived_PARAMETER_BYTES == sizeof weight);
  for (int i = 0; i < outputs * inputs * 9; ++i)
    parameters[i] = (float)(i % 17) - 8;
  CHECK(!isRight(model, run));
  Derived_refresh(model);
  CHECK(isRight(model, run));
  Derived_run_destroy(run);
  Derived_destroy(model);
  puts("ok");
  return 0;
}
