// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each stage, and that each can be read again: a pass is formed, placed, planned, and said in words.
// RUN: cnn-opt --neuflow-form-passes=target=neuflow-tiny %s | FileCheck %s --check-prefix=FORM
// RUN: cnn-opt --neuflow-form-passes=target=neuflow-tiny %s | cnn-opt --neuflow-place-and-route --neuflow-plan-memory | FileCheck %s --check-prefix=PLACE
// RUN: cnn-opt --neuflow-lower=target=neuflow-tiny %s > %t.once
// RUN: cnn-opt --neuflow-form-passes=target=neuflow-tiny %s | cnn-opt --neuflow-place-and-route | cnn-opt --mlir-print-op-generic \
// RUN:   | cnn-opt --neuflow-plan-memory | cnn-opt --neuflow-lower-to-machine > %t.step
// RUN: diff %t.once %t.step
// RUN: FileCheck %s --check-prefix=TEXT < %t.once

// A convolution of two planes with its mapper is one pass of three steps. The window leaves out the last row, so that no
// convolver makes it.
// FORM-LABEL: neuflow.program @net.program target "neuflow-tiny"
// FORM: neuflow.buffer @b0 input 128
// FORM: neuflow.buffer @b1 temporary 90
// FORM: neuflow.tensor "input0" in @b0 shape [2, 8, 8] fraction 8
// FORM: neuflow.tensor "output0" out @b2 shape [3, 3, 3] fraction 7
// FORM: neuflow.pass "conv at {{.*}} + map at {{.*}}: 2 to 1"
// FORM: %[[X:.*]] = neuflow.read
// FORM: %[[Y:.*]] = neuflow.read
// FORM: %[[C:.*]] = neuflow.convolver %[[X]] image [7, 8] kernel [3, 3] strides [1, 1]
// FORM: %[[D:.*]] = neuflow.convolver %[[Y]] adds %[[C]] image [7, 8] kernel [3, 3] strides [1, 1]
// FORM: %[[M:.*]] = neuflow.mapper %[[D]]
// FORM: neuflow.write %[[M]]
// FORM-COUNT-3: neuflow.step
// FORM: neuflow.pass "max at {{.*}}: 1 lane"
// FORM: neuflow.alu max(

// PLACE: neuflow.buffer @b0 input 128 at 0
// PLACE: neuflow.read port 0
// PLACE: neuflow.convolver {{.*}} tile "C1"
// PLACE: neuflow.convolver {{.*}} tile "C2"
// PLACE: neuflow.write {{.*}} port 3
// PLACE: neuflow.router "C1" [8, 15, 15, 0, 15, 15, 15, 15, 15, 15]
// PLACE: neuflow.lines "C1"

// Kernels of the next step are said without a wait between; its planes lie behind those of the first, so that the ports
// know of them. The next pass is said before this one has ended.
// TEXT: neuflow.text 512
// TEXT: neuflow.mark "conv at {{.*}} + map at {{.*}}: 2 to 1" {bytes = 852 : i64, cycles = {{[0-9]+}} : i64, macs = 1620 : i64}
// TEXT: neuflow.config_burst "tile.1.router.cacheStart"
// TEXT-NEXT: neuflow.config_select "tile.1.router.cacheFinish"
// TEXT: neuflow.config_burst "tile.1.kernel.config"
// TEXT-NEXT: neuflow.config_select "tile.1.kernel.control0"
// TEXT-NEXT: neuflow.config_burst "tile.2.kernel.config"
// TEXT-NEXT: neuflow.config_select "tile.2.kernel.control0"
// TEXT-NEXT: neuflow.config_select "tile.0.router.control4"
// TEXT-NEXT: neuflow.config_burst "tile.1.operator.config"
// TEXT: neuflow.config_burst "streamer.5.locals.cacheStart"
// TEXT-NEXT: neuflow.config_select "streamer.5.locals.cacheFinish"
// TEXT-NEXT: neuflow.config_burst "tile.1.kernel.config"
// TEXT-NOT: get_status
// TEXT: neuflow.config_burst "tile.16.router.cacheStart"
// TEXT: neuflow.get_status "done"
// TEXT: neuflow.mark "max at
// TEXT-NEXT: neuflow.config_select "tile.0.router.control4"
// TEXT: neuflow.get_status "done"
// TEXT: neuflow.mark "end"
// TEXT-NEXT: neuflow.instruction "term" [0, 0, 0, 0]
func.func @net(%x: tensor<2x8x8xi16> {neuflow.fraction = 8 : i64}) -> (tensor<3x3x3xi16> {neuflow.fraction = 7 : i64}) {
  %k = arith.constant dense<64> : tensor<6x3x3xi16>
  %b = arith.constant dense<[1, 2, 3]> : tensor<3xi16>
  %0 = neuflow.conv %x, %k, %b {strides = array<i64: 1, 1>} : (tensor<2x8x8xi16>, tensor<6x3x3xi16>, tensor<3xi16>) -> tensor<3x6x6xi16>
  %1 = neuflow.map %0 {tables = [#neuflow.mapper<none, [[256, 0, 0], [0, 0, -32768]]>]} : (tensor<3x6x6xi16>) -> tensor<3x6x6xi16>
  %a = neuflow.window %1 {offset = array<i64: 0, 0>, strides = array<i64: 2, 2>} : (tensor<3x6x6xi16>) -> tensor<3x3x3xi16>
  %c = neuflow.window %1 {offset = array<i64: 0, 1>, strides = array<i64: 2, 2>} : (tensor<3x6x6xi16>) -> tensor<3x3x3xi16>
  %m = neuflow.max %a, %c : (tensor<3x3x3xi16>, tensor<3x3x3xi16>) -> tensor<3x3x3xi16>
  return %m : tensor<3x3x3xi16>
}
