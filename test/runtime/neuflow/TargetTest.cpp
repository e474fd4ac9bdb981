// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/neuflow/machine/Target.h"
#include "runtime/neuflow/machine/Sha256.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

using namespace cnn::neuflow;
using Json = nlohmann::ordered_json;

namespace {

Json presetJson(std::string_view name) {
  for (const Preset &preset : presets())
    if (preset.name == name)
      return Json::parse(preset.json);
  return nullptr;
}

// What the parser says about neuflow-tiny after a change; empty if it takes it.
std::string complaint(const std::function<void(Json &)> &change) {
  Json json = presetJson("neuflow-tiny");
  change(json);
  Result<Target> target = parseTarget(json.dump());
  return target ? "" : target.message();
}

std::string hex(const std::array<uint8_t, 32> &bytes) {
  std::string text;
  for (uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

int64_t tilesOf(const Target &target, TileKind kind) {
  return std::count_if(target.tiles.begin(), target.tiles.end(), [&](const Tile &tile) { return tile.kind == kind; });
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Target, EveryPresetIsSound) {
  ASSERT_GE(presets().size(), 5u);
  for (const Preset &preset : presets()) {
    Result<Target> target = parseTarget(preset.json);
    ASSERT_TRUE(target) << preset.name << ": " << target.message();
    EXPECT_EQ(target->name, preset.name);
    Result<Target> again = parseCanonicalTarget(canonicalJson(*target));
    ASSERT_TRUE(again) << again.message();
    EXPECT_EQ(canonicalJson(*again), canonicalJson(*target));
  }
}

TEST(Target, Virtex6IsTheMachineOfTheSlides) {
  Target target = *presetTarget("neuflow-v6");
  EXPECT_EQ(target.tiles.size(), 20u);
  EXPECT_EQ(tilesOf(target, TileKind::conv), 4);
  EXPECT_EQ(tilesOf(target, TileKind::alu), 4);
  EXPECT_EQ(tilesOf(target, TileKind::mapper), 4);
  EXPECT_EQ(tilesOf(target, TileKind::fifo), 8);
  EXPECT_EQ(target.ports.size(), 12u);
  EXPECT_EQ(target.gridPort(0), 6);
  EXPECT_EQ(target.gridPort(6), -1);
  EXPECT_EQ(target.clockRatio(), 2);
  EXPECT_EQ(target.convKernel * target.convKernel, 100);
  EXPECT_TRUE(target.has(Feature::fifoTile));
  // A convolver reaches the mapper right of it, and the ALU below.
  int64_t conv = target.tileNamed("C2");
  ASSERT_TRUE(target.linkFrom(conv, Side::south));
  EXPECT_EQ(target.tiles[target.linkFrom(conv, Side::south)->toTile].name, "A2");
  EXPECT_EQ(target.tiles[target.linkInto(target.tileNamed("M2"), Side::north)->fromTile].name, "C2");
  EXPECT_EQ(target.linkInto(conv, Side::west), nullptr);
  EXPECT_EQ(target.tileAt(24), target.tileNamed("M1"));
  EXPECT_EQ(target.tileAt(28), -1);
}

TEST(Target, TheHashIsOfWhatTheMachineIs) {
  Target target = *presetTarget("neuflow-tiny");
  Json json = presetJson("neuflow-tiny");
  json["provenance"]["isa"]["note"] = "another reason";
  EXPECT_EQ(targetHash(*parseTarget(json.dump(4))), targetHash(target));
  json["conv"]["line"] = 65;
  EXPECT_NE(targetHash(*parseTarget(json.dump())), targetHash(target));
}

TEST(Target, UnknownMachine) {
  Result<Target> target = presetTarget("neuflow");
  ASSERT_FALSE(target);
  EXPECT_EQ(target.message(), "no machine is called 'neuflow'; there are neuflow-asic, neuflow-ml605, neuflow-tiny, "
                              "neuflow-v4, neuflow-v6");
}

TEST(Target, EveryValueMustBeThere) {
  EXPECT_EQ(complaint([](Json &) {}), "");
  Json whole = presetJson("neuflow-tiny");
  int64_t values = 0;
  auto check = [&](const std::string &path, const std::function<void(Json &)> &drop) {
    std::string text = complaint(drop);
    if (path == "provenance")
      EXPECT_EQ(text, "expected an object \"provenance\" that says where each value comes from");
    else
      EXPECT_EQ(text, "value '" + path + "' is missing");
    // And its reason, too.
    if (path != "provenance" && path != "name")
      EXPECT_EQ(complaint([&](Json &json) { json["provenance"].erase(path); }),
                "\"provenance\" does not say where '" + path + "' comes from");
    ++values;
  };
  for (const auto &[key, value] : whole.items()) {
    if (value.is_object() && key != "provenance")
      for (const auto &[inner, unused] : value.items())
        check(key + "." + inner, [&](Json &json) { json[key].erase(inner); });
    else
      check(key, [&](Json &json) { json.erase(key); });
  }
  EXPECT_EQ(values, 33);
}

TEST(Target, WrongValuesAreRefusedByName) {
  auto set = [](const char *pointer, Json value) {
    return complaint([&](Json &json) { json[Json::json_pointer(pointer)] = value; });
  };
  EXPECT_EQ(set("/conv/kernel", 0), "expected 'conv.kernel' between 1 and 32, but found 0");
  EXPECT_EQ(set("/conv/kernel", -3), "expected 'conv.kernel' between 1 and 32, but found -3");
  EXPECT_EQ(set("/conv/kernel", 3.0), "expected 'conv.kernel' between 1 and 32, but found 3.0");
  EXPECT_EQ(set("/conv/kernel", "3"), "expected 'conv.kernel' between 1 and 32, but found \"3\"");
  EXPECT_EQ(set("/conv/kernel", UINT64_MAX), "expected 'conv.kernel' between 1 and 32, but found 18446744073709551615");
  EXPECT_EQ(set("/conv/kernal", 3), "unknown value 'conv.kernal'");
  EXPECT_EQ(set("/color", 3), "unknown value 'color'");
  EXPECT_EQ(set("/conv", 3), "expected an object 'conv', but found 3");
  EXPECT_EQ(set("/name", "a b"), "expected a name of letters, digits and '-', but found \"a b\"");
  EXPECT_EQ(set("/features", 1), "expected 'features' as a list, but found 1");
  EXPECT_EQ(set("/features/0", "speed"), "expected a feature (config-burst, shadow, chain, stride, fifo-tile, "
                                         "kernel-config), but found \"speed\"");
  EXPECT_EQ(set("/features/0", "shadow"), "feature 'shadow' is there twice");
  EXPECT_EQ(set("/tiles/0/kind", "dsp"), "expected a kind of tile (conv, alu, mapper, fifo), but found \"dsp\"");
  EXPECT_EQ(set("/tiles/0/address", 2), "tiles 'C1' and 'C2' have the same address 2");
  EXPECT_EQ(set("/tiles/0/address", 0), "expected a tile's address between 1 and 4095, but found 0");
  EXPECT_EQ(set("/tiles/1/name", "C1"), "two tiles are called 'C1'");
  EXPECT_EQ(set("/tiles/1/color", 1).substr(0, 25), "expected a tile as {\"name");
  EXPECT_EQ(set("/tiles", Json::array()), "expected 1 to 256 tiles, but found 0");
  for (const char *link : {"C1.S", "C1->A1", "C9.S->A1.N", "C1.X->A1.N", "C1.S->A1.N.", ""})
    EXPECT_EQ(set("/links/0", link), "expected a link between sides (N, E, S, W) of tiles, as in \"C1.S->A1.N\", but "
                                     "found \"" +
                                         std::string(link) + "\"");
  EXPECT_EQ(set("/links/0", "C1.S->C1.N"), "link C1.S->C1.N joins a tile to itself");
  EXPECT_EQ(set("/links/1", "C1.S->A2.W"), "an end of link C1.S->A2.W is in use by another link");
  EXPECT_EQ(set("/ports/1", "usb"), "expected the role of a port (fetch, cpu, ethernet, camera, grid), but found "
                                    "\"usb\"");
  EXPECT_EQ(set("/ports/1", "cpu"), "expected as many ports of the grid as lines, 4, but found 3");
  EXPECT_EQ(set("/ports/0", "cpu"), "expected one port to fetch instructions, but found 0");
  EXPECT_EQ(set("/clock/cpu_mhz", 80), "expected a grid clock that is a multiple of the processor's, but found 200 and "
                                       "80");
  EXPECT_EQ(set("/memory/usable_beats", 21), "expected at most 20 usable beats of 20, but found 21");
  EXPECT_EQ(set("/memory/bytes", 1000), "expected a multiple of 32 bytes of memory, but found 1000");
  EXPECT_EQ(set("/conv/line", 2), "expected lines at least as long as the kernel, 3, but found 2");
  EXPECT_EQ(set("/isa", 1), "a machine of profile 1 has no features");
  EXPECT_EQ(set("/fifo/words", 0), "tiles of kind fifo, the feature fifo-tile and fifo.words above 0 go together");
  EXPECT_EQ(set("/features/2", "x").substr(0, 18), "expected a feature");
  EXPECT_EQ(complaint([](Json &json) { json["features"].erase(2); }), "ALUs with two operators need the feature chain");
  EXPECT_EQ(set("/provenance/color", 1), "\"provenance\" explains 'color', which is not a value of a target");
  EXPECT_EQ(set("/provenance/isa", "said so").substr(0, 33), "expected provenance of 'isa' as {");
  EXPECT_EQ(set("/provenance/isa/from", "hearsay").substr(0, 33), "expected provenance of 'isa' as {");
}

TEST(Target, WhatIsNotJsonIsRefused) {
  std::string_view text;
  for (const Preset &preset : presets())
    if (preset.name == "neuflow-tiny")
      text = preset.json;
  // Cut anywhere (its last byte is the end of the line).
  for (size_t size = 0; size + 1 < text.size(); ++size)
    ASSERT_FALSE(parseTarget(text.substr(0, size))) << size;
  EXPECT_EQ(parseTarget("[]").message(), "expected a JSON object that describes a machine");
  EXPECT_EQ(parseTarget("{\"isa\": 1, \"isa\": 2}").message(), "value 'isa' is there twice");
  EXPECT_EQ(parseTarget(std::string(100'000, '[')).message(),
            "expected a JSON object that describes a machine, but found one that is nested too deeply");
}

TEST(Target, OneTextStandsForAMachine) {
  Target target = *presetTarget("neuflow-tiny");
  std::string canonical = canonicalJson(target);
  EXPECT_FALSE(parseCanonicalTarget(canonical + " "));
  EXPECT_FALSE(parseCanonicalTarget(presets()[0].json));
  EXPECT_EQ(canonical.substr(0, 50), "{\"alu\":{\"divide_latency\":26,\"latency\":3,\"operators");
}

} // namespace
