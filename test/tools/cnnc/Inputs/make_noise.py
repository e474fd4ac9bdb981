# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Samples of f32 noise in [-1, 1), smooth enough that convolutions see more than noise; with --bytes as u8, 128 for 0.

usage: make_noise.py [--bytes] FILE.npy COUNT SIZE...
"""
import random
import struct
import sys


def main(*arguments):
    as_bytes = arguments[0] == "--bytes"
    path, count, *shape = arguments[as_bytes:]
    count, shape = int(count), tuple(map(int, shape))
    draw = random.Random(5)
    size = 1
    for dim in shape:
        size *= dim
    values, value = [], 0.0
    for _ in range(count * size):
        value = 0.7 * value + 0.3 * draw.uniform(-1, 1)
        values.append(value)
    descr = "|u1" if as_bytes else "<f4"
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {(count, *shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        if as_bytes:
            file.write(bytes(int(128 + 127 * value) for value in values))
        else:
            file.write(struct.pack(f"<{len(values)}f", *values))


main(*sys.argv[1:])
