// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/reference/TensorEvaluator.h"

#include "ir/reference/OpEvaluators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace cnn::neuflow {
namespace {

template <typename T> using Sum = std::conditional_t<std::is_same_v<T, Word>, int64_t, double>;

std::array<int64_t, 3> shapeOf(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  return {shape[0], shape[1], shape[2]};
}

Conversion conversionOf(ArithmeticAttr arithmetic) {
  return {Round(arithmetic.getRound()), Overflow(arithmetic.getOverflow())};
}

/// Counts the words that a computation changes by `sat`.
class Saturation {
public:
  template <typename F> Word operator()(F compute) {
    bool saturated = false;
    Word word = compute(&saturated);
    count += saturated;
    return word;
  }
  int64_t count = 0;
};

/// One op: reads operands, fills `output`, which has its shape and zeros.
template <typename T> class OpEvaluator {
public:
  OpEvaluator(ArrayRef<const Planes<T> *> inputs, Planes<T> &output) : inputs(inputs), output(output) {}

  int64_t saturated() const { return saturation.count; }
  double largestPart = 0;

  //===-- Convolution ---------------------------------------------------------------------------------------------===//

  void conv(ConvOp op, const std::vector<T> &kernels, const std::vector<T> &bias, ArrayRef<Connection> connections) {
    const Planes<T> input = op.getSameSize() ? padForSameSize(op) : *inputs[0];
    ArrayRef<int64_t> kernelShape = op.getKernels().getType().getShape();
    std::vector<bool> isBegun(output.shape[0], false);
    std::vector<Sum<T>> sums(output.planeSize());
    for (auto [n, connection] : llvm::enumerate(connections)) {
      std::fill(sums.begin(), sums.end(), Sum<T>(0));
      addProducts(input, connection.input, &kernels[n * kernelShape[1] * kernelShape[2]], kernelShape.drop_front(),
                  op.getStrides(), sums);
      bool isFirst = !isBegun[connection.output];
      isBegun[connection.output] = true;
      finish(op, sums, bias[connection.output], isFirst, output.plane(connection.output));
    }
  }

  //===-- Each word -----------------------------------------------------------------------------------------------===//

  void map(MapOp op) {
    Conversion conversion = conversionOf(op.getArithmetic());
    for (int64_t p = 0; p < output.shape[0]; ++p) {
      MapperAttr table = op.getTable(p);
      SmallVector<Segment> segments = table.getSegments();
      for (int64_t i = 0; i < output.planeSize(); ++i)
        output.plane(p)[i] = saturation([&](bool *s) {
          return mapWord(inputs[0]->plane(p)[i], segments, table.getMachineSymmetry(), conversion, s);
        });
    }
  }

  template <typename F> void each(F compute) {
    for (size_t i = 0; i < output.values.size(); ++i)
      output.values[i] = compute(i);
  }
  T operand(int64_t number, size_t i) const { return inputs[number]->values[i]; }

  Saturation saturation;

private:
  Planes<T> padForSameSize(ConvOp op) {
    ArrayRef<int64_t> kernel = op.getKernels().getType().getShape().drop_front();
    const Planes<T> &from = *inputs[0];
    Planes<T> padded({from.shape[0], from.shape[1] + kernel[0] - 1, from.shape[2] + kernel[1] - 1});
    for (int64_t p = 0; p < from.shape[0]; ++p)
      for (int64_t r = 0; r < from.shape[1]; ++r)
        std::copy_n(&from.at(p, r, 0), from.shape[2], &padded.at(p, r + (kernel[0] - 1) / 2, (kernel[1] - 1) / 2));
    return padded;
  }

  /// The exact sum of products of each window of an input plane.
  void addProducts(const Planes<T> &input, int64_t plane, const T *kernel, ArrayRef<int64_t> kernelSize,
                   ArrayRef<int64_t> strides, std::vector<Sum<T>> &sums) {
    for (int64_t a = 0; a < kernelSize[0]; ++a)
      for (int64_t b = 0; b < kernelSize[1]; ++b) {
        Sum<T> k = kernel[a * kernelSize[1] + b];
        if (k == 0)
          continue;
        for (int64_t r = 0; r < output.shape[1]; ++r) {
          const T *from = &input.at(plane, r * strides[0] + a, b);
          Sum<T> *to = &sums[r * output.shape[2]];
          for (int64_t c = 0; c < output.shape[2]; ++c)
            to[c] += k * from[c * strides[1]];
        }
      }
  }

  void finish(ConvOp op, const std::vector<Sum<T>> &sums, T bias, bool isFirst, T *plane) {
    if constexpr (std::is_same_v<T, Word>) {
      Conversion conversion = conversionOf(op.getArithmetic());
      int64_t first = isFirst ? biasToSum(bias) : 0;
      for (size_t i = 0; i < sums.size(); ++i) {
        Word word = saturation([&](bool *s) { return productToWord(sums[i] + first, conversion, s); });
        plane[i] =
            isFirst ? word : saturation([&](bool *s) { return toWord(plane[i] + word, conversion.overflow, s); });
      }
    } else {
      largestPart = std::max(largestPart, isFirst ? std::abs(bias) : 0);
      for (size_t i = 0; i < sums.size(); ++i) {
        double part = sums[i] + (isFirst ? bias : 0);
        plane[i] += part;
        largestPart = std::max({largestPart, std::abs(part), std::abs(plane[i])});
      }
    }
  }

  static Word mapWord(Word x, ArrayRef<Segment> segments, Symmetry symmetry, Conversion conversion, bool *saturated) {
    if (conversion.round == Round::floor && conversion.overflow == Overflow::saturate)
      return neuflow::map(x, segments, symmetry, saturated);
    // As the machine's, but for the rounding of the product and the overflow.
    bool mirrored = x < 0 && symmetry != Symmetry::none;
    Word u = !mirrored ? x : x == kLeastWord ? Word(kGreatestWord) : Word(-x);
    const Segment *holds = llvm::find_if(segments, [&](const Segment &segment) { return u >= segment.least; });
    if (holds == segments.end())
      --holds;
    int64_t t = shiftRight(int64_t(holds->slope) * u, kFractionBits, conversion.round) + holds->offset;
    return toWord(mirrored && symmetry == Symmetry::odd ? -t : t, conversion.overflow, saturated);
  }

  ArrayRef<const Planes<T> *> inputs;
  Planes<T> &output;
};

/// Ops that move words and do not compute.
template <typename T> bool move(Operation *op, ArrayRef<const Planes<T> *> inputs, Planes<T> &output) {
  auto forEach = [&](auto from) {
    for (int64_t p = 0; p < output.shape[0]; ++p)
      for (int64_t r = 0; r < output.shape[1]; ++r)
        for (int64_t c = 0; c < output.shape[2]; ++c)
          output.at(p, r, c) = from(p, r, c);
  };
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](WindowOp op) {
        ArrayRef<int64_t> offset = op.getOffset(), strides = op.getStrides();
        forEach([&](int64_t p, int64_t r, int64_t c) {
          return inputs[0]->at(p, offset[0] + r * strides[0], offset[1] + c * strides[1]);
        });
        return true;
      })
      .Case([&](PadOp op) {
        T value = int16_t(op.getValue());
        if (std::is_same_v<T, double> && value == T(kLeastWord))
          value = T(-std::numeric_limits<double>::infinity());
        forEach([&](int64_t p, int64_t r, int64_t c) {
          r -= op.getLow()[0], c -= op.getLow()[1];
          bool isInside = r >= 0 && r < inputs[0]->shape[1] && c >= 0 && c < inputs[0]->shape[2];
          return isInside ? inputs[0]->at(p, r, c) : value;
        });
        return true;
      })
      .Case([&](SelectOp op) {
        forEach([&](int64_t p, int64_t r, int64_t c) { return inputs[0]->at(op.getPlanes()[p], r, c); });
        return true;
      })
      .Case([&](ConcatOp) {
        auto to = output.values.begin();
        for (const Planes<T> *input : inputs)
          to = std::copy(input->values.begin(), input->values.end(), to);
        return true;
      })
      .Case([&](ReshapeOp) {
        output.values = inputs[0]->values;
        return true;
      })
      .Default(false);
}

bool computeWords(Operation *op, OpEvaluator<Word> &on) {
  Saturation &saturation = on.saturation;
  auto rounded = [&](ArithmeticAttr arithmetic, auto sum) {
    Conversion conversion = conversionOf(arithmetic);
    on.each([&](size_t i) {
      return saturation([&](bool *s) { return toWord(sum(i, conversion.round), conversion.overflow, s); });
    });
    return true;
  };
  auto product = [&](int64_t a, int64_t b, size_t i, Round round) {
    return shiftRight(int64_t(on.operand(a, i)) * on.operand(b, i), kFractionBits, round);
  };
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](MapOp op) {
        on.map(op);
        return true;
      })
      .Case([&](AddOp op) {
        return rounded(op.getArithmetic(),
                       [&](size_t i, Round) { return int64_t(on.operand(0, i)) + on.operand(1, i); });
      })
      .Case([&](SubOp op) {
        return rounded(op.getArithmetic(),
                       [&](size_t i, Round) { return int64_t(on.operand(0, i)) - on.operand(1, i); });
      })
      .Case([&](MulOp op) {
        return rounded(op.getArithmetic(), [&](size_t i, Round round) { return product(0, 1, i, round); });
      })
      .Case([&](SquareOp op) {
        return rounded(op.getArithmetic(), [&](size_t i, Round round) { return product(0, 0, i, round); });
      })
      .Case([&](MacOp op) {
        return rounded(op.getArithmetic(),
                       [&](size_t i, Round round) { return product(0, 1, i, round) + on.operand(2, i); });
      })
      .Case([&](DivOp) {
        on.each([&](size_t i) {
          return saturation([&](bool *s) { return divide(on.operand(0, i), on.operand(1, i), s); });
        });
        return true;
      })
      .Case([&](MaxOp) {
        on.each([&](size_t i) { return maximum(on.operand(0, i), on.operand(1, i)); });
        return true;
      })
      .Default(false);
}

bool computeReals(Operation *op, OpEvaluator<double> &on, const llvm::DenseMap<Value, std::vector<double>> &constants,
                  int64_t planeSize) {
  auto each = [&](auto compute) {
    on.each(compute);
    return true;
  };
  return TypeSwitch<Operation *, bool>(op)
      .Case([&](FunctionOp op) {
        double alpha = op.getAlpha().convertToDouble();
        return each([&](size_t i) { return cnn::reference::applyUnary(op.getKind(), on.operand(0, i), alpha); });
      })
      .Case([&](AffineOp op) {
        const std::vector<double> &scale = constants.at(op.getScale()), &shift = constants.at(op.getShift());
        return each([&](size_t i) { return on.operand(0, i) * scale[i / planeSize] + shift[i / planeSize]; });
      })
      .Case([&](AddOp) { return each([&](size_t i) { return on.operand(0, i) + on.operand(1, i); }); })
      .Case([&](SubOp) { return each([&](size_t i) { return on.operand(0, i) - on.operand(1, i); }); })
      .Case([&](MulOp) { return each([&](size_t i) { return on.operand(0, i) * on.operand(1, i); }); })
      .Case([&](DivOp) { return each([&](size_t i) { return on.operand(0, i) / on.operand(1, i); }); })
      .Case([&](MaxOp) { return each([&](size_t i) { return std::max(on.operand(0, i), on.operand(1, i)); }); })
      .Case([&](SquareOp) { return each([&](size_t i) { return on.operand(0, i) * on.operand(0, i); }); })
      .Case(
          [&](MacOp) { return each([&](size_t i) { return on.operand(0, i) * on.operand(1, i) + on.operand(2, i); }); })
      .Default(false);
}

} // namespace

template <typename T> TensorEvaluator<T>::TensorEvaluator(func::FuncOp function) : function(function) {
  function.walk([&](Operation *op) {
    DenseElementsAttr elements;
    if (auto constant = dyn_cast<arith::ConstantOp>(op))
      elements = dyn_cast<DenseElementsAttr>(constant.getValue());
    if (elements) {
      std::vector<T> &values = constants[op->getResult(0)];
      if constexpr (std::is_same_v<T, Word>) {
        if (elements.getElementType().isInteger(16))
          values.assign(elements.value_begin<int16_t>(), elements.value_end<int16_t>());
      } else if (elements.getElementType().isF32()) {
        values.assign(elements.value_begin<float>(), elements.value_end<float>());
      }
    }
    if (auto conv = dyn_cast<ConvOp>(op))
      connections[op] = conv.getConnectionList();
  });
}

template <typename T>
FailureOr<std::vector<Planes<T>>> TensorEvaluator<T>::run(ArrayRef<Planes<T>> inputs, Watch watch) {
  DenseMap<Value, Planes<T>> values;
  Block &body = function.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), inputs))
    watch({argument, values[argument] = input});
  for (Operation &op : body.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      // Some are planes.
      if (cast<RankedTensorType>(constant.getType()).getRank() == 3) {
        Planes<T> planes(shapeOf(constant.getResult()));
        if (constants[constant.getResult()].size() != planes.values.size())
          return op.emitError("expected a constant of ") << (std::is_same_v<T, Word> ? "words" : "reals");
        planes.values = constants[constant.getResult()];
        values[constant.getResult()] = std::move(planes);
      }
      continue;
    }
    if (op.getNumResults() != 1)
      return op.emitError("expected an op of the tensor level, but got '") << op.getName() << "'";
    Planes<T> output(shapeOf(op.getResult(0)));
    SmallVector<const Planes<T> *> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.contains(operand) ? &values.find(operand)->second : nullptr);
    OpEvaluator<T> on(operands, output);
    bool isKnown = move<T>(&op, operands, output);
    if (auto conv = dyn_cast<ConvOp>(op)) {
      auto kernels = constants.find(conv.getKernels()), bias = constants.find(conv.getBias());
      if (kernels == constants.end() || bias == constants.end())
        return op.emitError("expected constant kernels and biases");
      on.conv(conv, kernels->second, bias->second, connections[&op]);
      isKnown = true;
    } else if (!isKnown) {
      if constexpr (std::is_same_v<T, Word>)
        isKnown = computeWords(&op, on);
      else
        isKnown = computeReals(&op, on, constants, output.planeSize());
    }
    if (!isKnown)
      return op.emitError("expected an op of the tensor level, but got '") << op.getName() << "'";
    watch({op.getResult(0), output, on.saturated(), on.largestPart});
    values[op.getResult(0)] = std::move(output);
  }
  std::vector<Planes<T>> results;
  for (Value result : body.getTerminator()->getOperands())
    results.push_back(values[result]);
  return results;
}

template class TensorEvaluator<Word>;
template class TensorEvaluator<double>;

Words toWords(ArrayRef<double> values, std::array<int64_t, 3> shape, int64_t fraction, int64_t *saturated) {
  Words words(shape);
  for (auto [value, word] : llvm::zip_equal(values, words.values)) {
    bool isSaturated = false;
    word = quantize(std::ldexp(value, int(fraction) - kFractionBits), &isSaturated);
    *saturated += isSaturated;
  }
  return words;
}

double toReal(Word word, int64_t fraction) { return std::ldexp(double(word), -int(fraction)); }

} // namespace cnn::neuflow
