# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks the innermost loops of contractions in their assembly: x86-64 in AT&T's syntax, or AArch64.

A kernel reaches the machine's peak only if the loop with its multiply-adds does little else: the sums stay in
registers, each weight that is loaded serves several rows, nothing is called. That can be counted, so a change that
makes the compiler spill, or makes a tile smaller, is found without measuring time.

    inner_loops.py FILE.s KERNELS TILE...

KERNELS is what --emit=kernels printed. There is a TILE for each kernel with a contraction, in their order: rows x
vectors of the register tile, such as 14x2, or vectors=14x2 if the rows are vectors too, as in a depthwise convolution.
The kernel's densest loop has to be that of such a tile, or of a larger one, or several steps of it.
"""
import re
import sys

LABEL = re.compile(r'^"?([\w.$]+)"?:')
INSTRUCTION = re.compile(r"^\s+([a-z][\w.]*)(?:\s+(.*?))?\s*(?://.*|# .*)?$")
# Commas that are in no brackets.
SEPARATOR = re.compile(r",\s*(?![^(\[{]*[)\]}])")
# 64(%rax,%rcx,4), constant(%rip); [x8, x9, lsl #2].
X86_MEMORY, ARM_MEMORY = re.compile(r"\(.*\)"), re.compile(r"\[.*\]")
X86_GENERAL, ARM_GENERAL = re.compile(r"%(?!.mm|k\d)(\w+)"), re.compile(r"\b(?:[xw](\d+)|sp)\b")
# %eax, %ax, %al and %r8d are parts of %rax and %r8.
X86_PARTS = {part: f"r{name}" for name in ("ax", "bx", "cx", "dx")
             for part in (f"e{name}", name, f"{name[0]}l", f"{name[0]}h")}
X86_PARTS |= {part: f"r{name}" for name in ("si", "di", "bp", "sp") for part in (f"e{name}", name, f"{name}l")}
X86_PARTS |= {f"r{number}{suffix}": f"r{number}" for number in range(8, 16) for suffix in "dwb"}


class Instruction:
    """One of x86-64, whose last operand is the one it writes."""

    def __init__(self, name, operands):
        self.name = name
        self.operands = operands
        addresses = [operand for operand in operands if X86_MEMORY.search(operand)]
        self.memory = addresses[0] if addresses and not name.startswith("lea") else None

    def __str__(self):
        return f"{self.name} {', '.join(self.operands)}"

    @staticmethod
    def general(text):
        """The general registers in an operand."""
        return {X86_PARTS.get(name, name) for name in X86_GENERAL.findall(text)}

    def changes(self):
        """The general registers that it may change."""
        if not self.operands or self.operands[-1] == self.memory or self.name.startswith(("cmp", "test", "bt")):
            return set()
        return self.general(self.operands[-1])

    def isVector(self):
        return any(re.search(r"%[xyz]mm\d", operand) for operand in self.operands)

    def isMultiplyAdd(self):
        return bool(re.fullmatch(r"vfn?m(add|sub)\d*ps|vdpbf16ps", self.name))

    def isCall(self):
        return self.name.startswith("call")

    def isPrefetch(self):
        return self.name.startswith("pref")

    def target(self):
        """The label to which it may jump; None if it is no jump."""
        return self.operands[-1] if re.fullmatch(r"j\w+", self.name) else None


class ArmInstruction(Instruction):
    """One of AArch64, whose first operands are the ones it writes."""

    def __init__(self, name, operands):
        super().__init__(name, operands)
        self.memory = next((operand for operand in operands if ARM_MEMORY.match(operand)), None)

    @staticmethod
    def general(text):
        return {match.group() if match.group() == "sp" else f"x{match.group(1)}" for match in ARM_GENERAL.finditer(text)}

    def changes(self):
        changed = set()
        if self.name.startswith("ld") and self.memory:
            for operand in self.operands[:self.operands.index(self.memory)]:
                changed |= self.general(operand)
        elif self.operands and not self.name.startswith(("st", "prf", "cmp", "cmn", "tst", "cb", "tb")):
            changed |= self.general(self.operands[0])
        # [x8, #16]! and [x8], #16 move the address along.
        if self.memory and (self.memory.endswith("!") or self.operands[-1] != self.memory):
            changed |= self.general(self.memory)
        return changed

    def isVector(self):
        return any(re.search(r"\b[vqds]\d+\b", operand) for operand in self.operands)

    def isMultiplyAdd(self):
        return self.name in ("fmla", "fmls")

    def isCall(self):
        return self.name in ("bl", "blr")

    def isPrefetch(self):
        return self.name.startswith("prf")

    def target(self):
        return self.operands[-1] if re.fullmatch(r"b(\.\w+)?|cbn?z|tbn?z", self.name) else None


def readKernel(text, name):
    """The instructions of a function, and where its labels are among them."""
    isArm = re.search(r"^\s+ret$", text, re.MULTILINE) is not None
    instructions, labels, isInside = [], {}, False
    for line in text.splitlines():
        if label := LABEL.match(line):
            if label.group(1) == name:
                isInside = True
            elif isInside:
                labels[label.group(1)] = len(instructions)
        elif isInside and re.match(rf"\s+\.size\s+\"?{re.escape(name)}\"?,", line):
            return instructions, labels
        elif isInside and (match := INSTRUCTION.match(line)):
            operands = [operand.strip() for operand in SEPARATOR.split(match.group(2) or "") if operand]
            instructions.append((ArmInstruction if isArm else Instruction)(match.group(1), operands))
    raise ValueError(f"no function '{name}'" if not isInside else f"function '{name}' does not end")


def findInnermostLoops(instructions, labels):
    """Lists of instructions: what lies between a label and a jump back to it, and holds no other such pair."""
    spans = []
    for end, instruction in enumerate(instructions):
        begin = labels.get(instruction.target())
        if begin is not None and begin <= end:
            spans.append((begin, end + 1))
    return [instructions[begin:end] for begin, end in set(spans)
            if not any((b, e) != (begin, end) and begin <= b and e <= end for b, e in spans)]


def countProducts(loop):
    return sum(instruction.isMultiplyAdd() for instruction in loop)


def countOthers(loop):
    return sum(instruction.isVector() and not instruction.isMultiplyAdd() for instruction in loop)


def findProblem(instructions, labels, rows, vectors, hasVectorRows):
    """Why no innermost loop is that of such a register tile; None if one is."""
    loops = findInnermostLoops(instructions, labels)
    most = max(map(countProducts, loops), default=0)
    if most < rows * vectors:
        return f"expected {rows * vectors} multiply-adds or more in an innermost loop, but found {most}"
    loop = max((loop for loop in loops if countProducts(loop) >= rows * vectors),
               key=lambda loop: countProducts(loop) / max(1, countOthers(loop)))
    changed = set().union(*(instruction.changes() for instruction in loop))
    for instruction in loop:
        if instruction.isCall():
            return f"expected no call in its innermost loop, but found '{instruction}'"
        # Memory that is the same in every step: a register that was spilled, or a constant that found none. If the rows
        # are vectors, LLVM unrolls the whole window and keeps more of them than there are registers; it may, as long as
        # that saves as many loads. What is asked for ahead may be the last line again and again.
        isFixed = instruction.memory and not instruction.isPrefetch() and not instruction.general(instruction.memory) & changed
        if isFixed and not hasVectorRows:
            return f"expected its innermost loop to move through memory, but found '{instruction}'"
    # In a step, a tile loads a vector of each column block, and a value of each row, or vectors.
    products = countProducts(loop)
    loads, others, what = rows + vectors, countOthers(loop), "other vector instructions"
    if hasVectorRows:
        loads, others, what = (rows + 1) * vectors, sum(bool(each.memory) for each in loop), "accesses of memory"
    if others * rows * vectors > products * loads:
        return (f"expected {loads} {what} or fewer for {rows * vectors} multiply-adds in its innermost loop, but found "
                f"{others} for {products}")
    return None


def findContractions(kernels):
    """The names of the functions with a contraction, in their order."""
    names, name = [], None
    for line in kernels.splitlines():
        if match := re.match(r"\s*func\.func (?:private )?@(\w+)", line):
            name = match.group(1)
        elif "cnn.contraction" in line and name not in names:
            names.append(name)
    return names


def main(arguments):
    assemblyFile, kernelsFile, *tiles = arguments
    with open(assemblyFile) as file:
        assembly = file.read()
    with open(kernelsFile) as file:
        names = findContractions(file.read())
    if len(names) != len(tiles):
        print(f"expected {len(tiles)} kernels with a contraction, but found {len(names)}: {' '.join(names)}")
        return 1
    failures = 0
    for name, tile in zip(names, tiles):
        rows, vectors = map(int, tile.removeprefix("vectors=").split("x"))
        problem = findProblem(*readKernel(assembly, name), rows, vectors, tile.startswith("vectors="))
        if problem:
            print(f"{name}, {tile}: {problem}")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
