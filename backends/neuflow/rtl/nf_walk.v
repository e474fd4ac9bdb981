// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The word addresses of a stream, one after another: rows of `w` elements, `step` apart, `h` rows, `pitch` apart.
`default_nettype none

module nf_walk (
    input wire clk,
    input wire reset,
    input wire starts,
    input wire [31:0] first,
    input wire [15:0] w,
    input wire [15:0] h,
    input wire [31:0] pitch,
    input wire [31:0] step,
    input wire moves,  // to the next element
    output reg on,  // there is an element
    output reg [31:0] address,
    output wire last
);
  reg [15:0] row;
  reg [15:0] column;
  reg [31:0] row_address;

  wire row_ends = column == w - 16'd1;
  wire [31:0] next_row = row_address + pitch;
  assign last = row_ends && row == h - 16'd1;

  always @(posedge clk) begin
    if (reset) on <= 1'b0;
    else if (starts) on <= 1'b1;
    else if (moves && last) on <= 1'b0;
    if (starts) begin
      row <= 16'd0;
      column <= 16'd0;
      address <= first;
      row_address <= first;
    end else if (moves) begin
      column <= row_ends ? 16'd0 : column + 16'd1;
      address <= row_ends ? next_row : address + step;
      if (row_ends) begin
        row <= row + 16'd1;
        row_address <= next_row;
      end
    end
  end
endmodule

`default_nettype wire
