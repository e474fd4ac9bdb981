# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Samples for every_layer.cnn: noise, brighter for higher classes.  make_random.py FOLDER"""
import pathlib
import sys

import numpy

folder = pathlib.Path(sys.argv[1])
random = numpy.random.default_rng(0)
count = 20
label = random.integers(0, 3, count)
for name, shape in [("line", (4, 7)), ("image", (4, 7, 7)), ("scan", (4, 7, 7, 7))]:
    noise = random.normal(size=(count, *shape))
    brightness = label.reshape(count, *[1] * len(shape))
    numpy.save(folder / name, (noise + brightness).astype(numpy.float32))
numpy.save(folder / "label", label)
numpy.save(folder / "target", random.normal(size=(count, 12)).astype(numpy.float32))
numpy.save(folder / "same", (label == 0).astype(numpy.float32))
