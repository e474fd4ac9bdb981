/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef CNN_TEST_RUNTIME_FAKE_MODEL_H
#define CNN_TEST_RUNTIME_FAKE_MODEL_H

#include "runtime/abi/model.h"

#ifdef __cplusplus
extern "C" {
#endif
extern const cnn_model_desc fake_model;
extern const cnn_model_desc fake_embedded_model; /* the same, with weights inside: bias 1, 2, 3 */
#ifdef __cplusplus
}
#endif
#endif
