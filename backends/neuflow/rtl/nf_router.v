// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The router of a tile: ten selects and the queues of what comes in. Ten sinks: operator inputs 1 to 3, local outputs 1 to 3,
// neighbour outputs N E S W; ten sources: operator outputs 1 to 3 (codes 0 to 2), local inputs 1 to 3 (8 to 10), neighbour
// inputs N E S W (11 to 14). A word from a neighbour, or from a line, may bypass the operator on its way to another.
`default_nettype none

module nf_router #(
    parameter HOP = 2,
    parameter [3:0] LINKS_IN = 4'b1111
) (
    input wire clk,
    input wire reset,
    input wire [39:0] selects,  // of the sinks in the order above
    output wire moves,

    input wire [2:0] result_valid,  // operator outputs
    output wire [2:0] result_ready,
    input wire [47:0] result_words,
    input wire [2:0] local_valid,
    output wire [2:0] local_ready,
    input wire [47:0] local_words,
    input wire [3:0] side_valid,
    output wire [3:0] side_ready,
    input wire [63:0] side_words,

    output wire [2:0] operand_valid,  // operator inputs
    input wire [2:0] operand_ready,
    output wire [47:0] operand_words,
    output wire [2:0] local_out_valid,
    input wire [2:0] local_out_ready,
    output wire [47:0] local_out_words,
    output wire [3:0] side_out_valid,
    input wire [3:0] side_out_ready,
    output wire [63:0] side_out_words
);
  wire [6:0] queue_valid;
  wire [6:0] queue_ready;
  wire [7*16-1:0] queue_words;

  genvar i;
  generate
    for (i = 0; i < 7; i = i + 1) begin : queues
      if (i < 3 || LINKS_IN[(i+1)%4]) begin : queue
        wire comes;
        wire [15:0] word;
        wire room;
        if (i < 3) begin : from_line
          assign comes = local_valid[i];
          assign word = local_words[i*16+:16];
          assign local_ready[i] = room;
        end else begin : from_side
          assign comes = side_valid[i-3];
          assign word = side_words[(i-3)*16+:16];
          assign side_ready[i-3] = room;
        end
        nf_fifo #(
            .WIDTH(16),
            .DEPTH(HOP)
        ) fifo (
            .clk(clk),
            .reset(reset),
            .in_valid(comes),
            .in_ready(room),
            .in_word(word),
            .out_valid(queue_valid[i]),
            .out_ready(queue_ready[i]),
            .out_word(queue_words[i*16+:16])
        );
      end else begin : nothing
        assign side_ready[i-3] = 1'b0;
        assign queue_valid[i] = 1'b0;
        assign queue_words[i*16+:16] = 16'd0;
        wire unused = &{1'b0, queue_ready[i], side_valid[i-3], side_words[(i-3)*16+:16]};
      end
    end
  endgenerate

  wire [4:0] unused_ready;
  wire unused = &{1'b0, unused_ready};
  wire [9:0] sink_valid;
  wire [159:0] sink_words;
  nf_switch #(
      .SINKS(10)
  ) switch (
      .selects(selects),
      .source_valid({queue_valid, 5'd0, result_valid}),
      .source_ready({queue_ready, unused_ready, result_ready}),
      .source_words({queue_words, 80'd0, result_words}),
      .sink_valid(sink_valid),
      .sink_ready({side_out_ready, local_out_ready, operand_ready}),
      .sink_words(sink_words)
  );
  assign {side_out_valid, local_out_valid, operand_valid} = sink_valid;
  assign {side_out_words, local_out_words, operand_words} = sink_words;
  assign moves = sink_valid != 0;
endmodule

`default_nettype wire
