#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the reference of the language with the compiler.

- Every module and fn of dsl/std/*.cnn stands in a block ```signature of docs/operators.md, with the same parameters, types
  and defaults, and nothing else does. Every const is named there.
- The keys of a train block in docs/language.md are those that the compiler lists.
- The sample of an error in docs/language.md is what the compiler says about test/dsl/errors/resnet.cnn.

usage: check_reference.py CNNC SOURCE      SOURCE: the root of the repository; exit code 0: all is right, 1: it is not
"""
import pathlib
import re
import subprocess
import sys
import tempfile

TRAIN = """net N(x: f32[1]) -> (y: f32[1]) { y = x }
data D { x: f32[1] = npy("x") }
train N on D { qqqqqqqq = 1 }
"""


def normalized(signature: str) -> str:
    return re.sub(r",\)", ")", re.sub(r"\s+", "", signature))


def closing(text: str, at: int) -> int:
    """Where the bracket at `at` is closed."""
    depth = 0
    for end in range(at, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return end + 1
    raise ValueError("a bracket is not closed")


def library(folder: pathlib.Path):
    """The signatures of the modules and functions, and the names of the constants."""
    signatures, constants = {}, set()
    for path in sorted(folder.glob("*.cnn")):
        text = path.read_text(encoding="utf-8")
        constants.update(re.findall(r"^const (\w+)", text, re.MULTILINE))
        for match in re.finditer(r"^(?:module|fn) (\w+)", text, re.MULTILINE):
            end = match.end()
            while text[end] == "(":
                end = closing(text, end)
            signatures[match[1]] = normalized(text[match.start(1) : end])
    return signatures, constants


def documented(text: str):
    found = {}
    for block in re.findall(r"^```signature\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        # What is indented goes on with the line before.
        for signature in re.sub(r"\n[ \t]+", " ", block).splitlines():
            found[re.match(r"\w*", signature)[0]] = normalized(signature)
    return found


def train_keys(cnnc: str):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "a.cnn").write_text(TRAIN, encoding="utf-8")
        run = subprocess.run([cnnc, "check", "a.cnn"], cwd=folder, capture_output=True, text=True, timeout=60)
    listed = re.search(r"help: there are (.*)", run.stderr)
    return set(listed[1].split(", ")) if listed else set()


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    cnnc, source = str(pathlib.Path(arguments[0]).resolve()), pathlib.Path(arguments[1])
    operators = (source / "docs/operators.md").read_text(encoding="utf-8")
    language = (source / "docs/language.md").read_text(encoding="utf-8")
    problems = []

    signatures, constants = library(source / "dsl/std")
    described = documented(operators)
    for name in sorted(signatures.keys() | described.keys()):
        if signatures.get(name) != described.get(name):
            problems.append(
                f"operators.md: '{name}':\n  library:  {signatures.get(name)}\n  document: {described.get(name)}"
            )
    problems += [f"operators.md: `{name}` is not described" for name in sorted(constants) if f"`{name}`" not in operators]

    table = language.split("| key | value | default |")[-1].split("\n\n")[0]
    in_table, in_compiler = set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)), train_keys(cnnc)
    if not in_compiler or in_table != in_compiler:
        problems.append(f"language.md: keys of a train block: {sorted(in_table)}, compiler: {sorted(in_compiler)}")

    sample = (source / "test/dsl/errors/resnet.expected").read_text(encoding="utf-8")
    if f"```\n{sample}```" not in language:
        problems.append("language.md: the sample of an error is not test/dsl/errors/resnet.expected")

    print("\n".join(problems) or f"{len(signatures)} names, {len(in_compiler)} keys")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
