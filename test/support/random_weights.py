# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random weights and samples for a compiled net, as its header lists them, of sizes that keep activations sane.

    random_weights.py HEADER WEIGHTS.safetensors [SAMPLES FOLDER]

Writes the weights and, with SAMPLES, so many of each input of the inference as FOLDER/INPUT.npy. The same header gives
the same numbers on every machine: NumPy promises not to change RandomState.
"""
import math
import pathlib
import re
import sys

import numpy

import tensor_files

TYPES = {"float": numpy.float32, "uint8_t": numpy.uint8}


def sizes(text):
    return tuple(int(size) for size in text.split(", ")) if text else ()


def declared_weights(header):
    """(path, shape) of the weights, in order."""
    found = re.findall(r"^ \*   (\S+)  float\[([\d, ]*)\](?:, running statistic)?$", header, re.MULTILINE)
    return [(path, sizes(shape)) for path, shape in found]


def declared_inputs(header):
    """(name, type, shape of a sample) of the inputs of the inference."""
    (text,) = re.findall(r"/\* Runs the network.*?\*/", header, re.DOTALL)
    found = re.findall(r"^ \*   in_(\S+)  input, (\w+)\[batch(?:, ([\d, ]*))?\]$", text, re.MULTILINE)
    return [(name, TYPES[kind], sizes(shape)) for name, kind, shape in found]


def random_weight(random, path, shape):
    kind = path.rsplit(".", 1)[1]
    if kind == "weight":
        # He et al. 2015: the outputs of a layer before the rectifier vary as much as those of the layer before it.
        return (random.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))).astype(numpy.float32)
    if kind in ("scale", "variance"):
        low, high = (0.2, 1.0) if kind == "scale" else (0.5, 2.0)
        return random.uniform(low, high, shape).astype(numpy.float32)
    assert kind in ("bias", "shift", "mean"), path
    return (0.2 * random.standard_normal(shape)).astype(numpy.float32)


def random_weights(header, random):
    """(path, array) of all weights."""
    return [(path, random_weight(random, path, shape)) for path, shape in declared_weights(header)]


def random_samples(header, random, count):
    """(name, array) of all inputs."""
    return [(name, random.randint(0, 256, (count, *shape)).astype(kind) if kind == numpy.uint8
             else random.standard_normal((count, *shape)).astype(kind))
            for name, kind, shape in declared_inputs(header)]  # fmt: skip


def write_weights(path, weights):
    tensor_files.write_safetensors(path, [(name, array.shape, lambda array=array: array) for name, array in weights])


def main():
    header = pathlib.Path(sys.argv[1]).read_text()
    write_weights(sys.argv[2], random_weights(header, numpy.random.RandomState(1)))
    if len(sys.argv) == 5:
        for name, array in random_samples(header, numpy.random.RandomState(2), int(sys.argv[3])):
            numpy.save(pathlib.Path(sys.argv[4]) / f"{name}.npy", array)


if __name__ == "__main__":
    main()
