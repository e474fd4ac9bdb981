#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Whole nets on neuflow-v6, from cnnc to the Verilated RTL, see WholeNets.cpp: LeNet-5, the face detector, and the
# features of scene labeling at one place of an image. With the folder of Fashion-MNIST LeNet-5 is trained and sees 20
# of its test images, and some on neuflow-asic and neuflow-v4 (target neuflow-long-tests), which takes four minutes;
# without, each net has the weights that training would start from and sees one sample of noise.
#
# usage: whole-nets.sh SOURCE_FOLDER BUILD_FOLDER [FASHION_MNIST]
set -eu
source=$1
bin=$2/bin
mnist=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# noise FILE.npy COUNT SIZE...
noise() { python3 -B "$source/test/tools/cnnc/Inputs/make_noise.py" "$@"; }

# net MACHINE NAME MODEL.cnn SAMPLES COUNT, with more options of cnnc in $options
net() {
  machine=$1
  shift
  for how in "--emit=neuflow -o $work/$1.mlir" "-o $work"; do
    # shellcheck disable=SC2086
    "$bin/cnnc" build "$source/examples/$2" "--target=neuflow:neuflow-$machine" $options $how 2> "$work/log" ||
      { cat "$work/log"; exit 1; }
  done
  "$bin/neuflow-whole-nets-$machine" "$work/$1.mlir" "$work/$1.nfb" "$3" "$4" || failed=1
}

if [ -n "$mnist" ]; then
  "$bin/cnnc" train "$source/examples/lenet5/lenet5.cnn" --data "$mnist" --quiet -o "$work/lenet5.safetensors"
  options="--data $mnist --weights $work/lenet5.safetensors"
  net v6 LeNet5 lenet5/lenet5.cnn "$mnist/t10k-images-idx3-ubyte.gz" 20
  net asic LeNet5 lenet5/lenet5.cnn "$mnist/t10k-images-idx3-ubyte.gz" 4
  net v4 LeNet5 lenet5/lenet5.cnn "$mnist/t10k-images-idx3-ubyte.gz" 4
else
  noise --bytes "$work/image.npy" 8 1 28 28
  options="--calibrate $work/image.npy"
  net v6 LeNet5 lenet5/lenet5.cnn "$work/image.npy" 1
fi
count=${mnist:+8}
noise "$work/face.npy" 8 1 32 32
options="--calibrate $work/face.npy"
net v6 FaceDetector face_detector/face_detector.cnn "$work/face.npy" "${count:-1}"
noise "$work/scene.npy" 8 3 46 46
options="--calibrate $work/scene.npy"
net v6 SceneFeatures scene_labeling/scene_features.cnn "$work/scene.npy" "${count:-1}"
exit $failed
