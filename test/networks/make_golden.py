#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes golden.json: what PyTorch computes, in f64, for the small networks with the weights of random_weights.py.

    /usr/bin/python3 test/networks/make_golden.py CNNC     (Debian's python3-torch 1.13; only needed to remake the file)
"""
import json
import pathlib
import subprocess
import sys

import numpy
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "support"), str(HERE.parents[1] / "bench")]
import random_weights  # noqa: E402
from torch_networks import Weights, basic, bottleneck, conv, conv_bn, dense, inception, separable  # noqa: E402

SAMPLES = 3


def small_googlenet(x, w):
    def halve(x):
        return F.max_pool2d(x, 3, stride=2, ceil_mode=True)

    def norm(x):
        return F.local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=1.0)

    x = norm(halve(F.relu(conv(x, w, 10, 7, stride=2, padding=3))))
    x = F.relu(conv(x, w, 13, 1))
    x = halve(norm(F.relu(conv(x, w, 80, 3, padding=1))))
    x = inception(halve(inception(x, w, 6, 7, 9, 3, 5, 4)), w, 8, 5, 12, 4, 7, 6)
    return {"score": dense(x.mean((2, 3)), w, 9)}


def small_resnet(x, w):
    x = F.relu(conv_bn((x - 127) / 64, w, 11, 7, 2))
    x = F.max_pool2d(x, 3, stride=2, padding=1)
    x = bottleneck(bottleneck(bottleneck(x, w, 5, 1), w, 5, 1), w, 7, 2)
    features = basic(basic(x, w, 28, 1), w, 96, 2).mean((2, 3))
    return {"features": features, "score": dense(features, w, 7)}


def small_mobilenet(x, w):
    x = separable(F.relu(conv_bn(x, w, 6, 3, 2)), w, 16)
    return {"score": dense(separable(separable(x, w, 37, 2), w, 48).mean((2, 3)), w, 7)}


def small_c3d(x, w):
    x = F.max_pool3d(F.relu(conv(x, w, 5, 3, padding=1)), (1, 2, 2))
    x = F.max_pool3d(F.relu(conv(x, w, 18, 3, padding=1)), 2)
    x = F.max_pool3d(F.relu(conv(x, w, 33, 3, padding=1)), 2, ceil_mode=True)
    return {"score": dense(x.flatten(1), w, 7)}


def main():
    golden = {}
    for name, source, network in [("SmallGoogLeNet", "small_googlenet.cnn", small_googlenet),
                                  ("SmallResNet", "small_resnet.cnn", small_resnet),
                                  ("SmallMobileNet", "small_mobilenet.cnn", small_mobilenet),
                                  ("SmallC3D", "small_c3d.cnn", small_c3d)]:  # fmt: skip
        header = subprocess.run([sys.argv[1], "build", HERE / "Inputs" / source, "--emit=header"],
                                check=True, stdout=subprocess.PIPE, text=True).stdout  # fmt: skip
        weights = random_weights.random_weights(header, numpy.random.RandomState(1))
        ((_, images),) = random_weights.random_samples(header, numpy.random.RandomState(2), SAMPLES)
        tensors = Weights((path, torch.from_numpy(array).double()) for path, array in weights)
        outputs = network(torch.from_numpy(images).double(), tensors)
        tensors.finish()
        golden[name] = {output: [[float(f"{value:.10g}") for value in sample] for sample in tensor.tolist()]
                        for output, tensor in outputs.items()}  # fmt: skip
    (HERE / "Inputs/golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
