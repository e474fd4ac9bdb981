"""What precision.test compares."""

import ctypes
import json
import sys

import numpy


def outputs(exact, rounded, layers):
    """Near each other, and not the same. A value that is stored in bf16 is off by 2^-8 of itself at the most, and by a
    third of that as a rule. A result is a sum of many such values, of which some are too large and some too small, so
    that 2^-8 of the largest is more than a layer adds to the difference."""
    a, b = numpy.load(exact), numpy.load(rounded)
    difference = numpy.abs(a - b).max() / numpy.abs(a).max()
    assert 0 < difference < int(layers) * 2.0**-8, difference


def traffic(exact, rounded):
    """Every kernel reads and writes less, and all of them not much more than half as much."""
    wide, narrow = [], []
    for path, found in ((exact, wide), (rounded, narrow)):
        with open(path) as file:
            found += [launch["bytes"] for launch in json.load(file)["launches"] if launch["algorithm"] == "direct"]
    assert len(wide) == len(narrow) and all(b < a for a, b in zip(wide, narrow)), (wide, narrow)
    assert sum(narrow) < 0.65 * sum(wide), (wide, narrow)


def library(path, name, weights_path, samples_path, expected_path):
    """With the weights inside: the results of run, and the weights as they were; after setting one, those of that."""
    code = ctypes.CDLL("./" + path)
    model, state = ctypes.c_void_p(), ctypes.c_void_p()
    samples, expected = numpy.load(samples_path), numpy.load(expected_path)

    def call(function, *arguments):
        assert getattr(code, f"{name}_{function}")(*arguments) == 0, function

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def infer():
        y = numpy.empty_like(expected)
        call("infer", state, ctypes.c_int64(len(samples)), pointer(samples), pointer(y))
        return y

    call("create", ctypes.byref(model))
    call("run_create", model, ctypes.c_int64(len(samples)), ctypes.byref(state))
    assert numpy.array_equal(infer(), expected)
    with open(weights_path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    for path, tensor in header.items():
        if not path.endswith(".weight"):
            continue
        begin, end = tensor["data_offsets"]
        original = numpy.frombuffer(data[begin:end], "<f4")
        found, size = numpy.empty_like(original), ctypes.c_size_t(end - begin)
        call("get_weight", model, path.encode(), pointer(found), size)
        assert numpy.array_equal(found, original), path
        call("set_weight", model, path.encode(), pointer(numpy.zeros_like(found)), size)
        assert not numpy.array_equal(infer(), expected), path
        call("set_weight", model, path.encode(), pointer(found), size)
        assert numpy.array_equal(infer(), expected), path


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
