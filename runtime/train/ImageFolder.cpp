// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/ImageFolder.h"

#include "runtime/files/Image.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

namespace cnn::runtime {

namespace fs = std::filesystem;

namespace {

struct Listing {
  std::vector<std::string> images;
  std::vector<int32_t> classes; // of each image
  int64_t classCount = 0;
};

bool isImageName(const std::string &name) {
  size_t dot = name.rfind('.');
  if (dot == std::string::npos)
    return false;
  std::string ending = name.substr(dot + 1);
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return ending == "png" || ending == "jpg" || ending == "jpeg";
}

// The names inside a folder that `keep` accepts, sorted.
template <typename Keep>
cnn_status namesInside(const std::string &folder, Keep keep, std::vector<std::string> &names, cnn_error *error) {
  std::error_code code;
  fs::directory_iterator entry(folder, code), end;
  for (; !code && entry != end; entry.increment(code)) {
    std::string name = entry->path().filename().string();
    if (name[0] != '.' && keep(*entry, name))
      names.push_back(name);
  }
  if (code)
    return fail(error, CNN_CANNOT_READ, "%s: %s", folder.c_str(), code.message().c_str());
  std::sort(names.begin(), names.end());
  return CNN_OK;
}

cnn_status listImages(const std::string &root, Listing &listing, cnn_error *error) {
  auto isFolder = [](const fs::directory_entry &entry, const std::string &) {
    std::error_code code;
    return entry.is_directory(code);
  };
  auto isImage = [](const fs::directory_entry &, const std::string &name) { return isImageName(name); };
  std::vector<std::string> classes;
  if (cnn_status status = namesInside(root, isFolder, classes, error); status != CNN_OK)
    return status;
  for (const std::string &name : classes) {
    std::string folder = root + "/" + name;
    std::vector<std::string> images;
    if (cnn_status status = namesInside(folder, isImage, images, error); status != CNN_OK)
      return status;
    if (images.empty())
      return fail(error, CNN_BAD_FILE, "%s: expected .png or .jpg images, found none", folder.c_str());
    for (const std::string &image : images) {
      listing.images.push_back(folder + "/" + image);
      listing.classes.push_back(static_cast<int32_t>(listing.classCount));
    }
    ++listing.classCount;
  }
  if (classes.empty())
    return fail(error, CNN_BAD_FILE, "%s: expected a folder for each class, found none", root.c_str());
  return CNN_OK;
}

uint64_t hashNames(const Listing &listing) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const std::string &image : listing.images)
    for (char c : image.substr(image.rfind('/', image.rfind('/') - 1)) + '\n')
      hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  return hash;
}

class FolderImages final : public FieldSamples {
public:
  FolderImages(Listing listing, const cnn_tensor_desc &tensor) : listing(std::move(listing)), tensor(tensor) {}
  int64_t count() const override { return static_cast<int64_t>(listing.images.size()); }
  cnn_status read(int64_t sample, uint8_t *to, cnn_error *error) const override {
    const char *path = listing.images[static_cast<size_t>(sample)].c_str();
    std::unique_ptr<ByteReader> reader;
    Bytes file, pixels;
    cnn_status status = openFile(path, reader, error);
    if (status == CNN_OK)
      status = reader->readBlock(reader->mostRemaining(), file, error);
    if (status == CNN_OK)
      status =
          decodeImage(path, file.data(), file.size(), tensor.shape[0], tensor.shape[1], tensor.shape[2], pixels, error);
    if (status != CNN_OK)
      return status;
    if (tensor.dtype == CNN_U8) {
      std::memcpy(to, pixels.data(), pixels.size());
      return CNN_OK;
    }
    for (uint64_t i = 0; i < pixels.size(); ++i) {
      float value = pixels.data()[i];
      std::memcpy(to + i * sizeof value, &value, sizeof value);
    }
    return CNN_OK;
  }
  uint64_t fingerprint() const override { return hashNames(listing); }

private:
  Listing listing;
  cnn_tensor_desc tensor;
};

class FolderClasses final : public FieldSamples {
public:
  explicit FolderClasses(Listing listing) : listing(std::move(listing)) {}
  int64_t count() const override { return static_cast<int64_t>(listing.classes.size()); }
  cnn_status read(int64_t sample, uint8_t *to, cnn_error *) const override {
    std::memcpy(to, &listing.classes[static_cast<size_t>(sample)], sizeof(int32_t));
    return CNN_OK;
  }
  uint64_t fingerprint() const override { return hashNames(listing); }

private:
  Listing listing;
};

} // namespace

cnn_status openImageFolder(const cnn_field &field, const char *path, const cnn_tensor_desc &tensor,
                           std::unique_ptr<FieldSamples> &samples, cnn_error *error) {
  Listing listing;
  if (cnn_status status = listImages(path, listing, error); status != CNN_OK)
    return status;
  if (field.class_count > 0) {
    if (tensor.dtype != CNN_I32 || tensor.rank != 0)
      return fail(error, CNN_BAD_ARGUMENT, "field '%s' has classes, expected one i32 for a sample", field.name);
    if (listing.classCount != field.class_count)
      return fail(error, CNN_BAD_FILE, "%s: expected %lld folders of classes, found %lld", path,
                  static_cast<long long>(field.class_count), static_cast<long long>(listing.classCount));
    samples = std::make_unique<FolderClasses>(std::move(listing));
    return CNN_OK;
  }
  if (tensor.rank != 3 || (tensor.shape[0] != 1 && tensor.shape[0] != 3) ||
      (tensor.dtype != CNN_U8 && tensor.dtype != CNN_F32))
    return fail(error, CNN_BAD_ARGUMENT, "field '%s': images are u8 or f32 of [1, H, W] or [3, H, W], found %s%s",
                field.name, cnn_dtype_name(tensor.dtype), shapeText(tensor.shape, tensor.rank).c_str());
  samples = std::make_unique<FolderImages>(std::move(listing), tensor);
  return CNN_OK;
}

} // namespace cnn::runtime
