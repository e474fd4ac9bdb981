#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts the kernels of a model and the instructions in them, which compile time grows with.

Each has a ceiling. Below half of it something is not counted, or the ceiling is to be lowered.

usage: code_size.py KERNELS.mlir CODE.s KERNELS INSTRUCTIONS
"""
import re
import sys


def check(count, most, what):
    if not most // 2 <= count <= most:
        sys.exit(f"{count} {what}, expected {most // 2} to {most}")


kernels, code = (open(path).read() for path in sys.argv[1:3])
mostKernels, mostInstructions = map(int, sys.argv[3:])
check(len(re.findall(r"func\.func private @kernel_", kernels)), mostKernels, "kernels")
instructions, inKernel = 0, False
for line in code.splitlines():
    if label := re.match(r"([A-Za-z_][\w.]*):", line):
        inKernel = "kernel_" in label[1]
    instructions += inKernel and bool(re.match(r"\t[a-z]", line))
check(instructions, mostInstructions, "instructions in kernels")
