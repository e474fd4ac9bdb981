// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fetch unit: a buffer of beats of the program, filled in order from the entry on. A jump empties it; what is under way
// then is dropped as it arrives, before anything of the target is requested.
`default_nettype none

module nf_fetch #(
    parameter BEATS = 8,
    parameter [27:0] MEMORY_BEATS = 28'd16777216
) (
    input wire clk,
    input wire reset,
    input wire [29:0] entry,  // beat to begin with, while in reset

    input wire [1:0] place,  // of the next word in its beat
    output wire word_valid,
    output wire [63:0] word,
    input wire use_word,
    input wire jumps,
    input wire [29:0] target,  // beat

    output wire request,
    output wire [27:0] request_beat,
    input wire granted,
    input wire response,
    input wire [255:0] response_data
);
  localparam COUNT = $clog2(BEATS + 1);
  localparam PLACE = $clog2(BEATS);
  localparam [PLACE-1:0] END = BEATS[PLACE-1:0] - 1'b1;
  localparam [COUNT-1:0] ONE = 1;
  localparam [COUNT:0] ALL = BEATS[COUNT:0];

  reg [255:0] beats[0:BEATS-1];
  reg [PLACE-1:0] head, tail;
  reg [COUNT-1:0] there, under_way;
  reg draining;
  reg [29:0] next;

  wire [255:0] beat = beats[head];
  assign word_valid = there != 0;
  assign word = beat[{place, 6'd0}+:64];
  assign request = !draining && next < {2'd0, MEMORY_BEATS} && {1'b0, there} + {1'b0, under_way} < ALL;
  assign request_beat = next[27:0];

  wire arrives = response && !draining;
  wire leaves = use_word && place == 2'd3;
  wire [COUNT-1:0] next_under_way = under_way + (granted ? ONE : 0) - (response ? ONE : 0);

  always @(posedge clk) begin
    if (arrives) beats[tail] <= response_data;
    if (reset) begin
      head <= 0;
      tail <= 0;
      there <= 0;
      under_way <= 0;
      draining <= 1'b0;
      next <= entry;
    end else begin
      under_way <= next_under_way;
      if (jumps) begin
        head <= 0;
        tail <= 0;
        there <= 0;
        draining <= next_under_way != 0;
        next <= target;
      end else begin
        if (arrives) tail <= tail == END ? 0 : tail + 1'b1;
        if (leaves) head <= head == END ? 0 : head + 1'b1;
        there <= there + (arrives ? ONE : 0) - (leaves ? ONE : 0);
        draining <= draining && next_under_way != 0;
        if (granted) next <= next + 30'd1;
      end
    end
  end
endmodule

`default_nettype wire
