# Configuration of every lit test. The tools of the build (cnnc, cnn-opt, ...) and LLVM's test tools (FileCheck, not,
# count, split-file) are found by name; `lit.site.cfg.py` in the build tree says where.
import os
import shutil

import lit.formats

config.name = "cnnc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".cnn", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.cnn_binary_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.cnn_binary_dir, "bin"), config.llvm_bin_dir, os.environ["PATH"]]
)
# A failing check prints its input; colours and a user's own options would only blur it.
config.environment["FILECHECK_OPTS"] = "--dump-input=fail --color=false"
for name in ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"]:
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions.append(("%examples", os.path.join(config.cnn_source_dir, "examples")))
config.substitutions.append(("%source", config.cnn_source_dir))
config.substitutions.append(("%build", config.cnn_binary_dir))
config.substitutions.append(("%python", config.python))

# `// REQUIRES: fashion-mnist` is for tests that read the data set of Debian's package dataset-fashion-mnist.
fashion_mnist = "/usr/share/datasets/fashion-mnist"
if os.path.isdir(fashion_mnist):
    config.available_features.add("fashion-mnist")
config.substitutions.append(("%fashion-mnist", fashion_mnist))

# `REQUIRES: aarch64` is for tests that run code for AArch64 in an emulator: programs are linked by %aarch64-cc, and run by
# %aarch64-run.
aarch64_libraries = "/usr/aarch64-linux-gnu"
if shutil.which("qemu-aarch64") and os.path.exists(aarch64_libraries + "/lib/libc.so.6"):
    config.available_features.add("aarch64")
config.substitutions.append(("%aarch64-cc", "clang-22 --target=aarch64-linux-gnu -fuse-ld=lld"))
config.substitutions.append(("%aarch64-run", "qemu-aarch64 -L " + aarch64_libraries))

if config.sanitize:
    config.available_features.add("sanitized")
