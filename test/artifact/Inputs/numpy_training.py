# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A training of dense layers in f64, to compare with.

numpy_training.py make FOLDER         writes start.safetensors, x.npy and y.npy
numpy_training.py sgd|adam FOLDER     compares sgd.safetensors or adam.safetensors
"""
import pathlib
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tensor_files  # noqa: E402

SAMPLES, BATCH, WIDTHS = 40, 8, [5, 64, 144, 3]
TOLERANCE = 1e-5  # of the largest value


def gradients(weights, x, y):
    """Of the mean cross entropy of dense layers with tanh between them; weights: W, b, W, b, .."""
    inputs = [x]
    for layer in range(0, len(weights), 2):
        sums = inputs[-1] @ weights[layer].T + weights[layer + 1]
        inputs.append(numpy.tanh(sums) if layer + 2 < len(weights) else sums)
    exponentials = numpy.exp(inputs.pop())
    gradient = exponentials / exponentials.sum(1, keepdims=True)
    gradient[numpy.arange(len(y)), y] -= 1
    gradient /= len(y)
    found = []
    for layer in range(len(weights) - 2, -1, -2):
        below = inputs.pop()
        found = [gradient.T @ below, gradient.sum(0)] + found
        gradient = gradient @ weights[layer] * (1 - below**2)
    return found


def sgd(p, g, slots, step):
    velocity = slots.setdefault("velocity", 0) * 0.9 + g
    slots["velocity"] = velocity
    return p - 0.05 * (g + 0.9 * velocity)


def adam(p, g, slots, step):
    slots["first"] = slots.get("first", 0) * 0.9 + 0.1 * g
    slots["second"] = slots.get("second", 0) * 0.999 + 0.001 * g * g
    first, second = slots["first"] / (1 - 0.9**step), slots["second"] / (1 - 0.999**step)
    return p - 0.01 * first / (numpy.sqrt(second) + 1e-8)


def make(folder):
    random = numpy.random.RandomState(1)
    tensors = []
    for layer, (inputs, outputs) in enumerate(zip(WIDTHS, WIDTHS[1:]), 1):
        weight, bias = random.normal(size=(outputs, inputs)) / inputs**0.5, random.normal(size=outputs) * 0.1
        tensors += [(f"dense{layer}.weight", weight), (f"dense{layer}.bias", bias)]
    tensor_files.write_safetensors(folder / "start.safetensors",
                                   [(name, array.shape, lambda array=array: array) for name, array in tensors])  # fmt: skip
    numpy.save(folder / "x.npy", random.normal(size=(SAMPLES, WIDTHS[0])).astype(numpy.float32))
    numpy.save(folder / "y.npy", random.randint(0, WIDTHS[-1], SAMPLES))


def compare(folder, name, update):
    x, y = numpy.load(folder / "x.npy").astype(numpy.float64), numpy.load(folder / "y.npy")
    start = dict(tensor_files.read_safetensors(folder / "start.safetensors"))
    names = [f"dense{layer}.{part}" for layer in range(1, len(WIDTHS)) for part in ("weight", "bias")]
    weights = [start[path].astype(numpy.float64) for path in names]
    slots = [{} for _ in names]
    for step, first in enumerate(range(0, SAMPLES, BATCH), 1):
        found = gradients(weights, x[first : first + BATCH], y[first : first + BATCH])
        weights = [update(p, g, slot, step) for p, g, slot in zip(weights, found, slots)]
    trained = dict(tensor_files.read_safetensors(folder / f"{name}.safetensors"))
    assert sorted(trained) == sorted(names), sorted(trained)
    for path, expected in zip(names, weights):
        error = numpy.abs(trained[path] - expected).max() / numpy.abs(expected).max()
        moved = numpy.abs(start[path] - expected).max() / numpy.abs(expected).max()
        print(f"{path}: error {error:.1e}, moved by {moved:.1e}")
        assert error <= TOLERANCE < moved / 100, path


task, folder = sys.argv[1], pathlib.Path(sys.argv[2])
if task == "make":
    make(folder)
else:
    compare(folder, task, {"sgd": sgd, "adam": adam}[task])
