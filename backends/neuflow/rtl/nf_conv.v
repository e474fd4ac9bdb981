// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The convolver: a K x K window over frames that come in row by row, one pixel a cycle, one multiplier per coefficient.
//
//     out = sat(rha(bias * 256 + sum over a, b of A[a][b] * x(R - (K - 1) + a, C - b)))      [+ acc, sat]
//
// for the newest pixel x(R, C): A's last row meets the newest row, its first column the newest column.
//
// Method. A memory of K - 1 lines holds, for the column that comes in now, the pixels above it, so that K pixels, one per
// row of A, arrive together. Each goes to the K multipliers of its row at once. A row is a chain p[j] <= p[j-1] + A[j] * x, which
// is a DSP block's multiplier, adder and cascade; its end is the row's sum, and a tree adds the rows. All sums are exact, so
// their order does not matter. Padding is scanned like pixels, but takes none.
//
// Cycles that find no pixel are bubbles: lines and chains stand still, and what is behind them runs on. One enable stops all
// of it when the output, or the stream to add, is not ready. An empty position follows each frame, in which the chains are
// cleared, because the next frame's kernel may be narrower; and each position of lines of one pixel, because the lines are
// read while those of the position before are written.
//
// The oldest kernel is in the multipliers. There is one more place, where a kernel is loaded, from a stream or from the
// configuration bus, and then waits for them.
`default_nettype none

module nf_conv #(
    parameter K = 10,
    parameter LINE = 512
) (
    input wire clk,
    input wire reset,

    // The active set of operator words.
    input wire set_active,
    input wire [15:0] in_w,
    input wire [15:0] in_h,
    input wire [15:0] ker_w,
    input wire [15:0] ker_h,
    input wire [7:0] stride_w,  // 1 if not subsampled
    input wire [7:0] stride_h,
    input wire same,
    input wire accumulate,
    input wire subsample,
    input wire loads_bias,
    input wire discards,
    output wire step,  // a position of a frame is taken
    output wire frame_ends,
    output wire busy,
    output reg in_frame,
    output reg saturated,

    input wire push,
    output wire push_ready,
    input wire pop,
    output wire pop_ready,
    input wire bus_begins,
    output wire bus_ready,
    input wire bus_valid,
    input wire [31:0] bus_word,

    input wire image_valid,
    output wire image_ready,
    input wire [15:0] image_word,
    input wire kernel_valid,
    output wire kernel_ready,
    input wire [15:0] kernel_word,
    input wire acc_valid,
    output wire acc_ready,
    input wire [15:0] acc_word,

    output reg [2:0] out_valid,
    input wire [2:0] out_ready,
    output reg [15:0] out_word
);
  localparam TAPS = K * K;
  localparam ADDRESS = $clog2(LINE);
  localparam INDEX = $clog2(TAPS + 2);
  localparam WIDTH = 32 + $clog2(TAPS + 1);
  localparam LEVELS = $clog2(K + 1);
  // Lines above the one that comes in. One for K = 1, unused, so that no vector is empty.
  localparam LINES = K > 1 ? K - 1 : 1;
  localparam [INDEX-1:0] LAST_TAP = TAPS[INDEX-1:0] - 1'b1;

  wire enable;  // the pipeline moves
  reg read_valid;  // stage 1 holds a position

  // ---- Kernels ---------------------------------------------------------------------------------------------------------------------

  // What the place for loading holds.
  localparam [2:0] NOTHING = 3'd0, PART = 3'd1, ALL = 3'd2, FROM_BUS = 3'd3, WAITING = 3'd4;
  reg [2:0] place;
  reg [INDEX-1:0] index;  // next coefficient of a stream, next pair from the bus
  reg kernel_active;

  wire moves_up = place == WAITING && !kernel_active && (!read_valid || enable);
  wire place_free = place == NOTHING || moves_up;
  wire begins = kernel_valid && kernel_ready && place != PART;
  wire bias_first = begins && loads_bias;
  wire [INDEX-1:0] stream_index = begins ? 0 : index;
  wire tap_comes = kernel_valid && kernel_ready && !bias_first;

  // In the same cycle the bus comes first.
  assign kernel_ready = set_active && (place_free || place == PART) && !bus_begins;
  assign push_ready = place == ALL || place == FROM_BUS;
  assign bus_ready = place_free || place == FROM_BUS;
  assign pop_ready = kernel_active && !in_frame && !step;

  always @(posedge clk) begin
    if (reset) begin
      place <= NOTHING;
      kernel_active <= 1'b0;
    end else begin
      if (bus_begins) place <= FROM_BUS;
      else if (push) place <= WAITING;
      else if (tap_comes && stream_index == LAST_TAP) place <= ALL;
      else if (begins) place <= PART;
      else if (moves_up) place <= NOTHING;

      // A frame of one position ends in the cycle in which its kernel moves up.
      if (pop || (frame_ends && discards)) kernel_active <= 1'b0;
      else if (moves_up) kernel_active <= 1'b1;
    end
    if (bus_begins || bias_first) index <= 0;
    else if (tap_comes) index <= stream_index + 1'b1;
    else if (bus_valid) index <= index + 1'b1;
  end

  // The bias and then the coefficients from the bottom row up, as the bus counts them in pairs.
  reg [15:0] loaded_bias;
  reg [15:0] bias;
  always @(posedge clk) begin
    if (bus_begins || (begins && !loads_bias)) loaded_bias <= 16'd0;
    else if (bias_first) loaded_bias <= kernel_word;
    else if (bus_valid && index == 0) loaded_bias <= bus_word[15:0];
    if (moves_up) bias <= loaded_bias;
  end

  wire from_bus = place == FROM_BUS;
  wire [15:0] low_word = from_bus ? bus_word[15:0] : kernel_word;
  wire [15:0] high_word = from_bus ? bus_word[31:16] : kernel_word;
  wire [TAPS*16-1:0] kernel;
  genvar r, c;
  generate
    for (r = 0; r < K; r = r + 1) begin : kernel_rows
      for (c = 0; c < K; c = c + 1) begin : kernel_taps
        localparam [31:0] STREAM = r * K + c;
        localparam [31:0] BUS = (K - 1 - r) * K + c + 1;
        reg [15:0] waiting;
        reg [15:0] used;
        wire comes = from_bus ? bus_valid && index == BUS[INDEX:1] : tap_comes && stream_index == STREAM[INDEX-1:0];
        always @(posedge clk) begin
          if (bus_begins) waiting <= 16'd0;
          else if (comes) waiting <= BUS[0] ? high_word : low_word;
          if (moves_up) used <= waiting;
        end
        assign kernel[STREAM*16+:16] = used;
      end
    end
  endgenerate

  // ---- The walk over the frame -----------------------------------------------------------------------------------------------------

  // The frame with its zeros.
  wire [15:0] border_w = same ? ker_w - 16'd1 : 16'd0;
  wire [15:0] border_h = same ? ker_h - 16'd1 : 16'd0;
  wire [15:0] wide = in_w + border_w;
  wire [15:0] high = in_h + border_h;
  wire [15:0] left = {1'b0, border_w[15:1]};
  wire [15:0] top = {1'b0, border_h[15:1]};

  reg gap;
  reg [15:0] row;
  reg [15:0] column;
  reg [7:0] skip_rows;
  reg [7:0] skip_columns;
  reg [ADDRESS-1:0] address;

  wire on_frame = !gap && (in_frame || (set_active && (kernel_active || place == WAITING)));
  wire on_image = row >= top && row - top < in_h && column >= left && column - left < in_w;
  // The first position of a frame waits for a pixel, also if it takes none.
  assign step = on_frame && enable && (image_valid || (in_frame && !on_image));
  assign image_ready = on_frame && enable && on_image;

  wire row_ends = column == wide - 16'd1;
  wire last = row_ends && row == high - 16'd1;
  assign frame_ends = step && last;
  wire rows_begun = row >= ker_h - 16'd1;
  wire columns_begun = column >= ker_w - 16'd1;
  wire wanted = rows_begun && columns_begun && skip_rows == 8'd0 && skip_columns == 8'd0;

  always @(posedge clk) begin
    if (reset) begin
      in_frame <= 1'b0;
      gap <= 1'b1;  // clears the chains once
      row <= 16'd0;
      column <= 16'd0;
      address <= 0;
      skip_rows <= 8'd0;
      skip_columns <= 8'd0;
    end else begin
      if (step) begin
        in_frame <= !last;
        gap <= last || wide == 16'd1;
        column <= row_ends ? 16'd0 : column + 16'd1;
        address <= row_ends ? 0 : address + 1'b1;
        if (row_ends) row <= last ? 16'd0 : row + 16'd1;
        if (row_ends) skip_columns <= 8'd0;
        else if (columns_begun) skip_columns <= skip_columns == stride_w - 8'd1 ? 8'd0 : skip_columns + 8'd1;
        if (last) skip_rows <= 8'd0;
        else if (row_ends && rows_begun) skip_rows <= skip_rows == stride_h - 8'd1 ? 8'd0 : skip_rows + 8'd1;
      end else if (enable) gap <= 1'b0;
    end
  end

  // ---- Stage 1: the pixels above ---------------------------------------------------------------------------------------------------

  reg [LINES*16-1:0] lines[0:LINE-1];
  reg [LINES*16-1:0] above;
  reg [15:0] pixel;
  reg [ADDRESS-1:0] read_address;
  reg [2:0] read_emits;  // to which outputs
  reg read_accumulates;
  reg read_clears;

  wire [LINES*16-1:0] next_lines;
  always @(posedge clk) begin
    if (step) above <= lines[address];
    if (read_valid && enable) lines[read_address] <= next_lines;
  end

  wire [K*16-1:0] pixels;  // of the oldest line first
  generate
    if (K > 1) begin : with_lines
      if (K > 2) begin : moved
        assign next_lines = {above[(LINES-1)*16-1:0], pixel};
      end else begin : replaced
        assign next_lines = pixel;
      end
      for (r = 0; r < K - 1; r = r + 1) begin : line
        assign pixels[r*16+:16] = above[(K-2-r)*16+:16];
      end
    end else begin : without_lines
      assign next_lines = pixel;
      wire unused = &{1'b0, above};
    end
    assign pixels[(K-1)*16+:16] = pixel;
  endgenerate

  always @(posedge clk) begin
    if (reset) begin
      read_valid <= 1'b0;
      read_emits <= 3'd0;
      read_clears <= 1'b0;
    end else if (enable) begin
      read_valid <= step;
      read_emits <= step && wanted ? {accumulate, subsample && !accumulate, !subsample && !accumulate} : 3'd0;
      read_clears <= gap && !in_frame;
    end
    if (enable) begin
      pixel <= on_image ? image_word : 16'd0;
      read_address <= address;
      read_accumulates <= accumulate;
    end
  end

  // ---- Stages 2 and 3: multiply, add along the rows --------------------------------------------------------------------------------

  reg product_valid;
  reg [2:0] product_emits;
  reg product_accumulates;
  reg product_clears;
  reg [15:0] product_bias;
  reg [2:0] sum_emits;
  reg sum_accumulates;
  reg [15:0] sum_bias;
  wire [K*WIDTH-1:0] row_sums;

  wire chains_move = enable && product_valid;
  wire chains_clear = enable && product_clears;
  generate
    for (r = 0; r < K; r = r + 1) begin : rows
      for (c = 0; c < K; c = c + 1) begin : taps
        // The chain's end meets the newest pixel.
        wire signed [15:0] k = kernel[(r*K+K-1-c)*16+:16];
        wire signed [15:0] x = pixels[r*16+:16];
        wire signed [WIDTH-1:0] carried;
        reg signed [31:0] product;
        reg signed [WIDTH-1:0] chain;
        if (c > 0) begin : follow
          assign carried = rows[r].taps[c-1].chain;
        end else begin : begin_of_row
          assign carried = {WIDTH{1'b0}};
        end
        always @(posedge clk) begin
          if (enable && read_valid) product <= k * x;
          if (chains_clear) chain <= {WIDTH{1'b0}};
          else if (chains_move) chain <= carried + {{WIDTH - 32{product[31]}}, product};
        end
      end
      assign row_sums[r*WIDTH+:WIDTH] = taps[K-1].chain;
    end
  endgenerate

  always @(posedge clk) begin
    if (reset) begin
      product_valid <= 1'b0;
      product_emits <= 3'd0;
      product_clears <= 1'b0;
      sum_emits <= 3'd0;
    end else if (enable) begin
      product_valid <= read_valid;
      product_emits <= read_emits;
      product_clears <= read_clears;
      sum_emits <= product_emits;
    end
    if (enable) begin
      product_accumulates <= read_accumulates;
      product_bias <= bias;
      sum_accumulates <= product_accumulates;
      sum_bias <= product_bias;
    end
  end

  // ---- Add the rows and the bias, round, saturate, add the other stream ------------------------------------------------------------

  wire [WIDTH-1:0] total;
  nf_sum #(
      .COUNT(K + 1),
      .WIDTH(WIDTH)
  ) tree (
      .clk(clk),
      .enable(enable),
      .terms({{{WIDTH - 24{sum_bias[15]}}, sum_bias, 8'd0}, row_sums}),
      .sum(total)
  );

  // A stage for each level of the tree, one for rounding, one for saturating.
  reg [(LEVELS+2)*3-1:0] emits;
  reg [LEVELS+1:0] accumulates;
  always @(posedge clk) begin
    if (reset) emits <= 0;
    else if (enable) emits <= {emits[(LEVELS+1)*3-1:0], sum_emits};
    if (enable) accumulates <= {accumulates[LEVELS:0], sum_accumulates};
  end

  // Half away from zero; what is shifted out is never looked at.
  wire [WIDTH-1:0] nudged = total + {{WIDTH - 8{1'b0}}, 8'd127} + {{WIDTH - 1{1'b0}}, !total[WIDTH-1]};
  wire unused = &{1'b0, nudged[7:0]};
  reg [WIDTH-9:0] rounded;
  wire fits = rounded[WIDTH-9:15] == {WIDTH - 23{rounded[WIDTH-9]}};
  reg [15:0] result;
  reg result_clamped;
  always @(posedge clk) begin
    if (enable) begin
      rounded <= nudged[WIDTH-1:8];
      result <= fits ? rounded[15:0] : {rounded[WIDTH-9], {15{!rounded[WIDTH-9]}}};
      result_clamped <= !fits;
    end
  end

  wire [2:0] result_emits = emits[(LEVELS+1)*3+:3];
  wire adds = accumulates[LEVELS+1] && result_emits != 0;
  wire leaves = (out_valid & ~out_ready) == 0;
  assign enable = leaves && !(adds && !acc_valid);
  assign acc_ready = leaves && adds;

  wire [16:0] added = {result[15], result} + (adds ? {acc_word[15], acc_word} : 17'd0);
  wire added_fits = added[16] == added[15];
  always @(posedge clk) begin
    if (reset) begin
      out_valid <= 3'd0;
      saturated <= 1'b0;
    end else if (enable) begin
      out_valid <= result_emits;
      if (result_emits != 0 && (result_clamped || !added_fits)) saturated <= 1'b1;
    end else if (leaves) begin
      out_valid <= 3'd0;
    end
    if (enable) out_word <= added_fits ? added[15:0] : {added[16], {15{!added[16]}}};
  end

  assign busy = in_frame || read_valid || product_valid || sum_emits != 0 || emits != 0 || out_valid != 0;
endmodule

`default_nettype wire
