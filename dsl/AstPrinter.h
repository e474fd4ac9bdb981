// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The syntax tree as text, for `cnnc --emit=ast` and for comparing trees: one line per declaration, statement and
// entry, indented by nesting, expressions in prefix form.
//
//   net LeNet5                              net LeNet5(image: u8[1, 28, 28]) -> (score: f32[10]) {
//     input image: u8[1 28 28]
//     result score: f32[10]
//     bind x (|> (|> image (call …)) tanh)    x = image |> conv(6, 5x5, pad = 2) |> tanh
#pragma once

#include "dsl/Ast.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::dsl {

/// With `withPlaces` every line ends in the place of its node, as in <3:5-3:20>.
void printAst(const FileAst &ast, llvm::raw_ostream &os, bool withPlaces = false);

/// One expression or type on one line.
void printAst(const Expr &expr, llvm::raw_ostream &os);
void printAst(const TypeExpr &type, llvm::raw_ostream &os);

} // namespace cnn::dsl
