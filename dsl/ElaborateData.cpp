// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data blocks: fields with their types and sources, the same fields of other parts, and the order of training.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

namespace {
struct FieldType {
  mlir::RankedTensorType type;
  int64_t classes = 0;
};
} // namespace

static void buildField(Elaborator &elaborator, const Entry &entry, llvm::StringRef part, const FieldType &field) {
  if (!entry.value) {
    elaborator.error(entry.name.range, "the field '" + entry.name.text + "' needs a source, such as idx(\"…\")");
    return;
  }
  Value value = elaborator.evaluate(entry.value);
  if (value.isPoison())
    return;
  const Record *source = value.asRecord();
  if (!source || source->family != "data source") {
    elaborator.error(entry.value, "expected a source of data, but this is " + describe(value))
        .help(elaborator.placeOf(entry.value), "idx(\"…\"), npy(\"…\") or folder(\"…\")");
    return;
  }
  DataFormat format = source->kind == "idx"   ? DataFormat::Idx
                      : source->kind == "npy" ? DataFormat::Npy
                                              : DataFormat::Folder;
  if (format == DataFormat::Folder && field.classes > 0)
    format = DataFormat::FolderClass;
  auto number = [&](llvm::StringRef name) {
    const Value *found = source->find(name);
    return found ? found->asNumber().value_or(0) : 0;
  };
  double flip = number("flip"), shift = number("shift"), fill = number("fill");
  bool isImage = field.type.getRank() == 3 && field.classes == 0;
  if ((flip > 0 || shift > 0) && !isImage) {
    elaborator.error(entry.value, "only images, [C, H, W], can be flipped and shifted");
    return;
  }
  if (format == DataFormat::Folder && !isImage) {
    elaborator.error(entry.value, "a folder holds images, [C, H, W], and their classes");
    return;
  }
  if ((flip > 0 || shift > 0) && part != "train") {
    elaborator.error(entry.value, "only the training part is augmented");
    return;
  }
  mlir::OpBuilder &builder = elaborator.builder;
  mlir::OperationState state(elaborator.locationOf(entry.range), FieldOp::getOperationName());
  state.addAttribute("name", builder.getStringAttr(entry.name.text));
  state.addAttribute("part", builder.getStringAttr(part));
  state.addAttribute("format", DataFormatAttr::get(&elaborator.context, format));
  state.addAttribute("path", builder.getStringAttr(*source->find("path")->as<Text>()->text));
  state.addAttribute("type", mlir::TypeAttr::get(field.type));
  state.addAttribute("classes", builder.getI64IntegerAttr(field.classes));
  state.addAttribute("flip", builder.getF64FloatAttr(flip));
  state.addAttribute("shift", builder.getI64IntegerAttr(static_cast<int64_t>(shift)));
  state.addAttribute("fill", builder.getF64FloatAttr(fill));
  builder.create(state);
}

/// `shuffle = off`, beside the fields, which have types: a field may have that name, too.
static bool isShuffle(const Entry &entry) { return entry.name.text == "shuffle" && !entry.type && !entry.isBlock; }

static void readShuffle(Elaborator &elaborator, const DataDecl &decl, mlir::Operation *data) {
  const Entry *first = nullptr;
  for (const Entry &entry : decl.entries) {
    if (!isShuffle(entry))
      continue;
    if (first) {
      elaborator.error(entry.name.range, "'shuffle' is given twice").note(first->name.range, "first given here");
      continue;
    }
    first = &entry;
    Value value = elaborator.evaluate(entry.value);
    if (const bool *isOn = value.as<bool>())
      data->setAttr("shuffle", elaborator.builder.getBoolAttr(*isOn));
    else if (!value.isPoison())
      elaborator.error(entry.value, "'shuffle' must be on or off, but this is " + describe(value));
  }
}

void Elaborator::elaborateData(const DataDecl &decl) {
  mlir::OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(module->getBody());
  mlir::OperationState state(locationOf(decl.name.range), DataOp::getOperationName());
  state.addAttribute("sym_name", builder.getStringAttr(decl.name.text));
  state.addRegion()->push_back(new mlir::Block());
  mlir::Operation *data = builder.create(state);
  readShuffle(*this, decl, data);
  builder.setInsertionPointToEnd(&data->getRegion(0).front());
  llvm::StringMap<FieldType> types;
  std::vector<llvm::StringRef> names;
  for (const Entry &entry : decl.entries) {
    if (entry.isBlock || isShuffle(entry))
      continue;
    FieldType field;
    if (!entry.type) {
      error(entry.name.range, "the field '" + entry.name.text + "' needs a type, as in image: u8[1, 28, 28]")
          .suggest(entry.name.text, {"shuffle"});
      continue;
    }
    std::optional<mlir::RankedTensorType> type = evaluateType(*entry.type, /*isBatched=*/false, &field.classes);
    if (!type || !checkSize(entry.type->range, *type))
      continue;
    field.type = *type;
    if (!types.try_emplace(entry.name.text, field).second) {
      error(entry.name.range, "the field '" + entry.name.text + "' is defined twice");
      continue;
    }
    names.push_back(entry.name.text);
    buildField(*this, entry, "train", field);
  }
  const Entry *test = nullptr;
  for (const Entry &block : decl.entries) {
    if (!block.isBlock)
      continue;
    if (block.name.text != "test") {
      error(block.name.range, "unknown part '" + block.name.text + "' of the data")
          .suggestOneOf(block.name.text, {"test"});
      continue;
    }
    if (test) {
      error(block.name.range, "'test' is given twice").note(test->name.range, "first given here");
      continue;
    }
    test = &block;
    llvm::StringMap<bool> given;
    for (const Entry &entry : block.entries) {
      auto found = types.find(entry.name.text);
      if (found == types.end() && isShuffle(entry)) {
        error(entry.name.range, "the test part is never shuffled, only the training part is");
        continue;
      }
      if (found == types.end()) {
        error(entry.name.range, "the data has no field '" + entry.name.text + "'").suggestOneOf(entry.name.text, names);
        continue;
      }
      if (entry.type)
        error(entry.type->range, "the type of '" + entry.name.text + "' is given above");
      if (!given.try_emplace(entry.name.text, true).second)
        error(entry.name.range, "the field '" + entry.name.text + "' is defined twice");
      else
        buildField(*this, entry, block.name.text, found->second);
    }
    for (llvm::StringRef name : names)
      if (!given.contains(name))
        error(block.name.range, "the test data needs the field '" + name + "' too");
  }
}

} // namespace cnn::dsl
