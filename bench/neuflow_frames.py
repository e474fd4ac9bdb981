# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frames a second of programs for the NeuFlow machine, cycle by cycle: scene labeling's features at three scales of a
320x240 image, a bank of 16 kernels of 10x10 on 500x500, and LeNet-5.

    bench/neuflow_frames.py                                   all of them on neuflow-v6 and neuflow-asic: some minutes
    bench/neuflow_frames.py --nets bank --machines neuflow-v6

Each net is built with noise as weights and samples, which changes no cycle, and run on nf-sim --cycles. Of each are shown
what was measured; what the compiler's model expected; in how many of all cycles the convolvers took a pixel; and the
bound: how fast the machine would be if convolvers, ports, memory and processor each did their part of the same steps
without ever waiting for each other.
"""
import argparse
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
BANK = "net Bank(image: f32[1, 500, 500]) -> (maps: f32[16, 491, 491]) { maps = image |> conv(16, 10x10) }\n"
SCENES = {"image": (3, 285, 365), "half": (3, 165, 205), "quarter": (3, 105, 125)}
# Of each net: its file, its inputs, and whether these are bytes.
NETS = {
    "scenes": (EXAMPLES / "scene_labeling/scene_frame.cnn", SCENES, False),
    "bank": (BANK, {"image": (1, 500, 500)}, False),
    "lenet5": (EXAMPLES / "lenet5/lenet5.cnn", {"image": (1, 28, 28)}, True),
}


def write_noise(path, shape, are_bytes):
    draw = random.Random(5)
    size = 1
    for dim in shape:
        size *= dim
    kind = "|u1" if are_bytes else "<f4"
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {(1, *shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    values = draw.randbytes(size) if are_bytes else struct.pack(f"<{size}f", *(draw.gauss(0, 1) for _ in range(size)))
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values)


def run(command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result


def number(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        sys.exit(f"nothing like '{pattern}' in\n{text}")
    return float(found[1])


def measure(net, machine, bin_folder, folder):
    source, inputs, are_bytes = NETS[net]
    if isinstance(source, str):
        file = folder / f"{net}.cnn"
        file.write_text(source)
        source = file
    command = [bin_folder / "cnnc", "build", source, f"--target=neuflow:{machine}", "--explain", "-o", folder / net]
    for name, shape in inputs.items():
        sample = folder / f"{net}.{name}.npy"
        write_noise(sample, shape, are_bytes)
        command += ["--calibrate", f"{name}={sample}"]
    report = run(command).stderr
    (program,) = (folder / net).glob("*.nfb")
    ran = run([bin_folder / "nf-sim", program, "--cycles"]).stdout
    cycles, clock = number(r"^(\d+) cycles", ran), number(r"at (\d+) MHz", ran) * 1e6
    busy = [float(part) for part in re.findall(r"^\S+ busy ([\d.]+) %", ran, re.MULTILINE)]
    needs = re.search(r"of all of which (.*)", report)[1]
    bound = number(r"at least (\d+) cycles", report)
    program.unlink()
    print(f"{net} on {machine}: {cycles:.0f} cycles, {clock / cycles:.2f} frames/s")
    expected, gops = number(r"^  all .* (\d+) +[\d.]+$", report), number(r"([\d.]+) GOPS", ran)
    print(f"  expected {expected:.0f} cycles; convolvers busy {sum(busy) / len(busy):.1f} %, {gops:.1f} GOPS")
    print(f"  bound {clock / bound:.2f} frames/s, of which {100 * bound / cycles:.1f} % are reached; {needs}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--machines", nargs="+", default=["neuflow-v6", "neuflow-asic"])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin", help="where cnnc and nf-sim are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for machine in options.machines:
            for net in options.nets:
                measure(net, machine, options.bin, pathlib.Path(folder))


main()
