# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What signals and closed pipes do to `cnnc train`.      train_signals.py FOLDER"""
import os
import signal
import subprocess
import sys

from small_training import CHECKPOINT, WEIGHTS, command, heed_signals, make, require, start, wait_for

folder = make(sys.argv[1])
checkpoint, temporary = folder / CHECKPOINT, folder / "temporary"
temporary.mkdir()
os.environ["TMPDIR"] = str(temporary.resolve())


def training_with_checkpoint(**options):
    training = start(folder, "--quiet", "--restart", **options)
    checkpoint.unlink(missing_ok=True)
    wait_for(training, "a checkpoint", checkpoint.exists)
    require(not list(temporary.iterdir()), "the compiled code is still there")
    return training


def must_stop(training, why):
    said = training.communicate(timeout=240)[1].decode()
    require(training.returncode == 1 and said == "cnnc: stopped; go on with --resume\n",
            f"{why}: exit code {training.returncode}, {said}")
    require(checkpoint.exists() and not list(folder.glob("*.tmp")), f"{why}: {sorted(folder.iterdir())}")


for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
    training = training_with_checkpoint()
    training.send_signal(number)
    # A terminal and a wrapper may both pass it on.
    training.send_signal(number)
    must_stop(training, f"signal {number}")

def as_under_nohup():
    heed_signals()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


training = training_with_checkpoint(preexec=as_under_nohup)
training.send_signal(signal.SIGHUP)
checkpoint.unlink(missing_ok=True)
wait_for(training, "another checkpoint after SIGHUP", checkpoint.exists)
training.send_signal(signal.SIGTERM)
must_stop(training, "ignored SIGHUP, then SIGTERM")

# While it is compiled.
for number in [signal.SIGINT, signal.SIGTERM]:
    training = start(folder, "--quiet", "--restart")
    wait_for(training, "a temporary folder", lambda: any(temporary.iterdir()))
    training.send_signal(number)
    training.communicate(timeout=240)
    require(training.returncode in (-number, 1), f"signal {number} in compilation: {training.returncode}")
    require(not list(temporary.iterdir()), f"signal {number} left {list(temporary.iterdir())}")

# Nobody reads the progress: cnnc train 2>&1 | head
checkpoint.unlink(missing_ok=True)
reader, writer = os.pipe()
os.close(reader)
done = subprocess.run(command(), cwd=folder, stderr=writer, timeout=240)
os.close(writer)
require(done.returncode == 0 and (folder / WEIGHTS).exists(), f"closed stderr: exit code {done.returncode}")

# cnnc train --metrics /dev/stdout > metrics
with open(folder / "metrics", "wb") as metrics:
    done = subprocess.run(command("--quiet", "--metrics", "/dev/stdout"), cwd=folder, stdout=metrics, timeout=240)
lines = (folder / "metrics").read_text().splitlines()
require(done.returncode == 0 and len(lines) == 3, f"metrics: exit code {done.returncode}, {lines}")
