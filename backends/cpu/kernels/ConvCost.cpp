// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/kernels/ConvCost.h"

#include "passes/StorageLayout.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace cnn::cpu {

namespace {

constexpr double cacheBytes = secondLevelCacheBytes;
/// How many threads share the work and the memory: the fewest for which a net is likely to be compiled.
constexpr double threads = 2;
/// Items of some positions of the depth read the weights again for the others, from the third-level cache or from
/// memory. That is hidden behind multiply-adds only in part: it has to be worth so much.
constexpr double worthCuttingDepth = 0.95;
/// What an item may hold. Every thread has so much of its own.
constexpr double maxItemBytes = 6 * cacheBytes;

/// Weights that come from memory are asked for while others are used. About half of that works.
double overlap(double compute, double weightBytes, const ConvMachine &machine) {
  double memory = weightBytes / machine.memoryFill;
  return std::max(compute, memory) + std::min(compute, memory) / 2;
}

} // namespace

ConvMachine ConvMachine::of(llvm::StringRef cpu, int64_t lanes) {
  // A multiply-add of 512 bits takes both halves of the unit.
  if (cpu == "znver4")
    return {lanes, lanes > 8 ? 1.0 : 2.0, 0.95, 32 * cacheBytes, 24, 12};
  return {lanes, 2, 0.85, 16 * cacheBytes, 8, 4.5};
}

double estimateDirectConv(const ConvShape &shape, const ConvMachine &machine) {
  double weights = double(shape.window) * shape.inputs * shape.outputs;
  double peak = machine.multiplyAdds * machine.lanes * machine.efficiency;
  return overlap(shape.positions * weights / peak / threads, 4 * weights, machine);
}

bool waitsForWeights(double multiplyAdds, double weightBytes, const ConvMachine &machine) {
  double cycles = multiplyAdds / (machine.multiplyAdds * machine.lanes) / threads;
  return weightBytes > cacheBytes / 4 && weightBytes / machine.memoryFill > cycles;
}

double estimateWeightTransform(const TiledConvShape &shape, const ConvMachine &machine) {
  // It is written to memory, which reads it first.
  return 2 * 4 * double(shape.size()) * shape.size() * shape.depth.window * shape.inputs * shape.outputs /
         machine.memoryFill;
}

TiledConvPlan planTiledConv(const TiledConvShape &shape, const ConvMachine &machine, InputTransform where) {
  auto [lanes, multiplyAdds, efficiency, sharedCacheBytes, cacheFill, memoryFill] = machine;
  bool isAhead = where == InputTransform::Ahead;
  double products = double(shape.size()) * shape.size(), tiles = double(shape.rows) * shape.columns;
  double positions = shape.depth.positions, slices = shape.depth.slices(shape.depth.positions);
  double sums = double(shape.depth.window) * shape.inputs; // products in each of them
  double valueSize = shape.isInPairs ? 2 : 4;
  double weightBytes = valueSize * products * sums * shape.outputs;
  double inputBytes = valueSize * products * shape.inputs * tiles * slices;
  // Positions of a slice of the input that so many rows and columns of tiles read.
  auto imageOf = [&](double rows, double columns) {
    double tile = shape.tile, overlap = shape.kernel - 1;
    return (tile * rows + overlap) * (tile * columns + overlap);
  };
  // What comes from the third-level cache, or from memory, if it does not fit into that.
  auto fillOf = [&](double bytes) { return bytes > sharedCacheBytes ? memoryFill / threads : cacheFill; };
  // What an item holds: its input with padding, and that and the products transformed.
  auto bytesOf = [&](const TiledConvPlan &item) {
    double itemTiles = double(item.rows) * item.columns, itemSlices = shape.depth.slices(item.depth);
    double input = itemSlices * (products * itemTiles + imageOf(item.rows, item.columns));
    return 4 * products * item.depth * itemTiles * item.outputs + (isAhead ? 0 : valueSize * input * shape.inputs);
  };
  auto cyclesOf = [&](const TiledConvPlan &item) {
    double itemTiles = double(item.rows) * item.columns, blocks = double(shape.outputs) / item.outputs;
    double places = positions / item.depth * (tiles / itemTiles), items = places * blocks;
    // A register tile of few rows waits for its weights.
    double tileRows = std::min(item.depth * itemTiles, 14.0);
    double multiply =
        positions * tiles * products * sums * shape.outputs / (multiplyAdds * lanes) * (tileRows + 2) / tileRows;
    if (shape.isInPairs)
      multiply /= 2;
    // The weights are asked for in time, if they can be had in time: again by every item, if they do not stay in the
    // cache.
    if (weightBytes > cacheBytes / 2)
      multiply = std::max(multiply, weightBytes * places / fillOf(weightBytes));
    // About four instructions for each value, with its load and its store; of the input, with what it shares with its
    // neighbours, for every item.
    double inputVectors = std::ceil(double(shape.inputs) / lanes), outputVectors = double(shape.outputs) / lanes;
    double itemSlices = shape.depth.slices(item.depth);
    double readSlices = positions / item.depth * itemSlices; // by all items for some tiles and outputs
    double transform =
        4 * tiles * products * (inputVectors * (isAhead ? slices : readSlices * blocks) + outputVectors * positions);
    transform += 4 * (isAhead ? slices : readSlices * blocks) * (tiles / itemTiles) * imageOf(item.rows, item.columns) *
                 inputVectors;
    // They are written, taken back and read, if they do not stay in the cache.
    double spill = 3 * std::max(0.0, bytesOf(item) - cacheBytes) * items / cacheFill;
    if (isAhead && inputBytes > cacheBytes / 2) {
      spill += 2 * inputBytes / fillOf(inputBytes);
      multiply = std::max(multiply, inputBytes * (readSlices / slices) * blocks / fillOf(inputBytes));
    }
    double balanced = std::ceil(items / threads) / items;
    return overlap(multiply * balanced, weightBytes, machine) + (transform + spill) * balanced;
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  TiledConvPlan best{1, 1, 1, shape.outputs, infinity};
  auto consider = [&](TiledConvPlan item) {
    item.cycles = bytesOf(item) > maxItemBytes ? infinity : cyclesOf(item);
    bool cutsDepth = item.depth < shape.depth.positions, bestCuts = best.depth < shape.depth.positions;
    if (item.cycles < best.cycles * (cutsDepth == bestCuts ? 1 : cutsDepth ? worthCuttingDepth : 1 / worthCuttingDepth))
      best = item;
  };
  // Columns that fill two vectors, as those of a register tile do, and whole blocks of the weight.
  int64_t leastOutputs = std::lcm(2 * lanes, std::max<int64_t>(1, columnsPerBlock(shape.outputs)));
  for (int64_t parts = 1; parts == 1 || parts * leastOutputs <= shape.outputs; ++parts) {
    int64_t outputs = shape.outputs / parts;
    if (parts > 1 && (shape.outputs % parts != 0 || outputs % leastOutputs != 0))
      continue;
    for (int64_t depth = 1; depth <= shape.depth.positions; ++depth) {
      if (shape.depth.positions % depth != 0)
        continue;
      for (int64_t rows = 1; rows <= shape.rows; ++rows)
        for (int64_t columns = rows > 1 ? shape.columns : 1; columns <= shape.columns; ++columns)
          if (shape.rows % rows == 0 && shape.columns % columns == 0)
            consider({depth, rows, columns, outputs, infinity});
    }
  }
  return best;
}

InputTransform placeInputTransform(const TiledConvShape &shape, const ConvMachine &machine) {
  return planTiledConv(shape, machine, InputTransform::Ahead).cycles <
                 planTiledConv(shape, machine, InputTransform::InItem).cycles
             ? InputTransform::Ahead
             : InputTransform::InItem;
}

} // namespace cnn::cpu
