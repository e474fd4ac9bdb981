# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Wrong uses of `cnnc run` on two_views.cnn, in the folder of its files: run_errors.sh TWO_VIEWS.cnn
model=$1
try() { echo "-- $*"; cnnc run "$model" "$@" 2>&1; echo "exit $?"; }
weights="--weights weights.safetensors"
inputs="--input photo1.npy --input depth1.npy"

try $inputs -o y.npy --weights absent.safetensors
try $inputs -o y.npy --weights missing.safetensors
try $inputs -o y.npy --weights shape.safetensors
try $inputs -o y.npy --weights photo1.npy

for photo in absent wide real large cut; do
  try $weights -o y.npy --input depth1.npy --input photo=$photo.npy
done
try $weights -o y.npy --input photo3.npy --input depth1.npy
try $weights -o y.npy --input none.npy --input none-depth.npy
try $weights $inputs -o absent/y.npy
ls y.npy 2>&1

try $weights $inputs
try $weights $inputs --input depth=depth1.npy -o y.npy
try $weights $inputs --input more.npy -o y.npy
try $weights --input depth=depth1.npy --input depth=depth1.npy -o y.npy
try $weights --input depth=depth1.npy -o y.npy
try $weights --input image=photo1.npy -o y.npy
try $weights $inputs -o scores=y.npy
try $weights $inputs -o y.npy --net Absent
try $weights $inputs -o y.npy --threads 0
try $weights $inputs -o y.npy --threads 100000
