// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/NeuflowSamples.h"
#include "backends/cpu/SafetensorsFile.h"
#include "backends/neuflow/BindWeights.h"
#include "cnn/training.h"
#include "ir/CnnDialect.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <cstring>
#include <memory>

namespace cnn::tools {

/// The arguments that are inputs, which come first.
static std::vector<unsigned> inputsOf(mlir::func::FuncOp net) {
  std::vector<unsigned> inputs;
  for (unsigned i = 0; i < net.getNumArguments(); ++i)
    if (auto role = net.getArgAttrOfType<RoleAttr>(i, roleAttrName); role && role.getValue() == Role::Input)
      inputs.push_back(i);
  return inputs;
}

static llvm::StringRef nameOf(mlir::func::FuncOp net, unsigned argument) {
  auto name = net.getArgAttrOfType<mlir::StringAttr>(argument, nameAttrName);
  return name ? name.getValue() : "";
}

namespace {
/// All samples of one tensor of a file.
struct FileSamples {
  ~FileSamples() { cnn_free_samples(data); }
  void *data = nullptr;
  int64_t count = 0;
};
} // namespace

static ExitCode readFile(Compilation &compilation, const std::string &path, llvm::StringRef name,
                         mlir::RankedTensorType type, int64_t classes, FileSamples &file) {
  std::string text = name.str();
  llvm::ArrayRef<int64_t> shape = type.getShape();
  cnn_tensor_desc tensor = {};
  tensor.name = text.c_str();
  tensor.dtype = classes > 0 ? CNN_I32 : type.getElementType().isF32() ? CNN_F32 : CNN_U8;
  tensor.rank = static_cast<int32_t>(shape.size());
  tensor.shape = shape.data();
  tensor.class_count = classes;
  cnn_error error = {};
  if (cnn_read_samples(path.c_str(), &tensor, &file.data, &file.count, &error) != CNN_OK)
    return compilation.error(error.text);
  return ExitCode::Success;
}

/// Sample `index` of a file, with a batch of 1.
static reference::Tensor tensorOf(const FileSamples &file, mlir::RankedTensorType type, int64_t index) {
  llvm::SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin(), 1);
  int64_t size = type.getNumElements();
  if (type.getElementType().isF32()) {
    const float *from = static_cast<const float *>(file.data) + index * size;
    return reference::Tensor::ofFloats(shape, std::vector<double>(from, from + size), reference::ElementKind::F32);
  }
  const uint8_t *from = static_cast<const uint8_t *>(file.data) + index * size;
  return reference::Tensor::ofIntegers(shape, std::vector<int64_t>(from, from + size), reference::ElementKind::U8);
}

/// The type of one sample of an input; null after an error.
static mlir::RankedTensorType sampleType(Compilation &compilation, mlir::func::FuncOp net, unsigned input) {
  auto type = mlir::cast<mlir::RankedTensorType>(net.getArgumentTypes()[input]);
  mlir::Type element = type.getElementType();
  if (!element.isF32() && !element.isUnsignedInteger(8)) {
    compilation.error("the input '" + nameOf(net, input) + "' is neither f32 nor u8, which NeuFlow does not take");
    return {};
  }
  return mlir::RankedTensorType::get(type.getShape().drop_front(), element);
}

ExitCode readDataBlock(Compilation &compilation, mlir::func::FuncOp net, llvm::StringRef folder, llvm::StringRef part,
                       std::optional<int64_t> count, LabelledSamples &result) {
  DataOp data;
  for (auto train : compilation.module().getOps<TrainOp>())
    if (train.getNet() == net.getName())
      data = mlir::SymbolTable::lookupNearestSymbolFrom<DataOp>(train, train.getDataAttr());
  if (!data)
    return compilation.error("'" + compilation.path + "' has no train block for '" + net.getName() +
                             "', which would say what its data are; give samples by --calibrate");
  auto pathOf = [&](FieldOp field) {
    llvm::SmallString<128> path;
    if (!llvm::sys::path::is_absolute(field.getPath()))
      path = folder;
    llvm::sys::path::append(path, field.getPath());
    return path.str().str();
  };
  auto findField = [&](llvm::function_ref<bool(FieldOp)> matches) {
    for (FieldOp field : data.getBody().front().getOps<FieldOp>())
      if (field.getPart() == part && matches(field))
        return field;
    return FieldOp();
  };
  bool isFirst = true;
  for (unsigned input : inputsOf(net)) {
    llvm::StringRef name = nameOf(net, input);
    FieldOp field = findField([&](FieldOp field) { return field.getName() == name; });
    mlir::RankedTensorType type = sampleType(compilation, net, input);
    if (!type)
      return ExitCode::WrongModel;
    if (!field || (field.getFormat() != DataFormat::Idx && field.getFormat() != DataFormat::Npy))
      return compilation.error("the " + part + " part of '" + data.getSymName() + "' has no IDX or .npy file for '" +
                               name + "'; give samples by --calibrate");
    FileSamples file;
    if (ExitCode code = readFile(compilation, pathOf(field), name, type, 0, file); code != ExitCode::Success)
      return code;
    int64_t taken = std::min(file.count, count.value_or(file.count));
    if (isFirst)
      result.samples.resize(taken);
    else if (int64_t(result.samples.size()) != taken)
      return compilation.error("the fields of '" + data.getSymName() + "' have different numbers of samples");
    isFirst = false;
    for (int64_t i = 0; i < taken; ++i)
      result.samples[i].push_back(tensorOf(file, type, i));
  }
  if (FieldOp field = findField([](FieldOp field) { return field.getClasses() > 0; })) {
    FileSamples file;
    auto type = mlir::cast<mlir::RankedTensorType>(field.getType());
    ExitCode code = readFile(compilation, pathOf(field), field.getName(), type, field.getClasses(), file);
    if (code != ExitCode::Success)
      return code;
    if (file.count < int64_t(result.samples.size()))
      return compilation.error("the fields of '" + data.getSymName() + "' have different numbers of samples");
    const int32_t *labels = static_cast<const int32_t *>(file.data);
    result.labels.assign(labels, labels + result.samples.size());
  }
  return ExitCode::Success;
}

ExitCode readSampleFiles(Compilation &compilation, mlir::func::FuncOp net, llvm::ArrayRef<llvm::StringRef> files,
                         int64_t count, LabelledSamples &result) {
  std::vector<unsigned> inputs = inputsOf(net);
  std::vector<std::string> paths(inputs.size());
  for (llvm::StringRef text : files) {
    auto [name, path] = text.split('=');
    bool isNamed = !path.empty() && name.find_first_of("/.") == llvm::StringRef::npos;
    size_t place = 0;
    while (place < inputs.size() && (isNamed ? nameOf(net, inputs[place]) != name : !paths[place].empty()))
      ++place;
    if (place == inputs.size())
      return isNamed
                 ? compilation.error("the net has no input '" + name + "'", ExitCode::WrongCommandLine)
                 : compilation.error("'--calibrate " + text + "' is one input too many", ExitCode::WrongCommandLine);
    paths[place] = (isNamed ? path : text).str();
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    mlir::RankedTensorType type = sampleType(compilation, net, inputs[i]);
    if (!type)
      return ExitCode::WrongModel;
    if (paths[i].empty())
      return compilation.error("the net needs the input '" + nameOf(net, inputs[i]) + "': --calibrate " +
                                   nameOf(net, inputs[i]) + "=FILE",
                               ExitCode::WrongCommandLine);
    FileSamples file;
    if (ExitCode code = readFile(compilation, paths[i], nameOf(net, inputs[i]), type, 0, file);
        code != ExitCode::Success)
      return code;
    int64_t taken = std::min(file.count, count);
    if (i == 0)
      result.samples.resize(taken);
    else if (int64_t(result.samples.size()) != taken)
      return compilation.error(paths[i] + ": the number of samples differs from that of " + paths[0]);
    for (int64_t j = 0; j < taken; ++j)
      result.samples[j].push_back(tensorOf(file, type, j));
  }
  return ExitCode::Success;
}

//===-- Weights ---------------------------------------------------------------------------------------------------===//

/// What training starts from depends on the seed and on path and shape alone, so a model of one weight is enough.
static std::vector<float> initialWeight(Compilation &compilation, llvm::StringRef path, llvm::ArrayRef<int64_t> shape,
                                        InitAttr init, bool isState, uint64_t seed) {
  std::string name = path.str();
  std::vector<int32_t> storage(shape.size());
  for (size_t i = 0; i < storage.size(); ++i)
    storage[i] = static_cast<int32_t>(i);
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::vector<float> numbers(count);
  cnn_weight_desc weight = {};
  weight.path = name.c_str();
  weight.kind = isState ? CNN_STATE : CNN_PARAMETER;
  weight.dtype = CNN_F32;
  weight.rank = static_cast<int32_t>(shape.size());
  if (init) {
    weight.init = init.getKind() == InitKind::Constant  ? CNN_INIT_CONSTANT
                  : init.getKind() == InitKind::Uniform ? CNN_INIT_UNIFORM
                                                        : CNN_INIT_GAUSSIAN;
    weight.init_a = init.getA();
    weight.init_b = init.getB();
  }
  weight.shape = shape.data();
  weight.storage = storage.data();
  cnn_model_desc description = {};
  description.abi_version = CNN_ABI_VERSION;
  description.desc_bytes = sizeof(description);
  description.name = description.producer = "";
  (isState ? description.state_bytes : description.parameter_bytes) = count * sizeof(float);
  description.weight_count = 1;
  description.weights = &weight;
  cnn_model *model = nullptr;
  cnn_status status = cnn_model_create(&description, &model);
  if (status == CNN_OK)
    status = cnn_model_initialize(model, seed);
  if (status == CNN_OK)
    status = cnn_model_get_weight_at(model, 0, numbers.data(), count * sizeof(float));
  cnn_model_destroy(model);
  if (status == CNN_OK)
    return numbers;
  compilation.error(cnn_status_text(status));
  return {};
}

ExitCode bindWeights(Compilation &compilation, mlir::func::FuncOp net, const std::string &path, uint64_t seed) {
  std::optional<cpu::SafetensorsFile> file;
  if (!path.empty()) {
    llvm::Expected<cpu::SafetensorsFile> opened = cpu::SafetensorsFile::open(path);
    if (!opened)
      return compilation.error(llvm::toString(opened.takeError()));
    file = std::move(*opened);
  }
  auto read = [&](llvm::StringRef name, llvm::ArrayRef<int64_t> shape) -> std::vector<float> {
    if (!file) {
      for (unsigned i = 0; i < net.getNumArguments(); ++i)
        if (nameOf(net, i) == name) {
          bool isState = net.getArgAttrOfType<RoleAttr>(i, roleAttrName).getValue() == Role::State;
          return initialWeight(compilation, name, shape, net.getArgAttrOfType<InitAttr>(i, initAttrName), isState,
                               seed);
        }
      return {};
    }
    auto found = file->getTensors().find(name.str());
    if (found == file->getTensors().end()) {
      compilation.error(path + ": expected the weight '" + name + "', but there is none");
      return {};
    }
    const cpu::StoredTensor &stored = found->second;
    if (stored.dtype != "F32" || llvm::ArrayRef(stored.shape) != shape) {
      compilation.error(path + ": expected '" + name + "' as F32" + shapeText(shape) + ", but got " + stored.dtype +
                        shapeText(stored.shape));
      return {};
    }
    std::vector<float> numbers(stored.data.size() / sizeof(float));
    std::memcpy(numbers.data(), stored.data.data(), stored.data.size());
    return numbers;
  };
  return mlir::succeeded(neuflow::bindWeights(net, read)) ? ExitCode::Success : ExitCode::WrongModel;
}

} // namespace cnn::tools
