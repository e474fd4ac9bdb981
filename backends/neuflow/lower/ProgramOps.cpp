// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/ProgramOps.h"

#include "backends/neuflow/dialect/ProgramTarget.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cnn::neuflow {

static_assert(int(BufferUse::Input) == int(BufferKind::input) && int(BufferUse::Output) == int(BufferKind::output) &&
              int(BufferUse::Temporary) == int(BufferKind::temporary) &&
              int(BufferUse::Constant) == int(BufferKind::constant));
static_assert(int(AluKind::Mac) == int(AluCode::mac) && int(AluKind::Max) == int(AluCode::max));

namespace {

//===-- From ops --------------------------------------------------------------------------------------------------===//

class PassReader {
public:
  PassReader(PassOp op, const DeviceLevel &level, const llvm::StringMap<int64_t> &buffers)
      : op(op), target(level.target), buffers(buffers), selects(level.target) {}

  FailureOr<GridPass> run() {
    pass.name = op.getName().str();
    pass.operation = op.getOrigin().str();
    for (Operation &inner : op.getBody().front())
      if (failed(read(inner)))
        return failure();
    pass.netlist.reads = static_cast<int64_t>(placement.readPorts.size());
    pass.netlist.writes = static_cast<int64_t>(placement.writePorts.size());
    if (std::string complaint = complaintAbout(pass.netlist, target); !complaint.empty())
      return op.emitOpError(complaint);
    auto isSet = [](const std::vector<int64_t> &places) { return !llvm::is_contained(places, -1); };
    if (!isSet(placement.tiles) || !isSet(placement.readPorts) || !isSet(placement.writePorts) || !hasSelects)
      return std::move(pass);
    ChannelGraph graph(target);
    Result<std::vector<Route>> routes = routesOf(pass.netlist, placement, selects, graph);
    if (!routes)
      return op.emitOpError(routes.message());
    pass.placed = PlacedNetlist{placement, std::move(*routes), selects};
    return std::move(pass);
  }

private:
  LogicalResult read(Operation &inner) {
    return llvm::TypeSwitch<Operation *, LogicalResult>(&inner)
        .Case([&](ReadOp read) -> LogicalResult {
          pins[read.getWords()] = readPin(static_cast<int64_t>(placement.readPorts.size()));
          return addPort(read, read.getPort(), placement.readPorts);
        })
        .Case([&](WriteOp write) -> LogicalResult {
          if (failed(connect(write, write.getWords(), writePin(static_cast<int64_t>(placement.writePorts.size())))))
            return failure();
          return addPort(write, write.getPort(), placement.writePorts);
        })
        .Case([&](ConvolverOp conv) {
          ConvConfig config = conv.getConfig();
          std::pair<Value, int64_t> inputs[] = {{conv.getImage(), 0}, {conv.getSums(), 2}};
          return addOperator(conv, config, config.output(), ArrayRef(inputs).take_front(conv.getSums() ? 2 : 1));
        })
        .Case([&](AluOp alu) {
          AluConfig config = alu.getConfig();
          SmallVector<std::pair<Value, int64_t>> inputs;
          int64_t input = 0;
          for (Value value : alu.getInputs()) {
            while (!config.takes(static_cast<int>(input)))
              ++input;
            inputs.push_back({value, input++});
          }
          return addOperator(alu, config, config.output(), inputs);
        })
        .Case([&](MapperOp mapper) {
          MapperConfig config;
          config.symmetry = mapper.getTable().getMachineSymmetry();
          for (const Segment &segment : mapper.getTable().getSegments())
            config.segments.push_back(segment);
          config.segments.resize(static_cast<size_t>(target.mapperSegments), config.segments.back());
          return addOperator(mapper, config, 0, {{mapper.getInput(), 0}});
        })
        .Case([&](FifoOp fifo) {
          return addOperator(fifo, FifoConfig{int64_t(fifo.getCapacity())}, 0, {{fifo.getInput(), 0}});
        })
        .Case([&](RouterOp router) {
          selects.routers[target.tileNamed(std::string_view(router.getTile()))] = routerOf(router.getCodes());
          hasSelects = true;
          return success();
        })
        .Case([&](LinesOp lines) {
          selects.lines[target.tileNamed(std::string_view(lines.getTile()))] = linesOf(lines.getCodes());
          hasSelects = true;
          return success();
        })
        .Case([&](StepOp step) {
          pass.steps.push_back({streams(step.getReads()), streams(step.getWrites()), kernels(step.getKernels())});
          return success();
        })
        .Default([](Operation *) { return success(); });
  }

  LogicalResult addPort(Operation *inner, std::optional<uint64_t> port, std::vector<int64_t> &ports) {
    int64_t number = port ? int64_t(*port) : -1;
    if (port && (number < 0 || number >= target.lines))
      return inner->emitOpError("expected a port of 0 to ") << target.lines - 1 << ", but got " << number;
    ports.push_back(number);
    return success();
  }
  LogicalResult connect(Operation *inner, Value words, Pin sink) {
    auto source = pins.find(words);
    if (source == pins.end())
      return inner->emitOpError("expected words that are made before");
    pass.netlist.connect(source->second, sink);
    return success();
  }
  LogicalResult addOperator(Operation *inner, OperatorConfig config, int64_t output,
                            ArrayRef<std::pair<Value, int64_t>> inputs) {
    int64_t index = static_cast<int64_t>(pass.netlist.operators.size()), tile = -1;
    if (auto name = inner->getAttrOfType<StringAttr>("tile")) {
      tile = target.tileNamed(std::string_view(name.getValue()));
      if (target.tiles[tile].kind != kindOf(config))
        return inner->emitOpError("cannot stand on ") << name;
    }
    placement.tiles.push_back(tile);
    pass.netlist.operators.push_back(std::move(config));
    for (auto [value, input] : inputs)
      if (failed(connect(inner, value, operatorPin(index, input))))
        return failure();
    pins[inner->getResult(0)] = operatorPin(index, output);
    return success();
  }

  std::vector<Stream> streams(ArrayAttr attributes) {
    std::vector<Stream> result;
    for (Attribute attribute : attributes)
      if (auto stream = dyn_cast<StreamAttr>(attribute))
        result.push_back({buffers.lookup(stream.getBuffer().getValue()), stream.getOffset(), stream.getWidth(),
                          stream.getHeight(), stream.getPitch(), stream.getElement()});
      else
        result.push_back({});
    return result;
  }
  static std::vector<Kernel> kernels(ArrayAttr attributes) {
    std::vector<Kernel> result;
    for (Attribute attribute : attributes)
      if (auto kernel = dyn_cast<KernelAttr>(attribute)) {
        ArrayRef<int16_t> numbers = kernel.getNumbers();
        result.push_back({kernel.getWidth(),
                          kernel.getHeight(),
                          {numbers.begin(), numbers.end()},
                          static_cast<Word>(kernel.getBias())});
      } else
        result.push_back({});
    return result;
  }

  PassOp op;
  const Target &target;
  const llvm::StringMap<int64_t> &buffers;
  GridPass pass;
  Placement placement;
  GridSelects selects;
  bool hasSelects = false;
  llvm::DenseMap<Value, Pin> pins;
};

//===-- To ops ----------------------------------------------------------------------------------------------------===//

class PassWriter {
public:
  PassWriter(const DeviceLevel &level, const GridPass &pass, OpBuilder &builder, Location location)
      : level(level), pass(pass), builder(builder), location(location) {}

  void run() {
    auto op =
        PassOp::create(builder, location, builder.getStringAttr(pass.name), builder.getStringAttr(pass.operation));
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
    const Netlist &netlist = pass.netlist;
    for (int64_t i = 0; i < netlist.reads; ++i)
      set(readPin(i),
          ReadOp::create(builder, location, WordsType::get(builder.getContext()), port(&Placement::readPorts, i))
              .getWords());
    for (size_t i = 0; i < netlist.operators.size(); ++i)
      writeOperator(static_cast<int64_t>(i));
    for (int64_t i = 0; i < netlist.writes; ++i)
      WriteOp::create(builder, location, input(writePin(i)), port(&Placement::writePorts, i));
    if (pass.placed)
      writeSelects(pass.placed->selects);
    for (const Step &step : pass.steps)
      StepOp::create(builder, location, streams(step.reads), streams(step.writes), kernels(step.kernels));
  }

private:
  IntegerAttr port(std::vector<int64_t> Placement::*ports, int64_t i) {
    return pass.placed ? builder.getI64IntegerAttr((pass.placed->placement.*ports)[i]) : IntegerAttr();
  }
  void set(Pin pin, Value value) { sources.push_back({pin, value}); }
  Value input(Pin sink) const {
    for (const Net &net : pass.netlist.nets)
      if (llvm::is_contained(net.sinks, sink))
        for (const auto &[pin, value] : sources)
          if (pin == net.source)
            return value;
    return {};
  }

  void writeOperator(int64_t index) {
    const OperatorConfig &config = pass.netlist.operators[index];
    StringAttr tile = pass.placed ? builder.getStringAttr(level.target.tiles[pass.placed->placement.tiles[index]].name)
                                  : StringAttr();
    auto in = [&](int64_t i) { return input(operatorPin(index, i)); };
    Type words = WordsType::get(builder.getContext());
    if (const ConvConfig *conv = std::get_if<ConvConfig>(&config)) {
      auto op = ConvolverOp::create(builder, location, words, in(0), conv->accumulate ? in(2) : Value(),
                                    builder.getDenseI64ArrayAttr({conv->inH, conv->inW}),
                                    builder.getDenseI64ArrayAttr({conv->kerH, conv->kerW}),
                                    builder.getDenseI64ArrayAttr({conv->stepH(), conv->stepW()}),
                                    conv->sameSize ? builder.getUnitAttr() : UnitAttr(), tile);
      set(operatorPin(index, conv->output()), op.getOutput());
    } else if (const AluConfig *alu = std::get_if<AluConfig>(&config)) {
      SmallVector<Value> inputs;
      for (int i = 0; i < 3; ++i)
        if (alu->takes(i))
          inputs.push_back(in(i));
      MLIRContext *context = builder.getContext();
      auto op = AluOp::create(
          builder, location, words, inputs, AluKindAttr::get(context, AluKind(alu->first)),
          alu->second == AluCode::none ? AluKindAttr() : AluKindAttr::get(context, AluKind(alu->second)), tile);
      set(operatorPin(index, alu->output()), op.getOutput());
    } else if (const MapperConfig *mapper = std::get_if<MapperConfig>(&config)) {
      // Repeated segments are only there to fill the machine's.
      std::vector<Segment> segments = mapper->segments;
      while (segments.size() > 1 && segments.back() == segments[segments.size() - 2])
        segments.pop_back();
      auto op = MapperOp::create(builder, location, words, in(0),
                                 MapperAttr::get(builder.getContext(), mapper->symmetry, segments), tile);
      set(operatorPin(index), op.getOutput());
    } else {
      auto op = FifoOp::create(builder, location, words, in(0),
                               builder.getI64IntegerAttr(std::get<FifoConfig>(config).capacity), tile);
      set(operatorPin(index), op.getOutput());
    }
  }

  void writeSelects(const GridSelects &selects) {
    for (size_t t = 0; t < level.target.tiles.size(); ++t) {
      const std::string &tile = level.target.tiles[t].name;
      if (!(selects.routers[t] == RouterConfig()))
        RouterOp::create(builder, location, tile, codesOf(selects.routers[t]));
      if (!(selects.lines[t] == LinesConfig()))
        LinesOp::create(builder, location, tile, codesOf(selects.lines[t]));
    }
  }

  ArrayAttr streams(const std::vector<Stream> &of) {
    SmallVector<Attribute> attributes;
    for (const Stream &stream : of)
      if (stream.rests())
        attributes.push_back(builder.getUnitAttr());
      else
        attributes.push_back(StreamAttr::get(
            builder.getContext(), FlatSymbolRefAttr::get(builder.getContext(), "b" + std::to_string(stream.buffer)),
            stream.offset, stream.h, stream.w, stream.pitch, stream.element));
    return builder.getArrayAttr(attributes);
  }
  ArrayAttr kernels(const std::vector<Kernel> &of) {
    SmallVector<Attribute> attributes;
    for (const Kernel &kernel : of)
      if (kernel.rests())
        attributes.push_back(builder.getUnitAttr());
      else
        attributes.push_back(KernelAttr::get(builder.getContext(), kernel.height, kernel.width, kernel.bias,
                                             builder.getDenseI16ArrayAttr(kernel.numbers)));
    return builder.getArrayAttr(attributes);
  }

  const DeviceLevel &level;
  const GridPass &pass;
  OpBuilder &builder;
  Location location;
  SmallVector<std::pair<Pin, Value>> sources;
};

} // namespace

FailureOr<DeviceLevel> readDeviceLevel(ProgramOp op) {
  Result<Target> target = programTarget(op.getTarget());
  assert(target && "verified");
  DeviceLevel level;
  level.target = std::move(*target);
  level.program.name = op.getSymName().str();
  llvm::StringMap<int64_t> buffers;
  for (BufferOp buffer : op.getBody().getOps<BufferOp>()) {
    buffers[buffer.getSymName()] = static_cast<int64_t>(level.program.buffers.size());
    Buffer data{buffer.getSymName().str(), BufferKind(buffer.getUse()), int64_t(buffer.getWords()), {}, -1};
    if (buffer.getContents())
      data.contents.assign(buffer.getContents()->begin(), buffer.getContents()->end());
    if (buffer.getBase())
      data.base = int64_t(*buffer.getBase());
    level.program.buffers.push_back(std::move(data));
  }
  for (TensorOp tensor : op.getBody().getOps<TensorOp>()) {
    ArrayRef<int64_t> shape = tensor.getShape();
    level.program.tensors.push_back({tensor.getName().str(),
                                     tensor.getOut(),
                                     {shape[0], shape[1], shape[2]},
                                     int64_t(tensor.getFraction()),
                                     buffers.lookup(tensor.getBuffer())});
  }
  for (PassOp pass : op.getBody().getOps<PassOp>()) {
    FailureOr<GridPass> data = PassReader(pass, level, buffers).run();
    if (failed(data))
      return failure();
    level.program.passes.push_back(std::move(*data));
    level.places.push_back(pass.getLoc());
  }
  if (auto layout = op.getLayout())
    for (size_t i = 0; i + 2 < layout->size(); i += 3)
      level.layout.segments.push_back(
          {SegmentKind((*layout)[i]), uint64_t((*layout)[i + 1]), uint64_t((*layout)[i + 2])});
  for (const MemorySegment &segment : level.layout.segments)
    level.layout.textBase = std::max(level.layout.textBase, segment.base + segment.size);
  level.layout.textBase = (level.layout.textBase + 63) / 64 * 64;
  return std::move(level);
}

ProgramOp writeDeviceLevel(const DeviceLevel &level, StringRef name, Location location, OpBuilder &builder) {
  SmallVector<int64_t> layout;
  for (const MemorySegment &segment : level.layout.segments)
    layout.append({int64_t(segment.kind), int64_t(segment.base), int64_t(segment.size)});
  auto op = ProgramOp::create(builder, location, builder.getStringAttr(name),
                              builder.getStringAttr(programTargetText(level.target)),
                              layout.empty() ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(layout));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&op.getBody().emplaceBlock());
  for (size_t i = 0; i < level.program.buffers.size(); ++i) {
    const Buffer &buffer = level.program.buffers[i];
    BufferOp::create(
        builder, location, builder.getStringAttr("b" + std::to_string(i)),
        BufferUseAttr::get(builder.getContext(), BufferUse(buffer.kind)), builder.getI64IntegerAttr(buffer.words),
        buffer.kind == BufferKind::constant ? builder.getDenseI16ArrayAttr(buffer.contents) : DenseI16ArrayAttr(),
        buffer.base < 0 ? IntegerAttr() : builder.getI64IntegerAttr(buffer.base));
  }
  for (const PassTensor &tensor : level.program.tensors)
    TensorOp::create(builder, location, builder.getStringAttr(tensor.name),
                     tensor.output ? builder.getUnitAttr() : UnitAttr(),
                     FlatSymbolRefAttr::get(builder.getContext(), "b" + std::to_string(tensor.buffer)),
                     builder.getDenseI64ArrayAttr({tensor.shape.planes, tensor.shape.height, tensor.shape.width}),
                     builder.getI64IntegerAttr(tensor.fractionBits));
  for (size_t i = 0; i < level.program.passes.size(); ++i)
    PassWriter(level, level.program.passes[i], builder, level.places[i]).run();
  return op;
}

} // namespace cnn::neuflow
