// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Formatter.h"
#include "llvm/ADT/TypeSwitch.h"

namespace cnn::dsl {

static int precedenceOf(const Expr *expr) {
  switch (expr->kind()) {
  case Expr::Kind::Pipe:
    return PipePrecedence;
  case Expr::Kind::Real:
    return expr->range().text().ends_with("%") ? AnyPrecedence : PrimaryPrecedence;
  case Expr::Kind::Unary:
    return llvm::cast<UnaryExpr>(expr)->op == UnaryOperator::Not ? NotPrecedence : UnaryPrecedence;
  case Expr::Kind::Range:
    return RangePrecedence;
  case Expr::Kind::Call:
  case Expr::Kind::Index:
  case Expr::Kind::Member:
  case Expr::Kind::Pin:
    return PostfixPrecedence;
  // They may be operands, but what is called or indexed is easier to see in parentheses.
  case Expr::Kind::If:
  case Expr::Kind::Block:
    return PowerPrecedence;
  case Expr::Kind::Binary:
    switch (llvm::cast<BinaryExpr>(expr)->op) {
    case BinaryOperator::Or:
      return OrPrecedence;
    case BinaryOperator::And:
      return AndPrecedence;
    case BinaryOperator::Equal:
    case BinaryOperator::NotEqual:
    case BinaryOperator::Less:
    case BinaryOperator::LessEqual:
    case BinaryOperator::Greater:
    case BinaryOperator::GreaterEqual:
      return ComparisonPrecedence;
    case BinaryOperator::Add:
    case BinaryOperator::Subtract:
      return AdditivePrecedence;
    case BinaryOperator::Multiply:
    case BinaryOperator::Divide:
    case BinaryOperator::Remainder:
      return MultiplicativePrecedence;
    case BinaryOperator::Power:
      return PowerPrecedence;
    }
    break;
  default:
    break;
  }
  return PrimaryPrecedence;
}

/// An expression where one of at least `minPrecedence` is expected, in parentheses if it needs them, or has them for
/// clarity: an operator inside an operator.
Piece Formatter::expr(const Expr *expr, int minPrecedence, bool isTight) {
  int precedence = precedenceOf(expr);
  bool isOperator = precedence < PostfixPrecedence;
  if (precedence >= minPrecedence && !(expr->inParentheses() && isOperator && minPrecedence > PipePrecedence))
    return bareExpr(expr, isTight);
  return concat({text("("), bareExpr(expr, false), text(")")});
}

Piece Formatter::bareExpr(const Expr *expr, bool isTight) {
  uint32_t begin = expr->range().begin;
  uint32_t end = expr->range().end;
  return llvm::TypeSwitch<const Expr *, Piece>(expr)
      .Case<ErrorExpr, IntegerExpr, RealExpr, StringExpr, BoolExpr, WindowExpr>(
          [&](const Expr *literal) { return text(literal->range()); })
      .Case([&](const NameExpr *name) { return text(name->name); })
      .Case([&](const CallExpr *call) {
        Piece callee = this->expr(call->callee, PostfixPrecedence);
        std::vector<Element> elements;
        for (const Argument &argument : call->arguments) {
          elements.push_back({argument.range, [this, &argument] {
                                Piece value = this->expr(argument.value);
                                if (!argument.keyword)
                                  return value;
                                return concat({text(argument.keyword.text), text(" = "), value});
                              }});
        }
        return concat({callee, bracketed("(", elements, ")", call->callee->outerRange().end, end - 1)});
      })
      .Case([&](const IndexExpr *index) {
        Piece base = this->expr(index->base, PostfixPrecedence);
        return concat({base, expressions("[", index->indices, "]", index->base->outerRange().end, end - 1)});
      })
      .Case([&](const MemberExpr *member) {
        return concat({this->expr(member->base, PostfixPrecedence), text("."), text(member->member.text)});
      })
      .Case([&](const RangeExpr *range) {
        Pieces parts;
        if (range->begin)
          parts.push_back(this->expr(range->begin, AdditivePrecedence, /*isTight=*/true));
        parts.push_back(text(".."));
        if (range->end)
          parts.push_back(this->expr(range->end, AdditivePrecedence, /*isTight=*/true));
        return concat(parts);
      })
      .Case([&](const SpreadExpr *spread) {
        if (spread->range().text() == "..." || spread->range().text() == "\u2026")
          return text("...");
        return concat({this->expr(spread->operand, PipePrecedence), text("...")});
      })
      .Case([&](const ListExpr *list) { return expressions("[", list->elements, "]", begin, end - 1); })
      .Case([&](const TupleExpr *tuple) { return expressions("(", tuple->elements, ")", begin, end - 1); })
      .Case([&](const UnaryExpr *unary) {
        if (unary->op == UnaryOperator::Not)
          return concat({text("not "), this->expr(unary->operand, ComparisonPrecedence)});
        return concat({text("-"), this->expr(unary->operand, UnaryPrecedence)});
      })
      .Case([&](const BinaryExpr *operation) { return layout.group(binary(operation, isTight)); })
      .Case([&](const IfExpr *conditional) {
        bool forceBreak = false;
        Piece content = ifContent(conditional, forceBreak);
        return layout.group(content, forceBreak);
      })
      .Case([&](const PipeExpr *pipeExpr) { return pipe(pipeExpr, nothing(), {}); })
      .Case([&](const PinExpr *pin) {
        return concat({this->expr(pin->operand, PostfixPrecedence), text(" @"), text(pin->name.text)});
      })
      .Case([&](const BlockExpr *blockExpr) { return block(blockExpr); });
}

/// Whether '*' and '/' may stand without blanks beside it.
static bool isSimple(const Expr *expr) {
  if (const auto *operation = llvm::dyn_cast<BinaryExpr>(expr))
    return (operation->inParentheses() && precedenceOf(expr) >= AdditivePrecedence) ||
           (precedenceOf(expr) >= MultiplicativePrecedence && isSimple(operation->left) && isSimple(operation->right));
  if (const auto *unary = llvm::dyn_cast<UnaryExpr>(expr))
    return isSimple(unary->operand);
  return !llvm::isa<CallExpr, IfExpr, BlockExpr, PipeExpr, PinExpr, ListExpr, TupleExpr>(expr);
}

Piece Formatter::binary(const BinaryExpr *operation, bool isTight) {
  int precedence = precedenceOf(operation);
  int leftPrecedence = precedence;
  int rightPrecedence = precedence + 1;
  if (precedence == ComparisonPrecedence)
    leftPrecedence = precedence + 1;
  if (precedence == PowerPrecedence) {
    leftPrecedence = PostfixPrecedence;
    rightPrecedence = UnaryPrecedence;
  }
  bool isCompact =
      precedence == PowerPrecedence ||
      (precedence == MultiplicativePrecedence && isSimple(operation->left) && isSimple(operation->right)) ||
      (isTight && precedence == AdditivePrecedence && isSimple(operation->left) && isSimple(operation->right));
  Piece left = expr(operation->left, leftPrecedence, isTight);
  Piece right = expr(operation->right, rightPrecedence, isTight);
  llvm::StringRef sign = spelling(operation->op);
  if (isCompact)
    return concat({left, text(sign), right});
  // A line that ends in an operator goes on with the next one.
  return concat({left, text(" "), text(sign), layout.nest(2 * indentation, concat({layout.line(), right}))});
}

/// The blocks of a chain of ifs are all on one line, or none is.
Piece Formatter::ifContent(const IfExpr *conditional, bool &forceBreak) {
  auto branch = [&](const BlockExpr *branchBlock) {
    bool hasStatements = !branchBlock->statements.empty();
    Piece openingComment = hasStatements ? trailingComment(branchBlock->range().begin + 1) : nothing();
    std::vector<SourceRange> ranges;
    for (const Stmt *statement : branchBlock->statements)
      ranges.push_back(statement->range());
    ++nesting;
    // The group of the if is not known here; alignment is left to blocks that have one.
    std::vector<llvm::SmallVector<int64_t>> columns(branchBlock->statements.size());
    Piece content = rows(ranges, branchBlock->range().begin, branchBlock->range().end - 1, [&](size_t index) {
      return statement(branchBlock->statements[index], nothing(), columns[index]);
    });
    --nesting;
    bool isEmpty = branchBlock->statements.empty() && layout.flat(content) == "";
    forceBreak |= !isEmpty && isOpenedUp(branchBlock->range());
    return braces(openingComment, content, isEmpty);
  };
  Piece condition = layout.group(expr(conditional->condition, PipePrecedence));
  Pieces parts = {text("if "), condition, text(" "), branch(conditional->thenBlock)};
  if (conditional->elseBlock) {
    parts.push_back(text(" else "));
    if (conditional->isElseIf) {
      const auto *inner = llvm::cast<ExprStmt>(conditional->elseBlock->statements.front());
      parts.push_back(ifContent(llvm::cast<IfExpr>(inner->value), forceBreak));
    } else {
      parts.push_back(branch(conditional->elseBlock));
    }
  }
  return concat(parts);
}

const Expr *stagesOf(const PipeExpr *pipe, llvm::SmallVectorImpl<const PipeExpr *> &stages) {
  const Expr *input = pipe;
  while (const auto *inner = llvm::dyn_cast<PipeExpr>(input)) {
    if (inner != pipe && inner->inParentheses())
      break;
    stages.push_back(inner);
    input = inner->input;
  }
  std::reverse(stages.begin(), stages.end());
  return input;
}

Piece Formatter::pipe(const PipeExpr *pipeExpr, Piece blockGroup, llvm::ArrayRef<int64_t> stageColumns) {
  llvm::SmallVector<const PipeExpr *> stages;
  const Expr *input = stagesOf(pipeExpr, stages);
  Pieces rows;
  Pieces current;
  Piece inputPiece = expr(input, PipePrecedence);
  // A comment behind a stage ends its row, so it stands outside the row's group and does not break it.
  Piece comment = trailingComment(input->outerRange().end);
  // The input is not indented, the stages are.
  auto endRow = [&] {
    Piece stagesOfRow = layout.nest(2 * indentation, concat(current));
    rows.push_back(layout.group(rows.empty() ? concat({inputPiece, stagesOfRow}) : stagesOfRow));
    rows.push_back(comment);
    comment = nothing();
    current.clear();
  };
  // Where the user began a line with '|>', one begins here; each line breaks on its own if it is too long.
  uint32_t previousEnd = input->outerRange().end;
  for (auto [index, stage] : llvm::enumerate(stages)) {
    const Expr *applied = stage->stage;
    bool startsLine = hasLineBreak(previousEnd, applied->outerRange().begin);
    Pieces cell;
    int64_t previousLine = 0;
    bool hasComments = hasCommentBefore(applied->outerRange().begin);
    if (hasComments) {
      cell.push_back(ownLineComments(applied->outerRange().begin, previousLine));
      cell.push_back(layout.hardLine());
    }
    Piece stagePiece = expr(applied, PostfixPrecedence);
    if (hasCommentBefore(applied->outerRange().end)) {
      cell.push_back(ownLineComments(applied->outerRange().end, previousLine));
      cell.push_back(layout.hardLine());
      hasComments = true;
    }
    cell.push_back(text("|> "));
    cell.push_back(stagePiece);
    if (index < stageColumns.size() && stageColumns[index] > 0)
      cell.push_back(layout.padding(stageColumns[index], blockGroup, /*onlyIfFlat=*/true));
    if (startsLine || hasComments) {
      endRow();
      rows.push_back(layout.nest(2 * indentation, layout.hardLine()));
      current = cell;
    } else {
      current.push_back(layout.line());
      current.append(cell);
    }
    previousEnd = applied->outerRange().end;
    // Behind the last stage the line may go on, with a bracket; a comment there is for whoever ends the line.
    if (index + 1 < stages.size())
      comment = trailingComment(previousEnd);
  }
  endRow();
  return concat(rows);
}

Piece Formatter::type(const TypeExpr *type) {
  if (!type->hasDims)
    return text(type->element.text);
  uint32_t begin = type->element ? type->element.range.end : type->range.begin;
  return concat({text(type->element.text), expressions("[", type->dims, "]", begin, type->range.end - 1)});
}

} // namespace cnn::dsl
