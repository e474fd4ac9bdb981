// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/ImageFolder.h"

#include "runtime/files/Image.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <sys/stat.h>

namespace cnn::runtime {

namespace fs = std::filesystem;

namespace {

struct Listing {
  std::vector<std::string> images;
  std::vector<int32_t> classes; // of each image
  std::vector<std::string> classNames;
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

// The folders of classes; a class is its place among them.
cnn_status listClasses(const std::string &root, std::vector<std::string> &names, cnn_error *error) {
  auto isFolder = [](const fs::directory_entry &entry, const std::string &) {
    std::error_code code;
    return entry.is_directory(code);
  };
  if (cnn_status status = namesInside(root, isFolder, names, error); status != CNN_OK)
    return status;
  return names.empty() ? fail(error, CNN_BAD_FILE, "%s: expected a folder for each class, found none", root.c_str())
                       : CNN_OK;
}

cnn_status listImages(const std::string &root, Listing &listing, cnn_error *error) {
  auto isImage = [](const fs::directory_entry &, const std::string &name) { return isImageName(name); };
  if (cnn_status status = listClasses(root, listing.classNames, error); status != CNN_OK)
    return status;
  for (size_t i = 0; i < listing.classNames.size(); ++i) {
    std::string folder = root + "/" + listing.classNames[i];
    std::vector<std::string> images;
    if (cnn_status status = namesInside(folder, isImage, images, error); status != CNN_OK)
      return status;
    if (images.empty())
      return fail(error, CNN_BAD_FILE, "%s: expected .png or .jpg images, found none", folder.c_str());
    for (const std::string &image : images) {
      listing.images.push_back(folder + "/" + image);
      listing.classes.push_back(static_cast<int32_t>(i));
    }
  }
  return CNN_OK;
}

// A class has the same number in both parts only if it has the same name.
cnn_status checkClassNames(const char *trainRoot, const char *testRoot, const std::vector<std::string> &testNames,
                           cnn_error *error) {
  std::vector<std::string> names;
  if (cnn_status status = listClasses(trainRoot, names, error); status != CNN_OK)
    return status;
  for (size_t i = 0; i < std::max(names.size(), testNames.size()); ++i) {
    std::string expected = i < names.size() ? names[i] : "none", found = i < testNames.size() ? testNames[i] : "none";
    if (expected != found)
      return fail(error, CNN_BAD_FILE, "%s: expected the classes of %s, but number %zu is '%s' there and '%s' here",
                  testRoot, trainRoot, i, expected.c_str(), found.c_str());
  }
  return CNN_OK;
}

// FNV-1a of the names and whatever else is added.
class Fingerprint {
public:
  void add(std::string_view text) {
    for (char c : text)
      value = (value ^ static_cast<uint8_t>(c)) * 0x100000001B3ull;
  }
  void add(int64_t number) { add(std::to_string(number) + "\n"); }
  // Without the root: a data set that is moved stays the same.
  void addName(const std::string &image) { add(image.substr(image.rfind('/', image.rfind('/') - 1)) + '\n'); }
  uint64_t value = 0xCBF29CE484222325ull;
};

class FolderImages final : public FieldSamples {
public:
  FolderImages(Listing listing, const cnn_tensor_desc &tensor) : listing(std::move(listing)), tensor(tensor) {}
  // Looks at every image, but at no pixel: better a wrong size now than in the middle of an epoch.
  cnn_status check(cnn_error *error) {
    Fingerprint print;
    for (const std::string &image : listing.images) {
      std::unique_ptr<ByteReader> reader;
      cnn_status status = openFile(image.c_str(), reader, error);
      if (status == CNN_OK)
        status = checkImageSize(*reader, tensor.shape[1], tensor.shape[2], error);
      if (status != CNN_OK)
        return status;
      struct stat info = {};
      stat(image.c_str(), &info);
      print.addName(image);
      print.add(info.st_size);
      print.add(info.st_mtim.tv_sec);
      print.add(info.st_mtim.tv_nsec);
    }
    sum = print.value;
    return CNN_OK;
  }
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
  bool isInMemory() const override { return false; }
  // Of names, sizes and times: reading all the pixels to tell them apart would take as long as an epoch.
  uint64_t fingerprint() const override { return sum; }

private:
  Listing listing;
  cnn_tensor_desc tensor;
  uint64_t sum = 0;
};

class FolderClasses final : public FieldSamples {
public:
  explicit FolderClasses(Listing listing) : listing(std::move(listing)) {}
  int64_t count() const override { return static_cast<int64_t>(listing.classes.size()); }
  cnn_status read(int64_t sample, uint8_t *to, cnn_error *) const override {
    std::memcpy(to, &listing.classes[static_cast<size_t>(sample)], sizeof(int32_t));
    return CNN_OK;
  }
  uint64_t fingerprint() const override {
    Fingerprint print;
    for (const std::string &image : listing.images)
      print.addName(image);
    return print.value;
  }

private:
  Listing listing;
};

} // namespace

cnn_status openImageFolder(const cnn_field &field, bool test, const cnn_tensor_desc &tensor,
                           std::unique_ptr<FieldSamples> &samples, cnn_error *error) {
  const char *path = test ? field.test_path : field.path;
  Listing listing;
  if (cnn_status status = listImages(path, listing, error); status != CNN_OK)
    return status;
  if (field.class_count > 0) {
    if (tensor.dtype != CNN_I32 || tensor.rank != 0)
      return fail(error, CNN_BAD_ARGUMENT, "field '%s' has classes, expected one i32 for a sample", field.name);
    if (listing.classNames.size() != static_cast<size_t>(field.class_count))
      return fail(error, CNN_BAD_FILE, "%s: expected %lld folders of classes, found %zu", path,
                  static_cast<long long>(field.class_count), listing.classNames.size());
    if (test && field.path && field.format == CNN_FIELD_FOLDER)
      if (cnn_status status = checkClassNames(field.path, path, listing.classNames, error); status != CNN_OK)
        return status;
    samples = std::make_unique<FolderClasses>(std::move(listing));
    return CNN_OK;
  }
  if (tensor.rank != 3 || (tensor.shape[0] != 1 && tensor.shape[0] != 3) ||
      (tensor.dtype != CNN_U8 && tensor.dtype != CNN_F32))
    return fail(error, CNN_BAD_ARGUMENT, "field '%s': images are u8 or f32 of [1, H, W] or [3, H, W], found %s%s",
                field.name, cnn_dtype_name(tensor.dtype), shapeText(tensor.shape, tensor.rank).c_str());
  auto images = std::make_unique<FolderImages>(std::move(listing), tensor);
  if (cnn_status status = images->check(error); status != CNN_OK)
    return status;
  samples = std::move(images);
  return CNN_OK;
}

} // namespace cnn::runtime
