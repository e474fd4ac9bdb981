// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weights of a model as an object file.

#ifndef CNN_BACKENDS_CPU_WEIGHTSOBJECT_H
#define CNN_BACKENDS_CPU_WEIGHTSOBJECT_H

#include "backends/cpu/ModelDescription.h"
#include "backends/cpu/SafetensorsFile.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::cpu {

/// Symbols of the three blocks.
std::string getEmbeddedParametersSymbol(const ModelDescription &model);
std::string getEmbeddedStatesSymbol(const ModelDescription &model);
std::string getEmbeddedDerivedSymbol(const ModelDescription &model);

/// Whether the file holds exactly the weights of the model: names, types, shapes.
llvm::Error checkWeights(const ModelDescription &model, const SafetensorsFile &file, llvm::StringRef path);

/// Writes an ELF object whose read-only data are the parameter, the state and the derived block, in storage order. It
/// is for the machine of `modelObject`, another ELF object. The weights have been checked.
void writeWeightsObject(const ModelDescription &model, const SafetensorsFile &file, llvm::StringRef modelObject,
                        llvm::raw_ostream &stream);

} // namespace cnn::cpu

#endif
