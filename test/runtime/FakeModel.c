/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A hand-written stand-in for a compiled model: score = W x / 255 + b on images u8[1, 4, 4] of three classes, trained
 * by squared error against the one-hot label, with momentum. It has all that the runtime has to deal with: weights
 * stored in another order, a state, slots, dropout-like noise that depends on seed and step, kernels run through the
 * hook, scratch memory.
 */
#include "test/runtime/FakeModel.h"

#include <string.h>

/* Of runtime/abi/support.h, whose type cnn_model has the name of what a library exports. */
void *cnn_scratch_claim(void *pool, uint64_t slot_bytes);
void cnn_scratch_release(void *pool, uint64_t slot_bytes, void *slot);

enum { PIXELS = 16, CLASSES = 3 };

/* Parameter block: linear.weight stored [16][3], linear.bias, conv.weight stored [K K I O]. Offsets in floats. */
enum { WEIGHT = 0, BIAS = 48, KERNEL = 64, PARAMETER_FLOATS = 192 };

typedef struct {
  const cnn_call *call;
  float *scores;
  uint64_t scratch_bytes;
} forward_arguments;

/* Of infer, and of train_step and evaluate, which share a pool. */
enum { INFER_SCRATCH = PIXELS * 4, TRAIN_SCRATCH = 1000, EVALUATE_SCRATCH = PIXELS * 4 + 1 };

static void forward_samples(void *pointer, int64_t begin, int64_t end) {
  const forward_arguments *arguments = pointer;
  float *pixels = cnn_scratch_claim(arguments->call->scratch, arguments->scratch_bytes);
  const uint8_t *images = arguments->call->inputs[0];
  const float *parameters = arguments->call->parameters;
  for (int64_t n = begin; n < end; ++n) {
    for (int p = 0; p < PIXELS; ++p)
      pixels[p] = (float)images[n * PIXELS + p];
    for (int c = 0; c < CLASSES; ++c) {
      float sum = parameters[BIAS + c];
      for (int p = 0; p < PIXELS; ++p)
        sum += parameters[WEIGHT + p * CLASSES + c] * pixels[p] / 255.0f;
      arguments->scores[n * CLASSES + c] = sum;
    }
  }
  cnn_scratch_release(arguments->call->scratch, arguments->scratch_bytes, pixels);
}

static void forward(const cnn_call *call, float *scores, uint64_t scratch_bytes) {
  forward_arguments arguments = {call, scores, scratch_bytes};
  if (call->parallel_for)
    call->parallel_for(call->parallel_context, forward_samples, &arguments, call->batch);
  else
    forward_samples(&arguments, 0, call->batch);
}

static void infer(const cnn_call *call) { forward(call, call->outputs[0], INFER_SCRATCH); }

/* Mean loss and accuracy of the scores, which become the gradient of the loss. */
static void measure(const cnn_call *call, float *scores) {
  const int32_t *labels = call->inputs[1];
  double loss = 0, hits = 0;
  for (int64_t n = 0; n < call->batch; ++n) {
    float *score = scores + n * CLASSES;
    int best = 0;
    for (int c = 1; c < CLASSES; ++c)
      if (score[c] > score[best])
        best = c;
    hits += best == labels[n];
    for (int c = 0; c < CLASSES; ++c) {
      score[c] -= c == labels[n] ? 1.0f : 0.0f;
      loss += (double)score[c] * score[c];
    }
  }
  *(float *)call->outputs[0] = (float)(loss / (double)call->batch);
  *(float *)call->outputs[1] = (float)(hits / (double)call->batch);
}

volatile sig_atomic_t fake_evaluations;
int fake_test_loss_is_nan;

static void evaluate(const cnn_call *call) {
  float *scores = call->arena;
  forward(call, scores, EVALUATE_SCRATCH);
  measure(call, scores);
  fake_evaluations = fake_evaluations + 1;
  if (fake_test_loss_is_nan)
    *(float *)call->outputs[0] = __builtin_nanf("");
}

typedef struct {
  const cnn_call *call;
  const float *gradient;
} update_arguments;

/* Items are the 17 rows of inputs: 16 pixels and the constant of the bias. */
static void update_rows(void *pointer, int64_t begin, int64_t end) {
  const update_arguments *arguments = pointer;
  const cnn_call *call = arguments->call;
  const uint8_t *images = call->inputs[0];
  float *parameters = call->parameters, *slots = call->slots;
  float noise = (float)((call->seed * 31 + call->step * 7) % 13) * 1e-4f;
  for (int64_t p = begin; p < end; ++p)
    for (int c = 0; c < CLASSES; ++c) {
      float sum = noise;
      for (int64_t n = 0; n < call->batch; ++n)
        sum += arguments->gradient[n * CLASSES + c] * (p < PIXELS ? (float)images[n * PIXELS + p] / 255.0f : 1.0f);
      int64_t at = p < PIXELS ? WEIGHT + p * CLASSES + c : BIAS + c;
      slots[at] = 0.9f * slots[at] + sum / (float)call->batch;
      parameters[at] -= call->rate * slots[at];
    }
}

static void train_step(const cnn_call *call) {
  float *scores = call->arena;
  forward(call, scores, TRAIN_SCRATCH);
  measure(call, scores);
  update_arguments arguments = {call, scores};
  if (call->parallel_for)
    call->parallel_for(call->parallel_context, update_rows, &arguments, PIXELS + 1);
  else
    update_rows(&arguments, 0, PIXELS + 1);
  float *states = call->states;
  const uint8_t *images = call->inputs[0];
  for (int p = 0; p < PIXELS; ++p)
    states[p] = 0.9f * states[p] + 0.1f * (float)images[p];
}

static const int64_t image_shape[] = {1, 4, 4}, score_shape[] = {CLASSES}, weight_shape[] = {CLASSES, PIXELS},
                     bias_shape[] = {CLASSES}, kernel_shape[] = {2, 3, 4, 5}, state_shape[] = {PIXELS};
static const int32_t weight_storage[] = {1, 0}, identity_storage[] = {0}, kernel_storage[] = {2, 3, 1, 0};

static const cnn_tensor_desc inputs[] = {{"image", CNN_U8, 3, image_shape, 0}, {"label", CNN_I32, 0, 0, CLASSES}};
static const cnn_tensor_desc scores[] = {{"score", CNN_F32, 1, score_shape, 0}};
static const cnn_tensor_desc results[] = {{"loss", CNN_F32, 0, 0, 0}, {"accuracy", CNN_F32, 0, 0, 0}};

static const cnn_launch_desc launches[] = {
    {"linear", "dense", "direct", "1x10", 0, 2 * PIXELS * CLASSES, 0, PIXELS + 4 * CLASSES}};

static const cnn_weight_desc weights[] = {
    {"linear.weight", CNN_PARAMETER, CNN_F32, 2, CNN_INIT_UNIFORM, -0.25, 0.25, weight_shape, weight_storage,
     WEIGHT * 4, 0},
    {"linear.bias", CNN_PARAMETER, CNN_F32, 1, CNN_INIT_CONSTANT, 0, 0, bias_shape, identity_storage, 192, 0},
    {"conv.weight", CNN_PARAMETER, CNN_F32, 4, CNN_INIT_GAUSSIAN, 1, 2, kernel_shape, kernel_storage, KERNEL * 4, 0},
    {"seen", CNN_STATE, CNN_F32, 1, CNN_INIT_CONSTANT, 1, 0, state_shape, identity_storage, 0, 0},
};

#define DESCRIPTION(PARAMETERS, STATES)                                                                                \
  {                                                                                                                    \
      CNN_ABI_VERSION,                                                                                                 \
      sizeof(cnn_model_desc),                                                                                          \
      "Fake",                                                                                                          \
      "by hand",                                                                                                       \
      0,                                                                                                               \
      PARAMETER_FLOATS * 4,                                                                                            \
      64,                                                                                                              \
      PARAMETER_FLOATS * 4,                                                                                            \
      0,                                                                                                               \
      4,                                                                                                               \
      weights,                                                                                                         \
      0,                                                                                                               \
      0,                                                                                                               \
      PARAMETERS,                                                                                                      \
      STATES,                                                                                                          \
      0,                                                                                                               \
      {infer, 1, inputs, 1, scores, 0, 0, 1, launches, INFER_SCRATCH},                                                 \
      {train_step, 2, inputs, 2, results, 0, CLASSES * 4, 0, 0, TRAIN_SCRATCH},                                        \
      {evaluate, 2, inputs, 2, results, 0, CLASSES * 4, 0, 0, EVALUATE_SCRATCH},                                       \
      0,                                                                                                               \
      0,                                                                                                               \
      0,                                                                                                               \
  }

static const _Alignas(CNN_ALIGNMENT) float embedded_parameters[PARAMETER_FLOATS] = {[BIAS] = 1, 2, 3};
static const _Alignas(CNN_ALIGNMENT) float embedded_states[PIXELS] = {5};

const cnn_model_desc fake_model = DESCRIPTION(0, 0);
const cnn_model_desc fake_embedded_model = DESCRIPTION(embedded_parameters, embedded_states);

/* What a libNAME.so exports. */
const cnn_model_desc cnn_model = DESCRIPTION(0, 0);
