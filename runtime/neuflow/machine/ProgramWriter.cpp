// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/ProgramWriter.h"

namespace cnn::neuflow {

void ProgramWriter::configure(const Select &select, std::span<const uint32_t> data) {
  uint8_t isSelect = static_cast<uint8_t>(Content::select), isData = static_cast<uint8_t>(Content::data);
  // One word alone is cheaper as an instruction of its own.
  if (!target.has(Feature::configBurst) || data.empty() || data.size() > 65534) {
    append({Opcode::writeConfig, isSelect, 0, 0, encode(select)});
    for (uint32_t word : data)
      append({Opcode::writeConfig, isData, 0, 0, word});
    return;
  }
  append({Opcode::configBurst, isSelect, 0, 0, static_cast<uint32_t>(data.size() + 1)});
  uint64_t pair = encode(select);
  for (size_t i = 0; i < data.size(); ++i) {
    if (i % 2 == 0)
      words.push_back(pair | uint64_t(data[i]) << 32);
    pair = data[i];
  }
  if (data.size() % 2 == 0)
    words.push_back(pair);
}

void ProgramWriter::tile(int64_t tile, uint8_t subModule, Command command, std::span<const uint32_t> data) {
  configure({static_cast<uint8_t>(Area::tile), static_cast<uint16_t>(target.tiles[tile].address), subModule,
             static_cast<uint8_t>(command)},
            data);
}

void ProgramWriter::operateNext(int64_t tile, const ConvConfig &config) {
  this->tile(tile, kTileOperator, Command::cacheStart, neuflow::encode(config));
  this->tile(tile, kTileOperator, Command::cacheFinish);
}

void ProgramWriter::kernel(int64_t tile, const KernelArray &kernel) {
  this->tile(tile, kTileKernel, Command::config, encodeBus(kernel, target));
  this->tile(tile, kTileKernel, Command::control0);
}

void ProgramWriter::port(int64_t port, uint8_t subModule, Command command, std::span<const uint32_t> data) {
  configure({static_cast<uint8_t>(Area::streamer), static_cast<uint16_t>(target.gridPort(port) + 1), subModule,
             static_cast<uint8_t>(command)},
            data);
}

void ProgramWriter::stream(int64_t port, const StreamLocals &locals) {
  this->port(port, kStreamerLocals, Command::config, neuflow::encode(locals));
  this->port(port, kStreamerCommands, Command::activate);
}

void ProgramWriter::streamNext(int64_t port, const StreamLocals &locals) {
  this->port(port, kStreamerLocals, Command::cacheStart, neuflow::encode(locals));
  this->port(port, kStreamerLocals, Command::cacheFinish);
}

void ProgramWriter::waitForTile(int64_t tile, Status status) {
  configure({static_cast<uint8_t>(Area::tile), static_cast<uint16_t>(target.tiles[tile].address), kTileOperator,
             static_cast<uint8_t>(Command::config)});
  append({Opcode::getStatus, static_cast<uint8_t>(status), 0, 0, 0});
}

void ProgramWriter::waitForPort(int64_t port, Status status) {
  // config of the commands changes nothing, even while a stream is on.
  configure({static_cast<uint8_t>(Area::streamer), static_cast<uint16_t>(target.gridPort(port) + 1), kStreamerCommands,
             static_cast<uint8_t>(Command::config)});
  append({Opcode::getStatus, static_cast<uint8_t>(status), 0, 0, 0});
}

} // namespace cnn::neuflow
