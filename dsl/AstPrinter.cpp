// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/AstPrinter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

namespace cnn::dsl {

namespace {

class AstPrinter {
public:
  AstPrinter(llvm::raw_ostream &os, bool withPlaces) : os(os), withPlaces(withPlaces) {}
  void print(const FileAst &ast);
  void print(const Expr *expr);
  void print(const TypeExpr *type);

private:
  llvm::raw_ostream &line() { return os.indent(2 * nesting); }
  void endLine(SourceRange range);
  void print(const Decl *decl);
  void print(const Entry &entry);
  void print(const Stmt *stmt);
  void print(llvm::StringRef label, const Parameter &parameter);
  void print(const Pattern &pattern);
  void printBody(const BlockExpr *block);
  /// A list of expressions, each after a blank.
  void printAll(llvm::ArrayRef<const Expr *> exprs);

  llvm::raw_ostream &os;
  bool withPlaces;
  unsigned nesting = 0;
};

} // namespace

void AstPrinter::endLine(SourceRange range) {
  if (withPlaces) {
    LineColumn begin = range.beginPosition();
    LineColumn end = range.endPosition();
    os << " <" << begin.line << ":" << begin.column << "-" << end.line << ":" << end.column << ">";
  }
  os << "\n";
}

void AstPrinter::print(const FileAst &ast) {
  for (const Decl *decl : ast.declarations)
    print(decl);
}

void AstPrinter::print(const Decl *decl) {
  auto printEntries = [&](llvm::ArrayRef<Entry> entries) {
    ++nesting;
    for (const Entry &entry : entries)
      print(entry);
    --nesting;
  };
  llvm::TypeSwitch<const Decl *>(decl)
      .Case([&](const ImportDecl *import) {
        line() << "import ";
        print(import->path);
        endLine(decl->range());
      })
      .Case([&](const ConstDecl *constant) {
        line() << "const " << constant->name.text << " ";
        print(constant->value);
        endLine(decl->range());
      })
      .Case([&](const ModelDecl *model) {
        line() << spelling(model->modelKind) << " " << model->name.text;
        endLine(decl->range());
        ++nesting;
        for (const Parameter &parameter : model->configuration)
          print("config", parameter);
        for (const Parameter &parameter : model->inputs)
          print("input", parameter);
        for (const Parameter &parameter : model->results)
          print("result", parameter);
        printBody(model->body);
        --nesting;
      })
      .Case([&](const DataDecl *data) {
        line() << "data " << data->name.text;
        endLine(decl->range());
        printEntries(data->entries);
      })
      .Case([&](const TrainDecl *train) {
        line() << "train ";
        print(train->model);
        os << " on ";
        print(train->data);
        endLine(decl->range());
        printEntries(train->entries);
      })
      .Case([&](const LaterDecl *later) {
        line() << later->keyword.text << " ...";
        endLine(decl->range());
      });
}

void AstPrinter::print(llvm::StringRef label, const Parameter &parameter) {
  line() << label;
  if (parameter.name)
    os << " " << parameter.name.text;
  if (parameter.type) {
    os << ": ";
    print(parameter.type);
  }
  if (parameter.isVariadic)
    os << "...";
  if (parameter.init) {
    os << " = ";
    print(parameter.init);
  }
  endLine(parameter.range);
}

void AstPrinter::print(const Entry &entry) {
  line() << "entry " << entry.name.text;
  if (entry.type) {
    os << ": ";
    print(entry.type);
  }
  if (entry.value) {
    os << " = ";
    print(entry.value);
  }
  if (entry.isBlock)
    os << " block";
  endLine(entry.range);
  ++nesting;
  for (const Entry &inner : entry.entries)
    print(inner);
  --nesting;
}

void AstPrinter::print(const Pattern &pattern) {
  if (!pattern.isTuple) {
    os << pattern.names.front().text;
    return;
  }
  os << "(";
  llvm::interleave(pattern.names, os, [&](const Name &name) { os << name.text; }, " ");
  os << ")";
}

void AstPrinter::printBody(const BlockExpr *block) {
  for (const Stmt *stmt : block->statements)
    print(stmt);
}

void AstPrinter::print(const Stmt *stmt) {
  line();
  llvm::TypeSwitch<const Stmt *>(stmt)
      .Case([&](const BindingStmt *binding) {
        os << "bind ";
        print(binding->target);
        os << " ";
        print(binding->value);
        endLine(stmt->range());
      })
      .Case([&](const IndexBindingStmt *binding) {
        os << "bind " << binding->target.text << "[";
        llvm::interleave(binding->indices, os, [&](const Name &name) { os << name.text; }, " ");
        os << "] ";
        print(binding->value);
        endLine(stmt->range());
      })
      .Case([&](const ExprStmt *value) {
        os << "value ";
        print(value->value);
        endLine(stmt->range());
      })
      .Case([&](const ForStmt *loop) {
        os << "for ";
        print(loop->variable);
        os << " in ";
        print(loop->list);
        endLine(stmt->range());
        ++nesting;
        printBody(loop->body);
        --nesting;
      })
      .Case([&](const ParamStmt *param) {
        os << (param->isState ? "state " : "param ") << param->name.text << ": ";
        print(param->type);
        if (param->init) {
          os << " = ";
          print(param->init);
        }
        endLine(stmt->range());
      })
      .Case([&](const AssertStmt *assertion) {
        os << "assert ";
        print(assertion->condition);
        if (assertion->message) {
          os << " ";
          print(assertion->message);
        }
        endLine(stmt->range());
      });
}

void AstPrinter::printAll(llvm::ArrayRef<const Expr *> exprs) {
  for (const Expr *expr : exprs) {
    os << " ";
    print(expr);
  }
}

void AstPrinter::print(const TypeExpr *type) {
  os << type->element.text;
  if (!type->hasDims)
    return;
  os << "[";
  llvm::interleave(type->dims, os, [&](const Expr *dim) { print(dim); }, " ");
  os << "]";
}

void AstPrinter::print(const Expr *expr) {
  llvm::TypeSwitch<const Expr *>(expr)
      .Case([&](const ErrorExpr *) { os << "(error)"; })
      .Case([&](const IntegerExpr *integer) { os << integer->value; })
      .Case([&](const RealExpr *real) { os << llvm::format("%.17g", real->value) << "r"; })
      .Case([&](const StringExpr *string) {
        os << '"';
        llvm::printEscapedString(string->value, os);
        os << '"';
      })
      .Case([&](const BoolExpr *boolean) { os << (boolean->value ? "true" : "false"); })
      .Case([&](const WindowExpr *window) { llvm::interleave(window->sizes, os, "x"); })
      .Case([&](const NameExpr *name) { os << name->name; })
      .Case([&](const CallExpr *call) {
        os << "(call ";
        print(call->callee);
        for (const Argument &argument : call->arguments) {
          os << " ";
          if (argument.keyword)
            os << argument.keyword.text << "=";
          print(argument.value);
        }
        os << ")";
      })
      .Case([&](const IndexExpr *index) {
        os << "(index ";
        print(index->base);
        printAll(index->indices);
        os << ")";
      })
      .Case([&](const MemberExpr *member) {
        os << "(. ";
        print(member->base);
        os << " " << member->member.text << ")";
      })
      .Case([&](const RangeExpr *range) {
        os << "(..";
        for (const Expr *side : {range->begin, range->end}) {
          os << " ";
          if (side)
            print(side);
          else
            os << "_";
        }
        os << ")";
      })
      .Case([&](const SpreadExpr *spread) {
        os << "(spread ";
        print(spread->operand);
        os << ")";
      })
      .Case([&](const ListExpr *list) {
        os << "(list";
        printAll(list->elements);
        os << ")";
      })
      .Case([&](const TupleExpr *tuple) {
        os << "(tuple";
        printAll(tuple->elements);
        os << ")";
      })
      .Case([&](const UnaryExpr *unary) {
        os << "(" << spelling(unary->op) << " ";
        print(unary->operand);
        os << ")";
      })
      .Case([&](const BinaryExpr *binary) {
        os << "(" << spelling(binary->op) << " ";
        print(binary->left);
        os << " ";
        print(binary->right);
        os << ")";
      })
      .Case([&](const IfExpr *conditional) {
        os << "(if ";
        print(conditional->condition);
        os << " ";
        print(conditional->thenBlock);
        if (conditional->elseBlock) {
          os << " ";
          print(conditional->elseBlock);
        }
        os << ")";
      })
      .Case([&](const PipeExpr *pipe) {
        os << "(|> ";
        print(pipe->input);
        os << " ";
        print(pipe->stage);
        os << ")";
      })
      .Case([&](const PinExpr *pin) {
        os << "(@" << pin->name.text << " ";
        print(pin->operand);
        os << ")";
      })
      .Case([&](const BlockExpr *block) {
        os << "{\n";
        ++nesting;
        printBody(block);
        --nesting;
        line() << "}";
      });
}

void printAst(const FileAst &ast, llvm::raw_ostream &os, bool withPlaces) { AstPrinter(os, withPlaces).print(ast); }

void printAst(const Expr &expr, llvm::raw_ostream &os) { AstPrinter(os, false).print(&expr); }

void printAst(const TypeExpr &type, llvm::raw_ostream &os) { AstPrinter(os, false).print(&type); }

} // namespace cnn::dsl
