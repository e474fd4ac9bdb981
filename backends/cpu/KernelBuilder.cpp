// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/cpu/KernelBuilder.h"

#include "backends/cpu/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace cnn::cpu {

MemRefType getBufferType(Type tensorType) {
  RankedTensorType type = cast<RankedTensorType>(tensorType);
  return MemRefType::get(type.getShape(), type.getElementType());
}

static bool isInKernel(Operation *op) { return op && isRecomputed(op); }

/// Every op that the kernel of this group recomputes or holds, in an order in which operands come first.
static void collectOps(Operation *op, llvm::SetVector<Operation *> &ops) {
  if (ops.contains(op))
    return;
  // The batch is known to every kernel; what it was read from is not.
  if (!isa<tensor::DimOp>(op))
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands())
        if (Operation *source = operand.getDefiningOp(); isInKernel(source) && !op->isAncestor(source))
          collectOps(source, ops);
    });
  ops.insert(op);
}

static llvm::SetVector<Operation *> collectOps(const KernelGroup &group) {
  llvm::SetVector<Operation *> ops;
  for (Operation *op : group.ops)
    collectOps(op, ops);
  return ops;
}

llvm::SetVector<Value> findInputs(const KernelGroup &group) {
  llvm::SetVector<Operation *> ops = collectOps(group);
  llvm::SetVector<Value> inputs;
  for (Operation *op : ops) {
    if (isa<tensor::DimOp>(op))
      continue;
    op->walk([&](Operation *nested) {
      for (Value operand : nested->getOperands()) {
        Operation *source = operand.getDefiningOp();
        bool isInside = source ? ops.contains(source) || op->isAncestor(source)
                               : op->isAncestor(cast<BlockArgument>(operand).getOwner()->getParentOp());
        if (!isInside && isa<TensorType>(operand.getType()))
          inputs.insert(operand);
      }
    });
  }
  return inputs;
}

bool readsBatch(const KernelGroup &group) { return llvm::any_of(collectOps(group), llvm::IsaPred<tensor::DimOp>); }

SmallVector<int64_t> findInPlacePairs(const KernelGroup &group, ArrayRef<Value> inputs) {
  SmallVector<int64_t> pairs;
  Operation *op = group.getResultOp();
  if (group.ops.size() != 1 || !isElementwise(op))
    return pairs;
  linalg::LinalgOp linalgOp = cast<linalg::LinalgOp>(op);
  // What the op reads of its result's buffer is put there before: a maximum of minus infinity and %x would be its
  // first.
  if (llvm::any_of(linalgOp.getDpsInitsMutable(),
                   [&](OpOperand &init) { return linalgOp.payloadUsesValueFromOperand(&init); }))
    return pairs;
  for (auto [i, input] : llvm::enumerate(inputs)) {
    bool isReadInPlace = llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
      return operand.get() != input || (linalgOp.isDpsInput(&operand) && readsWrittenElement(operand));
    });
    // Also not inside the op's body, or through an op that the kernel recomputes, such as a slice.
    op->walk([&, value = input](Operation *nested) {
      isReadInPlace &= nested == op || !llvm::is_contained(nested->getOperands(), value);
    });
    if (!isReadInPlace || !llvm::is_contained(op->getOperands(), input) ||
        llvm::any_of(collectOps(group), [&, value = input](Operation *other) {
          return other != op && !isa<tensor::DimOp>(other) && llvm::is_contained(other->getOperands(), value);
        }))
      continue;
    for (auto [j, result] : llvm::enumerate(op->getResults()))
      if (result.getType() == input.getType())
        pairs.append({int64_t(i), int64_t(inputs.size() + j)});
  }
  return pairs;
}

/// About how many steps the ops take, as a function of the batch: a step is a multiply-add, of which an element of
/// anything else takes a few.
static AffineMap estimateWork(func::FuncOp kernel) {
  MLIRContext *context = kernel.getContext();
  constexpr uint64_t most = uint64_t(1) << 40; // a batch of so many steps and more is enough for any number of threads
  uint64_t fixed = 0, perSample = 0;
  auto add = [&](ArrayRef<int64_t> sizes, uint64_t each) {
    bool hasBatch = false;
    for (int64_t size : sizes) {
      hasBatch |= ShapedType::isDynamic(size);
      each = std::min(llvm::SaturatingMultiply<uint64_t>(each, ShapedType::isDynamic(size) ? 1 : size), most);
    }
    uint64_t &steps = hasBatch ? perSample : fixed;
    steps = std::min(steps + each, most);
  };
  kernel.walk([&](Operation *op) {
    if (linalg::LinalgOp linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
      if (!isa<linalg::FillOp>(op))
        add(linalgOp.getStaticLoopRanges(), linalgOp.getNumReductionLoops() > 0 ? 1 : 4);
    } else if (isa<tensor::InsertSliceOp>(op)) {
      add(cast<RankedTensorType>(op->getResult(0).getType()).getShape(), 1);
    }
  });
  return AffineMap::get(1, 0, getAffineDimExpr(0, context) * perSample + fixed);
}

KernelBuilder::KernelBuilder(ModuleOp module) : module(module) {}

/// An empty kernel; the builder is left at the start of its body.
static func::FuncOp createKernel(OpBuilder &builder, Location loc, ArrayRef<Type> arguments) {
  func::FuncOp kernel = func::FuncOp::create(builder, loc, "kernel", builder.getFunctionType(arguments, {}));
  kernel.setPrivate();
  kernel->setAttr(kernelAttrName, builder.getUnitAttr());
  builder.setInsertionPointToStart(kernel.addEntryBlock());
  return kernel;
}

/// A part of a buffer; the size of the batch is that of the buffer.
static Value createSubview(OpBuilder &builder, Location loc, Value buffer, ArrayRef<int64_t> offsets,
                           ArrayRef<int64_t> shape) {
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), shape);
  if (!shape.empty() && ShapedType::isDynamic(shape.front()))
    sizes.front() = memref::DimOp::create(builder, loc, buffer, 0).getResult();
  SmallVector<OpFoldResult> strides(shape.size(), builder.getIndexAttr(1));
  return memref::SubViewOp::create(builder, loc, buffer, getAsIndexOpFoldResult(builder.getContext(), offsets), sizes,
                                   strides);
}

Slice getSliceAtStart(Type tensorType, MemRefType buffer) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensorType).getShape();
  return {buffer, SmallVector<int64_t>(shape.size(), 0), llvm::to_vector(shape), nullptr};
}

/// The memory of a tensor of this type within its buffer.
static Value createSlice(OpBuilder &builder, Location loc, Value buffer, const Slice &slice, Type tensorType) {
  if (slice.isWhole())
    return buffer;
  Value part = createSubview(builder, loc, buffer, slice.offsets, slice.shape);
  tensor::CollapseShapeOp view = slice.view;
  if (!view)
    return part;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(tensorType).getShape();
  SmallVector<OpFoldResult> sizes = getAsIndexOpFoldResult(builder.getContext(), shape);
  if (ShapedType::isDynamic(shape.front()))
    sizes.front() = memref::DimOp::create(builder, loc, part, 0).getResult();
  return memref::ExpandShapeOp::create(builder, loc, shape, part, view.getReassociationIndices(), sizes);
}

func::FuncOp KernelBuilder::getKernel(const KernelGroup &group, ArrayRef<Value> inputs, ArrayRef<Slice> slices,
                                      ArrayRef<int64_t> aliased) {
  Operation *resultOp = group.getResultOp();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = group.ops.front()->getLoc();
  func::FuncOp kernel =
      createKernel(builder, loc, llvm::map_to_vector(slices, [](const Slice &slice) -> Type { return slice.whole; }));

  SmallVector<Type> tensorTypes = llvm::map_to_vector(inputs, [](Value input) { return input.getType(); });
  llvm::append_range(tensorTypes, resultOp->getResultTypes());
  SmallVector<Value> places;
  for (auto [argument, slice, type] : llvm::zip_equal(kernel.getArguments(), slices, tensorTypes))
    places.push_back(createSlice(builder, loc, argument, slice, type));
  llvm::SetVector<Operation *> ops = collectOps(group);
  Value batch;
  IRMapping mapping;
  for (auto [input, place] : llvm::zip(inputs, places))
    mapping.map(input, bufferization::ToTensorOp::create(builder, loc, input.getType(), place, /*restrict=*/true));
  auto getBatch = [&] {
    if (!batch) {
      BlockArgument *sized = llvm::find_if(kernel.getArguments(), [](BlockArgument argument) {
        return !cast<MemRefType>(argument.getType()).hasStaticShape();
      });
      assert(sized != kernel.getArguments().end() && "a kernel that reads the batch has a buffer with a batch");
      batch = memref::DimOp::create(builder, loc, *sized, 0);
    }
    return batch;
  };
  for (Operation *op : ops) {
    if (isa<tensor::DimOp>(op)) {
      mapping.map(op->getResult(0), getBatch());
      continue;
    }
    builder.clone(*op, mapping);
  }
  for (auto [result, buffer] : llvm::zip_equal(resultOp->getResults(), ArrayRef(places).drop_front(inputs.size())))
    bufferization::MaterializeInDestinationOp::create(builder, loc, /*result=*/Type(), mapping.lookup(result), buffer,
                                                      /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(builder, loc);
  // Of those that are laid out in the same way.
  SmallVector<int64_t> pairs = findInPlacePairs(group, inputs), fitting;
  for (size_t pair = 0; pair < pairs.size(); pair += 2) {
    const Slice &in = slices[pairs[pair]], &out = slices[pairs[pair + 1]];
    if (in.whole == out.whole && in.offsets == out.offsets && !out.view)
      fitting.append({pairs[pair], pairs[pair + 1]});
  }
  if (!fitting.empty())
    kernel->setAttr(inPlaceAttrName, builder.getDenseI64ArrayAttr(fitting));
  if (!aliased.empty())
    kernel->setAttr(aliasedAttrName, builder.getDenseI64ArrayAttr(aliased));
  return unify(kernel);
}

func::FuncOp KernelBuilder::getBorderKernel(Location loc, const Slice &slice, Type tensorType, TypedAttr value) {
  ArrayRef<int64_t> shape = slice.shape;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  func::FuncOp kernel = createKernel(builder, loc, {slice.whole});
  Value buffer = kernel.getArgument(0), constant = arith::ConstantOp::create(builder, loc, value);
  // Dimension by dimension: what is in front and behind, of those before only the inside.
  SmallVector<int64_t> offsets(shape.size(), 0), sizes(cast<RankedTensorType>(tensorType).getShape());
  for (auto [d, size] : llvm::enumerate(shape)) {
    int64_t low = slice.offsets[d], all = sizes[d];
    if (ShapedType::isDynamic(size) || size == all)
      continue;
    for (auto [begin, end] : {std::pair(int64_t(0), low), std::pair(low + size, all)})
      if (begin < end) {
        offsets[d] = begin;
        sizes[d] = end - begin;
        linalg::FillOp::create(builder, loc, constant, createSubview(builder, loc, buffer, offsets, sizes));
      }
    offsets[d] = low;
    sizes[d] = size;
  }
  func::ReturnOp::create(builder, loc);
  return unify(kernel);
}

Value createCopy(OpBuilder &builder, Location loc, Value tensor, ValueRange sizes) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type, sizes);
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(
      builder, loc, TypeRange{type}, tensor, empty, maps, iterators,
      [](OpBuilder &nested, Location at, ValueRange elements) { linalg::YieldOp::create(nested, at, elements[0]); });
  return copy.getResult(0);
}

func::FuncOp KernelBuilder::getCopyKernel(Location loc, MemRefType type) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  func::FuncOp kernel = createKernel(builder, loc, {type, type});
  Value source = kernel.getArgument(0), target = kernel.getArgument(1);
  RankedTensorType tensorType = RankedTensorType::get(type.getShape(), type.getElementType());
  Value from = bufferization::ToTensorOp::create(builder, loc, tensorType, source, /*restrict=*/true);
  SmallVector<Value> sizes;
  if (!type.hasStaticShape())
    sizes.push_back(memref::DimOp::create(builder, loc, source, 0));
  Value copy = createCopy(builder, loc, from, sizes);
  bufferization::MaterializeInDestinationOp::create(builder, loc, /*result=*/Type(), copy, target,
                                                    /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(builder, loc);
  kernel->setAttr(inPlaceAttrName, builder.getDenseI64ArrayAttr({0, 1}));
  return unify(kernel);
}

func::FuncOp KernelBuilder::unify(func::FuncOp made) {
  made->setAttr(workAttrName, AffineMapAttr::get(estimateWork(made)));
  std::string text;
  llvm::raw_string_ostream stream(text);
  made->print(stream, OpPrintingFlags().printGenericOpForm().enableDebugInfo(false).useLocalScope());
  auto [entry, isNew] = kernels.try_emplace(text, made);
  if (!isNew) {
    made.erase();
    return entry->second;
  }
  // A network may have such a name, too.
  std::string name;
  do
    name = "kernel_" + std::to_string(nextNumber++);
  while (module.lookupSymbol(name));
  made.setName(name);
  return entry->second;
}

} // namespace cnn::cpu
