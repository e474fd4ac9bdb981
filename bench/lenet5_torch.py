#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LeNet-5 on Fashion-MNIST in PyTorch, by the recipe of examples/lenet5/lenet5.cnn.

Written to be fast, so that the comparison is fair: the images stay in memory as bytes, a batch is one indexing
operation, and no metric is computed during training. Writes one JSON line per epoch, like `cnnc train --metrics`;
"seconds" is training alone, without the evaluation on the test images.

usage: lenet5_torch.py --data DIR [--epochs N] [--threads N] [--seed N]
"""
import argparse
import gzip
import json
import pathlib
import time

import numpy
import torch
from torch import nn


def read_idx(path):
    data = gzip.open(path).read()
    rank = data[3]
    shape = numpy.frombuffer(data, ">i4", rank, 4)
    return torch.from_numpy(numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape).copy())


def lenet5():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(),
        nn.Flatten(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip


def batch_of(images, index):
    return ((images[index].float() - 72.9) / 90.0).unsqueeze(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    images = read_idx(options.data / "train-images-idx3-ubyte.gz")
    labels = read_idx(options.data / "train-labels-idx1-ubyte.gz").long()
    test_images = read_idx(options.data / "t10k-images-idx3-ubyte.gz")
    test_labels = read_idx(options.data / "t10k-labels-idx1-ubyte.gz").long()
    net = lenet5()
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    rate = torch.optim.lr_scheduler.StepLR(optimizer, step_size=4, gamma=0.3)

    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        total = 0.0
        for index in torch.randperm(len(labels)).split(64):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(net(batch_of(images, index)), labels[index])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(index)
        rate.step()
        seconds = time.perf_counter() - start
        with torch.no_grad():
            right = sum(
                int((net(batch_of(test_images, index)).argmax(1) == test_labels[index]).sum())
                for index in torch.arange(len(test_labels)).split(1000)
            )
        line = {"epoch": epoch, "loss": total / len(labels), "test": {"accuracy": right / len(test_labels)}}
        print(json.dumps(line | {"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
