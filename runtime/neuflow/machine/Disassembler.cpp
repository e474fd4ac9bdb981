// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Assembly.h"

#include "runtime/neuflow/machine/ConfigWords.h"

#include <algorithm>
#include <set>

namespace cnn::neuflow {

namespace {

std::string hex(uint64_t value, int digits) {
  std::string text = "0x";
  for (int i = digits - 1; i >= 0; --i)
    text += "0123456789abcdef"[value >> (4 * i) & 15];
  return text;
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (char c : value)
    if (c == '"' || c == '\\')
      text += std::string("\\") + c;
    else if (c >= ' ' && c <= '~')
      text += c;
    else
      text += "\\x" + hex(static_cast<uint8_t>(c), 2).substr(2);
  return text + "\"";
}

std::string byteLines(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 32) {
    text += "  .bytes ";
    for (char c : bytes.substr(at, 32))
      text += hex(static_cast<uint8_t>(c), 2).substr(2);
    text += '\n';
  }
  return text;
}

class TextWriter {
public:
  explicit TextWriter(const Program &program) : program(program) {
    for (uint64_t word : program.text) {
      Instruction instruction = decodeInstruction(word);
      if (instruction.opcode == Opcode::jump && inText(instruction.imm))
        labels.insert(instruction.imm);
    }
  }

  std::string write() {
    for (size_t i = 0; i < program.text.size(); ++i) {
      uint64_t address = uint64_t(program.loadBase) + i;
      if (labels.count(static_cast<uint32_t>(address)))
        text += label(static_cast<uint32_t>(address)) + ":\n";
      if (burstLeft > 0) {
        uint64_t word = program.text[i];
        text += "  .pair " + configWord(firstContent, static_cast<uint32_t>(word)) + " " +
                configWord(Content::data, static_cast<uint32_t>(word >> 32)) + "\n";
        firstContent = Content::data;
        --burstLeft;
        continue;
      }
      text += "  " + line(program.text[i]) + "\n";
    }
    return std::move(text);
  }

private:
  bool inText(uint32_t address) const {
    return address >= program.loadBase && address - program.loadBase < program.text.size();
  }
  static std::string label(uint32_t address) { return "L" + std::to_string(address); }
  static std::string configWord(Content content, uint32_t word) {
    std::string select = content == Content::select ? selectText(word) : "";
    return select.empty() ? hex(word, 8) : select;
  }

  std::string line(uint64_t word) {
    Instruction instruction = decodeInstruction(word);
    const InstructionForm *form = formOf(instruction.opcode);
    if (!form)
      return ".word " + hex(word, 16);
    std::string result(form->name);
    const std::pair<Field, uint32_t> fields[] = {{form->a1, instruction.a1},
                                                 {form->a2, instruction.a2},
                                                 {form->a3, instruction.a3},
                                                 {form->imm, instruction.imm}};
    for (auto [field, value] : fields) {
      if (field == Field::none && value != 0)
        return ".word " + hex(word, 16);
      if (field != Field::none)
        result += " " + operand(field, value, instruction);
    }
    if (instruction.opcode == Opcode::configBurst) {
      burstLeft = inlineWords(instruction);
      firstContent = static_cast<Content>(instruction.a1);
    }
    return result;
  }
  std::string operand(Field field, uint32_t value, const Instruction &instruction) const {
    std::span<const std::string_view> names = namesOf(field);
    if (value < names.size() && !names[value].empty())
      return std::string(names[value]);
    if (field == Field::word)
      return configWord(static_cast<Content>(instruction.a1), value);
    if (field == Field::target && inText(value))
      return label(value);
    return std::to_string(value);
  }

  const Program &program;
  std::set<uint32_t> labels;
  std::string text;
  int64_t burstLeft = 0;
  Content firstContent = Content::data;
};

} // namespace

std::string disassemble(const Program &program) {
  constexpr std::string_view kSegments[] = {"text", "data", "persistent", "managed"};
  constexpr std::string_view kRelocations[] = {"x", "y", "offset"};
  std::string text = ".target " + canonicalJson(program.target) + "\n.load " + std::to_string(program.loadBase) +
                     "\n.entry " + std::to_string(program.entry) + "\n";
  auto directive = [&](std::string_view name, std::initializer_list<std::string> operands) {
    text += name;
    for (const std::string &operand : operands)
      text += " " + operand;
    text += '\n';
  };
  auto number = [](uint64_t value) { return std::to_string(value); };
  for (const MemorySegment &segment : program.memory)
    directive(".segment", {std::string(kSegments[static_cast<uint32_t>(segment.kind)]), number(segment.base),
                           number(segment.size)});
  for (const ProgramTensor &tensor : program.tensors)
    directive(".tensor", {tensor.output ? "out" : "in", number(tensor.id), number(tensor.planes), number(tensor.height),
                          number(tensor.width), number(tensor.fractionBits), number(tensor.rowPitch),
                          number(tensor.planePitch), number(tensor.base), quoted(tensor.name)});
  for (const Relocation &relocation : program.relocations)
    directive(".relocate", {number(relocation.word), std::string(kRelocations[static_cast<uint32_t>(relocation.kind)]),
                            number(relocation.tensor)});
  for (const ProgramPass &pass : program.passes)
    directive(".pass", {number(pass.first), number(pass.last), number(pass.cycles), number(pass.macs),
                        number(pass.bytes), quoted(pass.name)});
  for (const DebugNote &note : program.debug)
    directive(".debug", {number(note.word), quoted(note.text)});
  if (!program.note.empty())
    directive(".note", {quoted(program.note)});
  text += ".text\n" + TextWriter(program).write();
  if (!program.data.empty())
    text += ".data\n" + byteLines(program.data);
  for (const UnknownSection &section : program.unknown)
    text += ".section " + std::to_string(section.kind) + "\n" + byteLines(section.bytes);
  return text;
}

Result<Program> programOfImage(std::string_view image, const Target &target) {
  constexpr uint64_t kBootBytes = 65536;
  if (image.empty() || image.size() % 8 != 0)
    return Error{"expected an image of whole words of 8 bytes, but found " + std::to_string(image.size()) + " bytes"};
  Program program;
  program.target = target;
  bool hasBoot = image.size() <= kBootBytes || image.substr(0, kBootBytes).find_first_not_of('\0') != std::string::npos;
  program.loadBase = hasBoot ? 0 : kBootBytes / 8;
  program.entry = image.size() > kBootBytes ? kBootBytes / 8 : 0;
  for (uint64_t at = uint64_t(program.loadBase) * 8; at < image.size(); at += 8) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; --i)
      word = word << 8 | static_cast<uint8_t>(image[at + i]);
    program.text.push_back(word);
  }
  program.memory = {{SegmentKind::text, uint64_t(program.loadBase) * 8, uint64_t(program.text.size()) * 8}};
  if (std::string complaint = complaintAbout(program); !complaint.empty())
    return Error{std::move(complaint)};
  return program;
}

} // namespace cnn::neuflow
