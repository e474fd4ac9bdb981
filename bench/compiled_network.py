# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example networks, compiled by cnnc, and what the libraries' C interface offers."""
import ctypes
import pathlib
import re
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {"vgg16": "vgg", "vgg19": "vgg"} | {f"resnet{depth}": "resnet" for depth in (18, 34, 50, 101, 152)}


def source_of(network):
    """The network's .cnn file."""
    return ROOT / "examples" / FOLDERS.get(network, network) / f"{network}.cnn"


def address_of(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class CompiledNetwork:
    """A library written by cnnc, through the functions that its header declares."""

    def __init__(self, folder):
        (header,) = folder.glob("*.h")
        self.name, self.header = header.stem, header.read_text()
        self.library = ctypes.CDLL(str(folder / f"lib{self.name}.so"))
        self.model, self.state, self.trainer = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        self.call("create", ctypes.byref(self.model))

    def call(self, function, *arguments):
        status = getattr(self.library, f"{self.name}_{function}")(*arguments)
        assert status == 0, f"{self.name}_{function} answered {status}"

    def infer(self, images, outputs):
        """The outputs, and the seconds of the call."""
        batch = ctypes.c_int64(len(images))
        if not self.state:
            self.call("run_create", self.model, batch, ctypes.byref(self.state))
        scores = numpy.empty((len(images), outputs), numpy.float32)
        begin = time.monotonic()
        self.call("infer", self.state, batch, address_of(images), address_of(scores))
        return scores, time.monotonic() - begin

    def set_weights(self, weights):
        """`weights`: (path, array)."""
        for path, array in weights:
            self.call("set_weight", self.model, path.encode(), address_of(array), ctypes.c_size_t(array.nbytes))

    def train_step(self, images, labels, rate):
        """The loss before the step."""
        batch = ctypes.c_int64(len(images))
        if not self.trainer:
            self.call("trainer_create", self.model, batch, ctypes.c_uint64(1), ctypes.byref(self.trainer))
            (step,) = re.findall(r"/\* One step on a batch.*?\*/", self.header, re.DOTALL)
            self.metrics = len(re.findall(r"^ \*   out_\w+  result", step, re.MULTILINE)) - 1
        loss = ctypes.c_float()
        self.call("train_step", self.trainer, batch, address_of(images), address_of(labels), ctypes.c_float(rate),
                  ctypes.byref(loss), *[None] * self.metrics)  # fmt: skip
        return loss.value
