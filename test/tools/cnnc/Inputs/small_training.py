# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A training that takes milliseconds an epoch, and what is needed to stop it in the middle."""
import atexit
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
import tensor_files

MODEL = """
net Small(image: u8[1, 8, 8]) -> (score: f32[3]) {
  score = image |> normalize(mean = 100.0, std = 50.0) |> conv(4, 3x3) |> relu |> flatten |> dense(3)
}

data Samples {
  image: u8[1, 8, 8] = idx("image")
  label: class[3]    = idx("label")
  test { image = idx("image"); label = idx("label") }
}

train Small on Samples {
  loss      = cross_entropy(Small(image), label)
  metric    = accuracy(Small(image), label)
  optimizer = sgd(rate = 0.01, momentum = 0.9)
  batch     = 4
  epochs    = 3
}
"""
# More epochs than any machine has time for.
ENDLESS = ["--epochs", "1000000000"]
WEIGHTS, CHECKPOINT = "w.safetensors", "w.safetensors.checkpoint"


def require(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


def make(path):
    """A fresh folder with the model small.cnn and its data."""
    folder = pathlib.Path(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "small.cnn").write_text(MODEL)
    random = numpy.random.RandomState(0)
    tensor_files.write_idx(folder / "image", random.randint(0, 255, (12, 8, 8)))
    tensor_files.write_idx(folder / "label", random.randint(0, 3, 12))
    return folder


def command(*words):
    return ["cnnc", "train", "small.cnn", "--threads", "1", "-o", WEIGHTS, *words]


def train(folder, *words):
    """The exit code, and what was said."""
    done = subprocess.run(command(*words), cwd=folder, stderr=subprocess.PIPE, timeout=300)
    return done.returncode, done.stderr.decode()


def heed_signals():
    """Undoes that a job in the background of a script ignores SIGINT, and one under nohup SIGHUP."""
    for number in [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]:
        signal.signal(number, signal.SIG_DFL)


def start(folder, *words, preexec=heed_signals):
    """A training that is still running when the test ends, however that comes, is killed."""
    training = subprocess.Popen(
        command(*words, *ENDLESS), cwd=folder, stderr=subprocess.PIPE, preexec_fn=preexec
    )
    atexit.register(training.kill)
    return training


def wait_for(training, what, condition):
    """Waits until the condition holds, while the training runs."""
    deadline = time.time() + 240
    while not condition():
        require(training.poll() is None, f"the training ended before there was {what}")
        require(time.time() < deadline, f"no {what} after so long")
        time.sleep(0.005)


def epochs_done(path):
    """Those that the checkpoint counts."""
    data = path.read_bytes()
    return int(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["epoch"])
