// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/lower/ReadTensorLevel.h"

#include "backends/neuflow/dialect/NeuflowDialect.h"
#include "ir/ModelError.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cnn::neuflow {

/// The layer that an op belongs to: the innermost name, of the call that is nearest to it.
static StringRef layerOf(Location location) {
  while (auto call = dyn_cast<CallSiteLoc>(location))
    location = call.getCallee();
  if (auto fused = dyn_cast<FusedLoc>(location))
    return fused.getLocations().empty() ? StringRef() : layerOf(fused.getLocations().front());
  auto name = dyn_cast<NameLoc>(location);
  return name ? name.getName().getValue() : StringRef();
}

/// The first place in a file that a location holds.
static FileLineColLoc fileOf(Location location) {
  FileLineColLoc found;
  location->walk([&](Location part) {
    if (auto file = dyn_cast<FileLineColLoc>(part)) {
      found = file;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return found;
}

namespace {

class Reader {
public:
  explicit Reader(func::FuncOp function) : function(function) {}

  FailureOr<TensorLevel> run() {
    level.program.name = function.getName().str();
    if (!llvm::hasSingleElement(function.getBody()))
      return function.emitError("expected a function of one block");
    for (BlockArgument argument : function.getArguments()) {
      FailureOr<int64_t> value = add(argument, argument.getLoc());
      if (failed(value))
        return failure();
      DictionaryAttr attributes = function.getArgAttrDict(argument.getArgNumber());
      level.program.inputs.push_back(boundary(*value, attributes, "input" + std::to_string(argument.getArgNumber())));
    }
    for (Operation &op : function.getBody().front()) {
      if (op.hasTrait<OpTrait::ConstantLike>())
        continue;
      if (auto result = dyn_cast<func::ReturnOp>(op)) {
        for (OpOperand &operand : result->getOpOperands()) {
          auto value = values.find(operand.get());
          if (value == values.end())
            return op.emitError("expected to return what the grid computes");
          unsigned number = operand.getOperandNumber();
          level.program.outputs.push_back(
              boundary(value->second, function.getResultAttrDict(number), "output" + std::to_string(number)));
        }
        continue;
      }
      if (failed(read(op)))
        return failure();
    }
    return std::move(level);
  }

private:
  FailureOr<int64_t> add(Value value, Location location) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || !type.getElementType().isInteger(16) || type.getRank() != 3 || !isWordShape(type))
      return emitError(location, "expected planes of words, tensor<CxHxWxi16>, but got ") << value.getType();
    level.program.values.push_back({type.getDimSize(0), type.getDimSize(1), type.getDimSize(2)});
    int64_t id = static_cast<int64_t>(level.program.values.size()) - 1;
    values[value] = id;
    return id;
  }

  static TensorBoundary boundary(int64_t value, DictionaryAttr attributes, std::string name) {
    TensorBoundary result{value, std::move(name), kFractionBits};
    if (attributes) {
      if (auto given = attributes.getAs<StringAttr>("cnn.name"))
        result.name = given.str();
      if (auto fraction = attributes.getAs<IntegerAttr>(fractionAttrName))
        result.fractionBits = fraction.getInt();
    }
    return result;
  }

  FailureOr<std::vector<Word>> constant(Operation &op, Value value) {
    Attribute attribute;
    if (!matchPattern(value, m_Constant(&attribute)))
      return op.emitError("expected constants");
    std::vector<Word> words;
    if (auto dense = dyn_cast<DenseIntElementsAttr>(attribute)) {
      for (APInt word : dense.getValues<APInt>())
        words.push_back(static_cast<Word>(word.getSExtValue()));
      return words;
    }
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
      if (AsmResourceBlob *blob = resource.getRawHandle().getBlob()) {
        ArrayRef<Word> data = blob->getDataAs<Word>();
        if (int64_t(data.size()) == cast<ShapedType>(value.getType()).getNumElements())
          return std::vector<Word>(data.begin(), data.end());
      }
    return op.emitError("expected constants that are there");
  }

  /// The machine rounds in one way only.
  static LogicalResult checkArithmetic(Operation &op, RoundKind round) {
    auto arithmetic = op.getAttrOfType<ArithmeticAttr>("arithmetic");
    if (!arithmetic || (arithmetic.getRound() == round && arithmetic.getOverflow() == OverflowKind::Saturate))
      return success();
    return op.emitError("expected ") << ArithmeticAttr::get(op.getContext(), round, OverflowKind::Saturate)
                                     << ", as the machine does, but got " << arithmetic;
  }

  LogicalResult read(Operation &op) {
    for (Value operand : op.getOperands())
      if (!values.count(operand) && !isa<ConvOp>(op))
        return op.emitError("expected operands that the grid computes");
    auto of = [&](Value value) { return values.at(value); };
    using What = decltype(TensorOperation::what);
    auto element = [&](AluCode code) -> FailureOr<What> {
      ElementOperation what{code, {}};
      for (Value operand : op.getOperands())
        what.inputs.push_back(of(operand));
      return What(std::move(what));
    };
    RoundKind round = isa<DivOp>(op) ? RoundKind::Zero : isa<MapOp>(op) ? RoundKind::Floor : RoundKind::HalfAway;
    if (failed(checkArithmetic(op, round)))
      return failure();
    FailureOr<What> what =
        llvm::TypeSwitch<Operation *, FailureOr<What>>(&op)
            .Case([&](ConvOp conv) -> FailureOr<What> {
              FailureOr<std::vector<Word>> kernels = constant(op, conv.getKernels()),
                                           bias = constant(op, conv.getBias());
              if (failed(kernels) || failed(bias))
                return failure();
              if (!values.count(conv.getInput()))
                return op.emitError("expected operands that the grid computes");
              ConvOperation result;
              result.input = of(conv.getInput());
              result.kernelH = conv.getKernels().getType().getDimSize(1);
              result.kernelW = conv.getKernels().getType().getDimSize(2);
              result.kernels = std::move(*kernels);
              result.bias = std::move(*bias);
              for (Connection connection : conv.getConnectionList())
                result.connections.push_back({connection.output, connection.input});
              result.strideH = conv.getStrides()[0];
              result.strideW = conv.getStrides()[1];
              result.sameSize = conv.getSameSize();
              return What(std::move(result));
            })
            .Case([&](MapOp map) -> FailureOr<What> {
              MapOperation result{of(map.getInput()), {}};
              for (Attribute table : map.getTables()) {
                auto mapper = cast<MapperAttr>(table);
                SmallVector<Segment> segments = mapper.getSegments();
                result.tables.push_back({{segments.begin(), segments.end()}, mapper.getMachineSymmetry()});
              }
              return What(std::move(result));
            })
            .Case([&](AddOp) { return element(AluCode::add); })
            .Case([&](SubOp) { return element(AluCode::sub); })
            .Case([&](MulOp) { return element(AluCode::mul); })
            .Case([&](DivOp) { return element(AluCode::div); })
            .Case([&](MaxOp) { return element(AluCode::max); })
            .Case([&](SquareOp) { return element(AluCode::square); })
            .Case([&](MacOp) { return element(AluCode::mac); })
            .Case([&](WindowOp window) -> FailureOr<What> {
              return What(WindowOperation{of(window.getInput()), window.getOffset()[0], window.getOffset()[1],
                                          window.getStrides()[0], window.getStrides()[1]});
            })
            .Case([&](PadOp pad) -> FailureOr<What> {
              return What(PadOperation{of(pad.getInput()), pad.getLow()[0], pad.getHigh()[0], pad.getLow()[1],
                                       pad.getHigh()[1], static_cast<Word>(pad.getValue())});
            })
            .Case([&](SelectOp select) -> FailureOr<What> {
              ArrayRef<int64_t> planes = select.getPlanes();
              return What(SelectOperation{of(select.getInput()), {planes.begin(), planes.end()}});
            })
            .Case([&](ConcatOp concat) -> FailureOr<What> {
              ConcatOperation result;
              for (Value input : concat.getInputs())
                result.inputs.push_back(of(input));
              return What(std::move(result));
            })
            .Case([&](ReshapeOp reshape) -> FailureOr<What> { return What(ReshapeOperation{of(reshape.getInput())}); })
            .Default([](Operation *other) -> FailureOr<What> {
              return other->emitError("expected an op of the tensor level, but got ") << other->getName();
            });
    if (failed(what))
      return failure();
    FailureOr<int64_t> result = add(op.getResult(0), op.getLoc());
    if (failed(result))
      return failure();
    std::string name = nameOf(op);
    level.places.try_emplace(name, op.getLoc());
    level.program.operations.push_back({std::move(*what), *result, std::move(name)});
    return success();
  }

  std::string nameOf(Operation &op) {
    std::string name = op.getName().stripDialect().str();
    if (StringRef layer = layerOf(op.getLoc()); !layer.empty())
      return (layer + " " + name).str();
    if (FileLineColLoc file = fileOf(op.getLoc()))
      return name + " at " + file.getFilename().str() + ":" + std::to_string(file.getLine()) + ":" +
             std::to_string(file.getColumn());
    return name + " " + std::to_string(level.program.operations.size() + 1);
  }

  func::FuncOp function;
  TensorLevel level;
  llvm::DenseMap<Value, int64_t> values;
};

} // namespace

FailureOr<TensorLevel> readTensorLevel(func::FuncOp function) { return Reader(function).run(); }

InFlightDiagnostic emitAtPlace(StringRef message, const std::map<std::string, Location> &places, Location otherwise) {
  for (const auto &[name, location] : places)
    if (message.starts_with(name) && message.substr(name.size()).starts_with(": "))
      return emitModelError(location) << message.substr(name.size() + 2);
  return emitModelError(otherwise) << message;
}

} // namespace cnn::neuflow
