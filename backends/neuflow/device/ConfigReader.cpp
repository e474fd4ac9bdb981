// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/device/ConfigReader.h"

#include "runtime/neuflow/machine/Instructions.h"

namespace cnn::neuflow {

ConfigReader::ConfigReader(const Target &target)
    : target(target), now(target), configs(target.tiles.size()), direct(target.tiles.size()),
      shadow(target.tiles.size()) {}

std::string ConfigReader::read(std::span<const uint64_t> words) {
  for (uint64_t word : words) {
    if (left > 0) {
      for (int half = 0; half < 2 && left > 0; ++half, --left) {
        std::string error = take(static_cast<uint8_t>(leftContent), static_cast<uint32_t>(word >> (32 * half)));
        if (!error.empty())
          return error;
        leftContent = static_cast<int64_t>(Content::data);
      }
      continue;
    }
    Instruction instruction = decodeInstruction(word);
    if (std::optional<Trap> trap = checkInstruction(instruction, target))
      return trap->text;
    if (instruction.opcode == Opcode::jump)
      return "a program that jumps cannot be read without running it";
    if (instruction.opcode == Opcode::configBurst) {
      left = instruction.imm;
      leftContent = instruction.a1;
    } else if (instruction.opcode == Opcode::writeConfig) {
      std::string error = take(instruction.a1, instruction.imm);
      if (!error.empty())
        return error;
    }
  }
  return left > 0 ? "a burst goes beyond the program" : "";
}

std::string ConfigReader::take(uint8_t content, uint32_t word) {
  switch (static_cast<Content>(content)) {
  case Content::nothing:
    return "";
  case Content::select:
    selected = decodeSelect(word);
    return command(*selected);
  case Content::instruction:
    if (!selected)
      return "an instruction to no module";
    selected->command = static_cast<uint8_t>(word);
    return command(*selected);
  case Content::data:
    break;
  default:
    return "a word of content " + std::to_string(content);
  }
  if (!selected)
    return "a data word for no module";
  if (selected->area != static_cast<uint8_t>(Area::tile))
    return "";
  int64_t tile = target.tileAt(selected->address);
  if (tile < 0)
    return "a data word for tile " + std::to_string(selected->address) + ", which is none";
  bool toShadow = selected->command == static_cast<uint8_t>(Command::cacheStart);
  Set &set = (toShadow ? shadow : direct)[tile][selected->subModule & 3];
  set.words.push_back(word);
  return toShadow ? "" : apply(tile, selected->subModule, set.words, false);
}

std::string ConfigReader::command(const Select &select) {
  if (select.area != static_cast<uint8_t>(Area::tile))
    return "";
  auto toOne = [&](int64_t tile) -> std::string {
    switch (static_cast<Command>(select.command)) {
    case Command::config:
      direct[tile][select.subModule & 3].words.clear();
      return "";
    case Command::cacheStart:
      shadow[tile][select.subModule & 3].words.clear();
      return "";
    case Command::cacheFinish: {
      Set &set = shadow[tile][select.subModule & 3];
      // A convolver takes its set by itself.
      if (target.tiles[tile].kind == TileKind::conv && select.subModule == kTileOperator)
        return apply(tile, select.subModule, set.words, true);
      set.armed = true;
      return "";
    }
    case Command::control4:
      for (uint8_t subModule = 0; subModule < 4; ++subModule)
        if (Set &set = shadow[tile][subModule]; set.armed) {
          set.armed = false;
          if (std::string error = apply(tile, subModule, set.words, true); !error.empty())
            return error;
        }
      return "";
    case Command::control0: // registers a kernel, which is no select
      return "";
    case Command::reset:
      now.routers[tile] = {};
      now.lines[tile] = {};
      configs[tile].reset();
      return "";
    default:
      return "";
    }
  };
  if (select.address != 0) {
    int64_t tile = target.tileAt(select.address);
    return tile < 0 ? "tile " + std::to_string(select.address) + " is none" : toOne(tile);
  }
  for (size_t tile = 0; tile < target.tiles.size(); ++tile)
    if (std::string error = toOne(static_cast<int64_t>(tile)); !error.empty())
      return error;
  return "";
}

std::string ConfigReader::apply(int64_t tile, uint8_t subModule, std::span<const uint32_t> words, bool all) {
  int64_t count = static_cast<int64_t>(words.size());
  if (subModule == kTileRouter || subModule == kTileLines) {
    for (int64_t i = all ? 0 : count - 1; i < count && i < 2; ++i) {
      if (subModule == kTileRouter) {
        Decoded<RouterConfig> decoded = decodeRouterWord(words[i], i, tile, target);
        if (decoded.trap)
          return decoded.trap->text;
        RouterConfig &router = now.routers[tile];
        if (i == 0)
          router.operatorInputs = decoded.value.operatorInputs;
        else {
          router.localOutputs = decoded.value.localOutputs;
          router.sides = decoded.value.sides;
        }
      } else {
        Decoded<LinesConfig> decoded = decodeLinesWord(words[i], i, target);
        if (decoded.trap)
          return decoded.trap->text;
        (i == 0 ? (void)(now.lines[tile].lines = decoded.value.lines)
                : (void)(now.lines[tile].localInputs = decoded.value.localInputs));
      }
    }
    return "";
  }
  auto set = [&](auto decoded) -> std::string {
    if (decoded.trap)
      return decoded.trap->text;
    configs[tile] = decoded.value;
    return "";
  };
  switch (target.tiles[tile].kind) {
  case TileKind::conv:
    return subModule == kTileOperator && count >= 3 ? set(decodeConv(words, target)) : "";
  case TileKind::alu:
    return subModule == kTileOperator ? set(decodeAlu(words, target)) : "";
  case TileKind::mapper:
    return subModule == kTileOperator && count == 2 * target.mapperSegments ? set(decodeMapper(words, target)) : "";
  case TileKind::fifo: {
    if (subModule != kTileFifo)
      return "";
    Decoded<int64_t> capacity = decodeFifo(words[0], target);
    if (capacity.trap)
      return capacity.trap->text;
    configs[tile] = FifoConfig{capacity.value};
    return "";
  }
  }
  return "";
}

} // namespace cnn::neuflow
