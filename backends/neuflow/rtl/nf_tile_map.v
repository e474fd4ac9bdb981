// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a mapper tile computes: the mapper with its segments. The ports are those of nf_tile_alu.
`default_nettype none

module nf_tile_map #(
    parameter SEGMENTS = 8,
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
    output wire [3:0] refuses,
    output wire configured,
    output wire busy,
    output wire saturated,

    input wire in_valid,
    output wire in_ready,
    input wire [15:0] in_word,
    output wire out_valid,
    input wire out_ready,
    output wire [15:0] out_word
);
  localparam [3:0] CACHE_START = 4'd14, CACHE_FINISH = 4'd15;
  localparam [3:0] WRONG = 4'd2;
  localparam [9:0] MOST = 2 * SEGMENTS;

  wire armed, enough;
  wire [31:0] shadow_word;
  wire unused = &{1'b0, shadow_word};
  wire [SEGMENTS*64-1:0] words;
  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  assign ready = !(caches && armed);
  // Odd and even at once, or a flag that there is not.
  wire wrong_flags = cfg_index == 1 && cfg_word[31:16] > 16'd2;
  assign refuses = (cfg_data ? cfg_index >= MOST || wrong_flags : cfg_command == CACHE_FINISH && !enough) ? WRONG : 4'd0;
  nf_cfg #(
      .WORDS(2 * SEGMENTS),
      .LEAST(2 * SEGMENTS),
      .SHADOW(SHADOW)
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
  nf_map #(
      .SEGMENTS(SEGMENTS)
  ) mapper (
      .clk(clk),
      .reset(reset),
      .on(configured),
      .segments(words),
      .busy(busy),
      .saturated(saturated),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .in_word(in_word),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_word(out_word)
  );
endmodule

`default_nettype wire
