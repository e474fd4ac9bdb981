// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random programs that a machine must run to their end: a few passes, each a few chains of operators between ports.
//
//     port -> line -> operator -> links, past other tiles -> operator -> line -> one or two ports
//
// What a program says is drawn, and also how it says it: words alone or in bursts, directly or to the second set with a
// commit, streams activated, prefetched or queued, with steps of all kinds, and instructions that only pass the time.
#ifndef CNN_TEST_RUNTIME_NEUFLOW_RANDOMPROGRAMS_H
#define CNN_TEST_RUNTIME_NEUFLOW_RANDOMPROGRAMS_H

#include "test/runtime/neuflow/Passes.h"

#include <algorithm>
#include <set>

namespace cnn::neuflow {

class RandomProgram {
public:
  RandomProgram(Bench &bench, uint64_t seed)
      : bench(bench), target(bench.target), random(static_cast<uint32_t>(seed)) {}

  void write() {
    for (int64_t pass = upTo(3); pass > 0; --pass) {
      beginPass();
      for (int64_t chain = upTo(3); chain > 0; --chain)
        addChain();
      endPass();
    }
    if (oneIn(2)) // else flags of the last pass stay
      broadcast(Area::tile, Command::reset);
  }

private:
  // 1 to `most`.
  int64_t upTo(int64_t most) { return 1 + static_cast<int64_t>(random() % static_cast<uint64_t>(most)); }
  bool oneIn(int n) { return random() % static_cast<uint64_t>(n) == 0; }
  int64_t between(int64_t least, int64_t most) { return least - 1 + upTo(most - least + 1); }

  // ---- How things are said ------------------------------------------------------------------------------------------

  void passTime() {
    uint8_t a = static_cast<uint8_t>(random() % 16), b = static_cast<uint8_t>(random() % 16);
    switch (random() % 8) {
    case 0:
      bench.out.append({Opcode::nop});
      break;
    case 1:
      bench.out.append({Opcode::writeConfig, 0, 0, 0, static_cast<uint32_t>(random())});
      break;
    case 2: { // a loop, which leaves the fetch buffer
      int64_t turns = upTo(3);
      bench.out.append({Opcode::setReg, 0, 1, 0, static_cast<uint32_t>(turns)});
      bench.out.append({Opcode::setReg, 0, 2, 0, ~0u});
      uint32_t begin = static_cast<uint32_t>(kTextAt + bench.out.text().size());
      for (int64_t i = random() % 20; i > 0; --i)
        bench.out.append({Opcode::shr, a, 1, b == 1 || b == 2 ? uint8_t(3) : b, 0});
      bench.out.append({Opcode::add, 1, 2, 1, 0});
      bench.out.append({Opcode::jump, 1, 1, 0, begin});
      break;
    }
    default:
      break;
    }
  }
  void send(Area area, int64_t address, uint8_t subModule, Command command, std::span<const uint32_t> data = {}) {
    Select select{static_cast<uint8_t>(area), static_cast<uint16_t>(address), subModule, static_cast<uint8_t>(command)};
    passTime();
    if (oneIn(2))
      return bench.out.configure(select, data);
    bool twoWords = oneIn(4); // selected by another instruction first, which does nothing here
    uint32_t word = encode(select);
    if (twoWords && area == Area::streamer && subModule == 0 && address != 0) {
      bench.out.append({Opcode::writeConfig, 1, 0, 0, word & ~0xFFu});
      bench.out.append({Opcode::writeConfig, 2, 0, 0, word & 0xFF});
    } else
      bench.out.append({Opcode::writeConfig, 1, 0, 0, word});
    for (uint32_t item : data)
      bench.out.append({Opcode::writeConfig, 3, 0, 0, item});
  }
  void broadcast(Area area, Command command) { send(area, 0, 0, command); }
  void tile(int64_t tile, uint8_t subModule, Command command, std::span<const uint32_t> data = {}) {
    send(Area::tile, target.tiles[tile].address, subModule, command, data);
  }
  void port(int64_t line, uint8_t subModule, Command command, std::span<const uint32_t> data = {}) {
    send(Area::streamer, target.gridPort(line) + 1, subModule, command, data);
  }
  void waitFor(Status status) {
    passTime();
    bench.out.append({Opcode::getStatus, static_cast<uint8_t>(status), static_cast<uint8_t>(random() % 9), 0, 0});
  }
  // Words of a sub-module other than a convolver's operator.
  void words(int64_t which, uint8_t subModule, std::span<const uint32_t> data) {
    if (!target.has(Feature::shadow) || oneIn(2))
      return tile(which, subModule, Command::config, data);
    tile(which, subModule, Command::cacheStart, data);
    tile(which, subModule, Command::cacheFinish);
    if (oneIn(3))
      tile(which, 0, Command::control4);
    else
      commits = true;
  }

  // ---- Resources of a pass ------------------------------------------------------------------------------------------

  void beginPass() {
    routers.assign(target.tiles.size(), {});
    linesOf.assign(target.tiles.size(), {});
    freeLines.clear();
    for (int64_t line = 0; line < target.lines; ++line)
      freeLines.insert(line);
    usedTiles.clear();
    reads.clear();
    writes.clear();
    kernelsFromStream.clear();
    operators.clear();
    broadcast(Area::tile, Command::reset);
    if (oneIn(4)) {
      broadcast(Area::streamer, Command::reset);
      for (int64_t line = 0; line < target.lines; ++line)
        globals(line);
    }
  }
  void globals(int64_t line) {
    port(line, kStreamerGlobals, Command::config,
         encode(StreamGlobals{0, static_cast<uint32_t>(target.memoryBytes / 2), 10, true}));
    if (oneIn(2))
      port(line, kStreamerCommands, Command::config, std::array{static_cast<uint32_t>(random() % 5)});
  }
  int64_t takeLine() {
    auto at = std::next(freeLines.begin(), static_cast<int64_t>(random() % freeLines.size()));
    int64_t line = *at;
    freeLines.erase(at);
    return line;
  }
  // A place whose select is none; -1 if there is none left.
  template <size_t n> int64_t freePlace(const std::array<uint8_t, n> &selects) {
    std::vector<int64_t> places;
    for (size_t i = 0; i < n; ++i)
      if (selects[i] == kFromNone)
        places.push_back(static_cast<int64_t>(i));
    return places.empty() ? -1 : places[random() % places.size()];
  }
  // A tile of a kind that no chain uses; -1 if there is none.
  int64_t freeTile(TileKind kind) {
    std::vector<int64_t> found;
    for (size_t i = 0; i < target.tiles.size(); ++i)
      if (target.tiles[i].kind == kind && !usedTiles.contains(static_cast<int64_t>(i)))
        found.push_back(static_cast<int64_t>(i));
    return found.empty() ? -1 : found[random() % found.size()];
  }

  // ---- A chain ------------------------------------------------------------------------------------------------------

  struct Frame {
    int64_t w, h, count;
  };
  struct Stream {
    int64_t line;
    StreamLocals locals;
  };
  // Words from a port come to an input of the operator.
  bool readInto(int64_t to, int input, const StreamLocals &locals) {
    int64_t local = freePlace(linesOf[to].localInputs);
    if (freeLines.empty() || local < 0)
      return false;
    int64_t line = takeLine();
    for (int64_t t = 0; t < to; ++t)
      linesOf[t].lines[line] = static_cast<uint8_t>(kFromLine + line);
    linesOf[to].localInputs[local] = static_cast<uint8_t>(kFromLine + line);
    routers[to].operatorInputs[input] = static_cast<uint8_t>(kFromLocal + local);
    reads.push_back({line, locals});
    return true;
  }
  StreamLocals locals(const Frame &frame, bool read, int bits) {
    StreamLocals result{0, 0, frame.w, frame.h * frame.count, read, std::nullopt};
    int64_t least = 0, most = result.w * result.h - 1;
    if (target.has(Feature::stride) && oneIn(2)) {
      constexpr int32_t kSteps[] = {1, 1, 2, 3, 16, 17, -1, 0};
      int32_t element = kSteps[random() % (read ? 8 : 7)];
      int32_t pitch = static_cast<int32_t>(between(read ? -20 : 1, 70));
      result.steps = StreamLocals::Steps{pitch, element};
      least = std::min<int64_t>(0, element * (result.w - 1)) + std::min<int64_t>(0, pitch * (result.h - 1));
      most = std::max<int64_t>(0, element * (result.w - 1)) + std::max<int64_t>(0, pitch * (result.h - 1));
    }
    int64_t begin = static_cast<int64_t>(random() % 16), count = most - least + 1 + begin;
    uint32_t at = bench.plane(read ? randomWords(random, count, bits) : std::vector<Word>(count));
    result.x = static_cast<uint32_t>(at + begin - least);
    return result;
  }

  void addChain() {
    constexpr TileKind kKinds[] = {TileKind::conv, TileKind::conv, TileKind::alu, TileKind::mapper, TileKind::fifo};
    int64_t head = freeTile(kKinds[random() % 5]);
    if (head < 0 || freeLines.size() < 2)
      return;
    Frame frame{upTo(24), upTo(10), upTo(2)};
    int bits = oneIn(3) ? 16 : 11;
    usedTiles.insert(head);
    Frame out = frame;
    if (!operate(head, frame, out, bits, /*isHead=*/true))
      return;
    int64_t last = head;
    for (int hops = 0; hops < 2 && oneIn(2); ++hops)
      if (int64_t next = followLinks(last, out, bits); next >= 0)
        last = next;
    int64_t copies = freeLines.size() > 2 && oneIn(3) ? 2 : 1;
    for (int64_t copy = 0; copy < copies; ++copy)
      writeFrom(last, out);
  }

  // Describes the operator of a tile, with further inputs from ports if it is the first of its chain. `out` becomes the
  // frame of its results.
  bool operate(int64_t which, const Frame &in, Frame &out, int bits, bool isHead) {
    Operator described;
    described.tile = which;
    // Lines are left for the first input and the results, and one more.
    auto spare = [&] { return isHead && freeLines.size() > 2; };
    switch (target.tiles[which].kind) {
    case TileKind::conv: {
      ConvConfig &config = described.conv.emplace();
      config.inW = in.w, config.inH = in.h;
      config.sameSize = oneIn(3);
      int64_t k = target.convKernel;
      config.kerW = upTo(std::min(k, in.w)), config.kerH = upTo(std::min(k, in.h));
      config.subsample = oneIn(3);
      if (config.subsample)
        config.strideW = upTo(3), config.strideH = upTo(3);
      bool fromStream = !target.has(Feature::kernelConfig) || (spare() && oneIn(2));
      if (fromStream && !spare())
        return false;
      config.biased = oneIn(2);
      if (target.has(Feature::shadow) && oneIn(2))
        config.frames = static_cast<uint32_t>(in.count), config.discard = in.count == 1 && oneIn(2);
      out = {config.outW(), config.outH(), in.count};
      bool once = !config.subsample || target.isa == 2;
      KernelArray array =
          kernelArray(randomWords(random, config.kerW * config.kerH, bits == 16 ? 16 : 9), config.kerW, config.kerH,
                      !fromStream || config.biased ? static_cast<Word>(random() % 999) : Word(0), target);
      if (fromStream) {
        std::vector<Word> stream = encodeStream(array, config.biased);
        int64_t count = static_cast<int64_t>(stream.size());
        if (!readInto(which, 1, Bench::readOf(bench.plane(stream), count, 1)))
          return false;
        kernelsFromStream.insert(which);
      } else
        described.kernel = array;
      if (once && spare() && oneIn(2)) {
        config.accumulate = true;
        readInto(which, 2, locals(out, true, bits));
      }
      described.output = config.output();
      break;
    }
    case TileKind::alu: {
      AluConfig &config = described.alu.emplace();
      config.first = isHead ? static_cast<AluCode>(upTo(6)) : AluCode::square;
      if (config.first == AluCode::add && target.has(Feature::chain) && oneIn(2))
        config.first = AluCode::max;
      if (!isHead || (config.takes(1) && !spare()) || (config.first == AluCode::mac && freeLines.size() < 4))
        config.first = AluCode::square;
      constexpr AluCode kSeconds[] = {AluCode::mul, AluCode::add, AluCode::sub, AluCode::max};
      int inputs = config.first == AluCode::square ? 1 : 2;
      if (target.aluOperators == 2 && config.first != AluCode::mac && isHead &&
          static_cast<int>(freeLines.size()) > inputs + 1 && oneIn(2))
        config.second = kSeconds[random() % 4];
      for (int i = 1; i < 3; ++i)
        if (config.takes(i))
          readInto(which, i, locals(in, true, i == 1 && oneIn(2) ? 3 : bits)); // few bits: divisors of 0
      described.output = config.output();
      break;
    }
    case TileKind::mapper: {
      MapperConfig &config = described.mapper.emplace();
      std::vector<Word> leasts = randomWords(random, target.mapperSegments, bits);
      std::sort(leasts.rbegin(), leasts.rend());
      for (Word least : leasts)
        config.segments.push_back({randomWords(random, 1, 11)[0], randomWords(random, 1, bits)[0], least});
      config.symmetry = static_cast<Symmetry>(random() % 3);
      break;
    }
    case TileKind::fifo:
      described.capacity = static_cast<uint32_t>(oneIn(2) ? upTo(4) : upTo(target.fifoWords));
      break;
    }
    if (isHead)
      readInto(which, 0, locals(in, true, bits));
    operators.push_back(described);
    return true;
  }

  // From the operator of a tile over links, perhaps past other tiles, to an operator that no chain uses.
  int64_t followLinks(int64_t from, Frame &frame, int bits) {
    int64_t at = from;
    uint8_t select = static_cast<uint8_t>(kFromOperator + operators.back().output);
    std::vector<std::pair<int64_t, int>> outputs; // selects that were set
    auto giveUp = [&] {
      for (auto [tile, side] : outputs)
        routers[tile].sides[side] = kFromNone;
      return int64_t(-1);
    };
    for (int hop = 0; hop < 4; ++hop) {
      std::vector<const Link *> links;
      for (const Link &link : target.links)
        if (link.fromTile == at && routers[at].sides[static_cast<int>(link.fromSide)] == kFromNone)
          links.push_back(&link);
      if (links.empty())
        return giveUp();
      const Link &link = *links[random() % links.size()];
      routers[at].sides[static_cast<int>(link.fromSide)] = select;
      outputs.push_back({at, static_cast<int>(link.fromSide)});
      at = link.toTile;
      select = static_cast<uint8_t>(kFromSide + static_cast<int>(link.toSide));
      if (usedTiles.contains(at) || oneIn(3))
        continue; // past it
      Frame out = frame;
      usedTiles.insert(at);
      if (!operate(at, frame, out, bits, /*isHead=*/false))
        return giveUp();
      frame = out;
      routers[at].operatorInputs[0] = select;
      return at;
    }
    return giveUp();
  }

  void writeFrom(int64_t from, const Frame &frame) {
    int64_t local = freePlace(routers[from].localOutputs);
    if (local < 0 || freeLines.empty())
      return;
    int64_t line = takeLine();
    routers[from].localOutputs[local] = static_cast<uint8_t>(kFromOperator + operators.back().output);
    linesOf[from].lines[line] = static_cast<uint8_t>(kFromLocal + local);
    for (size_t t = static_cast<size_t>(from) + 1; t < target.tiles.size(); ++t)
      linesOf[t].lines[line] = static_cast<uint8_t>(kFromLine + line);
    writes.push_back({line, locals(frame, false, 16)});
  }

  // ---- The words of a pass ------------------------------------------------------------------------------------------

  struct Operator {
    int64_t tile = 0;
    int output = 0;
    std::optional<ConvConfig> conv;
    std::optional<KernelArray> kernel;
    std::optional<AluConfig> alu;
    std::optional<MapperConfig> mapper;
    uint32_t capacity = 0;
  };

  void endPass() {
    commits = false;
    for (size_t t = 0; t < target.tiles.size(); ++t) {
      int64_t which = static_cast<int64_t>(t);
      if (!(routers[t] == RouterConfig()))
        words(which, kTileRouter, encode(routers[t]));
      if (!(linesOf[t] == LinesConfig()))
        words(which, kTileLines, encode(linesOf[t]));
    }
    for (const Operator &one : operators)
      configure(one);
    if (commits)
      broadcast(Area::tile, Command::control4);
    // Kernels come first, because a set of words says how they are read.
    for (int64_t which : kernelsFromStream)
      for (size_t i = 0; i < reads.size(); ++i)
        if (uint8_t local = routers[which].operatorInputs[1];
            linesOf[which].localInputs[local - kFromLocal] == reads[i].line) {
          startStream(reads[i]);
          tile(which, kTileOperator, Command::control0);
          std::swap(reads[i], reads.back());
          started.push_back(reads.back());
          reads.pop_back();
          break;
        }
    std::vector<Stream> all = reads;
    all.insert(all.end(), writes.begin(), writes.end());
    std::shuffle(all.begin(), all.end(), random);
    for (const Stream &stream : all)
      startStream(stream);
    for (int64_t line : held)
      port(line, kStreamerCommands, Command::activate);
    held.clear();
    all.insert(all.end(), started.begin(), started.end());
    started.clear();
    std::shuffle(all.begin(), all.end(), random);
    for (const Stream &stream : all) {
      port(stream.line, kStreamerCommands, Command::config);
      waitFor(Status::done);
      if (oneIn(3))
        port(stream.line, kStreamerCommands, Command::deactivate);
    }
    for (const Operator &one : operators)
      if (one.conv) {
        tile(one.tile, kTileOperator, Command::config);
        waitFor(Status::idle);
      }
  }

  void configure(const Operator &one) {
    if (one.conv) {
      // Frames that are counted are described in the second set, so that no frame begins before they are.
      Command command = one.conv->frames ? Command::cacheStart : Command::config;
      tile(one.tile, kTileOperator, command, encode(*one.conv));
      if (one.conv->frames)
        tile(one.tile, kTileOperator, Command::cacheFinish);
      if (!one.kernel)
        return;
      tile(one.tile, kTileKernel, Command::config, encodeBus(*one.kernel, target));
      tile(one.tile, oneIn(2) ? kTileKernel : kTileOperator, Command::control0);
    } else if (one.alu)
      words(one.tile, kTileOperator, encode(*one.alu));
    else if (one.mapper)
      words(one.tile, kTileOperator, encode(*one.mapper));
    else
      words(one.tile, kTileFifo, std::array{one.capacity});
  }

  void startStream(const Stream &stream) {
    std::vector<uint32_t> data = encode(stream.locals);
    switch (random() % 3) {
    case 0:
      port(stream.line, kStreamerLocals, Command::cacheStart, data);
      port(stream.line, kStreamerLocals, Command::cacheFinish);
      return;
    case 1:
      port(stream.line, kStreamerLocals, Command::config, data);
      port(stream.line, kStreamerCommands, Command::activate);
      return;
    default:
      port(stream.line, kStreamerLocals, Command::config, data);
      if (!stream.locals.read)
        return port(stream.line, kStreamerCommands, Command::activate);
      port(stream.line, kStreamerCommands, Command::control1);
      if (oneIn(2))
        waitFor(Status::primed);
      if (kernelsFromStream.empty())
        held.push_back(stream.line);
      else
        port(stream.line, kStreamerCommands, Command::activate);
    }
  }

  Bench &bench;
  const Target &target;
  std::mt19937 random;
  std::vector<RouterConfig> routers;
  std::vector<LinesConfig> linesOf;
  std::set<int64_t> freeLines, usedTiles, kernelsFromStream;
  std::vector<Stream> reads, writes, started;
  std::vector<Operator> operators;
  std::vector<int64_t> held;
  bool commits = false;
};

} // namespace cnn::neuflow
#endif
