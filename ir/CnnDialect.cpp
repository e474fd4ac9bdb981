// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/CnnDialect.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace mlir {
/// Reals in attributes.
template <> struct FieldParser<cnn::Real> {
  static FailureOr<cnn::Real> parse(AsmParser &parser) {
    double value;
    if (parser.parseFloat(value))
      return failure();
    return cnn::Real(value);
  }
};
} // namespace mlir

namespace cnn {
static AsmPrinter &operator<<(AsmPrinter &printer, Real real) {
  printer.printFloat(APFloat(real));
  return printer;
}
} // namespace cnn

/// `, no_decay = ["*.bias"]`; nothing if there are no patterns.
static ParseResult parseNoDecay(AsmParser &parser, SmallVector<StringAttr> &patterns) {
  if (failed(parser.parseOptionalComma()))
    return success();
  return failure(parser.parseKeyword("no_decay") || parser.parseEqual() ||
                 parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                                [&] { return parser.parseAttribute(patterns.emplace_back()); }));
}

static void printNoDecay(AsmPrinter &printer, ArrayRef<StringAttr> patterns) {
  if (patterns.empty())
    return;
  printer << ", no_decay = [";
  llvm::interleaveComma(patterns, printer, [&](StringAttr pattern) { printer << pattern; });
  printer << "]";
}

#include "ir/CnnDialect.cpp.inc"
#include "ir/CnnEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/CnnAttributes.cpp.inc"
#include "ir/CnnInterfaces.cpp.inc"

namespace cnn {

void CnnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/CnnAttributes.cpp.inc"
      >();
  addConvOps();
  addElementwiseOps();
  addLossOps();
  addModelOps();
  addNormOps();
  addOptimizerOps();
  addPoolOps();
  addShapeOps();
}

Operation *CnnDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location location) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type || !isa<RankedTensorType>(type))
    return nullptr;
  return ConstantOp::create(builder, location, type, elements);
}

//===-- Window ----------------------------------------------------------------------------------------------------===//

LogicalResult WindowAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> kernel,
                                 ArrayRef<int64_t> stride, ArrayRef<int64_t> dilation, ArrayRef<int64_t> padLow,
                                 ArrayRef<int64_t> padHigh, bool ceil) {
  size_t rank = kernel.size();
  if (rank > 3)
    return emitError() << "expected a window of at most 3 dimensions, but got " << rank;
  const std::pair<StringRef, ArrayRef<int64_t>> lists[] = {
      {"kernel", kernel}, {"stride", stride}, {"dilation", dilation}, {"pad_low", padLow}, {"pad_high", padHigh}};
  for (auto [name, values] : lists)
    if (values.size() != rank)
      return emitError() << "expected " << name << " to have one entry per dimension of the kernel, " << rank
                         << ", but got " << values.size();
  for (auto [name, values] : ArrayRef(lists).take_front(3))
    for (int64_t value : values)
      if (value < 1)
        return emitError() << "expected " << name << " to be at least 1, but got " << value;
  return success();
}

WindowAttr WindowAttr::getEmpty(MLIRContext *context) { return get(context, {}, {}, {}, {}, {}, false); }

WindowDim WindowAttr::getDim(int64_t i) const {
  return {getKernel()[i], getStride()[i], getDilation()[i], getPadLow()[i], getPadHigh()[i], getCeil()};
}

static ParseResult parseSizes(AsmParser &parser, StringRef name, SmallVectorImpl<int64_t> &sizes) {
  return failure(parser.parseKeyword(name) || parser.parseEqual() ||
                 parser.parseCommaSeparatedList(AsmParser::Delimiter::Square,
                                                [&] { return parser.parseInteger(sizes.emplace_back()); }));
}

Attribute WindowAttr::parse(AsmParser &parser, Type) {
  SMLoc location = parser.getCurrentLocation();
  SmallVector<int64_t> kernel, stride, dilation, padLow, padHigh;
  bool ceil = false;
  if (parser.parseLess() || parseSizes(parser, "kernel", kernel) || parser.parseComma() ||
      parseSizes(parser, "stride", stride) || parser.parseComma() || parseSizes(parser, "dilation", dilation) ||
      parser.parseComma() || parseSizes(parser, "pad_low", padLow) || parser.parseComma() ||
      parseSizes(parser, "pad_high", padHigh))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("ceil"))
      return {};
    ceil = true;
  }
  if (parser.parseGreater())
    return {};
  return getChecked([&] { return parser.emitError(location); }, parser.getContext(), kernel, stride, dilation, padLow,
                    padHigh, ceil);
}

void WindowAttr::print(AsmPrinter &printer) const {
  const std::pair<StringRef, ArrayRef<int64_t>> lists[] = {{"kernel", getKernel()},
                                                           {"stride", getStride()},
                                                           {"dilation", getDilation()},
                                                           {"pad_low", getPadLow()},
                                                           {"pad_high", getPadHigh()}};
  printer << '<';
  llvm::interleaveComma(lists, printer.getStream(), [&](const auto &list) {
    printer << list.first << " = [";
    llvm::interleaveComma(list.second, printer.getStream());
    printer << ']';
  });
  printer << (getCeil() ? ", ceil>" : ">");
}

//===-- Numbers ---------------------------------------------------------------------------------------------------===//

using EmitError = function_ref<InFlightDiagnostic()>;
using NamedReal = std::pair<StringRef, Real>;

static LogicalResult verifyNotNegative(EmitError emitError, ArrayRef<NamedReal> values) {
  for (auto [name, value] : values)
    if (!(value >= 0) || std::isinf(value))
      return emitError() << "expected " << name << " to be finite and at least 0, but got " << double(value);
  return success();
}

LogicalResult InitAttr::verify(EmitError emitError, InitKind kind, Real a, Real b) {
  if (!std::isfinite(a) || !std::isfinite(b))
    return emitError() << "expected finite numbers, but got " << double(a) << " and " << double(b);
  if (kind == InitKind::Uniform && a > b)
    return emitError() << "expected an interval, but got [" << double(a) << ", " << double(b) << ")";
  if (kind == InitKind::Gaussian && b < 0)
    return emitError() << "expected a standard deviation of at least 0, but got " << double(b);
  return success();
}

LogicalResult WinogradAttr::verify(EmitError emitError, int64_t tile, int64_t kernel, int64_t count) {
  if (kernel != 3 && kernel != 5)
    return emitError() << "expected a kernel of 3 or 5, but got " << kernel;
  if (tile != 2 && (tile != 4 || kernel != 3))
    return emitError() << "expected a tile of 2" << (kernel == 3 ? " or 4" : "") << " for a kernel of " << kernel
                       << ", but got " << tile;
  if (count != 1 && count != 2)
    return emitError() << "expected channels alone or in pairs, but got " << count;
  return success();
}

LogicalResult PackedAttr::verify(EmitError emitError, Type type, int64_t count) {
  if (!type.isBF16() || count != 2)
    return emitError() << "expected bf16 in pairs, but got " << type << " by " << count;
  return success();
}

LogicalResult OptimizerAttr::verify(EmitError emitError, OptimizerKind, Real momentum, bool, Real beta1, Real beta2,
                                    Real epsilon, Real decay, ArrayRef<StringAttr>) {
  for (auto [name, value] : {NamedReal("beta1", beta1), NamedReal("beta2", beta2)})
    if (!(value >= 0 && value < 1))
      return emitError() << "expected " << name << " to be at least 0 and below 1, but got " << double(value);
  return verifyNotNegative(emitError, {{"momentum", momentum}, {"epsilon", epsilon}, {"decay", decay}});
}

LogicalResult RateAttr::verify(EmitError emitError, RateKind kind, Real base, Real every, Real factor, Real power,
                               Real warmup) {
  if (kind == RateKind::Step && !(every > 0))
    return emitError() << "expected every to be above 0, but got " << double(every);
  return verifyNotNegative(
      emitError, {{"base", base}, {"every", every}, {"factor", factor}, {"power", power}, {"warmup", warmup}});
}

} // namespace cnn
