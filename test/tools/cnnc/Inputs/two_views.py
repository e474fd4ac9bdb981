# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Weights and samples for two_views.cnn, and its results, computed here from their definition in f64.

    two_views.py make FOLDER           weights.safetensors, {photo,depth}{1,3}.npy of 1 and 3 samples, and wrong files
    two_views.py check FOLDER COUNT    compares score.npy and edges.npy in FOLDER
"""
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from tensor_files import read_safetensors, write_idx, write_safetensors  # noqa: E402


def make(folder):
    random = numpy.random.RandomState(1)
    weights = {"filter.weight": (3, 2, 3, 3), "filter.bias": (3,), "classifier.weight": (4, 39), "classifier.bias": (4,)}
    weights = {path: random.standard_normal(shape).astype("f4") for path, shape in weights.items()}

    def write(name, weights):
        write_safetensors(folder / name, [(path, a.shape, lambda a=a: a) for path, a in weights.items()])

    write("weights.safetensors", weights)
    write("missing.safetensors", {path: array for path, array in weights.items() if path != "filter.bias"})
    write("shape.safetensors", {**weights, "filter.bias": numpy.zeros(4, "f4")})
    for count in (1, 3):
        photo = random.randint(0, 256, (count, 2, 5, 7)).astype("u1")
        numpy.save(folder / f"photo{count}.npy", photo)
        write_idx(folder / f"photo{count}.idx.gz", photo)
        numpy.save(folder / f"depth{count}.npy", random.standard_normal((count, 3)).astype("f4"))
    numpy.save(folder / "single.npy", numpy.load(folder / "photo1.npy")[0])
    numpy.save(folder / "wide.npy", numpy.zeros((1, 2, 5, 8), "u1"))
    numpy.save(folder / "real.npy", numpy.zeros((1, 2, 5, 7), "f4"))
    numpy.save(folder / "large.npy", numpy.full((1, 2, 5, 7), 256, "i4"))
    numpy.save(folder / "none.npy", numpy.zeros((0, 2, 5, 7), "u1"))
    numpy.save(folder / "none-depth.npy", numpy.zeros((0, 3), "f4"))
    (folder / "cut.npy").write_bytes((folder / "photo3.npy").read_bytes()[:-1])


def results(folder, count):
    weights = {path: array.astype("f8") for path, array in read_safetensors(folder / "weights.safetensors")}
    photo = numpy.load(folder / f"photo{count}.npy") * 0.01
    padded = numpy.pad(photo, ((0, 0), (0, 0), (1, 1), (1, 1)))
    edges = numpy.empty((count, 3, 3, 4))
    for row in range(3):
        for column in range(4):
            window = padded[:, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            edges[:, :, row, column] = numpy.einsum("ncij,ocij->no", window, weights["filter.weight"])
    edges = numpy.maximum(edges + weights["filter.bias"][:, None, None], 0)
    features = numpy.concatenate([edges.reshape(count, -1), numpy.load(folder / f"depth{count}.npy")], 1)
    return {"edges": edges, "score": features @ weights["classifier.weight"].T + weights["classifier.bias"]}


def check(folder, count):
    for name, expected in results(folder, count).items():
        found = numpy.load(folder / f"{name}.npy")
        assert found.dtype == numpy.float32 and found.shape == expected.shape, (name, found.dtype, found.shape)
        assert numpy.abs(found - expected).max() <= 1e-5 * numpy.abs(expected).max(), name
        assert expected.std() > 0.1, name
    print("ok")


if sys.argv[1] == "make":
    make(pathlib.Path(sys.argv[2]))
else:
    check(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
