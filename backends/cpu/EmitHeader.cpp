// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/cpu/EmitHeader.h"

#include "backends/cpu/Embedded.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

namespace cnn::cpu {

namespace {

llvm::StringRef getCType(cnn_dtype dtype) {
  switch (dtype) {
  case CNN_F32:
    return "float";
  case CNN_U8:
    return "uint8_t";
  case CNN_I32:
    return "int32_t";
  case CNN_I64:
    return "int64_t";
  }
  return "void";
}

class HeaderWriter {
public:
  HeaderWriter(const ModelDescription &model, bool hasWeights)
      : model(model), name(model.name), hasWeights(hasWeights), out(text) {}

  std::string write() {
    writeOpening();
    writeModel();
    writeRun();
    if (model.trainStep)
      writeTrainer();
    out << "#ifdef __cplusplus\n}\n#endif\n#endif\n";
    return std::move(text);
  }

private:
  /// Names of parameters that are C identifiers, different from each other: "in_image", "out_score". With the prefix no
  /// name is a keyword, type or macro of C or C++, or a parameter of ours.
  static std::vector<std::string> getParameterNames(llvm::ArrayRef<TensorDescription> tensors, llvm::StringRef prefix) {
    std::vector<std::string> names;
    llvm::StringSet<> taken;
    for (const TensorDescription &tensor : tensors) {
      std::string identifier = prefix.str();
      for (char c : tensor.name)
        identifier += llvm::isAlnum(c) ? c : '_';
      while (!taken.insert(identifier).second)
        identifier += "_";
      names.push_back(identifier);
    }
    return names;
  }

  static std::string getShape(llvm::ArrayRef<int64_t> shape, llvm::StringRef first) {
    std::string shown = "[" + first.str();
    for (int64_t size : shape)
      shown += (shown.size() > 1 ? ", " : "") + std::to_string(size);
    return shown + "]";
  }

  static bool hasLabel(const FunctionDescription &function) {
    return llvm::any_of(function.inputs, [](const TensorDescription &input) { return input.classes > 0; });
  }

  void writeTensors(llvm::ArrayRef<TensorDescription> tensors, llvm::ArrayRef<std::string> names,
                    llvm::StringRef direction) {
    for (auto [tensor, parameter] : llvm::zip(tensors, names)) {
      out << " *   " << parameter << "  " << direction << ", " << getCType(tensor.dtype)
          << getShape(tensor.shape, "batch");
      if (tensor.classes > 0)
        out << ", class numbers from 0 to " << tensor.classes - 1;
      out << "\n";
    }
  }

  static void addPointers(llvm::ArrayRef<TensorDescription> tensors, llvm::ArrayRef<std::string> names,
                          llvm::StringRef qualifier, std::vector<std::string> &parameters) {
    for (auto [tensor, parameter] : llvm::zip(tensors, names))
      parameters.push_back((qualifier + getCType(tensor.dtype) + " *" + parameter).str());
  }

  /// cnn_status NAME_verb(parameters..); in as many lines as it takes.
  void writeFunction(llvm::StringRef verb, llvm::ArrayRef<std::string> parameters) {
    constexpr size_t maxColumns = 100;
    std::string line = ("cnn_status " + name + "_" + verb + "(").str();
    bool isFirst = true;
    for (const std::string &parameter : parameters) {
      // And ", " before it, "," or ");" behind it.
      if (!isFirst && line.size() + parameter.size() + 4 > maxColumns) {
        out << line << ",\n";
        line = "    " + parameter;
      } else {
        line += (isFirst ? "" : ", ") + parameter;
      }
      isFirst = false;
    }
    out << line << ");\n\n";
  }

  void writeOpening() {
    std::string guard = "CNN_MODEL_" + name + "_H";
    int64_t parameters = 0;
    for (const WeightDescription &weight : model.weights)
      parameters += weight.kind == CNN_PARAMETER ? weight.getElements() : 0;
    out << "/* " << name << ", compiled by " << model.producer << ".\n"
        << " *\n"
        << " *   " << name << "_model    the weights: " << parameters << " parameters, "
        << model.parameterBytes + model.stateBytes << " bytes"
        << (model.derived.empty() ? std::string()
                                  : ", and " + std::to_string(model.derivedBytes) + " computed from them")
        << "\n"
        << " *   " << name << "_run      what one thread needs to run the network\n";
    if (model.trainStep)
      out << " *   " << name << "_trainer  what training needs besides\n";
    out << " *\n"
        << " * Buffers of samples are dense and row-major, batch outermost, then channels, then rows and columns.\n"
        << " * A function that can fail returns a cnn_status and writes its results on CNN_OK alone; nothing prints,\n"
        << " * nothing ends the program, and there is no global state. *_destroy(NULL) does nothing.\n"
        << " *\n"
        << " * Threads. Distinct run states may run at the same time, also of one model. A function that takes a\n"
        << " * non-const object must not run beside another use of that object; a function that changes weights (set,\n"
        << " * initialize, refresh" << (model.trainStep ? ", train_step" : "")
        << ") must not run beside any use of the model.\n"
        << " * A model must outlive what was made from it.\n"
        << " * Kernels run on the calling thread, unless the program is linked with the runtime library\n"
        << " * (-lcnn_runtime, cnn/runtime.h): then they use its threads. Results do not depend on it.\n"
        << " *\n"
        << " * Link with lib" << name << ".a -lm, or with lib" << name << ".so.\n"
        << " */\n"
        << "#ifndef " << guard << "\n#define " << guard << "\n\n"
        << "#include <stddef.h>\n#include <stdint.h>\n\n"
        << cnnStatusHeader << "\n"
        << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
        << "typedef struct " << name << "_model " << name << "_model;\n"
        << "typedef struct " << name << "_run " << name << "_run;\n";
    if (model.trainStep)
      out << "typedef struct " << name << "_trainer " << name << "_trainer;\n";
    out << "\n/* The description of this model, for the functions of cnn/runtime.h. */\n"
        << "struct cnn_model_desc;\n"
        << "extern const struct cnn_model_desc " << name << "_model_desc;\n\n"
        << "/* A short description of the status. Static storage, never NULL. */\n"
        << "const char *" << name << "_status_text(cnn_status status);\n\n";
  }

  void writeModel() {
    out << "/* ---- Weights ---- */\n\n"
        << (hasWeights ? "/* Makes a model with the weights it was compiled with. They are read in place, without a "
                         "copy, until one is\n"
                         " * changed."
            : model.weights.empty() ? "/* Makes a model. It has no weights that can be set.\n *"
                                    : "/* Makes a model whose weights are zeros: set them, or initialize them.\n *")
        << " CNN_NO_MEMORY; CNN_BAD_ARGUMENT if model is NULL. */\n"
        << "cnn_status " << name << "_create(" << name << "_model **model);\n"
        << "void " << name << "_destroy(" << name << "_model *model);\n\n"
        << "/* The same in caller memory of " << name
        << "_bytes() bytes, of any alignment, which must outlive the model.\n"
        << " * CNN_WRONG_SIZE if it is smaller. */\n"
        << "size_t " << name << "_bytes(void);\n"
        << "cnn_status " << name << "_create_in(void *memory, size_t bytes, " << name << "_model **model);\n\n"
        << "/* Gives every weight its first random value, which depends on the seed alone. CNN_NO_MEMORY. */\n"
        << "cnn_status " << name << "_initialize(" << name << "_model *model, uint64_t seed);\n\n"
        << "/* Copies a weight out of, or into, the model: row-major, [outputs, inputs, rows, columns] of a "
           "convolution.\n"
        << " * `bytes` is the size of `values`. CNN_NO_WEIGHT if there is no such path, CNN_WRONG_SIZE; set also\n"
        << " * CNN_NO_MEMORY. The weights, by path:\n";
    for (const WeightDescription &weight : model.weights)
      out << " *   " << weight.path << "  " << getCType(weight.dtype) << getShape(weight.shape, "")
          << (weight.kind == CNN_STATE ? ", running statistic" : "") << "\n";
    out << " */\n"
        << "cnn_status " << name << "_get_weight(const " << name
        << "_model *model, const char *path, void *values, size_t bytes);\n"
        << "cnn_status " << name << "_set_weight(" << name
        << "_model *model, const char *path, const void *values, size_t bytes);\n\n"
        << "/* All parameters and all running statistics as one block each, in the order of the compiled code: to\n"
        << " * average, to save or to send as a whole. NULL if there is no memory. After parameters have been written\n"
        << " * through the pointer, and before the next run, " << name
        << "_refresh computes what is kept beside them.\n"
        << " */\n"
        << "#define " << name << "_PARAMETER_BYTES ((size_t)" << model.parameterBytes << ")\n"
        << "#define " << name << "_STATE_BYTES ((size_t)" << model.stateBytes << ")\n"
        << "void *" << name << "_parameters(" << name << "_model *model);\n"
        << "void *" << name << "_states(" << name << "_model *model);\n"
        << "void " << name << "_refresh(" << name << "_model *model);\n\n";
  }

  void writeHooks(llvm::StringRef object, const FunctionDescription &function, llvm::StringRef functionName,
                  const std::string &note) {
    out << "/* Replaces who runs the kernels; NULL is the calling thread alone. The function must call\n"
        << " * kernel(arguments, begin, end) over a partition of [0, count) and return when all is done. */\n"
        << "void " << name << "_" << object << "_set_parallel_for(\n"
        << "    " << name << "_" << object << " *" << object << ",\n"
        << "    void (*parallel_for)(void *context, void (*kernel)(void *arguments, int64_t begin, int64_t end),\n"
        << "                         void *arguments, int64_t count),\n"
        << "    void *context);\n\n"
        << "/* Who is told where a call is, to measure it: on the calling thread, before each launch of a kernel,\n"
        << " * with its number, and at the end. " << name << "_" << functionName << " has " << function.launches.size()
        << " launches,\n"
        << note << " * 'cnnc profile' lists them. NULL is nobody. */\n"
        << "void " << name << "_" << object << "_set_observer(" << name << "_" << object << " *" << object << ",\n"
        << "    void (*observe)(void *context, int64_t launch), void *context);\n\n";
  }

  void writeDeviceHook() {
    out << (model.deviceParts.empty()
                ? "/* Nothing: this network has no parts that a device carries out. */\n"
                : "/* Replaces who carries out the parts of the network that are a device's; it must outlive the run\n"
                  " * state. NULL is the library's own: a run state makes one, with malloc, when it first needs it. "
                  "*/\n");
    out << "struct cnn_device;\n"
        << "void " << name << "_run_set_device(" << name << "_run *run, const struct cnn_device *device);\n\n";
  }

  void writeRun() {
    out << "/* ---- Inference ---- */\n\n"
        << "/* Makes a run state for batches of up to max_batch samples (>= 1) at a time. Its memory is\n"
        << " * " << model.infer.arenaFixedBytes << " + max_batch * " << model.infer.arenaSampleBytes
        << " bytes and some more; with large layers also working memory for\n"
        << " * each of up to 16 threads, which is not touched before it is used. CNN_NO_MEMORY; CNN_BAD_ARGUMENT. */\n"
        << "cnn_status " << name << "_run_create(const " << name << "_model *model, int64_t max_batch, " << name
        << "_run **run);\n"
        << "void " << name << "_run_destroy(" << name << "_run *run);\n\n"
        << "/* The same in caller memory of " << name << "_run_bytes(max_batch) bytes (0 if that overflows), of any\n"
        << " * alignment. CNN_WRONG_SIZE if it is smaller. */\n"
        << "size_t " << name << "_run_bytes(int64_t max_batch);\n"
        << "cnn_status " << name << "_run_create_in(const " << name
        << "_model *model, int64_t max_batch, void *memory, size_t bytes,\n"
        << "    " << name << "_run **run);\n\n";
    writeHooks("run", model.infer, "infer", " * from 0 for each piece of a large batch.\n");
    writeDeviceHook();
    std::vector<std::string> inputs = getParameterNames(model.infer.inputs, "in_");
    std::vector<std::string> outputs = getParameterNames(model.infer.outputs, "out_");
    out << "/* Runs the network on `batch` samples (>= 1; above max_batch, in pieces):\n";
    writeTensors(model.infer.inputs, inputs, "input");
    writeTensors(model.infer.outputs, outputs, "output");
    out << " * No two of the buffers may overlap.\n"
        << " * CNN_BAD_ARGUMENT if a pointer is NULL" << (hasLabel(model.infer) ? ", a label is no class" : "")
        << " or the batch is below 1."
        << (model.deviceParts.empty() ? ""
                                      : "\n * CNN_NO_MEMORY; CNN_DEVICE_FAILED: what is in the outputs then is "
                                        "irrelevant.")
        << " */\n";
    std::vector<std::string> parameters = {name + "_run *run", "int64_t batch"};
    addPointers(model.infer.inputs, inputs, "const ", parameters);
    addPointers(model.infer.outputs, outputs, "", parameters);
    writeFunction("infer", parameters);
  }

  void writeTrainer() {
    const FunctionDescription &step = *model.trainStep;
    out << "/* ---- Training ---- */\n\n"
        << "/* Makes a trainer for batches of up to max_batch samples; it trains the model in place. Optimizer state "
           "is\n"
        << " * zeros, the step is 0, `seed` is that of dropout. Its memory is "
        << step.arenaFixedBytes + model.slotBytes << " + max_batch * " << step.arenaSampleBytes << " bytes\n"
        << " * and some more. CNN_NO_MEMORY; CNN_BAD_ARGUMENT. */\n"
        << "cnn_status " << name << "_trainer_create(" << name
        << "_model *model, int64_t max_batch, uint64_t seed,\n    " << name << "_trainer **trainer);\n"
        << "void " << name << "_trainer_destroy(" << name << "_trainer *trainer);\n\n"
        << "/* The same in caller memory of " << name
        << "_trainer_bytes(max_batch) bytes (0 if that overflows), of any\n"
        << " * alignment. CNN_WRONG_SIZE if it is smaller. */\n"
        << "size_t " << name << "_trainer_bytes(int64_t max_batch);\n"
        << "cnn_status " << name << "_trainer_create_in(" << name
        << "_model *model, int64_t max_batch, uint64_t seed, void *memory,\n    size_t bytes, " << name
        << "_trainer **trainer);\n\n";
    writeHooks("trainer", *model.trainStep, "train_step",
               model.evaluate ? " * and " + name + "_evaluate " + std::to_string(model.evaluate->launches.size()) +
                                    ", from 0 for each piece of a large batch.\n"
                              : "");
    writeTrainerRun(
        "train_step", step,
        "One step on a batch of 1 to max_batch samples: forward, backward, update with this learning rate.\n"
        " * The results are means over the batch, before the update; a NULL result is not wanted.\n"
        " * CNN_BATCH_TOO_LARGE, CNN_BAD_ARGUMENT: nothing is changed then.",
        /*hasRate=*/true);
    if (model.evaluate)
      writeTrainerRun("evaluate", *model.evaluate,
                      "The means over any number of samples in inference mode; changes nothing. CNN_BAD_ARGUMENT.",
                      /*hasRate=*/false);
    out << "/* The position, to be saved and restored: the number of the next step, and the optimizer's block. */\n"
        << "#define " << name << "_SLOT_BYTES ((size_t)" << model.slotBytes << ")\n"
        << "uint64_t " << name << "_trainer_get_step(const " << name << "_trainer *trainer);\n"
        << "void " << name << "_trainer_set_step(" << name << "_trainer *trainer, uint64_t step);\n"
        << "void *" << name << "_trainer_slots(" << name << "_trainer *trainer);\n\n";
  }

  void writeTrainerRun(llvm::StringRef verb, const FunctionDescription &function, llvm::StringRef contract,
                       bool hasRate) {
    std::vector<std::string> inputs = getParameterNames(function.inputs, "in_");
    std::vector<std::string> outputs = getParameterNames(function.outputs, "out_");
    out << "/* " << contract << "\n";
    writeTensors(function.inputs, inputs, "input");
    for (const std::string &output : outputs)
      out << " *   " << output << "  result, one float\n";
    out << " * No two of the buffers may overlap."
        << (hasLabel(function) ? " CNN_BAD_ARGUMENT if a label is no class." : "") << " */\n";
    std::vector<std::string> parameters = {name + "_trainer *trainer", "int64_t batch"};
    addPointers(function.inputs, inputs, "const ", parameters);
    if (hasRate)
      parameters.push_back("float rate");
    for (const std::string &output : outputs)
      parameters.push_back("float *" + output);
    writeFunction(verb, parameters);
  }

  const ModelDescription &model;
  const std::string &name;
  bool hasWeights;
  std::string text;
  llvm::raw_string_ostream out;
};

} // namespace

std::string emitHeader(const ModelDescription &model, bool hasWeights) {
  return HeaderWriter(model, hasWeights).write();
}

} // namespace cnn::cpu
