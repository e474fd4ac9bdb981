# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a program on a terminal of its own and prints what that shows.

usage: on_terminal.py PROGRAM ARGUMENTS...
"""
import os
import pty
import sys

sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))
