// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The divider: sat(a * 256 / b, truncated toward zero); a / 0 is 32767 for a >= 0 and -32768 for a < 0. One quotient bit a stage,
// a word a cycle, 26 cycles of `enable` deep: the magnitudes are divided, and the sign and the divisor travel along.
`default_nettype none

module nf_div (
    input wire clk,
    input wire reset,
    input wire enable,
    input wire in_valid,
    input wire signed [15:0] a,
    input wire signed [15:0] b,
    output wire busy,
    output reg out_valid,
    output reg [15:0] out_word,
    output reg out_clamped
);
  localparam BITS = 24;  // |a| * 256 has 24 bits

  // Stage s has divided s bits: the upper part of `rest` is the remainder, the lower the bits to come, then the quotient.
  reg [BITS:0] valid;
  reg [BITS:0] negative;
  reg [(BITS+1)*16-1:0] divisor;
  reg [(BITS+1)*(16+BITS)-1:0] rest;

  wire [15:0] magnitude_a = a[15] ? -a : a;
  wire [15:0] magnitude_b = b[15] ? -b : b;

  always @(posedge clk) begin
    if (reset) valid <= 0;
    else if (enable) valid <= {valid[BITS-1:0], in_valid};
    if (enable) begin
      // A divisor of zero gives the largest quotient, with the sign of `a`.
      negative <= {negative[BITS-1:0], a[15] != (b[15] && b != 0)};
      divisor[15:0] <= magnitude_b;
      rest[15+BITS:0] <= {16'd0, magnitude_a, 8'd0};
    end
  end

  genvar s;
  generate
    for (s = 0; s < BITS; s = s + 1) begin : stage
      wire [15+BITS:0] now = rest[s*(16+BITS)+:16+BITS];
      wire [15:0] by = divisor[s*16+:16];
      // The remainder is less than the divisor, so its upper bit can leave; for a divisor of zero every bit is 1.
      wire [16:0] trial = now[15+BITS-:17];
      wire taken = trial >= {1'b0, by};
      wire [16:0] reduced = trial - {1'b0, by};
      wire unused = &{1'b0, reduced[16]};
      always @(posedge clk) begin
        if (enable) begin
          divisor[(s+1)*16+:16] <= by;
          rest[(s+1)*(16+BITS)+:16+BITS] <= {taken ? reduced[15:0] : trial[15:0], now[BITS-2:0], taken};
        end
      end
    end
  endgenerate

  wire [BITS-1:0] quotient = rest[BITS*(16+BITS)+:BITS];
  wire sign = negative[BITS];
  // -32768 is in range, 32768 is not.
  wire fits = quotient[BITS-1:15] == 0 || (sign && quotient == 24'h008000);
  wire [15:0] magnitude = quotient[15:0];
  wire unused = &{1'b0, rest[BITS*(16+BITS)+BITS+:16], divisor[BITS*16+:16]};

  always @(posedge clk) begin
    if (reset) out_valid <= 1'b0;
    else if (enable) out_valid <= valid[BITS];
    if (enable) begin
      out_word <= fits ? (sign ? -magnitude : magnitude) : {sign, {15{!sign}}};
      out_clamped <= !fits;
    end
  end

  assign busy = valid != 0 || out_valid;
endmodule

`default_nettype wire
