// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One tile: the lines that pass it, its router, its operator, and what the configuration bus says to them.
//
//     lines --> [nf_io] <--> [nf_router] <--> operator             neighbours <--> [nf_router]
//
// An operator has the inputs that it uses, with deep queues; others never have room.
`default_nettype none

module nf_tile #(
    parameter KIND = 0,  // 0 convolver, 1 ALU, 2 mapper, 3 FIFO
    parameter [11:0] ADDRESS = 12'd1,
    parameter [3:0] LINKS_IN = 4'b1111,  // N E S W
    parameter [3:0] LINKS_OUT = 4'b1111,
    parameter ISA = 2,
    parameter [31:0] FEATURES = 32'h3f,
    parameter LINES = 6,
    parameter HOP = 2,
    parameter DEPTH = 64,  // of the queues of the operator
    parameter K = 10,
    parameter LINE = 512,
    parameter SEGMENTS = 8,
    parameter OPERATORS = 2,
    parameter FIFO_WORDS = 5120
) (
    input wire clk,
    input wire reset,
    input wire cfg_valid,
    input wire cfg_take,
    input wire cfg_data,
    input wire cfg_tile,
    input wire [11:0] cfg_address,
    input wire [7:0] cfg_sub,
    input wire [3:0] cfg_command,
    input wire cfg_to_shadow,
    input wire [9:0] cfg_index,
    input wire [31:0] cfg_word,
    output wire cfg_hit,
    output wire cfg_ready,
    output wire [3:0] cfg_refuses,
    output wire [2:0] status,
    output wire saturated,
    output wire moves,

    input wire [LINES-1:0] line_valid,
    output wire [LINES-1:0] line_ready,
    input wire [LINES*16-1:0] line_words,
    output wire [LINES-1:0] line_out_valid,
    input wire [LINES-1:0] line_out_ready,
    output wire [LINES*16-1:0] line_out_words,
    input wire [3:0] side_valid,
    output wire [3:0] side_ready,
    input wire [63:0] side_words,
    output wire [3:0] side_out_valid,
    input wire [3:0] side_out_ready,
    output wire [63:0] side_out_words
);
  localparam CONV = 0, ALU = 1, MAPPER = 2;
  localparam [3:0] RESET = 4'd4, CONTROL_0 = 4'd6, CONTROL_1 = 4'd7, COMMIT = 4'd10, CACHE_START = 4'd14,
      CACHE_FINISH = 4'd15;
  localparam [3:0] UNKNOWN = 4'd1, WRONG = 4'd2, NO_SHADOW = 4'd9;
  localparam SHADOW = FEATURES[1] ? 1 : 0;
  localparam CHAIN = FEATURES[2] ? 1 : 0;
  localparam KERNEL_CONFIG = FEATURES[5] ? 1 : 0;

  // ---- Instructions ----------------------------------------------------------------------------------------------------------------

  wire here = cfg_valid && cfg_tile && (cfg_address == ADDRESS || cfg_address == 0);
  wire takes = cfg_take && here;
  assign cfg_hit = cfg_tile && cfg_address == ADDRESS;

  wire tile_reset = reset || (takes && !cfg_data && cfg_command == RESET);
  wire commits = takes && !cfg_data && cfg_command == COMMIT;
  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  wire of_router = cfg_sub == 8'd0;
  wire of_lines = cfg_sub == 8'd3;
  wire of_operator = cfg_sub == 8'd1 || cfg_sub == 8'd2;
  wire has_sub = of_router || of_lines || cfg_sub == 8'd1 || (cfg_sub == 8'd2 && (KIND == CONV || KIND > MAPPER));

  wire router_armed, router_enough, lines_armed, lines_enough;
  wire operator_ready;
  wire [3:0] operator_refuses;
  wire [3:0] router_refuses;
  wire [3:0] lines_refuses;
  reg [3:0] refuses;
  always @* begin
    refuses = 4'd0;
    if (!has_sub) refuses = UNKNOWN;
    else if (cfg_data || cfg_command == 4'd0) begin
      if (of_router) refuses = router_refuses;
      else if (of_lines) refuses = lines_refuses;
      else refuses = operator_refuses;
    end else
      case (cfg_command)
        RESET: refuses = 4'd0;
        COMMIT: if (SHADOW == 0) refuses = NO_SHADOW;
        CONTROL_0, CONTROL_1: if (KIND != CONV || !of_operator) refuses = UNKNOWN;
        CACHE_START, CACHE_FINISH:
        if (SHADOW == 0) refuses = NO_SHADOW;
        else if (of_operator) refuses = operator_refuses;
        else if (cfg_command == CACHE_FINISH && !(of_router ? router_enough : lines_enough)) refuses = WRONG;
        default: refuses = UNKNOWN;
      endcase
  end
  wire sub_ready = of_operator ? operator_ready : !(caches && (of_router ? router_armed : lines_armed));
  // Who refuses is ready, unless it refuses what has to wait first.
  wire refuses_at_once = !has_sub || refuses == UNKNOWN || refuses == NO_SHADOW;
  assign cfg_ready = !here || refuses_at_once || sub_ready;
  assign cfg_refuses = here ? refuses : 4'd0;

  // ---- Selects ---------------------------------------------------------------------------------------------------------------------

  wire router_data = takes && cfg_data && of_router;
  wire router_caches = takes && caches && of_router;
  wire [63:0] router_words;
  wire [31:0] unused_router;
  wire router_configured;
  nf_cfg #(
      .WORDS(2),
      .LEAST(2),
      .SHADOW(SHADOW),
      .INITIAL(32'hffffffff)
  ) router_config (
      .clk(clk),
      .reset(tile_reset),
      .data(router_data),
      .index(cfg_index[7:0]),
      .word(cfg_word),
      .to_shadow(cfg_to_shadow),
      .starts(router_caches && cfg_command == CACHE_START),
      .arms(router_caches && cfg_command == CACHE_FINISH),
      .commits(commits),
      .armed(router_armed),
      .enough(router_enough),
      .shadow_word(unused_router),
      .configured(router_configured),
      .words(router_words)
  );
  wire lines_data = takes && cfg_data && of_lines;
  wire lines_caches = takes && caches && of_lines;
  wire [63:0] lines_words;
  wire [31:0] unused_lines;
  wire lines_configured;
  nf_cfg #(
      .WORDS(2),
      .LEAST(2),
      .SHADOW(SHADOW),
      .INITIAL(32'hffffffff)
  ) lines_config (
      .clk(clk),
      .reset(tile_reset),
      .data(lines_data),
      .index(cfg_index[7:0]),
      .word(cfg_word),
      .to_shadow(cfg_to_shadow),
      .starts(lines_caches && cfg_command == CACHE_START),
      .arms(lines_caches && cfg_command == CACHE_FINISH),
      .commits(commits),
      .armed(lines_armed),
      .enough(lines_enough),
      .shadow_word(unused_lines),
      .configured(lines_configured),
      .words(lines_words)
  );
  wire unused = &{1'b0, router_words, lines_words, unused_router, unused_lines, router_configured, lines_configured};

  // A select is sound if what it names is there: bit n of these is code n.
  localparam [15:0] OPERANDS = {1'b1, LINKS_IN, 3'b111, 8'h00};
  localparam [15:0] ROUTED = {1'b1, LINKS_IN, 3'b111, 8'h07};
  localparam [15:0] LINE_CODES = 16'hff >> (8 - LINES);
  localparam [15:0] DRIVEN = 16'h8700 | LINE_CODES;
  localparam [15:0] READ = 16'h8000 | LINE_CODES;
  localparam [15:0] NONE = 16'h8000;
  wire [7:0] router_sound;
  wire [7:0] lines_sound;
  genvar i;
  generate
    for (i = 0; i < 8; i = i + 1) begin : sound
      localparam [15:0] FIRST = i < 3 ? OPERANDS : NONE;
      localparam [15:0] SECOND = i < 3 ? ROUTED : i < 7 && LINKS_OUT[(i+1)%4] ? ROUTED : NONE;
      localparam [15:0] DRIVES = i < LINES ? DRIVEN : NONE;
      localparam [15:0] READS = i < 3 ? READ : NONE;
      wire [3:0] code = cfg_word[i*4+:4];
      assign router_sound[i] = cfg_index == 10'd0 ? FIRST[code] : SECOND[code];
      assign lines_sound[i] = cfg_index == 10'd0 ? DRIVES[code] : READS[code];
    end
  endgenerate
  assign router_refuses = cfg_data && (cfg_index > 10'd1 || router_sound != 8'hff) ? WRONG : 4'd0;
  assign lines_refuses = cfg_data && (cfg_index > 10'd1 || lines_sound != 8'hff) ? WRONG : 4'd0;

  // ---- Lines and router ------------------------------------------------------------------------------------------------------------

  wire io_moves, router_moves, fifo_takes;
  assign moves = io_moves || router_moves || fifo_takes;
  wire [2:0] up_valid, up_ready, down_valid, down_ready;  // from lines to router, and back
  wire [47:0] up_words, down_words;
  nf_io #(
      .LINES(LINES),
      .HOP(HOP)
  ) lines (
      .clk(clk),
      .reset(tile_reset),
      .line_selects(lines_words[LINES*4-1:0]),
      .local_selects(lines_words[43:32]),
      .moves(io_moves),
      .line_valid(line_valid),
      .line_ready(line_ready),
      .line_words(line_words),
      .local_valid(down_valid),
      .local_ready(down_ready),
      .local_words(down_words),
      .line_out_valid(line_out_valid),
      .line_out_ready(line_out_ready),
      .line_out_words(line_out_words),
      .local_out_valid(up_valid),
      .local_out_ready(up_ready),
      .local_out_words(up_words)
  );

  wire [2:0] result_valid, result_ready, operand_valid, operand_ready;
  wire [47:0] result_words, operand_words;
  nf_router #(
      .HOP(HOP),
      .LINKS_IN(LINKS_IN)
  ) router (
      .clk(clk),
      .reset(tile_reset),
      .selects({router_words[59:32], router_words[11:0]}),
      .moves(router_moves),
      .result_valid(result_valid),
      .result_ready(result_ready),
      .result_words(result_words),
      .local_valid(up_valid),
      .local_ready(up_ready),
      .local_words(up_words),
      .side_valid(side_valid),
      .side_ready(side_ready),
      .side_words(side_words),
      .operand_valid(operand_valid),
      .operand_ready(operand_ready),
      .operand_words(operand_words),
      .local_out_valid(down_valid),
      .local_out_ready(down_ready),
      .local_out_words(down_words),
      .side_out_valid(side_out_valid),
      .side_out_ready(side_out_ready),
      .side_out_words(side_out_words)
  );

  // ---- The operator with its queues ------------------------------------------------------------------------------------------------

  localparam INPUTS = KIND < MAPPER ? 3 : 1;
  wire [2:0] in_valid, in_ready;
  wire [47:0] in_words;
  generate
    for (i = 0; i < 3; i = i + 1) begin : inputs
      if (i < INPUTS) begin : input_of_operator
        nf_fifo #(
            .WIDTH(16),
            .DEPTH(DEPTH)
        ) fifo (
            .clk(clk),
            .reset(tile_reset),
            .in_valid(operand_valid[i]),
            .in_ready(operand_ready[i]),
            .in_word(operand_words[i*16+:16]),
            .out_valid(in_valid[i]),
            .out_ready(in_ready[i]),
            .out_word(in_words[i*16+:16])
        );
      end else begin : nothing
        assign operand_ready[i] = 1'b0;
        assign in_valid[i] = 1'b0;
        assign in_words[i*16+:16] = 16'd0;
        assign in_ready[i] = 1'b0;
        wire unused_input = &{1'b0, operand_valid[i], operand_words[i*16+:16], in_valid[i], in_ready[i], in_words[i*16+:16]};
      end
    end
  endgenerate

  wire configured, busy;
  wire operator_takes = takes && of_operator;
  generate
    if (KIND == CONV) begin : conv
      nf_tile_conv #(
          .K(K),
          .LINE(LINE),
          .ISA(ISA),
          .SHADOW(SHADOW),
          .KERNEL_CONFIG(KERNEL_CONFIG)
      ) operator (
          .clk(clk),
          .reset(tile_reset),
          .cfg_take(operator_takes),
          .cfg_data(cfg_data),
          .cfg_sub(cfg_sub[1]),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .ready(operator_ready),
          .refuses(operator_refuses),
          .configured(configured),
          .busy(busy),
          .saturated(saturated),
          .in_valid(in_valid),
          .in_ready(in_ready),
          .in_words(in_words),
          .out_valid(result_valid),
          .out_ready(result_ready),
          .out_words(result_words)
      );
      assign fifo_takes = 1'b0;
    end else if (KIND == ALU) begin : alu
      nf_tile_alu #(
          .OPERATORS(OPERATORS),
          .CHAIN(CHAIN),
          .SHADOW(SHADOW)
      ) operator (
          .clk(clk),
          .reset(tile_reset),
          .cfg_take(operator_takes),
          .cfg_data(cfg_data),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .commits(commits),
          .ready(operator_ready),
          .refuses(operator_refuses),
          .configured(configured),
          .busy(busy),
          .saturated(saturated),
          .in_valid(in_valid),
          .in_ready(in_ready),
          .in_words(in_words),
          .out_valid(result_valid),
          .out_ready(result_ready),
          .out_words(result_words)
      );
      assign fifo_takes = 1'b0;
    end else if (KIND == MAPPER) begin : mapper
      nf_tile_map #(
          .SEGMENTS(SEGMENTS),
          .SHADOW(SHADOW)
      ) operator (
          .clk(clk),
          .reset(tile_reset),
          .cfg_take(operator_takes),
          .cfg_data(cfg_data),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .commits(commits),
          .ready(operator_ready),
          .refuses(operator_refuses),
          .configured(configured),
          .busy(busy),
          .saturated(saturated),
          .in_valid(in_valid[0]),
          .in_ready(in_ready[0]),
          .in_word(in_words[15:0]),
          .out_valid(result_valid[0]),
          .out_ready(result_ready[0]),
          .out_word(result_words[15:0])
      );
      assign fifo_takes = 1'b0;
    end else begin : fifo
      nf_tile_fifo #(
          .WORDS(FIFO_WORDS),
          .SHADOW(SHADOW)
      ) operator (
          .clk(clk),
          .reset(tile_reset),
          .cfg_take(operator_takes),
          .cfg_data(cfg_data),
          .cfg_sub(cfg_sub[1]),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .commits(commits),
          .ready(operator_ready),
          .refuses(operator_refuses),
          .configured(configured),
          .busy(busy),
          .takes(fifo_takes),
          .in_valid(in_valid[0]),
          .in_ready(in_ready[0]),
          .in_word(in_words[15:0]),
          .out_valid(result_valid[0]),
          .out_ready(result_ready[0]),
          .out_word(result_words[15:0])
      );
      assign saturated = 1'b0;
    end
    if (INPUTS == 1) begin : one_result
      assign result_valid[2:1] = 2'd0;
      assign result_words[47:16] = 32'd0;
      wire unused_result = &{1'b0, result_ready};
    end
  endgenerate

  assign status = !cfg_hit ? 3'd0 : !configured ? 3'd5 : busy ? 3'd2 : 3'd1;
endmodule

`default_nettype wire
