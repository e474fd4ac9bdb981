#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Every module of the Verilog alone under all of Verilator's warnings, with the sizes that it has by itself, and the whole
# machine with the constants of each target. nf_sum contains itself, which Verilator does not expect of a top module; it is
# seen inside nf_conv.
#
# usage: lint.sh VERILATOR RTL_FOLDER TARGET.vh...
set -eu
verilator=$1 rtl=$2
shift 2
failed=0
for file in "$rtl"/*.v; do
  case $(basename "$file" .v) in
  nf_sum) ;;
  nf_top)
    for target in "$@"; do
      "$verilator" --lint-only -Wall --top-module nf_top -y "$rtl" "$target" "$file" || failed=1
    done
    ;;
  *) "$verilator" --lint-only -Wall --top-module "$(basename "$file" .v)" -y "$rtl" "$file" || failed=1 ;;
  esac
done
exit $failed
