# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles the headers of all examples as C11 and as C++17: each alone, and all of them, twice, in one file.

    check_headers.py CNNC EXAMPLES FOLDER
"""
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]
COMPILERS = [["gcc", "-std=c11", "-x", "c"], ["g++", "-std=c++17", "-x", "c++"]]


def compile_text(text, folder):
    for compiler in COMPILERS:
        subprocess.run([*compiler, *WARNINGS, f"-I{folder}", "-fsyntax-only", "-"], input=text, text=True, check=True)


cnnc, examples, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
models = [path for path in sorted(examples.glob("*/*.cnn")) if "\nnet " in path.read_text()]
assert len(models) >= 9, models
for model in models:
    subprocess.run([cnnc, "build", model, "--emit=header", "-o", folder / f"{model.stem}.h"], check=True)
    longest = max((folder / f"{model.stem}.h").read_text().splitlines(), key=len)
    assert len(longest) <= 120, longest
    compile_text(f'#include "{model.stem}.h"\nint main(void) {{ return 0; }}\n', folder)
lines = [f'#include "{model.stem}.h"\n' for model in models]
compile_text("".join(lines + lines) + "int main(void) { return 0; }\n", folder)
