// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a FIFO tile does: the deep queue with its capacity, which is the word of sub-module 2. Sub-module 1 has no words. The
// ports are those of nf_tile_alu.
`default_nettype none

module nf_tile_fifo #(
    parameter WORDS = 5120,
    parameter SHADOW = 1
) (
    input wire clk,
    input wire reset,
    input wire cfg_take,
    input wire cfg_data,
    input wire cfg_sub,  // 1: sub-module 2
    input wire [3:0] cfg_command,
    input wire cfg_to_shadow,
    input wire [9:0] cfg_index,
    input wire [31:0] cfg_word,
    input wire commits,
    output wire ready,
    output reg [3:0] refuses,
    output wire configured,
    output wire busy,
    output wire takes,

    input wire in_valid,
    output wire in_ready,
    input wire [15:0] in_word,
    output wire out_valid,
    input wire out_ready,
    output wire [15:0] out_word
);
  localparam [3:0] CACHE_START = 4'd14, CACHE_FINISH = 4'd15;
  localparam [3:0] UNKNOWN = 4'd1, WRONG = 4'd2;
  localparam COUNT = $clog2(WORDS + 1);

  wire armed, enough;
  wire [31:0] shadow_word;
  wire [31:0] word;
  wire unused = &{1'b0, shadow_word, word};
  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  assign ready = !(caches && cfg_sub && armed);
  always @* begin
    refuses = 4'd0;
    if (cfg_data) begin
      if (!cfg_sub || cfg_index != 0 || cfg_word == 0 || cfg_word > WORDS) refuses = WRONG;
    end else if (caches && !cfg_sub) refuses = UNKNOWN;
    else if (cfg_command == CACHE_FINISH && !enough) refuses = WRONG;
  end
  nf_cfg #(
      .WORDS(1),
      .LEAST(1),
      .SHADOW(SHADOW)
  ) config_words (
      .clk(clk),
      .reset(reset),
      .data(cfg_take && cfg_data && cfg_sub),
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
      .words(word)
  );
  assign takes = in_valid && in_ready;
  nf_fifo_tile #(
      .DEPTH(WORDS)
  ) queue (
      .clk(clk),
      .reset(reset),
      .capacity(word[COUNT-1:0]),
      .busy(busy),
      .in_valid(in_valid),
      .in_ready(in_ready),
      .in_word(in_word),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_word(out_word)
  );
endmodule

`default_nettype wire
