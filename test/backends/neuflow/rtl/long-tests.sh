#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What takes too long for each change: thousands of random programs on all NeuFlow machines, trained nets on the Verilated
# RTL, all mutations of the Verilog and the simulators, and the area of the whole machine. About three quarters of an hour.
# The exit code is 0 if all is as it must be.
#
# usage: long-tests.sh [BUILD_FOLDER]         (build it first)
set -eu
cd "$(dirname "$0")/../../../.."
build=$(cd "${1:-build}" && pwd)
failed=0
ninja -C "$build" neuflow-long-tests

NF_RANDOM_PROGRAMS=1000:3000 "$build/bin/NeuflowRtlTest" --gtest_brief=1 --gtest_filter='RandomPrograms.*-*.Version4:*.Asic' ||
  failed=1
NF_RANDOM_PROGRAMS=1000:500 "$build/bin/NeuflowOtherRtlTest" --gtest_brief=1 \
  --gtest_filter='OtherMachines.*:RandomPrograms.Version4:RandomPrograms.Asic' || failed=1
NF_RANDOM_LAYERS=400 "$build/bin/NeuflowCompiledRtlTest" --gtest_brief=1 || failed=1
sh test/backends/neuflow/rtl/whole-nets.sh "$PWD" "$build" "${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}" || failed=1
python3 test/backends/neuflow/rtl/mutations.py ninja "$PWD" "$build" --all || failed=1
python3 test/backends/neuflow/rtl/area.py yosys backends/neuflow/rtl docs/neuflow-area.md "$build/runtime/neuflow/machine" --all ||
  failed=1
exit $failed
