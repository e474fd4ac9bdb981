// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "backends/cpu/Artifact.h"
#include "dsl/Frontend.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::tools {

/// Prints the layers of a net with output shapes, trained parameters and multiply-accumulates of one sample, and
/// totals. `algorithms` are those of convolutions that are not direct, by the layer's path.
void printLayerTable(const dsl::NetSummary &net, const llvm::StringMap<std::string> &algorithms, llvm::raw_ostream &os);

/// Prints the memory of a net's functions beside the largest live sets.
void printMemoryTable(llvm::ArrayRef<cpu::FunctionPlan> functions, llvm::raw_ostream &os);

/// Prints the kernels of a function, and why what they compute is not in the kernel of what they read.
void printKernelTable(const cpu::FunctionPlan &function, llvm::raw_ostream &os);

} // namespace cnn::tools
