// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an ALU tile computes: the operators with their two configuration words.
//
// All operators of tiles have these ports: the configuration bus's word if it is for sub-module 1 or 2 of this tile, what is
// said to it (nf_bus explains the codes), and streams.
`default_nettype none

module nf_tile_alu #(
    parameter OPERATORS = 2,
    parameter CHAIN = 1,  // features
    parameter SHADOW = 1
) (
    input wire clk,
    input wire reset,
    input wire cfg_take,
    input wire cfg_data,
    input wire [3:0] cfg_command,
    input wire cfg_to_shadow,
    input wire [9:0] cfg_index,
    input wire [31:0] cfg_word,
    input wire commits,
    output wire ready,
    output reg [3:0] refuses,
    output wire configured,
    output wire busy,
    output wire saturated,

    input wire [2:0] in_valid,
    output wire [2:0] in_ready,
    input wire [47:0] in_words,
    output wire [2:0] out_valid,
    input wire [2:0] out_ready,
    output wire [47:0] out_words
);
  localparam [3:0] CACHE_START = 4'd14, CACHE_FINISH = 4'd15;
  localparam [3:0] WRONG = 4'd2, NO_CHAIN = 4'd10;
  localparam [2:0] MAC = 3'd1, SQUARE = 3'd6, MAX = 3'd7;

  wire armed, enough;
  wire [31:0] shadow_word;
  wire [63:0] words;
  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  assign ready = !(caches && armed);
  nf_cfg #(
      .WORDS(2),
      .LEAST(1),
      .SHADOW(SHADOW),
      .CLEARS(1)
  ) config_words (
      .clk(clk),
      .reset(reset),
      .data(cfg_take && cfg_data),
      .index(cfg_index[7:0]),
      .word(cfg_word),
      .to_shadow(cfg_to_shadow),
      .starts(cfg_take && caches && cfg_command == CACHE_START),
      .arms(cfg_take && caches && cfg_command == CACHE_FINISH),
      .commits(commits),
      .armed(armed),
      .enough(enough),
      .shadow_word(shadow_word),
      .configured(configured),
      .words(words)
  );

  wire [2:0] code = cfg_word[2:0];
  wire [2:0] first_code = cfg_to_shadow ? shadow_word[2:0] : words[2:0];
  wire is_first = cfg_word[31:18] == 14'h00c0 && cfg_word[17] == (code != MAC) && cfg_word[16] == (code == SQUARE) &&
      cfg_word[15:3] == 0 && code != 0;
  wire is_second = cfg_word == 0 ||
      (cfg_word[31:3] == 0 && (code == 3'd3 || code == 3'd4 || code == 3'd5 || code == MAX) && first_code != MAC);
  always @* begin
    refuses = 4'd0;
    if (cfg_data) begin
      if (cfg_index == 0) begin
        if (!is_first) refuses = WRONG;
        else if (code == MAX && CHAIN == 0) refuses = NO_CHAIN;
      end else if (cfg_index == 1) begin
        if (OPERATORS < 2) refuses = NO_CHAIN;
        else if (!is_second) refuses = WRONG;
      end else refuses = WRONG;
    end else if (cfg_command == CACHE_FINISH && !enough) refuses = WRONG;
  end

  wire [2:0] first = configured ? words[2:0] : 3'd0;
  wire [2:0] second = words[34:32];
  wire unused = &{1'b0, words, shadow_word, out_ready[2]};
  wire [15:0] result;
  nf_alu operators (
      .clk(clk),
      .reset(reset),
      .first(first),
      .second(second),
      .busy(busy),
      .saturated(saturated),
      .a_valid(in_valid[0]),
      .a_ready(in_ready[0]),
      .a_word(in_words[15:0]),
      .b_valid(in_valid[1]),
      .b_ready(in_ready[1]),
      .b_word(in_words[31:16]),
      .c_valid(in_valid[2]),
      .c_ready(in_ready[2]),
      .c_word(in_words[47:32]),
      .out_valid(out_valid[1:0]),
      .out_ready(out_ready[1:0]),
      .out_word(result)
  );
  assign out_valid[2] = 1'b0;
  assign out_words = {16'd0, result, result};
endmodule

`default_nettype wire
