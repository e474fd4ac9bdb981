// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles tensor programs, runs them on the functional simulator, and compares all of the memory with what the
// definitions say.
#include "backends/neuflow/program/Compile.h"
#include "runtime/neuflow/simulator/CycleSimulator.h"
#include "runtime/neuflow/simulator/FunctionalSimulator.h"
#include "test/backends/neuflow/program/RandomTensorProgram.h"
#include "test/backends/neuflow/program/TensorEvaluator.h"

#include <gtest/gtest.h>

namespace cnn::neuflow {
namespace {

// A target whose memory is no larger than tests need.
Target smallMemory(const char *name, int64_t bytes = 4 << 20) {
  Target target = *presetTarget(name);
  target.memoryBytes = std::min(target.memoryBytes, bytes);
  return target;
}

uint8_t patternAt(int64_t byte) { return static_cast<uint8_t>(byte * 37 + (byte >> 8) * 11 + 5); }

// Compiles and runs; everything that must be so is expected. Null if it does not compile.
std::optional<CompiledProgram> compileAndRun(const TensorProgram &program, const Target &target, uint32_t seed,
                                             std::vector<Tensor> *outputs = nullptr) {
  Result<CompiledProgram> compiled = compile(program, target);
  if (!compiled) {
    ADD_FAILURE() << compiled.message();
    return std::nullopt;
  }
  const Program &built = compiled->program;
  Result<Program> again = readContainer(writeContainer(built));
  EXPECT_TRUE(again) << again.message();

  MachineMemory memory;
  EXPECT_TRUE(memory.allocate(target.memoryBytes));
  for (int64_t i = 0; i < memory.size(); ++i)
    memory.data()[i] = patternAt(i);
  std::string text;
  for (uint64_t word : built.text)
    for (int i = 0; i < 8; ++i)
      text += static_cast<char>(word >> (8 * i));
  EXPECT_TRUE(memory.write(uint64_t(built.loadBase) * 8, text));
  for (const MemorySegment &segment : built.memory)
    if (segment.kind == SegmentKind::data)
      EXPECT_TRUE(memory.write(segment.base, built.data));
  std::mt19937 random(seed);
  std::vector<Tensor> inputs;
  for (const TensorBoundary &input : program.inputs) {
    Tensor words(program.values[input.value].words());
    // A third of the programs see words of the whole range.
    for (Word &word : words)
      word = static_cast<Word>(static_cast<int16_t>(random()) >> (seed % 3 * 4));
    inputs.push_back(std::move(words));
  }
  auto baseOf = [&](const std::string &name) -> uint32_t {
    for (const ProgramTensor &tensor : built.tensors)
      if (tensor.name == name)
        return static_cast<uint32_t>(tensor.base / 2);
    ADD_FAILURE() << "no tensor " << name;
    return 0;
  };
  for (size_t i = 0; i < inputs.size(); ++i)
    for (size_t w = 0; w < inputs[i].size(); ++w)
      memory.setWord(baseOf(program.inputs[i].name) + static_cast<uint32_t>(w), inputs[i][w]);

  std::vector<uint8_t> before(memory.data(), memory.data() + memory.size());
  MachineMemory timed;
  if (seed % 4 == 1) {
    EXPECT_TRUE(timed.allocate(target.memoryBytes));
    std::copy(before.begin(), before.end(), timed.data());
  }
  FunctionalSimulator simulator(target, memory);
  Outcome outcome = simulator.run(built.entry);
  EXPECT_FALSE(outcome.trap) << "word " << outcome.pc << ": " << outcome.trap->text;
  if (outcome.trap)
    return std::nullopt;

  // On the machine in time all bytes are the same.
  if (timed.size() > 0) {
    CycleSimulator cycles(target, timed);
    CycleOutcome end = cycles.run(built.entry);
    EXPECT_FALSE(end.trap) << "word " << end.pc << ": " << end.trap->text;
    EXPECT_TRUE(std::equal(memory.data(), memory.data() + memory.size(), timed.data()));
  }

  // Words that the program may change: those of its buffers, but not inputs and constants.
  std::vector<bool> mayChange(memory.size() / 2, false);
  for (const Buffer &buffer : compiled->passes.buffers)
    if (buffer.base >= 0 && (buffer.kind == BufferKind::output || buffer.kind == BufferKind::temporary))
      std::fill_n(mayChange.begin() + buffer.base, buffer.words, true);
  int64_t changed = 0;
  for (int64_t i = 0; i < memory.size(); ++i)
    changed += !mayChange[i / 2] && memory.data()[i] != before[i];
  EXPECT_EQ(changed, 0) << "bytes that must not be written";

  std::vector<Tensor> values = evaluate(program, inputs);
  for (const TensorBoundary &output : program.outputs) {
    const Tensor &expected = values[output.value];
    Tensor found;
    for (size_t i = 0; i < expected.size(); ++i)
      found.push_back(memory.word(baseOf(output.name) + static_cast<uint32_t>(i)));
    EXPECT_EQ(found, expected) << output.name;
    if (outputs)
      outputs->push_back(found);
  }
  return std::move(*compiled);
}

class RandomLayers : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Targets, RandomLayers,
                         testing::Values("neuflow-tiny", "neuflow-v6", "neuflow-v4", "neuflow-asic"));

TEST_P(RandomLayers, AreTheirDefinition) {
  Target target = smallMemory(GetParam());
  for (uint32_t seed = 1; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("layer " + std::to_string(seed));
    compileAndRun(randomConvLayer(target, seed), target, seed);
  }
}

// What a plane is without its surroundings: each is read once, and waits in a FIFO tile for the convolver's first rows.
TEST(Compile, TapsWhatItAddsUp) {
  for (auto [width, kernel, hasTile] : {std::array<int64_t, 3>{200, 9, 1}, {12, 3, 0}, {480, 10, 1}, {5, 7, 0}}) {
    SCOPED_TRACE("width " + std::to_string(width) + ", kernel " + std::to_string(kernel));
    Target target = smallMemory("neuflow-v6");
    TensorProgramBuilder b(target);
    int64_t x = b.input({6, 17, width});
    ConvOperation what;
    what.input = x;
    what.kernelH = what.kernelW = kernel;
    what.sameSize = true;
    for (int64_t plane = 0; plane < 6; ++plane) {
      what.connections.push_back({plane, plane});
      what.bias.push_back(b.word(12));
      for (int64_t i = 0; i < kernel * kernel; ++i)
        what.kernels.push_back(b.word(8));
    }
    int64_t blur = b.add(std::move(what), {6, 17, width});
    b.output(b.mapped(b.element(AluCode::sub, {x, blur})));
    // seed % 4 == 1: in time, too.
    std::optional<CompiledProgram> compiled = compileAndRun(b.program, target, 5);
    ASSERT_TRUE(compiled);
    const GridPass &pass = compiled->passes.passes.back();
    int64_t fifos = 0;
    for (const OperatorConfig &config : pass.netlist.operators)
      fifos += kindOf(config) == TileKind::fifo;
    if (width < kernel)
      continue; // its planes are padded, so that the convolver reads other words
    EXPECT_EQ(pass.netlist.reads, 3);
    EXPECT_EQ(pass.netlist.writes, 3);
    EXPECT_EQ(fifos, hasTile ? 3 : 0);
  }
}

// The same where sums are of some planes, not all of them, and on machines that have no or small FIFO tiles.
TEST(Compile, TapsOneOfMany) {
  for (int64_t fifoWords : {0, 64, 256}) {
    int64_t fifos = 0;
    for (int64_t width : {9, 30, 60})
      for (uint32_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE("FIFO tiles of " + std::to_string(fifoWords) + ", width " + std::to_string(width) + ", seed " +
                     std::to_string(seed));
        Target target = smallMemory("neuflow-tiny");
        target.fifoWords = fifoWords;
        if (fifoWords == 0) {
          target.features &= ~(1u << static_cast<int>(Feature::fifoTile));
          std::erase_if(target.tiles, [](const Tile &tile) { return tile.kind == TileKind::fifo; });
          target.links.clear();
        }
        std::optional<CompiledProgram> compiled = compileAndRun(randomTappedLayer(target, seed, width), target, seed);
        ASSERT_TRUE(compiled);
        for (const GridPass &pass : compiled->passes.passes)
          for (const OperatorConfig &config : pass.netlist.operators)
            fifos += kindOf(config) == TileKind::fifo;
      }
    // 64 words are less than a row of 30 and what is under way.
    EXPECT_EQ(fifos > 0, fifoWords == 256);
  }
}

TEST(Compile, Pools) {
  for (const char *name : {"neuflow-tiny", "neuflow-v6"}) {
    Target target = smallMemory(name);
    for (int64_t size : {2, 3, 4}) {
      SCOPED_TRACE(std::string(name) + ", size " + std::to_string(size));
      TensorProgramBuilder b(target);
      b.output(b.maxPool(b.input({5, 13, 17}), size));
      compileAndRun(b.program, target, 2);
      TensorProgramBuilder after(target);
      after.output(after.maxPool(after.mapped(after.conv(after.input({3, 15, 19}), 4, 3, 3, 1, 1, false)), size));
      compileAndRun(after.program, target, 3);
      // By rows and columns: where the ports are enough, in one pass all the same.
      TensorProgramBuilder rows(target);
      rows.output(rows.maxPoolByRows(rows.input({5, 13, 17}), size));
      std::optional<CompiledProgram> compiled = compileAndRun(rows.program, target, 4);
      ASSERT_TRUE(compiled);
      bool isOne = size * size < target.lines;
      EXPECT_EQ(compiled->passes.buffers.size() == 2, isOne);
    }
  }
}

TEST(Compile, EveryElementOperation) {
  Target target = smallMemory("neuflow-v6");
  for (AluCode first :
       {AluCode::mac, AluCode::div, AluCode::mul, AluCode::add, AluCode::sub, AluCode::square, AluCode::max})
    for (AluCode second : {AluCode::none, AluCode::div, AluCode::mul, AluCode::add, AluCode::sub, AluCode::max})
      for (bool swapped : {false, true}) {
        SCOPED_TRACE(std::to_string(int(first)) + " " + std::to_string(int(second)));
        TensorProgramBuilder b(target);
        PlaneShape shape{3, 5, 7};
        int64_t x = b.input(shape), y = b.input(shape), z = b.input(shape), w = b.input(shape);
        int64_t value = first == AluCode::mac      ? b.element(first, {x, y, z})
                        : first == AluCode::square ? b.element(first, {x})
                                                   : b.element(first, {x, y});
        if (second != AluCode::none)
          value = swapped ? b.element(second, {w, value}) : b.element(second, {value, w});
        b.output(value);
        std::optional<CompiledProgram> compiled = compileAndRun(b.program, target, 3);
        ASSERT_TRUE(compiled);
        EXPECT_EQ(compiled->passes.passes.size(), 1u);
      }
}

TEST(Compile, ViewsMoveNothing) {
  Target target = smallMemory("neuflow-v6");
  TensorProgramBuilder b(target);
  int64_t x = b.input({6, 8, 10});
  int64_t chosen = b.add(SelectOperation{x, {4, 0, 4}}, {3, 8, 10});
  int64_t part = b.window(chosen, 1, 2, 2, 3, 3, 3);
  int64_t both = b.add(ConcatOperation{{part, b.window(x, 0, 0, 3, 3, 3, 3)}}, {9, 3, 3});
  b.output(b.conv(both, 2, 2, 2, 1, 1, false));
  std::optional<CompiledProgram> compiled = compileAndRun(b.program, target, 5);
  ASSERT_TRUE(compiled);
  for (const GridPass &pass : compiled->passes.passes)
    EXPECT_EQ(pass.operation, "op4");
}

TEST(Compile, PlanesByThemselvesShareAPass) {
  Target target = smallMemory("neuflow-v6");
  TensorProgramBuilder b(target);
  int64_t x = b.input({7, 25, 25});
  int64_t y = b.conv(x, 7, 2, 2, 2, 2, false, 1);
  // Plane o of plane o alone: three lanes of one port in and one out.
  ConvOperation &conv = std::get<ConvOperation>(b.program.operations[0].what);
  for (int64_t o = 0; o < 7; ++o)
    conv.connections[o] = {o, 6 - o};
  b.output(b.mapped(y));
  std::optional<CompiledProgram> compiled = compileAndRun(b.program, target, 5);
  ASSERT_TRUE(compiled);
  ASSERT_EQ(compiled->passes.passes.size(), 2u);
  EXPECT_EQ(compiled->passes.passes[0].name, "op0 + op1: 3 times 1 to 1");
  EXPECT_EQ(compiled->passes.passes[0].steps.size(), 2u);
  EXPECT_EQ(compiled->passes.passes[1].steps.size(), 1u);
}

TEST(Compile, WholeNetworks) {
  for (const char *name : {"neuflow-tiny", "neuflow-v6"}) {
    Target target = smallMemory(name);
    SCOPED_TRACE(name);
    TensorProgramBuilder b(target);
    int64_t x = b.input({1, 16, 16});
    int64_t k = std::min<int64_t>(3, target.convKernel);
    int64_t y = b.maxPool(b.mapped(b.conv(x, 4, k, k, 1, 1, true, 0, 9)), 2);
    int64_t z = b.mapped(b.conv(y, 6, k, k, 1, 1, true, 0, 8));
    // A residual connection, and a dense layer over all planes.
    z = b.element(AluCode::add, {z, b.conv(y, 6, 1, 1, 1, 1, false, 0, 9)});
    z = b.maxPool(z, 4);
    int64_t vector = b.reshaped(z, {24, 1, 1});
    int64_t planes = b.reshaped(vector, {6, 2, 2});
    int64_t scores = b.conv(planes, 10, 2, 2, 1, 1, false, 0, 9);
    b.output(scores);
    b.output(z);
    b.output(scores);
    b.output(x);
    compileAndRun(b.program, target, 4);
  }
}

TEST(Compile, ReshapesWhatIsNotInARow) {
  Target target = smallMemory("neuflow-tiny");
  TensorProgramBuilder b(target);
  int64_t part = b.window(b.input({2, 6, 6}), 1, 1, 1, 2, 4, 2);
  b.output(b.mapped(b.reshaped(part, {4, 2, 2})));
  compileAndRun(b.program, target, 1);
}

TEST(Compile, IsTheSameEveryTime) {
  Target target = smallMemory("neuflow-v6");
  TensorProgram program = randomConvLayer(target, 12);
  Result<CompiledProgram> first = compile(program, target), second = compile(program, target);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(writeContainer(first->program), writeContainer(second->program));
}

TEST(Compile, SaysWhatTheMachineCannotDo) {
  auto message = [](const TensorProgram &program, const Target &target) {
    Result<CompiledProgram> compiled = compile(program, target);
    return compiled ? "it compiles" : compiled.message();
  };
  Target tiny = smallMemory("neuflow-tiny");
  TensorProgramBuilder large(tiny);
  large.output(large.conv(large.input({1, 8, 8}), 1, 4, 2, 1, 1, false));
  EXPECT_EQ(message(large.program, tiny), "op0: expected kernels of at most 3x3 on neuflow-tiny, but got 4x2");

  TensorProgramBuilder huge(tiny);
  huge.output(huge.mapped(huge.input({64, 64, 128})));
  EXPECT_EQ(message(huge.program, tiny), "the model needs 2097152 bytes for planes, but neuflow-tiny has 1048576");

  TensorProgramBuilder steep(tiny);
  steep.output(
      steep.add(MapOperation{steep.input({1, 2, 2}), {identityMapper(*presetTarget("neuflow-v6"))}}, {1, 2, 2}));
  EXPECT_EQ(message(steep.program, tiny), "op0: expected at most 4 segments on neuflow-tiny, but got 8");

  Target historic = smallMemory("neuflow-ml605");
  TensorProgramBuilder plain(historic);
  plain.output(plain.conv(plain.input({1, 8, 8}), 1, 2, 2, 1, 1, false));
  EXPECT_EQ(message(plain.program, historic),
            "expected a target with the feature 'kernel-config', but neuflow-ml605 has "
            "none");
}

} // namespace
} // namespace cnn::neuflow
