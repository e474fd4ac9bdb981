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
// Method. The sizes come from TilePlan: columns of the result fill vectors, rows the other registers. Then upstream
// tile-and-fuse is applied twice, from the last op of the kernel: once for the items, once for the register tiles.
// Loops that do not divide are peeled, so that tiles are static; what remains of a dynamic batch is done row by row.
//
// Where the reduction is cut into chunks, the tiles of an item add what one chunk gives, then the next:
//
//   for b { for h {                               one sample, one row of the image
//     for (i, j, c) in (3, 3, 16) step (1, 1, 8)
//       sums[i, j, c..c+8, o..o+32] += contraction over w
//   } }
//
// Each element is the same sum in the same order, however many threads there are.
//
// Ops that are not contractions are split into items only: their inner loops are contiguous, and LLVM vectorizes them.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "backends/cpu/kernels/TilePlan.h"
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

namespace cnn::cpu {
#define GEN_PASS_DEF_TILEKERNEL
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// Marks the last op of a kernel, and the tiles of it, while tiling goes on.
constexpr StringLiteral rootMarker = "cnn.root";
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
          TilePlanner(lanes, registers, cpu)
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
    TilePlanner planner(lanes, registers, cpu);
    auto contraction = transform.getInputs()[0].getDefiningOp<linalg::GenericOp>();
    bool isConvolution = contraction && contraction->hasAttr(cnn::algorithmAttrName);
    TilePlan plan = isConvolution ? planner.planTransforms(contraction) : planner.planTransform(transform);
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
    SmallVector<int64_t> inputTile = planner.planTransform(inputTransform).tile;
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
    return TilePlanner::planOther(root, steps, /*hasTemporary=*/count > 1);
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
