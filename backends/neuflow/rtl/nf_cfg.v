// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The configuration words of a sub-module of a tile, and the second set of them that waits for a commit.
//
// `data` writes a word, `starts`, `arms` and `commits` are the instructions cacheStart, cacheFinish and control_4, all taken by
// the module in this cycle; that they are allowed is decided outside, with `armed` and `enough`.
`default_nettype none

module nf_cfg #(
    parameter WORDS = 2,
    parameter LEAST = 2,  // that make a set
    parameter SHADOW = 1,  // there is a second set
    parameter CLEARS = 0,  // the first word makes the others 0
    parameter [31:0] INITIAL = 32'd0  // of each word
) (
    input wire clk,
    input wire reset,
    input wire data,
    input wire [7:0] index,
    input wire [31:0] word,
    input wire to_shadow,
    input wire starts,
    input wire arms,
    input wire commits,
    output wire armed,
    output wire enough,  // words are in the second set
    output wire [31:0] shadow_word,  // the first one
    output reg configured,
    output reg [WORDS*32-1:0] words
);
  wire direct = data && !to_shadow;
  wire [WORDS*32-1:0] next;
  wire swaps = commits && armed;

  integer i;
  always @(posedge clk) begin
    if (reset) begin
      words <= {WORDS{INITIAL}};
      configured <= 1'b0;
    end else if (swaps) begin
      words <= next;
      configured <= 1'b1;
    end else if (direct) begin
      for (i = 0; i < WORDS; i = i + 1)
        if (index == i[7:0]) words[i*32+:32] <= word;
        else if (CLEARS != 0 && index == 0) words[i*32+:32] <= 32'd0;
      if (index == LEAST[7:0] - 8'd1) configured <= 1'b1;
    end
  end

  generate
    if (SHADOW != 0) begin : shadow
      reg [WORDS*32-1:0] set;
      reg is_armed;
      reg is_enough;
      integer j;
      always @(posedge clk) begin
        if (reset) begin
          is_armed <= 1'b0;
          is_enough <= 1'b0;
        end else begin
          if (arms) is_armed <= 1'b1;
          else if (swaps) is_armed <= 1'b0;
          if (starts || swaps) is_enough <= 1'b0;
          else if (data && to_shadow && index == LEAST[7:0] - 8'd1) is_enough <= 1'b1;
        end
        if (data && to_shadow)
          for (j = 0; j < WORDS; j = j + 1)
            if (index == j[7:0]) set[j*32+:32] <= word;
            else if (CLEARS != 0 && index == 0) set[j*32+:32] <= 32'd0;
      end
      assign armed = is_armed;
      assign enough = is_enough;
      assign next = set;
      assign shadow_word = set[31:0];
    end else begin : none
      assign armed = 1'b0;
      assign enough = 1'b0;
      assign next = words;
      assign shadow_word = 32'd0;
      wire unused = &{1'b0, to_shadow, starts, arms};
    end
  endgenerate
endmodule

`default_nettype wire
