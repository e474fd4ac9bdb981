/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Files and training of compiled models, libcnn_training: weight files, sample files, and the training loop. It needs
 * libcnn_runtime (cnn/runtime.h).
 *
 *   if (cnn_load_weights(model, "lenet5.safetensors", &error) != CNN_OK) { fputs(error.text, stderr); ... }
 *
 * The conventions are those of cnn/runtime.h, but cnn_train prints to the descriptor it is given.
 */
#ifndef CNN_TRAINING_H
#define CNN_TRAINING_H

#include "cnn/runtime.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Weight files: safetensors ---- */

/* Sets every weight of the model from the file. The file must hold exactly the model's weights, by path, with their
 * types and shapes; else CNN_BAD_FILE, naming the weight and both shapes, and the model is unchanged. */
cnn_status cnn_load_weights(cnn_model *model, const char *path, cnn_error *error);
/* Writes all weights, in the order of the description. The file appears complete or not at all. The same weights give
 * the same bytes. */
cnn_status cnn_save_weights(const cnn_model *model, const char *path, cnn_error *error);

/* ---- Sample files: NPY and IDX ---- */

/* Reads samples of `tensor` from an .npy file or an IDX file (plain or gzip), whatever its name: [n, shape...], or a
 * single sample [shape...]. Integers convert to any integer type that holds their values, and every number converts to
 * f32; nothing else does. Labels must be in [0, class_count). *samples is allocated and is freed by cnn_free_samples.
 */
cnn_status cnn_read_samples(const char *path, const cnn_tensor_desc *tensor, void **samples, int64_t *count,
                            cnn_error *error);
void cnn_free_samples(void *samples);
/* Writes [count, shape...] as an .npy file, complete or not at all. */
cnn_status cnn_write_samples(const char *path, const cnn_tensor_desc *tensor, const void *samples, int64_t count,
                             cnn_error *error);

/* ---- Training ---- */

typedef enum cnn_field_format {
  CNN_FIELD_IDX = 0,   /* a file of LeCun's IDX format, plain or gzip */
  CNN_FIELD_NPY = 1,   /* a numpy .npy file */
  CNN_FIELD_FOLDER = 2 /* a folder CLASS/NAME.png|jpg|jpeg: the pixels; or, of a field with class_count, the class */
} cnn_field_format;

/* One field of the data: where its samples are, and how the training samples vary. */
typedef struct cnn_field {
  const char *name;      /* for messages */
  int32_t format;        /* cnn_field_format, of the training part */
  int32_t test_format;   /* and of the test part */
  const char *path;      /* of the training part */
  const char *test_path; /* of the test part, or NULL */
  int64_t class_count;   /* above 0: a label; each value must be in [0, class_count) */
  /* Variation of training samples, drawn anew in every epoch. Fields of one sample share the draws, so an image and its
   * mask move together. */
  double flip_probability; /* of a mirror image: the last dimension reversed */
  int64_t shift;           /* the last two dimensions (the last one of a [C, L] field) move by up to this, either way */
  double fill;             /* what comes in from outside */
} cnn_field;

typedef enum cnn_rate_kind {
  CNN_RATE_CONSTANT = 0, /* base */
  CNN_RATE_STEP = 1,     /* base factor^floor(epoch / every) */
  CNN_RATE_POLY = 2,     /* base (1 - t)^power, t from 0 to 1 after the warm-up */
  CNN_RATE_COSINE = 3    /* base (1 + cos(pi t)) / 2, t from 0 to 1 after the warm-up */
} cnn_rate_kind;

/* The learning rate, a function of the step. Lengths are in epochs; the rate follows every step inside them. */
typedef struct cnn_rate {
  int32_t kind;  /* cnn_rate_kind */
  double base;   /* > 0 */
  double warmup; /* epochs of linear growth up to base; 0: none */
  double every;  /* step: epochs from one cut to the next, > 0 */
  double factor; /* step: > 0 */
  double power;  /* poly: > 0 */
  double total;  /* poly, cosine: epochs, warm-up included, after which the rate stays at its last value; 0: all */
} cnn_rate;

/* Where training starts. A checkpoint holds hours of work, so it is neither lost nor missed without a word. */
typedef enum cnn_start {
  CNN_START_NEW = 0,    /* at the beginning; CNN_CANNOT_WRITE if there is a checkpoint */
  CNN_START_RESUME = 1, /* at the checkpoint; CNN_CANNOT_READ if there is none. The end result is that of a run without
                         * a stop, byte by byte */
  CNN_START_RESTART = 2 /* at the beginning; a checkpoint is replaced by the first new one */
} cnn_start;

typedef struct cnn_train_config {
  cnn_model *model;
  int64_t field_count;     /* that of the inputs of train_step */
  const cnn_field *fields; /* in their order */
  int64_t batch;           /* >= 1; the last batch of an epoch holds what is left */
  int64_t epochs;          /* >= 1 */
  uint64_t seed;           /* of first weights, order, variation and dropout */
  int32_t shuffle;         /* 1: a new order in every epoch */
  int32_t keep_weights;    /* 1: start from the weights the model has; 0: from cnn_model_initialize(model, seed) */
  cnn_rate rate;
  const char *weights_path;    /* where the trained weights go, or NULL */
  const char *checkpoint_path; /* where the position is saved, or NULL; the file is removed at the end */
  double checkpoint_seconds;   /* between checkpoints inside an epoch; 0: 30. There is one after each epoch besides */
  int32_t start;               /* cnn_start */
  const char *metrics_path;    /* one JSON object per epoch, or NULL */
  int32_t progress;            /* file descriptor: a live line if it is a terminal, else a line per epoch; -1: none */
  const volatile sig_atomic_t *stop; /* set it (from a signal handler) to stop after the current batch, or NULL */
} cnn_train_config;

/* Trains the model. CNN_STOPPED: `stop` was set; the checkpoint is written. CNN_DIVERGED: a loss or a weight is not
 * finite; weights and checkpoint of before are kept. CNN_BAD_FILE, CNN_CANNOT_READ, CNN_CANNOT_WRITE, CNN_BAD_ARGUMENT,
 * CNN_NO_FUNCTION, CNN_NO_MEMORY. The bytes of the weights depend on the model, the data and the configuration alone:
 * not on the number of threads, not on interruptions. */
cnn_status cnn_train(const cnn_train_config *config, cnn_error *error);

/* The loss and the metrics, in the order of the outputs of evaluate, over all samples of the test part.
 * results[output_count of evaluate]. Reads model, fields and batch of the configuration. */
cnn_status cnn_evaluate(const cnn_train_config *config, double *results, cnn_error *error);

#ifdef __cplusplus
}
#endif
#endif
