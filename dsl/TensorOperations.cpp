// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Raw operations that compute: what the layers of the standard library are made of.
#include "dsl/Elaborator.h"

namespace cnn::dsl {

static Value first(llvm::ArrayRef<mlir::Value> made) {
  return made.empty() ? Value(Poison()) : Value(Tensor{made.front()});
}

/// Reads `pad`: one number, one per spatial dim, one pair (low, high) per spatial dim, or "same".
static void readPad(OperationCall &call, llvm::ArrayRef<int64_t> spatial, llvm::ArrayRef<int64_t> kernel,
                    llvm::ArrayRef<int64_t> stride, llvm::ArrayRef<int64_t> dilation,
                    llvm::SmallVectorImpl<int64_t> &low, llvm::SmallVectorImpl<int64_t> &high) {
  size_t count = spatial.size();
  low.assign(count, 0);
  high.assign(count, 0);
  const Actual *actual = call.next("pad");
  if (!actual)
    return;
  const Value &value = actual->value;
  if (const auto *all = value.as<int64_t>()) {
    low.assign(count, *all);
    high.assign(count, *all);
    return;
  }
  if (const auto *text = value.as<Text>(); text && *text->text == "same") {
    for (size_t i = 0; i < count; ++i) {
      Padding padding = samePadding(spatial[i], kernel[i], stride[i], dilation[i]);
      low[i] = padding.low;
      high[i] = padding.high;
    }
    return;
  }
  if (const auto *text = value.as<Text>()) {
    call.elaborator.error(actual->place, "'pad' cannot be " + print(value)).suggestOneOf(*text->text, {"same"});
    call.ok = false;
    return;
  }
  std::vector<Value> sides;
  if (const auto *window = value.as<WindowValue>())
    sides.assign(window->sizes.begin(), window->sizes.end());
  else if (const auto *list = value.as<ListValue>())
    sides = *list->elements;
  bool isRight = sides.size() == count;
  for (size_t i = 0; i < count && isRight; ++i) {
    const std::vector<Value> *pair = sides[i].elements();
    if (const auto *both = sides[i].as<int64_t>())
      low[i] = high[i] = *both;
    else if (pair && pair->size() == 2 && (*pair)[0].is<int64_t>() && (*pair)[1].is<int64_t>())
      low[i] = *(*pair)[0].as<int64_t>(), high[i] = *(*pair)[1].as<int64_t>();
    else
      isRight = false;
  }
  if (!isRight)
    call.fail(actual->place,
              "'pad' must be a number, 'same', or a list with a number or a pair (low, high) for each of " +
                  llvm::Twine(count) + " spatial dims, but this is " + describe(value));
}

static bool atLeastOne(OperationCall &call, llvm::ArrayRef<int64_t> sizes, llvm::StringRef name, SourceRange where) {
  for (int64_t size : sizes)
    if (size < 1) {
      call.fail(where, "'" + name + "' must be at least 1, but is " + llvm::Twine(size));
      return false;
    }
  return true;
}

/// Reads stride, pad, dilation and ceil for a kernel. The window counts only if `call.ok`.
static WindowAttr readWindow(OperationCall &call, llvm::ArrayRef<int64_t> spatial, llvm::ArrayRef<int64_t> kernel,
                             bool isPool) {
  auto count = static_cast<int64_t>(spatial.size());
  llvm::SmallVector<int64_t> stride = call.integers("stride", count, 1);
  atLeastOne(call, stride, "stride", call.lastPlace());
  llvm::SmallVector<int64_t> dilation(count, 1);
  llvm::SmallVector<int64_t> low, high;
  if (!isPool) {
    dilation = call.integers("dilation", count, 1);
    atLeastOne(call, dilation, "dilation", call.lastPlace());
  }
  if (!call.ok)
    return {};
  readPad(call, spatial, kernel, stride, dilation, low, high);
  bool ceil = isPool && call.truth("ceil", false);
  // Far beyond any image, and safe for the arithmetic.
  constexpr int64_t limit = int64_t(1) << 31;
  for (llvm::ArrayRef<int64_t> sizes :
       {llvm::ArrayRef(stride), llvm::ArrayRef(dilation), llvm::ArrayRef(low), llvm::ArrayRef(high), kernel})
    for (int64_t size : sizes)
      if (size > limit || size < -limit)
        call.fail(call.place, "a window cannot have the size " + llvm::Twine(size));
  return call.ok ? WindowAttr::get(&call.elaborator.context, kernel, stride, dilation, low, high, ceil) : WindowAttr();
}

static llvm::ArrayRef<int64_t> spatialDims(OperationCall &call, const Tensor &input) {
  if (!input.value || input.shape().empty()) {
    if (input.value)
      call.fail(call.place, "expected channels, but got " + describe(Value(input)));
    return {};
  }
  return input.shape().drop_front();
}

static Value runConv(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input"), weight = call.floatTensor("weight");
  if (!call.ok)
    return Poison();
  llvm::ArrayRef<int64_t> spatial = spatialDims(call, input);
  llvm::ArrayRef<int64_t> filter = weight.shape();
  if (filter.size() != spatial.size() + 2) {
    call.fail(call.place, "a filter of shape " + printShape(filter) + " does not fit " + describe(Value(input)));
    return Poison();
  }
  WindowAttr window = readWindow(call, spatial, filter.drop_front(2), /*isPool=*/false);
  int64_t groups = call.integer("groups", 1);
  if (!call.finish())
    return Poison();
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<ConvOp>(
      call.place, {input.value, weight.value},
      {builder.getNamedAttr("window", window), builder.getNamedAttr("groups", builder.getI64IntegerAttr(groups))}));
}

template <typename Op> static Value runPool(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  if (!call.ok)
    return Poison();
  llvm::ArrayRef<int64_t> spatial = spatialDims(call, input);
  if (spatial.empty())
    call.fail(call.place, "there are no spatial dims to pool: the input is " + describe(Value(input)));
  if (!call.ok)
    return Poison();
  llvm::SmallVector<int64_t> kernel = call.integers("kernel", static_cast<int64_t>(spatial.size()), std::nullopt);
  if (!call.ok || !atLeastOne(call, kernel, "kernel", call.lastPlace()))
    return Poison();
  WindowAttr window = readWindow(call, spatial, kernel, /*isPool=*/true);
  mlir::OpBuilder &builder = elaborator.builder;
  llvm::SmallVector<mlir::NamedAttribute> attributes;
  if (call.ok)
    attributes.push_back(builder.getNamedAttr("window", window));
  if constexpr (std::is_same_v<Op, AvgPoolOp>)
    attributes.push_back(builder.getNamedAttr("count_pad", builder.getBoolAttr(call.truth("count_pad", false))));
  if (!call.finish())
    return Poison();
  return first(elaborator.build<Op>(call.place, {input.value}, attributes));
}

/// Reads the name of one of an enum's cases.
template <typename Kind> static Kind readKind(OperationCall &call, std::optional<Kind> (*symbolize)(llvm::StringRef)) {
  llvm::StringRef name = call.text("kind");
  std::optional<Kind> kind = symbolize(name);
  if (!kind && call.ok)
    call.fail(call.lastPlace(), "'" + operationName(call.operation) + "' has no kind '" + name + "'");
  return kind.value_or(Kind());
}

static Value runUnary(Elaborator &elaborator, OperationCall &call) {
  auto kind = readKind<UnaryKind>(call, symbolizeUnaryKind);
  Tensor input = call.floatTensor("input");
  double alpha = call.number("alpha", 0.01);
  return call.finish() ? elaborator.buildUnary(call.place, kind, input, alpha) : Value(Poison());
}

static Value runBinary(Elaborator &elaborator, OperationCall &call) {
  auto kind = readKind<BinaryKind>(call, symbolizeBinaryKind);
  Tensor left = call.floatTensor("left"), right = call.floatTensor("right");
  if (!call.finish())
    return Poison();
  Value result = elaborator.combine(call.place, kind, left, right);
  if (!result.is<Nothing>())
    return result;
  call.fail(call.place, "cannot combine tensors of different shapes: " + printShape(left.shape()) + " and " +
                            printShape(right.shape()));
  return Poison();
}

/// cnn.reduce(kind, x, keep = k): over all dims of a sample but the first k.
static Value runReduce(Elaborator &elaborator, OperationCall &call) {
  auto kind = readKind<ReduceKind>(call, symbolizeReduceKind);
  Tensor input = call.floatTensor("input");
  int64_t kept = call.integer("keep", 0);
  if (!call.finish())
    return Poison();
  llvm::SmallVector<int64_t> keep;
  int64_t batch = input.hasBatch() ? 1 : 0;
  if (kept < 0 || kept > static_cast<int64_t>(input.shape().size())) {
    call.fail(call.place, "cannot keep " + llvm::Twine(kept) + " dims of " + describe(Value(input)));
    return Poison();
  }
  for (int64_t i = 0; i < kept + batch; ++i)
    keep.push_back(i);
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<ReduceOp>(call.place, {input.value},
                                          {builder.getNamedAttr("kind", ReduceKindAttr::get(&elaborator.context, kind)),
                                           builder.getNamedAttr("keep", builder.getDenseI64ArrayAttr(keep))}));
}

static Value runCast(Elaborator &, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  return call.finish() ? Value(input) : Value(Poison());
}

template <typename Op> static Value runOverChannels(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  if (!call.finish())
    return Poison();
  (void)spatialDims(call, input);
  return call.ok ? first(elaborator.build<Op>(call.place, {input.value})) : Value(Poison());
}

static Value runBatchNorm(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input"), scale = call.tensor("scale"), shift = call.tensor("shift");
  Tensor mean = call.tensor("mean"), variance = call.tensor("variance");
  double epsilon = call.number("epsilon", 1e-5), momentum = call.number("momentum", 0.1);
  if (!call.finish())
    return Poison();
  mlir::OpBuilder &builder = elaborator.builder;
  llvm::SmallVector<mlir::Value> operands = {input.value, scale.value, shift.value, mean.value, variance.value};
  llvm::SmallVector<mlir::NamedAttribute> attributes = {
      builder.getNamedAttr("epsilon", builder.getF64FloatAttr(epsilon))};
  if (elaborator.function->mode != Mode::Loss)
    return first(elaborator.build<BatchNormOp>(call.place, operands, attributes));
  attributes.push_back(builder.getNamedAttr("momentum", builder.getF64FloatAttr(momentum)));
  llvm::SmallVector<mlir::Value> results = elaborator.build<BatchNormTrainOp>(call.place, operands, attributes);
  if (results.empty())
    return Poison();
  // Training replaces the statistics; a second use of the layer starts from those.
  for (auto [statistic, updated] : {std::pair(mean.value, results[3]), std::pair(variance.value, results[4])}) {
    Weight *state = elaborator.function->weightOf.lookup(statistic);
    if (!state || !state->isState) {
      call.fail(call.place, "the running statistics must be declared with 'state'");
      return Poison();
    }
    state->updated = updated;
    elaborator.function->weightOf[updated] = state;
  }
  return Tensor{results.front()};
}

static Value runDropout(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  double rate = call.number("rate");
  SourceRange ratePlace = call.lastPlace();
  if (!call.finish())
    return Poison();
  if (!(rate >= 0 && rate < 1)) {
    call.fail(ratePlace, "the rate of a dropout must be at least 0 and less than 1, but is " + print(Value(rate)));
    return Poison();
  }
  if (elaborator.function->mode != Mode::Loss || rate == 0)
    return input;
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<DropoutOp>(
      call.place, {input.value, elaborator.function->key},
      {builder.getNamedAttr("rate", builder.getF64FloatAttr(rate)),
       builder.getNamedAttr("site", builder.getI64IntegerAttr(elaborator.function->dropouts++))}));
}

static Value runLrn(Elaborator &elaborator, OperationCall &call) {
  Tensor input = call.floatTensor("input");
  int64_t size = call.integer("size");
  double alpha = call.number("alpha"), beta = call.number("beta"), k = call.number("k");
  if (!call.finish())
    return Poison();
  (void)spatialDims(call, input);
  if (!call.ok)
    return Poison();
  mlir::OpBuilder &builder = elaborator.builder;
  return first(elaborator.build<LrnOp>(call.place, {input.value},
                                       {builder.getNamedAttr("size", builder.getI64IntegerAttr(size)),
                                        builder.getNamedAttr("alpha", builder.getF64FloatAttr(alpha)),
                                        builder.getNamedAttr("beta", builder.getF64FloatAttr(beta)),
                                        builder.getNamedAttr("k", builder.getF64FloatAttr(k))}));
}

static Value runCrossEntropy(Elaborator &elaborator, OperationCall &call) {
  Tensor scores = call.floatTensor("scores"), label = call.tensor("label");
  return call.finish() ? first(elaborator.build<CrossEntropyOp>(call.place, {scores.value, label.value}))
                       : Value(Poison());
}

static Value runTopKHit(Elaborator &elaborator, OperationCall &call) {
  Tensor scores = call.floatTensor("scores"), label = call.tensor("label");
  int64_t k = call.integer("k");
  mlir::OpBuilder &builder = elaborator.builder;
  return call.finish() ? first(elaborator.build<TopKHitOp>(call.place, {scores.value, label.value},
                                                           {builder.getNamedAttr("k", builder.getI64IntegerAttr(k))}))
                       : Value(Poison());
}

llvm::ArrayRef<Operation> tensorOperations() {
  static const Operation operations[] = {
      {"avg_pool", runPool<AvgPoolOp>},
      {"batch_norm", runBatchNorm},
      {"binary", runBinary},
      {"cast", runCast},
      {"conv", runConv},
      {"cross_entropy", runCrossEntropy},
      {"dropout", runDropout},
      {"log_softmax", runOverChannels<LogSoftmaxOp>},
      {"lrn", runLrn},
      {"max_pool", runPool<MaxPoolOp>},
      {"reduce", runReduce},
      {"softmax", runOverChannels<SoftmaxOp>},
      {"top_k_hit", runTopKHit},
      {"unary", runUnary},
  };
  return operations;
}

} // namespace cnn::dsl
