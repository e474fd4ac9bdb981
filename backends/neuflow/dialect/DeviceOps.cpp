// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/dialect/NeuflowDialect.h"

#include "backends/neuflow/dialect/ProgramTarget.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#define GET_TYPEDEF_CLASSES
#include "backends/neuflow/dialect/NeuflowTypes.cpp.inc"
#define GET_OP_CLASSES
#include "backends/neuflow/dialect/DeviceOps.cpp.inc"

namespace cnn::neuflow {

void NeuflowDialect::addDeviceOps() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "backends/neuflow/dialect/NeuflowTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "backends/neuflow/dialect/DeviceOps.cpp.inc"
      >();
}

//===-- Attributes ------------------------------------------------------------------------------------------------===//

LogicalResult StreamAttr::verify(function_ref<InFlightDiagnostic()> emitError, FlatSymbolRefAttr, int64_t,
                                 int64_t height, int64_t width, int64_t, int64_t) {
  // C1
  for (int64_t size : {height, width})
    if (size < 1 || size > 65535)
      return emitError() << "expected a stream of 1 to 65535 rows and columns, but got " << height << "x" << width;
  return success();
}

LogicalResult KernelAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t height, int64_t width, int64_t,
                                 DenseI16ArrayAttr numbers) {
  // C1
  if (height < 1 || width < 1 || height > 255 || width > 255 || numbers.size() != height * width)
    return emitError() << "expected " << height << "x" << width << " numbers, but got " << numbers.size();
  return success();
}

//===-- program ---------------------------------------------------------------------------------------------------===//

LogicalResult ProgramOp::verify() {
  // C2
  int64_t texts = 0;
  for (Operation &op : getBody().front()) {
    if (!isa<BufferOp, TensorOp, PassOp, TextOp>(op))
      return op.emitOpError("expected a buffer, a tensor, a pass or a text in a program");
    texts += isa<TextOp>(op);
  }
  if (texts > 1)
    return emitOpError("expected at most one text, but got ") << texts;
  // C3
  if (getLayout() && getLayout()->size() % 3 != 0)
    return emitOpError("expected three numbers for each segment of layout, but got ") << getLayout()->size();
  return success();
}

/// The tile that an op names, or -1 after an error.
static int64_t tileOf(Operation *op, StringRef name, const Target &target) {
  int64_t tile = target.tileNamed(std::string_view(name));
  if (tile < 0)
    op->emitOpError("expected a tile of ") << target.name << ", but got '" << name << "'";
  return tile;
}

template <typename T> static LogicalResult verifyWords(Operation *op, const Decoded<T> &decoded) {
  return decoded.trap ? LogicalResult(op->emitOpError(decoded.trap->text)) : success();
}

static LogicalResult verifyOperator(Operation *op, const Target &target) {
  if (auto tile = op->getAttrOfType<StringAttr>("tile"); tile && tileOf(op, tile, target) < 0)
    return failure();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](ConvolverOp conv) { return verifyWords(op, decodeConv(encode(conv.getConfig()), target)); })
      .Case([&](AluOp alu) { return verifyWords(op, decodeAlu(encode(alu.getConfig()), target)); })
      .Case([&](MapperOp mapper) -> LogicalResult {
        int64_t segments = mapper.getTable().getSegments().size();
        if (segments > target.mapperSegments)
          return op->emitOpError("expected at most ") << target.mapperSegments << " segments, but got " << segments;
        return success();
      })
      .Case([&](FifoOp fifo) -> LogicalResult {
        int64_t capacity = fifo.getCapacity();
        if (capacity < 1 || capacity > target.fifoWords)
          return op->emitOpError("expected a capacity of 1 to ") << target.fifoWords << " words, but got " << capacity;
        return success();
      })
      .Default([](Operation *) { return success(); });
}

LogicalResult verifyCodes(Operation *op, StringRef tileName, ArrayRef<int64_t> codes, bool isRouter,
                          const Target &target) {
  int64_t tile = tileOf(op, tileName, target);
  if (tile < 0)
    return failure();
  size_t count = isRouter ? 10 : 11;
  if (codes.size() != count)
    return op->emitOpError("expected ") << count << " codes, but got " << codes.size();
  for (int64_t code : codes)
    if (code < 0 || code > 15)
      return op->emitOpError("expected codes of 0 to 15, but got ") << code;
  if (isRouter) {
    std::array<uint32_t, 2> words = encode(routerOf(codes));
    for (int64_t i = 0; i < 2; ++i)
      if (failed(verifyWords(op, decodeRouterWord(words[i], i, tile, target))))
        return failure();
    return success();
  }
  std::array<uint32_t, 2> words = encode(linesOf(codes));
  for (int64_t i = 0; i < 2; ++i)
    if (failed(verifyWords(op, decodeLinesWord(words[i], i, target))))
      return failure();
  return success();
}

/// C2 of neuflow.step.
static LogicalResult verifyStreams(StepOp step, const llvm::StringMap<int64_t> &buffers) {
  for (ArrayAttr streams : {step.getReads(), step.getWrites()})
    for (Attribute attribute : streams) {
      auto stream = dyn_cast<StreamAttr>(attribute);
      if (!stream)
        continue;
      auto buffer = buffers.find(stream.getBuffer().getValue());
      if (buffer == buffers.end())
        return step.emitOpError("expected a buffer, but got ") << stream.getBuffer();
      int64_t least = stream.getOffset(), most = stream.getOffset();
      for (auto [count, way] :
           {std::pair(stream.getHeight(), stream.getPitch()), std::pair(stream.getWidth(), stream.getElement())}) {
        int64_t &end = way < 0 ? least : most, distance;
        if (llvm::MulOverflow(count - 1, way, distance) || llvm::AddOverflow(end, distance, end))
          return step.emitOpError("expected a stream inside of memory");
      }
      if (least < 0 || most >= buffer->second)
        return step.emitOpError("expected a stream inside of ")
               << stream.getBuffer() << ", which has " << buffer->second << " words, but it has words " << least
               << " to " << most;
    }
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  // C1
  Result<Target> target = programTarget(getTarget());
  if (!target)
    return emitOpError("expected a target, but ") << target.message();
  llvm::StringMap<int64_t> buffers;
  for (BufferOp buffer : getBody().getOps<BufferOp>())
    buffers[buffer.getSymName()] = buffer.getWords();
  for (PassOp pass : getBody().getOps<PassOp>())
    for (Operation &op : pass.getBody().front()) {
      if (failed(verifyOperator(&op, *target)))
        return failure();
      // There are many steps, so they do not look for their buffers themselves.
      if (auto step = dyn_cast<StepOp>(op); step && failed(verifyStreams(step, buffers)))
        return failure();
      if (auto router = dyn_cast<RouterOp>(op);
          router && failed(verifyCodes(router, router.getTile(), router.getCodes(), true, *target)))
        return failure();
      if (auto lines = dyn_cast<LinesOp>(op);
          lines && failed(verifyCodes(lines, lines.getTile(), lines.getCodes(), false, *target)))
        return failure();
    }
  for (TextOp text : getBody().getOps<TextOp>())
    if (failed(verifyText(text, *target)))
      return failure();
  return success();
}

LogicalResult BufferOp::verify() {
  // C1
  int64_t words = getWords();
  if (words < 1)
    return emitOpError("expected at least 1 word, but got ") << words;
  // C2
  if (getContents().has_value() != (getUse() == BufferUse::Constant))
    return emitOpError("expected contents of a constant, and of nothing else");
  if (getContents() && int64_t(getContents()->size()) != words)
    return emitOpError("expected ") << words << " numbers, but got " << getContents()->size();
  // C3
  if (getBase() && int64_t(*getBase()) < 0)
    return emitOpError("expected a base of at least 0, but got ") << int64_t(*getBase());
  return success();
}

LogicalResult TensorOp::verify() {
  // C1
  int64_t words = 1;
  if (getShape().size() != 3)
    return emitOpError("expected a shape of planes, rows and columns, but got ") << getShape().size() << " numbers";
  for (int64_t size : getShape())
    if (size < 1 || size > 65535 || llvm::MulOverflow(words, size, words))
      return emitOpError("expected sizes of 1 to 65535, but got ") << size;
  // C2
  auto buffer = SymbolTable::lookupNearestSymbolFrom<BufferOp>(*this, getBufferAttr());
  if (!buffer)
    return emitOpError("expected a buffer, but got ") << getBufferAttr();
  if (buffer.getUse() != (getOut() ? BufferUse::Output : BufferUse::Input) || int64_t(buffer.getWords()) != words)
    return emitOpError("expected a buffer for ") << (getOut() ? "output" : "input") << " of " << words << " words";
  return success();
}

//===-- pass ------------------------------------------------------------------------------------------------------===//

LogicalResult PassOp::verify() {
  size_t reads = 0, writes = 0, convolvers = 0;
  for (Operation &op : getBody().front()) {
    // C1
    if (!isa<ReadOp, WriteOp, ConvolverOp, AluOp, MapperOp, FifoOp, RouterOp, LinesOp, StepOp>(op))
      return op.emitOpError("expected an operator, a stream, selects or a step in a pass");
    // C2
    for (Value result : op.getResults())
      if (result.use_empty())
        return op.emitOpError("expected its words to be used");
    reads += isa<ReadOp>(op);
    writes += isa<WriteOp>(op);
    convolvers += isa<ConvolverOp>(op);
  }
  // C3
  for (StepOp step : getBody().getOps<StepOp>())
    if (step.getReads().size() != reads || step.getWrites().size() != writes || step.getKernels().size() != convolvers)
      return step.emitOpError("expected ")
             << reads << " reads, " << writes << " writes and " << convolvers << " kernels, but got "
             << step.getReads().size() << ", " << step.getWrites().size() << " and " << step.getKernels().size();
  return success();
}

LogicalResult ConvolverOp::verify() {
  // C1
  for (ArrayRef<int64_t> pair : {getImageSize(), getKernelSize(), getStrides()})
    if (pair.size() != 2 || pair[0] < 1 || pair[1] < 1 || pair[0] > 65535 || pair[1] > 65535)
      return emitOpError("expected rows and columns of 1 to 65535 for image, kernel and strides");
  if (llvm::any_of(getStrides(), [](int64_t stride) { return stride > 255; }))
    return emitOpError("expected strides of at most 255");
  return success();
}

ConvConfig ConvolverOp::getConfig() {
  ConvConfig config;
  config.inH = getImageSize()[0];
  config.inW = getImageSize()[1];
  config.kerH = getKernelSize()[0];
  config.kerW = getKernelSize()[1];
  config.strideH = getStrides()[0];
  config.strideW = getStrides()[1];
  config.subsample = config.strideH > 1 || config.strideW > 1;
  config.sameSize = getSameSize();
  config.accumulate = getSums() != nullptr;
  config.discard = true;
  config.frames = 0;
  return config;
}

LogicalResult AluOp::verify() {
  // C1
  AluConfig config = getConfig();
  size_t takes = 0;
  for (int i = 0; i < 3; ++i)
    takes += config.takes(i);
  if (getInputs().size() != takes)
    return emitOpError("expected ") << takes << " inputs, but got " << getInputs().size();
  return success();
}

AluConfig AluOp::getConfig() {
  return {static_cast<AluCode>(getFirst()), getSecond() ? static_cast<AluCode>(*getSecond()) : AluCode::none};
}

ParseResult AluOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> inputs;
  FailureOr<AluKind> first = FieldParser<AluKind>::parse(parser);
  if (failed(first))
    return failure();
  result.addAttribute(getFirstAttrName(result.name), AluKindAttr::get(parser.getContext(), *first));
  if (succeeded(parser.parseOptionalKeyword("then"))) {
    FailureOr<AluKind> second = FieldParser<AluKind>::parse(parser);
    if (failed(second))
      return failure();
    result.addAttribute(getSecondAttrName(result.name), AluKindAttr::get(parser.getContext(), *second));
  }
  if (parser.parseOperandList(inputs, OpAsmParser::Delimiter::Paren))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("tile"))) {
    StringAttr tile;
    if (parser.parseAttribute(tile))
      return failure();
    result.addAttribute(getTileAttrName(result.name), tile);
  }
  Type words = WordsType::get(parser.getContext());
  if (parser.parseOptionalAttrDict(result.attributes) || parser.resolveOperands(inputs, words, result.operands))
    return failure();
  result.addTypes(words);
  return success();
}

void AluOp::print(OpAsmPrinter &printer) {
  printer << ' ' << stringifyAluKind(getFirst());
  if (getSecond())
    printer << " then " << stringifyAluKind(*getSecond());
  printer << '(' << getInputs() << ')';
  if (getTile())
    printer << " tile " << getTileAttr();
  printer.printOptionalAttrDict((*this)->getAttrs(), {getFirstAttrName(), getSecondAttrName(), getTileAttrName()});
}

LogicalResult StepOp::verify() {
  // C1
  for (ArrayAttr streams : {getReads(), getWrites()})
    for (Attribute attribute : streams) {
      if (isa<UnitAttr>(attribute))
        continue;
      if (!isa<StreamAttr>(attribute))
        return emitOpError("expected a stream or unit, but got ") << attribute;
    }
  for (Attribute attribute : getKernels())
    if (!isa<UnitAttr, KernelAttr>(attribute))
      return emitOpError("expected a kernel or unit, but got ") << attribute;
  return success();
}

} // namespace cnn::neuflow
