// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The streaming operators of an ALU tile, a result a cycle: `first` of two or three words to output 1; or, if there is a `second`,
// second(first(in1, in2), in3) to output 2. Inputs that the operation does not have are not taken.
//
//     1 mac   2 div   3 mul   4 add   5 sub   6 square   7 max       0: off, nothing moves; for `second`: none
`default_nettype none

module nf_alu (
    input wire clk,
    input wire reset,
    input wire [2:0] first,  // held while busy
    input wire [2:0] second,
    output wire busy,
    output reg saturated,

    input wire a_valid,
    output wire a_ready,
    input wire [15:0] a_word,
    input wire b_valid,
    output wire b_ready,
    input wire [15:0] b_word,
    input wire c_valid,
    output wire c_ready,
    input wire [15:0] c_word,

    output wire [1:0] out_valid,
    input wire [1:0] out_ready,
    output wire [15:0] out_word
);
  localparam [2:0] OFF = 3'd0, MAC = 3'd1, DIV = 3'd2, MUL = 3'd3, SQUARE = 3'd6;
  localparam LATENCY = 3;
  localparam DIVIDE_LATENCY = 26;

  wire squares = first == SQUARE;
  wire divides = first == DIV;
  wire chained = second != OFF;
  wire takes_b = !squares;
  wire takes_c = first == MAC || chained;

  wire enable = (out_valid & ~out_ready) == 0;
  wire takes = first != OFF && enable && a_valid && (b_valid || !takes_b) && (c_valid || !takes_c);
  assign a_ready = takes;
  assign b_ready = takes && takes_b;
  assign c_ready = takes && takes_c;

  // ---- First -----------------------------------------------------------------------------------------------------------------------

  wire arith_busy, arith_valid, arith_clamped;
  wire [15:0] arith_word;
  nf_arith arith (
      .clk(clk),
      .reset(reset),
      .enable(enable),
      .operation(squares ? MUL : first),
      .in_valid(takes && !divides),
      .a(a_word),
      .b(squares ? a_word : b_word),
      .c(c_word),
      .busy(arith_busy),
      .out_valid(arith_valid),
      .out_word(arith_word),
      .out_clamped(arith_clamped)
  );

  wire div_busy, div_valid, div_clamped;
  wire [15:0] div_word;
  nf_div div (
      .clk(clk),
      .reset(reset),
      .enable(enable),
      .in_valid(takes && divides),
      .a(a_word),
      .b(b_word),
      .busy(div_busy),
      .out_valid(div_valid),
      .out_word(div_word),
      .out_clamped(div_clamped)
  );

  wire first_valid = arith_valid || div_valid;
  wire first_clamped = divides ? div_clamped : arith_clamped;
  wire [15:0] first_word = divides ? div_word : arith_word;

  // ---- Second, with the third input as late as the first's result ------------------------------------------------------------------

  reg [DIVIDE_LATENCY*16-1:0] late;
  always @(posedge clk) if (enable) late <= {late[(DIVIDE_LATENCY-1)*16-1:0], c_word};

  wire second_busy, second_valid, second_clamped;
  wire [15:0] second_word;
  nf_arith arith2 (
      .clk(clk),
      .reset(reset),
      .enable(enable),
      .operation(second),
      .in_valid(first_valid && chained),
      .a(first_word),
      .b(divides ? late[(DIVIDE_LATENCY-1)*16+:16] : late[(LATENCY-1)*16+:16]),
      .c(16'd0),
      .busy(second_busy),
      .out_valid(second_valid),
      .out_word(second_word),
      .out_clamped(second_clamped)
  );

  assign out_valid = {second_valid, first_valid && !chained};
  assign out_word = chained ? second_word : first_word;
  assign busy = arith_busy || div_busy || second_busy;

  always @(posedge clk) begin
    if (reset) saturated <= 1'b0;
    else if ((first_valid && first_clamped) || (second_valid && second_clamped)) saturated <= 1'b1;
  end
endmodule

`default_nettype wire
