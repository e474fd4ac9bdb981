/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* clang-format off */
/* The NeuFlow machine behind a compiled model: libcnn_neuflow_runtime.
 *
 * A library that `cnnc build --target=neuflow` wrote runs without this: it has its programs and a simulator of the
 * machine inside. This is for who wants another machine, or to know how the machine fared:
 *
 *   cnn_neuflow *machine;
 *   cnn_error error;
 *   if (cnn_neuflow_open(&LeNet5_model_desc, CNN_NEUFLOW_CYCLES, &machine, &error) != CNN_OK)
 *     return fail(error.text);
 *   LeNet5_run_set_device(run, cnn_neuflow_device(machine)); // of any model: cnn_run_set_device
 *   if (LeNet5_infer(run, 1, image, score) == CNN_DEVICE_FAILED)
 *     return fail(cnn_neuflow_error(machine)->text);
 *   printf("%lld cycles\n", (long long)cnn_neuflow_get_report(machine)->cycles);
 *   LeNet5_run_destroy(run);
 *   cnn_neuflow_close(machine);
 *
 * Opening checks all that can be wrong before anything runs: checksums, lengths and addresses of each part's program,
 * that all parts are for one machine, and that what goes in and out has the names, sizes and fractions that the model's
 * tables say. How words stand for numbers is in docs/neuflow.md.
 *
 * Conventions are those of cnn/runtime.h. One cnn_neuflow serves one run state at a time; distinct ones have nothing in
 * common and may be used by distinct threads.
 */
/* clang-format on */
#ifndef CNN_NEUFLOW_H
#define CNN_NEUFLOW_H

#include "cnn/runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cnn_neuflow cnn_neuflow;

/* The machines that come with the library. All give the same words. */
typedef enum cnn_neuflow_kind {
  CNN_NEUFLOW_FUNCTIONAL = 0, /* word for word, without time: what a model has that is given none */
  CNN_NEUFLOW_CYCLES = 1      /* cycle by cycle, as the hardware */
} cnn_neuflow_kind;

/* How one run of a program ended. What it points to stays as it is until the next run. */
typedef struct cnn_neuflow_end {
  const char *trap; /* why the machine stopped before the program's end, one sentence; NULL if it did not */
  int64_t cycles;   /* of the grid clock; -1 if the machine does not tell */
  const unsigned char *saturated; /* [tiles of the machine], in the order of its list: 1 if that tile has saturated
                                   * since the program reset it; NULL if the machine does not tell */
} cnn_neuflow_end;

/* Another machine with its memory: hardware, or the Verilog in a simulator. Addresses are in bytes. What a function
 * answers, if it is not CNN_OK, is what the model's run answers. */
typedef struct cnn_neuflow_machine {
  void *context;
  const unsigned char *target_hash; /* [32], of the machine's description, as in a program's file; NULL: not checked */
  cnn_status (*write)(void *context, uint64_t address, const void *bytes, size_t count);
  cnn_status (*read)(void *context, uint64_t address, void *bytes, size_t count);
  /* Resets the machine, but not its memory, runs from this address until it stops, and fills `end`. */
  cnn_status (*run)(void *context, uint64_t entry, cnn_neuflow_end *end);
} cnn_neuflow_machine;

/* Makes a machine for a model, whose description must outlive it, as must what `other` points to. CNN_BAD_FILE if a
 * program is damaged; CNN_INCOMPATIBLE if it does not fit the model, the other parts, or the machine; CNN_BAD_ARGUMENT,
 * also for a model without parts for a device; CNN_NO_MEMORY. */
cnn_status cnn_neuflow_open(const cnn_model_desc *desc, cnn_neuflow_kind kind, cnn_neuflow **machine, cnn_error *error);
cnn_status cnn_neuflow_open_on(const cnn_model_desc *desc, const cnn_neuflow_machine *other, cnn_neuflow **machine,
                               cnn_error *error);
/* No run state may have it. NULL does nothing. */
void cnn_neuflow_close(cnn_neuflow *machine);

/* To be given to NAME_run_set_device or cnn_run_set_device. */
const cnn_device *cnn_neuflow_device(const cnn_neuflow *machine);

/* What has happened since the machine was opened, or since the report was reset. */
typedef struct cnn_neuflow_report {
  int64_t runs;             /* of programs: one for each part and sample */
  int64_t cycles;           /* of the grid clock, of all of these; -1 if the machine does not tell */
  int64_t tile_count;       /* of the machine */
  const char *const *tiles; /* [tile_count], their names */
  const int64_t *saturated; /* [tile_count]: in how many runs a result of the tile did not fit into a word */
} cnn_neuflow_report;
/* Valid until the next run, and until the machine is closed. */
const cnn_neuflow_report *cnn_neuflow_get_report(const cnn_neuflow *machine);
void cnn_neuflow_reset_report(cnn_neuflow *machine);

/* Why the last run of the model failed in the machine; CNN_OK and an empty text if it did not. */
const cnn_error *cnn_neuflow_error(const cnn_neuflow *machine);

#ifdef __cplusplus
}
#endif
#endif
