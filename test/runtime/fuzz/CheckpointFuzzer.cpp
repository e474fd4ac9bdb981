// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checkpoints of any bytes, as they are and with their checksum made right, so that what comes behind it is reached
// too: one that is refused has changed nothing.
#include "runtime/train/Checkpoint.h"
#include "test/runtime/FakeModel.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <zlib.h>

using namespace cnn::runtime;

static void repairChecksum(std::string &bytes) {
  constexpr std::string_view key = "\"crc32\":\"";
  constexpr size_t digits = 8;
  size_t at = bytes.find(key);
  if (at == std::string::npos || bytes.size() - at - key.size() < digits)
    return;
  at += key.size();
  bytes.replace(at, digits, digits, '0');
  char text[digits + 1];
  std::snprintf(text, sizeof text, "%08lx", crc32_z(0, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()));
  bytes.replace(at, digits, text);
}

static std::string stateOf(const cnn_model *model, cnn_trainer *trainer, const Position &position) {
  const cnn_model_desc *desc = cnn_model_description(model);
  std::string state = std::to_string(position.epoch) + " " + std::to_string(position.samples) + " " +
                      std::to_string(cnn_trainer_get_step(trainer));
  state.append(static_cast<const char *>(cnn_trainer_slots(trainer)), desc->slot_bytes);
  for (int64_t i = 0; i < desc->weight_count; ++i) {
    std::string weight(cnn_weight_bytes(&desc->weights[i]), '\0');
    cnn_model_get_weight_at(model, i, weight.data(), weight.size());
    state += weight;
  }
  return state;
}

static void read(const std::string &bytes) {
  cnn_model *model = nullptr;
  cnn_trainer *trainer = nullptr;
  if (cnn_model_create(&fake_model, &model) != CNN_OK || cnn_trainer_create(model, 8, 1, &trainer) != CNN_OK)
    std::abort();
  Position position;
  position.sums.resize(2);
  std::string before = stateOf(model, trainer, position);
  auto reader = openMemory("input", reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  cnn_error error;
  cnn_status status = readCheckpoint(*reader, model, trainer, {{"model", "Fake"}, {"batch", "8"}}, position, &error);
  if (status != CNN_OK && (stateOf(model, trainer, position) != before || !std::strstr(error.text, "input: ")))
    std::abort();
  cnn_trainer_destroy(trainer);
  cnn_model_destroy(model);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string bytes(reinterpret_cast<const char *>(data), size);
  read(bytes);
  repairChecksum(bytes);
  read(bytes);
  return 0;
}
