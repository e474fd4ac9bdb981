// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a NeuFlow program is made from beside the model: samples and weights from files.
#pragma once

#include "backends/neuflow/Calibrate.h"
#include "tools/cnnc/NeuflowBuild.h"

namespace cnn::tools {

/// Some samples of a net's inputs, with the class of each, if known.
struct LabelledSamples {
  std::vector<neuflow::Sample> samples;
  std::vector<int32_t> labels;
};

/// A part ("train" or "test") of the data block that the net's train block names; at most `count` samples. The
/// inference function must still have its weights.
ExitCode readDataBlock(Compilation &compilation, mlir::func::FuncOp net, llvm::StringRef folder, llvm::StringRef part,
                       std::optional<int64_t> count, LabelledSamples &samples);
/// From the files of --calibrate.
ExitCode readSampleFiles(Compilation &compilation, mlir::func::FuncOp net, llvm::ArrayRef<llvm::StringRef> files,
                         int64_t count, LabelledSamples &samples);

/// Makes the weights of the net constants: those of a safetensors file, or, if `path` is empty, those that training
/// would start from with this seed.
ExitCode bindWeights(Compilation &compilation, mlir::func::FuncOp net, const std::string &path, uint64_t seed);

} // namespace cnn::tools
