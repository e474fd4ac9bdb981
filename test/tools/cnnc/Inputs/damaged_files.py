# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Damages each kind of file that cnnc reads, and checks that it is refused by name.
damaged_files.py FOLDER FORMAT

Damage is truncation at many bytes, bytes changed, and a wrong shape, type, name or length. What the readers say about a
file truncated at every single byte is tested without the command line, in test/runtime and test/backends.
"""
import atexit
import gzip
import json
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib

import cnnc_runs
from cnnc_runs import must_be_refused, must_succeed, require

SOURCE = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(SOURCE / "test/support"))
import numpy
import tensor_files

NET = """
net Small(image: u8[{channels}, 8, 8]) -> (score: f32[3]) {{
  score = image |> normalize(mean = 100.0, std = 50.0) |> flatten |> dense(3)
}}

data Samples {{
  image: u8[{channels}, 8, 8] = {source}("image")
  label: class[3] = {label}("{label_file}")
}}

train Small on Samples {{
  loss = cross_entropy(Small(image), label)
  metric = accuracy(Small(image), label)
  optimizer = sgd(rate = 0.1, momentum = 0.9)
  batch = 4
  epochs = 1
}}
"""


def write_model(folder, source, channels=1, label="idx", label_file="label"):
    text = NET.format(source=source, channels=channels, label=label, label_file=label_file)
    (folder / "small.cnn").write_text(text)


def write_data(folder, source):
    random = numpy.random.RandomState(0)
    images, labels = random.randint(0, 255, (12, 8, 8)), random.randint(0, 3, 12)
    if source == "idx":
        tensor_files.write_idx(folder / "image", images)
    else:
        with open(folder / "image", "wb") as file:
            numpy.save(file, images.astype(numpy.uint8))
    tensor_files.write_idx(folder / "label", labels)


def truncations(whole, count):
    """Lengths: inside the first word, all but a byte, and `count` between."""
    lengths = {3, len(whole) - 1} | {len(whole) * i // count for i in range(count)}
    return sorted(length for length in lengths if 0 <= length < len(whole))


def damage(folder, name, command, count, extra=(), output=(), may_have_more=False):
    """Refused when truncated, and as `extra`, (contents, words of the message), says."""
    whole = (folder / name).read_bytes()
    for path in output:
        (folder / path).write_bytes(b"what was there before")
    cases = [(whole[:length], []) for length in truncations(whole, count)] + list(extra)
    if not may_have_more:
        cases.append((whole + b"x", []))
    numbers = iter(range(len(cases)))

    def refuse(damaged, words):
        # Each case has a copy of the folder, so that they can run side by side.
        copy = folder.parent / f"{folder.name}-{next(numbers)}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / name).write_bytes(damaged)
        must_be_refused(copy, command, [name, *words])
        shutil.rmtree(copy)

    cnnc_runs.in_parallel(refuse, cases)


TRAIN = ["train", "small.cnn", "--quiet", "--threads", "1", "-o", "w.safetensors"]


def idx_header(*shape, kind=8):
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


def test_idx(folder):
    write_model(folder, "idx")
    write_data(folder, "idx")
    must_succeed(folder, *TRAIN)
    images = (folder / "image").read_bytes()
    data = images[16:]
    extra = [
        (b"\x01" + images[1:], ["not an IDX file"]),
        (idx_header(12, 8, 8, kind=0x0A) + data, ["not an IDX file"]),
        (idx_header(12, 8, 8, kind=0x0D) + data * 4, ["expected u8", "found f32"]),
        (idx_header(12, 8, 4) + data[: 12 * 32], ["expected u8[n, 1, 8, 8]", "found u8[12, 8, 4]"]),
        (idx_header(11, 8, 8) + data[: 11 * 64], ["label", "expected 11 samples", "found 12"]),
        (idx_header(0, 8, 8), []),
        (idx_header(0xFFFFFFFF, 8, 8) + data, []),
        (b"", []),
    ]
    damage(folder, "image", TRAIN, 3, extra, ["w.safetensors"])
    labels = (folder / "label").read_bytes()
    damage(folder, "label", TRAIN, 3, [(labels[:-1] + b"\x03", ["expected labels from 0 to 2, found 3"])])


def test_gzip(folder):
    write_model(folder, "idx")
    write_data(folder, "idx")
    whole = (folder / "image").read_bytes()
    packed = gzip.compress(whole, mtime=0)
    (folder / "image").write_bytes(packed)
    must_succeed(folder, *TRAIN)
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 4
    extra = [
        (bytes(flipped), []),
        (packed[:-8] + b"\0\0\0\0" + packed[-4:], ["damaged gzip data"]),
        (gzip.compress(whole[:-1]), ["truncated"]),
        (gzip.compress(whole + b"x"), ["found more"]),
        (packed + packed, []),
    ]
    damage(folder, "image", TRAIN, 3, extra, ["w.safetensors"])


def npy(header, data):
    header = header.encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + data


def test_npy(folder):
    write_model(folder, "npy")
    write_data(folder, "npy")
    must_succeed(folder, *TRAIN)
    whole = (folder / "image").read_bytes()
    data = whole[128:]
    form = "{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}"
    extra = [
        (b"\x92" + whole[1:], ["not"]),
        (whole[:6] + b"\x09" + whole[7:], []),
        (npy(form.format("<f4", "False", "(12, 8, 8)"), data * 4), ["expected u8", "found f32"]),
        (npy(form.format("|O", "False", "(12, 8, 8)"), data), []),
        (npy(form.format("|u1", "False", "(12, 8, 4)"), data), ["expected u8[n, 1, 8, 8]"]),
        (npy(form.format("|u1", "True", "(12, 8, 8)"), data), []),
        (npy(form.format("|u1", "False", "(13, 8, 8)"), data), ["truncated"]),
        (npy(form.format("|u1", "False", "(-12, 8, 8)"), data), []),
        (npy("{'descr': '|u1'}", data), []),
        (npy("not a dictionary", data), []),
    ]
    damage(folder, "image", TRAIN, 3, extra, ["w.safetensors"])


def test_samples(folder):
    """What `cnnc run` takes as its input."""
    write_model(folder, "npy")
    write_data(folder, "npy")
    command = ["run", "small.cnn", "--input", "image", "-o", "y.npy"]
    must_succeed(folder, *command)
    damage(folder, "image", command, 3, [(b"not an array at all", [])], ["y.npy"])


def png(width, height, rows, color=2, depth=8):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def images(folder, picture, name):
    """A folder of three classes, all of the same picture."""
    write_model(folder, "folder", channels=3, label="folder", label_file="image")
    for kind in ["a", "b", "c"]:
        (folder / "image" / kind).mkdir(parents=True)
        (folder / "image" / kind / name).write_bytes(picture)
    must_succeed(folder, *TRAIN)
    return f"image/b/{name}"


def test_png(folder):
    rows = bytes((7 * i) % 256 if i % 25 else 0 for i in range(8 * 25))
    whole = png(8, 8, rows)
    name = images(folder, whole, "x.png")
    broken = whole.replace(b"IDAT", b"IDAT", 1)
    at = broken.index(b"IDAT") + 10
    extra = [
        (broken[:at] + bytes([broken[at] ^ 1]) + broken[at + 1 :], ["damaged PNG"]),
        (png(8, 7, rows[: 7 * 25]), ["expected an image of 8 x 8", "found 7 x 8"]),
        (png(8, 8, rows[:100]), []),
        (png(0, 8, b""), []),
        (png(8, 8, rows, color=5), []),
        (png(0x7FFFFFFF, 0x7FFFFFFF, rows), []),
        (b"GIF89a", []),
        (b"", []),
    ]
    damage_image(folder, name, extra)


def test_jpeg(folder):
    whole = (SOURCE / "test/runtime/fuzz/corpus/image/rgb.jpg").read_bytes()
    name = images(folder, whole, "x.jpg")
    scan = whole.index(b"\xff\xda")
    extra = [
        (whole[:scan] + b"\xff\xd9", []),
        (whole[:2] + b"\xff\xd9", []),
        (whole[: scan + 20] + b"\xff\xd9", []),
        (b"\xff\xd8" + b"\0" * 100, []),
    ]
    damage_image(folder, name, extra)


def damage_image(folder, name, extra):
    # What follows the end of an image is no damage to it.
    damage(folder, name, TRAIN, 5, extra, ["w.safetensors"], may_have_more=True)


def read_weights(path):
    whole = path.read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8 : 8 + length])
    return header, whole[8 + length :]


def weights_file(header, data):
    """Without the checksum, as other programs write it."""
    text = json.dumps({key: value for key, value in header.items() if key != "__metadata__"}).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_weights(folder):
    write_model(folder, "idx")
    write_data(folder, "idx")
    must_succeed(folder, *TRAIN)
    header, data = read_weights(folder / "w.safetensors")
    whole = (folder / "w.safetensors").read_bytes()
    (folder / "w.safetensors").rename(folder / "v.safetensors")
    (folder / "v.safetensors").write_bytes(weights_file(header, data))
    (folder / "image.npy").write_bytes(b"")
    numpy.save(folder / "image.npy", numpy.zeros((2, 8, 8), numpy.uint8))
    commands = {
        "build": ["build", "small.cnn", "--weights", "v.safetensors", "-o", "."],
        "run": ["run", "small.cnn", "--weights", "v.safetensors", "--input", "image.npy", "-o", "y.npy"],
        "train": ["train", "small.cnn", "--quiet", "--weights", "v.safetensors", "-o", "w.safetensors"],
    }
    for command in commands.values():
        must_succeed(folder, *command)

    def changed(change):
        copy = json.loads(json.dumps(header))
        change(copy)
        return weights_file(copy, data)

    def rename(old, new):
        return lambda copy: copy.update({new: copy.pop(old)})

    def retype(copy):
        copy["dense1.bias"]["dtype"] = "I32"

    def reshape(copy):
        copy["dense1.weight"]["shape"] = copy["dense1.weight"]["shape"][::-1]

    extra_header = json.loads(json.dumps(header))
    extra_header["dense1.wieght"] = {"dtype": "U8", "shape": [1], "data_offsets": [len(data), len(data) + 1]}
    flipped = bytearray(whole)
    flipped[-3] ^= 1
    shape = str(header["dense1.weight"]["shape"])
    extra = [
        (bytes(flipped), ["damaged", "checksum"]),
        (changed(rename("dense1.bias", "dense1.bais")), ["dense1.bias", "is it what the file calls 'dense1.bais'?"]),
        (changed(rename("dense1.bias", "elsewhere")), ["dense1.bias"]),
        (weights_file(extra_header, data + b"x"), ["dense1.wieght", "did you mean 'dense1.weight'?"]),
        (changed(retype), ["dense1.bias", "F32", "I32"]),
        (changed(reshape), ["dense1.weight", shape, str(header["dense1.weight"]["shape"][::-1])]),
        (weights_file({}, b""), ["dense1.weight"]),
        (struct.pack("<Q", 1 << 60) + b"{}", []),
        (struct.pack("<Q", 4) + b"[[[[", []),
    ]
    damage(folder, "v.safetensors", commands["build"], 5, extra, ["libSmall.a", "libSmall.so", "Small.h", "Small.pc"])
    damage(folder, "v.safetensors", commands["run"], 2, extra[:4], ["y.npy"])
    damage(folder, "v.safetensors", commands["train"], 1, extra[:1], ["w.safetensors"])
    # About a file, so no place in the model is blamed.
    (folder / "v.safetensors").write_bytes(b"")
    for command in commands.values():
        text = must_be_refused(folder, command, ["v.safetensors"])
        require(text.startswith("cnnc: error: ") and "small.cnn" not in text, text)
    (folder / "v.safetensors").unlink()
    for command in commands.values():
        must_be_refused(folder, command, ["v.safetensors", "o such file"])


def test_checkpoint(folder):
    """A training that was stopped goes on from a sound checkpoint alone, and keeps its hands off a damaged one."""
    write_model(folder, "idx")
    write_data(folder, "idx")
    name = "w.safetensors.checkpoint"
    command = TRAIN + ["--epochs", "1000000"]
    training = subprocess.Popen(["cnnc", *command], cwd=folder, stderr=subprocess.DEVNULL)
    atexit.register(training.kill)
    deadline = time.time() + 120
    while not (folder / name).exists() and training.poll() is None and time.time() < deadline:
        time.sleep(0.02)
    # Not SIGINT, which is ignored where a script runs the tests in the background.
    training.send_signal(signal.SIGTERM)
    require(training.wait(timeout=60) == 1 and (folder / name).exists(), "no checkpoint after SIGTERM")
    whole = (folder / name).read_bytes()
    resume = TRAIN + ["--resume", "--epochs", "1000000"]
    flips = []
    for i in range(4):
        flipped = bytearray(whole)
        flipped[len(whole) * i // 4 + 5] ^= 1 << i
        flips.append((bytes(flipped), []))
    header, data = read_weights(folder / name)
    extra = flips + [(weights_file(header, data), ["not a checkpoint"]), (b"", ["truncated"])]
    damage(folder, name, resume, 5, extra, ["w.safetensors"])
    # The user is told what is left to do.
    (folder / name).write_bytes(whole[:-1])
    must_be_refused(folder, resume, ["the checkpoint is left as it is", "--restart starts over"])
    # One of another training.
    (folder / name).write_bytes(whole)
    text = (folder / "small.cnn").read_text()
    (folder / "small.cnn").write_text(text.replace("batch = 4", "batch = 3"))
    must_be_refused(folder, resume, [name, "another training", "expected batch 3, found 4"])
    # None at all is said, too.
    (folder / "small.cnn").write_text(text)
    (folder / name).unlink()
    must_be_refused(folder, resume, [name])


if __name__ == "__main__":
    globals()["test_" + sys.argv[2]](cnnc_runs.fresh_folder(sys.argv[1] + "/" + sys.argv[2]))
