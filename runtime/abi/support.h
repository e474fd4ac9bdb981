/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The objects behind a compiled model: its weights, its run states, its trainer.
 *
 *   cnn_model    the weights: a parameter block, a state block, and a block of what is derived from parameters. One
 *                model serves many run states.
 *   cnn_run      what one thread needs to run `infer`: an arena, and the executor for the kernels.
 *   cnn_trainer  what training needs besides: the optimizer's slots, the step counter, the seed.
 *
 * Everything is generic over `cnn_model_desc`. The code is compiled twice: natively into the runtime library, which
 * uses it on models it loads, and to LLVM bitcode, which the compiler links into each library it writes and makes local
 * there, behind typed functions: NAME_create(&model) is cnn_model_create(&NAME_model_desc, &model).
 * It needs malloc, free, memcpy, memset, strcmp and sqrt, keeps no global state, never prints and never ends the
 * program. Where there is madvise, *_create() asks for huge pages, which weights and activations are read from faster.
 *
 * The executor. Kernels run through the function `cnn_parallel_for` of the runtime library (cnn/runtime.h) if the
 * program is linked with it, and on the calling thread if not; *_set_parallel_for() replaces it. Results do not depend
 * on it.
 *
 * Conventions, unless a function says otherwise:
 *   - A function that can fail returns a cnn_status; results are written on CNN_OK alone.
 *   - Buffers of samples are dense and row-major, batch outermost, channels first: [batch, shape...] of the tensor's
 *     cnn_tensor_desc. Weights are in their canonical order: [O, C/groups, K...] for a convolution.
 *   - *_bytes() answers 0 if the size overflows. *_create_in() puts the object into the caller's memory, of any
 *     alignment, which must outlive the object; *_destroy() then frees nothing. *_destroy(NULL) does nothing.
 *   - Thread-safety: distinct run states may run at the same time, on one model or several. A function that takes a
 *     non-const cnn_model, cnn_run or cnn_trainer must not run beside another use of that object; a function that
 *     changes a model's weights (set, initialize, refresh, trainer step) must not run beside any use of the model.
 *   - A model must outlive its run states and trainers.
 */
#ifndef CNN_ABI_SUPPORT_H
#define CNN_ABI_SUPPORT_H

#include "runtime/abi/model.h"
#include "runtime/abi/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cnn_model cnn_model;
typedef struct cnn_run cnn_run;
typedef struct cnn_trainer cnn_trainer;

/* A short description of the status, in lower case without a full stop. Static storage, never NULL. */
const char *cnn_status_text(cnn_status status);

/* ---- Description ---- */

/* Bytes of one element; 0 if `dtype` is no cnn_dtype. */
size_t cnn_dtype_bytes(int32_t dtype);
/* Bytes of one sample of the tensor, 0 on overflow. */
size_t cnn_tensor_sample_bytes(const cnn_tensor_desc *tensor);
/* Elements and bytes of one weight, 0 on overflow. */
int64_t cnn_weight_elements(const cnn_weight_desc *weight);
size_t cnn_weight_bytes(const cnn_weight_desc *weight);
/* Bytes of what is derived from this weight, 0 on overflow. */
size_t cnn_derived_bytes(const cnn_derived_desc *derived, const cnn_weight_desc *weight);
/* The index of the weight in desc->weights, or -1. */
int64_t cnn_weight_index(const cnn_model_desc *desc, const char *path);

/* ---- Model: the weights ---- */

/* Bytes that cnn_model_create_in needs. */
size_t cnn_model_bytes(const cnn_model_desc *desc);
/* Makes a model. Its weights are those embedded in the library, or zeros if there are none. Embedded weights are read
 * in place, without a copy, until something changes a weight.
 * CNN_NO_MEMORY; CNN_INCOMPATIBLE if `desc` is of another ABI version; CNN_BAD_ARGUMENT. */
cnn_status cnn_model_create(const cnn_model_desc *desc, cnn_model **model);
/* The same in caller memory; embedded weights are copied into it. CNN_WRONG_SIZE if bytes < cnn_model_bytes(desc). */
cnn_status cnn_model_create_in(const cnn_model_desc *desc, void *memory, size_t bytes, cnn_model **model);
void cnn_model_destroy(cnn_model *model);

const cnn_model_desc *cnn_model_description(const cnn_model *model);

/* Gives every weight its first value. What a weight gets depends on `seed`, its path and its shape alone, on every
 * machine. CNN_NO_MEMORY, as every change of embedded weights may answer. */
cnn_status cnn_model_initialize(cnn_model *model, uint64_t seed);

/* Copies a weight out of, or into, the model, in canonical order. `bytes` is the size of `values`, to be checked:
 * CNN_WRONG_SIZE if it is not the weight's. CNN_NO_WEIGHT if there is no such path. */
cnn_status cnn_model_get_weight(const cnn_model *model, const char *path, void *values, size_t bytes);
cnn_status cnn_model_set_weight(cnn_model *model, const char *path, const void *values, size_t bytes);
/* The same by index in desc->weights; CNN_BAD_ARGUMENT if it is out of range. */
cnn_status cnn_model_get_weight_at(const cnn_model *model, int64_t index, void *values, size_t bytes);
cnn_status cnn_model_set_weight_at(cnn_model *model, int64_t index, const void *values, size_t bytes);

/* The blocks, in storage order, of desc->parameter_bytes and desc->state_bytes: to average or to send as a whole.
 * They answer NULL if there is no memory for a private copy of embedded weights. Who writes parameters through the
 * pointer calls cnn_model_refresh before the model is used again, or its runs compute with what was derived from other
 * parameters. */
void *cnn_model_parameters(cnn_model *model);
void *cnn_model_states(cnn_model *model);
/* Computes anew all that is derived from parameters. Setting a weight and initializing do so by themselves. */
void cnn_model_refresh(cnn_model *model);

/* ---- Run state: inference ---- */

/* Bytes that cnn_run_create_in needs. */
size_t cnn_run_bytes(const cnn_model_desc *desc, int64_t max_batch);
/* Makes a run state for batches up to `max_batch` at a time (>= 1). CNN_NO_MEMORY; CNN_BAD_ARGUMENT. */
cnn_status cnn_run_create(const cnn_model *model, int64_t max_batch, cnn_run **run);
cnn_status cnn_run_create_in(const cnn_model *model, int64_t max_batch, void *memory, size_t bytes, cnn_run **run);
void cnn_run_destroy(cnn_run *run);

/* Who runs the kernels of this state; NULL is the calling thread alone. */
void cnn_run_set_parallel_for(cnn_run *run, cnn_parallel_for_fn parallel_for, void *context);
/* Who is told of every launch of a kernel, on the calling thread; NULL is nobody. desc->infer.launches says what a
 * launch is. A large batch is done in pieces, each of which begins again with launch 0; in a piece, too, launches may
 * repeat, each time with the next few samples. */
void cnn_run_set_observer(cnn_run *run, cnn_observe_fn observe, void *context);

/* Who carries out the parts of the network that are a device's (desc->device_parts); it must outlive the run state.
 * With NULL, as in the beginning, the run state opens a device of desc->device_source when it first needs one, and
 * closes it when it is destroyed. Nothing happens if there are no such parts. */
void cnn_run_set_device(cnn_run *run, const cnn_device *device);

/* Runs the network on `batch` samples (>= 1). inputs[i] and outputs[i] are as described by desc->infer. A batch above
 * max_batch is done in pieces; samples do not depend on each other. CNN_BAD_ARGUMENT, also for a label out of range. Of
 * a network with parts for a device also what that answers: CNN_BAD_FILE or CNN_INCOMPATIBLE if a program is damaged or
 * does not fit, CNN_NO_MEMORY, CNN_DEVICE_FAILED; then what is in the outputs is irrelevant. */
cnn_status cnn_run_infer(cnn_run *run, int64_t batch, const void *const *inputs, void *const *outputs);

/* ---- Trainer ---- */

/* Bytes that cnn_trainer_create_in needs; 0 also if the model has no train_step. */
size_t cnn_trainer_bytes(const cnn_model_desc *desc, int64_t max_batch);
/* Makes a trainer: slots are zeros, the step is 0. `seed` is that of dropout. It trains the model in place.
 * CNN_NO_FUNCTION if the model was built without a train block; CNN_NO_MEMORY; CNN_BAD_ARGUMENT. */
cnn_status cnn_trainer_create(cnn_model *model, int64_t max_batch, uint64_t seed, cnn_trainer **trainer);
cnn_status cnn_trainer_create_in(cnn_model *model, int64_t max_batch, uint64_t seed, void *memory, size_t bytes,
                                 cnn_trainer **trainer);
void cnn_trainer_destroy(cnn_trainer *trainer);
void cnn_trainer_set_parallel_for(cnn_trainer *trainer, cnn_parallel_for_fn parallel_for, void *context);
/* As cnn_run_set_observer: desc->train_step.launches, or those of desc->evaluate. */
void cnn_trainer_set_observer(cnn_trainer *trainer, cnn_observe_fn observe, void *context);

/* One step: forward, backward, update, on a batch of 1 to max_batch samples, then the step counter goes up by one.
 * inputs[i] is as described by desc->train_step. results[0] receives the mean loss of the batch before the update,
 * results[1...] the mean metrics; a NULL result is not wanted. CNN_BATCH_TOO_LARGE: statistics are of a whole batch.
 * CNN_BAD_ARGUMENT, also for a label out of range: nothing is changed then. */
cnn_status cnn_trainer_step(cnn_trainer *trainer, int64_t batch, const void *const *inputs, float rate,
                            float *const *results);
/* The mean loss and metrics over `batch` samples, of any number (pieces of max_batch, weighted by size), in inference
 * mode; changes nothing. CNN_NO_FUNCTION if the model has no evaluate; CNN_BAD_ARGUMENT, also for a label out of range.
 */
cnn_status cnn_trainer_evaluate(cnn_trainer *trainer, int64_t batch, const void *const *inputs, float *const *results);

/* The position, to be saved and restored: the number of the next step, and the slots (desc->slot_bytes). */
uint64_t cnn_trainer_get_step(const cnn_trainer *trainer);
void cnn_trainer_set_step(cnn_trainer *trainer, uint64_t step);
void *cnn_trainer_slots(cnn_trainer *trainer);

/* ---- Derived values: for the compiler, and for who calls compiled code without a model object ---- */

/* Computes what is derived from a weight with these values, in canonical order: cnn_derived_bytes into `derived`. Of
 * the descriptions it reads the kind, the tile and the block, and the shape, which is what the kind needs (see
 * cnn_derived_kind). The results are the same bytes on every machine. */
void cnn_derive_weight(const cnn_derived_desc *derived_desc, const cnn_weight_desc *weight, const float *canonical,
                       void *derived);

/* ---- Scratch memory: for compiled code, and for who calls it without a run state ---- */

/* Bytes of a scratch pool (see runtime/abi/model.h) for `slot_bytes` in each slot; 0 for 0, and on overflow. Before the
 * first call, the flags of a pool must be made 0: its first CNN_SCRATCH_SLOTS * CNN_ALIGNMENT bytes. */
size_t cnn_scratch_pool_bytes(uint64_t slot_bytes);
/* Takes the lowest slot that is free, for the calling thread alone, and answers its address. If all are taken, it waits
 * until one is given back: whoever holds one must take no second, and give it back without waiting for anybody.
 * Thread-safe; all who use a pool at the same time agree about `slot_bytes`. */
void *cnn_scratch_claim(void *pool, uint64_t slot_bytes);
/* Gives back what cnn_scratch_claim answered. Thread-safe. */
void cnn_scratch_release(void *pool, uint64_t slot_bytes, void *slot);

/* ---- Counter-based random numbers ---- */

/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 * four words that are a function of the counter and the key. */
void cnn_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

#ifdef __cplusplus
}
#endif
#endif
