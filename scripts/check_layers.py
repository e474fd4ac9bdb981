#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that #includes go only where the architecture lets them:

    tools -> backends -> passes -> ir <- dsl        backends -> runtime/abi        runtime includes nothing above it

"->" is transitive. On top of that
  - a back end includes no other back end, only its own files and those directly in backends/;
  - runtime/abi is self-contained, because a compiled model is built from it alone;
  - runtime/neuflow/machine is, too, and backends/neuflow alone includes it: the machine that it compiles for;
  - runtime/cpu includes only runtime/abi and its public header, because a program that runs models needs these two alone;
  - the runtime does not know LLVM or MLIR;
  - quoted includes are rooted at the source tree ("ir/WindowMath.h"), so that the room stands in every include.

What is not checked: include directories given to the compiler, and code reached by declaring it by hand.

usage: check_layers.py [ROOT]      exit code 0: clean, 1: violations, one per line, 2: wrong usage
"""
import pathlib
import re
import sys

# What each room may include, besides itself. Longer prefixes win: parts of the runtime have their own rules.
MAY_INCLUDE = {
    "runtime": [],
    "runtime/abi": [],
    "runtime/neuflow/machine": [],
    "runtime/cpu": ["runtime/abi", "runtime/include/cnn/runtime.h"],
    "ir": [],
    "dsl": ["ir"],
    "passes": ["ir"],
    "backends": ["passes", "ir", "runtime/abi"],
    "tools": ["backends", "passes", "dsl", "ir", "runtime"],
    "examples": ["runtime/include"],
    "bench": ["runtime/include", "runtime/abi"],
    "test": ["tools", "backends", "passes", "dsl", "ir", "runtime"],
}
# What one back end may include on top of that.
BACKEND_MAY_INCLUDE = {"neuflow": ["runtime/neuflow/machine"]}
# The public headers of the runtime are also reached as "cnn/...", as an application reaches them.
PUBLIC_HEADERS = ("cnn/", "runtime/include/cnn/")
LIBRARIES = ("mlir/", "llvm/", "llvm-c/", "gtest/", "gmock/", "nlohmann/")
COMPILER_LIBRARIES = ("mlir/", "llvm/", "llvm-c/", "mlir-c/")
SUFFIXES = {".c", ".cpp", ".h", ".inc", ".td"}

INCLUDE = re.compile(r'^\s*#?\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def is_inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def room_of(path):
    """The longest rule prefix that holds `path`, or None."""
    rooms = [room for room in MAY_INCLUDE if is_inside(path, room)]
    return max(rooms, key=len) if rooms else None


def backend_of(path):
    """'cpu' for backends/cpu/...; None for files directly in backends/ and for every other room."""
    parts = path.split("/")
    return parts[1] if parts[0] == "backends" and len(parts) > 2 else None


def complaint(source, included, quoted, has_models):
    """Why the file `source` may not include `included`; None if it may."""
    room = room_of(source)
    if room.startswith("runtime") and included.startswith(COMPILER_LIBRARIES):
        return f"the runtime must not depend on LLVM, but this file includes '{included}'"
    if included.startswith(PUBLIC_HEADERS[0]):
        included = PUBLIC_HEADERS[1] + included[len(PUBLIC_HEADERS[0]):]
    target = room_of(included)
    if target is None:
        if not quoted or included.startswith(LIBRARIES) or has_models:
            return None
        return f"expected an include rooted at the source tree, but found \"{included}\""
    if is_inside(target, room) and room != "backends":
        return None
    if is_inside(room, target) and target != "backends" and not room.startswith("runtime/"):
        return None
    if room == "backends" and target == "backends":
        mine, other = backend_of(source), backend_of(included)
        if other is None or other == mine:
            return None
        who = f"the back end '{mine}'" if mine else "code shared by the back ends"
        return f"{who} must not include the back end '{other}' ('{included}')"
    may_include = MAY_INCLUDE[room] + (BACKEND_MAY_INCLUDE.get(backend_of(source), []) if room == "backends" else [])
    if any(is_inside(included, allowed) for allowed in may_include):
        return None
    allowed = ", ".join(may_include) or "nothing else"
    return f"{room} may include {allowed}; but this file includes '{included}'"


def check_tree(root):
    complaints = []
    for room in sorted({name.split("/")[0] for name in MAY_INCLUDE}):
        for file in sorted((root / room).rglob("*")):
            if file.suffix not in SUFFIXES or not file.is_file():
                continue
            source = file.relative_to(root).as_posix()
            # An application includes the header that cnnc wrote for its model.
            has_models = room in ("examples", "test", "bench")
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                quoted, angled = match.groups()
                why = complaint(source, quoted or angled, quoted is not None, has_models)
                if why:
                    complaints.append(f"{source}:{number}: error: {why}")
    return complaints


def main(arguments):
    if len(arguments) > 2:
        print(__doc__.splitlines()[-1], file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[1] if len(arguments) == 2 else pathlib.Path(__file__).parent.parent)
    if not any((root / room).is_dir() for room in MAY_INCLUDE):
        print(f"check_layers.py: no source tree at '{root}'", file=sys.stderr)
        return 2
    complaints = check_tree(root)
    for line in complaints:
        print(line)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
