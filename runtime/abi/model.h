/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The description of one compiled model: what a library NAME holds, and how its functions are called.
 *
 * The compiler writes one constant `cnn_model_desc` per model; the support code (runtime/abi/support.h), the loader and
 * the training loop read it. All tables are constant data in the library; nothing here is parsed at run time.
 *
 * Layouts. Tensors that cross this interface are dense, row-major, channels-first, batch outermost: [N, C, H, W].
 * Weights are *stored* in the order the generated code reads them (`cnn_weight_desc.storage`); they are converted when
 * they are got or set, never in a run. Code may also read values *derived* from a weight in place of the weight; they
 * are computed when it is set.
 *
 * Devices. What a function computes it computes in kernels, on the processor, or in parts that a device carries out:
 * another machine, with a program of its own for each part.
 *
 * Thread-safety: everything here is immutable, except the memory a `cnn_call` points to.
 */
#ifndef CNN_ABI_MODEL_H
#define CNN_ABI_MODEL_H

#include "runtime/abi/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CNN_ABI_VERSION 6u
#define CNN_MAX_RANK 8
#define CNN_ALIGNMENT 64 /* bytes: of every block and of every tensor inside one */
#define CNN_SCRATCH_SLOTS 16

typedef enum cnn_dtype { CNN_F32 = 0, CNN_U8 = 1, CNN_I32 = 2, CNN_I64 = 3 } cnn_dtype;

/* What a weight is: trained, or a running statistic that training updates and inference reads. */
typedef enum cnn_weight_kind { CNN_PARAMETER = 0, CNN_STATE = 1 } cnn_weight_kind;

/* What is computed from a weight. */
typedef enum cnn_derived_kind {
  /* Filters as Winograd's F(m x m, r x r) takes them (Lavin and Gray 2015, section 4), m = `tile`, of a weight of type
   * CNN_F32 and shape [O, C, r, r], or [O, C, D, r, r]: U = G w[o][c][d] G^T, a matrix of n x n numbers, n = m + r - 1,
   * of which number i * n + j stands in row i and column j. They are computed in double and rounded once, to float.
   * [n * n][O / block][D][C][block], or without blocks [n * n][D][C][O]. The rows of G:
   *
   *   m = 2, r = 3: [1, 0, 0], [1/2, 1/2, 1/2], [1/2, -1/2, 1/2], [0, 0, 1]
   *
   *   m = 4, r = 3: [1/4, 0, 0], [-1/6, -1/6, -1/6], [-1/6, 1/6, -1/6], [1/24, 1/12, 1/6], [1/24, -1/12, 1/6],
   *                 [0, 0, 1]
   *
   *   m = 2, r = 5: [1/4, 0, 0, 0, 0], [-1/6, -1/6, -1/6, -1/6, -1/6], [-1/6, 1/6, -1/6, 1/6, -1/6],
   *                 [1/24, 1/12, 1/6, 1/3, 2/3], [1/24, -1/12, 1/6, -1/3, 2/3], [0, 0, 0, 0, 1]
   */
  CNN_DERIVED_WINOGRAD = 0,
  /* Filters in bf16, rounded to nearest even, in groups of `tile` input channels side by side, of a weight of type
   * CNN_F32 and shape [O, C, K...]: [O / block][K...][ceil(C / tile)][block][tile], or without blocks
   * [K...][ceil(C / tile)][O][tile]. Behind the last channel stand zeros. */
  CNN_DERIVED_PACKED_BF16 = 1,
  /* The numbers of CNN_DERIVED_WINOGRAD in bf16, rounded to nearest even from float, in pairs of input channels, of
   * which there is an even number: [n * n][O / block][D][C / 2][block][2], or without blocks
   * [n * n][D][C / 2][O][2]. */
  CNN_DERIVED_WINOGRAD_BF16 = 2
} cnn_derived_kind;

/* How a parameter starts. fan_in and fan_out are computed by the compiler; `a` and `b` are the arguments below. */
typedef enum cnn_init_kind {
  CNN_INIT_CONSTANT = 0, /* a */
  CNN_INIT_UNIFORM = 1,  /* [a, b) */
  CNN_INIT_GAUSSIAN = 2  /* mean a, standard deviation b */
} cnn_init_kind;

typedef struct cnn_tensor_desc {
  const char *name;
  int32_t dtype;        /* cnn_dtype */
  int32_t rank;         /* without the batch; 0 for one value per sample */
  const int64_t *shape; /* [rank], per sample */
  int64_t class_count;  /* above 0: a label, one CNN_I32 in [0, class_count); else 0 */
} cnn_tensor_desc;

typedef struct cnn_weight_desc {
  const char *path; /* "stage2[1].conv1.weight", as in the safetensors file */
  int32_t kind;     /* cnn_weight_kind */
  int32_t dtype;    /* cnn_dtype */
  int32_t rank;
  int32_t init;          /* cnn_init_kind */
  double init_a, init_b; /* arguments of init */
  const int64_t *shape;  /* [rank], canonical: convolution [O, C/groups, K...], dense [O, C] */
  const int32_t
      *storage;    /* storage dimension i holds canonical dimension storage[i]; [rank], or [rank + 1] with block */
  uint64_t offset; /* bytes from the start of the parameter or state block, by kind */
  int64_t block; /* above 0: a canonical dimension is split, and stands twice in storage: first the number of the block,
                  * last the place in a block of so many */
} cnn_weight_desc;

typedef struct cnn_derived_desc {
  int64_t weight;  /* its index in weights */
  int32_t kind;    /* cnn_derived_kind */
  int32_t tile;    /* m: 2 or 4; of packed filters, how many channels stand side by side: 2 */
  int64_t block;   /* above 0: output channels are in blocks of so many */
  uint64_t offset; /* bytes from the start of the derived block */
} cnn_derived_desc;

/* Work on items [begin, end); items are independent, so any split gives the same result. */
typedef void (*cnn_kernel_fn)(void *arguments, int64_t begin, int64_t end);

/* Runs kernel(arguments, ...) over a partition of [0, count), possibly on several threads, and returns when all is
 * done. */
typedef void (*cnn_parallel_for_fn)(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count);

/* Is told where a function is: before it launches kernel i, with i, and at its end, with the number of launches.
 * Kernels that take a batch in slices are launched once for each. */
typedef void (*cnn_observe_fn)(void *context, int64_t launch);

/* Has a device carry out a part of a function, number `part` in device_parts of the model's description, on so many
 * samples. inputs[i] and outputs[i] are [batch, ...] of what the part's table says, for the length of the call. If this
 * is not CNN_OK, the function ends here, and what is in its outputs is irrelevant. */
typedef cnn_status (*cnn_run_part_fn)(void *context, int64_t part, int64_t batch, const void *const *inputs,
                                      void *const *outputs);

/* The arguments of one call of a compiled function. Pointers to blocks and to the arena are CNN_ALIGNMENT-aligned;
 * inputs and outputs need only the alignment of their element type, and do not overlap anything else. */
typedef struct cnn_call {
  int64_t batch;             /* samples, >= 1 */
  const void *const *inputs; /* [input_count], each [batch, shape...] */
  void *const *outputs;      /* [output_count], each [batch, shape...], or one value for the batch (see below) */
  void *parameters;          /* the parameter block; written by train_step alone */
  void *states;              /* the state block; written by train_step alone */
  const void *derived;       /* the derived block; read by infer alone */
  void *slots;               /* the optimizer's block; used by train_step alone */
  void *arena;               /* arena_fixed_bytes + batch * arena_sample_bytes bytes, contents irrelevant */
  void *scratch;             /* a pool for scratch_bytes (see below); of one call at a time. NULL if they are 0 */
  uint64_t seed;             /* of dropout */
  uint64_t step;             /* number of this training step, from 0; dropout and adam read it */
  float rate;                /* learning rate of this step */
  cnn_parallel_for_fn parallel_for; /* NULL: serial */
  void *parallel_context;
  cnn_observe_fn observe; /* NULL: nobody */
  void *observe_context;
  cnn_run_part_fn run_part; /* read by functions of models with device parts alone */
  void *part_context;
} cnn_call;

typedef void (*cnn_entry_fn)(const cnn_call *call);

/* The scratch pool: working memory of kernels that need more than a stack has, one slot for each thread that is in such
 * a kernel. It is [CNN_SCRATCH_SLOTS flags][CNN_SCRATCH_SLOTS slots of scratch_bytes]: a flag is a 32-bit word, 1 while
 * its slot is taken, with a cache line (CNN_ALIGNMENT bytes) of its own; a slot begins at a multiple of CNN_ALIGNMENT.
 * All flags are 0 while no call runs. What is in the slots is irrelevant: one that no thread takes is never touched.
 * cnn_scratch_pool_bytes() of runtime/abi/support.h is the size of it all. */

/* One launch of a kernel, or of a part that a device carries out. The counts are for a batch of n samples, fixed + n *
 * sample: f32 operations of the definition (a multiply-add is two), whatever the algorithm, and the bytes of the
 * tensors that the kernel reads and writes, each once. */
typedef struct cnn_launch_desc {
  const char *layers;    /* whose ops it computes: "stage2[0].conv1, relu"; may be empty */
  const char *ops;       /* those ops: "conv, relu" */
  const char *algorithm; /* of its convolution or dense layer: "direct", "winograd4"; empty if there is none; of a
                          * device's part "device" */
  const char *tile;      /* rows by columns of what it holds in registers: "14x32"; empty likewise */
  uint64_t fixed_flops, sample_flops;
  uint64_t fixed_bytes, sample_bytes;
} cnn_launch_desc;

/* One compiled function. Of train_step and evaluate, output 0 is the loss and the others are the metrics, in the order
 * of the train block, each a single float: the mean over the batch. */
typedef struct cnn_function_desc {
  cnn_entry_fn entry; /* NULL: the model has no such function */
  int64_t input_count;
  const cnn_tensor_desc *inputs;
  int64_t output_count;
  const cnn_tensor_desc *outputs;
  uint64_t arena_fixed_bytes;
  uint64_t arena_sample_bytes;
  int64_t launch_count;
  const cnn_launch_desc *launches; /* in the order in which they first run */
  uint64_t scratch_bytes;          /* of one slot of the scratch pool; 0: there is none */
} cnn_function_desc;

/* What goes into or out of a part that a device carries out: for a kernel an array of planes * rows * columns values of
 * the type `dtype` for each sample, planes outermost; for the device planes of words, of which a word w stands for
 * w / 2^fraction. */
typedef struct cnn_device_tensor_desc {
  const char *name; /* as in the program */
  int32_t dtype;    /* cnn_dtype: CNN_F32, or of an input CNN_U8 */
  int32_t fraction;
  int64_t planes, rows, columns;
} cnn_device_tensor_desc;

typedef struct cnn_device_part_desc {
  const char *name;    /* "LeNet5.part0" */
  const void *program; /* for the device, in its own format */
  uint64_t program_bytes;
  int64_t input_count;
  const cnn_device_tensor_desc *inputs;
  int64_t output_count;
  const cnn_device_tensor_desc *outputs;
} cnn_device_part_desc;

/* One device, which carries out the parts of one model, for one run state at a time. */
typedef struct cnn_device {
  cnn_run_part_fn run_part;
  void *context;
} cnn_device;

struct cnn_model_desc;

/* Where a run state gets a device from that was given none. `open` checks the programs of all parts. */
typedef struct cnn_device_source {
  cnn_status (*open)(const struct cnn_model_desc *desc, const cnn_device **device);
  void (*close)(const cnn_device *device);
} cnn_device_source;

typedef struct cnn_model_desc {
  uint32_t abi_version; /* CNN_ABI_VERSION */
  uint32_t desc_bytes;  /* sizeof(cnn_model_desc) */
  const char *name;
  const char *producer; /* "cnnc 0.1.0", and the target CPU */
  uint64_t code_hash; /* of what the functions compute, whatever the target: other layers, another loss or optimizer */
  uint64_t parameter_bytes;
  uint64_t state_bytes;
  uint64_t slot_bytes; /* optimizer state; starts as zeros */
  uint64_t derived_bytes;
  int64_t weight_count;
  const cnn_weight_desc *weights;
  int64_t derived_count; /* 0 of a model with a train_step, which changes weights in its runs */
  const cnn_derived_desc *derived;
  const void *embedded_parameters; /* NULL when the library was built without weights */
  const void *embedded_states;
  const void *embedded_derived;
  cnn_function_desc infer;
  cnn_function_desc train_step; /* inputs: the data fields that the loss reads */
  cnn_function_desc evaluate;   /* same inputs; inference mode; writes nothing but its outputs */
  int64_t device_part_count; /* of infer; 0 of a model that the processor computes alone, and of one with train_step */
  const cnn_device_part_desc *device_parts;
  const cnn_device_source *device_source; /* NULL without parts */
} cnn_model_desc;

/* Every libNAME.so exports its description under this name as well as under NAME_model_desc. */
#define CNN_MODEL_SYMBOL "cnn_model"

#ifdef __cplusplus
}
#endif
#endif
