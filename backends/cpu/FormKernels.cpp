// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts the functions of a model into kernels: see Passes.td for before and after.
//
// Ops are grouped (KernelGroups), each group becomes a kernel (KernelBuilder), and the function a list of calls, in the
// order of the groups but for one thing. A group that makes the new value of a weight writes it into the weight's own
// buffer, so it has to wait until all groups that read the old value have run:
//
//   %g = weight_grad(..)                           call @weight_grad(.., %g)
//   %w' = update(%w, %g)       // tied to %w  ->   call @input_grad(%w, .., %dx)
//   %dx = input_grad(%w, ..)                       call @update(%w, %g, %w)
//
// If a group needs the new value before the last reader of the old one has run, the new value gets a buffer of its own
// and is copied at the end. The same happens if the update reads the old value at other places than it writes.
//
// A tensor that nobody reads but the concatenation or the padding that it becomes a part of is written into its place
// there, and nothing is left to copy:
//
//   %y = conv(%x)                                  call @conv(%x, %p)          // into the middle of %p
//   %p = pad(%y)                              ->   call @border(%p)
//
// A tensor that a contraction reads may get buffers whose rows of channels are a little longer than it needs
// (RowSpacing.h).
//
// A call of a device's part stays one, on dense buffers.
//
// A reshape of dense data is a view in the caller. A returned value that no kernel can write into its place (an
// argument, a constant, a value returned twice) is copied by a kernel.
#include "backends/cpu/KernelBuilder.h"
#include "backends/cpu/Passes.h"
#include "backends/cpu/RowSpacing.h"
#include "ir/CnnDialect.h"
#include "passes/StorageLayout.h"

namespace cnn::cpu {
#define GEN_PASS_DEF_FORMKERNELS
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

/// What a device reads and writes is dense, and nothing else.
bool isOfDevice(Operation *op) { return isa<func::CallOp>(op); }

/// One function of a model on its way to a list of calls.
class CallerBuilder {
public:
  CallerBuilder(func::FuncOp tensors, KernelBuilder &kernels, const ConvMachine &machine)
      : tensors(tensors), kernels(kernels), machine(machine), builder(tensors) {}

  LogicalResult build();

private:
  /// A group, and what its position depends on.
  struct Launch {
    KernelGroup group;
    llvm::SetVector<Value> inputs;
    bool isUpdate = false;  // writes an argument's buffer in place
    bool isInParts = false; // others write the parts of the result
    bool isDone = false;
  };

  LogicalResult checkTypes();
  Value copy(Location loc, Value tensor);
  void copyRecomputedOperands();
  void copyUnplacedReturns();
  void createCaller();
  void placeReturns();
  bool isUpdateInPlace(Value result);
  void copyLate(Value result);
  void findUpdates();
  void placeParts();
  void spaceRows();
  Value getWholeBuffer(Value whole);
  bool isReadElsewhere(Value argument, const Launch &update);
  bool canRun(const Launch &update);
  void runPendingUpdates();
  void run(Launch &launch);
  void callDevice(func::CallOp call);
  void finish();

  /// The tensor whose buffer this one shares.
  static Value getRoot(Value tensor) {
    while (Operation *op = tensor.getDefiningOp()) {
      if (!isView(op) || isRecomputed(op))
        break;
      tensor = op->getOperand(0);
    }
    return tensor;
  }
  /// `buffer` under the shape of `type`: as the view op does, or the other way round.
  Value reshape(Operation *view, Value buffer, Type type);
  Value getBuffer(Value tensor);
  Value allocate(Location loc, MemRefType type);
  /// Of the result of a launch, or of an argument or a view, which are never spaced.
  MemRefType getStorageType(Value tensor) const {
    MemRefType dense = getBufferType(tensor.getType());
    return spaced.contains(tensor) ? getSpacedType(dense) : dense;
  }
  Launch *getProducer(Value tensor) {
    auto found = launchOf.find(getRoot(tensor).getDefiningOp());
    return found == launchOf.end() ? nullptr : &launches[found->second];
  }

  func::FuncOp tensors;
  KernelBuilder &kernels;
  ConvMachine machine;
  OpBuilder builder;
  func::FuncOp caller;
  Value batch;
  Value batchCarrier; // an argument of `tensors` with a batch
  SmallVector<Launch> launches;
  DenseMap<Operation *, size_t> launchOf; // by the last op of its group
  DenseMap<Value, Value> buffers;         // of arguments and of the results of launches
  DenseMap<Value, Value> places;          // results that are made in a given buffer
  struct Part {
    Value tensor, whole;
    SmallVector<int64_t> offsets;
  };
  Slice getSlice(const Part &part);
  DenseMap<Value, Part> parts; // results that are made inside of another tensor's buffer, maybe as a view
  DenseSet<Value> spaced;      // results of launches whose rows of channels lie further apart than they are long
  struct Copy {
    Value from, to;
  };
  SmallVector<Copy> lateCopies;
};

LogicalResult CallerBuilder::checkTypes() {
  auto isSupported = [](Type type) {
    RankedTensorType tensor = dyn_cast<RankedTensorType>(type);
    return !tensor ||
           (!tensor.getEncoding() &&
            llvm::none_of(tensor.getShape().drop_front(std::min<size_t>(1, tensor.getRank())), ShapedType::isDynamic));
  };
  if (!tensors.getBody().hasOneBlock())
    return tensors.emitOpError("expected no control flow");
  for (Type type : tensors.getArgumentTypes())
    if (!isa<RankedTensorType>(type) || !isSupported(type))
      return tensors.emitOpError("expected tensors with a dynamic batch at most, but got ") << type;
  for (Operation &op : tensors.getBody().front()) {
    for (Type type : op.getResultTypes())
      if (!isSupported(type))
        return op.emitOpError("expected tensors with a dynamic batch at most, but got ") << type;
    if (tensor::DimOp dim = dyn_cast<tensor::DimOp>(op); dim && dim.getConstantIndex() != 0)
      return dim.emitOpError("expected the size of the batch, which is dimension 0");
    if (isView(&op) && !isRecomputed(&op)) {
      // The batch stays what it is.
      auto getBatchSize = [](Type type) {
        RankedTensorType tensor = cast<RankedTensorType>(type);
        int64_t elements = 1;
        for (int64_t size : tensor.getShape())
          elements *= ShapedType::isDynamic(size) ? 1 : size;
        return std::pair(tensor.hasStaticShape(), elements);
      };
      if (getBatchSize(op.getOperand(0).getType()) != getBatchSize(op.getResult(0).getType()))
        return op.emitOpError("expected the batch to be kept apart from the other dimensions");
    }
  }
  return success();
}

/// A copy at the builder's place, which is the result of a group.
Value CallerBuilder::copy(Location loc, Value tensor) {
  RankedTensorType type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> sizes;
  if (!type.hasStaticShape())
    sizes.push_back(tensor::DimOp::create(builder, loc, tensor, 0));
  return createCopy(builder, loc, tensor, sizes);
}

/// Gives what a device reads a buffer.
void CallerBuilder::copyRecomputedOperands() {
  for (func::CallOp call : llvm::to_vector(tensors.getOps<func::CallOp>()))
    for (OpOperand &operand : call->getOpOperands())
      if (Operation *source = getRoot(operand.get()).getDefiningOp(); source && isRecomputed(source)) {
        builder.setInsertionPoint(call);
        operand.set(copy(call.getLoc(), operand.get()));
      }
}

/// Makes every returned value the result of a group, or a view of one, and each of those returned once.
void CallerBuilder::copyUnplacedReturns() {
  func::ReturnOp returned = cast<func::ReturnOp>(tensors.getBody().front().getTerminator());
  builder.setInsertionPoint(returned);
  llvm::SmallDenseSet<Value> seen;
  for (OpOperand &operand : returned->getOpOperands()) {
    Value value = operand.get(), root = getRoot(value);
    IntegerAttr tied = tensors.getResultAttrOfType<IntegerAttr>(operand.getOperandNumber(), tiedAttrName);
    if (tied && value == tensors.getArgument(tied.getInt()))
      continue;
    Operation *source = root.getDefiningOp();
    if (source && !isRecomputed(source) && seen.insert(root).second)
      continue;
    operand.set(copy(returned.getLoc(), value));
  }
}

/// The function on buffers: batch, the arguments, then the results that are not tied.
void CallerBuilder::createCaller() {
  SmallVector<Type> types{builder.getIndexType()};
  for (Type type : tensors.getArgumentTypes())
    types.push_back(getBufferType(type));
  for (auto [i, type] : llvm::enumerate(tensors.getResultTypes()))
    if (!tensors.getResultAttr(i, tiedAttrName))
      types.push_back(getBufferType(type));
  builder.setInsertionPoint(tensors);
  caller = func::FuncOp::create(builder, tensors.getLoc(), tensors.getName(), builder.getFunctionType(types, {}));
  caller->setDiscardableAttrs(llvm::to_vector(tensors->getDiscardableAttrs()));
  for (unsigned i = 0; i < tensors.getNumArguments(); ++i)
    if (DictionaryAttr attributes = tensors.getArgAttrDict(i))
      caller.setArgAttrs(i + 1, attributes);
  unsigned next = tensors.getNumArguments() + 1;
  for (unsigned i = 0; i < tensors.getNumResults(); ++i)
    if (!tensors.getResultAttr(i, tiedAttrName)) {
      if (DictionaryAttr attributes = tensors.getResultAttrDict(i))
        caller.setArgAttrs(next, attributes);
      if (!tensors.getResultAttr(i, roleAttrName))
        caller.setArgAttr(next, roleAttrName, RoleAttr::get(builder.getContext(), Role::Output));
      ++next;
    }
  Block *body = caller.addEntryBlock();
  batch = body->getArgument(0);
  for (BlockArgument argument : tensors.getArguments()) {
    buffers[argument] = body->getArgument(argument.getArgNumber() + 1);
    if (!batchCarrier && !cast<RankedTensorType>(argument.getType()).hasStaticShape())
      batchCarrier = argument;
  }
  builder.setInsertionPointToStart(body);
}

Value CallerBuilder::reshape(Operation *view, Value buffer, Type type) {
  MemRefType target = getBufferType(type);
  SmallVector<ReassociationIndices> reassociation;
  if (tensor::CollapseShapeOp collapse = dyn_cast<tensor::CollapseShapeOp>(view))
    reassociation = collapse.getReassociationIndices();
  else
    reassociation = cast<tensor::ExpandShapeOp>(view).getReassociationIndices();
  if (target.getRank() < cast<MemRefType>(buffer.getType()).getRank())
    return memref::CollapseShapeOp::create(builder, view->getLoc(), target, buffer, reassociation);
  SmallVector<OpFoldResult> shape;
  for (int64_t size : target.getShape())
    shape.push_back(ShapedType::isDynamic(size) ? OpFoldResult(batch) : OpFoldResult(builder.getIndexAttr(size)));
  return memref::ExpandShapeOp::create(builder, view->getLoc(), target, buffer, reassociation, shape);
}

Value CallerBuilder::getBuffer(Value tensor) {
  if (Value buffer = buffers.lookup(tensor))
    return buffer;
  Operation *view = tensor.getDefiningOp();
  assert(view && isView(view) && "a tensor is an argument, a launch's result, or a view");
  Value buffer = reshape(view, getBuffer(view->getOperand(0)), tensor.getType());
  buffers[tensor] = buffer;
  return buffer;
}

Value CallerBuilder::allocate(Location loc, MemRefType type) {
  SmallVector<Value> sizes;
  if (!type.hasStaticShape())
    sizes.push_back(batch);
  return memref::AllocOp::create(builder, loc, type, sizes);
}

/// Gives each returned value the buffer it is returned in.
void CallerBuilder::placeReturns() {
  func::ReturnOp returned = cast<func::ReturnOp>(tensors.getBody().front().getTerminator());
  unsigned next = tensors.getNumArguments() + 1;
  for (auto [i, value] : llvm::enumerate(returned.getOperands())) {
    IntegerAttr tied = tensors.getResultAttrOfType<IntegerAttr>(i, tiedAttrName);
    if (tied && value == tensors.getArgument(tied.getInt()))
      continue;
    Value buffer = tied ? buffers[tensors.getArgument(tied.getInt())] : Value(caller.getArgument(next++));
    // Undo the views between the result and what is returned, from the outside in.
    Value tensor = value;
    while (tensor != getRoot(value)) {
      Operation *view = tensor.getDefiningOp();
      buffer = reshape(view, buffer, view->getOperand(0).getType());
      tensor = view->getOperand(0);
    }
    places[tensor] = buffer;
  }
}

/// The argument of the caller that this buffer is, or is a view of.
static BlockArgument getArgumentOf(Value buffer) {
  while (Operation *op = buffer.getDefiningOp()) {
    if (!isa<memref::CollapseShapeOp, memref::ExpandShapeOp>(op))
      return nullptr;
    buffer = op->getOperand(0);
  }
  return cast<BlockArgument>(buffer);
}

/// Whether this is the new value of an argument, and made in that argument's buffer.
bool CallerBuilder::isUpdateInPlace(Value result) {
  Value place = places.lookup(result);
  BlockArgument target = place ? getArgumentOf(place) : nullptr;
  return target && target.getArgNumber() <= tensors.getNumArguments();
}

/// Gives a result a buffer of its own, which is copied to the result's place at the end.
void CallerBuilder::copyLate(Value result) {
  Value temporary = allocate(result.getLoc(), getBufferType(result.getType()));
  lateCopies.push_back({temporary, places[result]});
  places[result] = temporary;
}

/// Finds the launches that write new values of arguments. Where one cannot work in place, its result gets a buffer and
/// a late copy.
void CallerBuilder::findUpdates() {
  for (Launch &launch : launches) {
    SmallVector<int64_t> pairs = findInPlacePairs(launch.group, launch.inputs.getArrayRef());
    for (auto [j, result] : llvm::enumerate(launch.group.getResultOp()->getResults())) {
      if (!isUpdateInPlace(result))
        continue;
      Value place = places.lookup(result);
      bool isLegal = true;
      for (auto [i, input] : llvm::enumerate(launch.inputs)) {
        BlockArgument root = dyn_cast<BlockArgument>(getRoot(input));
        if (!root || buffers[root] != getArgumentOf(place))
          continue;
        int64_t output = launch.inputs.size() + j;
        bool isPair = false;
        for (size_t pair = 0; pair < pairs.size(); pair += 2)
          isPair |= pairs[pair] == int64_t(i) && pairs[pair + 1] == output;
        isLegal &= isPair;
      }
      if (isLegal) {
        launch.isUpdate = true;
        continue;
      }
      copyLate(result);
    }
  }
}

/// The tensors that a group does nothing but put together, perhaps with a border; none if it does something else.
static SmallVector<std::pair<Value, SmallVector<int64_t>>> findParts(const KernelGroup &group, ArrayRef<Value> inputs) {
  SmallVector<std::pair<Value, SmallVector<int64_t>>> found;
  Operation *first = group.ops.front();
  if (auto halo = first->getAttrOfType<DictionaryAttr>(haloAttrName); halo && group.ops.size() == 1) {
    if (inputs.size() == 1)
      found.emplace_back(inputs.front(), llvm::to_vector(cast<DenseI64ArrayAttr>(halo.get("low")).asArrayRef()));
    return found;
  }
  auto firstInsert = dyn_cast<tensor::InsertSliceOp>(first);
  if (!firstInsert || !firstInsert.getDest().getDefiningOp<tensor::EmptyOp>())
    return found;
  for (Operation *op : group.ops) {
    auto insert = dyn_cast<tensor::InsertSliceOp>(op);
    if (!insert || !insert.hasUnitStride() || insert.getSourceType().getRank() != insert.getDestType().getRank() ||
        llvm::any_of(insert.getStaticOffsets(), ShapedType::isDynamic))
      return {};
    found.emplace_back(insert.getSource(), llvm::to_vector(insert.getStaticOffsets()));
  }
  return found;
}

/// Whoever only asks for the batch needs no buffer.
static bool hasOneReader(Value tensor) {
  return llvm::count_if(tensor.getUses(), [](OpOperand &use) { return !isa<tensor::DimOp>(use.getOwner()); }) == 1;
}

/// Lets the launches before a concatenation or a padding write into its result, if nobody else reads theirs.
void CallerBuilder::placeParts() {
  for (Launch &launch : launches) {
    Operation *resultOp = launch.group.getResultOp();
    auto found = findParts(launch.group, launch.inputs.getArrayRef());
    auto canBePart = [&](Value tensor) {
      Value root = getRoot(tensor);
      auto producer = launchOf.find(root.getDefiningOp());
      if (producer == launchOf.end() || places.contains(root) || parts.contains(root))
        return false;
      if (root != tensor) {
        auto view = tensor.getDefiningOp<tensor::CollapseShapeOp>();
        if (!view || view.getSrc() != root || !hasOneReader(root))
          return false;
      }
      const Launch &other = launches[producer->second];
      return hasOneReader(tensor) && !other.isUpdate && !other.isInParts &&
             other.group.getResultOp()->getNumResults() == 1 && !isOfDevice(other.group.getResultOp());
    };
    if (launch.isUpdate || found.empty() || parts.contains(resultOp->getResult(0)) ||
        !llvm::all_of(llvm::make_first_range(found), canBePart))
      continue;
    launch.isInParts = true;
    for (auto &[tensor, offsets] : found)
      parts[getRoot(tensor)] = {tensor, resultOp->getResult(0), offsets};
  }
}

/// Finds the tensors between launches whose rows are better spaced.
void CallerBuilder::spaceRows() {
  for (Launch &launch : launches)
    for (Value result : launch.group.getResultOp()->getResults())
      if (!launch.isUpdate && !places.contains(result) && !parts.contains(result) &&
          llvm::none_of(result.getUsers(), isView) && llvm::none_of(result.getUsers(), isOfDevice) &&
          !isOfDevice(launch.group.getResultOp()) && wantsSpacedRows(result))
        spaced.insert(result);
}

/// Where in its buffer a part is.
Slice CallerBuilder::getSlice(const Part &part) {
  return {getStorageType(part.whole), part.offsets,
          llvm::to_vector(cast<RankedTensorType>(part.tensor.getType()).getShape()),
          part.tensor.getDefiningOp<tensor::CollapseShapeOp>()};
}

/// The buffer of a result that is made in parts.
Value CallerBuilder::getWholeBuffer(Value whole) {
  Value &buffer = buffers[whole];
  if (!buffer)
    buffer = places.lookup(whole);
  if (!buffer)
    buffer = allocate(whole.getLoc(), getStorageType(whole));
  return buffer;
}

/// Whether a launch that has not run, other than `update`, reads the old value of this argument.
bool CallerBuilder::isReadElsewhere(Value argument, const Launch &update) {
  return llvm::any_of(launches, [&](const Launch &other) {
    return !other.isDone && &other != &update &&
           llvm::any_of(other.inputs, [&](Value input) { return getRoot(input) == argument; });
  });
}

bool CallerBuilder::canRun(const Launch &update) {
  for (Value input : update.inputs)
    if (Launch *producer = getProducer(input); producer && !producer->isDone)
      return false;
  for (Value result : update.group.getResultOp()->getResults())
    if (isUpdateInPlace(result))
      if (isReadElsewhere(tensors.getArgument(getArgumentOf(places.lookup(result)).getArgNumber() - 1), update))
        return false;
  return true;
}

void CallerBuilder::runPendingUpdates() {
  for (bool hasRun = true; hasRun;) {
    hasRun = false;
    for (Launch &launch : launches)
      if (launch.isUpdate && !launch.isDone && canRun(launch)) {
        run(launch);
        hasRun = true;
      }
  }
}

/// The same call on buffers: of what it reads, then of what it writes.
void CallerBuilder::callDevice(func::CallOp call) {
  SmallVector<Value> operands;
  for (Value input : call.getOperands())
    operands.push_back(getBuffer(input));
  for (Value result : call.getResults()) {
    Value buffer = places.lookup(result);
    operands.push_back(buffers[result] = buffer ? buffer : allocate(call.getLoc(), getBufferType(result.getType())));
  }
  func::CallOp::create(builder, call.getLoc(), call.getCallee(), TypeRange(), operands);
}

void CallerBuilder::run(Launch &launch) {
  // A new value that is needed while the old one is, too.
  for (Value input : launch.inputs)
    if (Launch *producer = getProducer(input); producer && !producer->isDone) {
      for (Value result : producer->group.getResultOp()->getResults())
        if (isUpdateInPlace(result))
          copyLate(result);
      run(*producer);
    }
  if (launch.isDone)
    return;
  launch.isDone = true;
  Operation *resultOp = launch.group.getResultOp();
  if (auto call = dyn_cast<func::CallOp>(resultOp))
    return callDevice(call);
  SmallVector<Location> locations;
  for (Operation *op : launch.group.ops)
    locations.push_back(op->getLoc());
  Location loc = FusedLoc::get(builder.getContext(), locations);
  if (launch.isInParts) {
    if (auto halo = resultOp->getAttrOfType<DictionaryAttr>(haloAttrName)) {
      const Part &part = parts.find(getRoot(launch.inputs.front()))->second;
      Value buffer = getWholeBuffer(part.whole);
      func::FuncOp kernel = kernels.getBorderKernel(resultOp->getLoc(), getSlice(part), part.whole.getType(),
                                                    cast<TypedAttr>(halo.get("value")));
      func::CallOp::create(builder, loc, kernel, buffer);
    }
    return;
  }
  auto call = [&](func::FuncOp kernel, ValueRange operands) {
    func::CallOp made = func::CallOp::create(builder, loc, kernel, operands);
    if (!launch.group.whyApart.empty())
      made->setAttr(whyApartAttrName, builder.getStringAttr(launch.group.whyApart));
  };
  SmallVector<Value> operands;
  SmallVector<Slice> slices;
  for (Value input : launch.inputs) {
    operands.push_back(getBuffer(input));
    slices.push_back(getSliceAtStart(input.getType(), getStorageType(input)));
  }
  if (auto part = parts.find(resultOp->getResult(0)); part != parts.end()) {
    operands.push_back(getWholeBuffer(part->second.whole));
    slices.push_back(getSlice(part->second));
    func::FuncOp kernel = kernels.getKernel(launch.group, launch.inputs.getArrayRef(), slices, {});
    call(kernel, operands);
    return;
  }
  SmallVector<int64_t> aliased;
  SmallVector<int64_t> pairs = findInPlacePairs(launch.group, launch.inputs.getArrayRef());
  for (Value result : resultOp->getResults()) {
    Value buffer = places.lookup(result);
    if (!buffer)
      buffer = allocate(result.getLoc(), getStorageType(result));
    buffers[result] = buffer;
    slices.push_back(getSliceAtStart(result.getType(), getStorageType(result)));
    int64_t output = operands.size();
    for (size_t pair = 0; pair < pairs.size(); pair += 2)
      if (pairs[pair + 1] == output && operands[pairs[pair]] == buffer)
        aliased.append({pairs[pair], output});
    operands.push_back(buffer);
  }
  func::FuncOp kernel = kernels.getKernel(launch.group, launch.inputs.getArrayRef(), slices, aliased);
  call(kernel, operands);
}

void CallerBuilder::finish() {
  for (Copy copy : lateCopies) {
    MemRefType type = cast<MemRefType>(copy.from.getType());
    func::FuncOp kernel = kernels.getCopyKernel(tensors.getLoc(), type);
    func::CallOp::create(builder, tensors.getLoc(), kernel, ValueRange{copy.from, copy.to});
  }
  func::ReturnOp::create(builder, tensors.getBody().front().getTerminator()->getLoc());
  tensors.erase();
}

LogicalResult CallerBuilder::build() {
  if (failed(checkTypes()))
    return failure();
  copyRecomputedOperands();
  copyUnplacedReturns();
  createCaller();
  for (KernelGroup &group : groupKernels(tensors, machine)) {
    launchOf[group.getResultOp()] = launches.size();
    llvm::SetVector<Value> inputs = findInputs(group);
    // A kernel learns the batch from a buffer.
    auto hasBatch = [](Value value) { return !cast<RankedTensorType>(value.getType()).hasStaticShape(); };
    if (readsBatch(group) && llvm::none_of(inputs, hasBatch) &&
        llvm::none_of(group.getResultOp()->getResults(), hasBatch)) {
      if (!batchCarrier)
        return tensors.emitOpError("expected an argument with a batch");
      inputs.insert(batchCarrier);
    }
    launches.emplace_back(Launch{std::move(group), std::move(inputs)});
  }
  placeReturns();
  findUpdates();
  placeParts();
  spaceRows();
  for (Launch &launch : launches) {
    if (launch.isDone || launch.isUpdate)
      continue;
    run(launch);
    runPendingUpdates();
  }
  runPendingUpdates();
  // Updates that wait for each other: the new values are needed at the same time as the old ones.
  for (Launch &launch : launches) {
    if (launch.isDone)
      continue;
    for (Value result : launch.group.getResultOp()->getResults())
      if (isUpdateInPlace(result))
        copyLate(result);
    run(launch);
    runPendingUpdates();
  }
  finish();
  return success();
}

class FormKernels : public cnn::cpu::impl::FormKernelsBase<FormKernels> {
public:
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    KernelBuilder kernels(getOperation());
    for (func::FuncOp function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function->hasAttr(kindAttrName)) {
        if (failed(CallerBuilder(function, kernels, ConvMachine::of(cpu, lanes)).build()))
          return signalPassFailure();
      } else if (function->hasAttr(devicePartAttrName)) {
        takeBuffers(function);
      }
  }

private:
  /// From tensors to buffers, as getKernel has them; what is said of a result is said of its buffer.
  static void takeBuffers(func::FuncOp part) {
    SmallVector<Type> types;
    SmallVector<DictionaryAttr> attributes;
    part.getAllArgAttrs(attributes);
    part.getAllResultAttrs(attributes);
    for (Type type : llvm::concat<const Type>(part.getArgumentTypes(), part.getResultTypes()))
      types.push_back(getBufferType(type));
    part->setAttr(deviceInputsAttrName, Builder(part).getI64IntegerAttr(part.getNumArguments()));
    part.removeArgAttrsAttr();
    part.removeResAttrsAttr();
    part.setFunctionType(FunctionType::get(part.getContext(), types, {}));
    part.setAllArgAttrs(attributes);
  }
};

} // namespace
