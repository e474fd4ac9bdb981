# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A lit test format for wrong programs: what `cnnc check` says about NAME.cnn is compared with NAME.expected."""
import difflib
import os
import pathlib
import subprocess

import lit.formats
import lit.Test


class ExpectedErrors(lit.formats.FileBasedTest):
    def execute(self, test, lit_config):
        path = pathlib.Path(test.getSourcePath())
        expected_path = path.with_suffix(".expected")
        environment = dict(os.environ, **test.config.environment)
        # Run in the folder, so that messages name the file alone.
        run = subprocess.run(
            ["cnnc", "check", path.name], cwd=path.parent, env=environment, capture_output=True, timeout=120
        )
        actual = run.stderr.decode(errors="replace")
        if run.returncode != 1:
            return lit.Test.FAIL, f"exit code {run.returncode} instead of 1\n{run.stdout.decode()}{actual}"
        if os.environ.get("CNN_UPDATE_EXPECTED"):
            expected_path.write_text(actual)
            return lit.Test.PASS, ""
        if not expected_path.exists():
            return lit.Test.FAIL, f"{expected_path.name} is missing; cnnc says\n{actual}"
        expected = expected_path.read_text()
        if actual == expected:
            return lit.Test.PASS, ""
        lines = difflib.unified_diff(
            expected.splitlines(True), actual.splitlines(True), expected_path.name, "cnnc check"
        )
        return lit.Test.FAIL, "".join(lines)
