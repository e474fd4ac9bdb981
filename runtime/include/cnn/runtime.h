/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The runtime of compiled models, libcnn_runtime: threads, and loading a libNAME.so by path. It holds no compiler, and
 * reads no other files: those are cnn/training.h's. The objects themselves (cnn_model, cnn_run, cnn_trainer) are in
 * runtime/abi/support.h, which this header includes; a loaded model is used through the same functions.
 *
 *   cnn_library *library;
 *   cnn_model *model;
 *   cnn_error error;
 *   if (cnn_library_open("out/libLeNet5.so", &library, &error) != CNN_OK) { fputs(error.text, stderr); ... }
 *   cnn_model_create(cnn_library_model(library), &model);
 *
 * Conventions. Nothing here ends the program, and nothing prints. Where a function takes a cnn_error, a failure puts
 * into it the status that is returned and one sentence that names the file, what was expected and what was found; NULL
 * is allowed. Distinct objects may be used by distinct threads.
 */
#ifndef CNN_RUNTIME_H
#define CNN_RUNTIME_H

#include "runtime/abi/model.h"
#include "runtime/abi/status.h"
#include "runtime/abi/support.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cnn_error {
  cnn_status status;
  char text[2048]; /* no line break, no full stop */
} cnn_error;

/* ---- Threads ---- */

/* The executor that compiled models find when they are linked with this library: a pool of threads, made at the first
 * call, shared by the program. While another thread is using the pool, a call runs on its own thread instead of
 * waiting. `context` is not used. A program that links the static libraries must ask for it: -Wl,-u,cnn_parallel_for.
 */
void cnn_parallel_for(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count);

/* Sets the number of threads, the caller included; 0 is the default: CNN_NUM_THREADS from the environment if that is a
 * positive number, else the processors this process may run on, or its container has time for. It changes the speed and
 * never a result. CNN_BAD_ARGUMENT if count < 0 or above 1024; CNN_NO_MEMORY if the threads cannot be made. Waits for
 * work in progress.
 */
cnn_status cnn_set_threads(int64_t count);
int64_t cnn_get_threads(void);

/* With `pin` other than 0, gives each thread of the pool but the caller a processor of its own: the second, the third,
 * ... of those that the calling thread may run on, so that the first is left for the caller, which stays as it is. With
 * 0, they may run wherever the calling thread may. For programs that have their processors for themselves. It holds for
 * threads that cnn_set_threads makes later, too, as long as there are enough processors. CNN_BAD_ARGUMENT, and nothing
 * changes, if there are fewer than threads. Waits for work in progress.
 */
cnn_status cnn_pin_threads(int pin);

/* ---- Loading a compiled model ---- */

typedef struct cnn_library cnn_library;

/* Loads libNAME.so from this path (no search), checks that its interface is of this version and that its tables are
 * sound. CNN_CANNOT_READ, CNN_BAD_FILE, CNN_INCOMPATIBLE, CNN_NO_MEMORY. */
cnn_status cnn_library_open(const char *path, cnn_library **library, cnn_error *error);
/* Unloads it; no model made from it may be in use. NULL does nothing. */
void cnn_library_close(cnn_library *library);
/* The description: name, functions with their inputs and outputs, weights. Valid until the library is closed. */
const cnn_model_desc *cnn_library_model(const cnn_library *library);

/* Checks the tables of a description: version, counts, ranks, types, storage orders, offsets inside the blocks.
 * CNN_INCOMPATIBLE. */
cnn_status cnn_check_model(const cnn_model_desc *desc, cnn_error *error);

/* Writes a listing of functions, inputs, outputs, types, shapes and weights, one a line, with a final NUL, into at most
 * `bytes` bytes of `text`; answers the bytes that all of it needs, NUL included, as snprintf does plus one. */
size_t cnn_describe_model(const cnn_model_desc *desc, char *text, size_t bytes);

/* "f32", "u8", "i32", "i64"; "?" for anything else. */
const char *cnn_dtype_name(int32_t dtype);

#ifdef __cplusplus
}
#endif
#endif
