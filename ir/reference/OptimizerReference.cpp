// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ir/reference/OpEvaluators.h"

#include <cmath>

using namespace cnn;
using namespace cnn::reference;

void cnn::reference::evaluate(SgdUpdateOp op, Operands operands, Results results) {
  const Tensor &parameter = operands[0], &gradient = operands[1];
  const Tensor *velocity = op.getVelocity() ? &operands[2] : nullptr;
  double rate = operands.back().floats[0];
  double momentum = op.getMomentum().convertToDouble(), decay = op.getDecay().convertToDouble();
  for (size_t i = 0; i < parameter.floats.size(); ++i) {
    double p = parameter.floats[i];
    double g = gradient.floats[i] + decay * p;
    double v = velocity ? momentum * velocity->floats[i] + g : g;
    results[0].floats[i] = p - rate * (op.getNesterov() ? g + momentum * v : v);
    if (velocity)
      results[1].floats[i] = v;
  }
}

void cnn::reference::evaluate(AdamUpdateOp op, Operands operands, Results results) {
  const Tensor &parameter = operands[0], &gradient = operands[1], &first = operands[2], &second = operands[3];
  double rate = operands[4].floats[0];
  double t = static_cast<double>(operands[5].integers[1] + 1);
  double beta1 = op.getBeta1().convertToDouble(), beta2 = op.getBeta2().convertToDouble();
  double epsilon = op.getEpsilon().convertToDouble(), decay = op.getDecay().convertToDouble();
  for (size_t i = 0; i < parameter.floats.size(); ++i) {
    double p = parameter.floats[i];
    double g = gradient.floats[i] + decay * p;
    double m = beta1 * first.floats[i] + (1 - beta1) * g;
    double v = beta2 * second.floats[i] + (1 - beta2) * g * g;
    double unbiasedM = m / (1 - std::pow(beta1, t)), unbiasedV = v / (1 - std::pow(beta2, t));
    results[0].floats[i] = p - rate * unbiasedM / (std::sqrt(unbiasedV) + epsilon);
    results[1].floats[i] = m;
    results[2].floats[i] = v;
  }
}
