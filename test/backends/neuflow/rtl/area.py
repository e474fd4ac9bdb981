#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Synthesizes each block of the Verilog for Virtex-6 and compares it with a ceiling and with the table of
docs/neuflow-area.md, which --update writes. A latch, or a cell that was not mapped (such as a memory), is an error. The whole
grid takes minutes, so only --all looks at it.

usage: area.py YOSYS RTL_FOLDER DOC MACHINES_FOLDER [--all] [--update] [--only NAME]
       MACHINES_FOLDER has NAME.vh of each machine, from generate_target.py
"""
import pathlib
import re
import subprocess
import sys

# Name in the table, module, parameters or the machine that has them, and what it may take: DSP48E1, RAMB18 (a RAMB36 is two), LUTs.
BLOCKS = [
    ("convolver 10×10, line 512", "nf_conv", {"K": 10, "LINE": 512}, (100, 9, 1400)),
    ("convolver 3×3, line 64", "nf_conv", {"K": 3, "LINE": 64}, (9, 1, 750)),
    ("mapper, 8 segments", "nf_map", {"SEGMENTS": 8}, (1, 0, 400)),
    ("ALU, 2 operators", "nf_alu", {}, (2, 0, 2000)),
    ("FIFO of 64 words", "nf_fifo", {"DEPTH": 64}, (0, 0, 60)),
    ("FIFO tile, 5120 words", "nf_fifo_tile", {"DEPTH": 5120}, (0, 6, 150)),
    ("router, queues of 2 words", "nf_router", {}, (0, 0, 1650)),
    ("6 lines past a tile, queues of 2 words", "nf_io", {}, (0, 0, 1500)),
    ("configuration words of a router", "nf_cfg", {"INITIAL": "32'hffffffff"}, (0, 0, 140)),
    ("head of the configuration bus", "nf_bus", {}, (0, 0, 200)),
    ("streamer", "nf_port", {}, (0, 0, 2000)),
    ("arbiter, 7 requesters", "nf_arb", {}, (0, 0, 300)),
    ("fetch unit, 8 beats", "nf_fetch", {}, (0, 0, 400)),
    ("control processor", "nf_cpu", {}, (0, 0, 750)),
]
# Only with --all.
MACHINES = [
    ("**neuflow-v6: grid of 20 tiles and 6 streamers**", "nf_grid", "neuflow-v6", (768, 832, 150720)),
    ("**neuflow-v6: the whole machine**", "nf_top", "neuflow-v6", (768, 832, 150720)),
]
# The parameters of nf_grid are constants of a machine, of other names.
GRID = {
    "TILES": "TILES", "KINDS": "TILE_KINDS", "ADDRESSES": "TILE_ADDRESSES", "LINK_SOURCES": "LINK_SOURCES", "LINES": "LINES",
    "GRID_PORTS": "GRID_PORTS", "ISA": "ISA", "FEATURES": "FEATURES", "HOP": "FIFOS_HOP", "DEPTH": "FIFOS_OPERATOR",
    "K": "CONV_KERNEL", "LINE": "CONV_LINE", "SEGMENTS": "MAPPER_SEGMENTS", "OPERATORS": "ALU_OPERATORS",
    "FIFO_WORDS": "FIFO_WORDS", "ELEMENTS": "PORT_ELEMENTS", "REQUESTS": "PORT_REQUESTS", "BEATS": "PORT_BEATS",
}
KINDS = ("DSP48E1", "RAMB18", "LUT", "FF", "CARRY4")


# What a cell counts as, and how often. Memories and shift registers of LUTs are as many LUTs as they occupy.
CELLS = [
    (r"DSP48E1", "DSP48E1", 1),
    (r"RAMB18E1", "RAMB18", 1),
    (r"RAMB36E1", "RAMB18", 2),
    (r"LUT[1-6]|INV|SRL16E|SRLC32E", "LUT", 1),
    (r"RAM(32|64)M", "LUT", 4),
    (r"RAM(32|64)X1D", "LUT", 2),
    (r"RAM128X1D", "LUT", 4),
    (r"RAM256X1S", "LUT", 4),
    (r"FD[RSCP]E", "FF", 1),
    (r"CARRY4", "CARRY4", 1),
    # Parts of slices that are counted by their LUTs, and modules.
    (r"MUXF[78]|\$paramod.*|nf_\w+", None, 0),
]


def parameters_of(module, machine, machines):
    """Those of the machine for nf_grid; nf_top has its constants by itself."""
    if module != "nf_grid":
        return {}
    constants = dict(re.findall(r"`define NF_(\w+) (\S+)", (machines / f"{machine}.vh").read_text()))
    parameters = {name: constants[constant] for name, constant in GRID.items()}
    return parameters | {"MEMORY_WORDS": f"33'd{int(constants['MEMORY_BYTES']) // 2}"}


def synthesize(yosys, folder, module, parameters, machines):
    """What `module` takes, by kind, and complaints."""
    constants = []
    if isinstance(parameters, str):
        constants = [machines / f"{parameters}.vh"] if module == "nf_top" else []
        parameters = parameters_of(module, parameters, machines)
    sources = [file for file in sorted(folder.glob("*.v")) if file.stem != "nf_top" or constants]
    files = " ".join(str(file) for file in constants + sources)
    sets = "".join(f"chparam -set {name} {value} {module}; " for name, value in parameters.items())
    script = (f"read_verilog {files}; {sets}hierarchy -check -top {module}; "
              f"synth_xilinx -family xc6v -noiopad -noclkbuf -top {module}; check -assert; tee -q -o /dev/stdout stat")
    result = subprocess.run([yosys, "-Q", "-q", "-p", script], capture_output=True, text=True)
    if result.returncode != 0:
        return None, [f"yosys failed:\n{result.stdout}{result.stderr}"]
    # The last list is that of the whole hierarchy.
    cells = result.stdout[result.stdout.rindex("Number of cells:"):].splitlines()[1:]
    used = dict.fromkeys(KINDS, 0)
    complaints = []
    for line in cells:
        if not line.strip():
            continue
        cell, count = line.split()
        for pattern, kind, times in CELLS:
            if re.fullmatch(pattern, cell):
                if kind:
                    used[kind] += times * int(count)
                break
        else:
            complaints.append(f"{count} cells {cell}, which is no part of this table")
    return used, complaints


def main(arguments):
    update = "--update" in arguments
    only = arguments[arguments.index("--only") + 1] if "--only" in arguments else None
    yosys, folder, document, machines = arguments[0], *map(pathlib.Path, arguments[1:4])
    failures = 0
    rows = []
    for name, module, parameters, ceiling in BLOCKS + (MACHINES if "--all" in arguments or only else []):
        if only and only != module:
            continue
        used, complaints = synthesize(yosys, folder, module, parameters, machines)
        if used:
            for kind, most in zip(KINDS, ceiling):
                if used[kind] > most:
                    complaints.append(f"expected at most {most} {kind}, but got {used[kind]}")
            row = f"| {name} | " + " | ".join(str(used[kind]) for kind in KINDS) + " |"
            rows.append(row)
            print(row, flush=True)
            if not update and row not in document.read_text():
                complaints.append(f"{document} has another row; run with --update")
        for complaint in complaints:
            print(f"error: {module}: {complaint}")
        failures += len(complaints)
    if update:
        text = document.read_text()
        begin = text.index("| block |")
        end = text.index("\n\n", begin)
        known = {row.split(" | ")[0]: row for row in text[begin:end].splitlines()[2:] + rows}
        names = [f"| {block[0]}" for block in BLOCKS + MACHINES]
        table = ["| block | " + " | ".join(KINDS) + " |", "|---" + "|---" * len(KINDS) + "|"]
        document.write_text(text[:begin] + "\n".join(table + [known[name] for name in names if name in known]) + text[end:])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
