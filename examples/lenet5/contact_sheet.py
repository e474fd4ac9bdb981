#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Draws test images of Fashion-MNIST with what LeNet-5 takes them for, as a PNG file.

Under each image stands the predicted class and, below it in grey, the true one; mistakes are framed in red. The title
counts over all test images, the sheet shows the first ones in the order of the file, nothing picked.

Python's standard library is enough: PNG is a zlib stream, and the letters are a bitmap font given below.

usage: contact_sheet.py IMAGES LABELS PREDICTIONS OUT.png      IDX files, also .gz; PREDICTIONS: one class number a line
"""
import argparse
import gzip
import struct
import sys
import zlib

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
COLUMNS, ROWS = 8, 6
ZOOM = 4  # pixels of the sheet per pixel of an image
GAP = 24
FRAME = 4
LETTER_WIDTH, LETTER_HEIGHT = 6, 8  # with the space to the next letter and line

PAPER, INK, GREY, RED = (255, 255, 255), (25, 25, 25), (135, 135, 135), (208, 24, 24)

# Letters are 5 columns wide and 7 rows high; a byte is a column, its lowest bit the top row.
LETTERS = " !#%'()+,-./0123456789:;=?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
COLUMNS_OF_LETTERS = """
    0000000000 00005f0000 147f147f14 2313086462 0005030000 001c224100 0041221c00 08083e0808 0050300000
    0808080808 0060600000 2010080402 3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539
    3c4a494930 0171090503 3649494936 064949291e 0036360000 0056360000 1414141414 0201510906 7e1111117e
    7f49494936 3e41414122 7f4141221c 7f49494941 7f09090101 3e41415132 7f0808087f 00417f4100 2040413f01
    7f08142241 7f40404040 7f0204027f 7f0408107f 3e4141413e 7f09090906 3e4151215e 7f09192946 4649494931
    01017f0101 3f4040403f 1f2040201f 7f2018207f 6314081463 0304780403 6151494543 4040404040 2054545478
    7f48444438 3844444420 384444487f 3854545418 087e090102 081454543c 7f08040478 00447d4000 2040443d00
    007f102844 00417f4000 7c04180478 7c08040478 3844444438 7c14141408 081414187c 7c08040408 4854545420
    043f444020 3c4040207c 1c2040201c 3c4030403c 4428102844 0c5050503c 4464544c44
"""
FONT = dict(zip(LETTERS, map(bytes.fromhex, COLUMNS_OF_LETTERS.split()), strict=True))


class Sheet:
    """A picture of bytes, red, green and blue of each pixel in turn, row after row."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.pixels = bytearray(bytes(PAPER) * (width * height))

    def fill(self, x, y, width, height, colour):
        for row in range(y, y + height):
            start = 3 * (row * self.width + x)
            self.pixels[start : start + 3 * width] = bytes(colour) * width

    def write(self, x, y, text, colour, zoom):
        for letter in text:
            for column, bits in enumerate(FONT[letter]):
                for row in range(7):
                    if bits >> row & 1:
                        self.fill(x + column * zoom, y + row * zoom, zoom, zoom, colour)
            x += LETTER_WIDTH * zoom

    def draw(self, x, y, image, side):
        for row in range(side):
            values = image[row * side : (row + 1) * side]
            line = b"".join(bytes([255 - value]) * (3 * ZOOM) for value in values)
            for copy in range(ZOOM):
                start = 3 * ((y + row * ZOOM + copy) * self.width + x)
                self.pixels[start : start + len(line)] = line

    def png(self):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)  # 8 bits of red, green, blue
        stride = 3 * self.width
        rows = b"".join(b"\0" + self.pixels[row * stride : (row + 1) * stride] for row in range(self.height))
        return (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b"")
        )


def read_idx(path):
    """The dimensions and the bytes of an IDX file of unsigned bytes."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        sys.exit(f"contact_sheet.py: '{path}' is not an IDX file of unsigned bytes")
    rank = data[3]
    shape = struct.unpack(f">{rank}I", data[4 : 4 + 4 * rank])
    return shape, data[4 + 4 * rank :]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ["images", "labels", "predictions", "out"]:
        parser.add_argument(name)
    options = parser.parse_args()

    (count, side, _), pixels = read_idx(options.images)
    _, labels = read_idx(options.labels)
    with open(options.predictions) as file:
        predictions = [int(line) for line in file]
    if not count == len(labels) == len(predictions):
        sys.exit(f"contact_sheet.py: {count} images, {len(labels)} labels, {len(predictions)} predictions")
    right = sum(label == prediction for label, prediction in zip(labels, predictions))

    tile = side * ZOOM
    cell_width = max(tile, max(map(len, CLASSES)) * LETTER_WIDTH * 2) + GAP
    cell_height = tile + 2 * LETTER_HEIGHT * 2 + 12 + GAP
    top = 110
    sheet = Sheet(GAP + COLUMNS * cell_width, top + ROWS * cell_height)
    title = f"LeNet-5 on Fashion-MNIST: {right:,} of {count:,} test images right, {100 * right / count:.2f} %"
    sheet.write(GAP, GAP, title, INK, 3)
    legend = "The first of them. Under each image: the predicted class, then the true one; mistakes are red."
    sheet.write(GAP, GAP + 38, legend, GREY, 2)
    for index in range(min(count, COLUMNS * ROWS)):
        x = GAP + index % COLUMNS * cell_width
        y = top + index // COLUMNS * cell_height
        wrong = predictions[index] != labels[index]
        sheet.fill(x - FRAME, y - FRAME, tile + 2 * FRAME, tile + 2 * FRAME, RED if wrong else (225, 225, 225))
        sheet.draw(x, y, pixels[index * side * side : (index + 1) * side * side], side)
        text = y + tile + FRAME + 8
        sheet.write(x, text, CLASSES[predictions[index]], RED if wrong else INK, 2)
        sheet.write(x, text + 2 * LETTER_HEIGHT + 2, CLASSES[labels[index]], GREY, 2)
    with open(options.out, "wb") as file:
        file.write(sheet.png())


if __name__ == "__main__":
    main()
