# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random samples: bytes, or numbers between -1 and 1, times a factor.

usage: make_samples.py u8|f32 FILE.npy COUNT PLANES ROWS COLUMNS [FACTOR]
"""
import sys

import numpy

kind, path, *numbers = sys.argv[1:]
shape, factor = tuple(map(int, numbers[:4])), float((numbers[4:] or [1])[0])
draw = numpy.random.default_rng(3)
if kind == "u8":
    numpy.save(path, draw.integers(0, 256, shape).astype("uint8"))
else:
    numpy.save(path, (draw.uniform(-1, 1, shape) * factor).astype("float32"))
