// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/Pictures.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace cnn::neuflow {

namespace {

// Where things stand on the grid's picture.
constexpr int64_t kLeft = 90, kColumn = 96, kTileTop = 110, kTileHeight = 64, kTileWidth = 80, kFirstLine = 230,
                  kLineStep = 24;

constexpr const char *kColors[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e",
                                   "#17becf", "#8c564b", "#e377c2", "#bcbd22", "#7f7f7f"};

std::string escaped(const std::string &text) {
  std::string result;
  for (char c : text)
    result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
  return result;
}

std::string number(int64_t value) { return std::to_string(value); }

class Svg {
public:
  Svg(int64_t width, int64_t height) {
    out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" + number(height) +
          "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
          "\" font-family=\"sans-serif\" font-size=\"12\">\n"
          "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  }
  void text(int64_t x, int64_t y, const std::string &what, const char *anchor = "start") {
    out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" + escaped(what) +
           "</text>\n";
  }
  void box(int64_t x, int64_t y, int64_t width, int64_t height, const char *fill, const std::string &title = "") {
    out += "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(width) + "\" height=\"" +
           number(height) + "\" fill=\"" + fill + "\" stroke=\"#444\" stroke-width=\"0.5\">";
    out += title.empty() ? "</rect>\n" : "<title>" + escaped(title) + "</title></rect>\n";
  }
  void path(const std::string &d, const char *color, int64_t width) {
    out += "<path d=\"" + d + "\" fill=\"none\" stroke=\"" + color + "\" stroke-width=\"" + number(width) + "\"/>\n";
  }
  std::string end() { return out + "</svg>\n"; }

private:
  std::string out;
};

std::string at(char command, int64_t x, int64_t y) { return command + number(x) + " " + number(y) + " "; }

std::string workOf(const OperatorConfig &config) {
  static const char *const alu[] = {"", "mac", "div", "mul", "add", "sub", "square", "max"};
  if (const ConvConfig *conv = std::get_if<ConvConfig>(&config))
    return number(conv->kerH) + "x" + number(conv->kerW) + " of " + number(conv->inH) + "x" + number(conv->inW);
  if (const AluConfig *what = std::get_if<AluConfig>(&config))
    return std::string(alu[static_cast<int>(what->first)]) +
           (what->second == AluCode::none ? "" : std::string(", ") + alu[static_cast<int>(what->second)]);
  if (const FifoConfig *fifo = std::get_if<FifoConfig>(&config))
    return number(fifo->capacity) + " words";
  return "pieces";
}

class GridPicture {
public:
  GridPicture(const GridPass &pass, const ChannelGraph &graph)
      : pass(pass), graph(graph), tiles(static_cast<int64_t>(graph.target.tiles.size())),
        svg(kLeft + tiles * kColumn + 90, kFirstLine + graph.target.lines * kLineStep + 20) {}

  std::string run() {
    svg.text(10, 22, pass.name);
    // The lines that nobody uses, and the links.
    for (int64_t line = 0; line < graph.target.lines; ++line) {
      svg.path(at('M', kLeft - 30, lineY(line)) + at('L', kLeft + tiles * kColumn + 20, lineY(line)), "#ddd", 1);
      svg.text(8, lineY(line) + 4, portText(line, true));
      svg.text(kLeft + tiles * kColumn + 26, lineY(line) + 4, portText(line, false));
    }
    for (const Link &link : graph.target.links)
      svg.path(arc(link.fromTile, link.toTile), "#ddd", 1);
    for (size_t net = 0; net < pass.placed->routes.size(); ++net)
      draw(pass.placed->routes[net], kColors[net % std::size(kColors)]);
    for (int64_t tile = 0; tile < tiles; ++tile)
      drawTile(tile);
    return svg.end();
  }

private:
  static int64_t middle(int64_t tile) { return kLeft + tile * kColumn + kColumn / 2; }
  static int64_t lineY(int64_t line) { return kFirstLine + line * kLineStep; }
  static int64_t localX(int64_t tile, int64_t number, bool isInput) {
    return middle(tile) + (isInput ? -34 : 10) + number * 10;
  }
  std::string portText(int64_t line, bool reads) const {
    const std::vector<int64_t> &ports = reads ? pass.placed->placement.readPorts : pass.placed->placement.writePorts;
    auto found = std::find(ports.begin(), ports.end(), line);
    return found == ports.end() ? "" : (reads ? "read " : "write ") + number(found - ports.begin() + 1);
  }
  // From the top of one tile to that of another.
  static std::string arc(int64_t from, int64_t to) {
    int64_t x1 = middle(from), x2 = middle(to), away = 24 + 5 * std::abs(to - from);
    // There and back are beside each other.
    int64_t shift = from < to ? -6 : 6;
    return at('M', x1 + shift, kTileTop) + "C" + number(x1 + shift) + " " + number(kTileTop - away) + " " +
           number(x2 + shift) + " " + number(kTileTop - away) + " " + number(x2 + shift) + " " + number(kTileTop);
  }

  void draw(const Route &route, const char *color) {
    for (size_t i = 0; i < route.channels.size(); ++i) {
      ChannelPlace to = graph.placeOf(route.channels[i]);
      ChannelPlace from = i == 0 ? ChannelPlace() : graph.placeOf(route.channels[route.from[i]]);
      if (to.kind == ChannelPlace::line && i == 0)
        svg.path(at('M', kLeft - 30, lineY(to.number)) + at('L', middle(0) - 44, lineY(to.number)), color, 3);
      else if (to.kind == ChannelPlace::line) {
        // It crosses to its line in the tile that it leaves, and comes to the left of the next one.
        int64_t end = to.tile == tiles ? kLeft + tiles * kColumn + 20 : middle(to.tile) - 44;
        std::string way = from.kind == ChannelPlace::line
                              ? at('M', middle(from.tile) - 44, lineY(from.number)) +
                                    at('L', middle(from.tile) + 36, lineY(to.number))
                              : at('M', localX(from.tile, from.number, false), kTileTop + kTileHeight) +
                                    at('L', localX(from.tile, from.number, false), lineY(to.number));
        svg.path(way + at('L', end, lineY(to.number)), color, 3);
      } else if (to.kind == ChannelPlace::localInput)
        svg.path(at('M', middle(to.tile) - 44, lineY(from.number)) +
                     at('L', localX(to.tile, to.number, true), lineY(from.number)) +
                     at('L', localX(to.tile, to.number, true), kTileTop + kTileHeight),
                 color, 3);
      else if (to.kind == ChannelPlace::side)
        svg.path(arc(from.tile, to.tile), color, 3);
    }
  }

  void drawTile(int64_t tile) {
    const std::vector<int64_t> &placed = pass.placed->placement.tiles;
    auto found = std::find(placed.begin(), placed.end(), tile);
    int64_t x = middle(tile) - kTileWidth / 2;
    svg.box(x, kTileTop, kTileWidth, kTileHeight, found == placed.end() ? "#f4f4f4" : "#ffe9b3");
    svg.text(middle(tile), kTileTop + 18, graph.target.tiles[tile].name, "middle");
    svg.text(middle(tile), kTileTop + 36, std::string(nameOf(graph.target.tiles[tile].kind)), "middle");
    if (found != placed.end())
      svg.text(middle(tile), kTileTop + 54, workOf(pass.netlist.operators[found - placed.begin()]), "middle");
  }

  const GridPass &pass;
  const ChannelGraph &graph;
  int64_t tiles;
  Svg svg;
};

} // namespace

std::string gridPicture(const GridPass &pass, const ChannelGraph &graph) { return GridPicture(pass, graph).run(); }

std::string timelinePicture(const PassProgram &program, const Target &target) {
  constexpr int64_t kNames = 260, kWidth = 900, kRow = 20, kTop = 50;
  std::vector<std::string> rows;
  int64_t all = 0;
  for (const GridPass &pass : program.passes) {
    all += pass.expected.cycles;
    if (std::find(rows.begin(), rows.end(), pass.operation) == rows.end())
      rows.push_back(pass.operation);
  }
  Svg svg(kNames + kWidth + 20, kTop + kRow * static_cast<int64_t>(rows.size()) + 40);
  svg.text(10, 22, program.name + " on " + target.name + ": " + number(all) + " cycles");
  for (size_t row = 0; row < rows.size(); ++row)
    svg.text(10, kTop + kRow * static_cast<int64_t>(row) + 14, rows[row]);
  int64_t before = 0;
  for (const GridPass &pass : program.passes) {
    int64_t row = std::find(rows.begin(), rows.end(), pass.operation) - rows.begin();
    int64_t from = kNames + before * kWidth / std::max<int64_t>(all, 1);
    before += pass.expected.cycles;
    int64_t to = kNames + before * kWidth / std::max<int64_t>(all, 1);
    bool convolves = pass.expected.macs > 0;
    svg.box(from, kTop + kRow * row, std::max<int64_t>(to - from, 1), kRow - 4, convolves ? "#ffb347" : "#9ecae1",
            pass.name + ": " + number(static_cast<int64_t>(pass.steps.size())) + " steps, " +
                number(pass.expected.cycles) + " cycles, " + number(pass.expected.macs) + " MACs, " +
                number(pass.expected.bytes) + " bytes");
  }
  int64_t bottom = kTop + kRow * static_cast<int64_t>(rows.size()) + 20;
  for (int64_t i = 0; i <= 4; ++i) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.3f ms",
                  static_cast<double>(all * i) / 4000 / static_cast<double>(target.clockGridMhz));
    svg.text(kNames + kWidth * i / 4, bottom, text, i == 4 ? "end" : i == 0 ? "start" : "middle");
  }
  return svg.end();
}

} // namespace cnn::neuflow
