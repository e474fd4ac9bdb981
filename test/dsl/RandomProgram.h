// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random texts of the grammar: right in syntax, without sense, with blanks, line breaks, comments and parentheses
// wherever they may stand. The same seed gives the same text.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace cnn::dsl {

class RandomProgram {
public:
  explicit RandomProgram(uint32_t seed) : generator(seed) {}

  std::string file() {
    std::string text;
    for (int64_t i = upTo(4); i >= 0; --i)
      text += lineGap() + declaration() + "\n";
    return text + lineGap();
  }

private:
  int64_t upTo(int64_t most) { return std::uniform_int_distribution<int64_t>(0, most)(generator); }
  bool oneIn(int64_t n) { return upTo(n - 1) == 0; }
  template <size_t count> std::string anyOf(const char *const (&choices)[count]) { return choices[upTo(count - 1)]; }

  /// Between tokens where a line break would end the statement.
  std::string blank() { return anyOf({"", " ", " ", " ", "  ", "\t"}); }
  /// Between tokens inside brackets.
  std::string freeBlank() {
    if (oneIn(40))
      return " # c" + std::to_string(upTo(9)) + "\n ";
    return anyOf({"", "", "", " ", " ", "\n", "\n\n   "});
  }
  /// Between lines.
  std::string lineGap() {
    std::string gap;
    while (oneIn(4))
      gap += anyOf({"\n", "# own line\n", "  # indented\n", ";\n"});
    return gap;
  }
  std::string lineEnd() {
    if (oneIn(6))
      return " # trailing\n" + lineGap();
    return anyOf({"\n", "\n", "\n", ";", " ; "}) + (oneIn(3) ? "\n" + lineGap() : "");
  }
  std::string name() {
    return anyOf({"x", "y", "conv", "relu", "a_long_name_of_something", "state", "param", "data", "on_top", "C", "H1"});
  }
  std::string word() { return oneIn(5) ? anyOf({"on", "in", "if", "not"}) : name(); }

  template <typename One> std::string list(const char *open, const char *close, One one, int64_t most = 4) {
    std::string text = open + freeBlank();
    int64_t count = upTo(most);
    for (int64_t i = 0; i < count; ++i) {
      text += one(i) + freeBlank();
      if (i + 1 < count)
        text += "," + freeBlank();
      else if (oneIn(4))
        text += "," + freeBlank();
    }
    return text + close;
  }

  std::string literal() {
    return anyOf(
        {"0", "1", "17", "123_456", "0.5", "1e-3", "2.5e10", "3x3", "1x3x3", "\"text\"", "\"a # b\"", "true", "off"});
  }

  /// `where`: what separates tokens.
  using Blank = std::string (RandomProgram::*)();
  std::string primary(int64_t depth, Blank where) {
    if (depth <= 0)
      return oneIn(2) ? name() : literal();
    switch (upTo(9)) {
    case 0:
      return "(" + freeBlank() + expr(depth - 1, &RandomProgram::freeBlank) + freeBlank() + ")";
    case 1:
      return "(" + freeBlank() + expr(depth - 1, &RandomProgram::freeBlank) + freeBlank() + "," + freeBlank() + ")";
    case 2:
      return "(" + freeBlank() + expr(depth - 1, &RandomProgram::freeBlank) + "," + freeBlank() +
             expr(depth - 1, &RandomProgram::freeBlank) + freeBlank() + ")";
    case 3:
      return list("[", "]", [&](int64_t) { return element(depth - 1); });
    case 4:
      return conditional(depth - 1, where);
    case 5:
      return oneIn(3) ? block(depth - 1) : name();
    default:
      return oneIn(2) ? name() : literal();
    }
  }
  std::string conditional(int64_t depth, Blank where) {
    std::string text = "if " + expr(depth, where) + blank() + block(depth);
    if (oneIn(3))
      return text;
    if (depth > 0 && oneIn(3))
      return text + " else " + conditional(depth - 1, where);
    return text + blank() + "else" + blank() + block(depth);
  }
  std::string element(int64_t depth) {
    if (oneIn(12))
      return "...";
    return expr(depth, &RandomProgram::freeBlank) + (oneIn(8) ? "..." : "");
  }
  std::string postfix(int64_t depth, Blank where) {
    std::string text = primary(depth, where);
    bool isNumber = text[0] >= '0' && text[0] <= '9';
    while (oneIn(3)) {
      // What starts a line is no bracket of this one, and a number takes no member.
      switch (upTo(3)) {
      case 0:
        // Positional arguments come first, and each name is given once.
        text += list("(", ")", [&, keywordsFrom = upTo(5)](int64_t i) {
          bool isKeyword = i >= keywordsFrom;
          return (isKeyword ? "key" + std::to_string(i) + blank() + "=" + blank() : "") +
                 (isKeyword ? expr(depth - 1, &RandomProgram::freeBlank) : element(depth - 1));
        });
        break;
      case 1:
        text += "[" + freeBlank() + index(depth - 1) + freeBlank() + "]";
        break;
      case 2:
        if (!isNumber)
          text += "." + word();
        break;
      case 3:
        text += blank() + "@" + name();
        break;
      }
      isNumber = false;
    }
    return text;
  }
  std::string index(int64_t depth) {
    switch (upTo(4)) {
    case 0:
      return "..";
    case 1:
      return ".." + blank() + sum(depth, &RandomProgram::blank);
    case 2:
      return sum(depth, &RandomProgram::blank) + blank() + "..";
    default:
      return element(depth);
    }
  }
  std::string sum(int64_t depth, Blank where) {
    std::string text = unary(depth, where);
    while (depth > 0 && oneIn(3))
      text += " " + anyOf({"+", "-", "*", "/", "%"}) + (oneIn(12) ? "\n   " : " ") + unary(depth - 1, where);
    return text;
  }
  std::string unary(int64_t depth, Blank where) {
    if (oneIn(8))
      return "-" + blank() + unary(depth - 1, where);
    std::string text = postfix(depth, where);
    if (depth > 0 && oneIn(8))
      text += (this->*&RandomProgram::blank)() + "^" + blank() + unary(depth - 1, where);
    return text;
  }
  std::string range(int64_t depth, Blank where) {
    std::string text = sum(depth, where);
    if (depth > 0 && oneIn(8))
      text += " .. " + sum(depth - 1, where);
    return text;
  }
  std::string comparison(int64_t depth, Blank where) {
    std::string text = range(depth, where);
    if (depth > 0 && oneIn(8))
      text += " " + anyOf({"==", "!=", "<", "<=", ">", ">="}) + " " + range(depth - 1, where);
    return text;
  }
  std::string boolean(int64_t depth, Blank where) {
    std::string text = (depth > 0 && oneIn(10) ? "not " : "") + comparison(depth, where);
    while (depth > 0 && oneIn(8))
      text += " " + anyOf({"and", "or"}) + " " + (oneIn(5) ? "not " : "") + comparison(depth - 1, where);
    return text;
  }
  std::string expr(int64_t depth, Blank where) {
    std::string text = boolean(depth, where);
    while (depth > 0 && oneIn(3))
      text += anyOf({" ", " ", "\n", "\n # between\n  ", " # after\n "}) + "|> " + stage(depth - 1, where);
    return text;
  }
  std::string stage(int64_t depth, Blank where) {
    std::string text = postfix(depth, where);
    return text;
  }

  std::string type(int64_t depth) {
    std::string element = oneIn(3) ? "" : anyOf({"f32", "u8", "class", "int", "window", "fn"});
    if (!element.empty() && oneIn(3))
      return element;
    return element + list("[", "]", [&](int64_t) { return this->element(depth); });
  }

  std::string pattern() { return oneIn(4) ? "(" + name() + ", _" + (oneIn(2) ? "," : "") + ")" : name(); }

  std::string statement(int64_t depth) {
    switch (upTo(9)) {
    case 0:
      return "for " + pattern() + " in " + expr(depth - 1, &RandomProgram::blank) + blank() + block(depth - 1);
    case 1:
      return anyOf({"param", "state"}) + " w" + blank() + ":" + blank() + type(depth - 1) +
             (oneIn(2) ? blank() + "=" + blank() + expr(depth - 1, &RandomProgram::blank) : "");
    case 2:
      return "assert " + expr(depth - 1, &RandomProgram::blank) +
             (oneIn(2) ? "," + blank() + expr(depth - 1, &RandomProgram::blank) : "");
    case 3:
      return expr(depth, &RandomProgram::blank);
    case 4:
      return "y[i, j] = " + expr(depth, &RandomProgram::blank);
    case 5:
      return conditional(depth - 1, &RandomProgram::blank);
    default:
      return pattern() + blank() + "=" + blank() + expr(depth, &RandomProgram::blank);
    }
  }
  std::string block(int64_t depth) {
    std::string text = "{" + blank();
    if (oneIn(3))
      text += "\n" + lineGap();
    else if (oneIn(8))
      text += "# opens\n";
    for (int64_t i = depth > 0 ? upTo(3) : upTo(1); i > 0; --i)
      text += statement(depth - 1) + lineEnd();
    return text + blank() + "}";
  }

  std::string entries(int64_t depth) {
    std::string text = "{" + blank();
    if (oneIn(2))
      text += "\n" + lineGap();
    for (int64_t i = upTo(4); i > 0; --i) {
      text += word();
      switch (depth > 0 ? upTo(4) : 1) {
      case 0:
        text += blank() + entries(depth - 1);
        break;
      case 2:
        text += blank() + ":" + blank() + type(1);
        break;
      case 3:
        text += blank() + ":" + blank() + type(1) + blank() + "=" + blank() + expr(2, &RandomProgram::blank);
        break;
      default:
        text += blank() + "=" + blank() + expr(2, &RandomProgram::blank);
      }
      text += lineEnd();
    }
    return text + "}";
  }

  std::string parameters(bool areInputs) {
    return list("(", ")", [&](int64_t i) {
      std::string text = "p" + std::to_string(i);
      if (areInputs || oneIn(2))
        text += blank() + ":" + blank() + type(1) + (oneIn(6) ? "..." : "");
      if (!areInputs && oneIn(2))
        text += blank() + "=" + blank() + expr(1, &RandomProgram::freeBlank);
      return text;
    });
  }

  std::string declaration() {
    switch (upTo(7)) {
    case 0:
      return "import " + blank() + "\"file.cnn\"";
    case 1:
      return "const  k = " + expr(3, &RandomProgram::blank);
    case 2:
      return "data D" + blank() + entries(2);
    case 3:
      return "train " + name() + " on " + name() + blank() + entries(1);
    case 4:
      return "fn f" + blank() + parameters(false) + blank() + block(3);
    case 5:
      return "quantize A as B { weights = i8 per channel;  # why\n\t require x <= 0.5% }";
    case 6:
      return "net N" + (oneIn(2) ? parameters(false) : "") + parameters(true) + "-> (r: f32[10])" + blank() + block(3);
    default:
      return "module M" + (oneIn(2) ? parameters(false) : "") + blank() + parameters(true) +
             (oneIn(4) ? "->" + blank() + type(1) : "") + blank() + block(4);
    }
  }

  std::mt19937 generator;
};

} // namespace cnn::dsl
