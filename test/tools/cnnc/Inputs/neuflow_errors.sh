# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: neuflow_errors.sh FOLDER EXAMPLES: one wrong build after the other, with their exit codes.
face="$2/face_detector/face_detector.cnn"
samples="--calibrate $1/face.npy"
# A file of no tensors: the length of its header, and the header.
printf '\002\000\000\000\000\000\000\000{}' > "$1/other.safetensors"

try() {
  cnnc build "$@"
  echo "exit $?"
}
try "$face" --target=gpu
try "$face" --target=neuflow:v9 --emit=neuflow $samples
try "$face" --emit=neuflow
try "$face" --target=neuflow --emit=neuflow
try "$face" --target=neuflow --emit=neuflow $samples --evaluate
try "$face" --target=neuflow --emit=neuflow --calibrate photo="$1/face.npy"
try "$face" --target=neuflow --emit=neuflow --calibrate "$1/none.npy"
try "$face" --target=neuflow --emit=neuflow --data "$1"
# Samples of another size.
try "$1/host.cnn" --target=neuflow --emit=neuflow $samples
try "$face" --target=neuflow --emit=neuflow $samples --weights "$1/other.safetensors"
