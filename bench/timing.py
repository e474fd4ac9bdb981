# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the comparisons measure: all systems on the same processors, in turn, each measurement in a process of its own.

In a turn every system runs for some time, one after the other, so that whatever else happens on the machine happens to
all. Before that there is a pause, in which the threads of the one before stop waiting for more work, and a run that is
not counted, which brings weights back into the caches and wakes threads up.
"""
import argparse
import ctypes
import itertools
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAUSE = 0.02  # seconds
RUN_TIME = 0.1  # seconds, of a system in one turn
LONG = 0.2  # seconds: after such a run, what it had to warm up does not matter
MOST_RUNS = 100  # of a system in one turn


def add_options(parser):
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cpus", type=int, nargs="+", default=sorted(os.sched_getaffinity(0)),
                        help="the processors; so many of them as there are threads are used")  # fmt: skip
    parser.add_argument("--turns", type=int, default=10, help="at least so many in a measurement")
    parser.add_argument("--seconds", type=float, default=10, help="of a measurement, at least")
    parser.add_argument("--cnnc", type=pathlib.Path, default=ROOT / "build/bin/cnnc")
    parser.add_argument("--one", type=pathlib.Path, metavar="FOLDER", help=argparse.SUPPRESS)  # one measurement


def check_options(parser, options):
    if not options.cnnc.exists():
        parser.error(f"there is no compiler at {options.cnnc}: build it, or say --cnnc")
    if max(options.threads) > len(options.cpus):
        parser.error(f"{max(options.threads)} threads need as many processors, but --cpus has {len(options.cpus)}")
    options.cnnc = options.cnnc.resolve()


def run(command):
    """Its standard output."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def describe_machine():
    info = pathlib.Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    models = re.findall(r"^model name\s*: (.*)$", info, re.MULTILINE)
    return {"cpu": models[0] if models else platform.machine(), "cores": os.cpu_count()}


def measure_ceilings(options, threads):
    """What cnnc profile says about the machine: `flops` in a second, and `levels` with their `name` and `bandwidth`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, options.cpus[:threads])
    text = run([options.cnnc, "profile", ROOT / "examples/lenet5/lenet5.cnn", "--runs", 1, "--threads", threads,
                "--json", "-"])  # fmt: skip
    os.sched_setaffinity(0, before)
    return json.loads(text)["machine"]


def measure_handover(options, threads, program):
    """Nanoseconds from the first of the processors to the last of those that so many threads use; None for one."""
    return int(run([program, options.cpus[0], options.cpus[threads - 1]])) if threads > 1 else None


def count_multiply_adds(options, source):
    """Of one sample: of the whole network, and of its first layer that has any."""
    counts = re.findall(r"^  (\S+) .* ([\d,]+)$", run([options.cnnc, "check", source]), re.MULTILINE)
    counts = [(layer, int(count.replace(",", ""))) for layer, count in counts]
    assert counts[-1][0] == "total", counts
    return counts[-1][1], counts[0][1]


def measure_apart(script, name, batch, threads, options, folder):
    """What `script --one` prints: a process of its own, because the systems' threads stay where they were made."""
    done = subprocess.run([sys.executable, script, name, "--one", folder, "--batch", str(batch), "--threads",
                           str(threads), "--turns", str(options.turns), "--seconds", str(options.seconds), "--cnnc",
                           options.cnnc, "--cpus", *map(str, options.cpus),
                           *(["--precision", options.precision] if "precision" in options else [])],
                          stdout=subprocess.PIPE, text=True)  # fmt: skip
    if done.returncode:
        sys.exit(done.returncode)
    return json.loads(done.stdout.splitlines()[-1])


def measure_all(script, kind, networks, operations_of, report, options):
    """Each network with each of its batches and numbers of threads. `networks`: name -> batches; `operations_of` answers
    how many a sample takes."""
    with tempfile.TemporaryDirectory(prefix=pathlib.Path(script).stem + ".") as tools:
        handover = pathlib.Path(tools) / "handover"
        run(["cc", "-O2", "-pthread", ROOT / "bench/handover.c", "-o", handover])
        for name, batches in networks.items():
            operations = operations_of(name)
            with tempfile.TemporaryDirectory(prefix=pathlib.Path(script).stem + ".") as folder:
                for batch, threads in itertools.product(batches, options.threads):
                    before = measure_handover(options, threads, handover)
                    measured = measure_apart(script, name, batch, threads, options, folder)
                    measured["handover"] = [before, measure_handover(options, threads, handover)]
                    report.add(kind, name, batch, threads, operations * batch, measured)


def start_threads(options):
    """In a process of its own: takes its processors, and the runtime before there is a library that looks for it."""
    (threads,) = options.threads
    os.sched_setaffinity(0, options.cpus[:threads])
    runtime = ctypes.CDLL(str(options.cnnc.parent.parent / "lib/libcnn_runtime.so"), mode=ctypes.RTLD_GLOBAL)
    assert runtime.cnn_set_threads(ctypes.c_int64(threads)) == 0
    return threads


def take_turns(systems, options):
    """`systems`: name -> what runs it. The seconds of their runs, by name."""
    times = {name: [] for name in systems}

    def measure(name):
        start = time.perf_counter()
        systems[name]()
        return time.perf_counter() - start

    turns, begin = 0, time.monotonic()
    while turns < options.turns or time.monotonic() - begin < options.seconds:
        turns += 1
        for name, seconds in times.items():
            time.sleep(PAUSE)
            if not seconds or seconds[-1] < LONG:
                measure(name)
            start, runs = time.monotonic(), 0
            while not runs or (runs < MOST_RUNS and time.monotonic() - start < RUN_TIME):
                seconds.append(measure(name))
                runs += 1
    return times
