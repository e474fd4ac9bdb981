// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cnn/runtime.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Files.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <vector>

namespace {

TEST(Library, LoadsAndRunsAModel) {
  cnn_library *library;
  cnn_error error;
  ASSERT_EQ(cnn_library_open(FAKE_LIBRARY, &library, &error), CNN_OK) << error.text;
  const cnn_model_desc *desc = cnn_library_model(library);
  EXPECT_STREQ(desc->name, "Fake");
  cnn_model *model;
  cnn_run *run;
  ASSERT_EQ(cnn_model_create(desc, &model), CNN_OK);
  ASSERT_EQ(cnn_run_create(model, 1, &run), CNN_OK);
  uint8_t image[16] = {};
  float bias[3] = {1, 2, 3}, scores[3];
  ASSERT_EQ(cnn_model_set_weight(model, "linear.bias", bias, 12), CNN_OK);
  const void *inputs[] = {image};
  void *outputs[] = {scores};
  ASSERT_EQ(cnn_run_infer(run, 1, inputs, outputs), CNN_OK);
  EXPECT_EQ(scores[2], 3.0f);
  cnn_run_destroy(run);
  cnn_model_destroy(model);
  cnn_library_close(library);
}

TEST(Library, MissingFileIsNamed) {
  cnn_library *library;
  cnn_error error;
  EXPECT_EQ(cnn_library_open("/nowhere/libX.so", &library, &error), CNN_CANNOT_READ);
  EXPECT_STREQ(error.text, "/nowhere/libX.so: No such file or directory");
}

TEST(Library, OtherLibraryIsRefused) {
  cnn_library *library;
  cnn_error error;
  EXPECT_EQ(cnn_library_open(OTHER_LIBRARY, &library, &error), CNN_BAD_FILE);
  EXPECT_NE(std::string(error.text).find("not a compiled model: it has no symbol 'cnn_model'"), std::string::npos)
      << error.text;
}

TEST(Library, TruncatedFileIsRefused) {
  ScratchFolder folder;
  std::string whole = readWhole(FAKE_LIBRARY);
  for (size_t length : {size_t(0), size_t(10), size_t(63), size_t(64), whole.size() / 2, whole.size() - 1}) {
    std::string path = folder.write("lib.so", whole.substr(0, length));
    cnn_library *library;
    cnn_error error;
    EXPECT_EQ(cnn_library_open(path.c_str(), &library, &error), CNN_BAD_FILE) << length;
  }
}

// The pool's threads still run its code.
TEST(Library, RuntimeCanBeUnloaded) {
  void *runtime = dlopen(OTHER_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(runtime) << dlerror();
  auto setThreads = reinterpret_cast<cnn_status (*)(int64_t)>(dlsym(runtime, "cnn_set_threads"));
  ASSERT_TRUE(setThreads);
  EXPECT_EQ(setThreads(4), CNN_OK);
  EXPECT_EQ(dlclose(runtime), 0);
  usleep(20000); // time for the threads to fall asleep, and to crash where they wake up
  runtime = dlopen(OTHER_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_TRUE(runtime) << dlerror();
  auto getThreads = reinterpret_cast<int64_t (*)()>(dlsym(runtime, "cnn_get_threads"));
  ASSERT_TRUE(getThreads);
  EXPECT_EQ(getThreads(), 4); // it was never gone
  dlclose(runtime);
}

TEST(CheckModel, FindsUnsoundTables) {
  cnn_error error;
  EXPECT_EQ(cnn_check_model(&fake_model, &error), CNN_OK);
  auto refused = [&](auto change, const char *text) {
    cnn_model_desc desc = fake_model;
    std::vector<cnn_weight_desc> weights(desc.weights, desc.weights + desc.weight_count);
    desc.weights = weights.data();
    change(desc, weights);
    EXPECT_EQ(cnn_check_model(&desc, &error), CNN_INCOMPATIBLE);
    EXPECT_STREQ(error.text, text);
  };
  refused([](auto &desc, auto &) { desc.abi_version = 7; }, "expected interface version 6, found 7");
  refused([](auto &desc, auto &) { desc.infer.launches = nullptr; }, "the launches of infer have no table");
  refused([](auto &desc, auto &) { desc.train_step.scratch_bytes = uint64_t(1) << 60; },
          "train_step has scratch memory of 1152921504606846976 bytes for each thread, which is too much");
  refused([](auto &, auto &weights) { weights[1].offset = 1 << 20; }, "weight 'linear.bias' lies outside its block");
  refused([](auto &, auto &weights) { weights[1].path = "linear.weight"; },
          "two weights have the path 'linear.weight'");
  static const int32_t twice[] = {0, 0};
  refused([](auto &, auto &weights) { weights[0].storage = twice; },
          "the storage order of weight 'linear.weight' is not a permutation");
  static const int32_t split[] = {0, 1, 0}, splitTwice[] = {0, 1, 1};
  for (auto [storage, block] : {std::pair(split, 2), std::pair(split, -3), std::pair(splitTwice, 3)})
    refused([storage, block](auto &, auto &weights) { weights[0].storage = storage, weights[0].block = block; },
            "the blocks of weight 'linear.weight' are not sound");
  static const cnn_tensor_desc labels[] = {{"label", CNN_I32, 0, nullptr, -1}, {"mask", CNN_U8, 0, nullptr, 2}};
  for (auto [label, text] : {std::pair(&labels[0], "infer: 'label' of the inputs is no label, but has -1 classes"),
                             std::pair(&labels[1], "infer: 'mask' of the inputs is no label, but has 2 classes")})
    refused([label](auto &desc, auto &) { desc.infer.inputs = label; }, text);
  refused([](auto &, auto &weights) { weights[0].rank = 9; }, "weight 'linear.weight' has no sound type or shape");
  static const cnn_device_tensor_desc sound = {"x", CNN_F32, 8, 1, 2, 3}, flat = {"x", CNN_F32, 8, 1, 0, 3},
                                      counted = {"x", CNN_I32, 8, 1, 2, 3};
  static const cnn_device_source source = {[](const cnn_model_desc *, const cnn_device **) { return CNN_OK; },
                                           [](const cnn_device *) {}};
  static cnn_device_part_desc part = {"Fake.part0", "program", 7, 1, &sound, 1, &sound};
  auto refusedPart = [&](auto change, const char *text) {
    refused(
        [&](auto &desc, auto &) {
          part = {"Fake.part0", "program", 7, 1, &sound, 1, &sound};
          desc.train_step = {};
          desc.device_part_count = 1;
          desc.device_parts = &part;
          desc.device_source = &source;
          EXPECT_EQ(cnn_check_model(&desc, &error), CNN_OK);
          change(desc);
        },
        text);
  };
  for (int64_t count : {-1, 1})
    refusedPart([count](auto &desc) { desc.device_part_count = count, desc.device_parts = nullptr; },
                "the parts for a device have no sound table");
  refusedPart([](auto &desc) { desc.device_source = nullptr; }, "the parts for a device have no sound table");
  refusedPart([](auto &desc) { desc.train_step = fake_model.train_step; },
              "the parts for a device have no sound table");
  refusedPart([](auto &) { part.program = nullptr; }, "part 0 for a device has no name or no program");
  refusedPart([](auto &) { part.input_count = -1; }, "Fake.part0 has no table of its tensors");
  refusedPart([](auto &) { part.inputs = &flat; }, "Fake.part0: tensor 0 has no sound name, type or shape");
  refusedPart([](auto &) { part.outputs = &counted; }, "Fake.part0: tensor 0 has no sound name, type or shape");
}

TEST(DescribeModel, ListsEverything) {
  size_t bytes = cnn_describe_model(&fake_model, nullptr, 0);
  std::string text(bytes, '?');
  EXPECT_EQ(cnn_describe_model(&fake_model, text.data(), bytes), bytes);
  EXPECT_STREQ(text.c_str(), "model Fake (by hand)\n"
                             "infer\n"
                             "  input image: u8[N, 1, 4, 4]\n"
                             "  output score: f32[N, 3]\n"
                             "train_step\n"
                             "  input image: u8[N, 1, 4, 4]\n"
                             "  input label: i32[N], one of 3 classes\n"
                             "  output loss: f32[]\n"
                             "  output accuracy: f32[]\n"
                             "evaluate\n"
                             "  input image: u8[N, 1, 4, 4]\n"
                             "  input label: i32[N], one of 3 classes\n"
                             "  output loss: f32[]\n"
                             "  output accuracy: f32[]\n"
                             "weights\n"
                             "  parameter linear.weight: f32[3, 16]\n"
                             "  parameter linear.bias: f32[3]\n"
                             "  parameter conv.weight: f32[2, 3, 4, 5]\n"
                             "  state seen: f32[16]\n");
  std::string small(20, '?');
  EXPECT_EQ(cnn_describe_model(&fake_model, small.data(), small.size()), bytes);
  EXPECT_STREQ(small.c_str(), "model Fake (by hand");
}

} // namespace
