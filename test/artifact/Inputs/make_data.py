# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a small data set in the files of Fashion-MNIST: ten kinds of stripes, with noise.  make_data.py FOLDER"""
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from tensor_files import write_idx

folder = pathlib.Path(sys.argv[1])
random = numpy.random.RandomState(1)
for part, count in [("train", 200), ("t10k", 50)]:
    labels = random.randint(0, 10, count)
    waves = numpy.sin(numpy.arange(28)[None, :] * (labels[:, None] + 1) / 5.0)
    images = numpy.clip(127 + 90 * waves[:, None, :] + random.normal(0, 20, (count, 28, 28)), 0, 255)
    write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
    write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
    write_idx(folder / f"{part}-images-idx3-ubyte", images)
    write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
