# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks what `cnnc build --target=neuflow --evaluate` says of a net.

usage: check_accuracy.py REPORT SAMPLES LOSS      exit code 1: other samples, a net that has learned nothing, a greater
                                                  loss of accuracy, or a program that has not run
"""
import re
import sys


def main(report, samples, loss):
    text = open(report, encoding="utf-8").read()
    match = re.search(r"(\d+) test samples: accuracy ([\d.]+) in f32, ([\d.]+) in words", text)
    if not match:
        sys.exit(f"no accuracy in:\n{text}")
    ran = re.search(r"all (\d+) words of outputs are those of the oracle", text)
    if not ran or int(ran[1]) % int(samples) or int(ran[1]) == 0:
        sys.exit(f"no program ran on {samples} samples:\n{text}")
    count, exact, words = int(match[1]), float(match[2]), float(match[3])
    if count != int(samples) or exact < 0.6 or exact - words > float(loss):
        sys.exit(f"{match[0]}: expected {samples} samples, at least 0.6 in f32, and at most {loss} less in words")


main(*sys.argv[1:])
