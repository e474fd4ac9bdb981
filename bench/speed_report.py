# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the comparisons of speed have measured: printed while they run, kept as JSON, and made a page and a picture."""
import datetime
import json
import os
import pathlib
import platform
import shlex
import statistics
import sys
import textwrap

import timing

TITLES = {"inference": "Inference", "training": "Training steps"}
OWN = "cnnc"
# What stands from here on in a page is written by hand, and stays when the rest is measured anew.
KEPT = "\n## Scaling\n"
INTRODUCTION = """\
How fast compiled networks are beside ONNX Runtime, OpenVINO and PyTorch: {precision}, the same weights and samples, the
same processors. This page is made by a command, of which it shows one run:

    {command}

Outputs, and of training the losses of the first three steps, are compared before anything is timed. The systems then
take turns in one process that may use as many processors as there are threads, so that whatever else happens on the
machine happens to all of them. A time is that of one call with samples in memory, through each system's interface for
Python; it includes a few microseconds of Python. In every turn each system first runs once untimed, unless a run takes
longer than {long} s. PyTorch runs as it is, in eager mode: it computes most convolutions, and their gradients, with
oneDNN, and small ones of batch 1 as products of matrices, with the BLAS named below.
"""
MEASURED = "Measured on {date}, {cpu} with {cores} cores, of which {used} were used. {versions}."
READING = """\
Milliseconds: the minimum, in brackets the median, and the ratio of cnnc's minimum to the system's; below 1 cnnc is
faster. *Of peak*: the part of the machine's peak that cnnc reached, by the multiply-adds of the network's definition.
*Hand-over*: nanoseconds that a cache line took from one processor to the other, before and after the measurement
(`bench/handover.c`): more than 100 where they have no cache in common.
"""


def add_options(parser):
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="keep all times in this file")
    parser.add_argument("--read", type=pathlib.Path, metavar="FILE", help="measure nothing: take the times of --json")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE", help="write a page")
    parser.add_argument("--plot", type=pathlib.Path, metavar="FILE", help="write a picture, which the page shows")


def check_options(parser, options):
    for file in (options.json, options.markdown, options.plot):
        if file and not file.resolve().parent.is_dir():
            parser.error(f"there is no folder {file.resolve().parent}")
    if options.plot:
        try:
            import matplotlib  # noqa: F401
        except ImportError:
            parser.error("--plot needs matplotlib: scripts/install-packages --bench")


def milliseconds(seconds):
    """With three digits that count."""
    value = 1e3 * seconds
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def name_of(task, network, batch):
    return network + (f", batch {batch}" if batch > 1 else "") + (", training" if task == "training" else "")


def command():
    """The program as it was called, without what only says where things are on this machine."""
    words, skip = ["bench/" + pathlib.Path(sys.argv[0]).name], False
    for word in sys.argv[1:]:
        option, _, value = word.partition("=")
        if option in ("--cnnc", "--venv", "--json"):
            skip = not value
        elif skip:
            skip = False
        else:
            words.append(word)
    return shlex.join(words)


class Report:
    def __init__(self, options):
        self.results = {
            "date": str(datetime.date.today()), "command": command(), "used": max(options.threads),
            "precision": getattr(options, "precision", "f32"),
            "machine": timing.describe_machine() | {"system": platform.platform()},
            "ceilings": {},
            "versions": {OWN: timing.run([options.cnnc, "--version"]).split()[1]}, "measurements": [],
        }  # fmt: skip
        self.measure_ceilings(options)
        print("\n".join(self.ceilings()), flush=True)

    @classmethod
    def read(cls, file):
        report = cls.__new__(cls)
        report.results = json.loads(file.read_text())
        return report

    def measure_ceilings(self, options):
        """Keeps the greatest of what was measured, before and after the rest: a ceiling is never measured too high."""
        for threads in options.threads:
            now = timing.measure_ceilings(options, threads)
            before = self.results["ceilings"].setdefault(str(threads), now)
            before["flops"] = max(before["flops"], now["flops"])
            for level, other in zip(before["levels"], now["levels"]):
                level["bandwidth"] = max(level["bandwidth"], other["bandwidth"])

    def add(self, task, network, batch, threads, operations, measured):
        self.results["versions"] |= measured["versions"]
        measurement = {"task": task, "network": network, "batch": batch, "threads": threads, "operations": operations,
                       "seconds": measured["seconds"], "handover": measured["handover"]}  # fmt: skip
        previous = self.results["measurements"][-1:]
        self.results["measurements"].append(measurement)
        if not previous or previous[0]["task"] != task:
            print("\n" + "\n".join(self.header(measurement)))
        print(self.row(measurement), flush=True)

    def write(self, options):
        if not options.read:
            self.measure_ceilings(options)
        if options.json:
            options.json.write_text(json.dumps(self.results) + "\n")
        if options.plot:
            self.draw(options.plot)
        if options.markdown:
            picture = options.plot and os.path.relpath(options.plot.resolve(), options.markdown.resolve().parent)
            before = options.markdown.read_text() if options.markdown.exists() else ""
            kept = before[before.index(KEPT) :] if KEPT in before else ""
            options.markdown.write_text(self.page(picture) + kept)

    def tasks(self):
        """(task, its measurements), of those that were measured."""
        measurements = self.results["measurements"]
        for task in TITLES:
            if found := [one for one in measurements if one["task"] == task]:
                yield task, found

    def ceilings(self):
        all_levels = list(self.results["ceilings"].values())
        names = [level["name"] for level in all_levels[0]["levels"]]
        lines = ["| threads | peak, GFLOP/s | " + " | ".join(f"{name}, GB/s" for name in names) + " |",
                 "|--:|--:|" + "--:|" * len(names)]  # fmt: skip
        for threads, machine in self.results["ceilings"].items():
            cells = [f"{machine['flops'] * 1e-9:.0f}"]
            cells += [f"{level['bandwidth'] * 1e-9:.1f}" for level in machine["levels"]]
            lines.append(f"| {threads} | " + " | ".join(cells) + " |")
        return lines

    @staticmethod
    def header(measurement):
        systems = list(measurement["seconds"])
        titles = ["network", "batch", "threads", "hand-over", systems[0], "of peak", *systems[1:]]
        return ["| " + " | ".join(titles) + " |", "|---|" + "--:|" * (len(titles) - 1)]

    def row(self, measurement):
        threads = measurement["threads"]
        own = min(measurement["seconds"][OWN])
        peak = self.results["ceilings"][str(threads)]["flops"]
        cells = [measurement["network"], str(measurement["batch"]), str(threads)]
        cells.append(", ".join(str(each) for each in measurement.get("handover", []) if each is not None))
        for system, seconds in measurement["seconds"].items():
            cell = f"{milliseconds(min(seconds))} ({milliseconds(statistics.median(seconds))})"
            if system == OWN:
                cells += [cell, f"{measurement['operations'] / own / peak:.0%}"]
            else:
                cells.append(f"{cell}, {own / min(seconds):.2f}")
        return "| " + " | ".join(cells) + " |"

    def page(self, picture):
        results = self.results
        versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
        measured = MEASURED.format(**results | results["machine"] | {"versions": versions})
        precision = results.get("precision", "f32")
        introduction = INTRODUCTION.format(command=results["command"], precision=precision, long=timing.LONG)
        lines = ["# Speed", "", introduction, textwrap.fill(measured, 120), ""]
        if picture:
            lines += [f"![Time of each system relative to cnnc's, by network and number of threads]({picture})", ""]
        lines += ["## The machine", "", "Measured by `cnnc profile` on the same processors, before and after the rest, "
                  "of which the greater counts:\nmultiply-adds in registers, and reading from the caches and from "
                  "memory.", "", *self.ceilings(), ""]  # fmt: skip
        for i, (task, measurements) in enumerate(self.tasks()):
            lines += [f"## {TITLES[task]}", ""] + ([READING] if i == 0 else [])
            lines += [*self.header(measurements[0]), *map(self.row, measurements), ""]
        return "\n".join(lines).rstrip("\n") + "\n"

    def draw(self, file):
        """A bar for each system: how much longer than cnnc it takes. The same results give the same file."""
        import matplotlib

        matplotlib.use("svg")
        matplotlib.rcParams.update({"svg.hashsalt": "cnnc", "svg.fonttype": "none", "font.size": 9})
        from matplotlib import pyplot, ticker

        rows = {}  # (task, network, batch) -> threads -> system -> ratio
        for one in self.results["measurements"]:
            ratios = {system: min(seconds) / min(one["seconds"][OWN]) for system, seconds in one["seconds"].items()}
            rows.setdefault((one["task"], one["network"], one["batch"]), {})[one["threads"]] = ratios
        threads = list(map(int, self.results["ceilings"]))
        systems = list(dict.fromkeys(system for row in rows.values() for ratios in row.values() for system in ratios
                                     if system != OWN))  # fmt: skip
        every = [ratio for row in rows.values() for ratios in row.values() for ratio in ratios.values()]
        figure, axes = pyplot.subplots(1, len(threads), sharey=True, squeeze=False, layout="constrained",
                                       figsize=(1.6 + 3.7 * len(threads), 0.9 + 0.5 * len(rows)))  # fmt: skip
        height = 0.8 / len(systems)
        colours = dict(zip(systems, ["#3182bd", "#9ecae1", "#e6550d", "#fdae6b"]))
        for count, axis in zip(threads, axes[0]):
            for position, row in enumerate(rows.values()):
                present = [system for system in systems if system in row.get(count, {})]
                for i, system in enumerate(present):
                    ratio = row[count][system]
                    y = position + (i - (len(present) - 1) / 2) * height
                    axis.barh(y, ratio - 1, height, left=1, color=colours[system])
                    side, offset = ("left", 3) if ratio >= 1 else ("right", -3)
                    axis.annotate(f"{ratio:.3g}", (ratio, y), xytext=(offset, 0), textcoords="offset points",
                                  fontsize=6, va="center", ha=side)  # fmt: skip
            axis.axvline(1, color="black", linewidth=0.8)
            axis.set_xscale("log", base=2)
            axis.set_xlim(min(every) / 1.35, max(every) * 1.35)
            axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_title(f"{count} thread" + "s" * (count > 1), fontsize=9)
            axis.set_xlabel("time in units of cnnc's; right of 1: cnnc is faster")
            axis.spines[["top", "right"]].set_visible(False)
        axes[0][0].set_yticks(range(len(rows)), [name_of(*row) for row in rows])
        axes[0][0].invert_yaxis()
        handles = [pyplot.Rectangle((0, 0), 1, 1, color=colours[system]) for system in systems]
        place = {"loc": "lower left", "bbox_to_anchor": (0, 1.03)}
        axes[0][0].legend(handles, systems, ncols=len(systems), frameon=False, **place)
        figure.savefig(file, metadata={"Date": None, "Creator": "bench/compare_speed.py"})
