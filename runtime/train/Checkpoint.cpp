// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Checkpoint.h"

#include "runtime/files/ModelFiles.h"

#include <cerrno>
#include <cmath>
#include <cstring>

namespace cnn::runtime {

// No weight path begins with this sign.
static constexpr const char *kSlots = "@optimizer";
static constexpr const char *kPrefix = "training.";

static std::string exactText(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%a", value);
  return text;
}

cnn_status saveCheckpoint(const char *path, const cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          const Position &position, cnn_error *error) {
  std::vector<SafetensorsTensor> tensors;
  Bytes storage;
  if (cnn_status status = collectWeights(model, tensors, storage, error); status != CNN_OK)
    return status;
  uint64_t slotBytes = cnn_model_description(model)->slot_bytes;
  tensors.push_back({kSlots, "U8", {static_cast<int64_t>(slotBytes)}, cnn_trainer_slots(trainer), slotBytes});
  std::map<std::string, std::string> metadata = {
      {"epoch", std::to_string(position.epoch)},
      {"samples", std::to_string(position.samples)},
      {"step", std::to_string(cnn_trainer_get_step(trainer))},
      {"seconds", exactText(position.seconds)},
  };
  for (size_t i = 0; i < position.sums.size(); ++i)
    metadata["sum." + std::to_string(i)] = exactText(position.sums[i]);
  for (const auto &[name, value] : identity)
    metadata[kPrefix + name] = value;
  return writeSafetensors(path, tensors, metadata, error);
}

// Reads a finite number that must be there.
static bool readNumber(const SafetensorsFile &file, const std::string &key, double &value) {
  auto found = file.metadata.find(key);
  if (found == file.metadata.end() || found->second.empty())
    return false;
  char *end = nullptr;
  value = std::strtod(found->second.c_str(), &end);
  return *end == '\0' && std::isfinite(value);
}

static bool readCount(const SafetensorsFile &file, const std::string &key, int64_t &value) {
  auto found = file.metadata.find(key);
  if (found == file.metadata.end() || found->second.empty())
    return false;
  char *end = nullptr;
  errno = 0;
  value = std::strtoll(found->second.c_str(), &end, 10);
  return *end == '\0' && errno == 0 && value >= 0;
}

cnn_status readCheckpoint(ByteReader &reader, cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          Position &position, cnn_error *error) {
  const char *name = reader.name();
  SafetensorsFile file;
  if (cnn_status status = readSafetensors(reader, file, error); status != CNN_OK)
    return status;
  // readSafetensors has compared the checksum; a checkpoint without one was not written by this code, or is damaged.
  if (!file.metadata.contains("crc32"))
    return fail(error, CNN_BAD_FILE, "%s: not a checkpoint: it has no checksum", name);
  for (const auto &[key, value] : identity) {
    auto entry = file.metadata.find(kPrefix + key);
    if (entry == file.metadata.end())
      return fail(error, CNN_BAD_FILE, "%s: not a checkpoint: it does not say its '%s'", name, key.c_str());
    if (entry->second != value)
      return fail(error, CNN_BAD_FILE, "%s: a checkpoint of another training: expected %s %s, found %s", name,
                  key.c_str(), value.c_str(), entry->second.c_str());
  }
  Position read;
  int64_t step = 0;
  bool sound = readCount(file, "epoch", read.epoch) && readCount(file, "samples", read.samples) &&
               readCount(file, "step", step) && readNumber(file, "seconds", read.seconds);
  read.sums.resize(position.sums.size());
  for (size_t i = 0; i < read.sums.size(); ++i)
    sound = sound && readNumber(file, "sum." + std::to_string(i), read.sums[i]);
  uint64_t slotBytes = cnn_model_description(model)->slot_bytes;
  const SafetensorsEntry *slots = file.find(kSlots);
  if (!sound || !slots || slots->end - slots->begin != slotBytes)
    return fail(error, CNN_BAD_FILE, "%s: not a checkpoint of this model: no position, or no optimizer of %llu bytes",
                name, static_cast<unsigned long long>(slotBytes));
  if (cnn_status applied = applyWeights(model, name, file, kSlots, error); applied != CNN_OK)
    return applied;
  std::memcpy(cnn_trainer_slots(trainer), file.data.data() + slots->begin, slotBytes);
  cnn_trainer_set_step(trainer, static_cast<uint64_t>(step));
  position = std::move(read);
  return CNN_OK;
}

cnn_status loadCheckpoint(const char *path, cnn_model *model, cnn_trainer *trainer, const Identity &identity,
                          Position &position, cnn_error *error) {
  std::unique_ptr<ByteReader> reader;
  if (cnn_status status = openFile(path, reader, error); status != CNN_OK)
    return status;
  return readCheckpoint(*reader, model, trainer, identity, position, error);
}

} // namespace cnn::runtime
