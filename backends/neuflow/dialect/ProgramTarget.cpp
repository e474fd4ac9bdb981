// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/dialect/ProgramTarget.h"

using namespace mlir;

namespace cnn::neuflow {

Result<Target> programTarget(StringRef target) {
  return target.starts_with("{") ? parseCanonicalTarget(std::string_view(target))
                                 : presetTarget(std::string_view(target));
}

std::string programTargetText(const Target &target) {
  Result<Target> preset = presetTarget(target.name);
  return preset && targetHash(*preset) == targetHash(target) ? target.name : canonicalJson(target);
}

// In the order of the codes.
template <typename Codes> static void forRouter(RouterConfig &router, Codes each) {
  int64_t i = 0;
  for (uint8_t &code : router.operatorInputs)
    each(code, i++);
  for (uint8_t &code : router.localOutputs)
    each(code, i++);
  for (uint8_t &code : router.sides)
    each(code, i++);
}
template <typename Codes> static void forLines(LinesConfig &lines, Codes each) {
  int64_t i = 0;
  for (uint8_t &code : lines.lines)
    each(code, i++);
  for (uint8_t &code : lines.localInputs)
    each(code, i++);
}

RouterConfig routerOf(ArrayRef<int64_t> codes) {
  RouterConfig router;
  forRouter(router, [&](uint8_t &code, int64_t i) { code = static_cast<uint8_t>(codes[i]); });
  return router;
}
LinesConfig linesOf(ArrayRef<int64_t> codes) {
  LinesConfig lines;
  forLines(lines, [&](uint8_t &code, int64_t i) { code = static_cast<uint8_t>(codes[i]); });
  return lines;
}
SmallVector<int64_t> codesOf(const RouterConfig &router) {
  SmallVector<int64_t> codes;
  RouterConfig copy = router;
  forRouter(copy, [&](uint8_t code, int64_t) { codes.push_back(code); });
  return codes;
}
SmallVector<int64_t> codesOf(const LinesConfig &lines) {
  SmallVector<int64_t> codes;
  LinesConfig copy = lines;
  forLines(copy, [&](uint8_t code, int64_t) { codes.push_back(code); });
  return codes;
}

} // namespace cnn::neuflow
