// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Derives the netlist again from selects: from every place where words leave the grid or enter an operator, back to
// where they come from. It reads the selects as docs/neuflow.md has them ("Tiles"), and shares no code with the router.
//
// On top of what the netlist says, no select may stand that leads nowhere: a source moves a word only to all the sinks
// that select it, and a sink that nobody empties would stop it.
#include "backends/neuflow/device/VerifyRoutes.h"

#include <map>
#include <set>

namespace cnn::neuflow {

namespace {

// A place for words, as the documentation names them.
struct Place {
  enum Kind { line, localIn, localOut, side, operatorIn, operatorOut } kind;
  int64_t tile, number; // of a line: the tile it comes into, or the number of tiles at its end
  friend auto operator<=>(const Place &, const Place &) = default;
};

class Derivation {
public:
  Derivation(const GridSelects &selects, const Target &target) : target(target) {
    int64_t tiles = static_cast<int64_t>(target.tiles.size());
    for (int64_t t = 0; t < tiles; ++t) {
      for (int64_t line = 0; line < target.lines; ++line)
        add({Place::line, t + 1, line}, selects.lines[t].lines[line], t, /*byLines=*/true);
      for (int64_t i = 0; i < 3; ++i) {
        add({Place::localIn, t, i}, selects.lines[t].localInputs[i], t, true);
        add({Place::operatorIn, t, i}, selects.routers[t].operatorInputs[i], t, false);
        add({Place::localOut, t, i}, selects.routers[t].localOutputs[i], t, false);
      }
      for (int64_t side = 0; side < 4; ++side)
        if (uint8_t code = selects.routers[t].sides[side]; code != kFromNone) {
          const Link *link = target.linkFrom(t, static_cast<Side>(side));
          if (!link)
            complaint = target.tiles[t].name + " hands words to a side without a link";
          else
            add({Place::side, link->toTile, static_cast<int64_t>(link->toSide)}, code, t, false);
        }
    }
  }

  // Where the words of a place come from in the end; nothing if from nowhere. Marks the way.
  std::optional<Place> origin(Place place) {
    for (size_t steps = 0; steps <= sourceOf.size(); ++steps) {
      auto found = sourceOf.find(place);
      if (found == sourceOf.end())
        return place.kind == Place::operatorOut || (place.kind == Place::line && place.tile == 0) ? std::optional(place)
                                                                                                  : std::nullopt;
      used.insert(place);
      place = found->second;
    }
    complaint = "selects go in a circle";
    return std::nullopt;
  }
  // A select on no way that origin() has gone.
  std::optional<Place> unused() const {
    for (const auto &[sink, source] : sourceOf)
      if (!used.contains(sink))
        return sink;
    return std::nullopt;
  }
  std::string nameOf(const Place &place) const {
    static const char *const kinds[] = {"line", "local input",    "local output",
                                        "side", "operator input", "operator output"};
    std::string text = std::string(kinds[place.kind]) + " " + std::to_string(place.number + 1);
    if (place.kind == Place::line)
      return place.tile < static_cast<int64_t>(target.tiles.size()) ? text + " into " + target.tiles[place.tile].name
                                                                    : text + " to its port";
    return text + " of " + target.tiles[place.tile].name;
  }

  std::string complaint;

private:
  void add(Place sink, uint8_t code, int64_t tile, bool byLines) {
    if (code == kFromNone)
      return;
    Place source = byLines ? code < kFromLocal ? Place{Place::line, tile, code} : Place{Place::localOut, tile, code - 8}
                   : code < kFromLocal ? Place{Place::operatorOut, tile, code}
                   : code < kFromSide  ? Place{Place::localIn, tile, code - 8}
                                       : Place{Place::side, tile, code - 11};
    sourceOf.emplace(sink, source);
  }

  const Target &target;
  std::map<Place, Place> sourceOf;
  std::set<Place> used;
};

} // namespace

std::string verifyRoutes(const Netlist &netlist, const Placement &placement, const GridSelects &selects,
                         const Target &target) {
  Derivation derivation(selects, target);
  if (!derivation.complaint.empty())
    return derivation.complaint;
  auto placeOf = [&](const Pin &pin, bool isSource) -> Place {
    switch (pin.kind) {
    case Pin::Kind::read:
      return {Place::line, 0, placement.readPorts[pin.index]};
    case Pin::Kind::write:
      return {Place::line, static_cast<int64_t>(target.tiles.size()), placement.writePorts[pin.index]};
    case Pin::Kind::op:
      break;
    }
    return {isSource ? Place::operatorOut : Place::operatorIn, placement.tiles[pin.index], pin.io};
  };
  for (const Net &net : netlist.nets)
    for (const Pin &sink : net.sinks) {
      std::optional<Place> found = derivation.origin(placeOf(sink, false));
      if (!derivation.complaint.empty())
        return derivation.complaint;
      Place expected = placeOf(net.source, true);
      if (found != expected)
        return "expected " + nameOf(netlist, sink, false) + " to take words from " + derivation.nameOf(expected) +
               ", but it takes them from " + (found ? derivation.nameOf(*found) : "nowhere");
    }
  if (std::optional<Place> unused = derivation.unused())
    return derivation.nameOf(*unused) + " takes words that lead nowhere";
  return "";
}

std::string verifyConfiguration(const Netlist &netlist, const Placement &placement, const ConfigReader &reader,
                                const Target &target) {
  for (size_t i = 0; i < netlist.operators.size(); ++i) {
    int64_t tile = placement.tiles[i];
    const std::optional<OperatorConfig> &found = reader.operators()[tile];
    if (!found || !(*found == netlist.operators[i]))
      return target.tiles[tile].name + " is not configured as its operator";
  }
  return verifyRoutes(netlist, placement, reader.selects(), target);
}

} // namespace cnn::neuflow
