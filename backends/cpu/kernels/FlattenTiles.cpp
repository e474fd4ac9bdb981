// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes full vectors of what follows a contraction of few columns.
//
// Problem. A tile of 28 positions by 6 channels has its sums in 28 vectors, of which lanes are empty. What follows,
// such as a hyperbolic tangent, and the stores, would have as many vectors of 6. But the tile is contiguous in the
// result:
//
//   %t = tanh(%sums + %bias) : 28 x 6               for 168 elements, 16 at a time:
//   write %t                              ->          %s = pick(sums, sums', sums'');  write tanh(%s + pick(bias))
//
// Method. From each write, what it writes is computed again in vectors of the flat tile, back to where there is no
// tile: sums are picked out of their vectors by shuffles, a row that is the same for all positions is repeated, and
// what is read of another tensor lies as what is written does. If something else is met, nothing is changed.
//
// Not for machines where picking from two vectors takes several instructions (AVX2).

#include "backends/cpu/kernels/KernelPipeline.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_FLATTENTILES
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// The first dimension of a tile that is longer than one.
unsigned firstDim(VectorType tile) {
  unsigned first = 0;
  while (first + 1 < tile.getRank() && tile.getDimSize(first) == 1)
    ++first;
  return first;
}

/// Whether a transfer of the whole tile goes through memory from front to end.
bool isContiguous(VectorTransferOpInterface transfer, VectorType tile) {
  auto buffer = dyn_cast<MemRefType>(transfer.getBase().getType());
  if (!buffer || !buffer.getLayout().isIdentity() || buffer.getRank() != tile.getRank() ||
      transfer.getVectorType() != tile || !transfer.getPermutationMap().isIdentity() || transfer.getMask() ||
      transfer.hasOutOfBoundsDim())
    return false;
  for (unsigned d = firstDim(tile) + 1; d < tile.getRank(); ++d)
    if (buffer.getDimSize(d) != tile.getDimSize(d))
      return false;
  return true;
}

/// Whether a transfer reads one row, and repeats it.
bool repeatsRow(vector::TransferReadOp read) {
  AffineMap map = read.getPermutationMap();
  return !read.getMask() && !read.hasOutOfBoundsDim() && map.getNumResults() > 0 &&
         isa<AffineDimExpr>(map.getResults().back()) && llvm::all_of(map.getResults().drop_back(), [](AffineExpr expr) {
           return expr == getAffineConstantExpr(0, expr.getContext());
         });
}

/// What one write of a tile writes, as vectors of the flat tile.
class FlatTile {
public:
  FlatTile(vector::TransferWriteOp write, int64_t lanes)
      : write(write), tile(write.getVectorType()), lanes(lanes), builder(write), loc(write.getLoc()) {}

  /// Whether it has few columns, and is computed from what is understood.
  bool matches() {
    int64_t columns = tile.getShape().back();
    return tile.getRank() > 1 && columns < lanes && tile.getNumElements() >= lanes && isContiguous(write, tile) &&
           write.getValueToStore().getDefiningOp() && isFlat(write.getValueToStore(), /*depth=*/0);
  }

  void rewrite() {
    for (begin = 0; begin < tile.getNumElements(); begin += lanes) {
      computed.clear();
      Value part = compute(write.getValueToStore());
      auto [buffer, indices] = flatten(write);
      vector::TransferWriteOp::create(builder, loc, part, buffer, indices, ArrayRef<bool>{true});
    }
    write.erase();
  }

private:
  /// Longer chains would be copied too often.
  static constexpr int maxDepth = 16;

  bool isFlat(Value value, int depth) {
    if (value.getType() != VectorType::get(tile.getShape(), getElementTypeOrSelf(value)))
      return !isa<VectorType>(value.getType()); // a scalar of a select
    Operation *op = value.getDefiningOp();
    if (!op || depth > maxDepth)
      return false;
    if (DenseElementsAttr constant; matchPattern(value, m_Constant(&constant)))
      return constant.isSplat();
    if (auto elements = dyn_cast<vector::FromElementsOp>(op))
      return llvm::all_of(elements.getElements(), [](Value element) {
        auto row = element.getDefiningOp<vector::ToElementsOp>();
        return row && row.getSource().getType().getRank() == 1;
      });
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(op))
      return isScalarOrRow(broadcast.getSource().getType());
    if (auto read = dyn_cast<vector::TransferReadOp>(op))
      return isa<MemRefType>(read.getBase().getType()) && isUnchanged(read) &&
             (repeatsRow(read) || isContiguous(read, tile));
    return op->getNumResults() == 1 && op->getNumRegions() == 0 && OpTrait::hasElementwiseMappableTraits(op) &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return isFlat(operand, depth + 1); });
  }

  bool isScalarOrRow(Type type) const {
    auto row = dyn_cast<VectorType>(type);
    return !row || (row.getRank() == 1 && row.getDimSize(0) == tile.getShape().back());
  }

  /// Whether nothing is written between a read and the write: the parts are read one after the other.
  bool isUnchanged(vector::TransferReadOp read) {
    if (read->getBlock() != write->getBlock())
      return false;
    for (Operation *op = read->getNextNode(); op != write.getOperation(); op = op->getNextNode())
      if (!isMemoryEffectFree(op) && !isa<vector::TransferReadOp>(op))
        return false;
    // In place each part is read before it is written.
    return read.getBase() != write.getBase() ||
           (!repeatsRow(read) && llvm::equal(read.getIndices(), write.getIndices()));
  }

  VectorType partType(Type element) const {
    return VectorType::get({std::min(lanes, tile.getNumElements() - begin)}, element);
  }

  /// The buffer with the dimensions of the tile taken together, and where the part begins.
  std::pair<Value, SmallVector<Value>> flatten(VectorTransferOpInterface transfer) {
    unsigned first = firstDim(tile);
    SmallVector<ReassociationIndices> groups;
    for (unsigned d = 0; d < tile.getRank(); ++d)
      if (d <= first)
        groups.push_back({int64_t(d)});
      else
        groups.back().push_back(d);
    Value buffer = transfer.getBase();
    if (first + 1 < tile.getRank())
      buffer = memref::CollapseShapeOp::create(builder, loc, buffer, groups);
    int64_t stride = tile.getNumElements() / tile.getDimSize(first);
    SmallVector<Value> indices(transfer.getIndices().take_front(first + 1));
    indices.back() = getValueOrCreateConstantIndexOp(
        builder, loc,
        affine::makeComposedFoldedAffineApply(builder, loc,
                                              AffineMap::get(1, 0, builder.getAffineDimExpr(0) * stride + begin),
                                              {OpFoldResult(indices.back())}));
    return {buffer, indices};
  }

  /// Elements of several vectors, one after the other, in one: picked from two at a time.
  Value pick(ArrayRef<std::pair<Value, int64_t>> elements) {
    Value result;
    for (size_t done = 0; done < elements.size();) {
      Value source = elements[done].first;
      int64_t before = result ? cast<VectorType>(result.getType()).getDimSize(0) : 0;
      SmallVector<int64_t> positions;
      for (size_t i = 0; i < elements.size(); ++i)
        if (i < done)
          positions.push_back(i);
        else if (done == i && elements[i].first == source)
          positions.push_back(before + elements[done++].second);
        else
          positions.push_back(-1); // does not matter yet
      result = vector::ShuffleOp::create(builder, loc, result ? result : source, source, positions);
    }
    return result;
  }

  /// A row that is the same for all positions.
  Value repeat(Value row) {
    int64_t columns = tile.getShape().back();
    SmallVector<std::pair<Value, int64_t>> elements;
    for (int64_t i = begin, end = begin + partType(tile.getElementType()).getDimSize(0); i < end; ++i)
      elements.emplace_back(row, i % columns);
    return pick(elements);
  }

  Value compute(Value value) {
    Value &result = computed[value];
    if (!result) {
      Value made = computeNew(value);
      computed[value] = made; // the reference may be gone
      return made;
    }
    return result;
  }

  Value computeNew(Value value) {
    if (!isa<VectorType>(value.getType()))
      return value;
    Operation *op = value.getDefiningOp();
    VectorType type = partType(getElementTypeOrSelf(value));
    if (DenseElementsAttr constant; matchPattern(value, m_Constant(&constant)))
      return arith::ConstantOp::create(builder, loc, constant.resizeSplat(type));
    if (auto fromElements = dyn_cast<vector::FromElementsOp>(op)) {
      SmallVector<std::pair<Value, int64_t>> elements;
      for (Value element : fromElements.getElements().slice(begin, type.getDimSize(0))) {
        auto row = element.getDefiningOp<vector::ToElementsOp>();
        elements.emplace_back(row.getSource(), cast<OpResult>(element).getResultNumber());
      }
      return pick(elements);
    }
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(op)) {
      if (isa<VectorType>(broadcast.getSource().getType()))
        return repeat(broadcast.getSource());
      return vector::BroadcastOp::create(builder, loc, type, broadcast.getSource());
    }
    if (auto read = dyn_cast<vector::TransferReadOp>(op)) {
      if (repeatsRow(read)) {
        auto rowType = VectorType::get({tile.getShape().back()}, type.getElementType());
        AffineMap map = AffineMap::get(read.getPermutationMap().getNumDims(), 0,
                                       {read.getPermutationMap().getResults().back()}, builder.getContext());
        return repeat(vector::TransferReadOp::create(builder, loc, rowType, read.getBase(), read.getIndices(),
                                                     read.getPadding(), map, ArrayRef<bool>{true}));
      }
      auto [buffer, indices] = flatten(read);
      return vector::TransferReadOp::create(builder, loc, type, buffer, indices, read.getPadding(),
                                            ArrayRef<bool>{true});
    }
    IRMapping mapping;
    for (Value operand : op->getOperands())
      mapping.map(operand, compute(operand));
    Operation *made = builder.clone(*op, mapping);
    made->getResult(0).setType(type);
    return made->getResult(0);
  }

  vector::TransferWriteOp write;
  VectorType tile;
  int64_t lanes;
  OpBuilder builder;
  Location loc;
  int64_t begin = 0;               // of the part
  DenseMap<Value, Value> computed; // of it
};

class FlattenTiles : public cnn::cpu::impl::FlattenTilesBase<FlattenTiles> {
public:
  using FlattenTilesBase::FlattenTilesBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    SmallVector<vector::TransferWriteOp> writes;
    getOperation().walk([&](vector::TransferWriteOp write) { writes.push_back(write); });
    for (vector::TransferWriteOp write : writes)
      if (FlatTile flat(write, lanes); flat.matches())
        flat.rewrite();
  }
};

} // namespace
