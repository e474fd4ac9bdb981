#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How fast are the example networks beside ONNX Runtime, OpenVINO and PyTorch, on the same cores with the same weights?

For each network, batch and number of threads: the network is compiled by cnnc and, from bench/torch_networks.py, exported
to ONNX for the peers. All get the same random weights and images, and their outputs must agree. Then they are timed in
turn, one run of each after the other, so that whatever else happens on the machine happens to all; the processors are
those that --cpus lists. Minimum and median are printed, and the ratio of the minima. Beside them stands the machine's
peak, measured by `cnnc profile`.

The peers are installed with pip into a virtual environment of their own (--venv), once. Needs the packages of
`scripts/install-packages --bench` and a built cnnc; use an optimized build.

usage: compare_speed.py [--batch N...] [--threads N...] [--turns N] [--markdown FILE] [NETWORK...]
"""
import argparse
import ctypes
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ["onnxruntime", "openvino"]
DEFAULT = ["resnet18", "resnet50", "googlenet", "vgg16"]
TOLERANCE = 1e-4  # of the largest output


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

    def __init__(self, work, runtime, threads):
        import compiled_network

        self.version = "cnnc"
        assert runtime.cnn_set_threads(ctypes.c_int64(threads)) == 0
        self.network = compiled_network.CompiledNetwork(work.folder / "out")
        self.outputs = work.outputs

    def run(self, images):
        return self.network.infer(images, self.outputs)[0]


class OnnxRuntime:
    def __init__(self, work, runtime, threads):
        import onnxruntime

        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(work.onnx), options, providers=["CPUExecutionProvider"])

    def run(self, images):
        return self.session.run(None, {"image": images})[0]


class OpenVino:
    def __init__(self, work, runtime, threads):
        import openvino

        self.version = f"OpenVINO {openvino.__version__.split('-')[0]}"
        options = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32",
                   "PERFORMANCE_HINT": "LATENCY"}  # fmt: skip
        self.model = openvino.Core().compile_model(str(work.onnx), "CPU", options)

    def run(self, images):
        return self.model(images)[0]


class PyTorch:
    def __init__(self, work, runtime, threads):
        import torch

        self.version = f"PyTorch {torch.__version__}"
        torch.set_num_threads(threads)
        self.torch, self.network = torch, work.torch_network

    def run(self, images):
        with self.torch.no_grad():
            return self.network(self.torch.from_numpy(images)).numpy()


class Work:
    """One network with its weights, for everybody."""

    def __init__(self, name, batch, options, folder):
        import compare_networks
        import compiled_network
        import numpy
        import random_weights
        import torch
        import torch_networks

        self.folder, self.onnx = folder, folder / "net.onnx"
        source = compiled_network.source_of(name)
        random = numpy.random.RandomState(1)
        compare_networks.run([options.cnnc, "build", source, "--emit=header", "-o", folder / "net.h"])
        header = (folder / "net.h").read_text()
        weights = random_weights.random_weights(header, random)
        ((_, self.images),) = random_weights.random_samples(header, random, batch)
        random_weights.write_weights(folder / "weights.safetensors", weights)
        compare_networks.run([options.cnnc, "build", source, "--weights", folder / "weights.safetensors", "-o",
                              folder / "out"])  # fmt: skip

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
        with torch.no_grad():
            self.outputs = self.torch_network(images).shape[1]
            torch.onnx.export(self.torch_network, images, str(self.onnx), input_names=["image"], opset_version=13)


def measure(name, batch, threads, options, folder):
    import numpy

    # The runtime must be there before the library that looks for its threads.
    runtime = ctypes.CDLL(str(options.cnnc.parent.parent / "lib/libcnn_runtime.so"), mode=ctypes.RTLD_GLOBAL)
    work = Work(name, batch, options, folder)
    peers = [kind(work, runtime, threads) for kind in (Cnnc, OnnxRuntime, OpenVino, PyTorch)]
    outputs = [peer.run(work.images) for peer in peers]
    for peer, output in zip(peers[1:], outputs[1:]):
        error = numpy.abs(output - outputs[0]).max() / numpy.abs(outputs[0]).max()
        if not error <= TOLERANCE:
            sys.exit(f"compare_speed.py: {name}: {peer.version} differs from cnnc by {error:.1e} of the largest output")
    times = {peer.version: [] for peer in peers}
    begin = time.monotonic()
    while min(map(len, times.values())) < options.turns or time.monotonic() - begin < options.seconds:
        for peer in peers:
            start = time.perf_counter()
            peer.run(work.images)
            times[peer.version].append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="default: " + " ".join(DEFAULT))
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cpus", type=int, nargs="+", default=sorted(os.sched_getaffinity(0)))
    parser.add_argument("--turns", type=int, default=10, help="runs of each, at least")
    parser.add_argument("--seconds", type=float, default=10, help="of a measurement, at least")
    parser.add_argument("--cnnc", type=pathlib.Path, default=ROOT / "build/bin/cnnc")
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build/bench-venv")
    parser.add_argument("--markdown", type=pathlib.Path, help="write the table to this file, too")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)  # one measurement, as JSON
    options = parser.parse_args()
    options.cnnc = options.cnnc.resolve()
    sys.path += [str(ROOT / "bench"), str(ROOT / "test/support")]
    if options.one:
        os.sched_setaffinity(0, options.cpus[: options.threads[0]])
        with tempfile.TemporaryDirectory(prefix="compare_speed.") as folder:
            print(json.dumps(measure(options.networks[0], options.batch[0], options.threads[0], options,
                                     pathlib.Path(folder))))  # fmt: skip
        return
    enter_environment(options.venv)

    lines = [f"Measured on {datetime.date.today()} by `bench/compare_speed.py`; milliseconds, minimum (median); the "
             "ratio is that of cnnc's minimum to the peer's."]  # fmt: skip
    header = None
    for threads in options.threads:
        profile = subprocess.run([options.cnnc, "profile", ROOT / "examples/lenet5/lenet5.cnn", "--json", "-", "--runs",
                                  "1", "--threads", str(threads)], capture_output=True, check=True)  # fmt: skip
        machine = json.loads(profile.stdout)["machine"]
        lines.append(f"{threads} thread{'s' if threads > 1 else ''}: the machine's peak is "
                     f"{machine['flops'] * 1e-9:.0f} GFLOP/s.")  # fmt: skip
    for name in options.networks or DEFAULT:
        for batch in options.batch:
            for threads in options.threads:
                # In a process of its own: the peers' threads stay where they were made.
                done = subprocess.run([sys.executable, __file__, name, "--one", "--batch", str(batch), "--threads",
                                       str(threads), "--turns", str(options.turns), "--seconds", str(options.seconds),
                                       "--cnnc", options.cnnc, "--cpus", *map(str, options.cpus)],
                                      stdout=subprocess.PIPE, text=True)  # fmt: skip
                if done.returncode:
                    sys.exit(done.returncode)
                times = json.loads(done.stdout.splitlines()[-1])
                if not header:
                    header = list(times)
                    lines += ["", "| network | batch | threads | " + " | ".join(header) + " |",
                              "|---|---|---|" + "---|" * len(header)]  # fmt: skip
                    print("\n".join(lines), flush=True)
                own = min(times["cnnc"])
                cells = [f"{1e3 * min(values):.1f} ({1e3 * statistics.median(values):.1f})"
                         + (f", ratio {own / min(values):.2f}" if peer != "cnnc" else "")
                         for peer, values in times.items()]  # fmt: skip
                lines.append(f"| {name} | {batch} | {threads} | " + " | ".join(cells) + " |")
                print(lines[-1], flush=True)
    if options.markdown:
        options.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
