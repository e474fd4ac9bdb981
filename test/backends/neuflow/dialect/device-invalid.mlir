// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: cnn-opt --split-input-file --verify-diagnostics %s

// expected-error @below {{expected a target, but no machine is called 'neuflow-x'}}
neuflow.program @program_c1 target "neuflow-x" {
}

// -----

// expected-error @below {{expected at most one text, but got 2}}
neuflow.program @program_c2 target "neuflow-tiny" {
  neuflow.text 0 {
  }
  neuflow.text 0 {
  }
}

// -----

// expected-error @below {{expected three numbers for each segment of layout, but got 2}}
neuflow.program @program_c3 target "neuflow-tiny" attributes {layout = array<i64: 1, 2>} {
}

// -----

neuflow.program @buffer_c1 target "neuflow-tiny" {
  // expected-error @below {{expected at least 1 word, but got 0}}
  neuflow.buffer @b input 0
}

// -----

neuflow.program @buffer_c2 target "neuflow-tiny" {
  // expected-error @below {{expected contents of a constant, and of nothing else}}
  neuflow.buffer @b constant 2
}

// -----

neuflow.program @buffer_c2_count target "neuflow-tiny" {
  // expected-error @below {{expected 2 numbers, but got 1}}
  neuflow.buffer @b constant 2 holds [7]
}

// -----

neuflow.program @buffer_c3 target "neuflow-tiny" {
  // expected-error @below {{expected a base of at least 0, but got -4}}
  neuflow.buffer @b input 2 at -4
}

// -----

neuflow.program @tensor_c1 target "neuflow-tiny" {
  neuflow.buffer @b input 4
  // expected-error @below {{expected a shape of planes, rows and columns, but got 2 numbers}}
  neuflow.tensor "x" in @b shape [2, 2] fraction 8
}

// -----

neuflow.program @tensor_c2 target "neuflow-tiny" {
  neuflow.buffer @b input 4
  // expected-error @below {{expected a buffer for output of 4 words}}
  neuflow.tensor "x" out @b shape [1, 2, 2] fraction 8
}

// -----

neuflow.program @pass_c2 target "neuflow-tiny" {
  neuflow.pass "p" {
    // expected-error @below {{expected its words to be used}}
    %0 = neuflow.read
  }
}

// -----

neuflow.program @pass_c3 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    neuflow.write %0
    // expected-error @below {{expected 1 reads, 1 writes and 0 kernels, but got 0, 1 and 0}}
    neuflow.step {reads = [], writes = [unit], kernels = []}
  }
}

// -----

neuflow.program @convolver_c1 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    // expected-error @below {{expected rows and columns of 1 to 65535 for image, kernel and strides}}
    %1 = neuflow.convolver %0 image [8] kernel [3, 3] strides [1, 1]
    neuflow.write %1
  }
}

// -----

neuflow.program @convolver_c2 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    // expected-error @below {{a kernel of 3x4}}
    %1 = neuflow.convolver %0 image [8, 8] kernel [3, 4] strides [1, 1]
    neuflow.write %1
  }
}

// -----

neuflow.program @alu_c1 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    // expected-error @below {{expected 2 inputs, but got 1}}
    %1 = neuflow.alu add(%0)
    neuflow.write %1
  }
}

// -----

neuflow.program @mapper_c1 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    // expected-error @below {{expected at most 4 segments, but got 5}}
    %1 = neuflow.mapper %0 {table = #neuflow.mapper<none, [[1, 0, 5], [1, 0, 4], [1, 0, 3], [1, 0, 2], [1, 0, 1]]>}
    neuflow.write %1
  }
}

// -----

neuflow.program @fifo_c1 target "neuflow-tiny" {
  neuflow.pass "p" {
    %0 = neuflow.read
    // expected-error @below {{expected a capacity of 1 to 256 words, but got 257}}
    %1 = neuflow.fifo %0 capacity 257
    neuflow.write %1
  }
}

// -----

neuflow.program @router_c1 target "neuflow-tiny" {
  neuflow.pass "p" {
    // expected-error @below {{expected a tile of neuflow-tiny, but got 'C9'}}
    neuflow.router "C9" [15, 15, 15, 15, 15, 15, 15, 15, 15, 15]
  }
}

// -----

neuflow.program @router_c2 target "neuflow-tiny" {
  neuflow.pass "p" {
    // expected-error @below {{expected 10 codes, but got 2}}
    neuflow.router "C1" [15, 15]
  }
}

// -----

neuflow.program @lines_c2 target "neuflow-tiny" {
  neuflow.pass "p" {
    // expected-error @below {{expected codes of 0 to 15, but got 16}}
    neuflow.lines "C1" [16, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15]
  }
}

// -----

neuflow.program @step_c2 target "neuflow-tiny" {
  neuflow.buffer @x input 8
  neuflow.pass "p" {
    %0 = neuflow.read
    neuflow.write %0
    // expected-error @below {{expected a stream inside of @x, which has 8 words, but it has words 2 to 9}}
    neuflow.step {
      reads = [#neuflow.stream<buffer = @x, offset = 2, height = 1, width = 8, pitch = 8, element = 1>],
      writes = [unit], kernels = []}
  }
}

// -----

neuflow.program @text_c1 target "neuflow-tiny" {
  // expected-error @below {{expected a multiple of 8 bytes, but got 4}}
  neuflow.text 4 {
  }
}

// -----

neuflow.program @mark_c1 target "neuflow-tiny" {
  neuflow.text 0 {
    // expected-error @below {{expected cycles, macs and bytes together}}
    neuflow.mark "m" {cycles = 1 : i64}
  }
}

// -----

neuflow.program @config_select_c1 target "neuflow-tiny" {
  neuflow.text 0 {
    // expected-error @below {{expected a module such as 'tile.1.router.config', or a number, but got 'tile'}}
    neuflow.config_select "tile"
  }
}

// -----

neuflow.program @config_burst_c2 target "neuflow-tiny" {
  neuflow.text 0 {
    // expected-error @below {{expected 1 to 65534 data words, but got 0}}
    neuflow.config_burst "tile.1.router.config" []
  }
}

// -----

neuflow.program @get_status_c1 target "neuflow-tiny" {
  neuflow.text 0 {
    // expected-error @below {{expected a status such as 'done', but got 'ready'}}
    neuflow.get_status "ready"
  }
}

// -----

neuflow.program @instruction_c1 target "neuflow-tiny" {
  neuflow.text 0 {
    // expected-error @below {{expected fields a1, a2, a3 and imm, but got 1}}
    neuflow.instruction "term" [0]
  }
}

// -----

neuflow.program @instruction_c2 target "neuflow-ml605" {
  neuflow.text 0 {
    // expected-error @below {{this machine has no configBurst}}
    neuflow.config_burst "tile.1.router.config" [1]
  }
}
