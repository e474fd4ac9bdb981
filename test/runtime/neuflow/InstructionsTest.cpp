// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Golden words, written by hand from the byte order of docs/neuflow.md.
#include "runtime/neuflow/machine/Instructions.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

using namespace cnn::neuflow;

namespace {

TEST(Instructions, GoldenWords) {
  struct Row {
    Instruction instruction;
    uint64_t word; // opcode, a1, a2, a3, imm
  };
  const Row rows[] = {
      {{Opcode::writeConfig, 1, 0, 0, 0x10020100}, 0x0001'0000'1002'0100},
      {{Opcode::getStatus, 3, 128, 0, 0}, 0x0103'8000'0000'0000},
      {{Opcode::writeStream, 4, 0, 8, 1500}, 0x0204'0008'0000'05DC},
      {{Opcode::routeStream, 2, 4, 1, 64}, 0x0302'0401'0000'0040},
      {{Opcode::writeWord, 12, 7, 0, 0}, 0x040C'0700'0000'0000},
      {{Opcode::readWord, 11, 15, 0, 0}, 0x050B'0F00'0000'0000},
      {{Opcode::setReg, 0, 10, 0, 0xDEADBEEF}, 0x0600'0A00'DEAD'BEEF},
      {{Opcode::jump, 0, 0, 0, 8192}, 0x0700'0000'0000'2000},
      {{Opcode::jump, 2, 9, 0, 3}, 0x0702'0900'0000'0003},
      {{Opcode::add, 1, 2, 3, 0}, 0x0801'0203'0000'0000},
      {{Opcode::control, 0, 0, 0, 0}, 0x0900'0000'0000'0000},
      {{Opcode::bitAnd, 4, 5, 6, 0}, 0x0A04'0506'0000'0000},
      {{Opcode::bitOr, 4, 5, 6, 0}, 0x0B04'0506'0000'0000},
      {{Opcode::comp, 4, 5, 6, 0}, 0x0C04'0506'0000'0000},
      {{Opcode::shr, 7, 1, 8, 0}, 0x0D07'0108'0000'0000},
      {{Opcode::nop, 0, 0, 0, 0}, 0x0E00'0000'0000'0000},
      {{Opcode::term, 0, 0, 0, 0}, 0x0F00'0000'0000'0000},
      {{Opcode::configBurst, 1, 0, 0, 52}, 0x1001'0000'0000'0034},
  };
  std::set<Opcode> seen;
  for (const Row &row : rows) {
    EXPECT_EQ(encode(row.instruction), row.word);
    EXPECT_EQ(decodeInstruction(row.word), row.instruction);
    seen.insert(row.instruction.opcode);
  }
  EXPECT_EQ(seen.size(), instructionForms().size());
}

TEST(Instructions, EveryWordIsFieldsAndBack) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    uint64_t word = random();
    ASSERT_EQ(encode(decodeInstruction(word)), word);
  }
}

TEST(Instructions, FormsHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const InstructionForm &form : instructionForms()) {
    EXPECT_TRUE(names.insert(form.name).second) << form.name;
    EXPECT_EQ(formOf(form.opcode), &form);
  }
  EXPECT_EQ(formOf(static_cast<Opcode>(17)), nullptr);
  EXPECT_EQ(formOf(static_cast<Opcode>(255)), nullptr);
}

TEST(Instructions, WhatTheMachineRefuses) {
  Target v2 = *presetTarget("neuflow-tiny"), v1 = *presetTarget("neuflow-ml605");
  auto cause = [&](uint64_t word, const Target &target) {
    std::optional<Trap> trap = checkInstruction(decodeInstruction(word), target);
    return trap ? static_cast<int>(trap->cause) : 0;
  };
  const int bad = static_cast<int>(Cause::badInstruction), missing = static_cast<int>(Cause::missingFeature);
  EXPECT_EQ(cause(0x0001'0000'1002'0100, v1), 0);
  EXPECT_EQ(cause(0x0004'0000'1002'0100, v1), bad); // content 4
  EXPECT_EQ(cause(0x0001'0001'1002'0100, v1), bad); // a3 must be 0
  EXPECT_EQ(cause(0x0107'8000'0000'0000, v1), bad); // status 7
  EXPECT_EQ(cause(0x0103'8000'0000'0001, v1), bad); // imm must be 0
  EXPECT_EQ(cause(0x0600'1000'0000'0000, v1), bad); // register 16
  EXPECT_EQ(cause(0x0703'0000'0000'0000, v1), bad); // condition 3
  EXPECT_EQ(cause(0x0D07'0208'0000'0000, v1), bad); // mode 2
  for (uint64_t opcode : {2, 3, 4, 5, 9, 12, 17, 128, 255})
    EXPECT_EQ(cause(opcode << 56, v2), bad) << opcode;
  EXPECT_EQ(cause(0x1001'0000'0000'0034, v2), 0);
  EXPECT_EQ(cause(0x1001'0000'0000'0034, v1), missing);
  EXPECT_EQ(cause(0x1001'0000'0000'0000, v2), bad); // no words
  EXPECT_EQ(cause(0x1001'0000'0001'0000, v2), bad); // 65,536 words
  EXPECT_EQ(checkInstruction(decodeInstruction(uint64_t(77) << 56), v2)->information, 77u);
}

TEST(Instructions, BurstsHoldTwoWordsInOne) {
  EXPECT_EQ(inlineWords({Opcode::configBurst, 1, 0, 0, 1}), 1);
  EXPECT_EQ(inlineWords({Opcode::configBurst, 1, 0, 0, 2}), 1);
  EXPECT_EQ(inlineWords({Opcode::configBurst, 1, 0, 0, 3}), 2);
  EXPECT_EQ(inlineWords({Opcode::configBurst, 1, 0, 0, 0xFFFFFFFF}), int64_t(1) << 31);
  EXPECT_EQ(inlineWords({Opcode::writeStream, 1, 0, 1, 3}), 0);
}

} // namespace
