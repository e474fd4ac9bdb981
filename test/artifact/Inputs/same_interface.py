# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares two headers without their comments, and without the sizes of the weight blocks.

usage: same_interface.py ONE.h OTHER.h
"""
import pathlib
import re
import sys


def interface(path):
    text = re.sub(r"/\*.*?\*/", "", pathlib.Path(path).read_text(), flags=re.S)
    text = re.sub(r"(_(PARAMETER|STATE)_BYTES \(\(size_t\))\d+\)", r"\1N)", text)
    return [line for line in text.splitlines() if line.strip()]


one, other = map(interface, sys.argv[1:])
assert len(one) > 30 and one == other, [pair for pair in zip(one, other) if pair[0] != pair[1]]
