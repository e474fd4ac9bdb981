/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A program for another processor that makes one call of the compiled function it is linked with:
 *
 *     call CALL RESULTS
 *
 * CALL: the numbers of a TestCall as eight-byte integers (the rate as its bits), then its inputs and results, each with
 * the lengths of its name and its data, the name, and, of an input, the data. RESULTS receives the data of the results,
 * one behind the other. Both processors are little-endian. What is wrong is printed, and the exit code 1.
 */
#include "test/backends/ops/CallFunction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const cnn_model_desc Test_model_desc;

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void readBytes(FILE *file, void *data, size_t bytes) {
  if (fread(data, 1, bytes, file) != bytes)
    fail("the call is cut off");
}

static int64_t readInteger(FILE *file) {
  int64_t value;
  readBytes(file, &value, sizeof value);
  return value;
}

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes + 1);
  if (!memory)
    fail("out of memory");
  return memory;
}

static TestValue *readValues(FILE *file, int64_t count, int hasData) {
  TestValue *values = allocate((size_t)count * sizeof *values);
  for (int64_t i = 0; i < count; ++i) {
    size_t nameBytes = (size_t)readInteger(file);
    values[i].bytes = (size_t)readInteger(file);
    char *name = allocate(nameBytes);
    readBytes(file, name, nameBytes);
    name[nameBytes] = 0;
    values[i].name = name;
    values[i].data = allocate(values[i].bytes);
    if (hasData)
      readBytes(file, values[i].data, values[i].bytes);
  }
  return values;
}

int main(int argc, char **argv) {
  if (argc != 3)
    fail("usage: call CALL RESULTS");
  FILE *file = fopen(argv[1], "rb");
  if (!file)
    fail("the call cannot be opened");
  TestCall call = {0};
  call.batch = readInteger(file);
  call.seed = readInteger(file);
  call.step = readInteger(file);
  int32_t rate = (int32_t)readInteger(file);
  memcpy(&call.rate, &rate, sizeof rate);
  call.isSplit = (int32_t)readInteger(file);
  call.fill = (unsigned char)readInteger(file);
  call.inputCount = readInteger(file);
  call.resultCount = readInteger(file);
  call.inputs = readValues(file, call.inputCount, 1);
  call.results = readValues(file, call.resultCount, 0);
  fclose(file);

  const char *problem = testCallFunction(&Test_model_desc, &call);
  if (problem)
    fail(problem);
  file = fopen(argv[2], "wb");
  if (!file)
    fail("the results cannot be written");
  for (int64_t i = 0; i < call.resultCount; ++i)
    if (fwrite(call.results[i].data, 1, call.results[i].bytes, file) != call.results[i].bytes)
      fail("the results cannot be written");
  return fclose(file) == 0 ? 0 : 1;
}
