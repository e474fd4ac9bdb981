# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a safetensors file: safetensors.py FILE NAME:DTYPE:SIZE,SIZE... Element i of a tensor is i."""
import json
import struct
import sys

header, data = {}, b""
for entry in sys.argv[2:]:
    name, dtype, sizes = entry.split(":")
    shape = [int(size) for size in sizes.split(",")]
    count = 1
    for size in shape:
        count *= size
    values = struct.pack("<%d%s" % (count, "f" if dtype == "F32" else "d"), *range(count))
    header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
    data += values
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + data)
