# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The file formats that cnnc reads and writes, for tests: written from the formats' own descriptions, apart from cnnc."""
import gzip
import json
import struct

import numpy

SAFETENSORS_TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1"}


def write_safetensors(path, tensors):
    """Writes (name, array) pairs, which may be made one at a time: `tensors` yields (name, shape, function -> array)."""
    tensors = list(tensors)
    header, offset = {}, 0
    for name, shape, _ in tensors:
        size = 4 * int(numpy.prod(shape))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape, make in tensors:
            array = numpy.ascontiguousarray(make(), "<f4")
            assert array.shape == tuple(shape), name
            array.tofile(file)


def read_safetensors(path):
    """(name, array) pairs in the order of the data."""
    data = numpy.memmap(path, numpy.uint8, "r")
    (length,) = struct.unpack("<Q", data[:8].tobytes())
    header = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    tensors = []
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        array = numpy.frombuffer(data[begin:end].tobytes(), SAFETENSORS_TYPES[entry["dtype"]])
        tensors.append((name, array.reshape(entry["shape"])))
    return tensors


def write_idx(path, array):
    """Writes unsigned bytes; compressed if the name ends in .gz."""
    array = numpy.ascontiguousarray(array, numpy.uint8)
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    # Without a time stamp, so that the same data give the same file.
    data = header + array.tobytes()
    with open(path, "wb") as file:
        file.write(gzip.compress(data, mtime=0) if str(path).endswith(".gz") else data)


def read_idx(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    rank = data[3]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(struct.unpack_from(f">{rank}I", data, 4))
