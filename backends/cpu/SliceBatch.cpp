// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts inference of a batch into slices of a few samples that go through many kernels together: see Passes.td for
// before and after.
//
// A kernel reads what the one before it has written. Of one sample that is some hundred kilobytes, and still in the
// caches; of a batch of sixteen it is in memory. MobileNet took 12.2 ms a sample in a batch, and 10.5 ms alone. A dense
// layer gains from the batch, since each of its weights is used once a sample and is most of what it reads:
//
//   conv  relu  pool  conv  relu  pool | dense  relu  dense
//   ------- sample by sample --------- | - whole batch ----
//
// Only calls in a row are put together, and none is moved but those that do not depend on the batch.
#include "backends/cpu/KernelGroups.h"
#include "backends/cpu/Passes.h"
#include "backends/cpu/kernels/ConvCost.h"
#include "ir/CnnDialect.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_SLICEBATCH
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

/// What is read and written by a call, in bytes, and how much it does, in steps of `cnn.work`.
struct CallCost {
  double weightBytes = 0, sampleBytes = 0, sampleSteps = 0;
};

bool hasBatch(Value buffer) { return !cast<MemRefType>(buffer.getType()).hasStaticShape(); }

double bytesOf(Value buffer) { return double(getSampleBytes(cast<MemRefType>(buffer.getType()))); }

CallCost costOf(func::CallOp call, func::FuncOp kernel) {
  CallCost cost;
  for (Value operand : call.getOperands())
    (hasBatch(operand) ? cost.sampleBytes : cost.weightBytes) += bytesOf(operand);
  if (auto steps = kernel->getAttrOfType<AffineMapAttr>(workAttrName)) {
    auto of = [&](int64_t batch) {
      Attribute size = IntegerAttr::get(IndexType::get(call.getContext()), batch);
      SmallVector<Attribute> results;
      if (failed(steps.getAffineMap().constantFold(size, results)))
        return 0.0;
      return double(cast<IntegerAttr>(results[0]).getInt());
    };
    cost.sampleSteps = of(2) - of(1);
  }
  return cost;
}

/// The slices of one function.
class BatchSlicer {
public:
  BatchSlicer(func::FuncOp caller, SymbolTable &symbols, const ConvMachine &machine, int64_t wanted)
      : caller(caller), symbols(symbols), machine(machine), wanted(wanted) {}

  void slice() {
    SmallVector<func::CallOp> calls(caller.getOps<func::CallOp>());
    for (func::CallOp call : calls) {
      func::FuncOp kernel = symbols.lookup<func::FuncOp>(call.getCallee());
      bool isOfDevice = kernel->hasAttr(devicePartAttrName);
      if (!isOfDevice && llvm::none_of(call.getOperands(), hasBatch)) {
        if (!run.empty() && !moveAhead(call))
          endSlice();
        continue;
      }
      CallCost cost = costOf(call, kernel);
      if (isOfDevice || needsWholeBatch(call) ||
          (wanted == 0 && waitsForWeights(cost.sampleSteps, cost.weightBytes, machine))) {
        endSlice();
        continue;
      }
      run.push_back(call);
      mostBytes = std::max(mostBytes, cost.sampleBytes);
      steps += cost.sampleSteps;
    }
    endSlice();
    if (!samplesOf.empty())
      caller->setAttr(sliceSamplesAttrName, DenseI64ArrayAttr::get(caller.getContext(), samplesOf));
  }

private:
  /// Whether a call makes one value of all samples, which takes all of them, or random numbers, which depend on a
  /// sample's place in the batch.
  bool needsWholeBatch(func::CallOp call) {
    return llvm::any_of(call.getOperands(), [&](Value operand) {
      if (hasBatch(operand))
        return false;
      Value root = getBuffer(operand);
      if (auto argument = dyn_cast<BlockArgument>(root)) {
        auto role = caller.getArgAttrOfType<RoleAttr>(argument.getArgNumber(), roleAttrName);
        return role && llvm::is_contained({Role::Input, Role::Output, Role::Key}, role.getValue());
      }
      return firstUseOf(root) == call;
    });
  }

  /// The first call that uses a buffer or a view of it, which writes it.
  static Operation *firstUseOf(Value buffer) {
    Operation *first = nullptr;
    SmallVector<Value> views{buffer};
    while (!views.empty())
      for (Operation *user : views.pop_back_val().getUsers()) {
        if (isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(user))
          views.push_back(user->getResult(0));
        else if (!first || user->isBeforeInBlock(first))
          first = user;
      }
    return first;
  }

  /// Moves a call that computes the same for every sample in front of the slice, with its buffers, so that it runs
  /// once. Not if one of the slice's calls is involved, or if what it computes would take memory for long.
  bool moveAhead(func::CallOp call) {
    constexpr double mostBytes = 64 * 1024;
    double bytes = 0;
    SmallVector<Operation *> buffers;
    for (Value operand : call.getOperands()) {
      Operation *buffer = operand.getDefiningOp();
      if (!buffer || !run.front()->isBeforeInBlock(buffer))
        continue; // an argument, or there already
      if (!isa<memref::AllocOp>(buffer))
        return false;
      bytes += bytesOf(operand);
      buffers.push_back(buffer);
    }
    auto isShared = [&](Value operand) {
      Value buffer = getBuffer(operand);
      return buffer.getDefiningOp() &&
             llvm::any_of(call.getOperands(), [&](Value own) { return getBuffer(own) == buffer; });
    };
    if (bytes > mostBytes ||
        llvm::any_of(run, [&](func::CallOp other) { return llvm::any_of(other.getOperands(), isShared); }))
      return false;
    for (Operation *buffer : buffers)
      buffer->moveBefore(run.front());
    call->moveBefore(run.front());
    return true;
  }

  void endSlice() {
    if (int64_t samples = run.empty() ? 0 : chooseSamples(); samples > 0) {
      for (func::CallOp call : run)
        call->setAttr(sliceAttrName, IntegerAttr::get(IntegerType::get(caller.getContext(), 64), samplesOf.size()));
      samplesOf.push_back(samples);
    }
    run.clear();
    mostBytes = steps = 0;
  }

  /// How many samples the calls of `run` take at a time; 0: the whole batch.
  int64_t chooseSamples() const {
    if (wanted > 0)
      return wanted;
    // Less is over before a second thread has woken up.
    constexpr double leastSteps = 1'000'000;
    // So few that they need little memory in a run of a single sample, too. A network of which more fit into the cache
    // is small; a batch of it is as well off in the next cache.
    constexpr double mostSamples = 4;
    double fitting = std::floor(secondLevelCacheBytes / 2 / mostBytes);
    double samples = std::max({1.0, fitting, std::ceil(leastSteps * run.size() / std::max(steps, 1.0))});
    return run.size() < 2 || samples > mostSamples ? 0 : int64_t(samples);
  }

  func::FuncOp caller;
  SymbolTable &symbols;
  const ConvMachine &machine;
  int64_t wanted;
  SmallVector<func::CallOp> run;
  double mostBytes = 0, steps = 0; // of one sample: of the call that reads and writes most, and of all calls of `run`
  SmallVector<int64_t> samplesOf;  // by slice
};

class SliceBatch : public cnn::cpu::impl::SliceBatchBase<SliceBatch> {
public:
  using SliceBatchBase::SliceBatchBase;

  void runOnOperation() override {
    ConvMachine machine = ConvMachine::of(cpu, lanes);
    SymbolTable symbols(getOperation());
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      FunctionKindAttr kind = function->getAttrOfType<FunctionKindAttr>(kindAttrName);
      if (kind && kind.getValue() == FunctionKind::Infer && samples >= 0)
        BatchSlicer(function, symbols, machine, samples).slice();
    }
  }
};

} // namespace
