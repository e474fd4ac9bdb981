// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recursive-descent parser with one token of look-ahead.
//
// Errors. The first error in a statement or entry is reported, then parsing goes on behind its end; a declaration
// with an error in its head is left out as a whole. As brackets are matched beforehand (Brackets.h), the end of a
// statement is found by hopping over brackets to the next line, wherever inside the error was; so one mistake gives one
// error. While `failed` is set, parse functions return at once with an ErrorExpr.
//
// Line ends. A statement ends at the end of its line, unless a bracket is open, the line ends in an operator or the
// next one begins with '|>'. The tokens carry the line ends; `openBrackets` counts the round and square brackets
// around the current token, and is 0 again inside a block.
//
// Depth. Later stages walk the tree recursively, so its height is bounded: by `depth` on the way down, and by `height`,
// that of the node parsed last, for the trees that grow to the left (a + b + c + …) without recursion here.
#include "dsl/Parser.h"
#include "dsl/Brackets.h"
#include "dsl/Lexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSwitch.h"

namespace cnn::dsl {

namespace {

constexpr int64_t maxHeight = 256;

class Parser {
public:
  Parser(const SourceFile &source, DiagnosticEngine &diagnostics)
      : source(source), diagnostics(diagnostics), ast(std::make_unique<FileAst>(source)) {}
  std::unique_ptr<FileAst> run();

private:
  // Tokens.
  const Token &current() const { return tokens[position]; }
  const Token &peek(size_t distance = 1) const { return tokens[std::min(position + distance, tokens.size() - 1)]; }
  bool is(TokenKind kind) const { return current().kind == kind; }
  llvm::StringRef textOf(const Token &token) const { return source.text().slice(token.begin, token.end); }
  SourceRange rangeOf(const Token &token) const { return source.range(token.begin, token.end); }
  Name nameOf(const Token &token) const { return {textOf(token), rangeOf(token)}; }
  SourceRange rangeFrom(uint32_t begin) const {
    return source.range(begin, position > 0 ? std::max(begin, tokens[position - 1].end) : begin);
  }
  void advance() {
    if (!is(TokenKind::EndOfFile))
      ++position;
  }
  bool consume(TokenKind kind);
  bool expect(TokenKind kind, llvm::StringRef context);
  bool isWordText(llvm::StringRef text) const { return current().isWord() && textOf(current()) == text; }
  Name expectName(llvm::StringRef what);
  /// The current token starts a line at which the statement may end.
  bool atLineBreak() const { return current().startsLine && openBrackets == 0; }
  std::string found() const;

  // Errors and recovery.
  Diagnostic &error(SourceRange range, const llvm::Twine &message);
  /// An error at the current token; nothing is said about a token that the lexer has complained of.
  Diagnostic &errorHere(const llvm::Twine &message);
  Expr *errorExpr() { return ast->make<ErrorExpr>(rangeOf(current())); }
  void skipStatement(size_t start);
  bool continuesStatement(size_t index) const;
  void reportRestOfStatement(size_t start, llvm::StringRef what);
  bool endStatement(size_t start, llvm::StringRef what);

  // Height of the tree.
  class Deeper {
  public:
    explicit Deeper(Parser &parser) : parser(parser) {
      if (++parser.depth > maxHeight && !parser.failed)
        parser.reportHeight(parser.rangeOf(parser.current()),
                            "this is nested more than " + llvm::Twine(maxHeight) + " levels deep");
    }
    ~Deeper() { --parser.depth; }

  private:
    Parser &parser;
  };
  void growTo(int64_t newHeight, uint32_t begin);
  Diagnostic &reportHeight(SourceRange range, const llvm::Twine &message);

  // Declarations.
  void parseDeclaration(llvm::SmallVectorImpl<const Decl *> &declarations);
  const Decl *parseImport();
  const Decl *parseConst();
  const Decl *parseModel(ModelKind kind);
  const Decl *parseData();
  const Decl *parseTrain();
  const Decl *parseLater();
  void reportNoDeclaration();
  llvm::ArrayRef<Parameter> parseParameters(bool areInputs);
  Parameter parseParameter();
  llvm::ArrayRef<Parameter> parseResults();
  llvm::ArrayRef<Entry> parseEntries();
  Entry parseEntry();

  // Statements.
  const BlockExpr *parseBlock();
  const Stmt *parseStatement();
  const Stmt *parseFor();
  const Stmt *parseParam();
  const Stmt *parseAssert();
  const Stmt *parseBindingOrExpr();
  bool toPattern(const Expr *target, Pattern &pattern);
  Pattern parseLoopVariable();

  // Expressions.
  Expr *parseExpr();
  Expr *parseBinary(int minPrecedence);
  Expr *parseNot();
  Expr *parseRange();
  Expr *parseUnary();
  Expr *parsePostfix();
  Expr *parsePrimary();
  Expr *parseIf();
  Expr *parseParenthesized();
  Expr *parseCall(Expr *callee, uint32_t begin);
  Expr *parseIndex(Expr *base, uint32_t begin);
  Argument parseArgument();
  Expr *parseElement();
  Expr *parseIndexElement();
  llvm::ArrayRef<const Expr *> parseElements(TokenKind closing, llvm::function_ref<Expr *()> parseOne);
  const TypeExpr *parseType();
  bool atOperator() const;

  const SourceFile &source;
  DiagnosticEngine &diagnostics;
  std::unique_ptr<FileAst> ast;
  std::vector<Token> tokens;
  BracketMap brackets;
  size_t position = 0;
  /// The first token of the statement that was begun last.
  size_t statementStart = 0;
  int64_t openBrackets = 0;
  bool failed = false;
  bool hasReportedHeight = false;
  /// Takes the notes to errors that are not reported.
  Diagnostic ignored;
  int64_t depth = 0;
  int64_t height = 0;
  int64_t errors = 0;
};

} // namespace

//===------------------------------------------- Tokens and errors ------------------------------------------------===//

bool Parser::consume(TokenKind kind) {
  if (!is(kind))
    return false;
  advance();
  return true;
}

/// The current token for a message: "'foo'", "a string", "the end of the line".
std::string Parser::found() const {
  if (is(TokenKind::EndOfFile))
    return "the end of the file";
  if (atLineBreak() && position > 0 && position != statementStart)
    return "the end of the line";
  if (current().isWord() || is(TokenKind::Integer) || is(TokenKind::Real) || is(TokenKind::Window))
    return ("'" + textOf(current()) + "'").str();
  return describe(current().kind).str();
}

Diagnostic &Parser::error(SourceRange range, const llvm::Twine &message) {
  failed = true;
  ++errors;
  return diagnostics.error(range, message);
}

Diagnostic &Parser::errorHere(const llvm::Twine &message) {
  if (!is(TokenKind::Invalid))
    return error(rangeOf(current()), message);
  failed = true;
  return ignored;
}

/// Reports what was expected at the current token; where the line ended too early, just behind its last token. `context`
/// completes the sentence: "to close the arguments".
bool Parser::expect(TokenKind kind, llvm::StringRef context) {
  if (failed)
    return false;
  if (consume(kind))
    return true;
  std::string message = ("expected " + describe(kind) + (context.empty() ? "" : " ") + context + ", found ").str();
  if ((atLineBreak() || is(TokenKind::EndOfFile)) && position > 0)
    error(rangeOf(tokens[position - 1]).atEnd(), message + found());
  else
    errorHere(message + found());
  return false;
}

Name Parser::expectName(llvm::StringRef what) {
  if (failed)
    return {};
  if (is(TokenKind::Identifier) && !atLineBreak()) {
    Name name = nameOf(current());
    advance();
    return name;
  }
  if (atLineBreak() && position > 0) {
    error(rangeOf(tokens[position - 1]).atEnd(), "expected " + what + ", found " + found());
  } else if (current().isWord()) {
    errorHere("expected " + what + ", but '" + textOf(current()) + "' is a reserved word");
  } else {
    errorHere("expected " + what + ", found " + found());
  }
  return {};
}

static bool isBinaryOperator(TokenKind kind) {
  switch (kind) {
  case TokenKind::KeywordAnd:
  case TokenKind::KeywordOr:
  case TokenKind::Caret:
  case TokenKind::DotDot:
  case TokenKind::EqualEqual:
  case TokenKind::Greater:
  case TokenKind::GreaterEqual:
  case TokenKind::Less:
  case TokenKind::LessEqual:
  case TokenKind::Minus:
  case TokenKind::NotEqual:
  case TokenKind::Percent:
  case TokenKind::Pipe:
  case TokenKind::Plus:
  case TokenKind::Slash:
  case TokenKind::Star:
    return true;
  default:
    return false;
  }
}

/// Whether the token, which starts a line, goes on with the statement of the line before.
bool Parser::continuesStatement(size_t index) const {
  const Token &previous = tokens[index - 1];
  return tokens[index].kind == TokenKind::Pipe || tokens[index].kind == TokenKind::KeywordElse ||
         isBinaryOperator(previous.kind) || previous.kind == TokenKind::Comma ||
         previous.kind == TokenKind::KeywordNot;
}

/// After an error: moves to the end of the statement or entry that starts at token `start`.
void Parser::skipStatement(size_t start) {
  size_t index = start;
  while (tokens[index].kind != TokenKind::EndOfFile && !tokens[index].isClosing()) {
    if (index > position || (index == position && index > start)) {
      if (tokens[index].kind == TokenKind::Semicolon || (tokens[index].startsLine && !continuesStatement(index)))
        break;
    }
    index = tokens[index].isOpening() ? brackets.partner[index] + 1 : index + 1;
  }
  position = std::max(index, start);
  failed = false;
}

/// The statement or entry that starts at token `start` should end here, but does not. What follows often tells which
/// other language the user has in mind.
void Parser::reportRestOfStatement(size_t start, llvm::StringRef what) {
  const Token &previous = tokens[position - 1];
  llvm::StringRef previousText = textOf(previous);
  bool isSecondWord = position - 1 == start && previous.kind == TokenKind::Identifier && current().isWord();
  if (isSecondWord && llvm::is_contained({"let", "var", "val", "def", "auto"}, previousText)) {
    error(rangeOf(previous), "unexpected '" + previousText + "'")
        .help(rangeOf(previous), "a name is bound by 'name = value' alone");
  } else if (isSecondWord && previousText == "return") {
    error(rangeOf(previous), "unexpected 'return'")
        .help(rangeOf(previous), "the value of a body is its last expression");
  } else if (previousText == "slide" && current().isWord()) {
    error(rangeOf(previous), "'slide … over …' is not supported yet");
  } else if (is(TokenKind::Comma)) {
    errorHere("unexpected ',' after the " + what)
        .help(rangeOf(current()), "one line holds one " + what + "; ';' separates several");
  } else {
    errorHere("expected the end of the " + what + ", found " + found());
  }
}

/// After a statement or entry: it must end here. Recovers from an error in it as well.
bool Parser::endStatement(size_t start, llvm::StringRef what) {
  bool hasEnded = current().startsLine || is(TokenKind::Semicolon) || is(TokenKind::RightBrace);
  if (!failed && !hasEnded && !is(TokenKind::EndOfFile))
    reportRestOfStatement(start, what);
  bool wasFine = !failed;
  if (failed)
    skipStatement(start);
  consume(TokenKind::Semicolon);
  return wasFine;
}

void Parser::growTo(int64_t newHeight, uint32_t begin) {
  height = newHeight;
  if (height <= maxHeight || failed)
    return;
  // The tree is dropped, and what is around it starts anew.
  height = 0;
  SourceRange range = rangeFrom(begin);
  reportHeight(range, "this expression has more than " + llvm::Twine(maxHeight) + " operations in a row")
      .help(range, "give names to parts of it");
}

/// Once for a declaration: what is too high is too high in several ways.
Diagnostic &Parser::reportHeight(SourceRange range, const llvm::Twine &message) {
  failed = true;
  if (hasReportedHeight)
    return ignored;
  hasReportedHeight = true;
  return error(range, message);
}

//===--------------------------------------------- Declarations ---------------------------------------------------===//

std::unique_ptr<FileAst> Parser::run() {
  LexedFile lexed = lex(source, diagnostics);
  tokens = std::move(lexed.tokens);
  ast->comments = ast->copy<Comment>(lexed.comments);
  brackets = matchBrackets(source, tokens, diagnostics);

  llvm::SmallVector<const Decl *> declarations;
  auto broken = brackets.broken.begin();
  while (!is(TokenKind::EndOfFile) && errors < DiagnosticEngine::maxErrors) {
    while (broken != brackets.broken.end() && broken->second <= position)
      ++broken;
    if (broken != brackets.broken.end() && broken->first <= position) {
      position = broken->second;
      continue;
    }
    parseDeclaration(declarations);
  }
  ast->declarations = ast->copy<const Decl *>(declarations);
  return std::move(ast);
}

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
    if (is(TokenKind::EndOfFile) || (position > 0 && startsDeclaration(source, tokens, position) &&
                                     current().begin != keyword.range.begin)) {
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

//===---------------------------------------------- Statements ----------------------------------------------------===//

const BlockExpr *Parser::parseBlock() {
  uint32_t begin = current().begin;
  if (!expect(TokenKind::LeftBrace, ""))
    return nullptr;
  size_t closing = brackets.partner[position - 1];
  int64_t outerBrackets = openBrackets;
  openBrackets = 0;
  int64_t blockHeight = 0;
  llvm::SmallVector<const Stmt *> statements;
  while (position < closing && errors < DiagnosticEngine::maxErrors) {
    if (consume(TokenKind::Semicolon))
      continue;
    size_t start = position;
    statementStart = position;
    height = 0;
    const Stmt *statement = parseStatement();
    blockHeight = std::max(blockHeight, height);
    if (endStatement(start, "statement") && statement)
      statements.push_back(statement);
    if (position == start)
      advance();
  }
  position = closing + 1;
  openBrackets = outerBrackets;
  auto *block = ast->make<BlockExpr>(rangeFrom(begin), ast->copy<const Stmt *>(statements));
  growTo(blockHeight + 1, begin);
  return block;
}

const Stmt *Parser::parseStatement() {
  switch (current().kind) {
  case TokenKind::KeywordFor:
    return parseFor();
  case TokenKind::KeywordAssert:
    return parseAssert();
  case TokenKind::Identifier:
    // `param` and `state` are ordinary names where no name follows them.
    if ((isWordText("param") || isWordText("state")) && !peek().startsLine &&
        (peek().kind == TokenKind::Identifier || peek().kind == TokenKind::Colon))
      return parseParam();
    return parseBindingOrExpr();
  default:
    return parseBindingOrExpr();
  }
}

const Stmt *Parser::parseFor() {
  uint32_t begin = current().begin;
  advance();
  Pattern variable = parseLoopVariable();
  expect(TokenKind::KeywordIn, "after the variable of the loop");
  const Expr *list = parseExpr();
  int64_t listHeight = height;
  Deeper deeper(*this);
  if (failed)
    return nullptr;
  const BlockExpr *body = parseBlock();
  growTo(std::max(listHeight, height) + 1, begin);
  return failed ? nullptr : ast->make<ForStmt>(rangeFrom(begin), variable, list, body);
}

Pattern Parser::parseLoopVariable() {
  Pattern pattern;
  uint32_t begin = current().begin;
  llvm::SmallVector<Name> names;
  if (consume(TokenKind::LeftParen)) {
    pattern.isTuple = true;
    ++openBrackets;
    while (!failed && !is(TokenKind::RightParen)) {
      names.push_back(expectName("a name"));
      if (!failed && !is(TokenKind::RightParen))
        expect(TokenKind::Comma, "or ')'");
    }
    expect(TokenKind::RightParen, "");
    --openBrackets;
  } else {
    names.push_back(expectName("the variable of the loop"));
  }
  pattern.names = ast->copy<Name>(names);
  pattern.range = rangeFrom(begin);
  return pattern;
}

const Stmt *Parser::parseParam() {
  uint32_t begin = current().begin;
  bool isState = isWordText("state");
  advance();
  Name name = expectName(isState ? "the name of the state" : "the name of the parameter");
  expect(TokenKind::Colon, "and a type, such as f32[C]");
  const TypeExpr *type = failed ? nullptr : parseType();
  int64_t typeHeight = height;
  const Expr *init = nullptr;
  if (!failed && !atLineBreak() && consume(TokenKind::Equal))
    init = parseExpr();
  height = std::max(typeHeight, height);
  return failed ? nullptr : ast->make<ParamStmt>(rangeFrom(begin), isState, name, type, init);
}

const Stmt *Parser::parseAssert() {
  uint32_t begin = current().begin;
  advance();
  const Expr *condition = parseExpr();
  int64_t conditionHeight = height;
  const Expr *message = nullptr;
  if (!failed && consume(TokenKind::Comma))
    message = parseExpr();
  growTo(std::max(conditionHeight, height), begin);
  return failed ? nullptr : ast->make<AssertStmt>(rangeFrom(begin), condition, message);
}

const Stmt *Parser::parseBindingOrExpr() {
  uint32_t begin = current().begin;
  const Expr *first = parseExpr();
  if (failed)
    return nullptr;
  if (is(TokenKind::Colon) && llvm::isa<NameExpr>(first) && !atLineBreak()) {
    errorHere("expected the end of the statement, found ':'")
        .help(first->range(), "weights are declared with 'param " + first->range().text() +
                                  ": f32[…]'; other names need no type");
    return nullptr;
  }
  if (!is(TokenKind::Equal) || atLineBreak())
    return ast->make<ExprStmt>(rangeFrom(begin), first);

  Pattern pattern;
  const auto *index = llvm::dyn_cast<IndexExpr>(first);
  llvm::SmallVector<Name> indices;
  if (index && llvm::isa<NameExpr>(index->base)) {
    for (const Expr *element : index->indices) {
      const auto *name = llvm::dyn_cast<NameExpr>(element);
      if (!name) {
        error(element->range(), "expected the name of an index, found '" + element->range().text() + "'")
            .help(first->range(), "an element cannot be assigned; y[i, j] = … defines a whole tensor by its indices");
        return nullptr;
      }
      indices.push_back({name->name, name->range()});
    }
  } else if (!toPattern(first, pattern)) {
    return nullptr;
  }
  advance();
  const Expr *value = parseExpr();
  if (failed)
    return nullptr;
  if (index) {
    Name target{llvm::cast<NameExpr>(index->base)->name, index->base->range()};
    return ast->make<IndexBindingStmt>(rangeFrom(begin), target, ast->copy<Name>(indices), value);
  }
  if (is(TokenKind::Equal) && !atLineBreak()) {
    errorHere("unexpected second '='").help(rangeOf(current()), "equality is written '=='");
    return nullptr;
  }
  return ast->make<BindingStmt>(rangeFrom(begin), pattern, value);
}

/// Reads an expression in front of '=' as names to bind.
bool Parser::toPattern(const Expr *target, Pattern &pattern) {
  pattern.range = target->range();
  llvm::SmallVector<Name> names;
  auto addName = [&](const Expr *element) {
    const auto *name = llvm::dyn_cast<NameExpr>(element);
    if (!name) {
      error(element->range(), "expected a name before '=', found an expression")
          .help(element->range(), "equality is written '=='");
      return false;
    }
    for (const Name &other : names) {
      if (other.text == name->name && name->name != "_") {
        error(name->range(), "'" + name->name + "' is bound twice");
        return false;
      }
    }
    names.push_back({name->name, name->range()});
    return true;
  };
  if (const auto *tuple = llvm::dyn_cast<TupleExpr>(target)) {
    pattern.isTuple = true;
    if (!llvm::all_of(tuple->elements, addName))
      return false;
  } else if (!addName(target)) {
    return false;
  }
  pattern.names = ast->copy<Name>(names);
  return true;
}

//===---------------------------------------------- Expressions ---------------------------------------------------===//

/// Whether the current token is an operator that goes on with the expression before it.
bool Parser::atOperator() const { return is(TokenKind::Pipe) || (isBinaryOperator(current().kind) && !atLineBreak()); }

Expr *Parser::parseExpr() {
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  Expr *input = parseBinary(0);
  while (!failed && consume(TokenKind::Pipe)) {
    int64_t inputHeight = height;
    Expr *stage = parsePostfix();
    if (failed)
      break;
    input = ast->make<PipeExpr>(rangeFrom(begin), input, stage);
    growTo(std::max(inputHeight, height) + 1, begin);
    if (!failed && atOperator() && !is(TokenKind::Pipe))
      errorHere("a pipe before " + describe(current().kind) + " needs parentheses")
          .help(rangeFrom(begin), "write (" + (rangeFrom(begin).text().contains('\n') ? llvm::StringRef("…")
                                                                                     : rangeFrom(begin).text()) +
                                      ") " + textOf(current()) + " …");
  }
  return input;
}

namespace {
struct OperatorInfo {
  int precedence;
  BinaryOperator op;
};
} // namespace

// Precedences from loose to tight: or, and, (not), comparison, (range), + -, * / %, (unary -, ^). Those in parentheses
// have functions of their own.
constexpr int comparisonPrecedence = 3;
constexpr int additivePrecedence = 5;

static std::optional<OperatorInfo> operatorInfo(TokenKind kind) {
  switch (kind) {
  case TokenKind::KeywordOr:
    return OperatorInfo{1, BinaryOperator::Or};
  case TokenKind::KeywordAnd:
    return OperatorInfo{2, BinaryOperator::And};
  case TokenKind::EqualEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Equal};
  case TokenKind::NotEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::NotEqual};
  case TokenKind::Less:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Less};
  case TokenKind::LessEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::LessEqual};
  case TokenKind::Greater:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::Greater};
  case TokenKind::GreaterEqual:
    return OperatorInfo{comparisonPrecedence, BinaryOperator::GreaterEqual};
  case TokenKind::Plus:
    return OperatorInfo{additivePrecedence, BinaryOperator::Add};
  case TokenKind::Minus:
    return OperatorInfo{additivePrecedence, BinaryOperator::Subtract};
  case TokenKind::Star:
    return OperatorInfo{6, BinaryOperator::Multiply};
  case TokenKind::Slash:
    return OperatorInfo{6, BinaryOperator::Divide};
  case TokenKind::Percent:
    return OperatorInfo{6, BinaryOperator::Remainder};
  default:
    return std::nullopt;
  }
}

Expr *Parser::parseBinary(int minPrecedence) {
  uint32_t begin = current().begin;
  // What binds tighter than all binary operators of this level stands on the left.
  Expr *left = minPrecedence <= comparisonPrecedence && is(TokenKind::KeywordNot) ? parseNot()
               : minPrecedence < additivePrecedence                              ? parseRange()
                                                                                 : parseUnary();
  bool hasComparison = false;
  while (!failed && atOperator()) {
    std::optional<OperatorInfo> info = operatorInfo(current().kind);
    if (!info || info->precedence < minPrecedence)
      break;
    // parseRange has taken what binds tighter than a range.
    if (minPrecedence < additivePrecedence && info->precedence >= additivePrecedence)
      break;
    SourceRange operatorRange = rangeOf(current());
    if (info->precedence == comparisonPrecedence) {
      if (hasComparison) {
        errorHere("comparisons cannot be chained").help(operatorRange, "write a < b and b < c");
        break;
      }
      hasComparison = true;
    }
    advance();
    int64_t leftHeight = height;
    Expr *right = parseBinary(info->precedence + 1);
    if (failed)
      break;
    left = ast->make<BinaryExpr>(rangeFrom(begin), info->op, operatorRange, left, right);
    growTo(std::max(leftHeight, height) + 1, begin);
  }
  return left;
}

Expr *Parser::parseNot() {
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  advance();
  // `not a == b` is `not (a == b)`.
  Expr *operand = parseBinary(comparisonPrecedence);
  if (failed)
    return operand;
  growTo(height + 1, begin);
  return ast->make<UnaryExpr>(rangeFrom(begin), UnaryOperator::Not, operand);
}

Expr *Parser::parseRange() {
  uint32_t begin = current().begin;
  Expr *first = parseBinary(additivePrecedence);
  if (failed || !is(TokenKind::DotDot) || atLineBreak())
    return first;
  advance();
  int64_t firstHeight = height;
  // `a[1..]`: only an index may lack its end; whoever parses the index takes care of `[..b]`.
  if (is(TokenKind::RightSquare) || is(TokenKind::Comma)) {
    growTo(firstHeight + 1, begin);
    return ast->make<RangeExpr>(rangeFrom(begin), first, nullptr);
  }
  Expr *last = parseBinary(additivePrecedence);
  if (failed)
    return first;
  growTo(std::max(firstHeight, height) + 1, begin);
  if (is(TokenKind::DotDot))
    errorHere("a range has two ends, found a second '..'");
  return ast->make<RangeExpr>(rangeFrom(begin), first, last);
}

Expr *Parser::parseUnary() {
  if (!is(TokenKind::Minus)) {
    uint32_t begin = current().begin;
    Expr *base = parsePostfix();
    if (failed || !is(TokenKind::Caret) || atLineBreak())
      return base;
    // The power binds tighter than a sign on its left, not on its right: -a^-b is -(a^(-b)).
    Deeper deeper(*this);
    if (failed)
      return base;
    SourceRange operatorRange = rangeOf(current());
    advance();
    int64_t baseHeight = height;
    Expr *exponent = parseUnary();
    if (failed)
      return base;
    growTo(std::max(baseHeight, height) + 1, begin);
    return ast->make<BinaryExpr>(rangeFrom(begin), BinaryOperator::Power, operatorRange, base, exponent);
  }
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  advance();
  Expr *operand = parseUnary();
  if (failed)
    return operand;
  growTo(height + 1, begin);
  return ast->make<UnaryExpr>(rangeFrom(begin), UnaryOperator::Negate, operand);
}

Expr *Parser::parsePostfix() {
  if (failed)
    return errorExpr();
  uint32_t begin = current().begin;
  Expr *base = parsePrimary();
  // A bracket at the start of a line opens something new, even inside other brackets.
  while (!failed && !current().startsLine) {
    if (is(TokenKind::LeftParen)) {
      base = parseCall(base, begin);
    } else if (is(TokenKind::LeftSquare)) {
      base = parseIndex(base, begin);
    } else if (is(TokenKind::Dot)) {
      advance();
      if (!current().isWord()) {
        errorHere("expected a name after '.', found " + found());
        break;
      }
      Name member = nameOf(current());
      advance();
      base = ast->make<MemberExpr>(rangeFrom(begin), base, member);
      growTo(height + 1, begin);
    } else if (is(TokenKind::At)) {
      advance();
      Name name = expectName("a name after '@'");
      if (failed)
        break;
      base = ast->make<PinExpr>(rangeFrom(begin), base, name);
      growTo(height + 1, begin);
    } else {
      break;
    }
  }
  return base;
}

Expr *Parser::parsePrimary() {
  const Token token = current();
  SourceRange range = rangeOf(token);
  llvm::StringRef text = textOf(token);
  height = 0;
  // A line break is no place to stop looking, except where nothing promised that the statement goes on.
  bool lineHasEnded = position > 0 && position != statementStart && atLineBreak() &&
                      (token.isClosing() || !continuesStatement(position));
  switch (lineHasEnded ? TokenKind::EndOfFile : token.kind) {
  case TokenKind::Identifier:
    advance();
    return ast->make<NameExpr>(range, text);
  case TokenKind::Integer:
    advance();
    return ast->make<IntegerExpr>(range, *integerValue(text));
  case TokenKind::Real:
    advance();
    return ast->make<RealExpr>(range, *realValue(text));
  case TokenKind::String:
    advance();
    return ast->make<StringExpr>(range, ast->copy(llvm::StringRef(stringValue(text))));
  case TokenKind::Window:
    advance();
    return ast->make<WindowExpr>(range, ast->copy<int64_t>(*windowValue(text)));
  case TokenKind::KeywordTrue:
  case TokenKind::KeywordOn:
    advance();
    return ast->make<BoolExpr>(range, true);
  case TokenKind::KeywordFalse:
  case TokenKind::KeywordOff:
    advance();
    return ast->make<BoolExpr>(range, false);
  case TokenKind::KeywordIf:
    return parseIf();
  case TokenKind::LeftParen:
    return parseParenthesized();
  case TokenKind::LeftSquare: {
    advance();
    llvm::ArrayRef<const Expr *> elements = parseElements(TokenKind::RightSquare, [&] { return parseElement(); });
    growTo(height + 1, token.begin);
    return ast->make<ListExpr>(rangeFrom(token.begin), elements);
  }
  case TokenKind::LeftBrace: {
    const BlockExpr *block = parseBlock();
    return block ? const_cast<BlockExpr *>(block) : errorExpr();
  }
  case TokenKind::Invalid:
    failed = true;
    return errorExpr();
  default:
    break;
  }

  SourceRange place = range;
  if (position > 0 && (lineHasEnded || token.kind == TokenKind::EndOfFile))
    place = rangeOf(tokens[position - 1]).atEnd();
  Diagnostic &diagnostic = error(place, "expected an expression, " + (token.isWord() && place == range
                                                                          ? "but '" + text.str() + "' is a reserved word"
                                                                          : "found " + found()));
  if (position == statementStart && isBinaryOperator(token.kind))
    diagnostic.help(place, "a statement goes on in the next line where its line ends in the operator");
  if (token.kind == TokenKind::Dot && peek().kind == TokenKind::Integer && peek().begin == token.end)
    diagnostic.help(place, "write 0." + textOf(peek()));
  if (token.kind == TokenKind::KeywordElse)
    diagnostic.help(place, "'else' follows the '}' of an 'if'");
  if (token.kind == TokenKind::At)
    diagnostic.help(place, "'@name' follows the layer that it names: conv(6, 5x5) @conv1");
  return errorExpr();
}

Expr *Parser::parseIf() {
  uint32_t begin = current().begin;
  advance();
  // The condition is closed by '{'; a line break before it would be a mistake, also inside brackets.
  Expr *condition = parseExpr();
  int64_t innerHeight = height;
  if (!failed && is(TokenKind::Equal)) {
    errorHere("expected '{' after the condition, found '='").help(rangeOf(current()), "equality is written '=='");
    return condition;
  }
  if (failed)
    return condition;
  if (!is(TokenKind::LeftBrace)) {
    expect(TokenKind::LeftBrace, "after the condition");
    return condition;
  }
  const BlockExpr *thenBlock = parseBlock();
  innerHeight = std::max(innerHeight, height);
  const BlockExpr *elseBlock = nullptr;
  bool isElseIf = false;
  if (!failed && (isWordText("elif") || isWordText("elsif") || isWordText("elseif"))) {
    errorHere("expected 'else if', found '" + textOf(current()) + "'");
    return condition;
  }
  if (!failed && consume(TokenKind::KeywordElse)) {
    isElseIf = is(TokenKind::KeywordIf);
    if (isElseIf) {
      // Everywhere else an `if` is reached through parseExpr, which counts.
      Deeper deeper(*this);
      uint32_t elseBegin = current().begin;
      const Expr *inner = failed ? nullptr : parseIf();
      if (failed)
        return condition;
      const Stmt *statement = ast->make<ExprStmt>(rangeFrom(elseBegin), inner);
      elseBlock = ast->make<BlockExpr>(rangeFrom(elseBegin), ast->copy<const Stmt *>(statement));
    } else if (is(TokenKind::LeftBrace)) {
      elseBlock = parseBlock();
    } else {
      expect(TokenKind::LeftBrace, "or 'if' after 'else'");
    }
    innerHeight = std::max(innerHeight, height);
  }
  if (failed)
    return condition;
  growTo(innerHeight + 1, begin);
  return ast->make<IfExpr>(rangeFrom(begin), condition, thenBlock, elseBlock, isElseIf);
}

Expr *Parser::parseParenthesized() {
  uint32_t begin = current().begin;
  advance();
  ++openBrackets;
  llvm::SmallVector<const Expr *> elements;
  Expr *only = nullptr;
  bool hasComma = false;
  int64_t innerHeight = 0;
  while (!failed && !is(TokenKind::RightParen)) {
    only = parseElement();
    elements.push_back(only);
    innerHeight = std::max(innerHeight, height);
    if (!failed && is(TokenKind::Equal)) {
      errorHere("expected ',' or ')', found '='").help(rangeOf(current()), "equality is written '=='");
      break;
    }
    if (!failed && !is(TokenKind::RightParen))
      hasComma = expect(TokenKind::Comma, "or ')'") || hasComma;
  }
  expect(TokenKind::RightParen, "");
  --openBrackets;
  if (failed)
    return errorExpr();
  if (elements.size() == 1 && !hasComma && !llvm::isa<SpreadExpr>(only)) {
    only->setOuterRange(rangeFrom(begin));
    height = innerHeight;
    return only;
  }
  growTo(innerHeight + 1, begin);
  return ast->make<TupleExpr>(rangeFrom(begin), ast->copy<const Expr *>(elements));
}

/// The rest of a bracketed list up to and with its closing bracket; the opening one is consumed.
llvm::ArrayRef<const Expr *> Parser::parseElements(TokenKind closing, llvm::function_ref<Expr *()> parseOne) {
  ++openBrackets;
  llvm::SmallVector<const Expr *> elements;
  int64_t innerHeight = 0;
  while (!failed && !is(closing)) {
    elements.push_back(parseOne());
    innerHeight = std::max(innerHeight, height);
    if (!failed && !is(closing))
      expect(TokenKind::Comma, ("or " + describe(closing)).str());
  }
  expect(closing, "");
  --openBrackets;
  height = innerHeight;
  return ast->copy<const Expr *>(elements);
}

/// An expression, or `list...`.
Expr *Parser::parseElement() {
  uint32_t begin = current().begin;
  if (is(TokenKind::Ellipsis)) {
    Expr *anonymous = ast->make<NameExpr>(rangeOf(current()), "_");
    advance();
    height = 1;
    return ast->make<SpreadExpr>(rangeFrom(begin), anonymous);
  }
  Expr *element = parseExpr();
  if (failed || !consume(TokenKind::Ellipsis))
    return element;
  growTo(height + 1, begin);
  return ast->make<SpreadExpr>(rangeFrom(begin), element);
}

/// An index, or a slice `a..b`, `a..`, `..b`, `..`.
Expr *Parser::parseIndexElement() {
  uint32_t begin = current().begin;
  if (!consume(TokenKind::DotDot))
    return parseElement();
  Deeper deeper(*this);
  if (failed)
    return errorExpr();
  height = 0;
  Expr *last = is(TokenKind::RightSquare) || is(TokenKind::Comma) ? nullptr : parseBinary(additivePrecedence);
  growTo(height + 1, begin);
  return ast->make<RangeExpr>(rangeFrom(begin), nullptr, last);
}

Expr *Parser::parseIndex(Expr *base, uint32_t begin) {
  advance();
  int64_t baseHeight = height;
  llvm::ArrayRef<const Expr *> indices = parseElements(TokenKind::RightSquare, [&] { return parseIndexElement(); });
  if (failed)
    return base;
  if (indices.empty()) {
    error(rangeOf(tokens[position - 1]), "expected an index, found ']'");
    return base;
  }
  growTo(std::max(baseHeight, height) + 1, begin);
  return ast->make<IndexExpr>(rangeFrom(begin), base, indices);
}

Expr *Parser::parseCall(Expr *callee, uint32_t begin) {
  advance();
  ++openBrackets;
  int64_t innerHeight = height;
  llvm::SmallVector<Argument> arguments;
  while (!failed && !is(TokenKind::RightParen)) {
    Argument argument = parseArgument();
    innerHeight = std::max(innerHeight, height);
    if (failed)
      break;
    if (!argument.keyword && !arguments.empty() && arguments.back().keyword) {
      error(argument.range, "a positional argument must stand before those with a name")
          .note(arguments.back().range, "this argument has a name");
      break;
    }
    for (const Argument &other : arguments) {
      if (argument.keyword && other.keyword.text == argument.keyword.text) {
        error(argument.keyword.range, "the argument '" + argument.keyword.text + "' is given twice")
            .note(other.keyword.range, "first given here");
        break;
      }
    }
    arguments.push_back(argument);
    if (!failed && !is(TokenKind::RightParen)) {
      if (is(TokenKind::Colon) && llvm::isa<NameExpr>(argument.value))
        errorHere("expected ',' or ')', found ':'")
            .help(argument.range, "an argument with a name is written '" + argument.range.text() + " = value'");
      else
        expect(TokenKind::Comma, "or ')' after an argument");
    }
  }
  expect(TokenKind::RightParen, "");
  --openBrackets;
  if (failed)
    return callee;
  growTo(innerHeight + 1, begin);
  return ast->make<CallExpr>(rangeFrom(begin), callee, ast->copy<Argument>(arguments));
}

Argument Parser::parseArgument() {
  Argument argument;
  uint32_t begin = current().begin;
  if (current().isWord() && peek().kind == TokenKind::Equal) {
    argument.keyword = nameOf(current());
    advance();
    advance();
    argument.value = parseExpr();
  } else {
    argument.value = parseElement();
  }
  argument.range = rangeFrom(begin);
  return argument;
}

const TypeExpr *Parser::parseType() {
  if (failed)
    return nullptr;
  auto *type = ast->make<TypeExpr>();
  uint32_t begin = current().begin;
  if (is(TokenKind::Identifier) && !atLineBreak()) {
    type->element = nameOf(current());
    advance();
  } else if (!is(TokenKind::LeftSquare)) {
    bool isValue = is(TokenKind::String) || is(TokenKind::Integer) || is(TokenKind::Real) || is(TokenKind::Window);
    Diagnostic &diagnostic = errorHere("expected a type, such as f32[C, H, W], found " + found());
    if (isValue)
      diagnostic.help(rangeOf(current()), "a value is given with '='");
    return type;
  }
  if (is(TokenKind::LeftSquare) && !atLineBreak()) {
    advance();
    type->hasDims = true;
    type->dims = parseElements(TokenKind::RightSquare, [&] { return parseElement(); });
  }
  type->range = rangeFrom(begin);
  return type;
}

std::unique_ptr<FileAst> parse(const SourceFile &source, DiagnosticEngine &diagnostics) {
  return Parser(source, diagnostics).run();
}

} // namespace cnn::dsl
