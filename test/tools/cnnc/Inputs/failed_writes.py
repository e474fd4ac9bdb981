# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes that fail leave no half file, and what was there before as it was.      failed_writes.py FOLDER COMMAND

A full disk is played by the limit for the size of a file (setrlimit) and by /dev/full; a folder without permission by a
path through a file, because permissions mean nothing to root.
"""
import os
import signal
import subprocess
import sys
import time

import cnnc_runs
from cnnc_runs import contents, must_be_refused, must_succeed, require, run

# The weights (1 MB) are larger than the code.
MODEL = """
net Wide(image: u8[1, 8, 8]) -> (score: f32[3]) {
  score = image |> normalize(mean = 100.0, std = 50.0) |> flatten |> dense(4000) |> relu |> dense(3)
}

data Samples {
  image: u8[1, 8, 8] = idx("image")
  label: class[3]    = idx("label")
}

train Wide on Samples {
  loss      = cross_entropy(Wide(image), label)
  metric    = accuracy(Wide(image), label)
  optimizer = sgd(rate = 0.1)
  batch     = 4
  epochs    = 2
}
"""
SMALL = MODEL.replace("dense(4000)", "dense(5)").replace("Wide", "Thin")
TRAIN = ["train", "wide.cnn", "--quiet", "--threads", "1", "-o", "w.safetensors"]


def idx(shape, data):
    return bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape) + data


def prepare(folder):
    (folder / "wide.cnn").write_text(MODEL)
    (folder / "thin.cnn").write_text(SMALL)
    (folder / "image").write_bytes(idx((8, 8, 8), bytes(range(256)) * 2))
    (folder / "label").write_bytes(idx((8,), bytes([0, 1, 2, 0, 1, 2, 0, 1])))


def limits_below(largest):
    return [100, largest // 3, largest - 1]


def test_build(folder):
    prepare(folder)
    must_succeed(folder, *TRAIN)
    command = ["build", "wide.cnn", "--weights", "w.safetensors", "-o", "out"]
    must_succeed(folder, *command)
    sizes = {path.name: path.stat().st_size for path in (folder / "out").iterdir()}
    require(set(sizes) == {"Wide.h", "Wide.pc", "libWide.a", "libWide.so"}, sizes)
    # Another model over the first: all of the old files stay.
    (folder / "wide.cnn").write_text(MODEL.replace("50.0", "60.0"))
    for limit in limits_below(sizes["libWide.so"]):
        must_be_refused(folder, command, ["cannot "], file_limit=limit)
    # Without weights the linker alone fails, or the archive.
    must_succeed(folder, "build", "thin.cnn", "-o", "thin")
    sizes = {path.name: path.stat().st_size for path in (folder / "thin").iterdir()}
    for name in sizes:
        if name.startswith("lib"):
            must_be_refused(folder, ["build", "thin.cnn", "-o", "thin"], ["cannot "], file_limit=sizes[name] - 1)
    # Places that are none.
    for place in ["wide.cnn", "wide.cnn/out", "/proc/nowhere", "/dev/null/out"]:
        must_be_refused(folder, command[:-1] + [place], [place])
    (folder / "out/libWide.so").unlink()
    (folder / "out/libWide.so").mkdir()
    must_be_refused(folder, command, ["libWide.so", "it is a folder"])
    # One stage in a file.
    stage = ["build", "thin.cnn", "--emit=asm", "-o", "thin.s"]
    must_succeed(folder, *stage)
    (folder / "thin.cnn").write_text(SMALL.replace("50.0", "60.0"))
    # The hash of the other code may have fewer digits.
    for limit in limits_below((folder / "thin.s").stat().st_size - 100):
        must_be_refused(folder, stage, ["thin.s: cannot write: File too large"], file_limit=limit)
    must_be_refused(folder, stage[:-1] + ["/dev/full"], ["/dev/full: cannot write: No space left on device"])
    must_be_refused(folder, stage[:-1] + ["wide.cnn/x.s"], ["wide.cnn/x.s: cannot write: Not a directory"])


def test_kill(folder):
    """kill -9 at any time: under each final name is the old file or the new one, whole."""
    prepare(folder)
    command = ["build", "thin.cnn", "-o", "out"]
    must_succeed(folder, *command)
    old = contents(folder / "out")
    (folder / "thin.cnn").write_text(SMALL.replace("50.0", "60.0"))
    start = time.time()
    must_succeed(folder, "build", "thin.cnn", "-o", "new")
    seconds = time.time() - start
    new = contents(folder / "new")
    kills = 0
    for i in range(12):
        building = subprocess.Popen(["cnnc", *command], cwd=folder)
        time.sleep(seconds * (i + 1) / 12)
        building.kill()
        kills += building.wait() == -signal.SIGKILL
        for name, data in old.items():
            found = (folder / "out" / name).read_bytes()
            require(found in (data, new[name]), f"half of {name} after {i}")
    require(kills > 0, "the build was never killed")
    must_succeed(folder, *command)
    require(sorted(os.listdir(folder / "out")) == sorted(old), os.listdir(folder / "out"))
    # Ctrl-C leaves nothing beside them either, and is no error.
    folder = cnnc_runs.fresh_folder(folder / "interrupted")
    prepare(folder)
    codes = []
    for i in range(24):
        building = subprocess.Popen(["cnnc", *command], cwd=folder)
        time.sleep(seconds * (0.1 + i / 24))
        building.send_signal(signal.SIGINT)
        codes.append(building.wait())
        time.sleep(0.1)  # for a linker that goes on
        found = contents(folder / "out") if (folder / "out").exists() else {}
        require(codes[-1] in (0, -signal.SIGINT), codes)
        # The names appear one after the other, which takes no time that a signal could be sure to hit.
        require(all(name in old for name in found), sorted(found))
    require(codes.count(-signal.SIGINT) > 6, codes)
    # Nor beside a single file.
    folder = cnnc_runs.fresh_folder(folder / "file")
    prepare(folder)
    names = {*contents(folder), "thin.s"}
    for i in range(12):
        building = subprocess.Popen(["cnnc", "build", "thin.cnn", "--emit=asm", "-o", "thin.s"], cwd=folder)
        time.sleep(seconds * (0.1 + i / 12))
        building.send_signal(signal.SIGINT)
        code = building.wait()
        require(code in (0, -signal.SIGINT) and set(contents(folder)) <= names, (code, sorted(contents(folder))))
    # Where the signal is ignored, as after nohup, it changes nothing.
    for i in range(6):
        building = subprocess.Popen(
            ["cnnc", *command], cwd=folder, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
        )
        while building.poll() is None:
            building.send_signal(signal.SIGINT)
            time.sleep(seconds / 50)
        require(building.returncode == 0, building.returncode)


def test_train(folder):
    prepare(folder)
    must_succeed(folder, *TRAIN)
    size = (folder / "w.safetensors").stat().st_size
    must_succeed(folder, "build", "wide.cnn", "-o", "out")
    code_size = (folder / "out/libWide.so").stat().st_size
    require(code_size * 2 < size, f"{code_size}, {size}")
    (folder / "wide.cnn").write_text(MODEL.replace("rate = 0.1", "rate = 0.2"))
    # The code fits, the first checkpoint does not; then neither.
    for limit in [size - 1, size // 2, code_size // 2, 0]:
        must_be_refused(folder, TRAIN, ["annot write"], file_limit=limit)
    # What is found before the first step; only trying shows that nobody can write to /proc.
    must_be_refused(folder, TRAIN[:-1] + ["/proc/w.safetensors"], ["/proc/w.safetensors", "cannot write"])
    for place in ["wide.cnn/w.safetensors", "nowhere/w.safetensors", "out"]:
        must_be_refused(folder, TRAIN[:-1] + [place], [f"{place}: cannot write"])


def test_metrics(folder):
    prepare(folder)
    metrics = TRAIN + ["--metrics", "m.jsonl"]
    must_succeed(folder, *metrics)
    must_be_refused(folder, TRAIN + ["--metrics", "/dev/full"], ["/dev/full: cannot write: No space left on device"])
    for place in ["wide.cnn/m", "nowhere/m", "out/m", "/proc/m"]:
        must_be_refused(folder, TRAIN + ["--metrics", place], [f"{place}: cannot write"])
    # No half line. What is larger than the metrics (code, checkpoint) has to be written, so they start at the limit.
    pipe = "/dev/fd/9"
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 9)
    before = contents(folder)
    done = subprocess.run(
        ["cnnc", *TRAIN, "--metrics", pipe], cwd=folder, pass_fds=[9], stderr=subprocess.PIPE, preexec_fn=ignore_pipe
    )
    require(done.returncode == 1 and b"Broken pipe" in done.stderr, f"{done}")
    require(contents(folder) == before, "changed")


def ignore_pipe():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)


def test_run(folder):
    prepare(folder)
    command = ["run", "wide.cnn", "--input", "image", "-o", "y.npy"]
    must_succeed(folder, *command)
    (folder / "y.npy").write_bytes(b"what was there before")
    must_be_refused(folder, command[:-1] + ["/dev/full"], ["/dev/full: cannot write: No space left on device"])
    for place in ["wide.cnn/y.npy", "nowhere/y.npy", "/proc/y.npy"]:
        must_be_refused(folder, command[:-1] + [place], [f"{place}: cannot write"])
    # So many samples that the result is larger than the code.
    count = 20000
    (folder / "image").write_bytes(idx((count, 8, 8), bytes(64) * count))
    must_be_refused(folder, command, ["y.npy: cannot write: File too large"], file_limit=count * 12)
    must_be_refused(folder, command, ["cannot "], file_limit=100)


def test_fmt(folder):
    text = "".join(f"const  a{i}=1+\n 2 # two\n" for i in range(40))
    (folder / "a.cnn").write_text(text)
    for limit in [0, 1, 100, 400]:
        must_be_refused(folder, ["fmt", "-i", "a.cnn"], ["a.cnn: cannot write: File too large"], file_limit=limit)
    with open("/dev/full", "wb") as full:
        for words in [["fmt", "a.cnn"], ["check", "--emit=ast", "a.cnn"], ["help"], ["--version"]]:
            must_be_refused(
                folder, words, ["cannot write to standard output: No space left on device"], stdout=full
            )
    must_succeed(folder, "fmt", "-i", "a.cnn")
    require(sorted(contents(folder)) == ["a.cnn"], contents(folder))


if __name__ == "__main__":
    # A parent may ignore it, which programs inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    globals()["test_" + sys.argv[2]](cnnc_runs.fresh_folder(sys.argv[1] + "/" + sys.argv[2]))
