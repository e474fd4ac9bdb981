// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places all buffers of a caller in one arena: see Passes.td for before and after.
//
// A caller is straight-line code, so the life of a buffer is an interval of call numbers. Buffers with a batch and
// buffers without one are planned apart, since a per-sample offset is multiplied by the batch:
//
//   arena = [ fixed region | per-sample region x batch ]
//
// What is used in one slice of the batch alone (SliceBatch) has the size of a slice, and is in the fixed region. Since
// the calls of a slice are repeated, what else they use is needed from the first of them to the last.
//
// First, a result of an elementwise kernel takes over the bytes of an operand that dies there; then the intervals that
// are left are packed (MemoryPlan).
#include "backends/cpu/KernelGroups.h"
#include "backends/cpu/MemoryPlan.h"
#include "backends/cpu/Passes.h"
#include "ir/CnnDialect.h"
#include "ir/ModelError.h"
#include "llvm/ADT/MapVector.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_PLANMEMORY
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

/// A memref.alloc, and the calls that use it or a view of it.
struct Allocation {
  memref::AllocOp op;
  int64_t first, last;
  int64_t bytes; // of one sample, if it has a batch; of all of its slice's, if it is used in one alone
  bool isPerSample;
  size_t owner; // the allocation whose bytes it uses; itself, unless it took over another's
  std::optional<int64_t> slice = std::nullopt; // the only one that it is used in
};

class ArenaPlanner {
public:
  ArenaPlanner(func::FuncOp caller, SymbolTable &symbols) : caller(caller), symbols(symbols) {}

  LogicalResult plan() {
    if (failed(collect()))
      return failure();
    reuseOperands();
    return place();
  }

private:
  /// The slice that a call belongs to.
  static std::optional<int64_t> getSlice(func::CallOp call) {
    IntegerAttr slice = call->getAttrOfType<IntegerAttr>(sliceAttrName);
    return slice ? std::optional(slice.getInt()) : std::nullopt;
  }

  LogicalResult collect() {
    int64_t number = 0;
    for (Operation &op : caller.getBody().front()) {
      if (memref::AllocOp alloc = dyn_cast<memref::AllocOp>(op)) {
        MemRefType type = alloc.getType();
        int64_t bytes = getSampleBytes(type);
        if (bytes > largestArena)
          return emitModelError(op.getLoc()) << "expected at most 2^60 bytes for a tensor, but got " << type;
        numberOf[alloc] = allocations.size();
        allocations.push_back({alloc, -1, -1, bytes, !type.hasStaticShape(), allocations.size()});
      } else if (func::CallOp call = dyn_cast<func::CallOp>(op)) {
        calls.push_back(call);
        for (Value operand : call.getOperands()) {
          auto found = numberOf.find(getBuffer(operand));
          if (found == numberOf.end())
            continue;
          Allocation &allocation = allocations[found->second];
          if (allocation.first < 0) {
            allocation.first = number;
            allocation.slice = getSlice(call);
          } else if (allocation.slice != getSlice(call)) {
            allocation.slice = std::nullopt;
          }
          allocation.last = number;
        }
        ++number;
      }
    }
    return fitToSlices();
  }

  /// Makes what is used in one slice alone as large as that, and lets the rest live as long as the slices that use it.
  LogicalResult fitToSlices() {
    DenseI64ArrayAttr samplesOf = caller->getAttrOfType<DenseI64ArrayAttr>(sliceSamplesAttrName);
    for (Allocation &allocation : allocations) {
      if (allocation.first < 0)
        continue;
      if (!allocation.isPerSample)
        allocation.slice = std::nullopt;
      if (allocation.slice) {
        allocation.isPerSample = false;
        if (llvm::MulOverflow(allocation.bytes, samplesOf[*allocation.slice], allocation.bytes) ||
            allocation.bytes > largestArena)
          return emitModelError(allocation.op.getLoc())
                 << "expected at most 2^60 bytes for a slice of the batch, but got " << allocation.op.getType()
                 << " for " << samplesOf[*allocation.slice] << " samples";
        continue;
      }
      for (; allocation.first > 0 && isInSameSlice(allocation.first - 1, allocation.first); --allocation.first)
        ;
      for (; isInSameSlice(allocation.last, allocation.last + 1); ++allocation.last)
        ;
    }
    return success();
  }

  bool isInSameSlice(int64_t call, int64_t next) {
    return next < int64_t(calls.size()) && getSlice(calls[call]) && getSlice(calls[call]) == getSlice(calls[next]);
  }

  Allocation *find(Value buffer) {
    auto found = numberOf.find(getBuffer(buffer));
    return found == numberOf.end() ? nullptr : &allocations[found->second];
  }

  void reuseOperands() {
    for (auto [number, call] : llvm::enumerate(calls)) {
      func::FuncOp kernel = symbols.lookup<func::FuncOp>(call.getCallee());
      DenseI64ArrayAttr pairs = kernel->getAttrOfType<DenseI64ArrayAttr>(inPlaceAttrName);
      if (!pairs || kernel->hasAttr(aliasedAttrName))
        continue;
      SmallVector<int64_t> chosen;
      for (size_t pair = 0; pair + 1 < size_t(pairs.size()); pair += 2) {
        int64_t in = pairs[pair], out = pairs[pair + 1];
        if (llvm::is_contained(chosen, in) || llvm::is_contained(chosen, out))
          continue;
        Allocation *input = find(call.getOperand(in)), *output = find(call.getOperand(out));
        int64_t step = number;
        if (!input || !output || input == output || input->last != step || output->first != step ||
            output->owner != numberOf[output->op] || input->isPerSample != output->isPerSample ||
            input->bytes != output->bytes)
          continue;
        // The operand under another shape must not be read at the same time.
        int64_t uses = llvm::count_if(call.getOperands(), [&](Value other) { return find(other) == input; });
        if (uses != 1 || allocations[input->owner].last > step)
          continue;
        output->owner = input->owner;
        chosen.append({in, out});
        allocations[input->owner].last = std::max(allocations[input->owner].last, output->last);
      }
      if (!chosen.empty())
        call.setCallee(getAliasedKernel(kernel, chosen).getName());
    }
  }

  /// The kernel, told that these arguments are one buffer.
  func::FuncOp getAliasedKernel(func::FuncOp kernel, ArrayRef<int64_t> pairs) {
    std::string name = kernel.getName().str() + "_in_place";
    for (int64_t argument : pairs)
      name += "_" + std::to_string(argument);
    if (func::FuncOp known = symbols.lookup<func::FuncOp>(name))
      return known;
    func::FuncOp copy = kernel.clone();
    copy.setName(name);
    copy->setAttr(aliasedAttrName, DenseI64ArrayAttr::get(kernel.getContext(), pairs));
    symbols.insert(copy, Block::iterator(kernel->getNextNode()));
    return copy;
  }

  LogicalResult place() {
    SmallVector<PlannedBuffer> regions[2]; // fixed, per sample
    DenseMap<size_t, std::pair<bool, size_t>> slotOf;
    for (auto [i, allocation] : llvm::enumerate(allocations))
      if (allocation.owner == i && allocation.first >= 0) {
        SmallVector<PlannedBuffer> &region = regions[allocation.isPerSample];
        slotOf[i] = {allocation.isPerSample, region.size()};
        region.push_back({allocation.bytes, allocation.first, allocation.last});
      }
    std::optional<int64_t> fixed = planOffsets(regions[0]), sample = planOffsets(regions[1]);
    if (!fixed || !sample)
      return emitModelError(caller.getLoc()) << "expected at most 2^60 bytes for the tensors of "
                                             << (fixed ? "a sample" : "a network") << ", but it needs more";
    int64_t fixedBytes = *fixed, sampleBytes = *sample;

    OpBuilder builder(caller.getContext());
    NamedAttribute entries[] = {
        builder.getNamedAttr("fixed_bytes", builder.getI64IntegerAttr(fixedBytes)),
        builder.getNamedAttr("sample_bytes", builder.getI64IntegerAttr(sampleBytes)),
        builder.getNamedAttr("fixed_bound", builder.getI64IntegerAttr(largestLiveSet(regions[0]))),
        builder.getNamedAttr("sample_bound", builder.getI64IntegerAttr(largestLiveSet(regions[1])))};
    caller->setAttr(arenaAttrName, builder.getDictionaryAttr(entries));

    MemRefType arenaType = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    unsigned position = caller.getNumArguments();
    (void)caller.insertArgument(position, arenaType, {}, caller.getLoc());
    Value arena = caller.getArgument(position), batch = caller.getArgument(0);
    for (Allocation &allocation : allocations) {
      memref::AllocOp op = allocation.op;
      if (allocation.first < 0) {
        for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
          user->erase();
        op.erase();
        continue;
      }
      auto [isPerSample, slot] = slotOf[allocation.owner];
      int64_t offset = regions[isPerSample][slot].offset;
      builder.setInsertionPoint(op);
      AffineExpr start =
          isPerSample ? builder.getAffineDimExpr(0) * offset + fixedBytes : builder.getAffineConstantExpr(offset);
      Value shift = affine::AffineApplyOp::create(builder, op.getLoc(), AffineMap::get(1, 0, start), ValueRange{batch});
      Operation *view = memref::ViewOp::create(builder, op.getLoc(), op.getType(), arena, shift, op.getDynamicSizes());
      if (allocation.slice)
        view->setAttr(sliceAttrName, builder.getI64IntegerAttr(*allocation.slice));
      op.replaceAllUsesWith(view);
      op.erase();
    }
    return success();
  }

  func::FuncOp caller;
  SymbolTable &symbols;
  SmallVector<Allocation> allocations;
  DenseMap<Value, size_t> numberOf;
  SmallVector<func::CallOp> calls;
};

class PlanMemory : public cnn::cpu::impl::PlanMemoryBase<PlanMemory> {
public:
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> callers;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kindAttrName))
        callers.push_back(function);
    for (func::FuncOp caller : callers)
      if (failed(ArenaPlanner(caller, symbols).plan()))
        return signalPassFailure();
    // Kernels whose every call works in place.
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kernelAttrName) && SymbolTable::symbolKnownUseEmpty(function, getOperation()))
        function.erase();
  }
};

} // namespace
