// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Splits a kernel into work items and its contraction into register tiles.
//
// Problem. A contraction reaches the machine's peak only if its accumulators stay in registers for the whole reduction,
// which wants small static tiles; threads want items that do not depend on each other; and a bias or an activation must
// be applied while a tile is still in registers.
//
//   %y = contraction(%x, %w) : [B, 56, 56, 64]             forall (b, h, o) in (B, 56, 64/32)
//   %z = relu(%y + %bias)                           ->        for w = 0 to 56 step 14
//                                                                %t = contraction : [1, 1, 14, 32]
//                                                                insert relu(%t + %bias)
//
// Method. The plan is made from the contraction's indexing maps: its columns (N, the last dimension of the result,
// absent from the left operand) fill two or three vectors; its rows (M, dimensions of the left operand and the result
// alone) fill the other registers. Then upstream tile-and-fuse is applied twice, from the last op of the kernel: once
// for the items, once for the register tiles. Loops that do not divide are peeled, so that tiles are static; what
// remains of a dynamic batch is done row by row.
//
// A sum over the batch, as in the gradient of a weight, would read both operands from memory again for each register
// tile. Its items are several tiles, such as all positions of the window, and the reduction is cut into chunks that fit
// into the cache: the tiles of an item add what one chunk gives, then the next.
//
//   for b { for h {                               one sample, one row of the image
//     for (i, j, c) in (3, 3, 16) step (1, 1, 8)
//       sums[i, j, c..c+8, o..o+32] += contraction over w
//   } }
//
// Each element is the same sum in the same order, however many threads there are.
//
// Ops that are not contractions are split into items only: their inner loops are contiguous, and LLVM vectorizes them.

#include "backends/cpu/kernels/ConvCost.h"
#include "backends/cpu/kernels/KernelPipeline.h"
#include "backends/cpu/kernels/VectorCode.h"
#include "backends/cpu/kernels/WinogradOps.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/TileUsingInterface.h"
#include "mlir/Dialect/SCF/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"
#include "passes/StorageLayout.h"
#include "llvm/Support/MathExtras.h"
#include <limits>
#include <numeric>

namespace cnn::cpu {
#define GEN_PASS_DEF_TILEKERNEL
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// Marks the last op of a kernel, and the tiles of it, while tiling goes on.
constexpr StringLiteral rootMarker = "cnn.root";
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
/// keeps in the first-level cache: the sums, and beside them the operands. A chunk of fewer steps is not worth loading
/// and storing the sums.
constexpr int64_t minStreamingItems = 4;
constexpr int64_t sumBytes = 20 * 1024, chunkBytes = 32 * 1024;
constexpr int64_t minChunkSteps = 48;
/// Weights of a layer that can be read again for each sample of a batch.
constexpr int64_t cachedWeightBytes = 2 * 1024 * 1024;
/// Of weights that several register tiles of an item read.
constexpr int64_t blockBytes = 320 * 1024;

/// The static part of an iteration space, or of a shape; saturates.
int64_t staticProduct(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes)
    if (!ShapedType::isDynamic(size))
      product = llvm::MulOverflow(product, size, product) ? std::numeric_limits<int64_t>::max() : product;
  return product;
}

/// Sizes by dimension of the root's iteration space; 0: the dimension is not cut.
struct TilePlan {
  SmallVector<int64_t> item, tile;
  SmallVector<int64_t> order; // of the dimensions with an item size, the slowest first
  /// If the reduction is cut into chunks, which the register tiles of an item go through one after the other: by
  /// dimension of the contraction, the size of a chunk and of a register tile.
  SmallVector<int64_t> chunk, chunkTile;
};

int64_t floorPowerOf2(int64_t x) { return int64_t(1) << llvm::Log2_64(x); }

/// The op whose results the kernel writes; null if there are several.
linalg::LinalgOp findRoot(func::FuncOp kernel) {
  linalg::LinalgOp root;
  bool single = true;
  kernel.walk([&](bufferization::MaterializeInDestinationOp write) {
    auto op = write.getSource().getDefiningOp<linalg::LinalgOp>();
    if (!op || (root && op != root))
      single = false;
    root = op;
  });
  return single ? root : nullptr;
}

/// The op with this attribute at the front of a chain of elementwise ops with identity maps; null if there is none.
linalg::GenericOp findInChain(linalg::LinalgOp root, StringRef attribute) {
  if (root->hasAttr(attribute))
    return dyn_cast<linalg::GenericOp>(root.getOperation());
  if (root.getNumReductionLoops() != 0 || root.getNumDpsInits() != 1 ||
      !root.getMatchingIndexingMap(root.getDpsInitOperand(0)).isIdentity())
    return nullptr;
  for (OpOperand *input : root.getDpsInputOperands()) {
    if (!root.getMatchingIndexingMap(input).isIdentity())
      continue;
    if (auto producer = input->get().getDefiningOp<linalg::LinalgOp>())
      if (linalg::GenericOp found = findInChain(producer, attribute))
        return found;
  }
  return nullptr;
}

unsigned dimOf(AffineExpr expr) { return cast<AffineDimExpr>(expr).getPosition(); }

class Planner {
public:
  Planner(int64_t lanes, int64_t registers, const ConvMachine &machine)
      : lanes(lanes), accumulators(VectorTarget{lanes, registers, true}.accumulators()), machine(machine) {}

  /// How many columns one tile has: all, if they fit in three vectors; else a divisor, so that there is no tail.
  int64_t columns(int64_t range) const {
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

  FailureOr<TilePlan> planContraction(linalg::GenericOp op, bool rootIsContraction) const {
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

  /// Items are cut from the outermost parallel dimensions: as long as they stay large enough, and until what they make
  /// fits into their temporary. `steps` is the size of the kernel's longest loop nest.
  static TilePlan planOther(linalg::LinalgOp root, int64_t steps, bool hasTemporary) {
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

  /// Items of a convolution by Winograd's algorithm, over its result [b, z.., r, p, t, q, o]: some tiles, some columns.
  /// All that is done for them stays in the cache, but for the weight, which every item reads.
  TilePlan planTransforms(linalg::GenericOp contraction) const {
    bool isInItem = findInputTransform(contraction) != nullptr;
    TiledConvShape shape = tiledConvShape(contraction);
    TiledConvPlan best = planTiledConv(shape, machine, isInItem ? InputTransform::InItem : InputTransform::Ahead);
    auto cut = [](int64_t extent, int64_t size) { return extent == size ? 0 : size; };
    TilePlan plan;
    plan.item = {1, cut(shape.rows, best.rows),      0, cut(shape.columns, best.columns),
                 0, cut(shape.outputs, best.outputs)};
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

private:
  /// Whether the kernel pads the left operand.
  static bool hasPadding(linalg::GenericOp op) {
    Operation *producer = op.getInputs()[0].getDefiningOp();
    return producer && producer->hasAttr(cnn::padAttrName);
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

  /// The rows of a contraction that streams lie in several dimensions: a window and its channels. Those of the
  /// innermost ones may leave registers empty, as 4 x 6 rows and a rest of 1 x 6 in a window of 5 x 5 with 6 channels,
  /// where 5 x 5 rows of a channel do not.
  void balanceRows(linalg::GenericOp op, unsigned n, MutableArrayRef<int64_t> tile) const {
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
  static void cutBlock(linalg::GenericOp op, unsigned n, ArrayRef<int64_t> tile, ArrayRef<int64_t> item,
                       TilePlan &plan) {
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

  int64_t lanes, accumulators;
  ConvMachine machine;
};

class TileKernel : public cnn::cpu::impl::TileKernelBase<TileKernel> {
public:
  using TileKernelBase::TileKernelBase;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kernelAttrName))
      return;
    linalg::LinalgOp root = findRoot(kernel);
    if (!root || root.getNumLoops() == 0)
      return;
    if (linalg::GenericOp transform = findInChain(root, cnn::transformAttrName)) {
      if (failed(tileTransforms(root, transform)))
        return signalPassFailure();
      return;
    }
    linalg::GenericOp contraction = findInChain(root, cnn::contractionAttrName);
    TilePlan plan;
    if (contraction) {
      FailureOr<TilePlan> planned =
          Planner(lanes, registers, ConvMachine::of(cpu, lanes))
              .planContraction(contraction, root.getOperation() == contraction.getOperation());
      if (failed(planned))
        contraction = nullptr;
      else
        plan = *planned;
    }
    if (!contraction)
      plan = planOther(root);

    mark(root);
    if (contraction)
      nameTile(contraction, plan.tile);
    if (failed(tileItems(plan)))
      return signalPassFailure();
    if (contraction) {
      // An item pads once for all of its tiles.
      auto isOfTile = [](Operation *producer) { return !producer->hasAttr(cnn::padAttrName); };
      if (failed(plan.chunk.empty() ? tileRoots(plan.tile, scf::SCFTilingOptions::LoopType::ForOp, isOfTile)
                                    : tileChunks(plan)) ||
          failed(tileRemainder()))
        return signalPassFailure();
    }
    unmark();
  }

private:
  LogicalResult tileItems(const TilePlan &plan) {
    if (llvm::all_of(plan.item, [](int64_t size) { return size == 0; }))
      return success();
    getOperation()->setAttr(itemOrderAttrName, DenseI64ArrayAttr::get(&getContext(), plan.order));
    return tileRoots(plan.item, scf::SCFTilingOptions::LoopType::ForallOp);
  }

  /// The contraction of an item accumulates in memory: for one chunk of the reduction after the other, all register
  /// tiles. What is in front of it and behind it is done for the whole item.
  LogicalResult tileChunks(const TilePlan &plan) {
    unmark();
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr(cnn::contractionAttrName))
        mark(op);
    });
    // The sums lie close together: rows of the result may be so far apart that they displace each other in the cache.
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp root : roots()) {
      auto fill = root.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
      auto type = cast<RankedTensorType>(root->getResult(0).getType());
      if (!fill || !fill->hasOneUse() || !type.hasStaticShape() ||
          type.getNumElements() > sumBytes / int64_t(sizeof(float)))
        continue;
      rewriter.setInsertionPoint(fill);
      fill.getDpsInitsMutable()[0].set(
          tensor::EmptyOp::create(rewriter, fill.getLoc(), type.getShape(), type.getElementType()));
    }
    auto nothing = [](Operation *) { return false; };
    if (failed(tileRoots(plan.chunk, scf::SCFTilingOptions::LoopType::ForOp, nothing)))
      return failure();
    return tileRoots(plan.chunkTile, scf::SCFTilingOptions::LoopType::ForOp, nothing);
  }

  /// A convolution between transforms: an item is some tiles of the image, and some columns. In it, one after the
  /// other, their input is transformed, multiplied in register tiles, and transformed back with the epilogue behind it.
  /// Or a transform alone.
  LogicalResult tileTransforms(linalg::LinalgOp root, linalg::GenericOp transform) {
    Planner planner(lanes, registers, ConvMachine::of(cpu, lanes));
    auto contraction = transform.getInputs()[0].getDefiningOp<linalg::GenericOp>();
    bool isConvolution = contraction && contraction->hasAttr(cnn::algorithmAttrName);
    TilePlan plan = isConvolution ? planner.planTransforms(contraction) : planTransform(transform);
    // The root has the loops of the result, and, if it is the transform itself, those of its sums.
    plan.item.resize(root.getNumLoops(), 0);
    plan.tile.resize(root.getNumLoops(), 0);
    mark(root);
    if (failed(tileItems(plan)))
      return failure();
    if (failed(tileRoots(plan.tile, scf::SCFTilingOptions::LoopType::ForOp,
                         [](Operation *producer) { return !producer->hasAttr(cnn::algorithmAttrName); })))
      return failure();
    unmark();
    if (!isConvolution)
      return success();

    auto isFill = [](Operation *producer) { return isa<linalg::FillOp>(producer); };
    getOperation().walk([&](linalg::GenericOp op) {
      if (op->hasAttr(cnn::algorithmAttrName))
        contraction = op;
    });
    FailureOr<TilePlan> registerTile = planner.planContraction(contraction, /*rootIsContraction=*/true);
    if (failed(registerTile))
      return contraction.emitError("expected a contraction between transforms");
    auto input = contraction.getInputs()[0].getDefiningOp<linalg::GenericOp>();
    linalg::GenericOp inputTransform = findInputTransform(contraction);
    nameTile(contraction, registerTile->tile);
    mark(contraction);
    // The weights of a block of columns are read for all rows before those of the next.
    TiledConvLoops loops(contraction.getNumLoops());
    auto order = llvm::to_vector(llvm::seq<int64_t>(contraction.getNumLoops()));
    std::rotate(order.begin() + loops.position, order.begin() + loops.output, order.begin() + loops.output + 1);
    if (failed(tileRoots(registerTile->tile, scf::SCFTilingOptions::LoopType::ForOp, isFill, order)))
      return failure();
    unmark();
    // The transform may be a kernel of its own.
    if (!inputTransform)
      return success();
    auto pad = inputTransform.getInputs()[0].getDefiningOp<linalg::GenericOp>();
    mark(input);
    SmallVector<int64_t> inputTile = planTransform(inputTransform).tile;
    inputTile.resize(input.getNumLoops(), 0);
    auto isOfInput = [&](Operation *producer) {
      return isFill(producer) || (producer->hasAttr(cnn::transformAttrName) && producer != input);
    };
    if (failed(tileRoots(inputTile, scf::SCFTilingOptions::LoopType::ForOp, isOfInput)))
      return failure();
    unmark();
    if (!pad || !pad->hasAttr(cnn::padAttrName))
      return success();
    mark(pad);
    SmallVector<int64_t> vector(pad.getNumLoops(), 1);
    vector.back() = lanes;
    if (failed(tileRoots(vector, scf::SCFTilingOptions::LoopType::ForOp)))
      return failure();
    unmark();
    return success();
  }

  /// Of a transform alone: tiles of all that one value of the other dimensions needs, in one vector.
  TilePlan planTransform(linalg::GenericOp op) {
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

  /// Says for whoever measures what is held in registers. The tile is given by dimension of the contraction or, in the
  /// same order but without reductions, of what follows it.
  void nameTile(linalg::GenericOp contraction, ArrayRef<int64_t> tile) {
    SmallVector<int64_t> sizes;
    for (AffineExpr expr : contraction.getIndexingMapsArray().back().getResults())
      sizes.push_back(tile[tile.size() == contraction.getNumLoops() ? dimOf(expr) : sizes.size()]);
    int64_t rows = staticProduct(ArrayRef(sizes).drop_back());
    getOperation()->setAttr(tileAttrName, StringAttr::get(&getContext(), Twine(rows) + "x" + Twine(sizes.back())));
  }

  void mark(linalg::LinalgOp op) { op->setAttr(rootMarker, UnitAttr::get(&getContext())); }
  void unmark() {
    getOperation().walk([](Operation *op) { op->removeAttr(rootMarker); });
  }

  TilePlan planOther(linalg::LinalgOp root) {
    int64_t steps = 0, count = 0;
    getOperation().walk([&](linalg::LinalgOp op) {
      steps = std::max(steps, staticProduct(op.getStaticLoopRanges()));
      count += !isa<linalg::FillOp>(op);
    });
    return Planner::planOther(root, steps, /*hasTemporary=*/count > 1);
  }

  SmallVector<linalg::LinalgOp> roots() {
    SmallVector<linalg::LinalgOp> found;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (op->hasAttr(rootMarker))
        found.push_back(op);
    });
    return found;
  }

  /// Tiles every marked op and fuses what produces its operands, if it `isFused`; peels loops that do not divide.
  LogicalResult tileRoots(ArrayRef<int64_t> sizes, scf::SCFTilingOptions::LoopType loopType,
                          function_ref<bool(Operation *)> isFused = nullptr, ArrayRef<int64_t> interchange = {}) {
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp root : roots()) {
      SmallVector<int64_t> range = root.getStaticLoopRanges();
      SmallVector<OpFoldResult> tileSizes;
      bool any = false;
      for (auto [extent, size] : llvm::zip_equal(range, sizes)) {
        bool cut = size && (loopType == scf::SCFTilingOptions::LoopType::ForallOp || ShapedType::isDynamic(extent) ||
                            extent > size);
        tileSizes.push_back(rewriter.getIndexAttr(cut ? size : 0));
        any |= cut;
      }
      if (!any)
        continue;
      scf::SCFTileAndFuseOptions options;
      options.tilingOptions.setTileSizes(tileSizes).setLoopType(loopType).setInterchange(interchange);
      if (isFused)
        options.setFusionControlFn([&](tensor::ExtractSliceOp, OpResult producer,
                                       bool) -> std::optional<scf::SCFTileAndFuseOptions::ControlFnResult> {
          if (!isFused(producer.getOwner()))
            return std::nullopt;
          return scf::SCFTileAndFuseOptions::ControlFnResult();
        });
      rewriter.setInsertionPoint(root);
      FailureOr<scf::SCFTileAndFuseResult> tiled =
          scf::tileConsumerAndFuseProducersUsingSCF(rewriter, cast<TilingInterface>(root.getOperation()), options);
      if (failed(tiled))
        return root.emitError("cannot tile this op for the CPU");
      for (auto [from, to] : tiled->replacements)
        rewriter.replaceAllUsesWith(from, to);
      rewriter.eraseOp(root);
      if (loopType == scf::SCFTilingOptions::LoopType::ForOp)
        for (LoopLikeOpInterface loop : llvm::reverse(tiled->loops)) {
          scf::ForOp partial;
          (void)scf::peelForLoopAndSimplifyBounds(rewriter, cast<scf::ForOp>(loop.getOperation()), partial);
        }
    }
    return simplify();
  }

  /// After peeling, tiles of a dynamic batch still have dynamic sizes: those are done one row at a time.
  LogicalResult tileRemainder() {
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp root : roots()) {
      SmallVector<OpFoldResult> sizes;
      bool dynamic = false;
      for (auto [extent, kind] : llvm::zip_equal(root.getStaticLoopRanges(), root.getIteratorTypesArray())) {
        bool cut = ShapedType::isDynamic(extent) && kind == utils::IteratorType::parallel;
        sizes.push_back(rewriter.getIndexAttr(cut ? 1 : 0));
        dynamic |= cut;
      }
      if (!dynamic)
        continue;
      scf::SCFTileAndFuseOptions options;
      options.tilingOptions.setTileSizes(sizes);
      rewriter.setInsertionPoint(root);
      FailureOr<scf::SCFTileAndFuseResult> tiled =
          scf::tileConsumerAndFuseProducersUsingSCF(rewriter, cast<TilingInterface>(root.getOperation()), options);
      if (failed(tiled))
        return root.emitError("cannot tile the remainder of this op");
      for (auto [from, to] : tiled->replacements)
        rewriter.replaceAllUsesWith(from, to);
      rewriter.eraseOp(root);
    }
    return simplify();
  }

  /// Dead ops go, sizes that follow from the peeled bounds become static, and what an item or a tile needs to hold is
  /// no longer a part of what the whole needs.
  LogicalResult simplify() {
    RewritePatternSet patterns(&getContext());
    tensor::populateFoldTensorEmptyPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return failure();
    OpPassManager manager(func::FuncOp::getOperationName());
    manager.addPass(createCanonicalizerPass());
    manager.addPass(createCSEPass());
    return runPipeline(manager, getOperation());
  }
};

} // namespace
