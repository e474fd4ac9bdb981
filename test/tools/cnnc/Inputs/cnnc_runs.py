# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs cnnc in a folder of its own, and makes sure that a failed run is a clean one."""
import concurrent.futures
import os
import pathlib
import resource
import shutil
import subprocess

# What the words of a crash are, whatever the exit code says.
CRASH_WORDS = ["cnnc: bug", "Assertion", "Sanitizer", "runtime error:", "LLVM ERROR", "Stack dump"]


class Failure(Exception):
    pass


def require(condition, message):
    if not condition:
        raise Failure(message)


def fresh_folder(path):
    folder = pathlib.Path(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def run(folder, *words, file_limit=None, stdout=subprocess.PIPE):
    """The exit code and what went to standard error."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    done = subprocess.run(
        ["cnnc", *words],
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=300,
        preexec_fn=limit if file_limit is not None else None,
    )
    return done.returncode, done.stderr.decode(errors="replace")


def contents(folder):
    """Every file below the folder, with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def must_succeed(folder, *words, **options):
    code, text = run(folder, *words, **options)
    require(code == 0, f"cnnc {' '.join(words)}: exit code {code}\n{text}")


def must_be_refused(folder, words, mention, **options):
    """Exit code 1, a message with all of `mention`, and not a byte in the folder changed. Answers the message."""
    before = contents(folder)
    code, text = run(folder, *words, **options)
    command = "cnnc " + " ".join(words)
    require(code == 1, f"{command}: exit code {code} instead of 1\n{text}")
    for word in CRASH_WORDS:
        require(word not in text, f"{command}: '{word}' in\n{text}")
    for word in mention:
        require(word in text, f"{command}: no '{word}' in\n{text}")
    after = contents(folder)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    require(not changed, f"{command}: changed {changed}\n{text}")
    return text


def in_parallel(action, cases):
    """Runs the action on every case; the first failure counts."""
    with concurrent.futures.ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as executor:
        for future in [executor.submit(action, *case) for case in cases]:
            future.result()
