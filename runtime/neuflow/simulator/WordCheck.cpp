// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/simulator/WordCheck.h"

namespace cnn::neuflow {

namespace {

Trap misconfigured(uint32_t word, std::string text) { return {Cause::misconfigured, word, std::move(text)}; }

Trap tooMany(uint32_t word, Area area, int64_t address, uint8_t subModule) {
  std::string text =
      selectText(encode(Select{static_cast<uint8_t>(area), static_cast<uint16_t>(address), subModule, 0}));
  return misconfigured(word, "too many words for " + text.substr(0, text.rfind('.')));
}

int64_t kernelNumbers(const Target &target) { return target.convKernel * target.convKernel + 1; }

} // namespace

int64_t leastWords(const Target &target, int64_t tile, uint8_t subModule) {
  if (subModule == kTileRouter || subModule == kTileLines)
    return 2;
  TileKind kind = target.tiles[tile].kind;
  if (subModule == kTileFifo)
    return kind == TileKind::fifo ? 1 : 0;
  return kind == TileKind::conv     ? 3
         : kind == TileKind::mapper ? 2 * target.mapperSegments
         : kind == TileKind::alu    ? 1
                                    : 0;
}

int64_t mostWords(const Target &target, int64_t tile, uint8_t subModule) {
  TileKind kind = target.tiles[tile].kind;
  if (subModule == kTileKernel && kind == TileKind::conv)
    return (kernelNumbers(target) + 1) / 2;
  int64_t least = leastWords(target, tile, subModule);
  bool mayHaveMore = subModule == kTileOperator && (kind == TileKind::conv || kind == TileKind::alu);
  return mayHaveMore ? least + 1 : least;
}

std::optional<Trap> checkTileWord(const Target &target, int64_t tile, uint8_t subModule,
                                  std::span<const uint32_t> words) {
  const Tile &who = target.tiles[tile];
  int64_t count = static_cast<int64_t>(words.size());
  uint32_t word = words.back();
  if (count > mostWords(target, tile, subModule))
    return tooMany(word, Area::tile, who.address, subModule);
  if (subModule == kTileRouter)
    return decodeRouterWord(word, count - 1, tile, target).trap;
  if (subModule == kTileLines)
    return decodeLinesWord(word, count - 1, target).trap;
  switch (who.kind) {
  case TileKind::conv:
    if (subModule == kTileOperator)
      return count < 3 ? std::nullopt : decodeConv(words, target).trap;
    if (2 * count > kernelNumbers(target) && word >> 16)
      return misconfigured(word, "too many words for a kernel of " + who.name);
    return std::nullopt;
  case TileKind::alu:
    return decodeAlu(words, target).trap;
  case TileKind::mapper:
    if (count == 2 && word >> 16 > 2)
      return misconfigured(word, "a mapper has flags " + std::to_string(word >> 16));
    return std::nullopt;
  case TileKind::fifo:
    return decodeFifo(word, target).trap;
  }
  return std::nullopt;
}

std::optional<Trap> checkStreamerWord(const Target &target, int64_t port, uint8_t subModule,
                                      std::span<const uint32_t> words) {
  constexpr size_t kMost[] = {1, 4, 7};
  uint32_t word = words.back();
  if (words.size() > kMost[subModule])
    return tooMany(word, Area::streamer, target.gridPort(port) + 1, subModule);
  if (subModule == kStreamerGlobals) {
    // Words that are not there yet are sound.
    uint32_t all[4] = {};
    std::copy(words.begin(), words.end(), all);
    return decodeGlobals(all).trap;
  }
  if (subModule == kStreamerLocals) {
    uint32_t all[7] = {0, 0, 1, 1, 0, 0, 0};
    std::copy(words.begin(), words.end(), all);
    return decodeLocals({all, words.size() > 5 ? size_t(7) : size_t(5)}, target).trap;
  }
  return std::nullopt;
}

} // namespace cnn::neuflow
