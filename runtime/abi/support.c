/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Objects of a compiled model, generic over its description; see support.h for what each function promises.
 *
 * Every object is one piece of memory: a small header, then its blocks, each CNN_ALIGNMENT-aligned:
 *
 *   cnn_model    [header | parameters | states | derived]; while embedded weights are read in place, the header alone
 *   cnn_run      [header | piece pointers | arena | scratch pool]
 *   cnn_trainer  [header | piece pointers | spare results | slots | arena | scratch pool]
 *
 * Sizes come from the description and from the caller, so each sum and product is checked.
 *
 * This file becomes part of every compiled library: it must stay one file, without mutable globals, and need no more
 * than malloc, free, memcpy, memset, strcmp and sqrt; madvise is used where there is one.
 */
#include "runtime/abi/support.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Results must be the same bytes on every machine: no fused multiply-add where two roundings are written. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8 && sizeof(int64_t) == 8 && CHAR_BIT == 8,
               "the interface is that of a 64-bit machine");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "floats are IEEE 754 single and double");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the interface is that of a little-endian machine"
#endif

/* Defined by the runtime library; NULL in a program without it. */
extern void cnn_parallel_for(void *context, cnn_kernel_fn kernel, void *arguments, int64_t count) __attribute__((weak));
/* That of the C library; NULL where it has none. */
extern int madvise(void *memory, size_t bytes, int advice) __attribute__((weak));

const char *cnn_status_text(cnn_status status) {
  switch (status) {
  case CNN_OK:
    return "ok";
  case CNN_NO_MEMORY:
    return "out of memory";
  case CNN_BAD_ARGUMENT:
    return "bad argument";
  case CNN_BATCH_TOO_LARGE:
    return "batch above the largest one";
  case CNN_NO_FUNCTION:
    return "the model has no such function";
  case CNN_NO_WEIGHT:
    return "the model has no such weight";
  case CNN_WRONG_SIZE:
    return "buffer of the wrong size";
  case CNN_INCOMPATIBLE:
    return "built for another version of the interface";
  case CNN_CANNOT_READ:
    return "cannot read the file";
  case CNN_CANNOT_WRITE:
    return "cannot write the file";
  case CNN_BAD_FILE:
    return "the file is damaged or does not fit";
  case CNN_STOPPED:
    return "stopped";
  case CNN_DIVERGED:
    return "the loss is not finite";
  case CNN_DEVICE_FAILED:
    return "the device failed";
  }
  return "unknown status";
}

/* ---- Sizes ---- */

/* *total += amount, rounded up to CNN_ALIGNMENT; false on overflow. */
static int add_aligned(uint64_t *total, uint64_t amount) {
  uint64_t padded;
  if (__builtin_add_overflow(amount, (uint64_t)CNN_ALIGNMENT - 1, &padded))
    return 0;
  padded &= ~((uint64_t)CNN_ALIGNMENT - 1);
  return !__builtin_add_overflow(*total, padded, total);
}

/* fixed + batch * sample, or 0 on overflow; at least 1, so that 0 is free to mean failure. */
static uint64_t arena_bytes(const cnn_function_desc *function, int64_t batch) {
  uint64_t bytes;
  if (__builtin_mul_overflow((uint64_t)batch, function->arena_sample_bytes, &bytes) ||
      __builtin_add_overflow(bytes, function->arena_fixed_bytes, &bytes))
    return 0;
  return bytes ? bytes : 1;
}

static char *align_up(void *memory) {
  uintptr_t address = (uintptr_t)memory;
  uintptr_t aligned = (address + CNN_ALIGNMENT - 1) & ~(uintptr_t)(CNN_ALIGNMENT - 1);
  return (char *)memory + (aligned - address);
}

/* The next `bytes` of an object that is being laid out, as add_aligned counted them. */
static void *take(char **cursor, uint64_t bytes) {
  void *block = *cursor;
  *cursor += (bytes + CNN_ALIGNMENT - 1) & ~(uint64_t)(CNN_ALIGNMENT - 1);
  return block;
}

size_t cnn_dtype_bytes(int32_t dtype) {
  switch (dtype) {
  case CNN_F32:
  case CNN_I32:
    return 4;
  case CNN_U8:
    return 1;
  case CNN_I64:
    return 8;
  }
  return 0;
}

static int64_t element_count(int32_t rank, const int64_t *shape) {
  int64_t count = 1;
  for (int32_t i = 0; i < rank; ++i)
    if (shape[i] < 0 || __builtin_mul_overflow(count, shape[i], &count))
      return 0;
  return count;
}

static size_t tensor_bytes(int32_t dtype, int32_t rank, const int64_t *shape) {
  size_t bytes;
  if (__builtin_mul_overflow((size_t)element_count(rank, shape), cnn_dtype_bytes(dtype), &bytes))
    return 0;
  return bytes;
}

size_t cnn_tensor_sample_bytes(const cnn_tensor_desc *tensor) {
  return tensor_bytes(tensor->dtype, tensor->rank, tensor->shape);
}

int64_t cnn_weight_elements(const cnn_weight_desc *weight) { return element_count(weight->rank, weight->shape); }

size_t cnn_weight_bytes(const cnn_weight_desc *weight) {
  return tensor_bytes(weight->dtype, weight->rank, weight->shape);
}

size_t cnn_derived_bytes(const cnn_derived_desc *derived, const cnn_weight_desc *weight) {
  if (weight->rank < 2)
    return 0;
  size_t bytes;
  if (derived->kind == CNN_DERIVED_PACKED_BF16) {
    int64_t groups = weight->shape[1] / derived->tile + (weight->shape[1] % derived->tile != 0);
    bytes = (size_t)(derived->tile * (int64_t)sizeof(uint16_t));
    for (int32_t d = 0; d < weight->rank; ++d)
      if (__builtin_mul_overflow(bytes, (size_t)(d == 1 ? groups : weight->shape[d]), &bytes))
        return 0;
    return bytes;
  }
  if (weight->rank < 4)
    return 0;
  int64_t side = derived->tile + weight->shape[weight->rank - 1] - 1;
  size_t number = derived->kind == CNN_DERIVED_WINOGRAD_BF16 ? sizeof(uint16_t) : sizeof(float);
  if (__builtin_mul_overflow((size_t)element_count(weight->rank - 2, weight->shape), number, &bytes) ||
      __builtin_mul_overflow(bytes, (size_t)(side * side), &bytes))
    return 0;
  return bytes;
}

int64_t cnn_weight_index(const cnn_model_desc *desc, const char *path) {
  for (int64_t i = 0; i < desc->weight_count; ++i)
    if (strcmp(desc->weights[i].path, path) == 0)
      return i;
  return -1;
}

/* ---- Memory ---- */

/* Memory for one object, to be freed; NULL if there is none, or if `bytes`, which then could not be counted, is 0.
 *
 * Weights and activations are read from end to end, and what a processor asks for ahead of time ends with a page: in
 * pages of 4 KiB one thread has 20 GB/s of memory that gives it 30 in huge ones (docs/speed.md). */
static void *allocate(uint64_t bytes) {
  enum { huge_page_bytes = 2 << 20, in_huge_pages = 14 /* MADV_HUGEPAGE of Linux; other systems refuse it */ };
  char *memory = bytes ? malloc(bytes) : NULL;
  if (memory && madvise) {
    uintptr_t skipped = -(uintptr_t)memory % huge_page_bytes;
    if (bytes > skipped && bytes - skipped >= huge_page_bytes)
      madvise(memory + skipped, (bytes - skipped) / huge_page_bytes * huge_page_bytes, in_huge_pages);
  }
  return memory;
}

/* ---- Model ---- */

struct cnn_model {
  const cnn_model_desc *desc;
  void *parameters; /* the embedded block, not to be written, while `shared` is 1 */
  void *states;
  void *derived;
  int shared;
  void *allocation;     /* to be freed with the model, or NULL */
  void *private_blocks; /* likewise: made when embedded weights were first changed */
};

static uint64_t block_bytes(const cnn_model_desc *desc) {
  uint64_t bytes = 0;
  return add_aligned(&bytes, desc->parameter_bytes) && add_aligned(&bytes, desc->state_bytes) &&
                 add_aligned(&bytes, desc->derived_bytes) && bytes <= UINT64_MAX - CNN_ALIGNMENT
             ? bytes + CNN_ALIGNMENT
             : 0;
}

size_t cnn_model_bytes(const cnn_model_desc *desc) {
  uint64_t bytes = CNN_ALIGNMENT;
  if (!add_aligned(&bytes, sizeof(cnn_model)) || !add_aligned(&bytes, desc->parameter_bytes) ||
      !add_aligned(&bytes, desc->state_bytes) || !add_aligned(&bytes, desc->derived_bytes))
    return 0;
  return bytes;
}

/* Points the model at blocks inside `memory` and fills them: with the embedded weights, or with zeros. */
static void fill_blocks(cnn_model *model, char *memory) {
  const cnn_model_desc *desc = model->desc;
  model->parameters = take(&memory, desc->parameter_bytes);
  model->states = take(&memory, desc->state_bytes);
  model->derived = take(&memory, desc->derived_bytes);
  if (desc->embedded_parameters)
    memcpy(model->parameters, desc->embedded_parameters, desc->parameter_bytes);
  else
    memset(model->parameters, 0, desc->parameter_bytes);
  if (desc->embedded_states)
    memcpy(model->states, desc->embedded_states, desc->state_bytes);
  else
    memset(model->states, 0, desc->state_bytes);
  model->shared = 0;
  if (desc->embedded_derived)
    memcpy(model->derived, desc->embedded_derived, desc->derived_bytes);
  else if (desc->embedded_parameters)
    cnn_model_refresh(model);
  else
    memset(model->derived, 0, desc->derived_bytes); /* what is derived from zeros */
}

/* Embedded weights are constant data: the first change makes a copy that belongs to the model. */
static cnn_status make_writable(cnn_model *model) {
  if (!model->shared)
    return CNN_OK;
  uint64_t bytes = block_bytes(model->desc);
  void *blocks = allocate(bytes);
  if (!blocks)
    return CNN_NO_MEMORY;
  fill_blocks(model, align_up(blocks));
  model->private_blocks = blocks;
  return CNN_OK;
}

static int compatible(const cnn_model_desc *desc) {
  return desc->abi_version == CNN_ABI_VERSION && desc->desc_bytes == sizeof(cnn_model_desc);
}

cnn_status cnn_model_create(const cnn_model_desc *desc, cnn_model **model) {
  if (!desc || !model)
    return CNN_BAD_ARGUMENT;
  if (!compatible(desc))
    return CNN_INCOMPATIBLE;
  /* A block of no bytes needs no data. */
  int embedded = (desc->embedded_parameters || !desc->parameter_bytes) &&
                 (desc->embedded_states || !desc->state_bytes) && (desc->embedded_derived || !desc->derived_bytes) &&
                 desc->parameter_bytes + desc->state_bytes != 0;
  size_t bytes = embedded ? sizeof(cnn_model) : cnn_model_bytes(desc);
  void *memory = allocate(bytes);
  if (!memory)
    return CNN_NO_MEMORY;
  cnn_model *made;
  if (embedded) {
    made = memory;
    memset(made, 0, sizeof *made);
    made->desc = desc;
    made->parameters = (void *)(uintptr_t)desc->embedded_parameters;
    made->states = (void *)(uintptr_t)desc->embedded_states;
    made->derived = (void *)(uintptr_t)desc->embedded_derived;
    made->shared = 1;
  } else {
    cnn_status status = cnn_model_create_in(desc, memory, bytes, &made);
    if (status != CNN_OK) {
      free(memory);
      return status;
    }
  }
  made->allocation = memory;
  *model = made;
  return CNN_OK;
}

cnn_status cnn_model_create_in(const cnn_model_desc *desc, void *memory, size_t bytes, cnn_model **model) {
  if (!desc || !memory || !model)
    return CNN_BAD_ARGUMENT;
  if (!compatible(desc))
    return CNN_INCOMPATIBLE;
  size_t needed = cnn_model_bytes(desc);
  if (!needed)
    return CNN_NO_MEMORY;
  if (bytes < needed)
    return CNN_WRONG_SIZE;
  char *cursor = align_up(memory);
  cnn_model *made = take(&cursor, sizeof(cnn_model));
  memset(made, 0, sizeof *made);
  made->desc = desc;
  fill_blocks(made, cursor);
  *model = made;
  return CNN_OK;
}

void cnn_model_destroy(cnn_model *model) {
  if (!model)
    return;
  free(model->private_blocks);
  free(model->allocation); /* holds the model itself */
}

const cnn_model_desc *cnn_model_description(const cnn_model *model) { return model->desc; }

void *cnn_model_parameters(cnn_model *model) { return make_writable(model) == CNN_OK ? model->parameters : NULL; }
void *cnn_model_states(cnn_model *model) { return make_writable(model) == CNN_OK ? model->states : NULL; }

/* ---- Weights ---- */

static char *weight_storage(const cnn_model *model, const cnn_weight_desc *weight) {
  return (char *)(weight->kind == CNN_STATE ? model->states : model->parameters) + weight->offset;
}

/* The dimensions of the stored order: their sizes, and their strides in elements of the canonical order. Answers how
 * many there are. */
static int32_t storage_dimensions(const cnn_weight_desc *weight, int64_t *sizes, int64_t *strides) {
  int64_t canonical[CNN_MAX_RANK], stride = 1;
  for (int32_t i = weight->rank; i-- > 0; stride *= weight->shape[i])
    canonical[i] = stride;
  int32_t rank = weight->rank + (weight->block > 0);
  for (int32_t i = 0; i < rank; ++i) {
    sizes[i] = weight->shape[weight->storage[i]];
    strides[i] = canonical[weight->storage[i]];
  }
  if (weight->block > 0) {
    sizes[0] /= weight->block;
    strides[0] *= weight->block;
    sizes[rank - 1] = weight->block;
  }
  return rank;
}

/* Copies a weight between its stored and its canonical order. `to_storage` says in which direction. */
static void permute_weight(const cnn_weight_desc *weight, char *stored, char *canonical, int to_storage) {
  size_t element = cnn_dtype_bytes(weight->dtype);
  int64_t count = cnn_weight_elements(weight), shape[CNN_MAX_RANK + 1], strides[CNN_MAX_RANK + 1];
  int64_t index[CNN_MAX_RANK + 1] = {0}, offset = 0;
  int32_t rank = storage_dimensions(weight, shape, strides);
  for (int64_t i = 0; i < count; ++i) {
    char *inside = stored + (size_t)i * element, *outside = canonical + (size_t)offset * element;
    if (to_storage)
      memcpy(inside, outside, element);
    else
      memcpy(outside, inside, element);
    for (int32_t d = rank; d-- > 0;) {
      offset += strides[d];
      if (++index[d] < shape[d])
        break;
      offset -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

/* ---- Derived values ---- */

/* Where a dimension of a weight lies in memory: index i is (i / block) * outer + (i % block) * inner elements in. */
typedef struct {
  int64_t block, outer, inner;
} dimension_steps;

static int64_t step_to(const dimension_steps *steps, int64_t i) {
  return i / steps->block * steps->outer + i % steps->block * steps->inner;
}

static void canonical_steps(const cnn_weight_desc *weight, dimension_steps *steps) {
  int64_t stride = 1;
  for (int32_t d = weight->rank; d-- > 0; stride *= weight->shape[d])
    steps[d] = (dimension_steps){weight->shape[d], 0, stride};
}

static void stored_steps(const cnn_weight_desc *weight, dimension_steps *steps) {
  int64_t sizes[CNN_MAX_RANK + 1], unused[CNN_MAX_RANK + 1], stride = 1;
  int32_t rank = storage_dimensions(weight, sizes, unused);
  for (int32_t i = rank; i-- > 0; stride *= sizes[i]) {
    dimension_steps *dimension = &steps[weight->storage[i]];
    if (weight->block > 0 && i == 0)
      dimension->outer = stride; /* its inner part came first */
    else
      *dimension = (dimension_steps){sizes[i], 0, stride};
  }
}

/* Filters are transformed so many at a time, side by side in vectors. */
enum { LANES = 64, MAX_KERNEL = 5, MAX_POINTS = 6 };

/* What CNN_DERIVED_WINOGRAD is made of. */
typedef struct {
  int tile, kernel, points;
} winograd_size;

static winograd_size winograd_size_of(const cnn_derived_desc *derived, const cnn_weight_desc *weight) {
  int tile = derived->tile, kernel = (int)weight->shape[weight->rank - 1];
  return (winograd_size){tile, kernel, tile + kernel - 1};
}

/* out[i] = sum over k of G[i][k] in[k], for each of the lanes. */
static void multiply_by_g(winograd_size size, const double *const *in, double (*restrict out)[LANES]) {
  const double *restrict a = in[0], *restrict b = in[1], *restrict c = in[2];
  if (size.points == 4) {
    for (int e = 0; e < LANES; ++e) {
      double even = 0.5 * (a[e] + c[e]), odd = 0.5 * b[e];
      out[0][e] = a[e];
      out[1][e] = even + odd;
      out[2][e] = even - odd;
      out[3][e] = c[e];
    }
    return;
  }
  int is_long = size.kernel == 5;
  const double *restrict d = in[is_long ? 3 : 1], *restrict f = in[is_long ? 4 : 2];
  for (int e = 0; e < LANES; ++e) {
    double even = a[e] + c[e], odd = b[e], even2 = a[e] + 4 * c[e], odd2 = 2 * b[e];
    if (is_long) {
      even += f[e];
      odd += d[e];
      even2 += 16 * f[e];
      odd2 += 8 * d[e];
    }
    out[0][e] = 0.25 * a[e];
    out[1][e] = (even + odd) * (-1.0 / 6);
    out[2][e] = (even - odd) * (-1.0 / 6);
    out[3][e] = (even2 + odd2) * (1.0 / 24);
    out[4][e] = (even2 - odd2) * (1.0 / 24);
    out[5][e] = f[e];
  }
}

/* Transforms `lanes` filters, which lie column by column in `filters`, kernel * column + row; number k of the results
 * of a filter goes to to[k * plane]. */
static void transform_filters(winograd_size size, double (*filters)[LANES], int lanes, float *to, int64_t plane) {
  double columns[MAX_KERNEL][MAX_POINTS][LANES], results[MAX_POINTS][LANES];
  const double *in[MAX_KERNEL];
  for (int x = 0; x < size.kernel; ++x) {
    for (int y = 0; y < size.kernel; ++y)
      in[y] = filters[size.kernel * x + y];
    multiply_by_g(size, in, columns[x]);
  }
  for (int i = 0; i < size.points; ++i) {
    for (int x = 0; x < size.kernel; ++x)
      in[x] = columns[x][i];
    multiply_by_g(size, in, results);
    for (int j = 0; j < size.points; ++j)
      for (int e = 0; e < lanes; ++e)
        to[(i * size.points + j) * plane + e] = (float)results[j][e];
  }
}

/* To nearest, ties to even; NaN stays NaN. */
static uint16_t round_to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (uint16_t)(value != value ? (bits >> 16 | 0x40) : rounded);
}

/* CNN_DERIVED_WINOGRAD, or _BF16, of a weight that lies in memory as `steps` say. A piece is what is contiguous in each
 * of the planes of the result, or would be without pairs: some outputs of a block, or whole blocks of several inputs.
 * All inputs of a block and a slice of the filters, side by side, are a panel.
 */
static void derive_winograd(const cnn_derived_desc *derived, const cnn_weight_desc *desc, const dimension_steps *steps,
                            const float *weight, void *to) {
  int64_t outputs = desc->shape[0], inputs = desc->shape[1], block = derived->block > 0 ? derived->block : outputs;
  int64_t slices = element_count(desc->rank - 4, desc->shape + 2), plane = outputs * slices * inputs;
  int64_t width = block < LANES ? block : LANES, most_inputs = LANES / width;
  int in_pairs = derived->kind == CNN_DERIVED_WINOGRAD_BF16;
  winograd_size size = winograd_size_of(derived, desc);
  const dimension_steps *rows = &steps[desc->rank - 2], *columns = rows + 1;
  double filters[MAX_KERNEL * MAX_KERNEL][LANES];
  float transformed[MAX_POINTS * MAX_POINTS][LANES];
  memset(filters, 0, sizeof filters);
  for (int64_t number = 0; number < outputs / block * slices; ++number) {
    int64_t panel = number * block * inputs, first = number / slices * block, slice = number % slices;
    const float *filter = weight;
    for (int32_t d = desc->rank - 2; d-- > 2; slice /= desc->shape[d])
      filter += step_to(&steps[d], slice % desc->shape[d]);
    for (int64_t begin = 0; begin < block; begin += width) {
      int64_t piece = block - begin < width ? block - begin : width, output_steps[LANES];
      for (int64_t o = 0; o < piece; ++o)
        output_steps[o] = step_to(&steps[0], first + begin + o);
      for (int64_t c = 0; c < inputs; c += most_inputs) {
        int64_t count = inputs - c < most_inputs ? inputs - c : most_inputs;
        for (int64_t i = 0; i < count; ++i) {
          const float *input = filter + step_to(&steps[1], c + i);
          for (int k = 0; k < size.kernel * size.kernel; ++k) {
            const float *tap = input + step_to(rows, k % size.kernel) + step_to(columns, k / size.kernel);
            for (int64_t o = 0; o < piece; ++o)
              filters[k][i * piece + o] = tap[output_steps[o]];
          }
        }
        if (!in_pairs) {
          float *out = (float *)to + (panel + c * block + begin);
          transform_filters(size, filters, (int)(count * piece), out, plane);
          continue;
        }
        transform_filters(size, filters, (int)(count * piece), transformed[0], LANES);
        for (int k = 0; k < size.points * size.points; ++k)
          for (int64_t i = 0; i < count; ++i) {
            int64_t pair = panel + (c + i) / 2 * 2 * block + 2 * begin + (c + i) % 2;
            uint16_t *out = (uint16_t *)to + (k * plane + pair);
            for (int64_t o = 0; o < piece; ++o)
              out[2 * o] = round_to_bf16(transformed[k][i * piece + o]);
          }
      }
    }
  }
}

/* CNN_DERIVED_PACKED_BF16 of a weight that lies in memory as `steps` say. */
static void derive_packed(const cnn_derived_desc *derived, const cnn_weight_desc *weight, const dimension_steps *steps,
                          const float *values, uint16_t *to) {
  int64_t outputs = weight->shape[0], inputs = weight->shape[1], count = derived->tile, output_steps[LANES];
  int64_t block = derived->block > 0 ? derived->block : outputs, width = block < LANES ? block : LANES;
  int64_t groups = (inputs + count - 1) / count, taps = element_count(weight->rank - 2, weight->shape + 2);
  for (int64_t first = 0; first < outputs; first += block)
    for (int64_t begin = 0; begin < block; begin += width) {
      int64_t piece = block - begin < width ? block - begin : width;
      for (int64_t o = 0; o < piece; ++o)
        output_steps[o] = step_to(&steps[0], first + begin + o);
      for (int64_t tap = 0; tap < taps; ++tap) {
        const float *at_tap = values;
        int64_t rest = tap;
        for (int32_t d = weight->rank; d-- > 2; rest /= weight->shape[d])
          at_tap += step_to(&steps[d], rest % weight->shape[d]);
        for (int64_t c = 0; c < groups * count; ++c) {
          const float *input = c < inputs ? at_tap + step_to(&steps[1], c) : NULL;
          uint16_t *out =
              to + (((first / block * taps + tap) * groups + c / count) * block + begin) * count + c % count;
          for (int64_t o = 0; o < piece; ++o)
            out[o * count] = input ? round_to_bf16(input[output_steps[o]]) : 0;
        }
      }
    }
}

static void derive(const cnn_derived_desc *derived, const cnn_weight_desc *weight, const dimension_steps *steps,
                   const float *values, void *to) {
  if (derived->kind == CNN_DERIVED_PACKED_BF16)
    derive_packed(derived, weight, steps, values, (uint16_t *)to);
  else
    derive_winograd(derived, weight, steps, values, to);
}

void cnn_derive_weight(const cnn_derived_desc *derived_desc, const cnn_weight_desc *weight, const float *canonical,
                       void *derived) {
  dimension_steps steps[CNN_MAX_RANK];
  canonical_steps(weight, steps);
  derive(derived_desc, weight, steps, canonical, derived);
}

/* Computes what is derived from the weight anew; weights are writable. */
static void refresh_weight(cnn_model *model, int64_t index) {
  const cnn_model_desc *desc = model->desc;
  const cnn_weight_desc *weight = &desc->weights[index];
  dimension_steps steps[CNN_MAX_RANK];
  for (int64_t i = 0; i < desc->derived_count; ++i) {
    const cnn_derived_desc *derived = &desc->derived[i];
    if (derived->weight != index)
      continue;
    stored_steps(weight, steps);
    derive(derived, weight, steps, (const float *)(const void *)weight_storage(model, weight),
           (char *)model->derived + derived->offset);
  }
}

void cnn_model_refresh(cnn_model *model) {
  if (!model || model->shared) /* embedded weights have not been written */
    return;
  for (int64_t i = 0; i < model->desc->weight_count; ++i)
    refresh_weight(model, i);
}

/* ---- Getting and setting ---- */

static cnn_status check_weight(const cnn_model *model, int64_t index, const void *values, size_t bytes) {
  if (!model || !values || index < 0 || index >= model->desc->weight_count)
    return CNN_BAD_ARGUMENT;
  const cnn_weight_desc *weight = &model->desc->weights[index];
  if (weight->rank < 0 || weight->rank > CNN_MAX_RANK)
    return CNN_INCOMPATIBLE;
  return bytes == cnn_weight_bytes(weight) ? CNN_OK : CNN_WRONG_SIZE;
}

cnn_status cnn_model_get_weight_at(const cnn_model *model, int64_t index, void *values, size_t bytes) {
  cnn_status status = check_weight(model, index, values, bytes);
  if (status != CNN_OK)
    return status;
  const cnn_weight_desc *weight = &model->desc->weights[index];
  permute_weight(weight, weight_storage(model, weight), values, 0);
  return CNN_OK;
}

cnn_status cnn_model_set_weight_at(cnn_model *model, int64_t index, const void *values, size_t bytes) {
  cnn_status status = check_weight(model, index, values, bytes);
  if (status == CNN_OK)
    status = make_writable(model);
  if (status != CNN_OK)
    return status;
  const cnn_weight_desc *weight = &model->desc->weights[index];
  permute_weight(weight, weight_storage(model, weight), (char *)(uintptr_t)values, 1);
  refresh_weight(model, index);
  return CNN_OK;
}

cnn_status cnn_model_get_weight(const cnn_model *model, const char *path, void *values, size_t bytes) {
  if (!model || !path)
    return CNN_BAD_ARGUMENT;
  int64_t index = cnn_weight_index(model->desc, path);
  return index < 0 ? CNN_NO_WEIGHT : cnn_model_get_weight_at(model, index, values, bytes);
}

cnn_status cnn_model_set_weight(cnn_model *model, const char *path, const void *values, size_t bytes) {
  if (!model || !path)
    return CNN_BAD_ARGUMENT;
  int64_t index = cnn_weight_index(model->desc, path);
  return index < 0 ? CNN_NO_WEIGHT : cnn_model_set_weight_at(model, index, values, bytes);
}

/* ---- Random numbers ---- */

void cnn_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = (uint64_t)0xD2511F53u * c0, product1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)product1;
    c3 = (uint32_t)product0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/* Logarithm and sine are written out here because libm's differ from machine to machine in the last bit. Both are
 * within a few units of the last place of a double, far below the float that is kept. */

/* ln(x) for normal x > 0: x = m 2^e with m in [1/sqrt 2, sqrt 2), ln m = 2 artanh((m - 1) / (m + 1)). */
static double natural_log(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int exponent = (int)(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  double s = (m - 1) / (m + 1), square = s * s, sum = 0;
  for (int k = 23; k >= 1; k -= 2)
    sum = sum * square + 1.0 / k;
  return 2 * s * sum + exponent * 0.6931471805599453;
}

/* sin(2 pi turns) for turns in [0, 1): Taylor's series after reduction to an eighth of a turn either side of zero. */
static double sine_of_turns(double turns) {
  int quadrant = (int)(turns * 4 + 0.5); /* nearest quarter: 0...4 */
  double x = (turns - quadrant * 0.25) * 6.283185307179586, square = x * x, sum = 0;
  if (quadrant & 1) { /* cos x */
    for (int k = 18; k >= 2; k -= 2)
      sum = (1 + sum) * -square / (k * (k - 1));
    sum = 1 + sum;
  } else { /* sin x */
    for (int k = 19; k >= 3; k -= 2)
      sum = (1 + sum) * -square / (k * (k - 1));
    sum = x * (1 + sum);
  }
  return quadrant == 2 || quadrant == 3 ? -sum : sum;
}

/* Box and Muller (1958): two uniform words make two independent standard normal numbers. */
static void gaussian_pair(uint32_t word0, uint32_t word1, double *first, double *second) {
  double radius = sqrt(-2 * natural_log((word0 + 0.5) * 0x1p-32));
  double turns = word1 * 0x1p-32, quarter_later = turns + 0.25;
  *first = radius * sine_of_turns(quarter_later < 1 ? quarter_later : quarter_later - 1);
  *second = radius * sine_of_turns(turns);
}

/* FNV-1a: gives each weight its own stream, by name and not by position, so that adding a layer changes no other. */
static uint64_t path_hash(const char *path) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (; *path; ++path)
    hash = (hash ^ (unsigned char)*path) * 0x100000001B3ull;
  return hash;
}

static void store_number(char *to, int32_t dtype, double number) {
  if (dtype == CNN_F32) {
    float value = (float)number;
    memcpy(to, &value, sizeof value);
  } else if (dtype == CNN_I32) {
    int32_t value = (int32_t)number;
    memcpy(to, &value, sizeof value);
  } else if (dtype == CNN_I64) {
    int64_t value = (int64_t)number;
    memcpy(to, &value, sizeof value);
  } else if (dtype == CNN_U8) {
    uint8_t value = (uint8_t)number;
    memcpy(to, &value, sizeof value);
  }
}

/* Elements 4 block ... 4 block + 3 of a weight, in canonical order. */
static void initial_values(const cnn_weight_desc *weight, uint64_t stream, uint64_t seed, uint64_t block,
                           double values[4]) {
  uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, words[4];
  switch (weight->init) {
  case CNN_INIT_UNIFORM:
    cnn_philox4x32(counter, key, words);
    for (int i = 0; i < 4; ++i)
      values[i] = weight->init_a + (weight->init_b - weight->init_a) * (words[i] * 0x1p-32);
    break;
  case CNN_INIT_GAUSSIAN:
    cnn_philox4x32(counter, key, words);
    gaussian_pair(words[0], words[1], &values[0], &values[1]);
    gaussian_pair(words[2], words[3], &values[2], &values[3]);
    for (int i = 0; i < 4; ++i)
      values[i] = weight->init_a + weight->init_b * values[i];
    break;
  default:
    for (int i = 0; i < 4; ++i)
      values[i] = weight->init_a;
  }
}

/* Canonical order decides which random number an element gets; stored order decides where it goes. */
static void initialize_weight(cnn_model *model, const cnn_weight_desc *weight, uint64_t seed) {
  size_t element = cnn_dtype_bytes(weight->dtype);
  int64_t count = cnn_weight_elements(weight);
  /* The canonical dimensions, one that is split as two, and what a step along each of them is in the stored order. */
  int64_t sizes[CNN_MAX_RANK + 1], unused[CNN_MAX_RANK + 1], shape[CNN_MAX_RANK + 1], strides[CNN_MAX_RANK + 1];
  int32_t stored_rank = storage_dimensions(weight, sizes, unused), rank = 0;
  for (int32_t d = 0; d < weight->rank; ++d)
    for (int32_t i = 0; i < stored_rank; ++i) {
      if (weight->storage[i] != d)
        continue;
      shape[rank] = sizes[i];
      strides[rank] = 1;
      for (int32_t inner = i + 1; inner < stored_rank; ++inner)
        strides[rank] *= sizes[inner];
      ++rank;
    }
  char *stored = weight_storage(model, weight);
  uint64_t stream = path_hash(weight->path);
  int64_t index[CNN_MAX_RANK + 1] = {0}, offset = 0;
  double values[4] = {0};
  for (int64_t i = 0; i < count; ++i) {
    if (i % 4 == 0)
      initial_values(weight, stream, seed, (uint64_t)i / 4, values);
    store_number(stored + (size_t)offset * element, weight->dtype, values[i % 4]);
    for (int32_t d = rank; d-- > 0;) {
      offset += strides[d];
      if (++index[d] < shape[d])
        break;
      offset -= strides[d] * shape[d];
      index[d] = 0;
    }
  }
}

cnn_status cnn_model_initialize(cnn_model *model, uint64_t seed) {
  if (!model)
    return CNN_BAD_ARGUMENT;
  cnn_status status = make_writable(model);
  if (status != CNN_OK)
    return status;
  for (int64_t i = 0; i < model->desc->weight_count; ++i) {
    const cnn_weight_desc *weight = &model->desc->weights[i];
    if (weight->rank < 0 || weight->rank > CNN_MAX_RANK)
      return CNN_INCOMPATIBLE;
    initialize_weight(model, weight, seed);
    refresh_weight(model, i);
  }
  return CNN_OK;
}

/* ---- Scratch memory ---- */

#ifdef CNN_ANY_TARGET
/* Of the bitcode: the compiler gives it the instruction of its target (backends/cpu/EmitObject.cpp). */
void cnn_pause(void);
#else
/* Tells the processor that this thread waits for another. */
static void cnn_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
#endif

enum { SCRATCH_HEADER_BYTES = CNN_SCRATCH_SLOTS * CNN_ALIGNMENT };

size_t cnn_scratch_pool_bytes(uint64_t slot_bytes) {
  uint64_t slot = 0, bytes;
  if (!add_aligned(&slot, slot_bytes) || __builtin_mul_overflow(slot, (uint64_t)CNN_SCRATCH_SLOTS, &bytes) ||
      __builtin_add_overflow(bytes, (uint64_t)SCRATCH_HEADER_BYTES, &bytes))
    return 0;
  return slot ? bytes : 0;
}

static uint32_t *scratch_flag(void *pool, uint64_t i) { return (uint32_t *)(void *)((char *)pool + i * CNN_ALIGNMENT); }

/* From one slot to the next. */
static uint64_t scratch_stride(uint64_t slot_bytes) {
  return (slot_bytes + CNN_ALIGNMENT - 1) & ~(uint64_t)(CNN_ALIGNMENT - 1);
}

/* Once in a library, not unrolled into each of its kernels. */
__attribute__((noinline)) void *cnn_scratch_claim(void *pool, uint64_t slot_bytes) {
  for (;; cnn_pause())
    for (uint64_t i = 0; i < CNN_SCRATCH_SLOTS; ++i) {
      uint32_t *flag = scratch_flag(pool, i);
      /* A load leaves the cache line where it is; an exchange takes it from who holds the slot. */
      if (!__atomic_load_n(flag, __ATOMIC_RELAXED) && !__atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE))
        return (char *)pool + SCRATCH_HEADER_BYTES + i * scratch_stride(slot_bytes);
    }
}

void cnn_scratch_release(void *pool, uint64_t slot_bytes, void *slot) {
  uint64_t offset = (uint64_t)((char *)slot - (char *)pool) - SCRATCH_HEADER_BYTES;
  __atomic_store_n(scratch_flag(pool, offset / scratch_stride(slot_bytes)), 0, __ATOMIC_RELEASE);
}

/* Lays out the pool of an object behind `*cursor`; NULL if its functions need none. Slots are not touched: of memory
 * that malloc has from the system, only those that threads use become resident. */
static void *take_scratch(char **cursor, uint64_t slot_bytes) {
  uint64_t bytes = cnn_scratch_pool_bytes(slot_bytes);
  if (!bytes)
    return NULL;
  void *pool = take(cursor, bytes);
  memset(pool, 0, SCRATCH_HEADER_BYTES);
  return pool;
}

static int add_scratch(uint64_t *total, uint64_t slot_bytes) {
  uint64_t bytes = cnn_scratch_pool_bytes(slot_bytes);
  return (bytes || !slot_bytes) && add_aligned(total, bytes);
}

/* ---- Run state ---- */

struct cnn_run {
  const cnn_model *model;
  int64_t max_batch;
  cnn_parallel_for_fn parallel_for;
  void *parallel_context;
  cnn_observe_fn observe;
  void *observe_context;
  const cnn_device *device;     /* that was given, or NULL */
  const cnn_device *own_device; /* that was opened, or NULL */
  cnn_status device_status;     /* of the last part that a device carried out */
  const void **piece_inputs;    /* [input_count]: where the current piece of a large batch begins */
  void **piece_outputs;         /* [output_count] */
  void *arena;
  void *scratch;
  void *allocation;
};

static uint64_t pointer_table_bytes(int64_t count) { return (uint64_t)count * sizeof(void *); }

size_t cnn_run_bytes(const cnn_model_desc *desc, int64_t max_batch) {
  const cnn_function_desc *infer = &desc->infer;
  uint64_t bytes = CNN_ALIGNMENT, arena = max_batch < 1 ? 0 : arena_bytes(infer, max_batch);
  if (!arena || !add_aligned(&bytes, sizeof(cnn_run)) ||
      !add_aligned(&bytes, pointer_table_bytes(infer->input_count + infer->output_count)) ||
      !add_aligned(&bytes, arena) || !add_scratch(&bytes, infer->scratch_bytes))
    return 0;
  return bytes;
}

cnn_status cnn_run_create(const cnn_model *model, int64_t max_batch, cnn_run **run) {
  if (!model || !run || max_batch < 1)
    return CNN_BAD_ARGUMENT;
  size_t bytes = cnn_run_bytes(model->desc, max_batch);
  void *memory = allocate(bytes);
  if (!memory)
    return CNN_NO_MEMORY;
  cnn_status status = cnn_run_create_in(model, max_batch, memory, bytes, run);
  if (status != CNN_OK) {
    free(memory);
    return status;
  }
  (*run)->allocation = memory;
  return CNN_OK;
}

cnn_status cnn_run_create_in(const cnn_model *model, int64_t max_batch, void *memory, size_t bytes, cnn_run **run) {
  if (!model || !memory || !run || max_batch < 1)
    return CNN_BAD_ARGUMENT;
  const cnn_function_desc *infer = &model->desc->infer;
  if (!infer->entry)
    return CNN_NO_FUNCTION;
  size_t needed = cnn_run_bytes(model->desc, max_batch);
  if (!needed)
    return CNN_NO_MEMORY;
  if (bytes < needed)
    return CNN_WRONG_SIZE;
  char *cursor = align_up(memory);
  cnn_run *made = take(&cursor, sizeof(cnn_run));
  memset(made, 0, sizeof *made);
  made->model = model;
  made->max_batch = max_batch;
  made->parallel_for = cnn_parallel_for;
  void **table = take(&cursor, pointer_table_bytes(infer->input_count + infer->output_count));
  made->piece_inputs = (const void **)table;
  made->piece_outputs = table + infer->input_count;
  made->arena = take(&cursor, arena_bytes(infer, max_batch));
  made->scratch = take_scratch(&cursor, infer->scratch_bytes);
  *run = made;
  return CNN_OK;
}

void cnn_run_destroy(cnn_run *run) {
  if (!run)
    return;
  if (run->own_device)
    run->model->desc->device_source->close(run->own_device);
  free(run->allocation);
}

void cnn_run_set_parallel_for(cnn_run *run, cnn_parallel_for_fn parallel_for, void *context) {
  run->parallel_for = parallel_for;
  run->parallel_context = context;
}

void cnn_run_set_observer(cnn_run *run, cnn_observe_fn observe, void *context) {
  run->observe = observe;
  run->observe_context = context;
}

void cnn_run_set_device(cnn_run *run, const cnn_device *device) { run->device = device; }

/* cnn_run_part_fn of a run state, which remembers how it ended. */
static cnn_status run_part(void *context, int64_t part, int64_t batch, const void *const *inputs,
                           void *const *outputs) {
  cnn_run *run = context;
  const cnn_device *device = run->device ? run->device : run->own_device;
  run->device_status = device->run_part(device->context, part, batch, inputs, outputs);
  return run->device_status;
}

/* Sees to it that the parts of a device can be carried out. */
static cnn_status open_device(cnn_run *run) {
  const cnn_model_desc *desc = run->model->desc;
  run->device_status = CNN_OK;
  if (!desc->device_part_count || run->device || run->own_device)
    return CNN_OK;
  const cnn_device *device;
  cnn_status status = desc->device_source->open(desc, &device);
  if (status == CNN_OK)
    run->own_device = device;
  return status;
}

static int any_null(const void *const *pointers, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    if (!pointers[i])
      return 1;
  return 0;
}

/* Whether every label is a class: code that trusts it indexes scores by it. */
static int labels_are_classes(const cnn_function_desc *function, const void *const *inputs, int64_t batch) {
  for (int64_t i = 0; i < function->input_count; ++i) {
    const int32_t *labels = inputs[i];
    int64_t class_count = function->inputs[i].class_count;
    if (class_count <= 0)
      continue;
    for (int64_t sample = 0; sample < batch; ++sample)
      if (labels[sample] < 0 || labels[sample] >= class_count)
        return 0;
  }
  return 1;
}

cnn_status cnn_run_infer(cnn_run *run, int64_t batch, const void *const *inputs, void *const *outputs) {
  if (!run || batch < 1 || !inputs || !outputs)
    return CNN_BAD_ARGUMENT;
  const cnn_function_desc *infer = &run->model->desc->infer;
  if (any_null(inputs, infer->input_count) || any_null((const void *const *)outputs, infer->output_count) ||
      !labels_are_classes(infer, inputs, batch))
    return CNN_BAD_ARGUMENT;
  cnn_status status = open_device(run);
  if (status != CNN_OK)
    return status;
  cnn_call call;
  memset(&call, 0, sizeof call);
  call.inputs = run->piece_inputs;
  call.outputs = run->piece_outputs;
  call.parameters = run->model->parameters;
  call.states = run->model->states;
  call.derived = run->model->derived;
  call.arena = run->arena;
  call.scratch = run->scratch;
  call.parallel_for = run->parallel_for;
  call.parallel_context = run->parallel_context;
  call.observe = run->observe;
  call.observe_context = run->observe_context;
  call.run_part = run_part;
  call.part_context = run;
  for (int64_t begin = 0; begin < batch; begin += call.batch) {
    call.batch = batch - begin < run->max_batch ? batch - begin : run->max_batch;
    for (int64_t i = 0; i < infer->input_count; ++i)
      run->piece_inputs[i] = (const char *)inputs[i] + (size_t)begin * cnn_tensor_sample_bytes(&infer->inputs[i]);
    for (int64_t i = 0; i < infer->output_count; ++i)
      run->piece_outputs[i] = (char *)outputs[i] + (size_t)begin * cnn_tensor_sample_bytes(&infer->outputs[i]);
    infer->entry(&call);
    if (run->device_status != CNN_OK)
      return run->device_status;
  }
  return CNN_OK;
}

/* ---- Trainer ---- */

struct cnn_trainer {
  cnn_model *model;
  int64_t max_batch;
  uint64_t seed, step;
  cnn_parallel_for_fn parallel_for;
  void *parallel_context;
  cnn_observe_fn observe;
  void *observe_context;
  const void **piece_inputs; /* [most inputs] */
  void **result_pointers;    /* [most outputs] */
  float *results;            /* [most outputs] */
  double *sums;              /* [most outputs] */
  void *slots;
  void *arena;
  void *scratch;
  void *allocation;
};

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t most_inputs(const cnn_model_desc *desc) {
  return larger(desc->train_step.input_count, desc->evaluate.input_count);
}
static int64_t most_outputs(const cnn_model_desc *desc) {
  return larger(desc->train_step.output_count, desc->evaluate.output_count);
}
/* Of train_step or evaluate, whichever needs more; 0 on overflow. */
static uint64_t trainer_arena_bytes(const cnn_model_desc *desc, int64_t max_batch) {
  uint64_t step = arena_bytes(&desc->train_step, max_batch);
  if (!step || !desc->evaluate.entry)
    return step;
  uint64_t evaluate = arena_bytes(&desc->evaluate, max_batch);
  return !evaluate || evaluate > step ? evaluate : step;
}
static uint64_t trainer_scratch_bytes(const cnn_model_desc *desc) {
  uint64_t step = desc->train_step.scratch_bytes, evaluate = desc->evaluate.entry ? desc->evaluate.scratch_bytes : 0;
  return step > evaluate ? step : evaluate;
}

size_t cnn_trainer_bytes(const cnn_model_desc *desc, int64_t max_batch) {
  if (!desc->train_step.entry || max_batch < 1)
    return 0;
  uint64_t bytes = CNN_ALIGNMENT, outputs = (uint64_t)most_outputs(desc), arena = trainer_arena_bytes(desc, max_batch);
  if (!arena || !add_aligned(&bytes, sizeof(cnn_trainer)) ||
      !add_aligned(&bytes, pointer_table_bytes(most_inputs(desc))) ||
      !add_aligned(&bytes, pointer_table_bytes((int64_t)outputs)) || !add_aligned(&bytes, outputs * sizeof(float)) ||
      !add_aligned(&bytes, outputs * sizeof(double)) || !add_aligned(&bytes, desc->slot_bytes) ||
      !add_aligned(&bytes, arena) || !add_scratch(&bytes, trainer_scratch_bytes(desc)))
    return 0;
  return bytes;
}

cnn_status cnn_trainer_create(cnn_model *model, int64_t max_batch, uint64_t seed, cnn_trainer **trainer) {
  if (!model || !trainer || max_batch < 1)
    return CNN_BAD_ARGUMENT;
  if (!model->desc->train_step.entry)
    return CNN_NO_FUNCTION;
  size_t bytes = cnn_trainer_bytes(model->desc, max_batch);
  void *memory = allocate(bytes);
  if (!memory)
    return CNN_NO_MEMORY;
  cnn_status status = cnn_trainer_create_in(model, max_batch, seed, memory, bytes, trainer);
  if (status != CNN_OK) {
    free(memory);
    return status;
  }
  (*trainer)->allocation = memory;
  return CNN_OK;
}

cnn_status cnn_trainer_create_in(cnn_model *model, int64_t max_batch, uint64_t seed, void *memory, size_t bytes,
                                 cnn_trainer **trainer) {
  if (!model || !memory || !trainer || max_batch < 1)
    return CNN_BAD_ARGUMENT;
  const cnn_model_desc *desc = model->desc;
  if (!desc->train_step.entry)
    return CNN_NO_FUNCTION;
  size_t needed = cnn_trainer_bytes(desc, max_batch);
  if (!needed)
    return CNN_NO_MEMORY;
  if (bytes < needed)
    return CNN_WRONG_SIZE;
  cnn_status status = make_writable(model);
  if (status != CNN_OK)
    return status;
  uint64_t outputs = (uint64_t)most_outputs(desc);
  char *cursor = align_up(memory);
  cnn_trainer *made = take(&cursor, sizeof(cnn_trainer));
  memset(made, 0, sizeof *made);
  made->model = model;
  made->max_batch = max_batch;
  made->seed = seed;
  made->parallel_for = cnn_parallel_for;
  made->piece_inputs = take(&cursor, pointer_table_bytes(most_inputs(desc)));
  made->result_pointers = take(&cursor, pointer_table_bytes((int64_t)outputs));
  made->results = take(&cursor, outputs * sizeof(float));
  made->sums = take(&cursor, outputs * sizeof(double));
  made->slots = take(&cursor, desc->slot_bytes);
  memset(made->slots, 0, desc->slot_bytes);
  made->arena = take(&cursor, trainer_arena_bytes(desc, max_batch));
  made->scratch = take_scratch(&cursor, trainer_scratch_bytes(desc));
  *trainer = made;
  return CNN_OK;
}

void cnn_trainer_destroy(cnn_trainer *trainer) {
  if (trainer)
    free(trainer->allocation);
}

void cnn_trainer_set_parallel_for(cnn_trainer *trainer, cnn_parallel_for_fn parallel_for, void *context) {
  trainer->parallel_for = parallel_for;
  trainer->parallel_context = context;
}

void cnn_trainer_set_observer(cnn_trainer *trainer, cnn_observe_fn observe, void *context) {
  trainer->observe = observe;
  trainer->observe_context = context;
}

/* A call whose results go to trainer->results. */
static void prepare_call(cnn_trainer *trainer, const cnn_function_desc *function, cnn_call *call) {
  memset(call, 0, sizeof *call);
  for (int64_t i = 0; i < function->output_count; ++i)
    trainer->result_pointers[i] = &trainer->results[i];
  call->outputs = trainer->result_pointers;
  call->parameters = trainer->model->parameters;
  call->states = trainer->model->states;
  call->slots = trainer->slots;
  call->arena = trainer->arena;
  call->scratch = trainer->scratch;
  call->seed = trainer->seed;
  call->step = trainer->step;
  call->parallel_for = trainer->parallel_for;
  call->parallel_context = trainer->parallel_context;
  call->observe = trainer->observe;
  call->observe_context = trainer->observe_context;
}

cnn_status cnn_trainer_step(cnn_trainer *trainer, int64_t batch, const void *const *inputs, float rate,
                            float *const *results) {
  if (!trainer || batch < 1 || !inputs || !results)
    return CNN_BAD_ARGUMENT;
  const cnn_function_desc *function = &trainer->model->desc->train_step;
  if (any_null(inputs, function->input_count))
    return CNN_BAD_ARGUMENT;
  if (batch > trainer->max_batch)
    return CNN_BATCH_TOO_LARGE;
  if (!labels_are_classes(function, inputs, batch))
    return CNN_BAD_ARGUMENT;
  cnn_call call;
  prepare_call(trainer, function, &call);
  call.batch = batch;
  call.inputs = inputs;
  call.rate = rate;
  function->entry(&call);
  ++trainer->step;
  for (int64_t i = 0; i < function->output_count; ++i)
    if (results[i])
      *results[i] = trainer->results[i];
  return CNN_OK;
}

cnn_status cnn_trainer_evaluate(cnn_trainer *trainer, int64_t batch, const void *const *inputs, float *const *results) {
  if (!trainer || batch < 1 || !inputs || !results)
    return CNN_BAD_ARGUMENT;
  const cnn_function_desc *function = &trainer->model->desc->evaluate;
  if (!function->entry)
    return CNN_NO_FUNCTION;
  if (any_null(inputs, function->input_count) || !labels_are_classes(function, inputs, batch))
    return CNN_BAD_ARGUMENT;
  cnn_call call;
  prepare_call(trainer, function, &call);
  call.inputs = trainer->piece_inputs;
  for (int64_t i = 0; i < function->output_count; ++i)
    trainer->sums[i] = 0;
  for (int64_t begin = 0; begin < batch; begin += call.batch) {
    call.batch = batch - begin < trainer->max_batch ? batch - begin : trainer->max_batch;
    for (int64_t i = 0; i < function->input_count; ++i)
      trainer->piece_inputs[i] =
          (const char *)inputs[i] + (size_t)begin * cnn_tensor_sample_bytes(&function->inputs[i]);
    function->entry(&call);
    for (int64_t i = 0; i < function->output_count; ++i)
      trainer->sums[i] += (double)trainer->results[i] * (double)call.batch;
  }
  for (int64_t i = 0; i < function->output_count; ++i)
    if (results[i])
      *results[i] = (float)(trainer->sums[i] / (double)batch);
  return CNN_OK;
}

uint64_t cnn_trainer_get_step(const cnn_trainer *trainer) { return trainer->step; }
void cnn_trainer_set_step(cnn_trainer *trainer, uint64_t step) { trainer->step = step; }
void *cnn_trainer_slots(cnn_trainer *trainer) { return trainer->slots; }
