# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The contact sheet: a valid PNG, the images in it, mistakes framed in red and nothing else."""
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/support"))
from tensor_files import write_idx

RED = (208, 24, 24)


def decode_png(data):
    """The pixels [height, width, 3] of an 8-bit RGB file without filters."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = {}, 8
    while position < len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        (check,) = struct.unpack_from(">I", data, position + 8 + length)
        assert check == zlib.crc32(kind + body), kind
        chunks[kind] = body
        position += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colour) == (8, 2)
    rows = numpy.frombuffer(zlib.decompress(chunks[b"IDAT"]), numpy.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


class ContactSheet(unittest.TestCase):
    def draw(self, labels, predictions, images=None):
        count = len(labels)
        if images is None:
            images = numpy.full((count, 28, 28), 255, numpy.uint8)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_idx(folder / "images.gz", images)
            write_idx(folder / "labels", labels)
            (folder / "predictions").write_text("".join(f"{p}\n" for p in predictions))
            arguments = [folder / part for part in ["images.gz", "labels", "predictions", "out.png"]]
            done = subprocess.run([sys.executable, ROOT / "examples/lenet5/contact_sheet.py", *arguments],
                                  capture_output=True, text=True)  # fmt: skip
            self.assertNotIn("Traceback", done.stderr)
            return done, decode_png((folder / "out.png").read_bytes()) if done.returncode == 0 else None

    def tiles(self, pixels):
        """Left edges of the tiles of the first row, found by the images: all are black here."""
        row = (pixels == 0).all(axis=2)[130]
        return [x for x in range(1, len(row)) if row[x] and not row[x - 1]]

    def test_images_are_drawn_black_on_white_in_order(self):
        images = numpy.zeros((2, 28, 28), numpy.uint8)
        images[1, :, :14] = 255
        _, pixels = self.draw([0, 1], [0, 1], images)
        (left,) = self.tiles(pixels)
        self.assertTrue((pixels[130, left : left + 14 * 4] == 0).all())
        self.assertTrue((pixels[130, left + 14 * 4 : left + 28 * 4] == 255).all())

    def test_only_mistakes_are_red(self):
        _, pixels = self.draw([3, 3, 9], [3, 5, 9])
        tiles = self.tiles(pixels)
        self.assertEqual(len(tiles), 3)
        frames = [tuple(pixels[130, left - 2]) for left in tiles]
        self.assertEqual([frame == RED for frame in frames], [False, True, False])
        red = (pixels == RED).all(axis=2).any(axis=0)
        self.assertGreater(red.nonzero()[0].min(), tiles[0] + 112)
        self.assertLess(red.nonzero()[0].max(), tiles[2])

    def test_no_mistake_no_red(self):
        _, pixels = self.draw([1, 2], [1, 2])
        self.assertFalse((pixels == RED).all(axis=2).any())

    def test_more_images_than_tiles(self):
        done, _ = self.draw([i % 10 for i in range(60)], [0] * 60)
        self.assertEqual(done.returncode, 0)

    def test_files_that_do_not_fit_each_other(self):
        done, _ = self.draw([1, 2, 3], [1, 2])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("3 images, 3 labels, 2 predictions", done.stderr)


if __name__ == "__main__":
    unittest.main()
