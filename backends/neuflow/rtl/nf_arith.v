// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic of two or three words, three cycles of `enable` deep: multiply, add or compare; round; add and saturate.
//
//     1 mac     sat(rha(a * b) + c)         4 add    sat(a + b)          7 max    max(a, b)
//     3 mul     sat(rha(a * b))             5 sub    sat(a - b)
//
// rha divides by 256 and rounds half away from zero. Other codes are not for this module.
`default_nettype none

module nf_arith (
    input wire clk,
    input wire reset,
    input wire enable,
    input wire [2:0] operation,  // held while words are inside
    input wire in_valid,
    input wire signed [15:0] a,
    input wire signed [15:0] b,
    input wire signed [15:0] c,
    output wire busy,
    output reg out_valid,
    output reg [15:0] out_word,
    output reg out_clamped
);
  localparam [2:0] MAC = 3'd1, MUL = 3'd3, ADD = 3'd4, SUB = 3'd5, MAX = 3'd7;

  reg product_valid;
  reg signed [31:0] product;
  reg [15:0] product_c;
  reg [16:0] simple;

  wire multiplies = operation == MAC || operation == MUL;
  wire signed [32:0] nudged = {product[31], product} + 33'sd127 + {32'd0, !product[31]};
  wire unused = &{1'b0, nudged[7:0]};
  wire [24:0] exact = multiplies ? nudged[32:8] : {{8{simple[16]}}, simple};

  reg first_valid;
  reg [24:0] first;
  reg [15:0] first_c;

  wire [25:0] sum = {first[24], first} + (operation == MAC ? {{10{first_c[15]}}, first_c} : 26'd0);
  wire fits = sum[25:15] == {11{sum[25]}};

  always @(posedge clk) begin
    if (reset) begin
      product_valid <= 1'b0;
      first_valid <= 1'b0;
      out_valid <= 1'b0;
    end else if (enable) begin
      product_valid <= in_valid;
      first_valid <= product_valid;
      out_valid <= first_valid;
    end
    if (enable) begin
      product <= a * b;
      product_c <= c;
      case (operation)
        ADD: simple <= {a[15], a} + {b[15], b};
        SUB: simple <= {a[15], a} - {b[15], b};
        MAX: simple <= a > b ? {a[15], a} : {b[15], b};
        default: simple <= 17'd0;
      endcase

      first <= exact;
      first_c <= product_c;

      out_word <= fits ? sum[15:0] : {sum[25], {15{!sum[25]}}};
      out_clamped <= !fits;
    end
  end

  assign busy = product_valid || first_valid || out_valid;
endmodule

`default_nettype wire
