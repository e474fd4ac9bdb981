#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Every module of the Verilog alone under all of Verilator's warnings, with the sizes that it has by itself. nf_sum contains
# itself, which Verilator does not expect of a top module; it is seen inside nf_conv.
#
# usage: lint.sh VERILATOR RTL_FOLDER
set -eu
failed=0
for file in "$2"/*.v; do
  [ "$(basename "$file")" = nf_sum.v ] || "$1" --lint-only -Wall --top-module "$(basename "$file" .v)" -y "$2" "$file" || failed=1
done
exit $failed
