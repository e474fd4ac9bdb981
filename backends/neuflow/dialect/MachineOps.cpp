// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/dialect/NeuflowDialect.h"

#include "backends/neuflow/dialect/ProgramTarget.h"
#include "runtime/neuflow/machine/Instructions.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "backends/neuflow/dialect/MachineOps.cpp.inc"

namespace cnn::neuflow {

void NeuflowDialect::addMachineOps() {
  addOperations<
#define GET_OP_LIST
#include "backends/neuflow/dialect/MachineOps.cpp.inc"
      >();
}

/// The select word that a module's text stands for.
static std::optional<uint32_t> selectWord(StringRef module) {
  uint32_t number;
  if (!module.getAsInteger(0, number))
    return number;
  return parseSelect(std::string_view(module));
}

static std::optional<uint8_t> statusOf(StringRef name) {
  std::span<const std::string_view> names = namesOf(Field::status);
  for (size_t i = 0; i < names.size(); ++i)
    if (std::string_view(name) == names[i])
      return static_cast<uint8_t>(i);
  return std::nullopt;
}

static LogicalResult verifyModule(Operation *op, StringRef module) {
  if (selectWord(module))
    return success();
  return op->emitOpError("expected a module such as 'tile.1.router.config', or a number, but got '") << module << "'";
}

LogicalResult TextOp::verify() {
  // C1
  if (int64_t(getBase()) < 0 || getBase() % 8 != 0)
    return emitOpError("expected a multiple of 8 bytes, but got ") << int64_t(getBase());
  // C2
  for (Operation &op : getBody().front())
    if (!isa<MarkOp, ConfigSelectOp, ConfigBurstOp, GetStatusOp, InstructionOp>(op))
      return op.emitOpError("expected an instruction or a mark in a text");
  return success();
}

LogicalResult MarkOp::verify() {
  // C1
  if (getCycles().has_value() != getMacs().has_value() || getCycles().has_value() != getBytes().has_value())
    return emitOpError("expected cycles, macs and bytes together");
  return success();
}

LogicalResult ConfigSelectOp::verify() { return verifyModule(*this, getModule()); } // C1

LogicalResult ConfigBurstOp::verify() {
  // C2
  if (getData().empty() || getData().size() > 65534)
    return emitOpError("expected 1 to 65534 data words, but got ") << getData().size();
  return verifyModule(*this, getModule()); // C1
}

LogicalResult GetStatusOp::verify() {
  // C1
  if (!statusOf(getStatus()))
    return emitOpError("expected a status such as 'done', but got '") << getStatus() << "'";
  if (getWait() > 255)
    return emitOpError("expected a wait of 0 to 255, but got ") << int64_t(getWait());
  return success();
}

static FailureOr<Instruction> instructionOf(InstructionOp op) {
  ArrayRef<int64_t> fields = op.getFields();
  if (fields.size() != 4)
    return op.emitOpError("expected fields a1, a2, a3 and imm, but got ") << fields.size();
  for (size_t i = 0; i < 4; ++i)
    if (fields[i] < 0 || fields[i] > (i < 3 ? 255 : int64_t(UINT32_MAX)))
      return op.emitOpError("expected fields of 0 to 255 and a word, but got ") << fields[i];
  for (const InstructionForm &form : instructionForms())
    if (std::string_view(op.getOpcode()) == form.name)
      return Instruction{form.opcode, static_cast<uint8_t>(fields[0]), static_cast<uint8_t>(fields[1]),
                         static_cast<uint8_t>(fields[2]), static_cast<uint32_t>(fields[3])};
  return op.emitOpError("expected an opcode, but got '") << op.getOpcode() << "'";
}

LogicalResult verifyText(TextOp text, const Target &target) {
  for (Operation &op : text.getBody().front()) {
    auto refuse = [&](const Instruction &instruction) -> LogicalResult {
      if (std::optional<Trap> trap = checkInstruction(instruction, target))
        return op.emitOpError(trap->text);
      return success();
    };
    if (auto other = dyn_cast<InstructionOp>(op)) {
      FailureOr<Instruction> instruction = instructionOf(other);
      if (failed(instruction) || failed(refuse(*instruction)))
        return failure();
    }
    if (auto burst = dyn_cast<ConfigBurstOp>(op);
        burst && failed(refuse({Opcode::configBurst, static_cast<uint8_t>(Content::select), 0, 0,
                                static_cast<uint32_t>(burst.getData().size() + 1)})))
      return failure();
  }
  return success();
}

LogicalResult appendWords(Operation *op, std::vector<uint64_t> &words) {
  uint8_t isSelect = static_cast<uint8_t>(Content::select);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](MarkOp) { return success(); })
      .Case([&](ConfigSelectOp select) {
        words.push_back(encode(Instruction{Opcode::writeConfig, isSelect, 0, 0, *selectWord(select.getModule())}));
        return success();
      })
      .Case([&](ConfigBurstOp burst) {
        ArrayRef<int32_t> data = burst.getData();
        words.push_back(
            encode(Instruction{Opcode::configBurst, isSelect, 0, 0, static_cast<uint32_t>(data.size() + 1)}));
        uint64_t pair = *selectWord(burst.getModule());
        for (size_t i = 0; i < data.size(); ++i) {
          uint32_t word = static_cast<uint32_t>(data[i]);
          if (i % 2 == 0)
            words.push_back(pair | uint64_t(word) << 32);
          pair = word;
        }
        if (data.size() % 2 == 0)
          words.push_back(pair);
        return success();
      })
      .Case([&](GetStatusOp status) {
        words.push_back(encode(Instruction{Opcode::getStatus, *statusOf(status.getStatus()),
                                           static_cast<uint8_t>(status.getWait()), 0, 0}));
        return success();
      })
      .Case([&](InstructionOp other) -> LogicalResult {
        FailureOr<Instruction> instruction = instructionOf(other);
        if (failed(instruction))
          return failure();
        words.push_back(encode(*instruction));
        return success();
      })
      .Default([](Operation *other) { return other->emitOpError("is no instruction"); });
}

} // namespace cnn::neuflow
