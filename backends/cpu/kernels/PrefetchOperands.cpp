// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Asks for the weights of a reduction before they are needed.
//
// Problem. A register tile reads two or three vectors of weights in each step of its reduction, and each of them once.
// They come from the third-level cache or from memory, and as the reduction of one tile is over in a few thousand
// cycles, the processor's own prefetching begins anew again and again.
//
//   for k { %w = read weights[k, 0..31]; .. }   ->   for k { prefetch weights[k + 16, 0..31]; %w = read ..; .. }
//
// Weights are stored in the order in which they are read, so what is asked for behind the end of one reduction is what
// the next one begins with.
//
// That is not soon enough for memory. The weights of one block of columns are read again for each register tile of the
// item: for the first from memory, as slowly as it goes, for the others from the second-level cache. So all tiles ask
// for the next block, each for a part of it.
//
//   for tile in 0..4 { for k { prefetch weights[next block, (tile * K + k) / 4]; .. } }
//
// And where a reduction is short, what follows it takes as long: the lines of the result, and of what is added to it,
// are asked for while the reduction runs, one row of the tile in each step.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_PREFETCHOPERANDS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// Steps ahead: of 7 to 14 cycles each, against the 200 that a line takes from the third-level cache, and 400 from
/// memory.
constexpr int64_t distance = 32;
constexpr int64_t lineBytes = 64;
/// Two blocks have to fit into the second-level cache.
constexpr int64_t maxBlockBytes = 640 * 1024;
/// A reduction of more steps takes so long that it matters little what follows it.
constexpr int64_t maxStepsOfShort = 1024;

/// Whether a value is computed from another.
bool dependsOn(Value value, Value source) {
  if (value == source)
    return true;
  Operation *op = value.getDefiningOp();
  return op && isMemoryEffectFree(op) &&
         llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, source); });
}

/// A loop of a nest, of which the bounds are known.
struct Loop {
  Value iv;
  int64_t lower, step, count;
};

/// Counts what loops do: the innermost the fastest.
struct LoopNest {
  SmallVector<Loop> loops; // the innermost first
  int64_t count = 1;

  void add(Loop loop) {
    count *= loop.count;
    loops.push_back(loop);
  }

  /// The number of the iteration.
  Value position(OpBuilder &builder, Location loc) const {
    AffineExpr sum = builder.getAffineConstantExpr(0);
    SmallVector<OpFoldResult> ivs;
    int64_t stride = 1;
    for (const Loop &loop : loops) {
      sum = sum + (builder.getAffineDimExpr(ivs.size()) - loop.lower).floorDiv(loop.step) * stride;
      ivs.push_back(loop.iv);
      stride *= loop.count;
    }
    return getValueOrCreateConstantIndexOp(
        builder, loc, affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(ivs.size(), 0, sum), ivs));
  }
};

std::optional<Loop> loopOf(Value iv, OpFoldResult lower, OpFoldResult upper, OpFoldResult step) {
  std::optional<int64_t> first = getConstantIntValue(lower), last = getConstantIntValue(upper),
                         by = getConstantIntValue(step);
  if (!first || !last || !by || *by <= 0 || *last <= *first)
    return std::nullopt;
  return Loop{iv, *first, *by, int64_t(llvm::divideCeil(*last - *first, *by))};
}

std::optional<Loop> loopOf(scf::ForOp loop) {
  return loopOf(loop.getInductionVar(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep());
}

/// Whether it is all of an argument, perhaps in another shape.
bool isArgument(Value buffer) {
  while (auto view = buffer.getDefiningOp<memref::CollapseShapeOp>())
    buffer = view.getSrc();
  return isa<BlockArgument>(buffer);
}

/// A loop that carries the sums of a register tile.
bool isReduction(scf::ForOp loop) {
  return loop.getNumRegionIterArgs() > 0 && llvm::all_of(loop.getResultTypes(), llvm::IsaPred<VectorType>);
}

class PrefetchOperands : public cnn::cpu::impl::PrefetchOperandsBase<PrefetchOperands> {
public:
  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    getOperation().walk([&](scf::ForOp loop) {
      if (!isReduction(loop) || !loop.getOps<scf::ForOp>().empty())
        return;
      // Without values for all lanes, both operands are vectors, as in a depthwise convolution: a step goes on to
      // another row of the image, and sixteen steps on is nothing that will be read soon.
      if (loop.getOps<vector::BroadcastOp>().empty())
        return;
      Value last;
      for (auto read : llvm::make_early_inc_range(loop.getOps<vector::TransferReadOp>())) {
        if (!prefetch(loop, read) || read.getBase() == last)
          continue;
        last = read.getBase();
        prefetchNextBlock(loop, read);
      }
      prefetchEpilogue(loop);
    });
  }

private:
  /// Whether it is worth it.
  static bool prefetch(scf::ForOp loop, vector::TransferReadOp read) {
    auto type = dyn_cast<MemRefType>(read.getBase().getType());
    if (!type || read.getVectorType().getRank() != 1 || !loop.isDefinedOutsideOfLoop(read.getBase()))
      return false;
    // One a line; reads of the same line follow each other.
    int64_t bytes = read.getVectorType().getNumElements() * type.getElementTypeBitWidth() / 8;
    if (bytes < lineBytes / 2)
      return false;
    OpBuilder builder(read);
    Location loc = read.getLoc();
    IRMapping mapping;
    Value step = arith::ConstantIndexOp::create(builder, loc, distance);
    mapping.map(loop.getInductionVar(), arith::AddIOp::create(builder, loc, loop.getInductionVar(), step));
    SmallVector<Value> indices;
    for (Value index : read.getIndices())
      indices.push_back(moveAhead(builder, loop, index, mapping));
    if (llvm::equal(indices, read.getIndices()))
      return false; // the same in every step
    memref::PrefetchOp::create(builder, loc, read.getBase(), indices, /*isWrite=*/false, /*localityHint=*/3,
                               /*isDataCache=*/true);
    return true;
  }

  /// Asks for a part of what is stored behind all that the reduction reads.
  void prefetchNextBlock(scf::ForOp innermost, vector::TransferReadOp read) {
    auto type = cast<MemRefType>(read.getBase().getType());
    if (!type.hasStaticShape() || !type.getLayout().isIdentity() || !isArgument(read.getBase()))
      return;
    LoopNest steps, tiles;
    scf::ForOp outermost = addReductions(innermost, steps);
    if (!outermost)
      return;
    // The block: the dimensions behind the last that the reduction does not run along.
    unsigned first = type.getRank() - 1;
    auto isReduced = [&](unsigned d) {
      return llvm::any_of(steps.loops, [&](const Loop &loop) { return dependsOn(read.getIndices()[d], loop.iv); });
    };
    while (first > 0 && isReduced(first - 1))
      --first;
    if (first == 0)
      return;
    int64_t block = 1;
    for (int64_t size : type.getShape().drop_front(first))
      block *= size;
    // The tiles that read the same block.
    ValueRange blockIndices = read.getIndices().take_front(first);
    auto isOfBlock = [&](Value iv) {
      return llvm::any_of(blockIndices, [&](Value index) { return dependsOn(index, iv); });
    };
    bool isSame = true;
    auto loop = outermost->getParentOfType<scf::ForOp>();
    for (; loop && isSame; loop = loop->getParentOfType<scf::ForOp>()) {
      isSame = !isOfBlock(loop.getInductionVar());
      if (std::optional<Loop> counted = loopOf(loop); counted && isSame)
        tiles.add(*counted);
    }
    if (auto items = read->getParentOfType<scf::ForallOp>(); items && isSame)
      addItems(items, isOfBlock, tiles);
    int64_t elementBytes = type.getElementTypeBitWidth() / 8;
    if (tiles.count == 1 || block * elementBytes > maxBlockBytes)
      return;

    OpBuilder builder(read);
    Location loc = read.getLoc();
    int64_t part = llvm::divideCeil(block, tiles.count * steps.count);
    AffineExpr start = builder.getAffineConstantExpr(block);
    SmallVector<OpFoldResult> values;
    int64_t stride = block;
    for (int64_t d = first - 1; d >= 0; --d) {
      start = start + builder.getAffineDimExpr(values.size()) * stride;
      values.push_back(read.getIndices()[d]);
      stride *= type.getDimSize(d);
    }
    for (auto [nest, scale] : {std::pair(&tiles, part * steps.count), std::pair(&steps, part)}) {
      start = start + builder.getAffineDimExpr(values.size()) * scale;
      values.push_back(nest->position(builder, loc));
    }
    Value flat = memref::ReinterpretCastOp::create(
        builder, loc, MemRefType::get({type.getNumElements()}, type.getElementType()), read.getBase(), /*offset=*/0,
        ArrayRef<int64_t>{type.getNumElements()}, ArrayRef<int64_t>{1});
    for (int64_t offset = 0; offset < part; offset += lineBytes / elementBytes) {
      Value index =
          getValueOrCreateConstantIndexOp(builder, loc,
                                          affine::makeComposedFoldedAffineApply(
                                              builder, loc, AffineMap::get(values.size(), 0, start + offset), values));
      memref::PrefetchOp::create(builder, loc, flat, index, /*isWrite=*/false, /*localityHint=*/2,
                                 /*isDataCache=*/true);
    }
  }

  /// Asks for what the ops behind a reduction read and write: for some rows of the register tile in each step.
  static void prefetchEpilogue(scf::ForOp innermost) {
    LoopNest steps;
    scf::ForOp outermost = addReductions(innermost, steps);
    if (!outermost || steps.count > maxStepsOfShort)
      return;
    OpBuilder builder(innermost.getBody(), innermost.getBody()->begin());
    Value step;
    for (Operation *op = outermost->getNextNode(); op; op = op->getNextNode()) {
      auto transfer = dyn_cast<VectorTransferOpInterface>(op);
      if (!transfer || !isa<BlockArgument>(transfer.getBase()) || !transfer.getPermutationMap().isMinorIdentity())
        continue;
      VectorType vector = transfer.getVectorType();
      int64_t rows = vector.getNumElements() / vector.getShape().back();
      int64_t elementsOfLine = lineBytes * 8 / vector.getElementTypeBitWidth();
      if (rows == 1 || vector.getShape().back() < elementsOfLine)
        continue;
      Location loc = transfer.getLoc();
      SmallVector<Value> indices = llvm::map_to_vector(
          transfer.getIndices(), [&](Value index) { return computeBefore(builder, outermost, index); });
      if (llvm::is_contained(indices, nullptr))
        continue;
      if (!step)
        step = steps.position(builder, loc);
      int64_t rowsOfStep = llvm::divideCeil(rows, steps.count);
      for (int64_t i = 0; i < rowsOfStep; ++i) {
        // Behind the last one, the last one again.
        Value row = getValueOrCreateConstantIndexOp(
            builder, loc,
            affine::makeComposedFoldedAffineMin(
                builder, loc,
                AffineMap::get(1, 0,
                               {builder.getAffineDimExpr(0) * rowsOfStep + i, builder.getAffineConstantExpr(rows - 1)},
                               builder.getContext()),
                {step}));
        prefetchRow(builder, transfer, indices, row, elementsOfLine);
      }
    }
  }

  /// A value that is computed behind a loop, for use in it; null if it depends on what has an effect.
  static Value computeBefore(OpBuilder &builder, scf::ForOp loop, Value value) {
    Operation *source = value.getDefiningOp();
    if (!source || source->getBlock() != loop->getBlock() || source->isBeforeInBlock(loop))
      return value;
    if (source == loop || source->getNumRegions() > 0 || !isMemoryEffectFree(source))
      return nullptr;
    IRMapping mapping;
    for (Value operand : source->getOperands()) {
      Value computed = computeBefore(builder, loop, operand);
      if (!computed)
        return nullptr;
      mapping.map(operand, computed);
    }
    return builder.clone(*source, mapping)->getResult(cast<OpResult>(value).getResultNumber());
  }

  /// Asks for one row of a vector that is read or written, counted through all of its dimensions but the last.
  static void prefetchRow(OpBuilder &builder, VectorTransferOpInterface transfer, SmallVector<Value> indices, Value row,
                          int64_t elementsOfLine) {
    Location loc = transfer.getLoc();
    ArrayRef<int64_t> shape = transfer.getVectorType().getShape();
    unsigned first = indices.size() - shape.size();
    AffineExpr position = builder.getAffineDimExpr(0), start = builder.getAffineDimExpr(1);
    int64_t stride = 1;
    for (int64_t d = shape.size() - 2; d >= 0; stride *= shape[d--])
      if (shape[d] > 1)
        indices[first + d] = getValueOrCreateConstantIndexOp(
            builder, loc,
            affine::makeComposedFoldedAffineApply(builder, loc,
                                                  AffineMap::get(2, 0, start + position.floorDiv(stride) % shape[d]),
                                                  {row, indices[first + d]}));
    Value column = indices.back();
    for (int64_t offset = 0; offset < shape.back(); offset += elementsOfLine) {
      indices.back() = getValueOrCreateConstantIndexOp(
          builder, loc,
          affine::makeComposedFoldedAffineApply(builder, loc,
                                                AffineMap::get(1, 0, builder.getAffineDimExpr(0) + offset), {column}));
      memref::PrefetchOp::create(builder, loc, transfer.getBase(), indices,
                                 /*isWrite=*/isa<vector::TransferWriteOp>(transfer), /*localityHint=*/3,
                                 /*isDataCache=*/true);
    }
  }

  /// Adds the loops of a reduction, given the innermost, and returns the outermost; null if it is not known how often
  /// they run.
  static scf::ForOp addReductions(scf::ForOp innermost, LoopNest &steps) {
    scf::ForOp outermost;
    for (scf::ForOp loop = innermost; loop && isReduction(loop); loop = loop->getParentOfType<scf::ForOp>()) {
      std::optional<Loop> counted = loopOf(loop);
      if (!counted)
        return nullptr;
      steps.add(*counted);
      outermost = loop;
    }
    return outermost;
  }

  /// The items that follow each other and have the block in common.
  void addItems(scf::ForallOp items, function_ref<bool(Value)> isOfBlock, LoopNest &tiles) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, items.getRank()));
    if (auto given = getOperation()->getAttrOfType<DenseI64ArrayAttr>(itemOrderAttrName))
      order = llvm::to_vector(given.asArrayRef());
    for (int64_t i : llvm::reverse(order)) {
      if (isOfBlock(items.getInductionVar(i)))
        return;
      if (std::optional<Loop> counted = loopOf(items.getInductionVar(i), items.getMixedLowerBound()[i],
                                               items.getMixedUpperBound()[i], items.getMixedStep()[i]))
        tiles.add(*counted);
    }
  }

  /// The value of an index in a later step.
  static Value moveAhead(OpBuilder &builder, scf::ForOp loop, Value index, IRMapping &mapping) {
    if (Value known = mapping.lookupOrNull(index))
      return known;
    Operation *source = index.getDefiningOp();
    if (!source || loop.isDefinedOutsideOfLoop(index) || !isMemoryEffectFree(source))
      return index;
    bool isMoved = false;
    for (Value operand : source->getOperands()) {
      Value moved = moveAhead(builder, loop, operand, mapping);
      isMoved |= moved != operand;
      mapping.map(operand, moved);
    }
    return isMoved ? builder.clone(*source, mapping)->getResult(cast<OpResult>(index).getResultNumber()) : index;
  }
};

} // namespace
