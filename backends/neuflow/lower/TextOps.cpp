// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/ProgramOps.h"

#include "backends/neuflow/dialect/ProgramTarget.h"
#include "ir/ModelError.h"
#include "runtime/neuflow/machine/Instructions.h"

using namespace mlir;

namespace cnn::neuflow {

FailureOr<ScheduledText> readText(TextOp text) {
  ScheduledText result;
  bool isPass = false;
  auto endPass = [&] {
    if (isPass && !result.words.empty())
      result.passes.back().last = static_cast<uint32_t>(result.words.size()) - 1;
    isPass = false;
  };
  for (Operation &op : text.getBody().front()) {
    if (auto mark = dyn_cast<MarkOp>(op)) {
      endPass();
      uint32_t here = static_cast<uint32_t>(result.words.size());
      result.debug.push_back({here, mark.getName().str()});
      if (mark.getCycles()) {
        result.passes.push_back(
            {mark.getName().str(), here, here, *mark.getCycles(), *mark.getMacs(), *mark.getBytes()});
        isPass = true;
      }
      continue;
    }
    if (failed(appendWords(&op, result.words)))
      return failure();
  }
  endPass();
  return std::move(result);
}

/// A select word as people read it.
static std::string moduleText(uint32_t word) {
  std::string text = selectText(word);
  return text.empty() ? llvm::utohexstr(word).insert(0, "0x") : text;
}

void writeText(const ScheduledText &text, const MemoryLayout &layout, ProgramOp program) {
  for (PassOp pass : llvm::make_early_inc_range(program.getBody().getOps<PassOp>()))
    pass.erase();
  OpBuilder builder(program.getContext());
  Location location = program.getLoc();
  builder.setInsertionPointToEnd(&program.getBody().front());
  auto op = TextOp::create(builder, location, builder.getI64IntegerAttr(int64_t(layout.textBase)));
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  size_t mark = 0, pass = 0;
  for (size_t i = 0; i < text.words.size(); ++i) {
    for (; mark < text.debug.size() && text.debug[mark].word == i; ++mark) {
      bool isPass =
          pass < text.passes.size() && text.passes[pass].first == i && text.passes[pass].name == text.debug[mark].text;
      auto number = [&](uint64_t value) { return isPass ? builder.getI64IntegerAttr(int64_t(value)) : IntegerAttr(); };
      ProgramPass expected = isPass ? text.passes[pass++] : ProgramPass();
      MarkOp::create(builder, location, builder.getStringAttr(text.debug[mark].text), number(expected.cycles),
                     number(expected.macs), number(expected.bytes));
    }
    Instruction instruction = decodeInstruction(text.words[i]);
    bool isSelect =
        instruction.a1 == static_cast<uint8_t>(Content::select) && instruction.a2 == 0 && instruction.a3 == 0;
    if (instruction.opcode == Opcode::configBurst && isSelect) {
      SmallVector<int32_t> data;
      uint32_t module = static_cast<uint32_t>(text.words[i + 1]);
      for (uint32_t k = 1; k < instruction.imm; ++k)
        data.push_back(static_cast<int32_t>(text.words[i + 1 + k / 2] >> (32 * (k % 2))));
      ConfigBurstOp::create(builder, location, builder.getStringAttr(moduleText(module)),
                            builder.getDenseI32ArrayAttr(data));
      i += static_cast<size_t>(inlineWords(instruction));
    } else if (instruction.opcode == Opcode::writeConfig && isSelect) {
      ConfigSelectOp::create(builder, location, builder.getStringAttr(moduleText(instruction.imm)));
    } else if (instruction.opcode == Opcode::getStatus && instruction.a3 == 0 && instruction.imm == 0) {
      GetStatusOp::create(builder, location, builder.getStringAttr(std::string(namesOf(Field::status)[instruction.a1])),
                          builder.getI64IntegerAttr(instruction.a2));
    } else {
      InstructionOp::create(
          builder, location, builder.getStringAttr(std::string(formOf(instruction.opcode)->name)),
          builder.getDenseI64ArrayAttr({instruction.a1, instruction.a2, instruction.a3, int64_t(instruction.imm)}));
    }
  }
}

FailureOr<Program> readProgram(ProgramOp op) {
  FailureOr<DeviceLevel> level = readDeviceLevel(op);
  if (failed(level))
    return failure();
  auto texts = op.getBody().getOps<TextOp>();
  if (texts.empty())
    return op.emitOpError("expected a text; neuflow-lower-to-machine makes it");
  TextOp text = *texts.begin();
  FailureOr<ScheduledText> words = readText(text);
  if (failed(words))
    return failure();
  level->layout.textBase = text.getBase();
  Result<Program> program = assemble(level->program, level->layout, *words, level->target);
  if (!program)
    return emitModelError(op.getLoc()) << program.message();
  return std::move(*program);
}

} // namespace cnn::neuflow
