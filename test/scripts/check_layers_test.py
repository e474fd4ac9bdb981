# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layer checker on small trees: every forbidden direction is found, at its line, and no allowed one is."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_layers


def check(files):
    """Writes `files` (path -> text) into an empty tree and runs the checker on it: exit code and output."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            file = pathlib.Path(root, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = check_layers.main(["check_layers.py", root])
        return code, output.getvalue()


class CheckLayers(unittest.TestCase):
    def accepts(self, path, include):
        self.assertEqual(check({path: f"#include {include}\n"}), (0, ""), f"{path} includes {include}")

    def rejects(self, path, include, *words):
        code, output = check({path: f"// first line\n#include {include}\n"})
        self.assertEqual(code, 1, f"{path} includes {include}")
        self.assertEqual(len(output.splitlines()), 1, output)
        self.assertTrue(output.startswith(f"{path}:2: error: "), output)
        for word in words:
            self.assertIn(word, output)

    def test_downward_includes_are_accepted(self):
        self.accepts("tools/Cnnc.cpp", '"dsl/Frontend.h"')
        self.accepts("tools/Cnnc.cpp", '"backends/cpu/CpuBackend.h"')
        self.accepts("tools/Cnnc.cpp", '"runtime/train/Train.h"')
        self.accepts("backends/cpu/Emit.cpp", '"passes/Passes.h"')
        self.accepts("backends/cpu/Emit.cpp", '"ir/ConvOps.h"')
        self.accepts("backends/cpu/Emit.cpp", '"runtime/abi/model.h"')
        self.accepts("backends/cpu/Emit.cpp", '"backends/Backend.h"')
        self.accepts("backends/cpu/Emit.cpp", '"backends/cpu/Target.h"')
        self.accepts("passes/FoldPad.cpp", '"ir/WindowMath.h"')
        self.accepts("dsl/EmitIR.cpp", '"ir/CnnDialect.h"')
        self.accepts("ir/ConvOps.cpp", '"ir/ConvOps.cpp.inc"')
        self.accepts("ir/reference/Conv.cpp", '"ir/WindowMath.h"')
        self.accepts("runtime/cpu/Threads.c", '"runtime/abi/model.h"')
        self.accepts("runtime/cpu/Threads.c", '"cnn/runtime.h"')
        self.accepts("backends/neuflow/Emit.cpp", '"runtime/neuflow/machine/Target.h"')
        self.accepts("backends/neuflow/Emit.cpp", '"runtime/abi/model.h"')
        self.accepts("backends/neuflow/Emit.cpp", '"backends/Backend.h"')
        self.accepts("runtime/neuflow/Loader.cpp", '"runtime/neuflow/machine/Target.h"')
        self.accepts("tools/nf-as/nf-as.cpp", '"runtime/neuflow/machine/Target.h"')
        self.accepts("runtime/train/Loop.cpp", '"cnn/runtime.h"')
        self.accepts("runtime/train/Loop.cpp", '"runtime/cpu/Error.h"')

    def test_libraries_are_accepted(self):
        self.accepts("ir/ConvOps.cpp", '"mlir/IR/Builders.h"')
        self.accepts("ir/ConvOps.cpp", '"llvm/ADT/SmallVector.h"')
        self.accepts("runtime/train/Idx.cpp", "<zlib.h>")

    def test_upward_includes_are_rejected(self):
        self.rejects("ir/ConvOps.cpp", '"passes/Passes.h"', "ir may include nothing else")
        self.rejects("ir/ConvOps.cpp", '"dsl/Ast.h"')
        self.rejects("ir/ConvOps.cpp", "<runtime/abi/model.h>")
        self.rejects("passes/FoldPad.cpp", '"backends/Backend.h"', "passes may include ir")
        self.rejects("passes/FoldPad.cpp", '"dsl/Ast.h"')
        self.rejects("dsl/Parser.cpp", '"passes/Passes.h"', "dsl may include ir")
        self.rejects("dsl/Parser.cpp", '"tools/Options.h"')
        self.rejects("backends/cpu/Emit.cpp", '"tools/Options.h"')
        self.rejects("backends/cpu/Emit.cpp", '"dsl/Ast.h"')
        self.rejects("backends/cpu/Emit.cpp", '"runtime/train/Train.h"')
        self.rejects("backends/cpu/Emit.cpp", '"cnn/runtime.h"')

    def test_the_runtime_stands_alone(self):
        self.rejects("runtime/train/Loop.cpp", '"ir/WindowMath.h"', "runtime may include nothing else")
        self.rejects("runtime/train/Loop.cpp", '"llvm/Support/JSON.h"', "must not depend on LLVM")
        self.rejects("runtime/train/Loop.cpp", "<mlir/IR/Builders.h>", "must not depend on LLVM")
        self.rejects("runtime/abi/support.h", '"runtime/train/Train.h"', "runtime/abi")
        self.rejects("runtime/cpu/Library.cpp", '"runtime/files/ByteReader.h"', "runtime/cpu")
        self.rejects("runtime/cpu/Library.cpp", '"cnn/training.h"', "runtime/cpu")
        self.rejects("runtime/neuflow/machine/Target.cpp", '"runtime/cpu/Error.h"', "runtime/neuflow/machine")
        self.rejects("backends/cpu/Emit.cpp", '"runtime/neuflow/machine/Target.h"', "runtime/abi")
        self.rejects("backends/neuflow/Emit.cpp", '"runtime/neuflow/Loader.h"', "runtime/neuflow/machine")

    def test_back_ends_do_not_know_each_other(self):
        self.rejects("backends/cpu/Emit.cpp", '"backends/ptx/Target.h"', "'cpu'", "'ptx'")
        self.rejects("backends/Backend.cpp", '"backends/cpu/Target.h"', "shared by the back ends")

    def test_includes_are_rooted(self):
        self.rejects("dsl/Parser.cpp", '"Parser.h"', "rooted at the source tree", '"Parser.h"')
        self.rejects("dsl/Parser.cpp", '"../ir/WindowMath.h"', "rooted at the source tree")

    def test_tablegen_includes_count(self):
        code, output = check({"ir/ConvOps.td": 'include "mlir/IR/OpBase.td"\ninclude "passes/Passes.td"\n'})
        self.assertEqual(code, 1)
        self.assertIn("ir/ConvOps.td:2: error: ", output)

    def test_an_application_includes_its_model(self):
        self.accepts("examples/lenet5/app.c", '"LeNet5.h"')
        self.rejects("examples/lenet5/app.c", '"ir/WindowMath.h"')

    def test_a_folder_that_is_no_source_tree(self):
        code, output = check({})
        self.assertEqual(code, 2)
        self.assertIn("no source tree", output)


if __name__ == "__main__":
    unittest.main()
