// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The exact sum of COUNT signed numbers that are wide enough for it, as a tree of registered pairs: $clog2(COUNT) cycles of
// `enable` later.
`default_nettype none

module nf_sum #(
    parameter COUNT = 10,
    parameter WIDTH = 38
) (
    input wire clk,
    input wire enable,
    input wire [COUNT*WIDTH-1:0] terms,
    output wire [WIDTH-1:0] sum
);
  localparam PAIRS = (COUNT + 1) / 2;

  generate
    if (COUNT == 1) begin : leaf
      assign sum = terms;
      wire unused = &{1'b0, clk, enable};
    end else begin : tree
      reg [PAIRS*WIDTH-1:0] pairs;
      genvar i;
      for (i = 0; i < PAIRS; i = i + 1) begin : pair
        if (2 * i + 1 < COUNT) begin : both
          always @(posedge clk)
            if (enable) pairs[i*WIDTH+:WIDTH] <= terms[2*i*WIDTH+:WIDTH] + terms[(2*i+1)*WIDTH+:WIDTH];
        end else begin : odd
          always @(posedge clk) if (enable) pairs[i*WIDTH+:WIDTH] <= terms[2*i*WIDTH+:WIDTH];
        end
      end
      nf_sum #(
          .COUNT(PAIRS),
          .WIDTH(WIDTH)
      ) rest (
          .clk(clk),
          .enable(enable),
          .terms(pairs),
          .sum(sum)
      );
    end
  endgenerate
endmodule

`default_nettype wire
