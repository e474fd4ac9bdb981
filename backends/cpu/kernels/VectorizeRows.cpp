// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Makes vectors of loops whose innermost dimension is short.
//
// Problem. Activations are stored channels last. With 6 channels, LLVM finds an innermost loop of 6 steps: no vector of
// 8 or 16, or one with empty lanes. But the rows of the result are contiguous:
//
//   for q in 14 { for c in 6 {                            for 84 elements, 16 at a time:
//     y[p, q, c] = x[2p, 2q, c] + x[2p, 2q + 1, c]   ->     y[p, ..] = pick(x[2p, ..]) + pick(x[2p, ..])
//   } }
//
// Method. The trailing loops are taken together as far as the result is contiguous along them and everything else that
// is read lies close together. What a vector of the result needs of an operand is then at offsets that are known here,
// and is picked out of vectors that lie side by side in memory by shuffles. A vector for which it repeats one value is
// a broadcast, one that is read as it lies is a load. Longer rows are a loop over blocks, which are a whole number of
// vectors if possible.
//
// Declined: reductions, bodies that are not arithmetic on elements, strides that are not constant, and innermost
// dimensions of two vectors and more, which LLVM does well.

#include "backends/cpu/kernels/KernelPipeline.h"
#include "backends/cpu/kernels/VectorCode.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_VECTORIZEROWS
#include "backends/cpu/kernels/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn::cpu;

namespace {

/// A block has so many vectors at most: it is unrolled.
constexpr int64_t maxBlockVectors = 16;
/// What one vector of the result needs of an operand lies in so many vectors at most.
constexpr int64_t maxPieces = 4;

/// Where the elements of an operand lie: the offset is linear in the loops.
struct Operand {
  SmallVector<int64_t> perLoop;
  bool isRead = false, isWritten = false;
};

/// The coefficients of a linear expression, added to `perLoop`; fails for anything else. A constant term is left to the
/// caller, who evaluates the map.
LogicalResult addCoefficients(AffineExpr expr, int64_t factor, MutableArrayRef<int64_t> perLoop) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    perLoop[dim.getPosition()] += factor;
    return success();
  }
  if (isa<AffineConstantExpr>(expr))
    return success();
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return failure();
  if (expr.getKind() == AffineExprKind::Add)
    return success(succeeded(addCoefficients(binary.getLHS(), factor, perLoop)) &&
                   succeeded(addCoefficients(binary.getRHS(), factor, perLoop)));
  auto constant = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (expr.getKind() != AffineExprKind::Mul || !constant)
    return failure();
  return addCoefficients(binary.getLHS(), factor * constant.getValue(), perLoop);
}

class Rows {
public:
  Rows(linalg::GenericOp op, RewriterBase &builder, int64_t lanes)
      : op(op), builder(builder), loc(op.getLoc()), lanes(lanes), range(op.getStaticLoopRanges()) {}

  /// Whether the op is one for this class; plans it.
  bool matches() {
    if (!op.hasPureBufferSemantics() || op.getNumReductionLoops() != 0 || range.size() < 2 ||
        ShapedType::isDynamic(range.back()) || range.back() >= 2 * lanes)
      return false;
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (!isa<linalg::IndexOp, arith::ConstantOp>(inner) && !OpTrait::hasElementwiseMappableTraits(&inner))
        return false;
      for (Type type : inner.getResultTypes())
        if (!type.isIntOrIndexOrFloat() || type.isBF16())
          return false;
    }
    if (!llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) { return succeeded(addOperand(operand)); }))
      return false;
    // The longest rows of which each vector can be put together.
    unsigned first = range.size() - 1;
    for (int64_t elements = 1; isContiguous(first, elements); --first) {
      elements *= range[first];
      if (first == 0)
        break;
    }
    if (!isContiguous(first, elementsFrom(first + 1)))
      ++first;
    for (; first + 1 < range.size(); ++first)
      if (planBlock(first))
        return true;
    return false;
  }

  void emit() {
    builder.setInsertionPoint(op);
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0), one = arith::ConstantIndexOp::create(builder, loc, 1);
    SmallVector<Range> bounds = cast<linalg::LinalgOp>(op.getOperation()).createLoopRanges(builder, loc);
    SmallVector<Value> point;
    for (unsigned d = 0; d < rowStart; ++d) {
      if (range[d] == 1) {
        point.push_back(zero);
        continue;
      }
      Value end = getValueOrCreateConstantIndexOp(builder, loc, bounds[d].size);
      auto loop = scf::ForOp::create(builder, loc, zero, end, one);
      builder.setInsertionPointToStart(loop.getBody());
      point.push_back(loop.getInductionVar());
    }
    // Dimensions of the row in front of that of the blocks have their loops, too: a block does not reach over their
    // end.
    for (unsigned d = rowStart; d < blockDim; ++d) {
      Value end = arith::ConstantIndexOp::create(builder, loc, range[d]);
      auto loop = scf::ForOp::create(builder, loc, zero, end, one);
      builder.setInsertionPointToStart(loop.getBody());
      point.push_back(loop.getInductionVar());
    }
    point.resize(range.size(), zero);
    int64_t whole = range[blockDim] / blockSize * blockSize, rest = range[blockDim] - whole;
    if (whole > blockSize) {
      Value end = arith::ConstantIndexOp::create(builder, loc, whole),
            step = arith::ConstantIndexOp::create(builder, loc, blockSize);
      auto loop = scf::ForOp::create(builder, loc, zero, end, step);
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      point[blockDim] = loop.getInductionVar();
      emitBlock(point, blockSize);
    } else {
      emitBlock(point, whole);
    }
    if (rest) {
      point[blockDim] = arith::ConstantIndexOp::create(builder, loc, whole);
      emitBlock(point, rest);
    }
  }

private:
  LogicalResult addOperand(OpOperand &operand) {
    Operand found;
    found.perLoop.assign(range.size(), 0);
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    bool isInit = op.isDpsInit(&operand);
    found.isRead = op.payloadUsesValueFromOperand(&operand);
    found.isWritten = isInit;
    if (!type) { // a scalar
      operands.push_back(found);
      return success();
    }
    Type element = type.getElementType();
    SmallVector<int64_t> strides;
    int64_t offset;
    if (!element.isIntOrFloat() || element.isBF16() || element.isInteger(1) ||
        failed(type.getStridesAndOffset(strides, offset)))
      return failure();
    if (type.getRank() > 0 && strides.back() != 1)
      return failure();
    for (auto [expr, stride] : llvm::zip_equal(op.getMatchingIndexingMap(&operand).getResults(), strides)) {
      SmallVector<int64_t> ofIndex(range.size(), 0);
      if (failed(addCoefficients(expr, 1, ofIndex)))
        return failure();
      for (auto [d, coefficient] : llvm::enumerate(ofIndex))
        if (coefficient != 0) {
          if (ShapedType::isDynamic(stride))
            return failure();
          found.perLoop[d] += coefficient * stride;
        }
    }
    operands.push_back(found);
    return success();
  }

  int64_t elementsFrom(unsigned first) const {
    int64_t elements = 1;
    for (int64_t size : llvm::drop_begin(range, first))
      elements *= size;
    return elements;
  }

  /// Whether what is written is contiguous along loop d, too, behind `elements` of the loops inside it.
  bool isContiguous(unsigned d, int64_t elements) const {
    return !ShapedType::isDynamic(range[d]) && llvm::all_of(operands, [&](const Operand &operand) {
      return !operand.isWritten || range[d] == 1 || operand.perLoop[d] == elements;
    });
  }

  /// The offset in an operand of an element of a block, counted from its first.
  int64_t offsetOf(const Operand &operand, int64_t element) const {
    int64_t offset = 0;
    for (unsigned d = range.size(); d-- > blockDim;) {
      int64_t size = d == blockDim ? std::numeric_limits<int64_t>::max() : range[d];
      offset += element % size * operand.perLoop[d];
      element /= size;
    }
    return offset;
  }

  /// Rows that start at loop `first`: finds the dimension to cut and the size of a block.
  bool planBlock(unsigned first) {
    int64_t most = maxBlockVectors * lanes, inside = 1;
    rowStart = first;
    blockDim = range.size() - 1;
    while (blockDim > first && inside * range[blockDim] <= most)
      inside *= range[blockDim--];
    if (inside * range[blockDim] <= most) {
      blockSize = range[blockDim];
    } else {
      blockSize = lanes / std::gcd(inside, lanes);
      if (blockSize > range[blockDim] || blockSize * inside > most)
        blockSize = std::clamp<int64_t>(most / inside, 1, range[blockDim]);
    }
    if (blockDim + 1 == range.size()) // nothing but the innermost
      return false;
    insideBlock = inside;
    for (const Operand &operand : operands)
      for (int64_t element = 0; element < blockSize * inside; element += lanes) {
        auto [low, high] = span(operand, element, std::min(lanes, blockSize * inside - element));
        if (high - low + 1 > maxPieces * lanes)
          return false;
      }
    return true;
  }

  /// The least and the greatest offset of these elements.
  std::pair<int64_t, int64_t> span(const Operand &operand, int64_t element, int64_t count) const {
    int64_t low = std::numeric_limits<int64_t>::max(), high = std::numeric_limits<int64_t>::min();
    for (int64_t i = 0; i < count; ++i) {
      int64_t offset = offsetOf(operand, element + i);
      low = std::min(low, offset);
      high = std::max(high, offset);
    }
    return {low, high};
  }

  void emitBlock(ArrayRef<Value> point, int64_t size) {
    SmallVector<OpFoldResult> at = getAsOpFoldResult(point);
    SmallVector<SmallVector<Value>> indices; // of the block's first element
    for (OpOperand &operand : op->getOpOperands())
      indices.push_back(isa<MemRefType>(operand.get().getType())
                            ? createIndices(builder, loc, op.getMatchingIndexingMap(&operand), at)
                            : SmallVector<Value>());
    int64_t all = size * insideBlock;
    for (int64_t element = 0; element < all; element += lanes)
      emitVector(point, indices, element, std::min(lanes, all - element), all);
  }

  /// The place `offset` elements behind the one at these indices. It may lie in another row of the memory.
  SmallVector<Value> advance(ArrayRef<Value> indices, int64_t offset) {
    SmallVector<Value> moved(indices);
    if (offset != 0)
      moved.back() =
          builder.createOrFold<arith::AddIOp>(loc, moved.back(), arith::ConstantIndexOp::create(builder, loc, offset));
    return moved;
  }

  /// Elements [element, element + count) of a block of `all`, as a vector.
  Value read(unsigned number, ArrayRef<Value> indices, int64_t element, int64_t count, int64_t all) {
    const Operand &operand = operands[number];
    Value memory = op->getOperand(number);
    auto memoryType = dyn_cast<MemRefType>(memory.getType());
    auto type = VectorType::get({count}, memoryType ? memoryType.getElementType() : memory.getType());
    auto load = [&](int64_t offset, int64_t length) -> Value {
      return vector::LoadOp::create(builder, loc, type.cloneWith(ArrayRef<int64_t>{length}, type.getElementType()),
                                    memory, advance(indices, offset));
    };
    auto [low, high] = span(operand, element, count);
    if (!memoryType || low == high) {
      Value scalar = memoryType
                         ? memref::LoadOp::create(builder, loc, memory,
                                                  memoryType.getRank() ? advance(indices, low) : SmallVector<Value>())
                               .getResult()
                         : memory;
      return vector::BroadcastOp::create(builder, loc, type, scalar);
    }
    bool isDense = true;
    for (int64_t i = 0; i < count; ++i)
      isDense &= offsetOf(operand, element + i) == low + i;
    if (isDense)
      return load(low, count);

    // Pieces of a whole vector each, none of which reaches over what the block reads.
    auto [first, last] = span(operand, 0, all);
    int64_t length = std::min(lanes, last - first + 1);
    Value picked;
    for (int64_t begin = low; begin <= high; begin += length) {
      int64_t start = std::min(begin, last - length + 1);
      Value piece = load(start, length);
      // What is in this piece and in none before.
      auto isHere = [&](int64_t offset) { return offset >= begin && offset < begin + length; };
      SmallVector<int64_t> mask;
      for (int64_t i = 0; i < count; ++i) {
        int64_t offset = offsetOf(operand, element + i);
        if (!picked)
          mask.push_back(isHere(offset) ? offset - start : 0);
        else
          mask.push_back(isHere(offset) ? count + offset - start : i);
      }
      picked = picked ? vector::ShuffleOp::create(builder, loc, picked, piece, mask)
                      : vector::ShuffleOp::create(builder, loc, piece, piece, mask);
    }
    return picked;
  }

  void emitVector(ArrayRef<Value> point, ArrayRef<SmallVector<Value>> indices, int64_t element, int64_t count,
                  int64_t all) {
    IRMapping mapping;
    for (auto [number, operand] : llvm::enumerate(operands))
      if (operand.isRead)
        mapping.map(op.getBody()->getArgument(number), read(number, indices[number], element, count, all));
    auto asVector = [&](Value value) {
      return vector::BroadcastOp::create(builder, loc, VectorType::get({count}, value.getType()), value).getResult();
    };
    auto get = [&](Value value) { return mapping.contains(value) ? mapping.lookup(value) : asVector(value); };
    for (Operation &inner : op.getBody()->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), indexOf(index.getDim(), point, element, count));
        continue;
      }
      if (isa<arith::ConstantOp>(inner)) {
        mapping.map(inner.getResult(0), asVector(builder.clone(inner)->getResult(0)));
        continue;
      }
      SmallVector<Value> arguments = llvm::map_to_vector(inner.getOperands(), get);
      SmallVector<Type> types = llvm::map_to_vector(inner.getResultTypes(),
                                                    [&](Type type) -> Type { return VectorType::get({count}, type); });
      Operation *made =
          builder.create(inner.getLoc(), inner.getName().getIdentifier(), arguments, types, inner.getAttrs());
      mapping.map(inner.getResults(), made->getResults());
    }
    unsigned firstInit = op.getNumDpsInputs();
    for (auto [i, value] : llvm::enumerate(op.getBody()->getTerminator()->getOperands()))
      vector::StoreOp::create(builder, loc, get(value), op.getDpsInits()[i], advance(indices[firstInit + i], element));
  }

  /// The value of a loop for these elements of a block.
  Value indexOf(unsigned d, ArrayRef<Value> point, int64_t element, int64_t count) {
    auto type = VectorType::get({count}, builder.getIndexType());
    SmallVector<int64_t> values;
    for (int64_t i = 0; i < count; ++i) {
      int64_t rest = element + i;
      for (unsigned inner = range.size() - 1; inner > std::max(d, blockDim); --inner)
        rest /= range[inner];
      values.push_back(d < blockDim ? 0 : d == blockDim ? rest : rest % range[d]);
    }
    Value inBlock = arith::ConstantOp::create(builder, loc, builder.getIndexVectorAttr(values));
    if (d > blockDim)
      return inBlock;
    return arith::AddIOp::create(builder, loc, inBlock, vector::BroadcastOp::create(builder, loc, type, point[d]));
  }

  linalg::GenericOp op;
  RewriterBase &builder;
  Location loc;
  int64_t lanes;
  SmallVector<int64_t> range;
  SmallVector<Operand> operands;
  unsigned rowStart = 0, blockDim = 0; // a row's first loop, and the one that is cut into blocks
  int64_t blockSize = 1, insideBlock = 1;
};

class VectorizeRows : public cnn::cpu::impl::VectorizeRowsBase<VectorizeRows> {
public:
  using VectorizeRowsBase::VectorizeRowsBase;

  void runOnOperation() override {
    if (!getOperation()->hasAttr(kernelAttrName))
      return;
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) { ops.push_back(op); });
    for (linalg::GenericOp op : ops) {
      Rows rows(op, rewriter, lanes);
      if (!rows.matches())
        continue;
      rows.emit();
      rewriter.eraseOp(op);
    }
  }
};

} // namespace
