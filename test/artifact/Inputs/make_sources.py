# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The same small images and labels in every kind of source that a data block can name.

usage: make_sources.py FOLDER
"""
import pathlib
import struct
import sys
import zlib

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import tensor_files


def write_png(path, image):
    """An image of bytes, [height, width]."""
    height, width = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        ):
            file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


def main(folder):
    random = numpy.random.default_rng(1)
    for part, count in (("train", 30), ("test", 12)):
        # In the order of their classes, as a folder has them.
        labels = numpy.sort(numpy.arange(count) % 3)
        images = random.integers(0, 100, (count, 8, 8), dtype=numpy.uint8)
        for image, label in zip(images, labels):
            image[2 * label : 2 * label + 3] += 120
        tensor_files.write_idx(folder / f"{part}-images.gz", images)
        tensor_files.write_idx(folder / f"{part}-images", images)
        tensor_files.write_idx(folder / f"{part}-labels", labels)
        numpy.save(folder / f"{part}-images.npy", images[:, None])
        numpy.save(folder / f"{part}-floats.npy", images[:, None].astype(numpy.float32))
        numpy.save(folder / f"{part}-labels.npy", labels)
        for index, (image, label) in enumerate(zip(images, labels)):
            (folder / part / f"class{label}").mkdir(parents=True, exist_ok=True)
            write_png(folder / part / f"class{label}" / f"{index:03}.png", image)


main(pathlib.Path(sys.argv[1]))
