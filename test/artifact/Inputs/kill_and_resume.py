# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kills a training with SIGKILL once it has a checkpoint, resumes it, and compares with a training that was left alone.
kill_and_resume.py FOLDER COMMAND...

How many epochs are done when the checkpoint is seen depends on the machine; so all that follows counts from there.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import time


def require(condition, message):
    if not condition:
        sys.exit(f"failed: {message}")


folder, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
killed, whole, metrics = folder / "killed.safetensors", folder / "whole.safetensors", folder / "metrics"
checkpoint = folder / "killed.safetensors.checkpoint"

# More epochs than there is time for.
training = subprocess.Popen(command + ["-o", killed, "--epochs", "1000000000"])
deadline = time.time() + 300
while not checkpoint.exists() and training.poll() is None and time.time() < deadline:
    time.sleep(0.005)
training.kill()
require(training.wait() == -9 and checkpoint.exists(), "no checkpoint before the training was killed")
data = checkpoint.read_bytes()
done = int(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["epoch"])
require(done >= 1, "the checkpoint is there before the first epoch has ended")

epochs = ["--epochs", str(done + 2)]
subprocess.run(command + ["-o", killed, "--resume", "--metrics", metrics] + epochs, check=True)
records = [json.loads(line)["epoch"] for line in metrics.read_text().splitlines()]
require(records == [done + 1, done + 2], f"{done} epochs were done, then came {records}")
subprocess.run(command + ["-o", whole] + epochs, check=True)
require(killed.read_bytes() == whole.read_bytes(), "the resumed training ended in other bytes")
