// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/host/PartProgram.h"

#include "runtime/cpu/Error.h"
#include "runtime/neuflow/machine/Arithmetic.h"

#include <cmath>

using cnn::runtime::fail;

namespace cnn::neuflow {

namespace {

// What one direction of a part is made of: its inputs, or its outputs.
struct Direction {
  const char *name; // "input"
  bool isOutput;
  int64_t count;
  const cnn_device_tensor_desc *tensors;
  std::vector<PartTensor> &found;
};

std::string describe(int64_t planes, int64_t rows, int64_t columns, int32_t fraction) {
  return std::to_string(planes) + " planes of " + std::to_string(rows) + " x " + std::to_string(columns) +
         " words with " + std::to_string(fraction) + " bits of fraction";
}

cnn_status findTensors(const char *part, const Program &program, const Direction &direction, cnn_error *error) {
  int64_t known = 0;
  for (const ProgramTensor &tensor : program.tensors)
    known += tensor.output == direction.isOutput;
  if (known != direction.count)
    return fail(error, CNN_INCOMPATIBLE, "%s: expected a program with %lld %ss, but it has %lld", part,
                static_cast<long long>(direction.count), direction.name, static_cast<long long>(known));
  for (int64_t i = 0; i < direction.count; ++i) {
    const cnn_device_tensor_desc &expected = direction.tensors[i];
    const ProgramTensor *place = nullptr;
    for (const ProgramTensor &tensor : program.tensors)
      if (tensor.output == direction.isOutput && tensor.name == expected.name)
        place = &tensor;
    if (!place)
      return fail(error, CNN_INCOMPATIBLE, "%s: the program has no %s '%s'", part, direction.name, expected.name);
    PartTensor tensor{*place, expected.dtype, runsOf(*place)};
    std::string wanted = describe(expected.planes, expected.rows, expected.columns, expected.fraction);
    std::string there = describe(place->planes, place->height, place->width, tensor.fraction());
    if (wanted != there)
      return fail(error, CNN_INCOMPATIBLE, "%s: expected the %s '%s' to be %s, but the program has %s", part,
                  direction.name, expected.name, wanted.c_str(), there.c_str());
    if (direction.isOutput && expected.dtype != CNN_F32)
      return fail(error, CNN_INCOMPATIBLE, "%s: expected the output '%s' to be of type f32, but it is %s", part,
                  expected.name, cnn_dtype_name(expected.dtype));
    direction.found.push_back(std::move(tensor));
  }
  return CNN_OK;
}

// A program of the compiler goes straight to its end; one that does not is stopped, after much longer than it may take.
RunLimit limitOf(const Program &program) {
  RunLimit limit;
  limit.instructions = 1'000'000 + static_cast<int64_t>(program.text.size());
  uint64_t cycles = 0;
  for (const ProgramPass &pass : program.passes)
    cycles += std::min<uint64_t>(pass.cycles, INT64_MAX / 1000 / (program.passes.size() + 1));
  limit.cycles = static_cast<int64_t>(100'000'000 + 100 * cycles);
  return limit;
}

} // namespace

cnn_status readPart(const cnn_device_part_desc &desc, PartProgram &part, cnn_error *error) {
  Result<Program> program =
      readContainer(std::string_view(static_cast<const char *>(desc.program), static_cast<size_t>(desc.program_bytes)));
  if (!program)
    return fail(error, CNN_BAD_FILE, "%s: %s", desc.name, program.message().c_str());
  part.name = desc.name;
  part.target = program->target;
  part.entry = 8 * uint64_t(program->entry);
  part.limit = limitOf(*program);
  part.images = imagesOf(*program);
  Direction inputs{"input", false, desc.input_count, desc.inputs, part.inputs};
  Direction outputs{"output", true, desc.output_count, desc.outputs, part.outputs};
  if (cnn_status status = findTensors(desc.name, *program, inputs, error); status != CNN_OK)
    return status;
  return findTensors(desc.name, *program, outputs, error);
}

void toWords(const PartTensor &tensor, const void *numbers, std::string &bytes) {
  size_t count = static_cast<size_t>(tensor.elements());
  bytes.resize(2 * count);
  // A power of two, so that products are exact.
  double scale = std::ldexp(1.0, tensor.fraction() - kFractionBits);
  bool isSaturated = false;
  auto convert = [&](const auto *values) {
    for (size_t i = 0; i < count; ++i) {
      Word word = quantize(double(values[i]) * scale, &isSaturated);
      bytes[2 * i] = static_cast<char>(word);
      bytes[2 * i + 1] = static_cast<char>(static_cast<uint16_t>(word) >> 8);
    }
  };
  if (tensor.dtype == CNN_U8)
    convert(static_cast<const uint8_t *>(numbers));
  else
    convert(static_cast<const float *>(numbers));
}

void toNumbers(const PartTensor &tensor, std::string_view bytes, float *numbers) {
  float scale = static_cast<float>(std::ldexp(1.0, -tensor.fraction()));
  for (size_t i = 0; i < bytes.size() / 2; ++i) {
    auto byte = [&](size_t at) { return static_cast<uint16_t>(static_cast<unsigned char>(bytes[at])); };
    numbers[i] = static_cast<float>(static_cast<Word>(byte(2 * i) | byte(2 * i + 1) << 8)) * scale;
  }
}

} // namespace cnn::neuflow
