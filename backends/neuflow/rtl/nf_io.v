// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The global lines as they pass a tile: what drives each line as it leaves, and which lines the router's local inputs read.
// Sources: the lines as they come in (codes 0 to 7) and the router's local outputs 1 to 3 (8 to 10). What comes in waits in
// queues.
`default_nettype none

module nf_io #(
    parameter LINES = 6,
    parameter HOP = 2
) (
    input wire clk,
    input wire reset,
    input wire [LINES*4-1:0] line_selects,
    input wire [11:0] local_selects,
    output wire moves,

    input wire [LINES-1:0] line_valid,
    output wire [LINES-1:0] line_ready,
    input wire [LINES*16-1:0] line_words,
    input wire [2:0] local_valid,  // from the router
    output wire [2:0] local_ready,
    input wire [47:0] local_words,

    output wire [LINES-1:0] line_out_valid,
    input wire [LINES-1:0] line_out_ready,
    output wire [LINES*16-1:0] line_out_words,
    output wire [2:0] local_out_valid,  // to the router
    input wire [2:0] local_out_ready,
    output wire [47:0] local_out_words
);
  localparam QUEUES = LINES + 3;
  wire [QUEUES-1:0] in_valid = {local_valid, line_valid};
  wire [QUEUES-1:0] in_ready;
  wire [QUEUES*16-1:0] in_words = {local_words, line_words};
  assign {local_ready, line_ready} = in_ready;

  wire [QUEUES-1:0] queue_valid;
  wire [QUEUES-1:0] queue_ready;
  wire [QUEUES*16-1:0] queue_words;
  genvar i;
  generate
    for (i = 0; i < QUEUES; i = i + 1) begin : queues
      nf_fifo #(
          .WIDTH(16),
          .DEPTH(HOP)
      ) fifo (
          .clk(clk),
          .reset(reset),
          .in_valid(in_valid[i]),
          .in_ready(in_ready[i]),
          .in_word(in_words[i*16+:16]),
          .out_valid(queue_valid[i]),
          .out_ready(queue_ready[i]),
          .out_word(queue_words[i*16+:16])
      );
    end
  endgenerate

  // By code: 8 places for lines, then the local ones, then nothing.
  wire [7:0] source_lines;
  wire [14:0] source_ready;
  wire [127:0] line_places;
  assign source_lines[LINES-1:0] = queue_valid[LINES-1:0];
  assign line_places[LINES*16-1:0] = queue_words[LINES*16-1:0];
  generate
    if (LINES < 8) begin : rest
      assign source_lines[7:LINES] = 0;
      assign line_places[127:LINES*16] = 0;
    end
  endgenerate
  assign queue_ready = {source_ready[10:8], source_ready[LINES-1:0]};
  wire unused = &{1'b0, source_ready};

  wire [QUEUES-1:0] sink_valid;
  wire [QUEUES*16-1:0] sink_words;
  nf_switch #(
      .SINKS(QUEUES)
  ) switch (
      .selects({local_selects, line_selects}),
      .source_valid({4'd0, queue_valid[QUEUES-1:LINES], source_lines}),
      .source_ready(source_ready),
      .source_words({64'd0, queue_words[QUEUES*16-1:LINES*16], line_places}),
      .sink_valid(sink_valid),
      .sink_ready({local_out_ready, line_out_ready}),
      .sink_words(sink_words)
  );
  assign {local_out_valid, line_out_valid} = sink_valid;
  assign {local_out_words, line_out_words} = sink_words;
  assign moves = sink_valid != 0;
endmodule

`default_nettype wire
