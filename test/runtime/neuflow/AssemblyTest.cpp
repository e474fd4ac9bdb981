// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Assembly.h"

#include "test/runtime/neuflow/Programs.h"

#include <gtest/gtest.h>

#include <random>

using namespace cnn::neuflow;

namespace {

std::string message(const std::string &text) {
  Result<Program> program = assemble(text);
  return program ? "" : program.message();
}

void expectRoundTrip(const Program &program) {
  std::string text = disassemble(program);
  Result<Program> again = assemble(text);
  ASSERT_TRUE(again) << again.message() << "\n" << text;
  ASSERT_EQ(writeContainer(*again), writeContainer(program)) << text;
}

TEST(Assembly, EverySectionGoesRound) { expectRoundTrip(fullProgram()); }

TEST(Assembly, RandomProgramsGoRound) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 300; ++round) {
    Program program = fullProgram();
    program.relocations.clear(), program.passes.clear(), program.debug.clear();
    program.text.clear();
    int64_t count = 1 + static_cast<int64_t>(random() % 200);
    for (int64_t i = 0; i < count; ++i) {
      uint64_t word = random();
      // All bits at random, or an opcode that exists and small fields, or a jump nearby, or a select.
      switch (random() % 4) {
      case 0:
        break;
      case 1:
        word = (word & 0x0707'07FF'FFFF) | (random() % 17) << 56 | (random() % 16) << 48;
        break;
      case 2:
        word = encode({Opcode::jump, static_cast<uint8_t>(random() % 3), static_cast<uint8_t>(random() % 16), 0,
                       static_cast<uint32_t>(8190 + random() % 220)});
        break;
      case 3:
        word = encode({random() % 2 ? Opcode::writeConfig : Opcode::configBurst, 1, 0, 0,
                       static_cast<uint32_t>(0x10000000 + (random() % 2 << 28) + (random() % 40 << 16) +
                                             (random() % 4 << 8) + random() % 16)});
        break;
      }
      program.text.push_back(word);
    }
    // Bursts of a size that ends inside of the text, too.
    if (round % 2)
      program.text.insert(program.text.begin(),
                          encode({Opcode::configBurst, 1, 0, 0, static_cast<uint32_t>(random() % 40)}));
    std::string name, note;
    for (int i = 0; i < 20; ++i)
      name += static_cast<char>(random()), note += static_cast<char>(random());
    program.note = note;
    program.tensors[0].name = name;
    program.data.assign(1 + random() % 1500, static_cast<char>(random()));
    program.memory[0].size = program.text.size() * 8;
    program.memory[1] = {SegmentKind::data, 67584, program.data.size()};
    program.entry = program.loadBase + static_cast<uint32_t>(random() % program.text.size());
    ASSERT_EQ(complaintAbout(program), "");
    expectRoundTrip(program);
    if (testing::Test::HasFatalFailure())
      return;
  }
}

TEST(Assembly, GoldenText) {
  std::string text = disassemble(fullProgram());
  EXPECT_EQ(text.substr(text.find("\n.load")), R"(
.load 8192
.entry 8193
.segment text 65536 48
.segment data 67584 20
.segment persistent 69632 4096
.segment managed 73728 900000
.tensor in 1 3 5 7 8 8 64 69632 "image"
.tensor out 7 10 1 1 8 1 1 73728 "score"
.relocate 2 x 7
.relocate 3 offset 1
.pass 0 3 1000 25000 300 "conv1 0"
.pass 4 5 10 0 0 "end"
.debug 0 "lenet5.cnn:3"
.debug 5 ""
.note "a note"
.text
  nop
  configBurst select 3
  .pair streamer.1.commands.config 0x000000ff
  .pair 0xdeadbeef 0x00000000
  goto always r0 L8197
L8197:
  term
.data
  .bytes 6b65726e656c7320616e6420746865206c696b65
.section 1482184792
  .bytes 7768617465766572
)");
}

TEST(Assembly, WrittenByHand) {
  Result<Program> program = assemble(R"(
# Waits for port 1 of the grid.
.target neuflow-tiny
.load 8192
.entry start
.text
  nop                       # not reached
start:
  setReg r5 0xffffffff
loop:
  writeConfig select streamer.2.commands.activate
  getStatus done 128
  add r5 r6 r7
  goto nonzero r5 loop
  .word 0x0f00000000000000
.data
  .bytes 00ff
)");
  ASSERT_TRUE(program) << program.message();
  EXPECT_EQ(program->entry, 8193u);
  EXPECT_EQ(program->text, (std::vector<uint64_t>{0x0E00'0000'0000'0000, 0x0600'0500'FFFF'FFFF, 0x0001'0000'1002'0002,
                                                  0x0103'8000'0000'0000, 0x0805'0607'0000'0000, 0x0701'0500'0000'2002,
                                                  0x0F00'0000'0000'0000}));
  EXPECT_EQ(program->data, std::string("\0\xff", 2));
  EXPECT_EQ(program->memory[1], (MemorySegment{SegmentKind::data, 67584, 2}));
  expectRoundTrip(*program);
}

TEST(Assembly, Errors) {
  const std::string head = ".target neuflow-tiny\n.text\n";
  EXPECT_EQ(message(""), "line 0: a program needs a .target");
  EXPECT_EQ(message(".target x"),
            "line 1: no machine is called 'x'; there are neuflow-asic, neuflow-ml605, neuflow-tiny, "
            "neuflow-v4, neuflow-v6");
  EXPECT_EQ(message(".target {\"a\":1}"), "line 1: unknown value 'a'");
  EXPECT_EQ(message(head), "a program needs a text");
  EXPECT_EQ(message(head + "jump"), "line 3: unknown instruction 'jump'");
  EXPECT_EQ(message(head + ".color"), "line 3: unknown directive '.color'");
  EXPECT_EQ(message(".target neuflow-tiny\nnop"), "line 2: expected instructions behind .text, but found 'nop'");
  EXPECT_EQ(message(head + "nop 3"), "line 3: expected the end of the line, but found '3'");
  EXPECT_EQ(message(head + "setReg r16 1"),
            "line 3: expected r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13, "
            "r14, r15, a number up to 255, but found 'r16'");
  EXPECT_EQ(message(head + "setReg r1 4294967296"),
            "line 3: expected a number up to 4294967295, but found '4294967296'");
  EXPECT_EQ(message(head + "setReg r1 -1"), "line 3: expected a number up to 4294967295, but found '-1'");
  EXPECT_EQ(message(head + "setReg r1"), "line 3: expected a number up to 4294967295, but found ''");
  EXPECT_EQ(
      message(head + "getStatus finished 3"),
      "line 3: expected not-addressed, idle, busy, done, primed, unconfigured, misconfigured, a number up to 255, "
      "but found 'finished'");
  EXPECT_EQ(message(head + "goto always r0 nowhere\nnop"), "line 3: unknown label 'nowhere'");
  EXPECT_EQ(message(".entry there\n" + head + "nop"), "line 1: unknown label 'there'");
  EXPECT_EQ(message(head + "a:\nnop\na:"), "line 5: expected a label of its own, in the text, but found 'a:'");
  EXPECT_EQ(message(head + ":"), "line 3: expected a label of its own, in the text, but found ':'");
  EXPECT_EQ(message(head + ".word 0x10000000000000000"),
            "line 3: expected a number up to 18446744073709551615, but found '0x10000000000000000'");
  EXPECT_EQ(message(head + ".pair 1"), "line 3: expected a number up to 4294967295, but found ''");
  EXPECT_EQ(message(head + ".bytes 00"), "line 3: expected .bytes behind .data or .section");
  EXPECT_EQ(message(".data\n.bytes 0"), "line 2: expected two digits for each byte, but found '0'");
  EXPECT_EQ(message(".data\n.bytes 0x"), "line 2: expected two digits for each byte, but found '0x'");
  EXPECT_EQ(message(".note hello"), "line 1: expected a text in double quotes, but found 'hello'");
  EXPECT_EQ(message(".note \"hello"), "line 1: expected a text to end with a double quote");
  EXPECT_EQ(message(".note \"\\n\""), "line 1: expected \\\", \\\\ or \\x and two digits in a text, but found 'n\"'");
  EXPECT_EQ(message(".segment heap 0 8"), "line 1: expected one of text, data, persistent, managed, but found 'heap'");
  EXPECT_EQ(message(head + "nop\n.entry 7"), "the program begins outside of its text");
}

TEST(Assembly, RawImages) {
  Target target = *presetTarget("neuflow-ml605");
  Program program = fullProgram();
  std::string image = rawImage(program);
  image.resize((image.size() + 7) / 8 * 8);
  Result<Program> read = programOfImage(image, target);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->loadBase, 8192u);
  EXPECT_EQ(read->entry, 8192u);
  EXPECT_EQ(rawImage(*read), image);
  expectRoundTrip(*read);
  image[100] = 1; // something in the first 64 kB
  read = programOfImage(image, target);
  ASSERT_TRUE(read) << read.message();
  EXPECT_EQ(read->loadBase, 0u);
  EXPECT_EQ(rawImage(*read), image);
  EXPECT_FALSE(programOfImage("", target));
  EXPECT_FALSE(programOfImage("1234567", target));
}

} // namespace
