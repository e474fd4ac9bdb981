// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compiled model holds: the compiler's side of cnn_model_desc.

#ifndef CNN_BACKENDS_CPU_MODELDESCRIPTION_H
#define CNN_BACKENDS_CPU_MODELDESCRIPTION_H

#include "mlir/IR/BuiltinOps.h"
#include "runtime/abi/model.h"
#include <optional>
#include <string>
#include <vector>

namespace cnn::cpu {

struct TensorDescription {
  std::string name;
  cnn_dtype dtype;
  std::vector<int64_t> shape; // of one sample
  int64_t classes = 0;        // of a label: how many classes there are
};

struct WeightDescription {
  std::string path;
  cnn_weight_kind kind;
  cnn_dtype dtype;
  std::vector<int64_t> shape;   // canonical
  std::vector<int32_t> storage; // as in cnn_weight_desc
  int64_t block = 0;
  cnn_init_kind init = CNN_INIT_CONSTANT;
  double initA = 0, initB = 0;
  uint64_t offset = 0;

  int64_t getElements() const;
  /// The dimensions in the stored order: their sizes, and their strides in elements of the canonical order.
  struct StoredDimension {
    int64_t size, stride;
  };
  std::vector<StoredDimension> getStoredDimensions() const;
};

struct DerivedDescription {
  std::string path;   // of the weight
  int64_t weight = 0; // its index
  cnn_derived_kind kind = CNN_DERIVED_WINOGRAD;
  int32_t tile = 0;
  int64_t block = 0;
  uint64_t offset = 0;
};

struct LaunchDescription {
  std::string layers, ops; // by commas
  std::string kernel;
  std::string whyApart;        // why it is not in the kernel of what it reads, if a kernel makes that
  std::string algorithm, tile; // as in cnn_launch_desc; the tile is known when the kernel has been made
  uint64_t fixedFlops = 0, sampleFlops = 0;
  uint64_t fixedBytes = 0, sampleBytes = 0;
};

struct FunctionDescription {
  std::string entry; // its symbol
  std::vector<TensorDescription> inputs;
  std::vector<TensorDescription> outputs;
  uint64_t arenaFixedBytes = 0;
  uint64_t arenaSampleBytes = 0;
  uint64_t liveFixedBytes = 0; // the largest live sets, below which no arena can go
  uint64_t liveSampleBytes = 0;
  std::vector<LaunchDescription> launches;
  uint64_t scratchBytes = 0; // known when the kernels are lowered
};

struct DeviceTensorDescription {
  std::string name;
  cnn_dtype dtype;
  int32_t fraction;
  int64_t planes, rows, columns;
};

struct DevicePartDescription {
  std::string name;
  std::string program;
  std::vector<DeviceTensorDescription> inputs, outputs;
};

struct ModelDescription {
  std::string name;
  std::string producer;
  uint64_t codeHash = 0; // of the functions before anything depends on the target
  uint64_t parameterBytes = 0;
  uint64_t stateBytes = 0;
  uint64_t slotBytes = 0;
  uint64_t derivedBytes = 0;
  std::vector<WeightDescription> weights;
  std::vector<DerivedDescription> derived;
  FunctionDescription infer;
  std::optional<FunctionDescription> trainStep;
  std::optional<FunctionDescription> evaluate;
  std::vector<DevicePartDescription> deviceParts; // by their numbers
  std::string deviceSource;                       // symbol of a cnn_device_source; empty without parts

  /// Those that there are.
  std::vector<FunctionDescription *> getFunctions();
};

int64_t getDtypeBytes(cnn_dtype dtype);

/// Reads the functions of the net after cnn-place-weights and cnn-plan-memory. A failure has been reported.
mlir::FailureOr<ModelDescription> describeModel(mlir::ModuleOp module, llvm::StringRef net);

} // namespace cnn::cpu

#endif
