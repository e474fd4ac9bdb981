/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef CNN_TEST_RUNTIME_FAKE_MODEL_H
#define CNN_TEST_RUNTIME_FAKE_MODEL_H

#include "runtime/abi/model.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif
extern const cnn_model_desc fake_model;
extern const cnn_model_desc fake_embedded_model; /* the same, with weights inside: bias 1, 2, 3 */
extern volatile sig_atomic_t fake_evaluations;   /* calls of evaluate so far; as a stop flag it stops in a test */
extern int fake_test_loss_is_nan;
#ifdef __cplusplus
}
#endif
#endif
