/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What a call into a compiled model, or into the runtime, can answer.
 *
 * This header stands alone: the compiler copies it into the header of every library it writes, so a program can include
 * several of those, and cnn/runtime.h, in any order.
 */
#ifndef CNN_ABI_STATUS_H
#define CNN_ABI_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cnn_status {
  CNN_OK = 0,
  CNN_NO_MEMORY = 1,       /* memory cannot be had, or a size does not fit in size_t */
  CNN_BAD_ARGUMENT = 2,    /* a pointer is NULL, a batch is below 1, an index or a label is out of range */
  CNN_BATCH_TOO_LARGE = 3, /* the batch is above the one the state was made for */
  CNN_NO_FUNCTION = 4,     /* the model was built without this function */
  CNN_NO_WEIGHT = 5,       /* no weight has this path */
  CNN_WRONG_SIZE = 6,      /* a buffer does not have the size of the weight, or caller memory is too small */
  CNN_INCOMPATIBLE = 7,    /* the library was built for another version of the interface */
  CNN_CANNOT_READ = 8,     /* a file cannot be opened or read */
  CNN_CANNOT_WRITE = 9,    /* a file cannot be written: no permission, no space */
  CNN_BAD_FILE = 10,       /* a file is damaged, of another format, or does not fit the model */
  CNN_STOPPED = 11,        /* the caller asked to stop; what was done so far is saved */
  CNN_DIVERGED = 12,       /* the training loss is no longer a finite number */
  CNN_DEVICE_FAILED = 13   /* a device has not carried out its part of the network */
} cnn_status;

#ifdef __cplusplus
}
#endif
#endif
