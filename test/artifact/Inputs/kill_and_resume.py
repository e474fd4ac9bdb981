# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kills a training with SIGKILL after its first epoch, then resumes it to the end.
kill_and_resume.py METRICS COMMAND..."""
import pathlib
import subprocess
import sys
import time

metrics, command = pathlib.Path(sys.argv[1]), sys.argv[2:] + ["--metrics", sys.argv[1]]
training = subprocess.Popen(command)
while training.poll() is None and not (metrics.exists() and metrics.read_text().count("\n") >= 1):
    time.sleep(0.01)
training.kill()
if training.wait() != -9:
    sys.exit("the training ended before it could be killed")
sys.exit(subprocess.run(command + ["--resume"]).returncode)
