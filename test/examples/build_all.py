# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Builds every net of the examples for inference, and those that train for training, too; runs each once.

usage: build_all.py CNNC EXAMPLES OUT      exit code 1: one of them did not build or run; all have been tried
"""
import pathlib
import re
import subprocess
import sys


def succeeds(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        print(f"{' '.join(map(str, command))}: exit code {result.returncode}\n{result.stderr}", file=sys.stderr)
    return result.returncode == 0


def builds_and_runs(cnnc, model, out, trains):
    build = [cnnc, "build", model, "-o", out] + ([] if trains else ["--inference"])
    if not succeeds(*build):
        return False
    (library,) = out.glob("lib*.so")
    return succeeds(cnnc, "profile", library, "--runs", "1", *(["--train", "--batch", "2"] if trains else []))


def main():
    cnnc, examples, out = (pathlib.Path(argument) for argument in sys.argv[1:])
    failures = 0
    for model in sorted(examples.glob("*/*.cnn")):
        text = model.read_text()
        # Without a net it holds layers, which others import.
        kinds = [False] if re.search(r"^net\b", text, re.MULTILINE) else []
        if kinds and re.search(r"^train\b", text, re.MULTILINE):
            kinds.append(True)
        for trains in kinds:
            name = model.stem + ("-training" if trains else "")
            worked = builds_and_runs(cnnc, model, out / name, trains)
            print(name, "worked" if worked else "failed")
            failures += not worked
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
