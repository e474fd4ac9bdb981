// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/ParserState.h"
#include "llvm/ADT/StringSwitch.h"

namespace cnn::dsl {

void Parser::parseDeclaration(llvm::SmallVectorImpl<const Decl *> &declarations) {
  failed = false;
  hasReportedHeight = false;
  openBrackets = 0;
  size_t start = position;
  if (consume(TokenKind::Semicolon))
    return;

  enum class Keyword { None, Import, Const, Net, Module, Function, Data, Train, Later };
  auto keyword = Keyword::None;
  if (is(TokenKind::Identifier))
    keyword = llvm::StringSwitch<Keyword>(textOf(current()))
                  .Case("import", Keyword::Import)
                  .Case("const", Keyword::Const)
                  .Case("net", Keyword::Net)
                  .Case("module", Keyword::Module)
                  .Case("fn", Keyword::Function)
                  .Case("data", Keyword::Data)
                  .Case("train", Keyword::Train)
                  .Case("preprocess", Keyword::Later)
                  .Case("quantize", Keyword::Later)
                  .Default(Keyword::None);
  const Decl *decl = nullptr;
  switch (keyword) {
  case Keyword::Import:
    decl = parseImport();
    break;
  case Keyword::Const:
    decl = parseConst();
    break;
  case Keyword::Net:
    decl = parseModel(ModelKind::Net);
    break;
  case Keyword::Module:
    decl = parseModel(ModelKind::Module);
    break;
  case Keyword::Function:
    decl = parseModel(ModelKind::Function);
    break;
  case Keyword::Data:
    decl = parseData();
    break;
  case Keyword::Train:
    decl = parseTrain();
    break;
  case Keyword::Later:
    decl = parseLater();
    break;
  case Keyword::None:
    reportNoDeclaration();
    break;
  }
  if (!failed) {
    if (decl)
      declarations.push_back(decl);
    if (!current().startsLine && !is(TokenKind::Semicolon) && !is(TokenKind::EndOfFile))
      errorHere("expected the end of the declaration, found " + found());
  }
  if (!failed)
    return;
  // Go on at the next line that starts like a declaration. A body in braces is hopped over.
  size_t next = std::max(position, start + 1);
  for (size_t index = start; index < tokens.size() - 1;) {
    if (index >= next && startsDeclaration(source, tokens, index)) {
      position = index;
      return;
    }
    index = tokens[index].isOpening() && brackets.partner[index] > index ? brackets.partner[index] + 1 : index + 1;
  }
  position = tokens.size() - 1;
}

void Parser::reportNoDeclaration() {
  static constexpr llvm::StringRef keywords[] = {"net",  "module", "fn",         "const",   "import",
                                                 "data", "train",  "preprocess", "quantize"};
  if (!is(TokenKind::Identifier)) {
    errorHere("expected a declaration, such as 'net' or 'module', found " + found());
    return;
  }
  llvm::StringRef word = textOf(current());
  Diagnostic &diagnostic = errorHere("expected a declaration, such as 'net' or 'module', found '" + word + "'");
  if (peek().kind == TokenKind::Equal) {
    diagnostic.help(rangeOf(current()), "a constant of the file is declared with 'const " + word + " = …'");
    return;
  }
  llvm::StringRef meant = llvm::StringSwitch<llvm::StringRef>(word.lower())
                              .Cases({"network", "model", "graph"}, "net")
                              .Cases({"layer", "class", "block", "struct"}, "module")
                              .Cases({"def", "func", "function", "fun"}, "fn")
                              .Cases({"let", "var", "define"}, "const")
                              .Cases({"include", "use", "from", "require"}, "import")
                              .Cases({"dataset", "input"}, "data")
                              .Cases({"training", "fit", "solver"}, "train")
                              .Default("");
  if (!meant.empty())
    diagnostic.help(rangeOf(current()), "did you mean '" + meant + "'?");
  else
    diagnostic.suggest(word, keywords);
}

const Decl *Parser::parseImport() {
  uint32_t begin = current().begin;
  advance();
  if (!is(TokenKind::String)) {
    errorHere("expected the path of a file in quotes after 'import', found " + found());
    return nullptr;
  }
  auto *path = ast->make<StringExpr>(rangeOf(current()), ast->copy(llvm::StringRef(stringValue(textOf(current())))));
  advance();
  return ast->make<ImportDecl>(rangeFrom(begin), path);
}

const Decl *Parser::parseConst() {
  uint32_t begin = current().begin;
  advance();
  Name name = expectName("the name of the constant");
  expect(TokenKind::Equal, "after the name of the constant");
  const Expr *value = parseExpr();
  return failed ? nullptr : ast->make<ConstDecl>(rangeFrom(begin), name, value);
}

const Decl *Parser::parseModel(ModelKind kind) {
  uint32_t begin = current().begin;
  llvm::StringRef keyword = spelling(kind);
  advance();
  Name name = expectName(("the name of the " + keyword).str());
  if (failed)
    return nullptr;
  if (!is(TokenKind::LeftParen)) {
    expect(TokenKind::LeftParen, ("after the name of the " + keyword).str());
    return nullptr;
  }
  // Which list the first one is depends on whether a second one follows.
  bool hasTwoLists = tokens[brackets.partner[position] + 1].kind == TokenKind::LeftParen;
  llvm::ArrayRef<Parameter> configuration, inputs, results;
  if (hasTwoLists || kind == ModelKind::Function)
    configuration = parseParameters(/*areInputs=*/false);
  if (!failed && hasTwoLists && kind == ModelKind::Function)
    errorHere("a fn has one list of parameters; what takes tensors is a module");
  if (kind != ModelKind::Function)
    inputs = parseParameters(/*areInputs=*/true);
  if (!failed && is(TokenKind::Arrow))
    results = parseResults();
  if (!failed && kind == ModelKind::Net) {
    if (results.empty()) {
      errorHere("expected '->' and the results of the net, found " + found())
          .help(rangeOf(current()), "a net names its results: -> (score: f32[10])");
    } else if (!results.front().name) {
      error(results.front().range, "a result of a net needs a name")
          .help(results.front().range, "write -> (score: f32[10])");
    }
  }
  if (!failed && !is(TokenKind::LeftBrace)) {
    expect(TokenKind::LeftBrace, "and the body");
    return nullptr;
  }
  const BlockExpr *body = failed ? nullptr : parseBlock();
  if (failed)
    return nullptr;
  auto *model = ast->make<ModelDecl>(rangeFrom(begin));
  model->modelKind = kind;
  model->name = name;
  model->configuration = configuration;
  model->inputs = inputs;
  model->results = results;
  model->hasTwoLists = hasTwoLists;
  model->body = body;
  return model;
}

llvm::ArrayRef<Parameter> Parser::parseParameters(bool areInputs) {
  if (failed)
    return {};
  expect(TokenKind::LeftParen, "");
  ++openBrackets;
  llvm::SmallVector<Parameter> parameters;
  while (!failed && !is(TokenKind::RightParen)) {
    Parameter parameter = parseParameter();
    if (failed)
      break;
    for (const Parameter &other : parameters) {
      if (other.name.text == parameter.name.text) {
        error(parameter.name.range, "the parameter '" + parameter.name.text + "' is declared twice")
            .note(other.name.range, "first declared here");
        break;
      }
    }
    if (!failed && areInputs && !parameter.type) {
      error(parameter.range, "the input '" + parameter.name.text + "' needs a type")
          .help(parameter.range, "inputs are tensors: write '" + parameter.name.text + ": [C, H, W]'");
    }
    if (!failed && areInputs && parameter.init)
      error(parameter.init->range(), "an input has no default value");
    parameters.push_back(parameter);
    if (!failed && !is(TokenKind::RightParen))
      expect(TokenKind::Comma, "or ')' after a parameter");
  }
  expect(TokenKind::RightParen, "after the parameters");
  --openBrackets;
  return ast->copy<Parameter>(parameters);
}

Parameter Parser::parseParameter() {
  Parameter parameter;
  uint32_t begin = current().begin;
  parameter.name = expectName("the name of a parameter");
  if (!failed && consume(TokenKind::Colon)) {
    parameter.type = parseType();
    parameter.isVariadic = !failed && consume(TokenKind::Ellipsis);
  }
  if (!failed && consume(TokenKind::Equal))
    parameter.init = parseExpr();
  parameter.range = rangeFrom(begin);
  return parameter;
}

llvm::ArrayRef<Parameter> Parser::parseResults() {
  advance();
  if (is(TokenKind::LeftParen)) {
    llvm::ArrayRef<Parameter> results = parseParameters(/*areInputs=*/true);
    if (!failed && results.empty())
      error(rangeOf(tokens[position - 1]), "expected a result, found ')'");
    return results;
  }
  Parameter result;
  result.type = parseType();
  if (failed)
    return {};
  result.range = result.type->range;
  return ast->copy<Parameter>(result);
}

const Decl *Parser::parseData() {
  uint32_t begin = current().begin;
  advance();
  Name name = expectName("the name of the data");
  llvm::ArrayRef<Entry> entries = parseEntries();
  return failed ? nullptr : ast->make<DataDecl>(rangeFrom(begin), name, entries);
}

const Decl *Parser::parseTrain() {
  uint32_t begin = current().begin;
  advance();
  const Expr *model = parsePostfix();
  expect(TokenKind::KeywordOn, "and the data after the net to train");
  const Expr *data = parsePostfix();
  llvm::ArrayRef<Entry> entries = parseEntries();
  return failed ? nullptr : ast->make<TrainDecl>(rangeFrom(begin), model, data, entries);
}

const Decl *Parser::parseLater() {
  Name keyword = nameOf(current());
  while (!is(TokenKind::LeftBrace)) {
    if (is(TokenKind::EndOfFile) ||
        (position > 0 && startsDeclaration(source, tokens, position) && current().begin != keyword.range.begin)) {
      expect(TokenKind::LeftBrace, ("and the body of '" + keyword.text + "'").str());
      return nullptr;
    }
    position = current().isOpening() ? brackets.partner[position] + 1 : position + 1;
  }
  position = brackets.partner[position] + 1;
  return ast->make<LaterDecl>(rangeFrom(keyword.range.begin), keyword);
}

llvm::ArrayRef<Entry> Parser::parseEntries() {
  if (!expect(TokenKind::LeftBrace, ""))
    return {};
  Deeper deeper(*this);
  if (failed)
    return {};
  size_t closing = brackets.partner[position - 1];
  llvm::SmallVector<Entry> entries;
  while (position < closing && errors < DiagnosticEngine::maxErrors) {
    if (consume(TokenKind::Semicolon))
      continue;
    size_t start = position;
    Entry entry = parseEntry();
    if (endStatement(start, "entry"))
      entries.push_back(entry);
    if (position == start)
      advance();
  }
  position = closing + 1;
  return ast->copy<Entry>(entries);
}

Entry Parser::parseEntry() {
  Entry entry;
  uint32_t begin = current().begin;
  // Reserved words are no names of values, but may well be keys.
  if (current().isWord()) {
    entry.name = nameOf(current());
    advance();
  } else {
    errorHere("expected the name of an entry, found " + found());
  }
  if (failed)
    return entry;
  if (is(TokenKind::LeftBrace) && !atLineBreak()) {
    entry.isBlock = true;
    entry.entries = parseEntries();
    entry.range = rangeFrom(begin);
    return entry;
  }
  if (!atLineBreak() && consume(TokenKind::Colon))
    entry.type = parseType();
  if (!failed && !atLineBreak() && consume(TokenKind::Equal))
    entry.value = parseExpr();
  else if (!failed && !entry.type)
    expect(TokenKind::Equal, ("and a value after '" + entry.name.text + "'").str());
  entry.range = rangeFrom(begin);
  return entry;
}

} // namespace cnn::dsl
