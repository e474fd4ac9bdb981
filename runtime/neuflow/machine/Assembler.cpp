// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a text line by line. Labels may stand anywhere in the text, so places where they are used are filled in at its
// end.
#include "runtime/neuflow/machine/Assembly.h"

#include "runtime/neuflow/machine/ConfigWords.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace cnn::neuflow {

namespace {

// Decimal, or hexadecimal with 0x.
bool parseNumber(std::string_view text, uint64_t most, uint64_t &value) {
  int base = text.starts_with("0x") ? 16 : 10;
  if (base == 16)
    text.remove_prefix(2);
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return code == std::errc() && end == text.data() + text.size() && !text.empty() && value <= most;
}

// What the assembler's messages show of the user's text.
std::string shown(std::string_view text) {
  std::string result;
  for (char c : text.substr(0, 60))
    result += c >= ' ' && c <= '~' ? c : '?';
  return "'" + result + (text.size() > 60 ? "..." : "") + "'";
}

class Assembler {
public:
  Result<Program> run(std::string_view text) {
    while (!text.empty() && error.empty()) {
      ++line;
      size_t end = std::min(text.find('\n'), text.size());
      rest = text.substr(0, end);
      readLine();
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (error.empty())
      finish();
    if (!error.empty())
      return Error{std::move(error)};
    if (std::string complaint = complaintAbout(program); !complaint.empty())
      return Error{std::move(complaint)};
    return std::move(program);
  }

private:
  bool fail(std::string text) {
    if (error.empty())
      error = "line " + std::to_string(line) + ": " + std::move(text);
    return false;
  }

  void skipSpace() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r'))
      rest.remove_prefix(1);
    if (rest.starts_with('#'))
      rest = "";
  }
  std::string_view token() {
    skipSpace();
    size_t end = std::min(rest.find_first_of(" \t\r#"), rest.size());
    std::string_view result = rest.substr(0, end);
    rest.remove_prefix(end);
    return result;
  }
  template <typename T> bool number(T &value) {
    std::string_view text = token();
    uint64_t wide = 0;
    if (!parseNumber(text, std::numeric_limits<T>::max(), wide))
      return fail("expected a number up to " + std::to_string(std::numeric_limits<T>::max()) + ", but found " +
                  shown(text));
    value = static_cast<T>(wide);
    return true;
  }
  bool string(std::string &value) {
    skipSpace();
    if (!rest.starts_with('"'))
      return fail("expected a text in double quotes, but found " + shown(rest));
    rest.remove_prefix(1);
    while (!rest.empty() && rest[0] != '"') {
      char c = rest[0];
      rest.remove_prefix(1);
      if (c == '\\') {
        uint64_t code = 0;
        if (rest.starts_with('"') || rest.starts_with('\\')) {
          c = rest[0];
          rest.remove_prefix(1);
        } else if (rest.size() >= 3 && rest[0] == 'x' &&
                   parseNumber("0x" + std::string(rest.substr(1, 2)), 255, code)) {
          c = static_cast<char>(code);
          rest.remove_prefix(3);
        } else
          return fail("expected \\\", \\\\ or \\x and two digits in a text, but found " + shown(rest));
      }
      value += c;
    }
    if (rest.empty())
      return fail("expected a text to end with a double quote");
    rest.remove_prefix(1);
    return true;
  }
  template <size_t n> bool oneOf(const std::string_view (&names)[n], uint32_t &value) {
    std::string_view text = token();
    auto found = std::find(std::begin(names), std::end(names), text);
    value = static_cast<uint32_t>(found - std::begin(names));
    if (found != std::end(names))
      return true;
    std::string listed;
    for (std::string_view name : names)
      listed += (listed.empty() ? "" : ", ") + std::string(name);
    return fail("expected one of " + listed + ", but found " + shown(text));
  }

  void readLine() {
    skipSpace();
    if (rest.empty())
      return;
    std::string_view first = token();
    if (first.ends_with(':')) {
      std::string name(first.substr(0, first.size() - 1));
      if (where != Where::text || name.empty() || !labels.emplace(name, program.text.size()).second)
        fail("expected a label of its own, in the text, but found " + shown(first));
      return;
    }
    bool sound = first.starts_with('.') ? directive(first) : instruction(first);
    skipSpace();
    if (sound && !rest.empty())
      fail("expected the end of the line, but found " + shown(rest));
  }

  bool directive(std::string_view name) {
    if (name == ".target") {
      skipSpace();
      Result<Target> target = Error{""};
      if (rest.starts_with('{')) {
        target = parseCanonicalTarget(rest);
        rest = "";
      } else
        target = presetTarget(token());
      if (!target)
        return fail(target.message());
      program.target = std::move(*target);
      hasTarget = true;
      return true;
    }
    if (name == ".load")
      return number(program.loadBase);
    if (name == ".entry") {
      entryText = token();
      entryLine = line;
      return true;
    }
    if (name == ".text") {
      where = Where::text;
      return true;
    }
    if (name == ".data") {
      where = Where::data;
      return true;
    }
    if (name == ".section") {
      where = Where::unknown;
      program.unknown.emplace_back();
      return number(program.unknown.back().kind);
    }
    if (name == ".bytes")
      return bytes();
    if (name == ".word" || name == ".pair")
      return words(name == ".pair");
    static constexpr std::string_view kSegments[] = {"text", "data", "persistent", "managed"};
    static constexpr std::string_view kDirections[] = {"in", "out"};
    static constexpr std::string_view kRelocations[] = {"x", "y", "offset"};
    uint32_t kind = 0;
    if (name == ".segment") {
      MemorySegment segment{};
      bool sound = oneOf(kSegments, kind) && number(segment.base) && number(segment.size);
      segment.kind = static_cast<SegmentKind>(kind);
      program.memory.push_back(segment);
      return sound;
    }
    if (name == ".tensor") {
      ProgramTensor tensor;
      bool sound = oneOf(kDirections, kind) && number(tensor.id) && number(tensor.planes) && number(tensor.height) &&
                   number(tensor.width) && number(tensor.fractionBits) && number(tensor.rowPitch) &&
                   number(tensor.planePitch) && number(tensor.base) && string(tensor.name);
      tensor.output = kind == 1;
      program.tensors.push_back(std::move(tensor));
      return sound;
    }
    if (name == ".relocate") {
      Relocation relocation;
      bool sound = number(relocation.word) && oneOf(kRelocations, kind) && number(relocation.tensor);
      relocation.kind = static_cast<RelocationKind>(kind);
      program.relocations.push_back(relocation);
      return sound;
    }
    if (name == ".pass") {
      ProgramPass pass;
      bool sound = number(pass.first) && number(pass.last) && number(pass.cycles) && number(pass.macs) &&
                   number(pass.bytes) && string(pass.name);
      program.passes.push_back(std::move(pass));
      return sound;
    }
    if (name == ".debug") {
      DebugNote note;
      bool sound = number(note.word) && string(note.text);
      program.debug.push_back(std::move(note));
      return sound;
    }
    if (name == ".note") {
      program.note.clear();
      return string(program.note);
    }
    return fail("unknown directive " + shown(name));
  }

  bool bytes() {
    if (where != Where::data && where != Where::unknown)
      return fail("expected .bytes behind .data or .section");
    std::string &to = where == Where::data ? program.data : program.unknown.back().bytes;
    std::string_view text = token();
    if (text.size() % 2 != 0)
      return fail("expected two digits for each byte, but found " + shown(text));
    for (size_t i = 0; i < text.size(); i += 2) {
      uint64_t value = 0;
      if (!parseNumber("0x" + std::string(text.substr(i, 2)), 255, value))
        return fail("expected two digits for each byte, but found " + shown(text));
      to += static_cast<char>(value);
    }
    return true;
  }

  // A word for the configuration bus: a number, or a select.
  bool configWord(uint32_t &value) {
    skipSpace();
    std::string_view before = rest, text = token();
    if (std::optional<uint32_t> select = parseSelect(text)) {
      value = *select;
      return true;
    }
    rest = before;
    return number(value);
  }

  bool words(bool pair) {
    if (where != Where::text)
      return fail("expected words in the text, behind .text");
    uint64_t word = 0;
    if (pair) {
      uint32_t low = 0, high = 0;
      if (!configWord(low) || !configWord(high))
        return false;
      word = low | uint64_t(high) << 32;
    } else if (!number(word))
      return false;
    program.text.push_back(word);
    return true;
  }

  bool instruction(std::string_view name) {
    if (where != Where::text)
      return fail("expected instructions behind .text, but found " + shown(name));
    for (const InstructionForm &form : instructionForms())
      if (form.name == name) {
        Instruction result;
        result.opcode = form.opcode;
        uint32_t fields[4] = {};
        const Field kinds[4] = {form.a1, form.a2, form.a3, form.imm};
        for (int i = 0; i < 4; ++i)
          if (!operand(kinds[i], i == 3 ? UINT32_MAX : 255, fields[i]))
            return false;
        result.a1 = static_cast<uint8_t>(fields[0]), result.a2 = static_cast<uint8_t>(fields[1]);
        result.a3 = static_cast<uint8_t>(fields[2]), result.imm = fields[3];
        program.text.push_back(encode(result));
        return true;
      }
    return fail("unknown instruction " + shown(name));
  }

  bool operand(Field field, uint64_t most, uint32_t &value) {
    if (field == Field::none)
      return true;
    if (field == Field::word)
      return configWord(value);
    std::string_view text = token();
    std::span<const std::string_view> names = namesOf(field);
    auto found = std::find(names.begin(), names.end(), text);
    uint64_t wide = 0;
    if (found != names.end() && !text.empty())
      value = static_cast<uint32_t>(found - names.begin());
    else if (parseNumber(text, most, wide))
      value = static_cast<uint32_t>(wide);
    else if (field == Field::target && !text.empty())
      uses.push_back({program.text.size(), std::string(text), line});
    else {
      std::string listed;
      for (std::string_view name : names)
        listed += name.empty() ? "" : std::string(name) + ", ";
      return fail("expected " + listed + "a number up to " + std::to_string(most) + ", but found " + shown(text));
    }
    return true;
  }

  bool resolve(const std::string &name, int64_t at, uint32_t &address) {
    auto found = labels.find(name);
    line = at;
    if (found == labels.end())
      return fail("unknown label " + shown(name));
    address = program.loadBase + static_cast<uint32_t>(found->second);
    return true;
  }

  void finish() {
    if (!hasTarget) {
      fail("a program needs a .target");
      return;
    }
    for (const Use &use : uses) {
      uint32_t address = 0;
      if (!resolve(use.label, use.line, address))
        return;
      program.text[use.word] = (program.text[use.word] & ~uint64_t(UINT32_MAX)) | address;
    }
    uint64_t entry = program.loadBase;
    if (!entryText.empty() && !parseNumber(entryText, UINT32_MAX, entry)) {
      uint32_t address = 0;
      if (!resolve(entryText, entryLine, address))
        return;
      entry = address;
    }
    program.entry = static_cast<uint32_t>(entry);
    // Who writes by hand need not say where things are.
    if (program.memory.empty()) {
      uint64_t base = uint64_t(program.loadBase) * 8, size = uint64_t(program.text.size()) * 8;
      program.memory.push_back({SegmentKind::text, base, size});
      if (!program.data.empty())
        program.memory.push_back({SegmentKind::data, (base + size + 2047) / 2048 * 2048, program.data.size()});
    }
  }

  struct Use {
    size_t word;
    std::string label;
    int64_t line;
  };
  enum class Where { nowhere, text, data, unknown };

  Program program;
  bool hasTarget = false;
  Where where = Where::nowhere;
  std::map<std::string, size_t> labels;
  std::vector<Use> uses;
  std::string entryText;
  int64_t entryLine = 0;
  int64_t line = 0;
  std::string_view rest;
  std::string error;
};

} // namespace

Result<Program> assemble(std::string_view text) { return Assembler().run(text); }

} // namespace cnn::neuflow
