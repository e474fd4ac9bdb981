#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How fast are the example networks beside ONNX Runtime, OpenVINO and PyTorch, on the same cores with the same weights?

For each network and batch: the network is compiled by cnnc and, from bench/torch_networks.py, exported to ONNX for the
peers. All get the same random weights and images, and their outputs must agree. Then they are timed in turn
(bench/timing.py). Without NETWORK, the training steps of bench/compare_training.py follow.

Printed are minimum and median of each, the ratio of the minima, what part of the machine's peak cnnc reached, and the
ceilings of the machine, measured by `cnnc profile` in the same run. --json keeps every single time; --read takes them
from such a file instead of measuring, to make the page and the picture anew.

ONNX Runtime and OpenVINO are installed with pip into a virtual environment of their own (--venv), once. PyTorch is
Debian's, which computes convolutions with oneDNN: it stands for that library, too. Needs the packages of
`scripts/install-packages --bench` and a built cnnc; use an optimized build.

With --precision bf16, cnnc, OpenVINO and PyTorch store in bf16 what they can; cnnc in f32 runs beside them, and ONNX
Runtime, which has no such kernels for processors. Then outputs must agree with those in f32 within a few roundings, and
the error of each is printed.

usage: compare_speed.py [NETWORK...] [--batch N...] [--precision f32|bf16] [--threads N...] [--cpus N...] [--turns N] [--seconds N]
                        [--json FILE] [--markdown FILE] [--plot FILE.svg]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import warnings

import compiled_network
import speed_report
import timing

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ["onnxruntime", "openvino"]
# Batch 1 is the case of an application; 16, where there is more to do per weight, for three that differ in kind.
DEFAULT = {"lenet5": [1], "mobilenet": [1, 16], "googlenet": [1], "resnet18": [1, 16], "resnet50": [1, 16],
           "vgg16": [1], "c3d": [1]}  # fmt: skip
TOLERANCE = {"f32": 1e-4, "bf16": 0.03}  # of the largest output


def enter_environment(folder):
    """Starts this script again in the virtual environment, which is made if it is not there."""
    python = folder / "bin/python"
    if pathlib.Path(sys.prefix).resolve() == folder.resolve():
        return
    if not (folder / "complete").exists():
        print(f"compare_speed.py: installing {', '.join(PEERS)} into {folder}", file=sys.stderr)
        subprocess.run(["/usr/bin/python3", "-m", "venv", "--system-site-packages", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        (folder / "complete").touch()
    os.execv(python, [str(python), *sys.argv])


class Cnnc:
    """The library, through its C interface, with the runtime's threads."""

    name, version = "cnnc", ""

    def __init__(self, work, threads):
        self.network = compiled_network.CompiledNetwork(work.build(work.precision))
        self.outputs = work.outputs

    def run(self, images):
        return self.network.infer(images, self.outputs)[0]


class CnncInF32(Cnnc):
    name = "cnnc in f32"

    def __init__(self, work, threads):
        self.network = compiled_network.CompiledNetwork(work.build("f32"))
        self.outputs = work.outputs


class OnnxRuntime:
    name = "ONNX Runtime"

    def __init__(self, work, threads):
        import onnxruntime

        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(work.onnx), options, providers=["CPUExecutionProvider"])

    def run(self, images):
        return self.session.run(None, {"input": images})[0]


class OpenVino:
    name = "OpenVINO"

    def __init__(self, work, threads):
        import openvino

        self.version = openvino.__version__.split("-")[0]
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": work.precision,
                   "PERFORMANCE_HINT": "LATENCY"}  # fmt: skip
        self.model = openvino.Core().compile_model(str(work.onnx), "CPU", options)

    def run(self, images):
        return self.model(images)[0]


class PyTorch:
    name = "PyTorch"

    def __init__(self, work, threads):
        import torch
        import torch_networks

        self.version = torch_networks.version()
        torch.set_num_threads(threads)
        self.type = torch.bfloat16 if work.precision == "bf16" else torch.float32
        self.torch, self.network = torch, work.torch_network.to(self.type)

    def run(self, images):
        with self.torch.no_grad():
            return self.network(self.torch.from_numpy(images).to(self.type)).float().numpy()


class Work:
    """One network with its weights, for everybody. What takes time to make stays in the folder."""

    def __init__(self, name, batch, options, folder):
        import numpy
        import random_weights
        import torch
        import torch_networks

        source = compiled_network.source_of(name)
        self.folder, self.onnx = folder, folder / f"batch{batch}.onnx"
        header = timing.run([options.cnnc, "build", source, "--inference", "--emit=header"])
        random = numpy.random.RandomState(1)
        weights = random_weights.random_weights(header, random)
        ((_, self.images),) = random_weights.random_samples(header, random, batch)
        self.source, self.cnnc, self.precision = source, options.cnnc, options.precision
        if not (folder / "weights.safetensors").exists():
            random_weights.write_weights(folder / "weights.safetensors", weights)

        class Network(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.paths = [path for path, _ in weights]
                for number, (_, array) in enumerate(weights):
                    self.register_buffer(f"weight{number}", torch.from_numpy(array))

            def forward(self, image):
                tensors = [(path, getattr(self, f"weight{number}")) for number, path in enumerate(self.paths)]
                return torch_networks.NETWORKS[name](image, torch_networks.Weights(tensors))

        self.torch_network = Network().eval()
        images = torch.from_numpy(self.images)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the exporter does not optimize
            self.outputs = self.torch_network(images).shape[1]
            if not self.onnx.exists():
                torch.onnx.export(self.torch_network, images, str(self.onnx), input_names=["input"], opset_version=13)


    def build(self, precision):
        """The folder of the library."""
        out = self.folder / precision
        if not out.exists():
            timing.run([self.cnnc, "build", self.source, "--inference", "--precision", precision, "--weights",
                        self.folder / "weights.safetensors", "-o", out])  # fmt: skip
        return out


def measure(name, batch, options):
    """In a process of its own: the times and the versions."""
    import numpy

    threads = timing.start_threads(options)
    work = Work(name, batch, options, options.one)
    exact = [CnncInF32] if options.precision != "f32" else []
    peers = [kind(work, threads) for kind in (Cnnc, *exact, OnnxRuntime, OpenVino, PyTorch)]
    outputs = [peer.run(work.images) for peer in peers]
    reference = len(exact)
    for peer, output in zip(peers, outputs):
        error = numpy.abs(output - outputs[reference]).max() / numpy.abs(outputs[reference]).max()
        text = f"{name}: {peer.name} differs from {peers[reference].name} by {error:.1e} of the largest output"
        if not error <= TOLERANCE[options.precision]:
            sys.exit(f"compare_speed.py: {text}")
        if options.precision != "f32" and peer is not peers[reference]:
            print(text, file=sys.stderr)
    times = timing.take_turns({peer.name: lambda peer=peer: peer.run(work.images) for peer in peers}, options)
    return {"seconds": times, "versions": {peer.name: peer.version for peer in peers if peer.version}}


def measure_all(networks, report, options):
    """`networks`: name -> batches."""

    def operations_of(name):
        macs, _ = timing.count_multiply_adds(options, compiled_network.source_of(name))
        return 2 * macs

    timing.measure_all(__file__, "inference", networks, operations_of, report, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="default: " + " ".join(DEFAULT))
    parser.add_argument("--batch", type=int, nargs="+", help="default: 1, and of some networks 16")
    parser.add_argument("--precision", choices=list(TOLERANCE), default="f32", help="what is stored in (default: f32)")
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build/bench-venv")
    timing.add_options(parser)
    speed_report.add_options(parser)
    options = parser.parse_args()
    speed_report.check_options(parser, options)
    if options.read:
        return speed_report.Report.read(options.read).write(options)
    timing.check_options(parser, options)
    sys.path.append(str(ROOT / "test/support"))
    if options.one:
        return print(json.dumps(measure(options.networks[0], options.batch[0], options)))
    enter_environment(options.venv)

    import compare_training  # not above: it needs the environment

    report = speed_report.Report(options)
    networks = {name: options.batch or DEFAULT.get(name, [1]) for name in options.networks or DEFAULT}
    measure_all(networks, report, options)
    if not options.networks and options.precision == "f32":
        del options.precision  # training has none
        compare_training.measure_all(compare_training.DEFAULT, report, options)
    report.write(options)


if __name__ == "__main__":
    main()
