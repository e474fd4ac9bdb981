// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Optimizer updates: one parallel linalg.generic for all results of an update, in the storage layout of the parameter.

#include "passes/LinalgLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace cnn {
namespace {

LogicalResult lower(SgdUpdateOp op, LinalgLowering &lowering) {
  Layout layout = lowering.storedLayoutOf(op.getParameter());
  RankedTensorType type = LinalgLowering::lowerType(op.getParameter().getType(), layout);
  AffineMap all = lowering.identityMap(layout.size()), scalar = lowering.loopMap(layout.size(), {});
  double momentum = op.getMomentum().convertToDouble(), decay = op.getDecay().convertToDouble();
  SmallVector<LoopInput> inputs{{lowering.get(op.getParameter(), layout), all},
                                {lowering.get(op.getGradient(), layout), all},
                                {lowering.get(op.getRate()), scalar}};
  SmallVector<RankedTensorType> types{type};
  if (op.getVelocity()) {
    inputs.push_back({lowering.get(op.getVelocity(), layout), all});
    types.push_back(type);
  }
  SmallVector<Value> results =
      lowering.forEachOf(types, inputs, [&](ImplicitLocOpBuilder &b, ValueRange x, SmallVectorImpl<Value> &results) {
        FloatMath math(b, x[0]);
        Value p = x[0], rate = x[2];
        Value g = decay == 0.0 ? x[1] : math.add(x[1], math.mul(p, decay)), v = g;
        if (op.getVelocity())
          v = math.add(math.mul(x[3], momentum), g);
        Value step = op.getNesterov() && op.getVelocity() ? math.add(g, math.mul(v, momentum)) : v;
        results.push_back(math.sub(p, math.mul(rate, step)));
        if (op.getVelocity())
          results.push_back(v);
      });
  lowering.set(op.getNewParameter(), results[0], layout);
  if (op.getVelocity())
    lowering.set(op.getNewVelocity(), results[1], layout);
  return success();
}

LogicalResult lower(AdamUpdateOp op, LinalgLowering &lowering) {
  Layout layout = lowering.storedLayoutOf(op.getParameter());
  RankedTensorType type = LinalgLowering::lowerType(op.getParameter().getType(), layout);
  AffineMap all = lowering.identityMap(layout.size()), scalar = lowering.loopMap(layout.size(), {});
  double beta1 = op.getBeta1().convertToDouble(), beta2 = op.getBeta2().convertToDouble();
  double epsilon = op.getEpsilon().convertToDouble(), decay = op.getDecay().convertToDouble();
  // 1 / (1 - beta^t) once, in double: close to the start 1 - beta^t is a difference of nearly equal numbers.
  Value key = lowering.get(op.getKey());
  auto correction = [&](double beta) {
    return lowering.forEach(
        RankedTensorType::get({}, type.getElementType()), {}, [&](ImplicitLocOpBuilder &b, ValueRange) {
          FloatMath math(b, b.getF64Type());
          Value step = tensor::ExtractOp::create(b, key, ValueRange{arith::ConstantIndexOp::create(b, 1)});
          Value t = arith::SIToFPOp::create(b, b.getF64Type(), step);
          t = math.add(t, math.constant(1.0));
          Value power = beta == 0.0 ? math.constant(0.0) : math.exp(math.mul(t, math.constant(std::log(beta))));
          Value factor = math.div(math.constant(1.0), math.sub(math.constant(1.0), power));
          if (type.getElementTypeBitWidth() < 64)
            factor = arith::TruncFOp::create(b, type.getElementType(), factor);
          return factor;
        });
  };
  SmallVector<Value> results =
      lowering.forEachOf({type, type, type},
                         {{lowering.get(op.getParameter(), layout), all},
                          {lowering.get(op.getGradient(), layout), all},
                          {lowering.get(op.getFirstMoment(), layout), all},
                          {lowering.get(op.getSecondMoment(), layout), all},
                          {lowering.get(op.getRate()), scalar},
                          {correction(beta1), scalar},
                          {correction(beta2), scalar}},
                         [&](ImplicitLocOpBuilder &b, ValueRange x, SmallVectorImpl<Value> &results) {
                           FloatMath math(b, x[0]);
                           Value p = x[0], rate = x[4];
                           Value g = decay == 0.0 ? x[1] : math.add(x[1], math.mul(p, decay));
                           Value m = math.add(math.mul(x[2], beta1), math.mul(g, 1.0 - beta1));
                           Value v = math.add(math.mul(x[3], beta2), math.mul(math.mul(g, g), 1.0 - beta2));
                           Value spread = math.add(math.sqrt(math.mul(v, x[6])), math.constant(epsilon));
                           results.assign({math.sub(p, math.div(math.mul(rate, math.mul(m, x[5])), spread)), m, v});
                         });
  lowering.set(op.getNewParameter(), results[0], layout);
  lowering.set(op.getNewFirstMoment(), results[1], layout);
  lowering.set(op.getNewSecondMoment(), results[2], layout);
  return success();
}

} // namespace

FamilyResult lowerOptimizerOp(LinalgLowering &lowering, Operation *op) {
  return TypeSwitch<Operation *, FamilyResult>(op)
      .Case<SgdUpdateOp, AdamUpdateOp>([&](auto op) -> FamilyResult { return lower(op, lowering); })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace cnn
