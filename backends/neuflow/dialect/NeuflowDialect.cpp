// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/dialect/NeuflowDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "backends/neuflow/dialect/NeuflowDialect.cpp.inc"
#include "backends/neuflow/dialect/NeuflowEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "backends/neuflow/dialect/NeuflowAttributes.cpp.inc"

namespace cnn::neuflow {

// Attributes are cast to what the machine's arithmetic takes.
static_assert(int(RoundKind::HalfAway) == int(Round::halfAway) && int(RoundKind::HalfUp) == int(Round::halfUp) &&
              int(RoundKind::Floor) == int(Round::floor) && int(RoundKind::Zero) == int(Round::zero));
static_assert(int(OverflowKind::Saturate) == int(Overflow::saturate) && int(OverflowKind::Wrap) == int(Overflow::wrap));
static_assert(int(SymmetryKind::None) == int(Symmetry::none) && int(SymmetryKind::Even) == int(Symmetry::even) &&
              int(SymmetryKind::Odd) == int(Symmetry::odd));

void NeuflowDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "backends/neuflow/dialect/NeuflowAttributes.cpp.inc"
      >();
  addTensorOps();
  addDeviceOps();
  addMachineOps();
}

bool isWordShape(RankedTensorType type) {
  int64_t values = 1;
  for (int64_t size : type.getShape())
    if (size < 1 || llvm::MulOverflow(values, size, values) || values > (int64_t(1) << 40))
      return false;
  return true;
}

//===-- Mapper ----------------------------------------------------------------------------------------------------===//

LogicalResult MapperAttr::verify(function_ref<InFlightDiagnostic()> emitError, SymmetryKind,
                                 ArrayRef<int64_t> numbers) {
  // C1
  if (numbers.empty() || numbers.size() % 3 != 0)
    return emitError() << "expected at least one segment of 3 numbers each, but got " << numbers.size() << " numbers";
  // C2
  for (int64_t number : numbers)
    if (number < kLeastWord || number > kGreatestWord)
      return emitError() << "expected a word, -32768 to 32767, but got " << number;
  // C3
  for (size_t i = 5; i < numbers.size(); i += 3)
    if (numbers[i] >= numbers[i - 3])
      return emitError() << "expected least to fall from each segment to the next, but got " << numbers[i] << " after "
                         << numbers[i - 3];
  return success();
}

MapperAttr MapperAttr::get(MLIRContext *context, Symmetry symmetry, ArrayRef<Segment> segments) {
  SmallVector<int64_t> numbers;
  for (const Segment &segment : segments)
    numbers.append({segment.slope, segment.offset, segment.least});
  return get(context, SymmetryKind(symmetry), numbers);
}

SmallVector<Segment> MapperAttr::getSegments() const {
  SmallVector<Segment> segments;
  ArrayRef<int64_t> numbers = getNumbers();
  for (size_t i = 0; i < numbers.size(); i += 3)
    segments.push_back({Word(numbers[i]), Word(numbers[i + 1]), Word(numbers[i + 2])});
  return segments;
}

Symmetry MapperAttr::getMachineSymmetry() const { return Symmetry(getSymmetry()); }

Attribute MapperAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  FailureOr<SymmetryKind> symmetry;
  SmallVector<int64_t> numbers;
  auto parseSegment = [&]() -> ParseResult {
    int64_t slope, offset, least;
    if (parser.parseLSquare() || parser.parseInteger(slope) || parser.parseComma() || parser.parseInteger(offset) ||
        parser.parseComma() || parser.parseInteger(least) || parser.parseRSquare())
      return failure();
    numbers.append({slope, offset, least});
    return success();
  };
  if (parser.parseLess() || failed(symmetry = FieldParser<SymmetryKind>::parse(parser)) || parser.parseComma() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseSegment) || parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(location); }, parser.getContext(), *symmetry, numbers);
}

void MapperAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifySymmetryKind(getSymmetry()) << ", [";
  llvm::interleaveComma(getSegments(), printer.getStream(), [&](const Segment &segment) {
    printer << '[' << segment.slope << ", " << segment.offset << ", " << segment.least << ']';
  });
  printer << "]>";
}

} // namespace cnn::neuflow
