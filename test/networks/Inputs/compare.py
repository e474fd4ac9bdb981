# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares an output with golden.json:  compare.py NETWORK OUTPUT FILE.npy"""
import json
import pathlib
import sys

import numpy

# Of the largest value: the difference between sums of a few thousand products in f32 and in f64 is far below.
TOLERANCE = 1e-5

network, output, file = sys.argv[1:]
golden = json.loads((pathlib.Path(__file__).resolve().parent / "golden.json").read_text())
expected = numpy.array(golden[network][output])
found = numpy.load(file)
if found.shape != expected.shape or found.dtype != numpy.float32:
    sys.exit(f"{file}: expected {expected.shape} of float32, found {found.shape} of {found.dtype}")
error = numpy.abs(found - expected).max() / numpy.abs(expected).max()
if not error <= TOLERANCE:
    sys.exit(f"{file}: the error is {error:.2e} of the largest value")
print(f"{network}.{output}: error {error:.2e}")
