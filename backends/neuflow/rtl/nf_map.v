// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapper: a function of one variable by straight pieces, one word a cycle.
//
//     u = |x| if x < 0 and the function is odd or even, else x            (|-32768| = 32767)
//     i = the first segment with u >= min(i), else the last
//     t = floor(a(i) * u / 256) + b(i)
//     y = sat(-t if x < 0 and the function is odd, else t)
//
// `segments`: 64 bits for each, the first lowest: a, b, min, and flags of which the first segment's count (odd 49, even 48).
`default_nettype none

module nf_map #(
    parameter SEGMENTS = 8
) (
    input wire clk,
    input wire reset,
    input wire on,
    input wire [SEGMENTS*64-1:0] segments,  // held while busy
    output wire busy,
    output reg saturated,

    input wire in_valid,
    output wire in_ready,
    input wire [15:0] in_word,

    output reg out_valid,
    input wire out_ready,
    output reg [15:0] out_word
);
  wire even = segments[48];
  wire odd = segments[49];

  wire enable = !out_valid || out_ready;
  assign in_ready = enable && on;

  // ---- Fold: use the symmetry --------------------------------------------------------------------------------------------------

  wire folds = in_word[15] && (odd || even);
  wire [15:0] magnitude = in_word == 16'h8000 ? 16'h7fff : -in_word;
  reg fold_valid;
  reg fold_negates;
  reg signed [15:0] fold_u;

  // ---- Select: the segment ---------------------------------------------------------------------------------------------------

  // The first segment that fits, so the last to be looked at; the last segment needs no test.
  reg [31:0] chosen;
  integer i;
  always @* begin
    chosen = segments[(SEGMENTS-1)*64+:32];
    for (i = SEGMENTS - 2; i >= 0; i = i - 1)
      if (fold_u >= $signed(segments[i*64+32+:16])) chosen = segments[i*64+:32];
  end
  // Flags of all segments but the first, and what has no meaning.
  wire unused_segments = &{1'b0, segments};

  reg select_valid;
  reg select_negates;
  reg signed [15:0] select_u;
  reg signed [15:0] select_a;
  reg signed [15:0] select_b;

  // ---- Multiply, add, saturate -------------------------------------------------------------------------------------------------

  reg product_valid;
  reg product_negates;
  reg signed [31:0] product;
  reg signed [15:0] product_b;
  wire unused = &{1'b0, product[7:0]};  // floor

  reg value_valid;
  reg value_negates;
  reg signed [24:0] value;

  wire [24:0] result = value_negates ? -value : value;
  wire fits = result[24:15] == {10{result[24]}};

  always @(posedge clk) begin
    if (reset) begin
      fold_valid <= 1'b0;
      select_valid <= 1'b0;
      product_valid <= 1'b0;
      value_valid <= 1'b0;
      out_valid <= 1'b0;
      saturated <= 1'b0;
    end else if (enable) begin
      fold_valid <= in_valid && on;
      select_valid <= fold_valid;
      product_valid <= select_valid;
      value_valid <= product_valid;
      out_valid <= value_valid;
      if (value_valid && !fits) saturated <= 1'b1;
    end
    if (enable) begin
      fold_negates <= folds && odd;
      fold_u <= folds ? magnitude : in_word;

      select_negates <= fold_negates;
      select_u <= fold_u;
      {select_b, select_a} <= chosen;

      product_negates <= select_negates;
      product <= select_a * select_u;
      product_b <= select_b;

      value_negates <= product_negates;
      value <= {product[31], product[31:8]} + {{9{product_b[15]}}, product_b};

      out_word <= fits ? result[15:0] : {result[24], {15{!result[24]}}};
    end
  end

  assign busy = fold_valid || select_valid || product_valid || value_valid || out_valid;
endmodule

`default_nettype wire
