# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a command that waits for its input, and kills it as a crash would. Shows what it said and its exit code."""
import signal
import subprocess
import sys
import time

command = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
# It must be past its start: the crash of a loader is nobody's to report.
time.sleep(1)
command.send_signal(signal.SIGSEGV)
_, said = command.communicate(timeout=60)
print(said, end="")
print("exit", command.returncode)
