// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// cnnc build --target=neuflow --evaluate: a net's programs, run on test samples.
#pragma once

#include "tools/cnnc/NeuflowSamples.h"

namespace cnn::tools {

/// Lowers a copy of the net of words to programs, runs them on the functional simulator with each sample, and says on
/// standard error how often they are right. Beside them run the net on reals, and the oracle of the tensor level: a
/// program that leaves another word than that is a bug of cnnc.
ExitCode evaluatePrograms(Compilation &compilation, const NeuflowOptions &options, mlir::func::FuncOp reals,
                          const LabelledSamples &test);

} // namespace cnn::tools
