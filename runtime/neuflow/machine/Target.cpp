// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A target file is one JSON object. Its numbers are listed once, in kNumbers below, with their ranges; parsing, the
// canonical text and the check that each value says where it comes from all go through that list.
#include "runtime/neuflow/machine/Target.h"

#include "runtime/neuflow/machine/Sha256.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace cnn::neuflow {

namespace {

using Json = nlohmann::json;

struct Number {
  const char *group, *key; // group is "" for a number at the top
  int64_t Target::*field;
  int64_t least, greatest;
  std::string path() const { return *group ? std::string(group) + "." + key : key; }
};

constexpr Number kNumbers[] = {
    {"", "isa", &Target::isa, 1, 2},
    {"clock", "grid_mhz", &Target::clockGridMhz, 1, 10'000},
    {"clock", "cpu_mhz", &Target::clockCpuMhz, 1, 10'000},
    {"cpu", "cycles_per_instruction", &Target::cpuCyclesPerInstruction, 1, 64},
    {"cpu", "fetch_beats", &Target::cpuFetchBeats, 2, 256},
    {"", "lines", &Target::lines, 1, 8},
    {"fifos", "hop", &Target::fifosHop, 2, 1024},
    {"fifos", "operator", &Target::fifosOperator, 2, 1024},
    {"conv", "kernel", &Target::convKernel, 1, 32},
    {"conv", "line", &Target::convLine, 1, 65'535},
    {"conv", "kernel_slots", &Target::convKernelSlots, 2, 2},
    {"conv", "latency", &Target::convLatency, 4, 64},
    {"mapper", "segments", &Target::mapperSegments, 1, 64},
    {"mapper", "latency", &Target::mapperLatency, 2, 64},
    {"alu", "operators", &Target::aluOperators, 1, 2},
    {"alu", "latency", &Target::aluLatency, 2, 64},
    {"alu", "divide_latency", &Target::aluDivideLatency, 2, 64},
    {"fifo", "words", &Target::fifoWords, 0, 65'535},
    {"port", "elements", &Target::portElements, 2, 4096},
    {"port", "requests", &Target::portRequests, 1, 64},
    {"port", "beats", &Target::portBeats, 2, 256},
    {"memory", "bytes", &Target::memoryBytes, 64, int64_t(1) << 32},
    {"memory", "beat_cycles", &Target::memoryBeatCycles, 1, 64},
    {"memory", "usable_beats", &Target::memoryUsableBeats, 1, 1024},
    {"memory", "of_beats", &Target::memoryOfBeats, 1, 1024},
    {"memory", "latency", &Target::memoryLatency, 1, 4096},
    {"", "watchdog", &Target::watchdog, 16, 1 << 30},
};

constexpr std::string_view kLists[] = {"features", "links", "ports", "tiles"};

constexpr std::string_view kTileKinds[] = {"conv", "alu", "mapper", "fifo"};
constexpr std::string_view kSides[] = {"N", "E", "S", "W"};
constexpr std::string_view kRoles[] = {"fetch", "cpu", "ethernet", "camera", "grid"};
constexpr std::string_view kFeatures[kNumFeatures] = {"config-burst", "shadow",    "chain",
                                                      "stride",       "fifo-tile", "kernel-config"};

template <size_t n> int64_t positionOf(const std::string_view (&names)[n], std::string_view name) {
  auto found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? -1 : found - std::begin(names);
}

template <typename Names> std::string listed(const Names &names) {
  std::string text;
  for (std::string_view name : names)
    text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

// Values of a user's file in messages: on one line, and not too long.
std::string shown(const Json &value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

bool isName(std::string_view name) {
  auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), ok);
}

// Fills a Target from JSON; each step leaves the first thing that is wrong in `error`.
class Reader {
public:
  explicit Reader(const Json &json) : json(json) {}

  bool read(Target &target) {
    return checkKeys() && readName(target) && readNumbers(target) && readFeatures(target) && readTiles(target) &&
           readLinks(target) && readPorts(target) && checkAgreement(target);
  }
  // Every value says where it comes from, and nothing else does.
  bool checkProvenance() {
    const Json &notes = json["provenance"];
    if (!notes.is_object())
      return fail("expected an object \"provenance\" that says where each value comes from");
    std::set<std::string> expected(std::begin(kLists), std::end(kLists));
    for (const Number &number : kNumbers)
      expected.insert(number.path());
    for (const auto &[path, note] : notes.items()) {
      if (!expected.erase(path))
        return fail("\"provenance\" explains '" + path + "', which is not a value of a target");
      const Json &origin = note.is_object() && note.contains("from") ? note["from"] : Json();
      static constexpr std::string_view kOrigins[] = {"slides", "public", "derived", "assumed"};
      if (!note.is_object() || note.size() != 2 || !note.contains("note") || !note["note"].is_string() ||
          !origin.is_string() || positionOf(kOrigins, origin.get_ref<const std::string &>()) < 0)
        return fail("expected provenance of '" + path + "' as {\"from\": " + listed(kOrigins) +
                    "; \"note\": text}, but found " + shown(note));
    }
    if (!expected.empty())
      return fail("\"provenance\" does not say where '" + *expected.begin() + "' comes from");
    return true;
  }
  std::string error;

private:
  bool fail(std::string text) {
    error = std::move(text);
    return false;
  }

  bool checkKeys() {
    if (!json.is_object())
      return fail("expected a JSON object that describes a machine");
    std::set<std::string> groups;
    for (const Number &number : kNumbers)
      if (*number.group)
        groups.insert(number.group);
    for (const auto &[key, value] : json.items()) {
      if (key == "name" || key == "provenance" || positionOf(kLists, key) >= 0)
        continue;
      if (groups.count(key)) {
        if (!value.is_object())
          return fail("expected an object '" + key + "', but found " + shown(value));
        for (const auto &[inner, unused] : value.items())
          if (!isNumber(key, inner))
            return fail("unknown value '" + key + "." + inner + "'");
      } else if (!isNumber("", key))
        return fail("unknown value '" + key + "'");
    }
    return true;
  }
  static bool isNumber(std::string_view group, std::string_view key) {
    return std::any_of(std::begin(kNumbers), std::end(kNumbers),
                       [&](const Number &number) { return number.group == group && number.key == key; });
  }

  // The value at a path, or null after a complaint.
  const Json *find(const char *group, const char *key) {
    const Json *object = &json;
    if (*group)
      object = json.contains(group) ? &json[group] : nullptr;
    if (!object || !object->contains(key)) {
      fail(std::string("value '") + (*group ? std::string(group) + "." : "") + key + "' is missing");
      return nullptr;
    }
    return &(*object)[key];
  }
  const Json *findList(const char *key) {
    const Json *list = find("", key);
    if (list && !list->is_array()) {
      fail(std::string("expected '") + key + "' as a list, but found " + shown(*list));
      return nullptr;
    }
    return list;
  }
  // A string in a list of names; -1 after a complaint.
  template <size_t n> int64_t nameIn(const std::string_view (&names)[n], const Json &value, const char *what) {
    int64_t position = value.is_string() ? positionOf(names, value.get_ref<const std::string &>()) : -1;
    if (position < 0)
      fail(std::string("expected ") + what + " (" + listed(names) + "), but found " + shown(value));
    return position;
  }

  bool readName(Target &target) {
    const Json *name = find("", "name");
    if (!name)
      return false;
    if (!name->is_string() || !isName(name->get_ref<const std::string &>()))
      return fail("expected a name of letters, digits and '-', but found " + shown(*name));
    target.name = *name;
    return true;
  }

  bool readNumbers(Target &target) {
    for (const Number &number : kNumbers) {
      const Json *value = find(number.group, number.key);
      if (!value)
        return false;
      bool sound = value->is_number_integer() &&
                   !(value->is_number_unsigned() && value->get<uint64_t>() > uint64_t(INT64_MAX)) &&
                   value->get<int64_t>() >= number.least && value->get<int64_t>() <= number.greatest;
      if (!sound)
        return fail("expected '" + number.path() + "' between " + std::to_string(number.least) + " and " +
                    std::to_string(number.greatest) + ", but found " + shown(*value));
      target.*number.field = value->get<int64_t>();
    }
    return true;
  }

  bool readFeatures(Target &target) {
    const Json *list = findList("features");
    if (!list)
      return false;
    for (const Json &value : *list) {
      int64_t feature = nameIn(kFeatures, value, "a feature");
      if (feature < 0)
        return false;
      if (target.features >> feature & 1)
        return fail("feature '" + std::string(kFeatures[feature]) + "' is there twice");
      target.features |= uint32_t(1) << feature;
    }
    return true;
  }

  bool readTiles(Target &target) {
    const Json *list = findList("tiles");
    if (!list)
      return false;
    if (list->empty() || list->size() > 256)
      return fail("expected 1 to 256 tiles, but found " + std::to_string(list->size()));
    for (const Json &value : *list) {
      if (!value.is_object() || value.size() != 3 || !value.contains("name") || !value.contains("kind") ||
          !value.contains("address"))
        return fail("expected a tile as {\"name\", \"kind\", \"address\"}, but found " + shown(value));
      const Json &name = value["name"], &address = value["address"];
      if (!name.is_string() || !isName(name.get_ref<const std::string &>()))
        return fail("expected a tile's name of letters, digits and '-', but found " + shown(name));
      int64_t kind = nameIn(kTileKinds, value["kind"], "a kind of tile");
      if (kind < 0)
        return false;
      if (!address.is_number_unsigned() || address.get<uint64_t>() < 1 || address.get<uint64_t>() > 0xFFF)
        return fail("expected a tile's address between 1 and 4095, but found " + shown(address));
      Tile tile{name, static_cast<TileKind>(kind), address.get<int64_t>()};
      if (target.tileNamed(tile.name) >= 0)
        return fail("two tiles are called '" + tile.name + "'");
      if (int64_t other = target.tileAt(tile.address); other >= 0)
        return fail("tiles '" + target.tiles[other].name + "' and '" + tile.name + "' have the same address " +
                    std::to_string(tile.address));
      target.tiles.push_back(std::move(tile));
    }
    return true;
  }

  // "C1.S" as a tile and a side.
  bool readEnd(const Target &target, std::string_view text, int64_t &tile, Side &side) {
    size_t dot = text.rfind('.');
    tile = dot == std::string_view::npos ? -1 : target.tileNamed(text.substr(0, dot));
    int64_t position = dot == std::string_view::npos ? -1 : positionOf(kSides, text.substr(dot + 1));
    side = static_cast<Side>(position);
    return tile >= 0 && position >= 0;
  }

  bool readLinks(Target &target) {
    const Json *list = findList("links");
    if (!list)
      return false;
    for (const Json &value : *list) {
      Link link;
      std::string text = value.is_string() ? value.get<std::string>() : "";
      size_t arrow = text.find("->");
      if (arrow == std::string::npos || !readEnd(target, text.substr(0, arrow), link.fromTile, link.fromSide) ||
          !readEnd(target, text.substr(arrow + 2), link.toTile, link.toSide))
        return fail("expected a link between sides (N, E, S, W) of tiles, as in \"C1.S->A1.N\", but found " +
                    shown(value));
      if (link.fromTile == link.toTile)
        return fail("link " + text + " joins a tile to itself");
      if (target.linkFrom(link.fromTile, link.fromSide) || target.linkInto(link.toTile, link.toSide))
        return fail("an end of link " + text + " is in use by another link");
      target.links.push_back(link);
    }
    return true;
  }

  bool readPorts(Target &target) {
    const Json *list = findList("ports");
    if (!list)
      return false;
    if (list->size() > 256)
      return fail("expected at most 256 ports, but found " + std::to_string(list->size()));
    for (const Json &value : *list) {
      int64_t role = nameIn(kRoles, value, "the role of a port");
      if (role < 0)
        return false;
      target.ports.push_back(static_cast<PortRole>(role));
    }
    return true;
  }

  bool checkAgreement(const Target &target) {
    auto count = [&](PortRole role) { return std::count(target.ports.begin(), target.ports.end(), role); };
    if (count(PortRole::grid) != target.lines)
      return fail("expected as many ports of the grid as lines, " + std::to_string(target.lines) + ", but found " +
                  std::to_string(count(PortRole::grid)));
    if (count(PortRole::fetch) != 1)
      return fail("expected one port to fetch instructions, but found " + std::to_string(count(PortRole::fetch)));
    if (target.clockGridMhz % target.clockCpuMhz != 0)
      return fail("expected a grid clock that is a multiple of the processor's, but found " +
                  std::to_string(target.clockGridMhz) + " and " + std::to_string(target.clockCpuMhz));
    if (target.memoryUsableBeats > target.memoryOfBeats)
      return fail("expected at most " + std::to_string(target.memoryOfBeats) + " usable beats of " +
                  std::to_string(target.memoryOfBeats) + ", but found " + std::to_string(target.memoryUsableBeats));
    if (target.memoryBytes % kBeatBytes != 0)
      return fail("expected a multiple of 32 bytes of memory, but found " + std::to_string(target.memoryBytes));
    if (target.convLine < target.convKernel)
      return fail("expected lines at least as long as the kernel, " + std::to_string(target.convKernel) +
                  ", but found " + std::to_string(target.convLine));
    if (target.isa == 1 && target.features != 0)
      return fail("a machine of profile 1 has no features");
    bool hasFifos = std::any_of(target.tiles.begin(), target.tiles.end(),
                                [](const Tile &tile) { return tile.kind == TileKind::fifo; });
    if (hasFifos != target.has(Feature::fifoTile) || hasFifos != (target.fifoWords > 0))
      return fail("tiles of kind fifo, the feature fifo-tile and fifo.words above 0 go together");
    if ((target.aluOperators == 2) && !target.has(Feature::chain))
      return fail("ALUs with two operators need the feature chain");
    return true;
  }

  const Json &json;
};

Result<Target> readTarget(std::string_view text, bool withProvenance) {
  // Objects hold the last of two equal keys, so a key that is there twice is looked for here.
  std::vector<std::set<std::string>> keys;
  std::string twice;
  auto watch = [&](int depth, Json::parse_event_t event, Json &parsed) {
    if (event == Json::parse_event_t::object_start)
      keys.emplace_back();
    else if (event == Json::parse_event_t::object_end)
      keys.pop_back();
    else if (event == Json::parse_event_t::key && twice.empty() &&
             !keys.back().insert(parsed.get<std::string>()).second)
      twice = parsed.get<std::string>();
    return true;
  };
  // The parser of the library calls itself for nested values.
  int64_t depth = 0, deepest = 0;
  for (char c : text) {
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    deepest = std::max(deepest, depth);
  }
  if (deepest > 64)
    return Error{"expected a JSON object that describes a machine, but found one that is nested too deeply"};
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (json.is_discarded())
    return Error{"expected JSON"};
  if (!twice.empty())
    return Error{"value '" + twice + "' is there twice"};
  Target target{};
  Reader reader(json);
  if (!reader.read(target))
    return Error{std::move(reader.error)};
  if (withProvenance && !json.contains("provenance"))
    return Error{"expected an object \"provenance\" that says where each value comes from"};
  if (withProvenance ? !reader.checkProvenance() : json.contains("provenance"))
    return Error{withProvenance ? std::move(reader.error) : "expected no provenance in a canonical target"};
  return target;
}

} // namespace

std::string_view nameOf(TileKind kind) { return kTileKinds[static_cast<int>(kind)]; }
std::string_view nameOf(Side side) { return kSides[static_cast<int>(side)]; }
std::string_view nameOf(PortRole role) { return kRoles[static_cast<int>(role)]; }
std::string_view nameOf(Feature feature) { return kFeatures[static_cast<int>(feature)]; }

int64_t Target::gridPort(int64_t n) const {
  for (size_t i = 0; i < ports.size(); ++i)
    if (ports[i] == PortRole::grid && n-- == 0)
      return static_cast<int64_t>(i);
  return -1;
}

int64_t Target::tileNamed(std::string_view tile) const {
  auto found = std::find_if(tiles.begin(), tiles.end(), [&](const Tile &other) { return other.name == tile; });
  return found == tiles.end() ? -1 : found - tiles.begin();
}

int64_t Target::tileAt(int64_t address) const {
  auto found = std::find_if(tiles.begin(), tiles.end(), [&](const Tile &tile) { return tile.address == address; });
  return found == tiles.end() ? -1 : found - tiles.begin();
}

const Link *Target::linkInto(int64_t tile, Side side) const {
  for (const Link &link : links)
    if (link.toTile == tile && link.toSide == side)
      return &link;
  return nullptr;
}

const Link *Target::linkFrom(int64_t tile, Side side) const {
  for (const Link &link : links)
    if (link.fromTile == tile && link.fromSide == side)
      return &link;
  return nullptr;
}

Result<Target> parseTarget(std::string_view json) { return readTarget(json, /*withProvenance=*/true); }
Result<Target> parseCanonicalTarget(std::string_view json) {
  Result<Target> target = readTarget(json, /*withProvenance=*/false);
  if (target && canonicalJson(*target) != json)
    return Error{"expected a target in its canonical form"};
  return target;
}

std::string canonicalJson(const Target &target) {
  Json json = Json::object(); // whose keys are sorted
  json["name"] = target.name;
  for (const Number &number : kNumbers)
    (*number.group ? json[number.group][number.key] : json[number.key]) = target.*number.field;
  for (std::string_view list : kLists)
    json[std::string(list)] = Json::array();
  for (int i = 0; i < kNumFeatures; ++i)
    if (target.has(static_cast<Feature>(i)))
      json["features"].push_back(kFeatures[i]);
  for (const Tile &tile : target.tiles)
    json["tiles"].push_back({{"name", tile.name}, {"kind", nameOf(tile.kind)}, {"address", tile.address}});
  for (const Link &link : target.links)
    json["links"].push_back(target.tiles[link.fromTile].name + "." + std::string(nameOf(link.fromSide)) + "->" +
                            target.tiles[link.toTile].name + "." + std::string(nameOf(link.toSide)));
  for (PortRole role : target.ports)
    json["ports"].push_back(nameOf(role));
  return json.dump();
}

std::array<uint8_t, 32> targetHash(const Target &target) { return sha256(canonicalJson(target)); }

Result<Target> presetTarget(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Preset &preset : presets()) {
    if (preset.name == name)
      return parseTarget(preset.json);
    names.push_back(preset.name);
  }
  return Error{"no machine is called '" + std::string(name) + "'; there are " + listed(names)};
}

} // namespace cnn::neuflow
