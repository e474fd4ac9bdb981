#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the examples of the documentation.

Every block ```cnn of the given Markdown files is written to a file of its own and must pass `cnnc check` and
`cnnc fmt --check`. A block ```cnn file=NAME is written as NAME, for other examples to import; a block ```cnn unformatted
shows what the formatter would change.

usage: check_examples.py CNNC MARKDOWN...      exit code 0: all are right, 1: some are not, 2: wrong usage
"""
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(
    r"^```cnn(?:[ \t]+file=(?P<name>[\w.-]+))?(?P<unformatted>[ \t]+unformatted)?[ \t]*\n(?P<text>.*?)^```[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


def examples(markdown: pathlib.Path):
    """The examples of a document: line number, file name, text, the checks that it must pass."""
    document = markdown.read_text(encoding="utf-8")
    for match in FENCE.finditer(document):
        line = document.count("\n", 0, match.start()) + 2
        checks = [["check"]] if match["unformatted"] else [["check"], ["fmt", "--check"]]
        yield line, match["name"] or f"{markdown.stem}_line{line}.cnn", match["text"], checks


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    cnnc = str(pathlib.Path(arguments[0]).resolve())
    failures = 0
    count = 0
    for markdown in map(pathlib.Path, arguments[1:]):
        with tempfile.TemporaryDirectory() as folder:
            found = list(examples(markdown))
            for _, name, text, _ in found:
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            for line, name, _, checks in found:
                count += 1
                for command in checks:
                    run = subprocess.run(
                        [cnnc, *command, name], cwd=folder, capture_output=True, text=True, errors="replace", timeout=120
                    )
                    if run.returncode == 0:
                        continue
                    failures += 1
                    print(f"{markdown}:{line}: cnnc {' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
    print(f"{count} examples, {failures} failures")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
