#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the golden files: what PyTorch computes, in f64, for the ops of the cnn dialect and their gradients.

    /usr/bin/python3 test/golden/make_golden.py        (Debian's python3-torch 1.13; only needed to remake the files)

A file holds cases. A case is a function of cnn ops as text, its inputs, its results and, for a sum of the results
weighted by `weights`, the gradients of its inputs; null stands where there is no gradient. GoldenTest.cpp replays them.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

ELEMENT_TYPES = {torch.float64: "f32", torch.int32: "i32", torch.int64: "i64", torch.uint8: "ui8"}
KINDS = {torch.float64: "f64", torch.int32: "i32", torch.int64: "i64", torch.uint8: "u8"}


def rand(*shape, low=-1.0, high=1.0):
    """Uniform values of three decimals, which are short to write."""
    return torch.round((low + (high - low) * torch.rand(shape)) * 1000) / 1000


def distinct(*shape):
    """Values of which no two are equal and none is an integer: away from the corners of max and relu."""
    count = torch.Size(shape).numel()
    return ((torch.randperm(count) - count // 2) * 0.01 + 0.005).reshape(shape)


def to_json(tensor):
    if tensor is None:
        return None
    values = tensor.detach().flatten().tolist()
    if tensor.is_floating_point():
        values = [float(f"{value:.10g}") for value in values]
    return {"shape": list(tensor.shape), "kind": KINDS[tensor.dtype], "values": values}


class Value:
    def __init__(self, name, tensor, batch):
        self.name, self.tensor = name, tensor
        sizes = [str(size) for size in tensor.shape]
        if batch:
            sizes[0] = "?"
        self.type = "tensor<" + "x".join(sizes + [ELEMENT_TYPES[tensor.dtype]]) + ">"


class Case:
    def __init__(self, name):
        self.name, self.inputs, self.lines, self.count = name, [], [], 0

    def input(self, tensor, batch=False):
        if tensor.is_floating_point():
            tensor.requires_grad_(True)
        self.inputs.append(Value(f"%arg{len(self.inputs)}", tensor, batch))
        return self.inputs[-1]

    def op(self, op, operands, attributes, *results, batch=True):
        """Adds an op; `results` are what PyTorch computes. `batch`: which of the results have one."""
        batches = batch if isinstance(batch, list) else [batch] * len(results)
        values = []
        for tensor, has_batch in zip(results, batches):
            values.append(Value(f"%{self.count}", tensor, has_batch))
            self.count += 1
        self.lines.append(
            f"{', '.join(v.name for v in values)} = {op} {', '.join(v.name for v in operands)} {{{attributes}}} : "
            f"({', '.join(v.type for v in operands)}) -> ({', '.join(v.type for v in values)})"
        )
        return values if len(values) > 1 else values[0]

    def finish(self, results, gradients=True):
        """`gradients`: whether the results carry any, for all or one by one."""
        flags = gradients if isinstance(gradients, list) else [gradients] * len(results)
        weights = [rand(*r.tensor.shape) if flag else None for r, flag in zip(results, flags)]
        total = sum(((w * r.tensor).sum() for w, r in zip(weights, results) if w is not None), torch.tensor(0.0))
        if total.requires_grad:
            total.backward()
        types = ", ".join(r.type for r in results)
        body = "\n  ".join(self.lines)
        text = (
            f"func.func @test({', '.join(f'{v.name}: {v.type}' for v in self.inputs)}) -> ({types}) {{\n  {body}\n"
            f"  return {', '.join(r.name for r in results)} : {types}\n}}\n"
        )
        return {
            "name": self.name,
            "function": text,
            "inputs": [to_json(v.tensor) for v in self.inputs],
            "results": [to_json(r.tensor) for r in results],
            "weights": [to_json(w) for w in weights],
            "gradients": [to_json(v.tensor.grad) for v in self.inputs],
        }


def array(values):
    return "array<i64" + (": " if values else "") + ", ".join(map(str, values)) + ">"


def real(value):
    return f"{value:e} : f64"


def window(kernel, stride=None, dilation=None, low=None, high=None, ceil=False):
    rank = len(kernel)
    parts = {
        "kernel": kernel,
        "stride": stride or [1] * rank,
        "dilation": dilation or [1] * rank,
        "pad_low": low or [0] * rank,
        "pad_high": high or low or [0] * rank,
    }
    text = ", ".join(f"{key} = [{', '.join(map(str, value))}]" for key, value in parts.items())
    return f"window = #cnn.window<{text}{', ceil' if ceil else ''}>"


# --- convolutions ---------------------------------------------------------------------------------------------------


def pad_sides(tensor, low, high, value=0.0):
    """Pads (or crops, where negative) the spatial dimensions; F.pad wants the last dimension first."""
    sides = [side for pair in reversed(list(zip(low, high))) for side in pair]
    return F.pad(tensor, sides, value=value)


def conv(name, x_shape, w_shape, stride, dilation, low, high, groups=1):
    case = Case(name)
    x, w = case.input(rand(*x_shape), batch=True), case.input(rand(*w_shape))
    convolve = [F.conv1d, F.conv2d, F.conv3d][len(stride) - 1]
    y = convolve(pad_sides(x.tensor, low, high), w.tensor, stride=stride, dilation=dilation, groups=groups)
    attributes = f"groups = {groups} : i64, {window(list(w_shape[2:]), stride, dilation, low, high)}"
    return case.finish([case.op("cnn.conv", [x, w], attributes, y)])


def transposed_conv(name, x_shape, w_shape, stride, dilation, pad, output_pad, groups):
    """PyTorch's conv_transpose2d is the gradient of a convolution with respect to its input."""
    case = Case(name)
    dy, w = case.input(rand(*x_shape), batch=True), case.input(rand(*w_shape))
    dx = F.conv_transpose2d(dy.tensor, w.tensor, stride=stride, dilation=dilation, padding=pad,
                            output_padding=output_pad, groups=groups)
    attributes = f"groups = {groups} : i64, {window(list(w_shape[2:]), stride, dilation, pad)}"
    return case.finish([case.op("cnn.conv_input_grad", [dy, w], attributes, dx)])


def dense(name, batch):
    case = Case(name)
    x, w = case.input(rand(batch, 7), batch=True), case.input(rand(5, 7))
    return case.finish([case.op("cnn.conv", [x, w], f"groups = 1 : i64, {window([])}", F.linear(x.tensor, w.tensor))])


def conv_cases():
    yield dense("dense", 3)
    yield dense("dense, batch 1", 1)
    yield conv("1-D", (3, 2, 9), (4, 2, 3), [1], [1], [0], [0])
    yield conv("1-D, stride 2, dilation 3, groups", (1, 4, 13), (6, 2, 3), [2], [3], [2], [2], groups=2)
    yield conv("2-D", (2, 3, 7, 6), (4, 3, 3, 3), [1, 1], [1, 1], [1, 1], [1, 1])
    yield conv("2-D, even kernel, more padding behind", (1, 2, 5, 6), (3, 2, 2, 4), [1, 1], [1, 1], [0, 1], [1, 2])
    yield conv("2-D, stride, tail unread", (3, 2, 8, 7), (3, 2, 3, 3), [2, 3], [1, 1], [0, 1], [0, 0])
    yield conv("2-D, dilation", (1, 2, 9, 8), (2, 2, 3, 2), [1, 2], [2, 3], [2, 0], [2, 1])
    yield conv("2-D, depthwise", (2, 4, 6, 5), (8, 1, 3, 3), [1, 2], [1, 1], [1, 1], [1, 1], groups=4)
    yield conv("2-D, padding wider than the image", (1, 2, 3, 2), (2, 2, 2, 3), [3, 2], [1, 1], [5, 4], [4, 6])
    yield conv("2-D, cropping", (2, 2, 7, 6), (2, 2, 2, 2), [1, 1], [1, 1], [-1, -2], [0, -1])
    yield conv("2-D, pointwise", (3, 5, 4, 3), (4, 5, 1, 1), [1, 1], [1, 1], [0, 0], [0, 0])
    yield conv("3-D", (2, 2, 4, 5, 4), (3, 2, 2, 3, 3), [1, 2, 1], [1, 1, 1], [0, 1, 1], [0, 1, 1])
    yield conv("3-D, groups, dilation", (1, 4, 5, 4, 5), (2, 2, 2, 2, 3), [2, 1, 1], [2, 1, 2], [1, 0, 2], [1, 1, 2], 2)
    yield transposed_conv("transposed", (2, 3, 4, 3), (3, 2, 3, 3), [2, 2], [1, 1], [1, 1], [1, 0], 1)
    yield transposed_conv("transposed, groups, dilation", (1, 4, 3, 3), (4, 2, 2, 3), [3, 1], [1, 2], [0, 2], [1, 0], 2)


# --- pooling --------------------------------------------------------------------------------------------------------


def max_pool(name, shape, kernel, stride, dilation, pad, ceil):
    case = Case(name)
    x = case.input(distinct(*shape), batch=True)
    pool = [F.max_pool1d, F.max_pool2d, F.max_pool3d][len(kernel) - 1]
    y = pool(x.tensor, kernel, stride, pad, dilation, ceil)
    return case.finish([case.op("cnn.max_pool", [x], window(kernel, stride, dilation, pad, ceil=ceil), y)])


def avg_pool(name, shape, kernel, stride, pad, ceil, count_pad):
    case = Case(name)
    x = case.input(rand(*shape), batch=True)
    pool = [F.avg_pool1d, F.avg_pool2d, F.avg_pool3d][len(kernel) - 1]
    y = pool(x.tensor, kernel, stride, pad, ceil, count_pad)
    attributes = f"count_pad = {str(count_pad).lower()}, {window(kernel, stride, None, pad, ceil=ceil)}"
    return case.finish([case.op("cnn.avg_pool", [x], attributes, y)])


def pool_cases():
    yield max_pool("max, 1-D", (3, 2, 9), [3], [2], [1], [1], False)
    yield max_pool("max, 2-D", (2, 3, 6, 7), [2, 2], [2, 2], [1, 1], [0, 0], False)
    for ceil in [False, True]:
        # GoogLeNet's and ResNet's; then windows that start in the padding behind, which PyTorch drops.
        yield max_pool(f"max, 3x3 stride 2, ceil {ceil}", (2, 2, 8, 7), [3, 3], [2, 2], [1, 1], [0, 0], ceil)
        yield max_pool(f"max, 3x3 stride 2 pad 1, ceil {ceil}", (1, 2, 8, 9), [3, 3], [2, 2], [1, 1], [1, 1], ceil)
        yield max_pool(f"max, last window outside, ceil {ceil}", (1, 2, 4, 5), [2, 2], [3, 3], [1, 1], [1, 1], ceil)
        yield max_pool(f"max, dilation, ceil {ceil}", (1, 2, 9, 8), [3, 2], [2, 1], [2, 3], [1, 1], ceil)
        for count_pad in [False, True]:
            suffix = f"ceil {ceil}, count_pad {count_pad}"
            yield avg_pool(f"avg, 1-D, {suffix}", (3, 2, 8), [3], [2], [1], ceil, count_pad)
            yield avg_pool(f"avg, {suffix}", (2, 2, 6, 7), [3, 3], [2, 2], [1, 1], ceil, count_pad)
            yield avg_pool(f"avg, last window outside, {suffix}", (1, 2, 4, 5), [2, 2], [3, 3], [1, 1], ceil, count_pad)
            yield avg_pool(f"avg, 3-D, {suffix}", (1, 2, 4, 5, 3), [2, 3, 2], [2, 2, 1], [1, 1, 0], ceil, count_pad)
    yield max_pool("max, 3-D", (1, 2, 4, 5, 4), [2, 3, 2], [2, 2, 1], [1, 1, 2], [1, 1, 0], False)
    yield avg_pool("avg, 2-D, global", (3, 2, 5, 4), [5, 4], [1, 1], [0, 0], False, False)


# --- elementwise ----------------------------------------------------------------------------------------------------

UNARY = {
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.125),
    "tanh": torch.tanh,
    "scaled_tanh": lambda x: 1.7159 * torch.tanh(x * 2 / 3),
    "sigmoid": torch.sigmoid,
    "hardtanh": F.hardtanh,
    "softplus": F.softplus,
    "abs": torch.abs,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "exp": torch.exp,
    "log": torch.log,
    "neg": torch.neg,
    "reciprocal": torch.reciprocal,
}
BINARY = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}


def unary(kind, x):
    case = Case(kind)
    x = case.input(x, batch=True)
    return case.finish([case.op(f"cnn.unary <{kind}>", [x], f"alpha = {real(0.125)}", UNARY[kind](x.tensor))])


def binary(kind, axes):
    case = Case(f"{kind} along {axes}")
    shape = [2, 3, 4]
    a = case.input(distinct(*shape), batch=True)
    other = [shape[axis] for axis in axes]
    b = case.input(rand(*other, low=0.5, high=2.0) if kind == "div" else rand(*other) + 0.0001, batch=0 in axes)
    full = [shape[axis] if axis in axes else 1 for axis in range(3)]
    y = BINARY[kind](a.tensor, b.tensor.reshape(full))
    return case.finish([case.op(f"cnn.binary <{kind}>", [a, b], f"axes = {array(axes)}", y)])


def reduce(kind, keep):
    case = Case(f"reduce {kind}, keep {keep}")
    x = case.input(distinct(2, 3, 4), batch=True)
    dims = [dim for dim in range(3) if dim not in keep]
    function = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax}[kind]
    y = function(x.tensor, dims) if dims else x.tensor * 1
    return case.finish([case.op(f"cnn.reduce <{kind}>", [x], f"keep = {array(keep)}", y, batch=0 in keep)])


def broadcast(axes):
    case = Case(f"broadcast along {axes}")
    shape = [2, 3, 4]
    x = case.input(rand(*[shape[axis] for axis in axes]), batch=0 in axes)
    like = case.input(rand(*shape), batch=True)
    y = x.tensor.reshape([shape[axis] if axis in axes else 1 for axis in range(3)]).expand(shape)
    return case.finish([case.op("cnn.broadcast", [x, like], f"axes = {array(axes)}", y)])


def elementwise_cases():
    for kind in UNARY:
        positive = kind in ["sqrt", "log", "reciprocal"]
        yield unary(kind, rand(2, 20, low=0.25, high=3.0) if positive else distinct(2, 150))
    for kind in BINARY:
        for axes in [[], [1], [0], [1, 2], [0, 1, 2]]:
            yield binary(kind, axes)
    for kind in ["sum", "mean", "max"]:
        for keep in [[], [0], [1], [0, 2], [0, 1, 2]]:
            yield reduce(kind, keep)
    for axes in [[], [1], [0, 2]]:
        yield broadcast(axes)


# --- classification -------------------------------------------------------------------------------------------------


def softmax(op, function, shape):
    case = Case(f"{op} of {shape}")
    x = case.input(rand(*shape, low=-4, high=4), batch=True)
    return case.finish([case.op(op, [x], "", function(x.tensor, 1))])


def cross_entropy(scale):
    case = Case(f"cross_entropy, scores up to {scale}")
    scores = case.input(rand(5, 7, low=-scale, high=scale), batch=True)
    label = case.input(torch.tensor([0, 6, 3, 3, 1], dtype=torch.int32), batch=True)
    loss = F.cross_entropy(scores.tensor, label.tensor.long(), reduction="none")
    return case.finish([case.op("cnn.cross_entropy", [scores, label], "", loss)])


def top_k_hit(k):
    case = Case(f"top_k_hit {k}")
    scores = case.input(distinct(6, 5), batch=True)
    label = case.input(torch.tensor([0, 1, 2, 3, 4, 0], dtype=torch.int32), batch=True)
    hit = (scores.tensor.topk(k).indices == label.tensor.long()[:, None]).any(1).double()
    return case.finish([case.op("cnn.top_k_hit", [scores, label], f"k = {k} : i64", hit)], gradients=False)


def classification_cases():
    for shape in [(3, 5), (1, 4), (2, 3, 4), (2, 3, 2, 3)]:
        yield softmax("cnn.softmax", F.softmax, shape)
        yield softmax("cnn.log_softmax", F.log_softmax, shape)
    for scale in [3, 500]:
        yield cross_entropy(scale)
    for k in [1, 2, 5]:
        yield top_k_hit(k)


# --- normalization --------------------------------------------------------------------------------------------------


def batch_norm(shape, train):
    case = Case(f"batch_norm{'_train' if train else ''} of {shape}")
    channels = shape[1]
    x = case.input(rand(*shape, low=-1, high=3), batch=True)
    scale, shift = case.input(rand(channels)), case.input(rand(channels))
    mean, variance = case.input(rand(channels)), case.input(rand(channels, low=0.5, high=2))
    new_mean, new_variance = mean.tensor.detach().clone(), variance.tensor.detach().clone()
    operands = [x, scale, shift, mean, variance]
    epsilon, momentum = 1e-3, 0.3
    if not train:
        # F.batch_norm has no gradient for the statistics; the formula has.
        y = F.batch_norm(x.tensor, new_mean, new_variance, scale.tensor, shift.tensor, False, 0, epsilon)
        column = [1, channels] + [1] * (len(shape) - 2)
        m, v, a, b = (value.tensor.reshape(column) for value in (mean, variance, scale, shift))
        formula = (x.tensor - m) / torch.sqrt(v + epsilon) * a + b
        assert torch.allclose(y, formula)
        return case.finish([case.op("cnn.batch_norm", operands, f"epsilon = {real(epsilon)}", formula)])
    y = F.batch_norm(x.tensor, new_mean, new_variance, scale.tensor, shift.tensor, True, momentum, epsilon)
    dims = [dim for dim in range(len(shape)) if dim != 1]
    batch_mean = x.tensor.detach().mean(dims)
    inv_std = 1 / torch.sqrt(x.tensor.detach().var(dims, unbiased=False) + epsilon)
    results = case.op("cnn.batch_norm_train", operands, f"epsilon = {real(epsilon)}, momentum = {real(momentum)}",
                      y, batch_mean, inv_std, new_mean, new_variance, batch=[True] + [False] * 4)
    return case.finish(results, gradients=[True] + [False] * 4)


def lrn(size, shape):
    case = Case(f"lrn {size} of {shape}")
    x = case.input(rand(*shape, low=-2, high=2), batch=True)
    y = F.local_response_norm(x.tensor, size, alpha=0.5, beta=0.75, k=2.0)
    attributes = f"size = {size} : i64, alpha = {real(0.5)}, beta = {real(0.75)}, k = {real(2.0)}"
    return case.finish([case.op("cnn.lrn", [x], attributes, y)])


def norm_cases():
    for shape in [(4, 3), (1, 2, 5), (3, 2, 3, 4), (2, 2, 2, 3, 2)]:
        for train in [False, True]:
            yield batch_norm(shape, train)
    for size in [1, 3, 5]:
        yield lrn(size, (2, 6, 3, 2))
    yield lrn(7, (1, 4, 5))


# --- shapes ---------------------------------------------------------------------------------------------------------


def one_input(name, op, x, attributes, function):
    case = Case(name)
    value = case.input(x, batch=True)
    return case.finish([case.op(op, [value], attributes, function(value.tensor))])


def pad(mode, low, high, shape):
    attributes = (f"mode = #cnn.pad_mode<{mode}>, value = {real(0.75)}, "
                  f"low = {array([0, 0] + low)}, high = {array([0, 0] + high)}")
    sides = [side for pair in reversed(list(zip(low, high))) for side in pair]

    def function(x):
        return F.pad(x, sides, mode="reflect") if mode == "mirror" else F.pad(x, sides, value=0.75)

    return one_input(f"pad {mode} {low} {high}", "cnn.pad", rand(*shape), attributes, function)


def concat(axis):
    case = Case(f"concat {axis}")
    shapes = [[2, 3, 4], [2, 3, 4]]
    shapes[1][axis] = 1
    a, b = (case.input(rand(*shape), batch=True) for shape in shapes)
    y = torch.cat([a.tensor, b.tensor, a.tensor], axis)
    return case.finish([case.op("cnn.concat", [a, b, a], f"axis = {axis} : i64", y)])


def upsample(shape, factors):
    return one_input(f"upsample {factors}", "cnn.upsample", rand(*shape), f"factors = {array(factors)}",
                     lambda x: F.interpolate(x, scale_factor=[float(f) for f in factors], mode="nearest"))


def shape_cases():
    yield one_input("reshape", "cnn.reshape", rand(2, 3, 4), "", lambda x: x.reshape(2, 12))
    yield one_input("permute", "cnn.permute", rand(2, 3, 4, 5), f"perm = {array([0, 3, 1, 2])}",
                    lambda x: x.permute(0, 3, 1, 2))
    yield one_input("slice", "cnn.slice", rand(2, 5, 6),
                    f"offsets = {array([0, 1, 2])}, sizes = {array([-1, 3, 4])}", lambda x: x[:, 1:4, 2:6])
    for mode in ["constant", "mirror"]:
        yield pad(mode, [2], [3], (2, 2, 5))
        yield pad(mode, [1, 2], [2, 0], (2, 2, 4, 3))
        yield pad(mode, [1, 0, 1], [0, 2, 1], (1, 2, 3, 4, 2))
    for axis in [1, 2]:
        yield concat(axis)
    yield upsample((2, 2, 3), [3])
    yield upsample((2, 2, 3, 2), [2, 3])
    yield upsample((1, 2, 2, 3, 2), [2, 1, 3])


# --- optimizers -----------------------------------------------------------------------------------------------------


def optimizer_steps(name, make_optimizer, op, attributes, slots, with_key):
    """Four steps, each with its own gradient; the learning rate changes after two."""
    case = Case(name)
    parameter = case.input(rand(3, 4))
    state = [case.input(torch.zeros(3, 4)) for _ in range(slots)]
    trained = torch.nn.Parameter(parameter.tensor.detach().clone())
    optimizer = make_optimizer([trained])
    results = [parameter] + state
    for step in range(4):
        gradient = case.input(rand(3, 4))
        rate = case.input(torch.tensor(0.1 if step < 2 else 0.025))
        optimizer.param_groups[0]["lr"] = rate.tensor.item()
        trained.grad = gradient.tensor.detach().clone()
        optimizer.step()
        torch_state = optimizer.state[trained]
        names = ["exp_avg", "exp_avg_sq"] if with_key else ["momentum_buffer"]
        values = [torch_state[slot] for slot in names]
        key = [case.input(torch.tensor([9, step]))] if with_key else []
        operands = [results[0], gradient] + results[1:] + [rate] + key
        tensors = [trained.detach().clone()] + [value.detach().clone() for value in values]
        results = case.op(op, operands, attributes, *tensors, batch=False)
    return case.finish(results, gradients=False)


def optimizer_cases():
    for momentum, nesterov, decay in [(0.9, False, 0.0), (0.5, False, 0.01), (0.9, True, 0.02)]:
        yield optimizer_steps(
            f"sgd, momentum {momentum}, nesterov {nesterov}, decay {decay}",
            lambda p: torch.optim.SGD(p, 0.1, momentum=momentum, nesterov=nesterov, weight_decay=decay),
            "cnn.sgd_update",
            f"momentum = {real(momentum)}, nesterov = {str(nesterov).lower()}, decay = {real(decay)}", 1, False)
    for decay in [0.0, 0.05]:
        yield optimizer_steps(
            f"adam, decay {decay}",
            lambda p: torch.optim.Adam(p, 0.1, betas=(0.8, 0.95), eps=1e-4, weight_decay=decay),
            "cnn.adam_update",
            f"beta1 = {real(0.8)}, beta2 = {real(0.95)}, epsilon = {real(1e-4)}, decay = {real(decay)}", 2, True)


def main():
    folder = pathlib.Path(__file__).parent
    families = [conv_cases, pool_cases, elementwise_cases, classification_cases, norm_cases, shape_cases,
                optimizer_cases]
    for family in families:
        torch.manual_seed(1)
        cases = list(family())
        # One case per line, so that a difference names the case.
        text = "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n"
        name = family.__name__.replace("_cases", ".json").replace("_", "-")
        (folder / name).write_text(text)
        print(f"{name}: {len(cases)} cases, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
