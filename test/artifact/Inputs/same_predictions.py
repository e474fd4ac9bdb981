# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the classes that a program printed, a number a line, with the greatest of the scores in a file.

usage: same_predictions.py PREDICTIONS SCORES.npy
"""
import sys

import numpy

predictions = [int(line) for line in open(sys.argv[1])]
scores = numpy.load(sys.argv[2])
assert len(predictions) == len(scores) == 50
assert predictions == list(scores.argmax(1)), (predictions, scores)
assert len(set(predictions)) > 1
