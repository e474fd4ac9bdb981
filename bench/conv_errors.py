#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far the algorithms of convolutions are from the exact result, on ordinary values and on unkind ones.

Winograd's algorithms compute differences of sums: numbers that are larger than what is left of them in the end. Every
algorithm of cnnc (--conv-algorithm) computes the same convolution here, in f32, and numpy computes it in f64.

Needs numpy and a built cnnc.

usage: conv_errors.py [--seed N] [--markdown FILE]
"""
import argparse
import datetime
import pathlib
import sys
import tempfile
import textwrap

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench")]
from compiled_network import CompiledNetwork  # noqa: E402
import speed_report  # noqa: E402
import timing  # noqa: E402

# And by two of them with the operands stored in bf16.
ALGORITHMS = {name: [f"--conv-algorithm={name}"] for name in ("direct", "winograd2", "winograd4")}
ALGORITHMS["bf16"] = ["--conv-algorithm=direct", "--precision=bf16"]
ALGORITHMS["bf16 winograd2"] = ["--conv-algorithm=winograd2", "--precision=bf16"]
# Channels, of the input and the output; their sizes; the size of the kernel in each dimension.
LAYERS = [(64, (56, 56), 3), (512, (14, 14), 3), (128, (8, 28, 28), 3), (48, (28, 28), 5)]
SOURCE = "net Layer(x: f32[{x}]) -> (y: f32[{x}]) {{ y = x |> conv({c}, {kernel}, pad = {pad}, bias = off) }}\n"
# The transform of F(4x4, 3x3) makes the most of this: its first row is 4, 0, -5, 0, 1.
RESONANT = numpy.array([1, 0, -1, 0])
INTRODUCTION = """\
How far the algorithms of convolutions (`--conv-algorithm`) are from the exact result, which numpy computes in f64
from the same f32 values. This page is made by a command, of which it shows one run:

    {command}

Three numbers for each algorithm: the largest error (*max*) and the root of the mean square of all errors (*rms*), both
relative to the largest magnitude of the exact result; and the largest error of an output relative to the sum of the
magnitudes of the products that it is the sum of (*of sum*). The last says whether an output is as exact as its own
operands allow: a rounding of f32 is 6e-8 of it. `--fp-contract=strict` compiles what is called direct here.

`--conv-algorithm=auto`, the default, chooses for each layer by time, not by values. What to know:

- `winograd2` is about as exact as `direct`, or more so, because its sums are shorter. `winograd4` errs up to eight times
  as much as `direct` on values of one magnitude, 2e-5 of the largest output; on a pattern that its transform enlarges as
  far as it can, thirty times as much.
- **Values of very different magnitudes, close together**: `winograd4` computes a tile of 4x4 outputs from 6x6 inputs, and
  what it loses is relative to the largest of these, even for an output that the large value has no part in. With one
  10,000 among values near 1 such an output is wrong in its third or fourth digit. `winograd2` loses a tenth to
  a fiftieth of that. An infinity or a NaN spreads over the whole tile.
- Kernels of 5x5: `winograd2` computes a tile of 2x2 outputs from 6x6 inputs, as `winograd4` does for 3x3, and errs up to
  five times as much as `direct`. There is no `winograd4` for them.
- Volumes: slices of the input are transformed, and those that a kernel covers are added up. Errors are those of images with
  as many products in a sum.
- Denormal numbers lose more digits with `winograd4`, whose coefficients reach down to 1/24.
- What is large and nearly constant, or cancels, is no worse with Winograd's algorithms than without.

Where this matters, `--conv-algorithm=direct` or `--fp-contract=strict`, for `cnnc build`, `run` and `profile`, computes
every output from its own operands alone. `cnnc check` shows which layers are concerned.

In the column *bf16*, inputs and weights are stored in bf16 (`--precision=bf16`), and multiplied and added up in f32 as
`direct` does. Each is off by up to 2^-8, or 4e-3, of itself, whatever its magnitude, and an output by up to twice as
much of its sum. What is nearly constant loses what it is not: 1000 ± 1 becomes 1000. Denormal numbers are lost: bf16 has
few bits for them, and the instructions of AVX-512 BF16 take zeros. Over a network these errors average out more than
they add up: with random weights, outputs of the examples differ by 2e-3 (MobileNet) to 7e-3 (VGG-16) of the largest
(`bench/compare_networks.py --precision bf16`).

With AVX-512 BF16, `winograd2` for 3x3 multiplies pairs of bf16: transformed filters and inputs are rounded (*bf16 winograd2*). That
errs twice as much as *bf16* does. But what it loses is relative to the largest of the 4x4 inputs of a tile, so that beside
a value that is ten thousand times as large the others have no digits left; where this matters,
`--conv-algorithm=direct`.
"""
MEASURED = "Measured on {date}, {cpu}, cnnc {version}, numpy {numpy}, random numbers of seed {seed}."


def make_ranges(random, channels, sizes, kernel):
    """Pairs of input and weights, by what they are."""
    shape, weight = (channels, *sizes), (channels, channels, *[kernel] * len(sizes))
    scale = 1 / numpy.sqrt(kernel ** len(sizes) * channels)
    normal = scale * random.standard_normal(weight)
    positive = 2 * scale * random.random(weight)
    places = numpy.indices(sizes)
    rows, columns = places[-2:]
    checkered = (1 - 2 * (places.sum(axis=0) % 2)) * (1 + 1e-3 * random.standard_normal(shape))
    outliers = random.standard_normal(shape)
    outliers[0, ..., ::4, ::4] = 1e4
    waves = RESONANT[rows % 4] * RESONANT[columns % 4]
    return {
        "normal": (random.standard_normal(shape), normal),
        "from 0 to 1, all positive": (random.random(shape), positive),
        "1000 ± 1": (1000 + random.uniform(-1, 1, shape), normal),
        "signs of a checkerboard, which cancel": (checkered, positive),
        "from 1e-3 to 1e3": (10 ** random.uniform(-3, 3, shape) * random.choice([-1, 1], shape), normal),
        "normal, one 10,000 in each tile": (outliers, normal),
        "1, 0, -1, 0, .., which F(4x4) enlarges": (waves + 1e-3 * random.standard_normal(shape), normal),
        "denormal, 1e-40": (1e-40 * random.standard_normal(shape), normal / scale),
    }  # fmt: skip


def convolve(x, w):
    """In f64: the result, and the sums of the magnitudes of its products."""
    sizes, kernel = x.shape[1:], w.shape[2:]
    result = []
    for of in (lambda values: values, numpy.abs):
        padded = numpy.pad(of(x.astype(numpy.float64)), [(0, 0)] + [(size // 2, size // 2) for size in kernel])
        weight = of(w.astype(numpy.float64))
        total = 0
        for place in numpy.ndindex(kernel):
            read = tuple(slice(start, start + size) for start, size in zip(place, sizes))
            total = total + numpy.tensordot(weight[(..., *place)], padded[(slice(None), *read)], 1)
        result.append(total)
    return result


def measure(library, x, w, exact, magnitudes):
    library.set_weights([("conv1.weight", w)])
    y, _ = library.infer(x[None], exact.size)
    error = numpy.abs(y.reshape(exact.shape) - exact)
    largest = numpy.abs(exact).max()
    return [error.max() / largest, numpy.sqrt((error**2).mean()) / largest, (error / magnitudes).max()]


def algorithms_of(kernel):
    """Those that there are for this kernel. In bf16, winograd2 is another one for 3x3 alone."""
    return {name: arguments for name, arguments in ALGORITHMS.items()
            if kernel == 3 or name not in ("winograd4", "bf16 winograd2")}  # fmt: skip


def compare(channels, sizes, kernel, options):
    """The errors of each algorithm, by range."""
    with tempfile.TemporaryDirectory(prefix="conv_errors.") as folder:
        folder = pathlib.Path(folder)
        window = "x".join([str(kernel)] * len(sizes))
        source = SOURCE.format(x=", ".join(map(str, (channels, *sizes))), c=channels, kernel=window, pad=kernel // 2)
        (folder / "layer.cnn").write_text(source)
        libraries = {}
        for algorithm, arguments in algorithms_of(kernel).items():
            timing.run([options.cnnc, "build", folder / "layer.cnn", *arguments, "-o", folder / algorithm])
            libraries[algorithm] = CompiledNetwork(folder / algorithm)
        random = numpy.random.RandomState(options.seed)
        found = {}
        for name, (x, w) in make_ranges(random, channels, sizes, kernel).items():
            x, w = x.astype(numpy.float32), w.astype(numpy.float32)
            exact, magnitudes = convolve(x, w)
            found[name] = [measure(library, x, w, exact, magnitudes) for library in libraries.values()]
        return found


def table_of(found, algorithms):
    """Of all algorithms: the largest error, its root of the mean square, the largest of the sum."""
    lines = ["| input | " + " | ".join(f"{algorithm}: max | rms | of sum" for algorithm in algorithms) + " |",
             "|---|" + "--:|--:|--:|" * len(algorithms)]  # fmt: skip
    for name, errors in found.items():
        lines.append(f"| {name} | " + " | ".join(f"{value:.1e}" for values in errors for value in values) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cnnc", type=pathlib.Path, default=ROOT / "build/bin/cnnc")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="write a page")
    options = parser.parse_args()
    options.cnnc = options.cnnc.resolve()
    sections = []
    for channels, sizes, kernel in LAYERS:
        title = f"## {channels} channels of {'x'.join(map(str, sizes))}, {'x'.join([str(kernel)] * len(sizes))}"
        table = table_of(compare(channels, sizes, kernel, options), algorithms_of(kernel))
        sections.append(f"{title}\n\n{table}\n")
        print(sections[-1], flush=True)
    if options.markdown:
        introduction = INTRODUCTION.format(command=speed_report.command())
        measured = MEASURED.format(date=datetime.date.today(), cpu=timing.describe_machine()["cpu"],
                                   version=timing.run([options.cnnc, "--version"]).split()[1],
                                   numpy=numpy.__version__, seed=options.seed)  # fmt: skip
        parts = ["# Errors of convolutions\n", introduction, textwrap.fill(measured, 120) + "\n", *sections]
        options.markdown.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
