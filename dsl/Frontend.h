// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a `.cnn` file to a verified module of the cnn dialect: the entry of the front end.
#pragma once

#include "dsl/Diagnostics.h"
#include "dsl/SourceFile.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <optional>
#include <string>
#include <vector>

namespace cnn::dsl {

struct FrontendOptions {
  /// Evaluation stops with an error after so many expressions …
  int64_t maxSteps = 2'000'000;
  /// … so many expressions inside one another …
  int64_t maxExpressionDepth = 1500;
  /// … and so many calls inside one another.
  int64_t maxCallDepth = 64;
  /// Elements of a list, and rounds of a loop.
  int64_t maxListLength = 100'000;
  /// Values of one sample of a tensor, or of a weight.
  int64_t maxTensorSize = int64_t(1) << 36;
};

/// One row of a net's table of layers: a layer of the standard library that the net applies.
struct LayerSummary {
  /// Where its weights are, or would be if it had any: "Bottleneck1.conv2".
  std::string path;
  /// "conv".
  std::string module;
  /// One shape per result, of one sample.
  std::vector<std::vector<int64_t>> outputs;
  /// Trained parameters made by this application (none if the layer is used again), and states.
  int64_t parameters = 0;
  /// Multiply-accumulates of convolutions and dense layers, for one sample.
  int64_t multiplyAccumulates = 0;
};

struct NetSummary {
  std::string name;
  std::vector<LayerSummary> layers;
  int64_t parameters = 0;
  int64_t multiplyAccumulates = 0;
};

struct CompiledFile {
  /// Null after errors.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// One per net, in the order of the file.
  std::vector<NetSummary> nets;
};

/// Makes the module of a file: its nets, with the data and train blocks. `sources` must hold `main` and is where
/// imported files go; locations in the module are copies and do not point into it.
CompiledFile compile(SourceTable &sources, const SourceFile &main, const FrontendOptions &options,
                     DiagnosticEngine &diagnostics, mlir::MLIRContext &context);

/// The same, reading the file first.
CompiledFile compileFile(llvm::StringRef path, SourceTable &sources, const FrontendOptions &options,
                         DiagnosticEngine &diagnostics, mlir::MLIRContext &context);

} // namespace cnn::dsl
