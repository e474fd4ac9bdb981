// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/PlaneBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cnn::neuflow {

std::array<int64_t, 3> planesOf(Value value) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  return {shape[0], shape[1], shape[2]};
}

RankedTensorType PlaneBuilder::planesType(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, builder.getF32Type());
}

Value PlaneBuilder::constant(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  SmallVector<float> floats(values.begin(), values.end());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(planesType(shape), ArrayRef<float>(floats)));
}

//===-- Moving ----------------------------------------------------------------------------------------------------===//

Value PlaneBuilder::reshape(Value x, std::array<int64_t, 3> shape) {
  if (planesOf(x) == shape)
    return x;
  if (auto before = x.getDefiningOp<ReshapeOp>())
    return reshape(before.getInput(), shape);
  return ReshapeOp::create(builder, loc, planesType(shape), x);
}

Value PlaneBuilder::window(Value x, std::array<int64_t, 2> offset, std::array<int64_t, 2> strides,
                           std::array<int64_t, 2> size) {
  std::array<int64_t, 3> from = planesOf(x), shape = {from[0], size[0], size[1]};
  if (from == shape)
    return x;
  return WindowOp::create(builder, loc, planesType(shape), x, offset, strides);
}

Value PlaneBuilder::select(Value x, ArrayRef<int64_t> planes) {
  std::array<int64_t, 3> shape = planesOf(x);
  if (llvm::equal(planes, llvm::seq<int64_t>(0, shape[0])))
    return x;
  shape[0] = planes.size();
  return SelectOp::create(builder, loc, planesType(shape), x, planes);
}

Value PlaneBuilder::concat(ArrayRef<Value> inputs) {
  if (inputs.size() == 1)
    return inputs[0];
  std::array<int64_t, 3> shape = planesOf(inputs[0]);
  shape[0] = 0;
  for (Value input : inputs)
    shape[0] += planesOf(input)[0];
  return ConcatOp::create(builder, loc, planesType(shape), inputs);
}

Value PlaneBuilder::pad(Value x, std::array<int64_t, 2> low, std::array<int64_t, 2> high, bool withLeast) {
  std::array<int64_t, 3> shape = planesOf(x);
  std::array<int64_t, 2> offset, size, more[2];
  for (int i = 0; i < 2; ++i) {
    offset[i] = std::max<int64_t>(-low[i], 0);
    size[i] = shape[1 + i] - offset[i] - std::max<int64_t>(-high[i], 0);
    more[0][i] = std::max<int64_t>(low[i], 0);
    more[1][i] = std::max<int64_t>(high[i], 0);
  }
  x = window(x, offset, {1, 1}, size);
  std::array<int64_t, 3> padded = {shape[0], size[0] + more[0][0] + more[1][0], size[1] + more[0][1] + more[1][1]};
  if (padded == planesOf(x))
    return x;
  return PadOp::create(builder, loc, planesType(padded), x, more[0], more[1], withLeast ? kLeastWord : 0);
}

/// The planes with all that the windows read.
Value PlaneBuilder::padForWindows(Value x, const WindowPair &window, bool withLeast) {
  std::array<int64_t, 2> low, high;
  for (int i = 0; i < 2; ++i) {
    low[i] = window[i].padLow;
    high[i] = window[i].padHigh + windowOverhang(planesOf(x)[1 + i], window[i]);
  }
  return pad(x, low, high, withLeast);
}

//===-- Sums ------------------------------------------------------------------------------------------------------===//

Value PlaneBuilder::conv(Value x, ArrayRef<Connection> connections, ArrayRef<double> kernels,
                         std::array<int64_t, 2> kernelSize, std::array<int64_t, 2> strides, bool sameSize,
                         int64_t outputs) {
  std::array<int64_t, 3> from = planesOf(x);
  SmallVector<int64_t> shape = {outputs};
  for (int i = 0; i < 2; ++i)
    shape.push_back((from[1 + i] - (sameSize ? 1 : kernelSize[i])) / strides[i] + 1);
  int64_t count = connections.size();
  bool isFull = count == outputs * from[0];
  SmallVector<int64_t> pairs;
  for (auto [n, connection] : llvm::enumerate(connections)) {
    isFull = isFull && connection == Connection{int64_t(n) / from[0], int64_t(n) % from[0]};
    pairs.append({connection.output, connection.input});
  }
  DenseIntElementsAttr table;
  if (!isFull)
    table =
        DenseIntElementsAttr::get(RankedTensorType::get({count, 2}, builder.getI64Type()), ArrayRef<int64_t>(pairs));
  Value kernelValue = constant({count, kernelSize[0], kernelSize[1]}, kernels);
  Value bias = constant({outputs}, std::vector<double>(outputs, 0));
  auto op = ConvOp::create(builder, loc, planesType(shape), x, kernelValue, bias, table,
                           builder.getDenseI64ArrayAttr(strides), sameSize ? builder.getUnitAttr() : UnitAttr(),
                           ArithmeticAttr::get(builder.getContext(), RoundKind::HalfAway, OverflowKind::Saturate));
  return op;
}

/// Where the planes of a value come from, if all are of one value: that, and the number of each there.
static Value findSource(Value x, SmallVector<int64_t> &planes) {
  if (auto select = x.getDefiningOp<SelectOp>()) {
    SmallVector<int64_t> inner;
    Value source = findSource(select.getInput(), inner);
    for (int64_t plane : select.getPlanes())
      planes.push_back(inner[plane]);
    return source;
  }
  if (auto concat = x.getDefiningOp<ConcatOp>()) {
    Value source;
    SmallVector<int64_t> all;
    bool isOne = true;
    for (Value input : concat.getInputs()) {
      Value of = findSource(input, all);
      isOne = isOne && (!source || source == of);
      source = of;
    }
    if (isOne) {
      planes.append(all);
      return source;
    }
  }
  llvm::append_range(planes, llvm::seq<int64_t>(0, planesOf(x)[0]));
  return x;
}

Value PlaneBuilder::sumWindows(Value x, const WindowSum &given) {
  // A table of connections, in place of planes that are put side by side.
  SmallVector<int64_t> numbers;
  x = findSource(x, numbers);
  SmallVector<Connection> renamed(given.connections);
  for (Connection &connection : renamed)
    connection.input = numbers[connection.input];
  WindowSum sum = given;
  sum.connections = renamed;
  std::array<int64_t, 2> kernel, extent, strides, outputSize, blocks, blockSize;
  bool isSameSize = true;
  for (int i = 0; i < 2; ++i) {
    const WindowDim &window = sum.window[i];
    int64_t in = planesOf(x)[1 + i];
    kernel[i] = window.kernel;
    extent[i] = windowExtent(window);
    outputSize[i] = *windowOutputSize(in, window);
    strides[i] = window.stride;
    blocks[i] = llvm::divideCeil(extent[i], convolverSize);
    blockSize[i] = llvm::divideCeil(extent[i], blocks[i]);
    isSameSize = isSameSize && blocks[i] == 1 && window.padLow == (extent[i] - 1) / 2 &&
                 outputSize[i] == int64_t(llvm::divideCeil(in, strides[i]));
  }
  // Windows that lie inside need no zeros.
  bool hasPadding = llvm::any_of(llvm::seq(0, 2), [&](int i) {
    return sum.window[i].padLow != 0 || planesOf(x)[1 + i] < (outputSize[i] - 1) * strides[i] + extent[i];
  });
  isSameSize = isSameSize && hasPadding;
  if (!isSameSize)
    x = padForWindows(x, sum.window, /*withLeast=*/false);
  int64_t planes = planesOf(x)[0], kernelValues = kernel[0] * kernel[1];

  // Input planes of block (i, j) are those from (i * blocks[1] + j) * planes on.
  SmallVector<Value> inputs;
  SmallVector<Connection> connections;
  std::vector<double> kernels;
  auto offsetOf = [&](int dim, int64_t block) {
    return std::min(block * blockSize[dim], extent[dim] - blockSize[dim]);
  };
  if (blocks[0] * blocks[1] == 1)
    inputs.push_back(x);
  else
    for (int64_t i = 0; i < blocks[0]; ++i)
      for (int64_t j = 0; j < blocks[1]; ++j)
        inputs.push_back(
            window(x, {offsetOf(0, i), offsetOf(1, j)}, {1, 1},
                   {(outputSize[0] - 1) * strides[0] + blockSize[0], (outputSize[1] - 1) * strides[1] + blockSize[1]}));
  SmallVector<bool> isConnected(sum.outputs, false);
  auto add = [&](size_t n, int64_t i, int64_t j, bool evenIfZero) {
    std::vector<double> values(blockSize[0] * blockSize[1], 0);
    bool isZero = true;
    for (int64_t a = 0; a < kernel[0]; ++a)
      for (int64_t b = 0; b < kernel[1]; ++b) {
        int64_t row = a * sum.window[0].dilation, column = b * sum.window[1].dilation;
        if (row / blockSize[0] != i || column / blockSize[1] != j)
          continue; // of another block, which comes first where they overlap
        double value = sum.kernels[n * kernelValues + a * kernel[1] + b];
        values[(row - offsetOf(0, i)) * blockSize[1] + column - offsetOf(1, j)] = value;
        isZero = isZero && value == 0;
      }
    if (isZero && !evenIfZero)
      return;
    Connection connection = sum.connections[n];
    isConnected[connection.output] = true;
    connections.push_back({connection.output, (i * blocks[1] + j) * planes + connection.input});
    kernels.insert(kernels.end(), values.begin(), values.end());
  };
  for (size_t n = 0; n < sum.connections.size(); ++n)
    for (int64_t i = 0; i < blocks[0]; ++i)
      for (int64_t j = 0; j < blocks[1]; ++j)
        add(n, i, j, false);
  // An output of zeros is one, too.
  for (size_t n = 0; n < sum.connections.size(); ++n)
    if (!isConnected[sum.connections[n].output])
      add(n, 0, 0, true);
  return conv(concat(inputs), connections, kernels, blockSize, strides, isSameSize, sum.outputs);
}

/// How a vector of `size` values becomes planes of at most limit x limit: rows and columns of each. With fewer planes
/// there are fewer roundings, so zeros are put behind the vector if its divisors make it more than twice as many.
static std::array<int64_t, 2> choosePlaneSize(int64_t size, int64_t limit) {
  std::array<int64_t, 2> best = {1, 1}, exact = {1, 1};
  auto planes = [&](std::array<int64_t, 2> shape) { return llvm::divideCeil(size, shape[0] * shape[1]); };
  auto waste = [&](std::array<int64_t, 2> shape) { return planes(shape) * shape[0] * shape[1] - size; };
  for (int64_t rows = 1; rows <= limit; ++rows)
    for (int64_t columns = rows; columns <= limit; ++columns) {
      std::array<int64_t, 2> shape = {rows, columns};
      if (std::pair(planes(shape), waste(shape)) < std::pair(planes(best), waste(best)))
        best = shape;
      if (waste(shape) == 0 && planes(shape) < planes(exact))
        exact = shape;
    }
  return planes(exact) <= 2 * planes(best) ? exact : best;
}

Value PlaneBuilder::dense(Value x, ArrayRef<double> weights, int64_t outputs) {
  // What a flattened stack of planes was before.
  if (auto flat = x.getDefiningOp<ReshapeOp>(); flat && planesOf(x)[1] * planesOf(x)[2] == 1)
    x = flat.getInput();
  int64_t size = weights.size() / outputs;
  auto [rows, columns] = choosePlaneSize(size, convolverSize);
  int64_t planes = llvm::divideCeil(size, rows * columns), more = planes * rows * columns - size;
  // Each kernel is loaded for one word of the result, so what counts is how many there are. Those of zeros are none.
  auto [maps, height, width] = planesOf(x);
  int64_t covering = 0;
  for (int64_t n = 0; n < outputs * maps; ++n)
    if (llvm::any_of(weights.slice(n * height * width, height * width), [](double weight) { return weight != 0; }))
      covering += llvm::divideCeil(height, convolverSize) * llvm::divideCeil(width, convolverSize);
  std::vector<double> padded;
  if (planes * outputs < covering || height * width == 1) {
    if (more > 0) {
      // Zeros after the last value: the vector is the row of one plane meanwhile.
      x = pad(reshape(x, {1, 1, size}), {0, 0}, {0, more}, /*withLeast=*/false);
      for (int64_t o = 0; o < outputs; ++o) {
        padded.insert(padded.end(), weights.begin() + o * size, weights.begin() + (o + 1) * size);
        padded.insert(padded.end(), more, 0.0);
      }
      weights = padded;
    }
    x = reshape(x, {planes, rows, columns});
  }
  return cover(x, weights, outputs);
}

Value PlaneBuilder::cover(Value x, ArrayRef<double> weights, int64_t outputs) {
  auto [planes, rows, columns] = planesOf(x);
  SmallVector<Connection> connections;
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < planes; ++i)
      connections.push_back({o, i});
  WindowDim all[2];
  all[0].kernel = rows;
  all[1].kernel = columns;
  return sumWindows(x, {{all[0], all[1]}, connections, weights, outputs});
}

Value PlaneBuilder::average(Value x, WindowPair window, double weight) {
  int64_t planes = planesOf(x)[0];
  SmallVector<Connection> connections;
  for (int64_t p = 0; p < planes; ++p)
    connections.push_back({p, p});
  std::vector<double> kernels(planes * window[0].kernel * window[1].kernel, weight);
  return sumWindows(x, {window, connections, kernels, planes});
}

//===-- Others ----------------------------------------------------------------------------------------------------===//

Value PlaneBuilder::maximum(Value x, WindowPair window) {
  std::array<int64_t, 2> outputSize;
  for (int i = 0; i < 2; ++i)
    outputSize[i] = *windowOutputSize(planesOf(x)[1 + i], window[i]);
  x = padForWindows(x, window, /*withLeast=*/true);
  // Columns first, then rows: k + k - 2 maxima instead of k * k - 1.
  for (int dim : {1, 0}) {
    std::array<int64_t, 2> strides = {1, 1}, size = {planesOf(x)[1], planesOf(x)[2]};
    strides[dim] = window[dim].stride;
    size[dim] = outputSize[dim];
    Value best;
    for (int64_t k = 0; k < window[dim].kernel; ++k) {
      std::array<int64_t, 2> offset = {0, 0};
      offset[dim] = k * window[dim].dilation;
      Value part = this->window(x, offset, strides, size);
      best = best ? Value(MaxOp::create(builder, loc, part.getType(), best, part)) : part;
    }
    x = best;
  }
  return x;
}

Value PlaneBuilder::affine(Value x, ArrayRef<double> scale, ArrayRef<double> shift) {
  int64_t planes = planesOf(x)[0];
  return AffineOp::create(builder, loc, x.getType(), x, constant({planes}, scale), constant({planes}, shift));
}

} // namespace cnn::neuflow
