// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operator of a FIFO tile: a deep queue in block memory, for streams that run far ahead of what they meet again. Block
// memory is read at a clock edge, so the memory's output register is the queue's output: a word that enters an empty queue is
// there two cycles later.
`default_nettype none

module nf_fifo_tile #(
    parameter DEPTH = 5120
) (
    input wire clk,
    input wire reset,
    input wire [$clog2(DEPTH+1)-1:0] capacity,  // at most DEPTH; 0: takes nothing
    output wire busy,
    input wire in_valid,
    output wire in_ready,
    input wire [15:0] in_word,
    output reg out_valid,
    input wire out_ready,
    output reg [15:0] out_word
);
  localparam ADDRESS = $clog2(DEPTH);
  localparam COUNT = $clog2(DEPTH + 1);
  localparam [ADDRESS-1:0] END = DEPTH[ADDRESS-1:0] - 1'b1;

  (* ram_style = "block" *) reg [15:0] words[0:DEPTH-1];
  reg [ADDRESS-1:0] head;
  reg [ADDRESS-1:0] tail;
  reg [COUNT-1:0] count;  // in `words`, without the output register

  assign in_ready = count < capacity;
  assign busy = count != 0 || out_valid;

  wire enters = in_valid && in_ready;
  wire fetches = count != 0 && (!out_valid || out_ready);

  always @(posedge clk) begin
    if (enters) words[tail] <= in_word;
    if (fetches) out_word <= words[head];
  end

  always @(posedge clk) begin
    if (reset) begin
      head <= 0;
      tail <= 0;
      count <= 0;
      out_valid <= 1'b0;
    end else begin
      if (enters) tail <= tail == END ? 0 : tail + 1'b1;
      if (fetches) head <= head == END ? 0 : head + 1'b1;
      if (enters && !fetches) count <= count + 1'b1;
      if (fetches && !enters) count <= count - 1'b1;
      out_valid <= fetches || (out_valid && !out_ready);
    end
  end
endmodule

`default_nettype wire
