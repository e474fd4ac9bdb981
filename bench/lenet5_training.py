#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seconds per training epoch of LeNet-5 on Fashion-MNIST: cnnc and PyTorch, side by side in one run.

The two systems take turns, and every turn is a process of its own, so that whatever else the machine does meets both.
Both report the time of each epoch themselves, without start-up, compilation and evaluation. Printed are the fastest
and the median epoch, and what part of the machine's measured peak (bench/peak.c) the fastest one reached.

Needs the packages of `scripts/install-packages --bench` and a built cnnc. Writes RESULT.json and RESULT.md.

usage: lenet5_training.py [--threads 1,2] [--turns N] [--epochs N] [--result build/bench/lenet5_training]
"""
import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import timing

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Multiply-accumulates of one image, forward (`cnnc check examples/lenet5/lenet5.cnn`), of which the first layer's:
FORWARD_MACS, FIRST_LAYER_MACS = 416_520, 117_600
# The backward pass has two products of the size of the forward one in each layer; the first needs no input gradient.
TRAINING_FLOPS = 2 * (3 * FORWARD_MACS - FIRST_LAYER_MACS) * 60_000


def fail(text):
    sys.exit(f"lenet5_training.py: {text}")


def run(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode:
        fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def measure_peak(threads, folder):
    program = folder / "peak"
    flags = ["-mprefer-vector-width=512"] if platform.machine() == "x86_64" else []
    run(["cc", "-O2", "-march=native", *flags, "-pthread", ROOT / "bench/peak.c", "-o", program])
    return json.loads(run([program, threads]))["gflops"]


def epochs_of_cnnc(options, threads, folder):
    metrics = folder / "metrics.jsonl"
    metrics.unlink(missing_ok=True)
    run([options.cnnc, "train", ROOT / "examples/lenet5/lenet5.cnn", "--data", options.data,
         "--epochs", options.epochs, "--threads", threads, "--metrics", metrics, "-o", folder / "lenet5.safetensors"],
        cwd=folder)  # fmt: skip
    return metrics.read_text()


def epochs_of_torch(options, threads, folder):
    return run([sys.executable, ROOT / "bench/lenet5_torch.py", "--data", options.data, "--epochs", options.epochs,
                "--threads", threads])  # fmt: skip


SYSTEMS = {"cnnc": epochs_of_cnnc, "PyTorch": epochs_of_torch}


def summarize(results):
    """One row per system and number of threads, from the single epochs."""
    rows = []
    for threads, peak in results["peak_gflops"].items():
        for system in SYSTEMS:
            seconds = [e["seconds"] for e in results["epochs"] if (e["system"], str(e["threads"])) == (system, threads)]
            fastest = min(seconds)
            gflops = TRAINING_FLOPS / fastest * 1e-9
            rows.append({"system": system, "threads": int(threads), "epochs": len(seconds), "min": fastest,
                         "median": statistics.median(seconds), "gflops": gflops, "of_peak": gflops / peak})  # fmt: skip
    return rows


def as_markdown(results):
    machine = results["machine"]
    peaks = ", ".join(f"{peak} GFLOP/s on {threads}" for threads, peak in results["peak_gflops"].items())
    lines = [
        f"LeNet-5, one epoch of Fashion-MNIST (60,000 images, batch 64), on {machine['cpu']}, {machine['cores']} cores.",
        f"Measured peak of f32 multiply-adds by threads: {peaks}. `bench/lenet5_training.py`, {results['date']}.",
        "",
        "| system | threads | epochs | fastest, s | median, s | images/s | GFLOP/s | of peak |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in results["rows"]:
        lines.append(
            f"| {row['system']} | {row['threads']} | {row['epochs']} | {row['min']:.2f} | {row['median']:.2f} "
            f"| {60_000 / row['min']:,.0f} | {row['gflops']:.1f} | {100 * row['of_peak']:.1f} % |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cnnc", type=pathlib.Path, default=ROOT / "build/bin/cnnc")
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, separated by commas")
    parser.add_argument("--turns", type=int, default=3, help="how often the systems take turns")
    parser.add_argument("--epochs", type=int, default=2, help="epochs in each turn")
    parser.add_argument("--result", type=pathlib.Path, default=ROOT / "build/bench/lenet5_training")
    options = parser.parse_args()
    if not options.cnnc.exists():
        fail(f"no compiler at '{options.cnnc}'; build it first")
    options.cnnc = options.cnnc.resolve()

    date = run(["date", "+%F"]).strip()
    results = {"date": date, "machine": timing.describe_machine(), "peak_gflops": {}, "epochs": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for threads in options.threads.split(","):
            results["peak_gflops"][threads] = measure_peak(threads, folder)
        for turn in range(1, options.turns + 1):
            for threads in options.threads.split(","):
                for system, epochs in SYSTEMS.items():
                    lines = [json.loads(line) for line in epochs(options, threads, folder).splitlines()]
                    times = ", ".join(f"{line['seconds']:.2f}" for line in lines)
                    print(f"turn {turn}: {system}, {threads} threads: {times} s", file=sys.stderr, flush=True)
                    for line in lines:
                        results["epochs"].append({"turn": turn, "system": system, "threads": int(threads)} | line)
    results["rows"] = summarize(results)

    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    options.result.with_suffix(".md").write_text(as_markdown(results))
    print(as_markdown(results), end="")


if __name__ == "__main__":
    main()
