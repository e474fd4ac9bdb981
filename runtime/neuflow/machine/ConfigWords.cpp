// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/ConfigWords.h"

#include <algorithm>
#include <charconv>

namespace cnn::neuflow {

namespace {

Trap misconfigured(uint32_t word, std::string text) { return {Cause::misconfigured, word, std::move(text)}; }
Trap missing(Feature feature) {
  return {Cause::missingFeature, static_cast<uint32_t>(feature),
          "this machine has no feature '" + std::string(nameOf(feature)) + "'"};
}

uint8_t nibble(uint32_t word, int64_t position) { return word >> (4 * position) & 15; }

template <size_t n> uint32_t packNibbles(const std::array<uint8_t, n> &values, uint32_t word, int64_t from) {
  for (size_t i = 0; i < n; ++i) {
    word &= ~(uint32_t(15) << (4 * (from + i)));
    word |= uint32_t(values[i] & 15) << (4 * (from + i));
  }
  return word;
}

constexpr std::string_view kCommands[16] = {"config",   "",         "activate",   "deactivate", "reset",    "",
                                            "control0", "control1", "",           "",           "control4", "",
                                            "",         "",         "cacheStart", "cacheFinish"};
constexpr std::string_view kStreamerModules[] = {"commands", "globals", "locals"};
constexpr std::string_view kTileModules[] = {"router", "operator", "kernel", "lines"};

std::span<const std::string_view> subModules(uint8_t area) {
  if (area == static_cast<uint8_t>(Area::streamer))
    return kStreamerModules;
  if (area == static_cast<uint8_t>(Area::tile))
    return kTileModules;
  return {};
}

std::string_view areaName(uint8_t area) {
  return area == static_cast<uint8_t>(Area::streamer) ? "streamer"
         : area == static_cast<uint8_t>(Area::tile)   ? "tile"
                                                      : "";
}

int64_t position(std::span<const std::string_view> names, std::string_view name) {
  auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() || name.empty() ? -1 : found - names.begin();
}

} // namespace

uint32_t encode(const Select &select) {
  return uint32_t(select.area & 15) << 28 | uint32_t(select.address & 0xFFF) << 16 | uint32_t(select.subModule) << 8 |
         select.command;
}

Select decodeSelect(uint32_t word) {
  Select select;
  select.area = static_cast<uint8_t>(word >> 28);
  select.address = static_cast<uint16_t>(word >> 16 & 0xFFF);
  select.subModule = static_cast<uint8_t>(word >> 8);
  select.command = static_cast<uint8_t>(word);
  return select;
}

std::string_view nameOf(Command command) {
  return static_cast<size_t>(command) < 16 ? kCommands[static_cast<size_t>(command)] : "";
}

std::string selectText(uint32_t word) {
  Select select = decodeSelect(word);
  std::span<const std::string_view> modules = subModules(select.area);
  std::string_view command = nameOf(static_cast<Command>(select.command));
  if (select.subModule >= modules.size() || command.empty())
    return "";
  return std::string(areaName(select.area)) + "." + std::to_string(select.address) + "." +
         std::string(modules[select.subModule]) + "." + std::string(command);
}

std::optional<uint32_t> parseSelect(std::string_view text) {
  std::string_view parts[4];
  for (int i = 0; i < 4; ++i) {
    size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos)
      return std::nullopt;
    parts[i] = text.substr(0, dot);
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  Select select;
  for (Area area : {Area::streamer, Area::tile})
    if (areaName(static_cast<uint8_t>(area)) == parts[0])
      select.area = static_cast<uint8_t>(area);
  auto [end, code] = std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), select.address);
  int64_t subModule = position(subModules(select.area), parts[2]), command = position(kCommands, parts[3]);
  if (code != std::errc() || end != parts[1].data() + parts[1].size() || select.address > 0xFFF || subModule < 0 ||
      command < 0)
    return std::nullopt;
  select.subModule = static_cast<uint8_t>(subModule);
  select.command = static_cast<uint8_t>(command);
  return encode(select);
}

std::array<uint32_t, 2> encode(const RouterConfig &config) {
  return {packNibbles(config.operatorInputs, ~uint32_t(0), 0),
          packNibbles(config.sides, packNibbles(config.localOutputs, ~uint32_t(0), 0), 3)};
}

Decoded<RouterConfig> decodeRouterWord(uint32_t word, int64_t index, int64_t tile, const Target &target) {
  RouterConfig config;
  auto sound = [&](uint8_t select, bool operatorInput) {
    if (select == kFromNone)
      return true;
    if (select >= kFromSide)
      return target.linkInto(tile, static_cast<Side>(select - kFromSide)) != nullptr;
    return select >= kFromLocal ? select < kFromSide : select < 3 && !operatorInput;
  };
  int64_t used = index == 0 ? 3 : 7;
  for (int64_t i = 0; i < 8; ++i) {
    uint8_t select = nibble(word, i);
    if (i >= used ? select != kFromNone : !sound(select, index == 0))
      return misconfigured(word, "a router takes a word from " + std::to_string(select));
    if (i >= used)
      continue;
    if (index == 0)
      config.operatorInputs[i] = select;
    else if (i < 3)
      config.localOutputs[i] = select;
    else if (select != kFromNone && !target.linkFrom(tile, static_cast<Side>(i - 3)))
      return misconfigured(word, "a router sends words to side " + std::string(nameOf(static_cast<Side>(i - 3))) +
                                     ", where there is no link");
    else
      config.sides[i - 3] = select;
  }
  return config;
}

std::array<uint32_t, 2> encode(const LinesConfig &config) {
  return {packNibbles(config.lines, ~uint32_t(0), 0), packNibbles(config.localInputs, ~uint32_t(0), 0)};
}

Decoded<LinesConfig> decodeLinesWord(uint32_t word, int64_t index, const Target &target) {
  LinesConfig config;
  for (int64_t i = 0; i < 8; ++i) {
    uint8_t select = nibble(word, i);
    bool used = index == 0 ? i < target.lines : i < 3;
    bool local = index == 0 && select >= kFromLocal && select < kFromLocal + 3;
    if (select != kFromNone && (!used || (!local && select >= target.lines)))
      return misconfigured(word, "lines take a word from " + std::to_string(select));
    if (index == 0)
      config.lines[i] = select;
    else if (i < 3)
      config.localInputs[i] = select;
  }
  return config;
}

std::vector<uint32_t> encode(const ConvConfig &config) {
  auto half = [](int64_t v) { return static_cast<uint32_t>(v & 0xFFFF); };
  uint32_t mode = uint32_t(config.sameSize) | uint32_t(config.accumulate) << 1 | uint32_t(config.subsample) << 2 |
                  uint32_t(config.biased) << 3 | uint32_t(config.discard) << 4;
  std::vector<uint32_t> words = {half(config.inW) << 16 | half(config.inH), half(config.kerW) << 16 | half(config.kerH),
                                 static_cast<uint32_t>(config.strideH & 0xFF) << 24 |
                                     static_cast<uint32_t>(config.strideW & 0xFF) << 16 | mode};
  if (config.frames)
    words.push_back(*config.frames);
  return words;
}

Decoded<ConvConfig> decodeConv(std::span<const uint32_t> words, const Target &target) {
  assert((words.size() == 3 || words.size() == 4) && "a convolver has three or four words");
  uint32_t w2 = words[2], mode = w2 & 0xFFFF;
  ConvConfig config;
  config.inW = words[0] >> 16, config.inH = words[0] & 0xFFFF;
  config.kerW = words[1] >> 16, config.kerH = words[1] & 0xFFFF;
  config.strideH = w2 >> 24, config.strideW = w2 >> 16 & 0xFF;
  config.sameSize = mode & 1, config.accumulate = mode >> 1 & 1, config.subsample = mode >> 2 & 1;
  config.biased = mode >> 3 & 1, config.discard = mode >> 4 & 1;
  if (mode >> 5)
    return misconfigured(w2, "a convolver has no mode " + std::to_string(mode));
  if (!target.has(Feature::shadow) && (config.discard || words.size() == 4))
    return missing(Feature::shadow);
  if (target.isa == 1 && config.accumulate && config.subsample)
    return misconfigured(w2, "a convolver cannot accumulate and subsample at once");
  if (config.kerW < 1 || config.kerH < 1 || config.kerW > target.convKernel || config.kerH > target.convKernel)
    return misconfigured(w2, "a kernel of " + std::to_string(config.kerH) + "x" + std::to_string(config.kerW));
  if (config.inW < config.kerW || config.inH < config.kerH || config.scanW() > target.convLine)
    return misconfigured(w2, "a frame of " + std::to_string(config.inH) + "x" + std::to_string(config.inW));
  auto stride = [&](int64_t v) { return config.subsample ? v >= 1 : v <= 1; };
  if (!stride(config.strideH) || !stride(config.strideW))
    return misconfigured(w2, "strides of " + std::to_string(config.strideH) + "x" + std::to_string(config.strideW));
  if (words.size() == 4)
    config.frames = words[3];
  return config;
}

std::vector<uint32_t> encode(const AluConfig &config) {
  uint32_t word = 1u << 25 | 1u << 24 | uint32_t(config.first != AluCode::mac) << 17 |
                  uint32_t(config.first == AluCode::square) << 16 | static_cast<uint32_t>(config.first);
  if (config.second == AluCode::none)
    return {word};
  return {word, static_cast<uint32_t>(config.second)};
}

Decoded<AluConfig> decodeAlu(std::span<const uint32_t> words, const Target &target) {
  assert((words.size() == 1 || words.size() == 2) && "an ALU has one or two words");
  AluConfig config;
  uint32_t code = words[0] & 0xFFFF;
  config.first = static_cast<AluCode>(code);
  if (code < 1 || code > 7 || encode(AluConfig{config.first, AluCode::none})[0] != words[0])
    return misconfigured(words[0], "an ALU does not know this word");
  if (config.first == AluCode::max && !target.has(Feature::chain))
    return missing(Feature::chain);
  if (words.size() == 1 || words[1] == 0)
    return words.size() == 2 && target.aluOperators < 2 ? Decoded<AluConfig>(missing(Feature::chain)) : config;
  if (target.aluOperators < 2)
    return missing(Feature::chain);
  constexpr uint32_t kSeconds[] = {3, 4, 5, 7};
  if (std::find(std::begin(kSeconds), std::end(kSeconds), words[1]) == std::end(kSeconds) ||
      config.first == AluCode::mac)
    return misconfigured(words[1], "an ALU does not know this second operator");
  config.second = static_cast<AluCode>(words[1]);
  return config;
}

namespace {

Word evaluate(AluCode code, Word a, Word b, Word c, bool *saturated) {
  switch (code) {
  case AluCode::mac:
    return multiplyAdd(a, b, c, saturated);
  case AluCode::div:
    return divide(a, b, saturated);
  case AluCode::mul:
    return multiply(a, b, saturated);
  case AluCode::add:
    return add(a, b, saturated);
  case AluCode::sub:
    return subtract(a, b, saturated);
  case AluCode::square:
    return multiply(a, a, saturated);
  case AluCode::max:
    return maximum(a, b);
  case AluCode::none:
    break;
  }
  return a;
}

} // namespace

Word evaluate(const AluConfig &config, Word in1, Word in2, Word in3, bool *saturated) {
  Word first = evaluate(config.first, in1, in2, in3, saturated);
  return config.second == AluCode::none ? first : evaluate(config.second, first, in3, 0, saturated);
}

std::vector<uint32_t> encode(const MapperConfig &config) {
  uint32_t flags = config.symmetry == Symmetry::odd ? 1u << 17 : config.symmetry == Symmetry::even ? 1u << 16 : 0;
  std::vector<uint32_t> words;
  for (const Segment &segment : config.segments) {
    words.push_back(uint32_t(static_cast<uint16_t>(segment.offset)) << 16 | static_cast<uint16_t>(segment.slope));
    words.push_back(flags | static_cast<uint16_t>(segment.least));
  }
  return words;
}

Decoded<MapperConfig> decodeMapper(std::span<const uint32_t> words, const Target &target) {
  assert(static_cast<int64_t>(words.size()) == 2 * target.mapperSegments && "a mapper has two words per segment");
  MapperConfig config;
  uint32_t flags = words[1] >> 16;
  if (flags > 2)
    return misconfigured(words[1], "a mapper has flags " + std::to_string(flags));
  config.symmetry = flags == 2 ? Symmetry::odd : flags == 1 ? Symmetry::even : Symmetry::none;
  for (size_t i = 0; i < words.size(); i += 2)
    config.segments.push_back({static_cast<Word>(words[i] & 0xFFFF), static_cast<Word>(words[i] >> 16),
                               static_cast<Word>(words[i + 1] & 0xFFFF)});
  return config;
}

Decoded<int64_t> decodeFifo(uint32_t word, const Target &target) {
  if (word < 1 || word > target.fifoWords)
    return misconfigured(word, "a FIFO of " + std::to_string(word) + " words");
  return int64_t(word);
}

KernelArray kernelArray(std::span<const Word> kernel, int64_t width, int64_t height, Word bias, const Target &target) {
  int64_t k = target.convKernel;
  assert(width <= k && height <= k && static_cast<int64_t>(kernel.size()) == width * height && "kernel too large");
  KernelArray array;
  array.bias = bias;
  array.a.assign(k * k, 0);
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j)
      array.a[(k - height + i) * k + j] = kernel[i * width + width - 1 - j];
  return array;
}

std::vector<Word> encodeStream(const KernelArray &kernel, bool biased) {
  std::vector<Word> words;
  if (biased)
    words.push_back(kernel.bias);
  words.insert(words.end(), kernel.a.begin(), kernel.a.end());
  return words;
}

std::vector<uint32_t> encodeBus(const KernelArray &kernel, const Target &target) {
  int64_t k = target.convKernel;
  std::vector<uint16_t> numbers = {static_cast<uint16_t>(kernel.bias)};
  for (int64_t row = k - 1; row >= 0; --row)
    for (int64_t column = 0; column < k; ++column)
      numbers.push_back(static_cast<uint16_t>(kernel.a[row * k + column]));
  while (!numbers.empty() && numbers.back() == 0)
    numbers.pop_back();
  numbers.resize((numbers.size() + 1) / 2 * 2, 0);
  std::vector<uint32_t> words;
  for (size_t i = 0; i < numbers.size(); i += 2)
    words.push_back(numbers[i] | uint32_t(numbers[i + 1]) << 16);
  return words;
}

std::array<uint32_t, 4> encode(const StreamGlobals &globals) {
  return {globals.offset, globals.length, globals.log2Stride, globals.continuous};
}

Decoded<StreamGlobals> decodeGlobals(std::span<const uint32_t> words) {
  assert(words.size() == 4 && "globals are four words");
  if (words[2] > 31)
    return misconfigured(words[2], "a row stride of 2 to the " + std::to_string(words[2]));
  if (words[3] > 1)
    return misconfigured(words[3], "a stream is continuous or not, 1 or 0");
  return StreamGlobals{words[0], words[1], words[2], words[3] == 1};
}

std::vector<uint32_t> encode(const StreamLocals &locals) {
  std::vector<uint32_t> words = {locals.x, locals.y, static_cast<uint32_t>(locals.w), static_cast<uint32_t>(locals.h),
                                 locals.read};
  if (locals.steps) {
    words.push_back(static_cast<uint32_t>(locals.steps->pitch));
    words.push_back(static_cast<uint32_t>(locals.steps->element));
  }
  return words;
}

Decoded<StreamLocals> decodeLocals(std::span<const uint32_t> words, const Target &target) {
  assert((words.size() == 5 || words.size() == 7) && "locals are five or seven words");
  for (uint32_t size : {words[2], words[3]})
    if (size < 1 || size > 65535)
      return misconfigured(size, "a stream of " + std::to_string(words[3]) + "x" + std::to_string(words[2]));
  if (words[4] > 1)
    return misconfigured(words[4], "a stream reads or writes, 1 or 0");
  StreamLocals locals{words[0], words[1], words[2], words[3], words[4] == 1, std::nullopt};
  if (words.size() == 7) {
    if (!target.has(Feature::stride))
      return missing(Feature::stride);
    locals.steps = {static_cast<int32_t>(words[5]), static_cast<int32_t>(words[6])};
  }
  return locals;
}

} // namespace cnn::neuflow
