#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example networks with random weights: do cnnc's outputs agree with PyTorch's, and how long does cnnc compile?

For each network, weights are drawn (BatchNorm statistics and scales far from 0 and 1), written as safetensors, and the
same images go through
  1. PyTorch (bench/torch_networks.py), in f32,
  2. `cnnc run --weights ...`, on all threads,
  3. the library of `cnnc build --weights ...`, called through its C interface on one thread; its result must be that of
     `cnnc run` byte for byte.
The error is the largest difference from PyTorch's output, relative to the largest output. `each` is the largest
difference of an output relative to that output itself, and `f64` is PyTorch's own error in f32 against f64 (--double).
With --precision bf16, cnnc stores in bf16 what it can, and PyTorch stays in f32.

Needs the packages of `scripts/install-packages --bench` and a built cnnc. Exit code 1 if a network fails.

usage: compare_networks.py [--batch N] [--precision f32|bf16] [--tolerance T] [--double] [--time] [--seed N] [NETWORK...]
"""
import argparse
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench"), str(ROOT / "test/support")]
from compiled_network import CompiledNetwork, source_of  # noqa: E402
import random_weights  # noqa: E402
import torch_networks  # noqa: E402

# The limit of one compilation, in seconds.
COMPILE_LIMIT = 60
DEFAULT = ["lenet5", "resnet18", "googlenet", "vgg16", "resnet50", "mobilenet", "c3d"]
# Of the largest output. In bf16, every value that is stored is off by up to 2^-8 of itself.
TOLERANCE = {"f32": 1e-4, "bf16": 0.03}


def run(command):
    """Runs it, and answers the seconds that it took and those it worked."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"compare_networks.py: {' '.join(map(str, command))} ended with {done.returncode}:\n"
                 f"{done.stdout}{done.stderr}")  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(name, options, folder):
    source = source_of(name)
    random = numpy.random.RandomState(options.seed)
    run([options.cnnc, "build", source, "--emit=header", "-o", folder / "net.h"])
    header = (folder / "net.h").read_text()
    weights = random_weights.random_weights(header, random)
    ((_, images),) = random_weights.random_samples(header, random, options.batch)
    file = folder / "weights.safetensors"
    random_weights.write_weights(file, weights)
    numpy.save(folder / "images.npy", images)

    precision = ["--precision", options.precision]
    without_training = ["--inference"] if options.precision != "f32" else []
    compiled, worked = run([options.cnnc, "build", source, *without_training, *precision, "--weights", file, "-o",
                            folder / "out"])  # fmt: skip
    run([options.cnnc, "run", source, *precision, "--weights", file, "--input", folder / "images.npy", "-o",
         folder / "scores.npy"])  # fmt: skip
    scores = numpy.load(folder / "scores.npy")
    library = CompiledNetwork(folder / "out")
    library_scores, seconds = library.infer(images, scores.shape[1])
    if options.time:
        seconds = min(library.infer(images[:1].copy(), scores.shape[1])[1] for _ in range(5))

    expected = torch_networks.evaluate(name, weights, images)
    assert scores.shape == expected.shape and scores.dtype == expected.dtype, (scores.shape, scores.dtype)
    difference = numpy.abs(scores.astype(numpy.float64) - expected)
    error = difference.max() / numpy.abs(expected).max()
    each = (difference / numpy.abs(expected)).max()
    problems = []
    tolerance = options.tolerance or TOLERANCE[options.precision]
    if not error <= tolerance:
        problems.append(f"the error is above {tolerance:g}")
    if not numpy.array_equal(scores.view(numpy.int32), library_scores.view(numpy.int32)):
        problems.append("the library and 'cnnc run' differ")
    if compiled > COMPILE_LIMIT:
        problems.append(f"compiling takes more than {COMPILE_LIMIT} s")
    text = f"{name:10}  error {error:.1e}  each {each:.1e}  largest output {numpy.abs(expected).max():8.3g}"
    if options.double:
        exact = torch_networks.evaluate(name, weights, images, torch.float64)
        largest = numpy.abs(exact).max()
        text += f"  f64: cnnc {numpy.abs(scores - exact).max() / largest:.1e}"
        text += f" PyTorch {numpy.abs(expected - exact).max() / largest:.1e}"
    text += f"  compiled in {compiled:.1f} s ({worked:.1f} s of CPU)"
    if options.time:
        text += f"  one image {1e3 * seconds:7.2f} ms"
    print(text, "", "FAIL: " + ", ".join(problems) if problems else "pass", flush=True)
    return not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="default: " + " ".join(DEFAULT))
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--cnnc", type=pathlib.Path, default=ROOT / "build/bin/cnnc")
    parser.add_argument("--double", action="store_true", help="compare with PyTorch in f64, too")
    parser.add_argument("--precision", choices=list(TOLERANCE), default="f32", help="what cnnc stores (default: f32)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time", action="store_true", help="also measure one image on one thread, best of five")
    parser.add_argument("--tolerance", type=float, help="default: 1e-4 in f32, 0.03 in bf16")
    options = parser.parse_args()
    for name in options.networks:
        if name not in torch_networks.NETWORKS:
            parser.error(f"there is no network {name}, but: {', '.join(torch_networks.NETWORKS)}")
    options.cnnc = options.cnnc.resolve()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    passed = True
    for name in options.networks or DEFAULT:
        with tempfile.TemporaryDirectory(prefix="compare_networks.") as folder:
            passed &= compare(name, options, pathlib.Path(folder))
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
