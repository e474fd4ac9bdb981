// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a convolver tile computes: the convolver with its sets of operator words and its kernels from the bus. The ports are
// those of nf_tile_alu.
//
// The words of a set depend on each other, so they are gathered, and the third one makes the set the active one. The set that
// follows is taken by itself when no set is active: after the last frame of the set before, or at once.
`default_nettype none

module nf_tile_conv #(
    parameter K = 10,
    parameter LINE = 512,
    parameter ISA = 2,
    parameter SHADOW = 1,  // features
    parameter KERNEL_CONFIG = 1
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
    output reg ready,
    output reg [3:0] refuses,
    output reg configured,
    output wire busy,
    output wire saturated,

    input wire [2:0] in_valid,
    output wire [2:0] in_ready,
    input wire [47:0] in_words,
    output wire [2:0] out_valid,
    input wire [2:0] out_ready,
    output wire [47:0] out_words
);
  localparam [3:0] CONFIG = 4'd0, CONTROL_0 = 4'd6, CONTROL_1 = 4'd7, CACHE_START = 4'd14, CACHE_FINISH = 4'd15;
  localparam [3:0] UNKNOWN = 4'd1, WRONG = 4'd2, NO_SHADOW = 4'd9, NO_KERNEL = 4'd13;
  // Of a kernel over the bus: two numbers a word.
  localparam [9:0] KERNEL_WORDS = (K * K + 2) / 2;
  localparam ODD_KERNEL = (K * K + 1) % 2;

  wire step, frame_ends, in_frame, push_ready, pop_ready, bus_ready;
  reg set_active;
  reg armed;
  reg enough;  // words are in the set that follows

  // ---- What the bus is told --------------------------------------------------------------------------------------------------------

  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  always @* begin
    ready = 1'b1;
    if (!cfg_data)
      case (cfg_command)
        CONFIG: if (cfg_sub) ready = bus_ready || KERNEL_CONFIG == 0;
        CONTROL_0: ready = push_ready;
        CONTROL_1: ready = pop_ready;
        CACHE_START, CACHE_FINISH: ready = cfg_sub || !armed;
        default: ready = 1'b1;
      endcase
  end

  reg [31:0] first_word[0:1];  // by cfg_to_shadow: the first two words of each set as they come
  reg [31:0] second_word[0:1];
  wire [15:0] new_in_w = first_word[cfg_to_shadow][31:16];
  wire [15:0] new_in_h = first_word[cfg_to_shadow][15:0];
  wire [15:0] new_ker_w = second_word[cfg_to_shadow][31:16];
  wire [15:0] new_ker_h = second_word[cfg_to_shadow][15:0];
  wire [7:0] new_stride_h = cfg_word[31:24];
  wire [7:0] new_stride_w = cfg_word[23:16];
  wire [16:0] new_wide = {1'b0, new_in_w} + (cfg_word[0] ? {1'b0, new_ker_w} - 17'd1 : 17'd0);
  wire wrong_size = new_ker_w == 0 || new_ker_h == 0 || new_ker_w > K || new_ker_h > K || new_in_w < new_ker_w ||
      new_in_h < new_ker_h || new_wide > LINE;
  wire wrong_stride = cfg_word[2] ? new_stride_h == 0 || new_stride_w == 0 : new_stride_h > 1 || new_stride_w > 1;
  wire within_frame = in_frame || step;
  always @* begin
    refuses = 4'd0;
    if (cfg_data && cfg_sub) begin
      if (cfg_index >= KERNEL_WORDS || (ODD_KERNEL != 0 && cfg_index == KERNEL_WORDS - 10'd1 && cfg_word[31:16] != 0))
        refuses = WRONG;
    end else if (cfg_data) begin
      if (cfg_index > 10'd3 || (!cfg_to_shadow && within_frame)) refuses = WRONG;
      else if (cfg_index == 10'd2) begin
        if (cfg_word[15:5] != 0) refuses = WRONG;
        else if (cfg_word[4] && SHADOW == 0) refuses = NO_SHADOW;
        else if ((ISA == 1 && cfg_word[1] && cfg_word[2]) || wrong_size || wrong_stride) refuses = WRONG;
      end else if (cfg_index == 10'd3 && SHADOW == 0) refuses = NO_SHADOW;
    end else if (caches) begin
      if (cfg_sub) refuses = UNKNOWN;
      else if (cfg_command == CACHE_FINISH && !enough) refuses = WRONG;
    end else if (cfg_command == CONFIG && cfg_sub && KERNEL_CONFIG == 0) refuses = NO_KERNEL;
  end

  // ---- The sets --------------------------------------------------------------------------------------------------------------------

  wire word_comes = cfg_take && cfg_data && !cfg_sub;
  wire direct = word_comes && !cfg_to_shadow && cfg_index == 10'd2;
  wire follows = SHADOW != 0 && armed && !set_active && !direct;

  reg [31:0] next_mode;
  reg [31:0] next_frames;
  reg [31:0] size;
  reg [31:0] kernel_size;
  reg [20:0] mode;  // strides, and the five bits
  reg [31:0] left;  // frames; 0: without end

  always @(posedge clk) begin
    if (reset) begin
      set_active <= 1'b0;
      armed <= 1'b0;
      enough <= 1'b0;
      configured <= 1'b0;
    end else begin
      if (direct || follows) set_active <= 1'b1;
      else if (frame_ends && left == 32'd1) set_active <= 1'b0;

      if (cfg_take && caches && cfg_command == CACHE_FINISH) armed <= 1'b1;
      else if (follows) armed <= 1'b0;
      if (cfg_take && caches) enough <= 1'b0;
      else if (word_comes && cfg_to_shadow && cfg_index == 10'd2) enough <= 1'b1;
      if (direct || (cfg_take && caches && cfg_command == CACHE_FINISH)) configured <= 1'b1;
    end

    if (word_comes && cfg_index == 10'd0) first_word[cfg_to_shadow] <= cfg_word;
    if (word_comes && cfg_index == 10'd1) second_word[cfg_to_shadow] <= cfg_word;
    if (word_comes && cfg_to_shadow && cfg_index == 10'd2) next_mode <= cfg_word;
    if (cfg_take && caches && cfg_command == CACHE_START) next_frames <= 32'd0;
    else if (word_comes && cfg_to_shadow && cfg_index == 10'd3) next_frames <= cfg_word;

    if (direct) begin
      size <= first_word[0];
      kernel_size <= second_word[0];
      mode <= {cfg_word[31:16], cfg_word[4:0]};
      left <= 32'd0;
    end else if (follows) begin
      size <= first_word[1];
      kernel_size <= second_word[1];
      mode <= {next_mode[31:16], next_mode[4:0]};
      left <= next_frames;
    end else if (word_comes && !cfg_to_shadow && cfg_index == 10'd3) left <= cfg_word;
    else if (frame_ends && left > 32'd1) left <= left - 32'd1;
  end
  wire unused = &{1'b0, next_mode};

  wire [15:0] result;
  nf_conv #(
      .K(K),
      .LINE(LINE)
  ) convolver (
      .clk(clk),
      .reset(reset),
      .set_active(set_active),
      .in_w(size[31:16]),
      .in_h(size[15:0]),
      .ker_w(kernel_size[31:16]),
      .ker_h(kernel_size[15:0]),
      .stride_w(mode[2] ? mode[12:5] : 8'd1),
      .stride_h(mode[2] ? mode[20:13] : 8'd1),
      .same(mode[0]),
      .accumulate(mode[1]),
      .subsample(mode[2]),
      .loads_bias(mode[3]),
      .discards(mode[4]),
      .step(step),
      .frame_ends(frame_ends),
      .busy(busy),
      .in_frame(in_frame),
      .saturated(saturated),
      .push(cfg_take && !cfg_data && cfg_command == CONTROL_0),
      .push_ready(push_ready),
      .pop(cfg_take && !cfg_data && cfg_command == CONTROL_1),
      .pop_ready(pop_ready),
      .bus_begins(cfg_take && !cfg_data && cfg_sub && cfg_command == CONFIG),
      .bus_ready(bus_ready),
      .bus_valid(cfg_take && cfg_data && cfg_sub),
      .bus_word(cfg_word),
      .image_valid(in_valid[0]),
      .image_ready(in_ready[0]),
      .image_word(in_words[15:0]),
      .kernel_valid(in_valid[1]),
      .kernel_ready(in_ready[1]),
      .kernel_word(in_words[31:16]),
      .acc_valid(in_valid[2]),
      .acc_ready(in_ready[2]),
      .acc_word(in_words[47:32]),
      .out_valid(out_valid),
      .out_ready(out_ready),
      .out_word(result)
  );
  assign out_words = {3{result}};
endmodule

`default_nettype wire
