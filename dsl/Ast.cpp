// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Ast.h"
#include "llvm/Support/ErrorHandling.h"

namespace cnn::dsl {

llvm::StringRef spelling(UnaryOperator op) { return op == UnaryOperator::Negate ? "-" : "not"; }

llvm::StringRef spelling(BinaryOperator op) {
  switch (op) {
  case BinaryOperator::Or:
    return "or";
  case BinaryOperator::And:
    return "and";
  case BinaryOperator::Equal:
    return "==";
  case BinaryOperator::NotEqual:
    return "!=";
  case BinaryOperator::Less:
    return "<";
  case BinaryOperator::LessEqual:
    return "<=";
  case BinaryOperator::Greater:
    return ">";
  case BinaryOperator::GreaterEqual:
    return ">=";
  case BinaryOperator::Add:
    return "+";
  case BinaryOperator::Subtract:
    return "-";
  case BinaryOperator::Multiply:
    return "*";
  case BinaryOperator::Divide:
    return "/";
  case BinaryOperator::Remainder:
    return "%";
  case BinaryOperator::Power:
    return "^";
  }
  llvm_unreachable("all operators are listed");
}

llvm::StringRef spelling(ModelKind kind) {
  switch (kind) {
  case ModelKind::Net:
    return "net";
  case ModelKind::Module:
    return "module";
  case ModelKind::Function:
    return "fn";
  }
  llvm_unreachable("all kinds are listed");
}

} // namespace cnn::dsl
