// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sizes of items and register tiles of a kernel.
//
// A contraction is planned from its indexing maps: its columns (N, the last dimension of the result, absent from the
// left operand) fill two or three vectors; its rows (M, dimensions of the left operand and the result alone) fill the
// other registers. An item is one register tile or a row of them, so that there are enough items for threads, and those
// that read the same weights follow each other.
//
// A sum over the batch, as in the gradient of a weight, would read both operands from memory again for each register
// tile: its items are several tiles, and its reduction is cut into chunks that fit into the cache.
#include "backends/cpu/kernels/TilePlan.h"

#include "backends/cpu/kernels/VectorCode.h"
#include "backends/cpu/kernels/VectorTarget.h"
#include "backends/cpu/kernels/WinogradOps.h"
#include "passes/StorageLayout.h"
#include "llvm/Support/MathExtras.h"
#include <limits>
#include <numeric>

using namespace mlir;

namespace cnn::cpu {

/// A sample that takes fewer multiply-adds than this is not worth splitting.
constexpr int64_t minContractionWork = 256 * 1024;
/// The same for other kernels, in steps of the longest loop nest; and the least number of steps of an item.
constexpr int64_t minSteps = 32 * 1024;
constexpr int64_t minItemSteps = 4096;
/// The results of an item that several ops make one after the other go through a temporary on the stack: so many at the
/// most. Contiguous elements that stay together, for vectors and cache lines.
constexpr int64_t maxItemElements = 4096;
constexpr int64_t minContiguous = 16;
/// Of a contraction that sums over the batch: how many items there are at least, for so many threads. What an item
/// keeps in the first-level cache beside the sums: the operands. A chunk of fewer steps is not worth loading and
/// storing the sums.
constexpr int64_t minStreamingItems = 4;
constexpr int64_t chunkBytes = 32 * 1024;
constexpr int64_t minChunkSteps = 48;
/// Weights of a layer that can be read again for each sample of a batch.
constexpr int64_t cachedWeightBytes = 2 * 1024 * 1024;
/// Of weights that several register tiles of an item read.
constexpr int64_t blockBytes = 320 * 1024;

int64_t staticProduct(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    if (!ShapedType::isDynamic(size))
      product = llvm::MulOverflow(product, size, product) ? std::numeric_limits<int64_t>::max() : product;
  return product;
}

static int64_t floorPowerOf2(int64_t x) { return int64_t(1) << llvm::Log2_64(x); }

/// Up to `limit` rows. A divisor of the range leaves no tail, and items can be cut along it; half of the limit is
/// still enough accumulators for the latency of a multiply-add. But it reads the right operand twice as often as a
/// tile with a tail, such as 2 + 2 + 2 + 1 rows of 7, which is for ranges that need not be cut.
static int64_t rowsOf(int64_t range, int64_t limit, bool hasOtherItems) {
  int64_t most = std::min(range, limit);
  for (int64_t size = most; 2 * size >= most + hasOtherItems; --size)
    if (range % size == 0)
      return size;
  return most;
}

static int64_t divisorAtLeast(int64_t size, int64_t least) {
  for (int64_t step = least; step < size; ++step)
    if (size % step == 0)
      return step;
  return size;
}

static int64_t divisorAtMost(int64_t size, int64_t most) {
  for (int64_t step = most; step > 1; --step)
    if (size % step == 0)
      return step;
  return 1;
}

/// Elements of an operand: of one sample, or of a weight.
static int64_t elementsOf(linalg::GenericOp op, unsigned operand) {
  return staticProduct(cast<ShapedType>(op.getDpsInputs()[operand].getType()).getShape());
}

static int64_t elementBytes(OpOperand *operand) {
  return getElementTypeOrSelf(operand->get()).getIntOrFloatBitWidth() / 8;
}

/// Whether the kernel pads the left operand.
static bool hasPadding(linalg::GenericOp op) {
  Operation *producer = op.getInputs()[0].getDefiningOp();
  return producer && producer->hasAttr(padAttrName);
}

/// Whether a contraction sums over the batch and over something in each sample: more data than a cache holds, in
/// which each value belongs to many elements of the result.
static bool isStreaming(linalg::GenericOp op) {
  bool hasBatch = false, hasOther = false;
  for (auto [size, kind] : llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray())) {
    bool isDynamic = ShapedType::isDynamic(size), isReduction = kind == utils::IteratorType::reduction;
    if (isDynamic && !isReduction)
      return false;
    hasBatch |= isDynamic;
    hasOther |= isReduction && !isDynamic && size > 1;
  }
  return hasBatch && hasOther;
}

/// Multiply-adds of vectors, about, of all register tiles of these sizes: those of a tile, at least as many as fill
/// the latency of one, and what a step of its loop takes beside them.
static int64_t stepsOfTiles(ArrayRef<int64_t> range, ArrayRef<int64_t> tile, int64_t vectors) {
  constexpr int64_t latency = 8, ofLoop = 3;
  if (range.empty())
    return std::max(vectors, latency) + ofLoop;
  int64_t size = tile.front(), rest = range.front() % size;
  int64_t steps = range.front() / size * stepsOfTiles(range.drop_front(), tile.drop_front(), vectors * size);
  return rest ? steps + stepsOfTiles(range.drop_front(), tile.drop_front(), vectors * rest) : steps;
}

/// Bytes of both operands that a part of the iteration space reads, in whole cache lines.
static int64_t footprint(linalg::GenericOp op, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> last = llvm::map_to_vector(sizes, [](int64_t size) { return size - 1; });
  int64_t bytes = 0;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    SmallVector<int64_t> extents = op.getMatchingIndexingMap(operand).compose(last);
    for (int64_t &extent : extents)
      ++extent;
    int64_t innermost = cast<ShapedType>(operand->get().getType()).getShape().back();
    extents.back() = std::min<int64_t>(llvm::alignTo(extents.back(), minContiguous), innermost);
    bytes += staticProduct(extents) * elementBytes(operand);
  }
  return bytes;
}

/// The item of a contraction that streams: of those that leave enough items and whose sums stay in the cache, the one
/// for which the operands are read the fewest times.
static SmallVector<int64_t> planStreamingItem(linalg::GenericOp op, ArrayRef<int64_t> tile) {
  SmallVector<int64_t> range = op.getStaticLoopRanges();
  SmallVector<unsigned> dims =
      llvm::map_to_vector(op.getIndexingMapsArray().back().getResults(), [](AffineExpr expr) { return dimOf(expr); });
  // Every size by dimension, one sample.
  SmallVector<SmallVector<int64_t>> candidates(1);
  for (int64_t size : range)
    candidates[0].push_back(ShapedType::isDynamic(size) ? 1 : size);
  int64_t mostItems = 1;
  for (unsigned d : dims) {
    int64_t step = range[d] % tile[d] == 0 ? tile[d] : range[d];
    mostItems *= range[d] / step;
    SmallVector<SmallVector<int64_t>> next;
    for (ArrayRef<int64_t> candidate : candidates)
      for (int64_t size = step; size <= range[d]; size += step)
        if (range[d] % size == 0) {
          next.emplace_back(candidate);
          next.back()[d] = size;
        }
    candidates = std::move(next);
  }
  SmallVector<int64_t> best = candidates.front();
  double leastBytes = std::numeric_limits<double>::infinity();
  for (ArrayRef<int64_t> candidate : candidates) {
    int64_t items = 1, elements = 1, ofTile = 1;
    for (unsigned d : dims) {
      items *= range[d] / candidate[d];
      elements *= candidate[d];
      ofTile *= std::min(tile[d], range[d]);
    }
    double bytes = double(items) * footprint(op, candidate);
    if (items < std::min(minStreamingItems, mostItems) || bytes >= leastBytes ||
        (elements * int64_t(sizeof(float)) > sumBytes && elements > ofTile))
      continue;
    leastBytes = bytes;
    best.assign(candidate.begin(), candidate.end());
  }
  for (auto [d, size] : llvm::enumerate(range))
    if (!llvm::is_contained(dims, d) || best[d] == size)
      best[d] = 0;
  return best;
}

/// Cuts the reduction of a contraction that streams: the innermost dimensions stay whole as long as what they read
/// stays in the cache for all tiles of the item.
static void planChunk(linalg::GenericOp op, ArrayRef<int64_t> tile, ArrayRef<int64_t> item, TilePlan &plan) {
  SmallVector<int64_t> range = op.getStaticLoopRanges(), sizes(range.size(), 1);
  auto kinds = op.getIteratorTypesArray();
  bool hasOneTile = true;
  for (auto [d, kind] : llvm::enumerate(kinds)) {
    if (kind == utils::IteratorType::reduction)
      continue;
    sizes[d] = item[d] ? item[d] : range[d];
    hasOneTile &= sizes[d] <= tile[d];
  }
  if (hasOneTile) // Nothing is read twice.
    return;
  int64_t steps = 1;
  for (int64_t d = range.size() - 1; d >= 0; --d) {
    if (kinds[d] != utils::IteratorType::reduction)
      continue;
    int64_t least = llvm::divideCeil(minChunkSteps, steps);
    int64_t most = ShapedType::isDynamic(range[d]) ? least : range[d];
    int64_t size = std::min(least, most);
    while (size < most) { // a binary search between them
      sizes[d] = size + llvm::divideCeil(most - size, 2);
      if (footprint(op, sizes) <= chunkBytes)
        size = sizes[d];
      else
        most = sizes[d] - 1;
    }
    sizes[d] = size;
    if (!ShapedType::isDynamic(range[d])) // parts of about the same size
      sizes[d] = llvm::divideCeil(range[d], llvm::divideCeil(range[d], size));
    steps *= sizes[d];
  }
  plan.chunkTile.assign(tile.begin(), tile.end());
  for (auto [d, kind] : llvm::enumerate(kinds))
    (kind == utils::IteratorType::reduction ? plan.chunkTile : sizes)[d] = 0;
  plan.chunk = sizes;
}

/// Cuts the reduction of an item of several register tiles, which all read the same block of weights, until that
/// stays in the second-level cache, and the next one beside it: the outermost dimension first.
static void cutBlock(linalg::GenericOp op, unsigned n, ArrayRef<int64_t> tile, ArrayRef<int64_t> item, TilePlan &plan) {
  SmallVector<int64_t> range = op.getStaticLoopRanges(), chunk(range.size(), 0);
  SmallVector<unsigned> reductions;
  bool hasOneTile = true;
  int64_t bytes = tile[n] * elementBytes(op.getDpsInputOperand(1)), sums = sizeof(float);
  for (auto [d, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    int64_t size = item[d] ? item[d] : range[d];
    // Several samples of an item, of which the last may have fewer: the sums would need memory of an unknown size.
    if (ShapedType::isDynamic(size) || (ShapedType::isDynamic(range[d]) && size != 1))
      return;
    if (kind == utils::IteratorType::reduction) {
      reductions.push_back(d);
      bytes *= range[d];
    } else {
      hasOneTile &= size <= tile[d];
      sums *= size;
    }
  }
  if (hasOneTile || bytes <= blockBytes || sums > sumBytes)
    return;
  for (unsigned d : reductions) {
    bytes /= range[d];
    chunk[d] = divisorAtMost(range[d], std::max<int64_t>(1, blockBytes / bytes));
    bytes *= chunk[d];
  }
  plan.chunk = chunk;
  plan.chunkTile.assign(tile.begin(), tile.end());
  for (unsigned d : reductions)
    plan.chunkTile[d] = 0;
}

TilePlanner::TilePlanner(int64_t lanes, int64_t registers, StringRef cpu)
    : lanes(lanes), accumulators(VectorTarget{lanes, registers, true}.accumulators()),
      machine(ConvMachine::of(cpu, lanes)) {}

int64_t TilePlanner::columns(int64_t range) const {
  if (range <= 3 * lanes)
    return range;
  for (int64_t vectors : {2, 3, 1})
    if (range % (vectors * lanes) == 0)
      return vectors * lanes;
  for (int64_t size = 3 * lanes; size > lanes; size -= 4)
    if (range % size == 0)
      return size;
  return 2 * lanes; // with a tail
}

void TilePlanner::balanceRows(linalg::GenericOp op, unsigned n, MutableArrayRef<int64_t> tile) const {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<unsigned> dims;
  SmallVector<int64_t> range, now;
  for (AffineExpr expr : maps.back().getResults()) {
    unsigned d = dimOf(expr);
    if (!maps[0].isFunctionOfDim(d) || maps[1].isFunctionOfDim(d))
      continue;
    dims.push_back(d);
    range.push_back(op.getStaticLoopRanges()[d]);
    now.push_back(tile[d]);
  }
  if (llvm::any_of(range, ShapedType::isDynamic))
    return;
  int64_t vectors = llvm::divideCeil(tile[n], lanes);
  // Channels side by side share cache lines, and blocks of them are items: they are left for a tenth of the time.
  double least = 0.9 * stepsOfTiles(range, now, vectors);
  SmallVector<int64_t> best = now;
  auto search = [&](auto &&self, SmallVector<int64_t> sizes, int64_t rows) -> void {
    if (sizes.size() == range.size()) {
      if (int64_t steps = stepsOfTiles(range, sizes, vectors); steps < least) {
        least = steps;
        best = sizes;
      }
      return;
    }
    for (int64_t size = std::min(range[sizes.size()], rows); size >= 1; --size) {
      SmallVector<int64_t> next = sizes;
      next.push_back(size);
      self(self, next, rows / size);
    }
  };
  search(search, {}, std::max<int64_t>(1, accumulators / vectors));
  for (auto [d, size] : llvm::zip(dims, best))
    tile[d] = size;
}

FailureOr<TilePlan> TilePlanner::planContraction(linalg::GenericOp op, bool rootIsContraction) const {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> range = op.getStaticLoopRanges();
  AffineMap out = maps.back();
  if (maps.size() != 3 || !out.isProjectedPermutation() || out.getNumResults() == 0)
    return failure();
  unsigned n = dimOf(out.getResults().back());
  bool isElementwise = maps[0].isFunctionOfDim(n); // a lane for itself, as in a depthwise convolution
  if ((isElementwise && maps[0].getResults().back() != out.getResults().back()) || ShapedType::isDynamic(range[n]))
    return failure();

  // Register tile: columns first, then rows from the innermost dimension outwards.
  SmallVector<int64_t> tile(range.size(), 0);
  bool sumsInLanes = hasSumInLanes(maps, n); // each element has a vector
  tile[n] = sumsInLanes ? divisorAtMost(range[n], accumulators) : columns(range[n]);
  // Not beyond a block of the right operand.
  for (AffineExpr index : maps[1].getResults())
    if (auto inBlock = dyn_cast<AffineBinaryOpExpr>(index); inBlock && inBlock.getKind() == AffineExprKind::Mod)
      tile[n] = std::gcd(tile[n], cast<AffineConstantExpr>(inBlock.getRHS()).getValue());
  // Each value of the left operand is a vector, too, and its register is kept for the next position of the window.
  int64_t sums = isElementwise ? accumulators / 2 : accumulators;
  int64_t rows = std::max<int64_t>(1, sums / (sumsInLanes ? tile[n] : llvm::divideCeil(tile[n], lanes)));
  std::optional<unsigned> innermostRow;
  for (AffineExpr expr : llvm::reverse(out.getResults().drop_back())) {
    unsigned d = dimOf(expr);
    int64_t size = 1;
    if (maps[0].isFunctionOfDim(d) && !maps[1].isFunctionOfDim(d)) {
      size = ShapedType::isDynamic(range[d]) ? floorPowerOf2(rows)
             : sumsInLanes                   ? std::min(range[d], rows)
                                             : rowsOf(range[d], rows, /*hasOtherItems=*/range[n] >= 4 * tile[n]);
      if (!innermostRow && range[d] != 1)
        innermostRow = d;
    }
    tile[d] = size;
    rows = std::max<int64_t>(1, rows / size);
  }

  if (!sumsInLanes && !isElementwise && isStreaming(op))
    balanceRows(op, n, tile);
  // What is padded for an item is memory of a static size.
  bool padsInItem = hasPadding(op);
  for (auto [d, size] : llvm::enumerate(range))
    if (padsInItem && ShapedType::isDynamic(size))
      tile[d] = 1;

  // Items: one register tile each, but whole rows of them along the innermost row dimension if there are enough.
  bool hasBatch = false;
  int64_t leastWork = minContractionWork;
  for (auto [d, size] : llvm::enumerate(range)) {
    if (!ShapedType::isDynamic(size))
      continue;
    if (op.getIteratorTypesArray()[d] == utils::IteratorType::reduction)
      leastWork /= 64; // a batch, which may be of any size
    else
      hasBatch = true;
  }
  bool isLarge = staticProduct(range) >= leastWork;
  SmallVector<int64_t> item(range.size(), 0);
  int64_t items = 1;
  auto cut = [&](unsigned d) {
    if (ShapedType::isDynamic(range[d]))
      item[d] = tile[d];
    else if (range[d] > tile[d] && range[d] % tile[d] == 0 && isLarge) {
      item[d] = tile[d];
      items *= range[d] / tile[d];
    }
  };
  for (AffineExpr expr : out.getResults())
    if (dimOf(expr) != innermostRow && (dimOf(expr) != n || !isElementwise) && !padsInItem)
      cut(dimOf(expr));
  if (innermostRow && (items < 16 || ShapedType::isDynamic(range[*innermostRow])) && !padsInItem)
    cut(*innermostRow);
  if (isElementwise && items < 16 && !padsInItem)
    cut(n);
  // It is padded once for all of a sample.
  if (padsInItem)
    for (AffineExpr expr : out.getResults())
      if (ShapedType::isDynamic(range[dimOf(expr)]))
        cut(dimOf(expr));

  // From the contraction's dimensions to the root's: an epilogue runs over the result.
  TilePlan plan;
  if (isLarge && isStreaming(op)) {
    item = planStreamingItem(op, tile);
    planChunk(op, tile, item, plan);
  } else if (isLarge && !padsInItem) {
    cutBlock(op, n, tile, item, plan);
  }
  auto dims = llvm::to_vector(llvm::seq<unsigned>(0, range.size()));
  if (!rootIsContraction)
    dims = llvm::map_to_vector(out.getResults(), dimOf);
  std::optional<int64_t> columnPosition;
  for (auto [i, d] : llvm::enumerate(dims)) {
    plan.item.push_back(item[d]);
    plan.tile.push_back(tile[d]);
    if (!item[d])
      continue;
    if (d == n)
      columnPosition = plan.order.size();
    plan.order.push_back(plan.order.size());
  }
  // The operand that is larger is read in the outer loop: the weights of a block of columns once for each sample; or
  // once for the whole batch, if they do not stay in the cache.
  int64_t weightBytes = elementsOf(op, 1) * elementBytes(op.getDpsInputOperand(1));
  if (columnPosition && (!hasBatch || elementsOf(op, 1) > elementsOf(op, 0))) {
    plan.order.erase(plan.order.begin() + *columnPosition);
    plan.order.insert(plan.order.begin() + (hasBatch && weightBytes <= cachedWeightBytes), *columnPosition);
  }
  return plan;
}

TilePlan TilePlanner::planOther(linalg::LinalgOp root, int64_t steps, bool hasTemporary) {
  SmallVector<int64_t> range = root.getStaticLoopRanges();
  auto kinds = root.getIteratorTypesArray();
  int64_t elements = 1;
  for (auto [size, kind] : llvm::zip_equal(range, kinds))
    if (kind == utils::IteratorType::parallel)
      elements = staticProduct({elements, size});
  int64_t stepsPerElement = std::max<int64_t>(1, steps / std::max<int64_t>(1, elements));
  int64_t leastElements = llvm::divideCeil(minItemSteps, stepsPerElement);
  unsigned last = range.empty() ? 0 : range.size() - 1;
  TilePlan plan;
  plan.item.assign(range.size(), 0);
  plan.tile.assign(range.size(), 0);
  for (auto [d, size] : llvm::enumerate(range)) {
    if (kinds[d] != utils::IteratorType::parallel)
      continue;
    bool isTooLarge = hasTemporary && elements > maxItemElements;
    if (ShapedType::isDynamic(size)) {
      plan.item[d] = 1;
    } else if (size > 1 && (steps >= minSteps || isTooLarge)) {
      int64_t rest = std::max<int64_t>(1, elements / size);
      int64_t least = std::max<int64_t>(1, llvm::divideCeil(leastElements, rest));
      if (isTooLarge)
        least = std::min(least, std::max<int64_t>(1, maxItemElements / rest));
      int64_t step = divisorAtLeast(size, d == last ? std::max(least, minContiguous) : least);
      if (isTooLarge && step * rest > maxItemElements && rest < maxItemElements)
        step = divisorAtMost(size, maxItemElements / rest);
      if (step == size)
        continue;
      plan.item[d] = step;
      elements = rest * step;
    }
    if (plan.item[d])
      plan.order.push_back(plan.order.size());
  }
  return plan;
}

TilePlan TilePlanner::planTransforms(linalg::GenericOp contraction) const {
  bool isInItem = findInputTransform(contraction) != nullptr;
  TiledConvShape shape = tiledConvShape(contraction);
  TiledConvPlan best = planTiledConv(shape, machine, isInItem ? InputTransform::InItem : InputTransform::Ahead);
  auto cut = [](int64_t extent, int64_t size) { return extent == size ? 0 : size; };
  TilePlan plan;
  plan.item = {1, cut(shape.rows, best.rows), 0, cut(shape.columns, best.columns), 0, cut(shape.outputs, best.outputs)};
  plan.tile = {1, 1, 0, 1, 0, lanes};
  if (TiledConvLoops(contraction.getNumLoops()).depth) {
    plan.item.insert(plan.item.begin() + 1, cut(shape.depth.positions, best.depth));
    plan.tile.insert(plan.tile.begin() + 1, 1);
  }
  for (int64_t size : plan.item)
    if (size)
      plan.order.push_back(plan.order.size());
  if (plan.item.back()) // the columns outside: their weights are read for all tiles before those of the next
    std::rotate(plan.order.begin(), plan.order.end() - 1, plan.order.end());
  return plan;
}

TilePlan TilePlanner::planTransform(linalg::GenericOp op) const {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> range = op.getStaticLoopRanges();
  unsigned n = dimOf(maps.back().getResults().back());
  TilePlan plan;
  for (auto [d, size] : llvm::enumerate(range)) {
    bool isOfMatrix = maps[1].isFunctionOfDim(d) || maps[2].isFunctionOfDim(d);
    plan.tile.push_back(isOfMatrix ? 0 : d == n ? lanes : 1);
    plan.item.push_back(isOfMatrix || d == n || size == 1 ? 0 : 1);
    if (plan.item.back())
      plan.order.push_back(plan.order.size());
  }
  return plan;
}

} // namespace cnn::cpu
