"""What conv-algorithm.test compares."""

import ctypes
import json
import sys

import numpy


def profiles(direct, winograd):
    """The same operations per layer, for another algorithm."""
    launches = []
    for path in direct, winograd:
        with open(path) as file:
            launches.append([launch for launch in json.load(file)["launches"] if launch["algorithm"]])
    one, two = launches
    assert [launch["algorithm"] for launch in one] == ["direct"] * 3, one
    assert [launch["algorithm"] for launch in two] == ["winograd2", "direct", "winograd2"], two
    # But for the bias, which may have been added in a launch of its own.
    sums = [2 * 9 * 16 * 64 * 30 * 30, 2 * 9 * 64 * 64 * 14 * 14, 2 * 9 * 64 * 40 * 13 * 15]
    for launch, should in zip(one + two, sums + sums):
        assert should <= launch["flops"] <= 1.01 * should, (launch, should)
    assert all(launch["tile"] for launch in one + two)


def volumes_profile(path):
    """The operations of the definition, too."""
    with open(path) as file:
        launches = [launch for launch in json.load(file)["launches"] if launch["algorithm"]]
    assert [launch["algorithm"] for launch in launches] == ["winograd2"] * 3 + ["direct"], launches
    sums = [2 * 27 * 5 * 64 * 6 * 13 * 15, 2 * 18 * 64 * 33 * 4 * 13 * 15, 2 * 25 * 33 * 16 * 4 * 13 * 15,
            2 * 27 * 16 * 8 * 4 * 7 * 8]  # fmt: skip
    for launch, should in zip(launches, sums):
        assert should <= launch["flops"] <= 1.02 * should, (launch, should)


def weights(weights_path, samples_path):
    """Random ones, as a safetensors file."""
    shapes = {"conv1.weight": [64, 16, 3, 3], "conv1.bias": [64], "conv2.weight": [64, 64, 3, 3], "conv2.bias": [64],
              "conv3.weight": [40, 64, 3, 3], "conv3.bias": [40]}  # fmt: skip
    save(shapes, weights_path, [3, 16, 30, 30], samples_path)


def volumes(weights_path, samples_path):
    shapes = {"conv1.weight": [64, 5, 3, 3, 3], "conv1.bias": [64], "conv2.weight": [33, 64, 2, 3, 3],
              "conv2.bias": [33], "conv3.weight": [16, 33, 1, 5, 5], "conv3.bias": [16],
              "conv4.weight": [8, 16, 3, 3, 3], "conv4.bias": [8]}  # fmt: skip
    save(shapes, weights_path, [3, 5, 6, 13, 15], samples_path)


def save(shapes, weights_path, samples_shape, samples_path):
    random = numpy.random.RandomState(1)
    header, data = {}, b""
    for name, shape in shapes.items():
        values = random.uniform(-0.1, 0.1, shape).astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    with open(weights_path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)
    numpy.save(samples_path, random.uniform(-1, 1, samples_shape).astype("<f4"))


def outputs(direct, other, tolerance):
    """Near each other, and not the same: another algorithm has run."""
    a, b = numpy.load(direct), numpy.load(other)
    difference = numpy.abs(a - b).max() / numpy.abs(a).max()
    assert 0 < difference < float(tolerance), difference


def library(path, weights_path, samples_path, expected_path):
    """With the weights inside: the results of run, and the weights as they were; after setting one, those of that."""
    code = ctypes.CDLL("./" + path)
    model, state = ctypes.c_void_p(), ctypes.c_void_p()
    samples, expected = numpy.load(samples_path), numpy.load(expected_path)

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def infer():
        y = numpy.empty_like(expected)
        assert code.Twice_infer(state, ctypes.c_int64(len(samples)), pointer(samples), pointer(y)) == 0
        return y

    assert code.Twice_create(ctypes.byref(model)) == 0
    assert code.Twice_run_create(model, ctypes.c_int64(len(samples)), ctypes.byref(state)) == 0
    assert numpy.array_equal(infer(), expected)
    with open(weights_path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    begin, end = header["conv1.weight"]["data_offsets"]
    original = numpy.frombuffer(data[begin:end], "<f4")
    found = numpy.empty_like(original)
    size = ctypes.c_size_t(found.nbytes)
    assert code.Twice_get_weight(model, b"conv1.weight", pointer(found), size) == 0
    assert numpy.array_equal(found, original)
    assert code.Twice_set_weight(model, b"conv1.weight", pointer(numpy.zeros_like(found)), size) == 0
    assert not numpy.array_equal(infer(), expected)
    assert code.Twice_set_weight(model, b"conv1.weight", pointer(found), size) == 0
    assert numpy.array_equal(infer(), expected)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
