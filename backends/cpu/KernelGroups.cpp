// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel should read its inputs once and write its outputs once. So an elementwise op goes into the kernel of the op
// that makes one of its operands, if nobody else reads that operand:
//
//   %c = contraction(%x, %w)   \
//   %b = bias(%c, %bias)        |  one kernel: reads %x, %w, %bias, %skip, writes %r
//   %r = relu(%b + %skip)      /
//
// Groups grow along such chains alone, at their end. A group therefore has one op whose results are read outside, the
// last, and stands where that op stood: no reordering, no cycles. Chains of tensor.insert_slice (a concatenation) form
// groups in the same way.
//
// A convolution by Winograd's algorithm is one kernel, too: the padding, the input transform, the contraction and the
// output transform, followed by what is elementwise; or two, where the input is better transformed once for all
// outputs.
//
// A small tensor that a contraction reads with padding, and others without, is padded in the kernel of the contraction,
// sample by sample: the padded one stays in the first-level cache. (If nobody reads it without, it is made in the
// middle of the padded one, see FormKernels.cpp.)
//
// What this does not do: it puts no elementwise op in front of a contraction (its work would be repeated for every
// output), and no op behind two contractions (it joins the later one and reads the result of the other). An op that
// makes the new value of a weight stays alone, so that it can work in place.
#include "backends/cpu/KernelGroups.h"

#include "backends/cpu/kernels/WinogradOps.h"
#include "ir/CnnDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/StorageLayout.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;

namespace cnn::cpu {

int64_t getSampleBytes(ShapedType type) {
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) && llvm::MulOverflow(bytes, size, bytes))
      return std::numeric_limits<int64_t>::max();
  return bytes;
}

bool isView(Operation *op) { return isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op); }

bool isRecomputed(Operation *op) {
  if (isView(op)) {
    Operation *source = op->getOperand(0).getDefiningOp();
    return source && isRecomputed(source);
  }
  if (isa<tensor::EmptyOp, tensor::ExtractSliceOp, tensor::FromElementsOp, tensor::SplatOp, arith::ConstantOp,
          linalg::FillOp>(op))
    return true;
  return llvm::none_of(op->getResultTypes(), llvm::IsaPred<TensorType>);
}

bool isElementwise(Operation *op) {
  linalg::LinalgOp linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (!linalgOp || !linalgOp.hasPureTensorSemantics() || linalgOp.getNumReductionLoops() != 0)
    return false;
  return llvm::all_of(linalgOp.getDpsInitsMutable(),
                      [&](OpOperand &init) { return linalgOp.getMatchingIndexingMap(&init).isIdentity(); });
}

bool readsWrittenElement(OpOperand &operand) {
  linalg::LinalgOp op = dyn_cast<linalg::LinalgOp>(operand.getOwner());
  return op && isElementwise(op) && op.getMatchingIndexingMap(&operand).isIdentity();
}

/// Whether the function returns a result of the op as the new value of one of its arguments.
static bool makesNewValueOfArgument(Operation *op) {
  func::FuncOp function = op->getParentOfType<func::FuncOp>();
  for (OpOperand &use : op->getUses())
    if (isa<func::ReturnOp>(use.getOwner()) && function.getResultAttr(use.getOperandNumber(), tiedAttrName))
      return true;
  return false;
}

/// A padded sample and a weight for which a whole sample may be an item: they stay in the first-level and in the
/// second-level cache.
static constexpr int64_t maxPaddedBytes = 24 * 1024, maxWeightBytes = 320 * 1024;

/// Whether this contraction pads its left operand itself. Not what is stored in bf16: it may be widened first, which
/// would stand between the two (WidenOperands).
static bool padsInItems(linalg::LinalgOp op) {
  Operation *pad = op.getDpsInputs()[0].getDefiningOp();
  if (!pad || !pad->hasAttr(haloAttrName) || !getElementTypeOrSelf(pad->getResult(0)).isF32() ||
      cast<RankedTensorType>(pad->getResult(0).getType()).hasStaticShape() || op->getNumResults() != 1 ||
      cast<RankedTensorType>(op->getResult(0).getType()).hasStaticShape() ||
      getSampleBytes(cast<ShapedType>(pad->getResult(0).getType())) > maxPaddedBytes ||
      getSampleBytes(cast<ShapedType>(op.getDpsInputs()[1].getType())) > maxWeightBytes)
    return false;
  bool hasOtherReaders = false;
  pad->walk([&](tensor::ExtractOp extract) {
    hasOtherReaders |= llvm::any_of(extract.getTensor().getUsers(), [&](Operation *user) {
      return !isa<tensor::DimOp>(user) && !pad->isProperAncestor(user);
    });
  });
  return hasOtherReaders;
}

namespace {
/// The op whose group another one can join; if there is none, why not.
struct Choice {
  Operation *producer = nullptr;
  StringRef whyNot = "";
};
} // namespace

/// Whether a kernel makes something that the op reads, as an operand or from within.
static bool readsResultOfKernel(Operation *op) {
  auto isMadeByKernel = [](Value operand) {
    Operation *producer = operand.getDefiningOp();
    while (producer && (isView(producer) || isa<tensor::ExtractSliceOp>(producer)))
      producer = producer->getOperand(0).getDefiningOp();
    return producer && !isRecomputed(producer);
  };
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  return llvm::any_of(op->getOperands(), isMadeByKernel) || llvm::any_of(captured, isMadeByKernel);
}

/// Of an op that is not elementwise.
static StringRef whyNotElementwise(Operation *op) {
  if (op->hasAttr(contractionAttrName))
    return "uses each value for many results";
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op); linalgOp && linalgOp.getNumReductionLoops() > 0)
    return "combines values of several tiles";
  return "moves values to other places";
}

/// Chooses among what makes an operand of `op` that nothing else reads.
static Choice chooseProducer(Operation *op, const ConvMachine &machine) {
  constexpr StringLiteral isShared = "reads what others read, too",
                          readsSeveralTiles = "reads windows that cross the tiles of another kernel";
  auto isReadBy = [&](Operation *producer) {
    return llvm::all_of(producer->getUsers(), [&](Operation *user) { return user == op; });
  };
  if (tensor::InsertSliceOp insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    Operation *producer = insert.getDest().getDefiningOp<tensor::InsertSliceOp>();
    return producer && isReadBy(producer) ? Choice{producer} : Choice{nullptr, "puts results of kernels together"};
  }
  // Between the transforms of a convolution in tiles.
  if (op->hasAttr(algorithmAttrName) || op->hasAttr(transformAttrName)) {
    Operation *producer = op->getOperand(0).getDefiningOp();
    if (!producer)
      return {nullptr, readsSeveralTiles};
    if (!isReadBy(producer))
      return {nullptr, isShared};
    if (op->hasAttr(transformAttrName))
      return producer->hasAttr(algorithmAttrName) || producer->hasAttr(padAttrName)
                 ? Choice{producer}
                 : Choice{nullptr, readsSeveralTiles};
    TiledConvShape shape = tiledConvShape(cast<linalg::LinalgOp>(op));
    bool isInItem = placeInputTransform(shape, machine) == InputTransform::InItem;
    return findInputTransform(cast<linalg::LinalgOp>(op)) && isInItem
               ? Choice{producer}
               : Choice{nullptr, "uses the transformed input for many blocks of results"};
  }
  if (op->hasAttr(contractionAttrName) && padsInItems(cast<linalg::LinalgOp>(op))) {
    Operation *pad = op->getOperand(0).getDefiningOp();
    return isReadBy(pad) ? Choice{pad} : Choice{nullptr, isShared};
  }
  if (!isElementwise(op))
    return {nullptr, whyNotElementwise(op)};
  if (makesNewValueOfArgument(op))
    return {nullptr, "changes a weight in place"};
  Choice choice{nullptr, readsSeveralTiles};
  for (OpOperand *operand : cast<linalg::LinalgOp>(op).getDpsInputOperands()) {
    linalg::LinalgOp producer = operand->get().getDefiningOp<linalg::LinalgOp>();
    if (operand->get().getDefiningOp<tensor::ExtractSliceOp>())
      choice.whyNot = readsSeveralTiles;
    if (!producer || isRecomputed(producer))
      continue;
    if (cast<ShapedType>(operand->get().getType()).getShape() !=
        cast<ShapedType>(op->getResult(0).getType()).getShape()) {
      choice.whyNot = "reads values in another shape or order";
      continue;
    }
    if (!isReadBy(producer)) {
      choice.whyNot = isShared;
      continue;
    }
    // Everywhere it is read: an op that also reads its neighbours would need several tiles of it.
    if (!llvm::all_of(op->getOpOperands(), [&](OpOperand &other) {
          return other.get().getDefiningOp() != producer || readsWrittenElement(other);
        })) {
      choice.whyNot = readsSeveralTiles;
      continue;
    }
    // The one with more work, or else the later one: its result has just been made.
    auto rank = [](Operation *candidate) { return cast<linalg::LinalgOp>(candidate).getNumReductionLoops() > 0; };
    Operation *chosen = choice.producer;
    if (!chosen || rank(producer) > rank(chosen) ||
        (rank(producer) == rank(chosen) && chosen->isBeforeInBlock(producer)))
      choice.producer = producer;
  }
  return choice;
}

SmallVector<KernelGroup> groupKernels(func::FuncOp function, const ConvMachine &machine) {
  SmallVector<KernelGroup> groups;
  DenseMap<Operation *, size_t> groupOf;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (isView(&op) || isRecomputed(&op))
      continue;
    auto [producer, whyNot] = chooseProducer(&op, machine);
    size_t group = producer ? groupOf[producer] : groups.size();
    if (!producer) {
      groups.emplace_back();
      if (readsResultOfKernel(&op))
        groups.back().whyApart = whyNot;
    }
    groups[group].ops.push_back(&op);
    groupOf[&op] = group;
  }
  llvm::sort(groups, [](const KernelGroup &a, const KernelGroup &b) {
    return a.getResultOp()->isBeforeInBlock(b.getResultOp());
  });
  return groups;
}

} // namespace cnn::cpu
