#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long does a training step take, beside PyTorch, on the same cores with the same weights and samples?

A step is a batch forward, cross entropy, backward, and an update by SGD with momentum and weight decay: cnnc's is
NAME_train_step of the compiled library, PyTorch's is eager mode, from bench/torch_networks.py. Both start from the same
random weights, and the losses of the first three steps must agree: the later ones depend on the updates. Then they are
timed in turn (bench/timing.py). Samples are random and stay in memory.

Needs the packages of `scripts/install-packages --bench` and a built cnnc; use an optimized build. Without NETWORK,
compare_speed.py measures this, too.

usage: compare_training.py [NETWORK...] [--batch N...] [--threads N...] [--cpus N...] [--turns N] [--seconds N]
                           [--json FILE] [--markdown FILE] [--plot FILE.svg]
"""
import argparse
import json
import pathlib
import sys

import compiled_network
import numpy
import speed_report
import timing
import torch
import torch_networks

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "test/support"))
import random_weights  # noqa: E402

SOURCES = {"lenet5": compiled_network.source_of("lenet5"), "resnet18": ROOT / "bench/resnet18_training.cnn"}
DECAY = {"lenet5": 5e-4, "resnet18": 1e-4}  # as in the sources
CLASSES = {"lenet5": 10, "resnet18": 1000}
DEFAULT = {"lenet5": [64], "resnet18": [32]}
RATE, MOMENTUM = 0.001, 0.9
# Of the losses of the first steps, relative: rounding grows with the updates.
TOLERANCES = [1e-5, 1e-4, 1e-4]


class Cnnc:
    name, version = "cnnc", ""

    def __init__(self, name, weights, folder):
        self.network = compiled_network.CompiledNetwork(folder)
        self.network.set_weights(weights)

    def step(self, images, labels):
        return self.network.train_step(images, labels, RATE)


class PyTorch:
    name = "PyTorch"

    def __init__(self, name, weights, threads):
        self.version = torch_networks.version()
        torch.set_num_threads(threads)
        self.network = torch_networks.NETWORKS[name]
        # Running statistics are updated by batch_norm itself.
        self.tensors = [(path, torch.from_numpy(array.copy()).requires_grad_(not path.endswith((".mean", ".variance"))))
                        for path, array in weights]  # fmt: skip
        parameters = [tensor for _, tensor in self.tensors if tensor.requires_grad]
        self.optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM, weight_decay=DECAY[name])

    def step(self, images, labels):
        self.optimizer.zero_grad(set_to_none=True)
        scores = self.network(torch.from_numpy(images), torch_networks.Weights(self.tensors, training=True))
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels).long())
        loss.backward()
        self.optimizer.step()
        return loss.item()


def measure(name, batch, options):
    """In a process of its own: the times and the versions."""
    threads = timing.start_threads(options)
    header = timing.run([options.cnnc, "build", SOURCES[name], "--emit=header"])
    random = numpy.random.RandomState(1)
    weights = random_weights.random_weights(header, random)
    ((_, images),) = random_weights.random_samples(header, random, batch)
    labels = random.randint(0, CLASSES[name], batch).astype(numpy.int32)
    if not (options.one / "out").exists():
        timing.run([options.cnnc, "build", SOURCES[name], "-o", options.one / "out"])
    systems = [Cnnc(name, weights, options.one / "out"), PyTorch(name, weights, threads)]
    for step, tolerance in enumerate(TOLERANCES, 1):
        own, other = (system.step(images, labels) for system in systems)
        if not abs(own - other) <= tolerance * abs(other):
            sys.exit(f"compare_training.py: {name}: the loss of step {step} is {own}, but {other} with PyTorch")
    times = timing.take_turns({system.name: lambda system=system: system.step(images, labels) for system in systems},
                              options)  # fmt: skip
    return {"seconds": times, "versions": {system.name: system.version for system in systems if system.version}}


def measure_all(networks, report, options):
    """`networks`: name -> batches."""

    def operations_of(name):
        macs, first = timing.count_multiply_adds(options, SOURCES[name])
        # Backward has two products of the size of the forward one in each layer; the first needs no input gradient.
        return 2 * (3 * macs - first)

    timing.measure_all(__file__, "training", networks, operations_of, report, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="default: " + " ".join(DEFAULT))
    parser.add_argument("--batch", type=int, nargs="+", help=f"default: {DEFAULT}")
    timing.add_options(parser)
    speed_report.add_options(parser)
    options = parser.parse_args()
    speed_report.check_options(parser, options)
    if options.read:
        return speed_report.Report.read(options.read).write(options)
    timing.check_options(parser, options)
    for name in options.networks:
        if name not in DEFAULT:
            parser.error(f"there is no training of {name}, but of: {', '.join(DEFAULT)}")
    if options.one:
        return print(json.dumps(measure(options.networks[0], options.batch[0], options)))

    report = speed_report.Report(options)
    measure_all({name: options.batch or DEFAULT[name] for name in options.networks or DEFAULT}, report, options)
    report.write(options)


if __name__ == "__main__":
    main()
