// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A queue of any depth between two valid/ready links. Neither side sees the other's handshake in the same cycle: `in_ready`
// and `out_valid` come from registers, so that links can be chained and fanned out without combinational loops. A word that
// enters an empty queue is at its output in the next cycle. Read asynchronously: distributed memory.
`default_nettype none

module nf_fifo #(
    parameter WIDTH = 16,
    parameter DEPTH = 64
) (
    input wire clk,
    input wire reset,
    input wire in_valid,
    output wire in_ready,
    input wire [WIDTH-1:0] in_word,
    output wire out_valid,
    input wire out_ready,
    output wire [WIDTH-1:0] out_word
);
  localparam ADDRESS = DEPTH > 1 ? $clog2(DEPTH) : 1;
  localparam COUNT = $clog2(DEPTH + 1);
  localparam [ADDRESS-1:0] END = DEPTH[ADDRESS-1:0] - 1'b1;
  localparam [COUNT-1:0] FULL = DEPTH[COUNT-1:0];

  reg [WIDTH-1:0] words[0:DEPTH-1];
  reg [ADDRESS-1:0] head;
  reg [ADDRESS-1:0] tail;
  reg [COUNT-1:0] count;

  assign in_ready = count != FULL;
  assign out_valid = count != 0;
  assign out_word = words[head];

  wire enters = in_valid && in_ready;
  wire leaves = out_valid && out_ready;

  always @(posedge clk) begin
    if (enters) words[tail] <= in_word;
  end

  always @(posedge clk) begin
    if (reset) begin
      head <= 0;
      tail <= 0;
      count <= 0;
    end else begin
      if (enters) tail <= tail == END ? 0 : tail + 1'b1;
      if (leaves) head <= head == END ? 0 : head + 1'b1;
      if (enters && !leaves) count <= count + 1'b1;
      if (leaves && !enters) count <= count - 1'b1;
    end
  end
endmodule

`default_nettype wire
