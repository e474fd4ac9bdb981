# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs every example of a dialect's documentation through cnn-opt, and checks that every op has one.

An example of an op names its operands freely; here they become the arguments of a function.

usage: doc_examples_test.py CNN_OPT DIALECT DIALECT_MD
"""

import re
import subprocess
import sys


def split_types(text):
    """The types of a list, split at the commas outside of all brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "<(") - (letter in ">)")
        if letter == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    rest = text[start:].strip()
    return parts + [rest] if rest else parts


def as_module(example):
    """The example as a module of its own."""
    if example.startswith("#"):
        attributes = example.split("\n#")
        return "\n".join(
            f"func.func private @f{i}() attributes {{a = #{text.lstrip('#')}}}" for i, text in enumerate(attributes)
        )
    if example.startswith("cnn.train"):
        return "cnn.data @FashionMNIST {}\n" + example
    if not example.startswith("%"):
        return example
    operation = example.split(" = ", 1)[1]
    # What stands before the attributes, or before the types, are the operands; the types are those after the last colon
    # that follows them.
    operands = re.findall(r"%\w+", re.split(r"[{:]", operation)[0])
    match = re.search(r":\s*\((.*?)\)\s*->", operation, re.DOTALL)
    types = split_types(match.group(1)) if match else []
    assert len(operands) == len(types), example
    arguments = dict(zip(operands, types))
    signature = ", ".join(f"{name}: {type}" for name, type in arguments.items())
    return f"func.func @example({signature}) {{\n{example}\nreturn\n}}"


def main(cnn_opt, dialect, dialect_md):
    text = open(dialect_md, encoding="utf-8").read()
    failures = 0
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name = section.split(None, 1)[0].strip("`")
        examples = re.findall(r"```mlir\n(.*?)```", section, re.DOTALL)
        # Parts of an op's body may be shown where it is.
        elsewhere = re.search(r"^Example: `([\w.]+)`", section, re.MULTILINE)
        if elsewhere and f"### `{elsewhere[1]}`" in text:
            continue
        if not examples and re.fullmatch(dialect + r"\.\w+", name) and name != "cnn.field":  # part of the example of cnn.data
            print(f"{name}: no example")
            failures += 1
        for example in examples:
            module = as_module(example.strip())
            run = subprocess.run([cnn_opt], input=module, capture_output=True, text=True)
            if run.returncode != 0:
                print(f"{name}:\n{module}\n{run.stderr}")
                failures += 1
            elif name.startswith(dialect + ".") and name not in run.stdout:
                print(f"{name}: the example does not show it")
                failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
