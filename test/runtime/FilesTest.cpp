// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every reader against good files, and against damaged ones: truncated at every byte, and changed at many.
#include "test/runtime/Files.h"
#include "cnn/training.h"
#include "runtime/files/AtomicFile.h"
#include "runtime/files/Image.h"
#include "runtime/files/Safetensors.h"
#include "runtime/train/Dataset.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Images.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <jpeglib.h>
#include <png.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

using namespace cnn::runtime;

namespace {

std::string gzip(const std::string &data) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, data.size()) + 32, 0);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

const std::string kIdx = std::string("\0\0\x08\2\0\0\0\2\0\0\0\3", 12) + "abcdef";

std::string npy(const std::string &dictionary, const std::string &data, char version = 1) {
  std::string file = std::string("\x93NUMPY") + version + '\0' + static_cast<char>(dictionary.size()) + '\0';
  if (version > 1)
    file += std::string(2, '\0');
  return file + dictionary + data;
}

struct SamplesTest : testing::Test {
  ScratchFolder folder;
  cnn_error error = {};
  const int64_t shape[1] = {3};
  cnn_tensor_desc tensor = {"x", CNN_U8, 1, shape, 0};
  int64_t count = 0;
  std::vector<uint8_t> bytes;

  cnn_status read(const std::string &contents) {
    std::string path = folder.write("file", contents);
    void *samples = nullptr;
    cnn_status status = cnn_read_samples(path.c_str(), &tensor, &samples, &count, &error);
    if (status == CNN_OK) {
      auto *begin = static_cast<uint8_t *>(samples);
      bytes.assign(begin, begin + static_cast<size_t>(count) * cnn_tensor_sample_bytes(&tensor));
      cnn_free_samples(samples);
    }
    return status;
  }
  std::string refused(const std::string &contents) {
    EXPECT_EQ(read(contents), CNN_BAD_FILE);
    std::string text = error.text, prefix = folder.path("file") + ": ";
    EXPECT_EQ(text.find(prefix), 0u) << text;
    return text.substr(std::min(prefix.size(), text.size()));
  }
  void refuseTruncations(const std::string &whole) {
    ASSERT_EQ(read(whole), CNN_OK) << error.text;
    for (size_t length = 0; length < whole.size(); ++length)
      ASSERT_EQ(read(whole.substr(0, length)), CNN_BAD_FILE) << length;
    ASSERT_EQ(read(whole + "x"), CNN_BAD_FILE);
  }
  template <typename Number> std::vector<Number> numbers() {
    std::vector<Number> values(bytes.size() / sizeof(Number));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
};

TEST_F(SamplesTest, IdxPlainAndGzip) {
  for (const std::string &file : {kIdx, gzip(kIdx)}) {
    ASSERT_EQ(read(file), CNN_OK) << error.text;
    EXPECT_EQ(count, 2);
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "abcdef");
  }
}

TEST_F(SamplesTest, IdxTruncations) { refuseTruncations(kIdx); }
TEST_F(SamplesTest, GzipTruncations) { refuseTruncations(gzip(kIdx)); }

TEST_F(SamplesTest, IdxBigEndianNumbers) {
  tensor.dtype = CNN_I32;
  ASSERT_EQ(read(std::string("\0\0\x0B\2\0\0\0\1\0\0\0\3\x01\x02\xFF\xFF\0\x07", 18)), CNN_OK) << error.text;
  EXPECT_EQ(numbers<int32_t>(), (std::vector<int32_t>{258, -1, 7}));
  tensor.dtype = CNN_U8;
  EXPECT_EQ(refused(std::string("\0\0\x0B\2\0\0\0\1\0\0\0\3\x01\x02\xFF\xFF\0\x07", 18)),
            "expected values of u8, found 258 at element 0");
}

TEST_F(SamplesTest, IdxHeadersAreChecked) {
  EXPECT_EQ(refused(std::string("\0\0\x07\1\0\0\0\1a", 9)),
            "not an IDX file: expected 00 00, a type of 08 to 0e and a rank, found 00 00 07 01");
  EXPECT_EQ(refused(std::string("\0\0\x08\0", 4)), "expected an IDX rank of 1 to 9, found 0");
  EXPECT_EQ(refused(std::string("\0\0\x08\2\0\0\0\2\0\0\0\4abcdefgh", 20)),
            "expected u8[n, 3] for 'x', found u8[2, 4]");
  // Sizes that no file of this length can hold: refused before any memory is taken.
  EXPECT_EQ(refused(std::string("\0\0\x08\2\xFF\xFF\xFF\xFF\0\0\0\3", 12)),
            "truncated: expected 12884901885 bytes of data, found at most 0");
}

TEST_F(SamplesTest, NpyOfEachVersion) {
  for (char version : {1, 2, 3}) {
    ASSERT_EQ(read(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n", "abcdef", version)), CNN_OK)
        << error.text;
    EXPECT_EQ(count, 2);
  }
}

TEST_F(SamplesTest, NpyTruncations) {
  refuseTruncations(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n", "abcdef"));
}

TEST_F(SamplesTest, NpyNumbersConvert) {
  tensor.dtype = CNN_F32;
  double values[3] = {0.5, -2, 1e10};
  std::string data(reinterpret_cast<char *>(values), sizeof values);
  ASSERT_EQ(read(npy("{'shape': (3,), 'fortran_order': False, 'descr': '<f8'}", data)), CNN_OK) << error.text;
  EXPECT_EQ(count, 1);
  EXPECT_EQ(numbers<float>(), (std::vector<float>{0.5f, -2, 1e10f}));
  tensor.dtype = CNN_I32;
  EXPECT_EQ(refused(npy("{'shape': (3,), 'fortran_order': False, 'descr': '<f8'}", data)),
            "expected i32, or integers that fit it, found f64");
}

TEST_F(SamplesTest, NpyHeadersAreChecked) {
  EXPECT_EQ(refused(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "abcdef")),
            "expected C order, found Fortran order: save numpy.ascontiguousarray(x)");
  EXPECT_EQ(refused(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", "")),
            "expected integers, floats of 4 or 8 bytes, or booleans, found type '<c8'");
  for (const char *dictionary :
       {"", "{", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'more': 1}"})
    EXPECT_NE(refused(npy(dictionary, "abcdef")).find("expected a header"), std::string::npos) << dictionary;
  EXPECT_EQ(refused("PK\3\4........"), "not an .npy file: expected 93 'NUMPY' at its start");
}

TEST_F(SamplesTest, NpyComesBackAsItWasWritten) {
  tensor.dtype = CNN_F32;
  float values[6] = {1, 2, 3, 4, 5, 6};
  std::string path = folder.path("out.npy");
  ASSERT_EQ(cnn_write_samples(path.c_str(), &tensor, values, 2, &error), CNN_OK) << error.text;
  ASSERT_EQ(read(readWhole(path)), CNN_OK) << error.text;
  EXPECT_EQ(numbers<float>(), std::vector<float>(values, values + 6));
  EXPECT_EQ(readWhole(path).size() % 64, 24u);
}

TEST_F(SamplesTest, FolderIsNoFile) {
  void *samples;
  EXPECT_EQ(cnn_read_samples(folder.path("").c_str(), &tensor, &samples, &count, &error), CNN_CANNOT_READ);
}

// ---- safetensors ----

std::string safetensors(const std::string &header, const std::string &data) {
  uint64_t length = header.size();
  return std::string(reinterpret_cast<char *>(&length), 8) + header + data;
}

struct SafetensorsTest : testing::Test {
  ScratchFolder folder;
  cnn_error error = {};
  cnn_model *model = nullptr;
  void SetUp() override {
    ASSERT_EQ(cnn_model_create(&fake_model, &model), CNN_OK);
    ASSERT_EQ(cnn_model_initialize(model, 1), CNN_OK);
  }
  void TearDown() override { cnn_model_destroy(model); }
  std::string saved() {
    EXPECT_EQ(cnn_save_weights(model, folder.path("w").c_str(), &error), CNN_OK) << error.text;
    return readWhole(folder.path("w"));
  }
  cnn_status load(const std::string &contents) {
    return cnn_load_weights(model, folder.write("w", contents).c_str(), &error);
  }
  std::string refused(const std::string &contents) {
    EXPECT_EQ(load(contents), CNN_BAD_FILE);
    std::string text = error.text, prefix = folder.path("w") + ": ";
    EXPECT_EQ(text.find(prefix), 0u) << text;
    return text.substr(std::min(prefix.size(), text.size()));
  }
};

TEST_F(SafetensorsTest, WeightsComeBack) {
  std::string file = saved();
  ASSERT_EQ(cnn_model_initialize(model, 2), CNN_OK);
  EXPECT_NE(saved(), file);
  ASSERT_EQ(load(file), CNN_OK) << error.text;
  EXPECT_EQ(saved(), file);
  EXPECT_NE(file.find("\"model\":\"Fake\""), std::string::npos);
}

TEST_F(SafetensorsTest, TruncationsAndChangesAreRefused) {
  std::string file = saved();
  for (size_t length = 0; length < file.size(); ++length)
    ASSERT_EQ(load(file.substr(0, length)), CNN_BAD_FILE) << length;
  EXPECT_EQ(load(file + "x"), CNN_BAD_FILE);
  // Without its key the checksum is not looked for, as in a file of another program.
  size_t key = file.find("\"crc32\"");
  for (size_t i = 0; i < file.size(); ++i) {
    if (i >= key && i < key + 7)
      continue;
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    ASSERT_EQ(load(changed), CNN_BAD_FILE) << i;
  }
}

TEST_F(SafetensorsTest, HeadersAreChecked) {
  EXPECT_EQ(refused(safetensors("[]", "")), "not a safetensors file: the header is not a JSON object");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                                "x")),
            "the name 'a' appears twice");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                                "xyz")),
            "entry 'b' begins at byte 1 of the data, expected 2: entries overlap");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "xy")),
            "entry 'a' begins at byte 1 of the data, expected 0: a gap");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "wxyz")),
            "entry 'a': expected 8 bytes for F32[2], found 4");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"Q4","shape":[],"data_offsets":[0,1]}})", "x")),
            "entry 'a': unknown type");
  EXPECT_EQ(refused(safetensors(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", "")),
            "entry 'a': sizes out of range");
  EXPECT_EQ(refused(safetensors(R"({"__metadata__":{"a":1}})", "")), "the metadata is not made of strings");
  EXPECT_EQ(refused(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F{}")),
            "truncated or not a safetensors file: expected a header of 9223372036854775807 bytes, found 2");
}

TEST_F(SafetensorsTest, WeightsMustBeThoseOfTheModel) {
  float bias[4] = {};
  std::vector<float> big(120);
  std::vector<SafetensorsTensor> tensors = {{"linear.weight", "F32", {3, 16}, big.data(), 192},
                                            {"linear.bias", "F32", {3}, bias, 12},
                                            {"conv.weight", "F32", {2, 3, 4, 5}, big.data(), 480},
                                            {"seen", "F32", {16}, big.data(), 64}};
  auto message = [&](std::vector<SafetensorsTensor> list) {
    EXPECT_EQ(writeSafetensors(folder.path("w").c_str(), list, {}, &error), CNN_OK);
    return refused(readWhole(folder.path("w")));
  };
  std::string before = saved();
  auto list = tensors;
  list.erase(list.begin() + 1);
  EXPECT_EQ(message(list), "no weight 'linear.bias': expected F32[3]");
  list = tensors;
  list[1].shape = {4};
  list[1].bytes = 16;
  EXPECT_EQ(message(list), "weight 'linear.bias': expected F32[3], found F32[4]");
  list = tensors;
  list[1].dtype = "I32";
  EXPECT_EQ(message(list), "weight 'linear.bias': expected F32[3], found I32[3]");
  list = tensors;
  list.push_back({"more", "U8", {1}, bias, 1});
  EXPECT_EQ(message(list), "the model Fake has no weight 'more', found U8[1]");
  // A misspelt name is found from either side; with a NUL behind it a name is another name.
  list.back().name = "linear.bais";
  EXPECT_EQ(message(list), "the model Fake has no weight 'linear.bais', found U8[1], did you mean 'linear.bias'?");
  list.back().name = std::string("seen\0", 5);
  EXPECT_EQ(message(list), "the model Fake has no weight 'seen', found U8[1], did you mean 'seen'?");
  list = tensors;
  list[1].name = "linear.bais";
  EXPECT_EQ(message(list), "no weight 'linear.bias': expected F32[3], is it what the file calls 'linear.bais'?");
  EXPECT_EQ(saved(), before); // a refused file changes nothing
}

// ---- writing ----

TEST_F(SafetensorsTest, FailuresToWriteLeaveNothing) {
  EXPECT_EQ(cnn_save_weights(model, "/dev/full", &error), CNN_CANNOT_WRITE);
  EXPECT_STREQ(error.text, "/dev/full: cannot write: No space left on device");
  EXPECT_EQ(cnn_save_weights(model, folder.path("no/w").c_str(), &error), CNN_CANNOT_WRITE);
  EXPECT_EQ(folder.entries(), 0u);
  folder.write("folder/x", "");
  EXPECT_EQ(cnn_save_weights(model, folder.path("folder").c_str(), &error), CNN_CANNOT_WRITE);
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, WithoutCommitTheOldFileStays) {
  ScratchFolder folder;
  std::string path = folder.write("f", "old");
  {
    AtomicFile file;
    ASSERT_EQ(file.open(path.c_str(), nullptr), CNN_OK);
    ASSERT_EQ(file.write("new", 3, nullptr), CNN_OK);
  }
  EXPECT_EQ(readWhole(path), "old");
  EXPECT_EQ(folder.entries(), 1u);
}

TEST(AtomicFile, WhatIsReplacedKeepsItsPermissionsAndLinks) {
  ScratchFolder folder;
  std::string path = folder.write("f", "old"), link = folder.path("link");
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  std::filesystem::create_symlink(path, link);
  AtomicFile file;
  ASSERT_EQ(file.open(link.c_str(), nullptr), CNN_OK);
  ASSERT_EQ(file.write("new", 3, nullptr), CNN_OK);
  ASSERT_EQ(file.commit(nullptr), CNN_OK);
  EXPECT_EQ(readWhole(path), "new");
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0640));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST(AtomicFile, LeftoversOfTheDeadAreRemoved) {
  ScratchFolder folder;
  pid_t child = fork();
  if (child == 0)
    _exit(0);
  waitpid(child, nullptr, 0);
  std::string dead = std::to_string(child), alive = std::to_string(getppid());
  folder.write("w." + dead + "-0.tmp", "x");
  folder.write("w." + alive + "-0.tmp", "x");
  folder.write("v." + dead + "-0.tmp", "x");
  folder.write("w." + dead + "-0.tmp.mine", "x");
  AtomicFile file;
  ASSERT_EQ(file.open(folder.path("w").c_str(), nullptr), CNN_OK);
  ASSERT_EQ(file.commit(nullptr), CNN_OK);
  EXPECT_FALSE(std::filesystem::exists(folder.path("w." + dead + "-0.tmp")));
  EXPECT_EQ(folder.entries(), 4u);
}

// `cnnc ... -o /dev/stdout > file`: the shell's file is written, and none takes its place.
TEST(AtomicFile, OpenFilesAreWrittenDirectly) {
  ScratchFolder folder;
  std::string path = folder.write("out", "");
  int descriptor = open(path.c_str(), O_WRONLY);
  ASSERT_GE(descriptor, 0);
  std::string name = "/dev/fd/" + std::to_string(descriptor);
  EXPECT_TRUE(isWrittenDirectly(name.c_str()));
  EXPECT_FALSE(isWrittenDirectly(path.c_str()));
  std::filesystem::create_symlink(path, folder.path("link"));
  EXPECT_FALSE(isWrittenDirectly(folder.path("link").c_str()));
  std::filesystem::create_symlink(name, folder.path("other"));
  EXPECT_TRUE(isWrittenDirectly(folder.path("other").c_str()));
  for (const char *text : {"one", "two"}) {
    AtomicFile file;
    ASSERT_EQ(file.open(name.c_str(), nullptr), CNN_OK);
    ASSERT_EQ(file.write(text, 3, nullptr), CNN_OK);
    ASSERT_EQ(file.commit(nullptr), CNN_OK);
  }
  struct stat before, after;
  ASSERT_EQ(fstat(descriptor, &before), 0);
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(readWhole(path), "onetwo");
  close(descriptor);
}

TEST(AtomicFile, ClosedPipeIsAnErrorAndNoSignal) {
  ASSERT_NE(signal(SIGPIPE, SIG_DFL), SIG_ERR);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(writeWithoutSignal(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_FALSE(sigismember(&pending, SIGPIPE));
  close(ends[1]);
}

// ---- images ----

std::string jpegFile(int width, int height, const std::vector<uint8_t> &rgb) {
  jpeg_compress_struct encoder;
  jpeg_error_mgr errors;
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char *data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&encoder, &data, &size);
  encoder.image_width = static_cast<JDIMENSION>(width);
  encoder.image_height = static_cast<JDIMENSION>(height);
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, 100, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  for (int y = 0; y < height; ++y) {
    JSAMPROW row = const_cast<uint8_t *>(rgb.data()) + y * width * 3;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  std::string file(reinterpret_cast<char *>(data), size);
  jpeg_destroy_compress(&encoder);
  free(data);
  return file;
}

struct ImageTest : testing::Test {
  cnn_error error = {};
  std::vector<uint8_t> planes;
  cnn_status decode(const std::string &file, int64_t channels, int64_t height, int64_t width) {
    Bytes pixels;
    cnn_status status = decodeImage("image", reinterpret_cast<const uint8_t *>(file.data()), file.size(), channels,
                                    height, width, pixels, &error);
    if (status == CNN_OK)
      planes.assign(pixels.data(), pixels.data() + pixels.size());
    return status;
  }
};

TEST_F(ImageTest, PngConvertsChannels) {
  std::string color = pngFile(2, 1, PNG_FORMAT_RGB, {255, 0, 0, 10, 20, 30});
  ASSERT_EQ(decode(color, 3, 1, 2), CNN_OK) << error.text;
  EXPECT_EQ(planes, (std::vector<uint8_t>{255, 10, 0, 20, 0, 30}));
  ASSERT_EQ(decode(color, 1, 1, 2), CNN_OK) << error.text;
  EXPECT_EQ(planes, (std::vector<uint8_t>{76, 18})); // as Pillow's convert("L")
  std::string gray = pngFile(2, 1, PNG_FORMAT_GRAY, {5, 200});
  ASSERT_EQ(decode(gray, 3, 1, 2), CNN_OK) << error.text;
  EXPECT_EQ(planes, (std::vector<uint8_t>{5, 200, 5, 200, 5, 200}));
  std::string alpha = pngFile(1, 1, PNG_FORMAT_RGBA, {9, 8, 7, 100});
  ASSERT_EQ(decode(alpha, 3, 1, 1), CNN_OK) << error.text;
  EXPECT_EQ(planes, (std::vector<uint8_t>{9, 8, 7}));
}

// Numbers of a file are what Pillow and OpenCV read, whatever it says about its gamma.
TEST_F(ImageTest, PngGammaChangesNothing) {
  std::string file = pngFile(3, 1, PNG_FORMAT_GRAY, {10, 100, 200});
  std::string chunk("gAMA\0\1\x86\xA0", 8); // 1.0: linear light
  uLong sum = crc32(0, reinterpret_cast<const Bytef *>(chunk.data()), 8);
  for (int shift = 24; shift >= 0; shift -= 8)
    chunk += static_cast<char>(sum >> shift);
  size_t old = file.find("gAMA"); // after the header: signature 8, chunk 25 bytes
  if (old != std::string::npos)
    file.erase(old - 4, 16);
  file.insert(33, std::string("\0\0\0\4", 4) + chunk);
  ASSERT_EQ(decode(file, 1, 1, 3), CNN_OK) << error.text;
  EXPECT_EQ(planes, (std::vector<uint8_t>{10, 100, 200}));
}

// Without a gamma, as libpng's own simplified interface unpacks them.
TEST_F(ImageTest, PngUnpacksEveryKind) {
  for (const char *name : {"gray.png", "gray1.png", "gray16.png", "palette.png", "rgb.png", "rgba.png"}) {
    std::string file = readWhole(std::string(IMAGE_CORPUS "/") + name);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_TRUE(png_image_begin_read_from_memory(&image, file.data(), file.size())) << name;
    image.format = PNG_FORMAT_RGBA;
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    std::vector<uint8_t> expected(PNG_IMAGE_SIZE(image));
    ASSERT_TRUE(png_image_finish_read(&image, nullptr, expected.data(), 0, nullptr)) << name;
    ASSERT_EQ(decode(file, 3, image.height, image.width), CNN_OK) << error.text;
    size_t plane = size_t(image.height) * image.width;
    for (size_t i = 0; i < plane; ++i)
      for (size_t c = 0; c < 3; ++c)
        ASSERT_EQ(planes[c * plane + i], expected[4 * i + c]) << name << " " << i;
  }
}

TEST_F(ImageTest, JpegConvertsChannels) {
  std::string file = jpegFile(8, 8, std::vector<uint8_t>(192, 100));
  ASSERT_EQ(decode(file, 3, 8, 8), CNN_OK) << error.text;
  EXPECT_NEAR(planes[0], 100, 1);
  ASSERT_EQ(decode(file, 1, 8, 8), CNN_OK) << error.text;
  EXPECT_EQ(planes.size(), 64u);
}

TEST_F(ImageTest, TruncationsAreRefused) {
  std::vector<uint8_t> noise(16 * 16 * 3);
  for (size_t i = 0; i < noise.size(); ++i)
    noise[i] = static_cast<uint8_t>(i * i * 37 >> 3);
  for (const std::string &file : {pngFile(16, 16, PNG_FORMAT_RGB, noise), jpegFile(16, 16, noise)}) {
    ASSERT_EQ(decode(file, 3, 16, 16), CNN_OK) << error.text;
    for (size_t length = 0; length < file.size(); ++length)
      ASSERT_EQ(decode(file.substr(0, length), 3, 16, 16), CNN_BAD_FILE) << length << " of " << file.size();
  }
}

TEST_F(ImageTest, SizeMustBeTheDeclaredOne) {
  EXPECT_EQ(decode(pngFile(2, 1, PNG_FORMAT_GRAY, {5, 200}), 1, 28, 28), CNN_BAD_FILE);
  EXPECT_STREQ(error.text, "image: expected an image of 28 x 28 (height x width), found 1 x 2");
  EXPECT_EQ(decode("GIF89a", 1, 28, 28), CNN_BAD_FILE);
  EXPECT_STREQ(error.text, "image: neither a PNG nor a JPEG image");
}

TEST(ImageFolder, ListsClassesInOrder) {
  ScratchFolder folder;
  folder.write("dog/b.png", pngFile(1, 1, PNG_FORMAT_GRAY, {3}));
  folder.write("dog/a.PNG", pngFile(1, 1, PNG_FORMAT_GRAY, {2}));
  folder.write("cat/z.png", pngFile(1, 1, PNG_FORMAT_GRAY, {1}));
  folder.write("cat/notes.txt", "");
  folder.write("readme", "");
  const int64_t shape[] = {1, 1, 1};
  cnn_tensor_desc image = {"image", CNN_U8, 3, shape, 0}, label = {"label", CNN_I32, 0, nullptr, 3};
  cnn_field field = {};
  field.name = "image";
  field.format = CNN_FIELD_FOLDER;
  std::string root = folder.path("");
  field.path = root.c_str();
  cnn_error error;
  std::unique_ptr<FieldSamples> images, labels;
  ASSERT_EQ(openField(field, /*test=*/false, image, images, &error), CNN_OK) << error.text;
  field.class_count = 2;
  ASSERT_EQ(openField(field, /*test=*/false, label, labels, &error), CNN_OK) << error.text;
  ASSERT_EQ(images->count(), 3);
  ASSERT_EQ(labels->count(), 3);
  for (int i = 0; i < 3; ++i) {
    uint8_t pixel = 0;
    int32_t value = -1;
    ASSERT_EQ(images->read(i, &pixel, &error), CNN_OK) << error.text;
    ASSERT_EQ(labels->read(i, reinterpret_cast<uint8_t *>(&value), &error), CNN_OK);
    EXPECT_EQ(pixel, i + 1);
    EXPECT_EQ(value, i > 0);
  }
  field.class_count = 3;
  EXPECT_EQ(openField(field, /*test=*/false, label, labels, &error), CNN_BAD_FILE);
  EXPECT_NE(std::string(error.text).find("expected 3 folders of classes, found 2"), std::string::npos);
  std::filesystem::create_directory(folder.path("empty"));
  EXPECT_EQ(openField(field, /*test=*/false, label, labels, &error), CNN_BAD_FILE);
  EXPECT_NE(std::string(error.text).find("expected .png or .jpg images, found none"), std::string::npos);
}

struct ImageFolderTest : testing::Test {
  ScratchFolder folder;
  std::string train = folder.path("train"), test = folder.path("test");
  const int64_t shape[3] = {1, 1, 1};
  cnn_tensor_desc image = {"image", CNN_U8, 3, shape, 0}, label = {"label", CNN_I32, 0, nullptr, 3};
  cnn_field field = {};
  cnn_error error = {};
  std::unique_ptr<FieldSamples> samples;
  void SetUp() override {
    field.name = "image";
    field.format = field.test_format = CNN_FIELD_FOLDER;
    field.path = train.c_str();
    field.test_path = test.c_str();
    for (const char *name : {"train/cat/a.png", "train/dog/a.png"})
      folder.write(name, pngFile(1, 1, PNG_FORMAT_GRAY, {3}));
  }
};

// Otherwise a class would have one number in training and another in the test.
TEST_F(ImageFolderTest, TestPartHasTheSameClasses) {
  folder.write("test/cat/a.png", pngFile(1, 1, PNG_FORMAT_GRAY, {3}));
  folder.write("test/wolf/a.png", pngFile(1, 1, PNG_FORMAT_GRAY, {3}));
  field.class_count = 2;
  ASSERT_EQ(openField(field, /*test=*/false, label, samples, &error), CNN_OK) << error.text;
  EXPECT_EQ(openField(field, /*test=*/true, label, samples, &error), CNN_BAD_FILE);
  EXPECT_EQ(error.text, test + ": expected the classes of " + train + ", but number 1 is 'dog' there and 'wolf' here");
  std::filesystem::rename(folder.path("test/wolf"), folder.path("test/dog"));
  EXPECT_EQ(openField(field, /*test=*/true, label, samples, &error), CNN_OK) << error.text;
}

TEST_F(ImageFolderTest, WrongSizeIsFoundAtOnce) {
  std::string wrong = folder.write("train/dog/b.png", pngFile(2, 3, PNG_FORMAT_GRAY, {1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(openField(field, /*test=*/false, image, samples, &error), CNN_BAD_FILE);
  EXPECT_EQ(error.text, train + "/dog/b.png: expected an image of 1 x 1 (height x width), found 3 x 2");
  // A header behind a long comment.
  std::string jpeg = jpegFile(8, 8, std::vector<uint8_t>(192, 100));
  std::string comment = std::string("\xFF\xFE\xFF\xFF", 4) + std::string(0xFFFD, ' ');
  std::filesystem::remove(wrong);
  folder.write("train/dog/b.jpg", jpeg.substr(0, 2) + comment + jpeg.substr(2));
  EXPECT_EQ(openField(field, /*test=*/false, image, samples, &error), CNN_BAD_FILE);
  EXPECT_EQ(error.text, train + "/dog/b.jpg: expected an image of 1 x 1 (height x width), found 8 x 8");
}

TEST_F(ImageFolderTest, FingerprintIsThatOfTheFiles) {
  auto fingerprint = [&] {
    EXPECT_EQ(openField(field, /*test=*/false, image, samples, &error), CNN_OK) << error.text;
    return samples->fingerprint();
  };
  uint64_t before = fingerprint();
  EXPECT_EQ(fingerprint(), before);
  auto time = std::filesystem::last_write_time(folder.path("train/cat/a.png"));
  folder.write("train/cat/a.png", pngFile(1, 1, PNG_FORMAT_GRAY, {4}));
  std::filesystem::last_write_time(folder.path("train/cat/a.png"), time + std::chrono::seconds(1));
  EXPECT_NE(fingerprint(), before);
}

// Each part says its own format.
TEST_F(ImageFolderTest, TestPartIsAnotherFormat) {
  std::string idx = folder.write("idx", std::string("\0\0\x08\1\0\0\0\3", 8) + std::string("\0\1\1", 3));
  field.class_count = 2;
  field.test_format = CNN_FIELD_IDX;
  field.test_path = idx.c_str();
  ASSERT_EQ(openField(field, /*test=*/true, label, samples, &error), CNN_OK) << error.text;
  EXPECT_EQ(samples->count(), 3);
}

} // namespace
