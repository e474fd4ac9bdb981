/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* One call of a compiled function: by ops_test itself, or by a program for another processor. */
#ifndef CNN_TEST_BACKENDS_OPS_CALL_FUNCTION_H
#define CNN_TEST_BACKENDS_OPS_CALL_FUNCTION_H

#include "runtime/abi/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TestValue {
  const char *name; /* of a weight; "" for what is no weight */
  void *data;
  size_t bytes;
} TestValue;

typedef struct TestCall {
  int64_t batch, seed, step;
  float rate;
  int32_t isSplit;    /* the work of every kernel is done in pieces, from the last to the first */
  unsigned char fill; /* the bytes in memory that has not been written */
  TestValue *inputs;  /* in the function's order, and between them weights, which are set; */
  int64_t inputCount; /* a weight that the function does not have is passed over */
  TestValue *results; /* outputs in the function's order, and between them weights, which are read afterwards */
  int64_t resultCount;
} TestCall;

/* Calls the model's training step, or its inference if it has none, in memory that ends where the next byte cannot be
 * touched. Returns what is wrong, or NULL. */
const char *testCallFunction(const cnn_model_desc *desc, const TestCall *call);

#ifdef __cplusplus
}
#endif
#endif
