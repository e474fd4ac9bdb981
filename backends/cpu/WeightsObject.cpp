// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights are large (VGG-16: 553 MB), and LLVM would copy them several times on their way through a module into an
// object. So they are written straight into an ELF object, one weight at a time:
//
//   [ELF header][.rodata: parameter, state, derived block][.symtab][.strtab][.shstrtab][section headers]
#include "backends/cpu/WeightsObject.h"

#include "backends/cpu/MemoryPlan.h"
#include "runtime/abi/support.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/BinaryFormat/ELF.h"
#include <cstring>

using namespace llvm;

namespace cnn::cpu {

std::string getEmbeddedParametersSymbol(const ModelDescription &model) { return model.name + "_embedded_parameters"; }
std::string getEmbeddedStatesSymbol(const ModelDescription &model) { return model.name + "_embedded_states"; }
std::string getEmbeddedDerivedSymbol(const ModelDescription &model) { return model.name + "_embedded_derived"; }

static StringRef getStoredType(cnn_dtype dtype) {
  switch (dtype) {
  case CNN_F32:
    return "F32";
  case CNN_U8:
    return "U8";
  case CNN_I32:
    return "I32";
  case CNN_I64:
    return "I64";
  }
  return "?";
}

static std::string printShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, size] : llvm::enumerate(shape))
    text += (i ? ", " : "") + std::to_string(size);
  return text + "]";
}

/// ", did you mean 'conv1.weight'?", or nothing if no candidate is near. Ties go to the first.
static std::string suggest(StringRef name, ArrayRef<StringRef> candidates, StringRef question) {
  StringRef best;
  unsigned bestDistance = (name.size() + 2) / 3 + 1;
  for (StringRef candidate : candidates) {
    unsigned distance = name.edit_distance(candidate, /*AllowReplacements=*/true, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best.empty() ? "" : (", " + question + " '" + best + "'?").str();
}

Error checkWeights(const ModelDescription &model, const SafetensorsFile &file, StringRef path) {
  StringSet<> known;
  std::vector<StringRef> paths, unknown;
  for (const WeightDescription &weight : model.weights) {
    known.insert(weight.path);
    paths.push_back(weight.path);
  }
  for (const auto &[name, tensor] : file.getTensors())
    if (!known.contains(name))
      unknown.push_back(name);
  for (const WeightDescription &weight : model.weights) {
    auto found = file.getTensors().find(weight.path);
    if (found == file.getTensors().end())
      return createStringError("weight '" + weight.path + "' of " + model.name + " is missing in '" + path + "'" +
                               suggest(weight.path, unknown, "is it what the file calls"));
    const StoredTensor &tensor = found->second;
    if (tensor.dtype != getStoredType(weight.dtype))
      return createStringError("expected weight '" + weight.path + "' of type " + getStoredType(weight.dtype) +
                               ", but '" + path + "' has " + tensor.dtype);
    if (tensor.shape != weight.shape)
      return createStringError("expected weight '" + weight.path + "' of shape " + printShape(weight.shape) +
                               ", but '" + path + "' has " + printShape(tensor.shape));
  }
  if (unknown.empty())
    return Error::success();
  return createStringError("'" + path + "' holds '" + unknown.front() + "', which is no weight of " + model.name +
                           suggest(unknown.front(), paths, "did you mean"));
}

/// Copies a tensor into storage order. `Element` has the element's size.
template <typename Element> static void permute(const WeightDescription &weight, const char *canonical, char *stored) {
  size_t rank = weight.storage.size();
  SmallVector<int64_t> sizes, strides; // of the canonical tensor, in the order of the stored one
  for (auto [size, stride] : weight.getStoredDimensions()) {
    sizes.push_back(size);
    strides.push_back(stride);
  }
  if (rank == 0) {
    memcpy(stored, canonical, sizeof(Element));
    return;
  }
  auto at = [&](int64_t offset) {
    Element element;
    memcpy(&element, canonical + offset * int64_t(sizeof(Element)), sizeof(Element));
    return element;
  };
  // The last canonical dimension is contiguous there; with the last stored one it spans tiles that fit in the cache.
  size_t column = rank - 1, row = rank - 1;
  for (size_t i = 0; i < rank; ++i)
    if (strides[i] == 1 && weight.storage[i] == int64_t(weight.shape.size()) - 1)
      row = i;
  SmallVector<int64_t> storedStrides(rank, 1);
  for (size_t i = rank; i-- > 1;)
    storedStrides[i - 1] = storedStrides[i] * sizes[i];
  SmallVector<int64_t> index(rank, 0);
  constexpr int64_t tile = 32;
  while (true) {
    int64_t from = 0, to = 0;
    for (size_t i = 0; i < rank; ++i) {
      from += index[i] * strides[i];
      to += index[i] * storedStrides[i];
    }
    int64_t rowEnd = row == column ? 1 : std::min(tile, sizes[row] - index[row]);
    int64_t columnEnd = std::min(tile, sizes[column] - index[column]);
    for (int64_t r = 0; r < rowEnd; ++r)
      for (int64_t c = 0; c < columnEnd; ++c) {
        Element element = at(from + (row == column ? 0 : r * strides[row]) + c * strides[column]);
        memcpy(stored + (to + (row == column ? 0 : r * storedStrides[row]) + c) * int64_t(sizeof(Element)), &element,
               sizeof(Element));
      }
    size_t dim = rank;
    while (dim-- > 0) {
      index[dim] += dim == row || dim == column ? tile : 1;
      if (index[dim] < sizes[dim])
        break;
      index[dim] = 0;
    }
    if (dim == size_t(-1))
      return;
  }
}

static void writeBlock(const ModelDescription &model, const SafetensorsFile &file, cnn_weight_kind kind, uint64_t bytes,
                       raw_ostream &stream) {
  uint64_t position = 0;
  std::vector<char> stored;
  for (const WeightDescription &weight : model.weights) {
    if (weight.kind != kind)
      continue;
    stream.write_zeros(weight.offset - position);
    StringRef data = file.getTensors().find(weight.path)->second.data;
    if (!llvm::is_sorted(weight.storage)) {
      stored.resize(data.size());
      switch (getDtypeBytes(weight.dtype)) {
      case 1:
        permute<uint8_t>(weight, data.data(), stored.data());
        break;
      case 4:
        permute<uint32_t>(weight, data.data(), stored.data());
        break;
      default:
        permute<uint64_t>(weight, data.data(), stored.data());
      }
      data = StringRef(stored.data(), stored.size());
    }
    stream << data;
    position = weight.offset + data.size();
  }
  stream.write_zeros(bytes - position);
}

/// By the code that computes it in a model whose weights are set, so that it is the same in each byte.
static void writeDerivedBlock(const ModelDescription &model, const SafetensorsFile &file, raw_ostream &stream) {
  uint64_t position = 0;
  std::vector<float> canonical;
  std::vector<char> values;
  for (const DerivedDescription &derived : model.derived) {
    stream.write_zeros(derived.offset - position);
    const WeightDescription &weight = model.weights[derived.weight];
    StringRef data = file.getTensors().find(weight.path)->second.data;
    canonical.resize(weight.getElements());
    memcpy(canonical.data(), data.data(), data.size()); // the file need not align it
    cnn_weight_desc weightDesc = {};
    weightDesc.dtype = weight.dtype;
    weightDesc.rank = static_cast<int32_t>(weight.shape.size());
    weightDesc.shape = weight.shape.data();
    cnn_derived_desc desc = {derived.weight, derived.kind, derived.tile, derived.block, derived.offset};
    size_t bytes = cnn_derived_bytes(&desc, &weightDesc);
    values.resize(bytes);
    cnn_derive_weight(&desc, &weightDesc, canonical.data(), values.data());
    stream.write(values.data(), bytes);
    position = derived.offset + bytes;
  }
  stream.write_zeros(model.derivedBytes - position);
}

template <typename T> static void writeStruct(raw_ostream &stream, const T &value) {
  stream.write(reinterpret_cast<const char *>(&value), sizeof(T));
}

void writeWeightsObject(const ModelDescription &model, const SafetensorsFile &file, StringRef modelObject,
                        raw_ostream &stream) {
  using namespace ELF;
  Elf64_Ehdr header;
  assert(modelObject.size() >= sizeof(header) && "an ELF object");
  memcpy(&header, modelObject.data(), sizeof(header));

  // The tables behind the data.
  std::string strings(1, '\0'), sectionNames(1, '\0');
  auto add = [](std::string &table, StringRef text) {
    size_t position = table.size();
    table += text;
    table += '\0';
    return uint32_t(position);
  };
  enum : uint16_t { null, rodata, symtab, strtab, shstrtab, noteStack, sectionCount };
  Elf64_Sym symbols[4] = {};
  auto setSymbol = [&](Elf64_Sym &symbol, StringRef name, uint64_t offset, uint64_t bytes) {
    symbol.st_name = add(strings, name);
    symbol.setBindingAndType(STB_GLOBAL, STT_OBJECT);
    symbol.st_other = STV_HIDDEN;
    symbol.st_shndx = rodata;
    symbol.st_value = offset;
    symbol.st_size = bytes;
  };
  setSymbol(symbols[1], getEmbeddedParametersSymbol(model), 0, model.parameterBytes);
  setSymbol(symbols[2], getEmbeddedStatesSymbol(model), model.parameterBytes, model.stateBytes);
  setSymbol(symbols[3], getEmbeddedDerivedSymbol(model), model.parameterBytes + model.stateBytes, model.derivedBytes);

  uint64_t start = alignBytes(sizeof(Elf64_Ehdr));
  uint64_t dataBytes = model.parameterBytes + model.stateBytes + model.derivedBytes;
  Elf64_Shdr sections[sectionCount] = {};
  auto setSection = [&](uint16_t i, StringRef name, uint32_t kind, uint64_t flags, uint64_t offset, uint64_t size,
                        uint64_t alignment) {
    sections[i].sh_name = add(sectionNames, name);
    sections[i].sh_type = kind;
    sections[i].sh_flags = flags;
    sections[i].sh_offset = offset;
    sections[i].sh_size = size;
    sections[i].sh_addralign = alignment;
  };
  setSection(rodata, ".rodata", SHT_PROGBITS, SHF_ALLOC, start, dataBytes, CNN_ALIGNMENT);
  uint64_t end = start + dataBytes;
  setSection(symtab, ".symtab", SHT_SYMTAB, 0, end, sizeof(symbols), 8);
  sections[symtab].sh_link = strtab;
  sections[symtab].sh_info = 1; // the first that is not local
  sections[symtab].sh_entsize = sizeof(Elf64_Sym);
  end += sizeof(symbols);
  setSection(strtab, ".strtab", SHT_STRTAB, 0, end, strings.size(), 1);
  end += strings.size();
  setSection(noteStack, ".note.GNU-stack", SHT_PROGBITS, 0, end, 0, 1);
  setSection(shstrtab, ".shstrtab", SHT_STRTAB, 0, end, 0, 1);
  sections[shstrtab].sh_size = sectionNames.size();
  end += sectionNames.size();

  // Class, byte order, machine and ABI flags are those of the model's object.
  header.e_type = ET_REL;
  header.e_entry = header.e_phoff = 0;
  header.e_phentsize = header.e_phnum = 0;
  header.e_shoff = alignTo(end, 8);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = sectionCount;
  header.e_shstrndx = shstrtab;
  writeStruct(stream, header);
  stream.write_zeros(start - sizeof(header));
  writeBlock(model, file, CNN_PARAMETER, model.parameterBytes, stream);
  writeBlock(model, file, CNN_STATE, model.stateBytes, stream);
  writeDerivedBlock(model, file, stream);
  writeStruct(stream, symbols);
  stream << strings << sectionNames;
  stream.write_zeros(header.e_shoff - end);
  writeStruct(stream, sections);
}

} // namespace cnn::cpu
