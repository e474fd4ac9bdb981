# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a program on the first of the processors that this process may use.

usage: one_processor.py PROGRAM ARGUMENTS...
"""
import os
import sys

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.execvp(sys.argv[1], sys.argv[1:])
