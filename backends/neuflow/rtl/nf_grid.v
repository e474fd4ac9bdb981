// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grid: tiles with the links between them, the lines that pass all of them, and a streamer at the ends of each line. Lists
// have their first element in the lowest bits.
`default_nettype none

module nf_grid #(
    parameter TILES = 2,
    parameter [TILES*4-1:0] KINDS = 8'h10,  // 0 convolver, 1 ALU, 2 mapper, 3 FIFO
    parameter [TILES*12-1:0] ADDRESSES = 24'h010001,
    // What comes into the N, E, S, W sides of each tile: tile * 4 + side, or ffff.
    parameter [TILES*64-1:0] LINK_SOURCES = 128'hffff_ffff_ffff_0002_ffff_ffff_ffff_ffff,
    parameter LINES = 6,
    parameter [LINES*8-1:0] GRID_PORTS = 48'h060504030201,  // indices among all ports
    parameter ISA = 2,
    parameter [31:0] FEATURES = 32'h3f,
    parameter HOP = 2,
    parameter DEPTH = 64,
    parameter K = 3,
    parameter LINE = 64,
    parameter SEGMENTS = 4,
    parameter OPERATORS = 2,
    parameter FIFO_WORDS = 256,
    parameter ELEMENTS = 64,
    parameter REQUESTS = 4,
    parameter BEATS = 4,
    parameter [32:0] MEMORY_WORDS = 33'd524288
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
    output wire any_hit,
    output wire all_ready,
    output wire [3:0] any_refuses,
    output wire [2:0] any_status,
    output wire [TILES-1:0] saturated,
    output wire moves,
    output wire leaves,  // a stream its segment: a trap
    output wire [31:0] leaves_at,

    output wire [LINES-1:0] requests,
    output wire [LINES*16-1:0] timeouts,
    input wire [LINES-1:0] chosen,
    input wire [LINES-1:0] granted,
    output reg request_write,  // of the chosen one
    output reg [27:0] request_beat,
    output reg [255:0] request_data,
    output reg [15:0] request_mask,
    input wire [LINES-1:0] response,
    input wire [255:0] response_data
);
  localparam MODULES = TILES + LINES;
  wire [MODULES-1:0] hit;
  wire [MODULES-1:0] ready;
  wire [MODULES*4-1:0] refuses;
  wire [MODULES*3-1:0] status;

  // Line n leaves place p of these for tile p; the last place is before the ports.
  wire [(TILES+1)*LINES-1:0] line_valid;
  wire [(TILES+1)*LINES-1:0] line_ready;
  wire [(TILES+1)*LINES*16-1:0] line_words;

  wire [TILES*4-1:0] side_in_valid, side_in_ready, side_out_valid, side_out_ready;
  wire [TILES*64-1:0] side_in_words, side_out_words;
  wire [TILES-1:0] tile_moves;

  // The input that an output is linked to; TILES * 4 if none.
  function integer sink_of;
    input integer source;
    integer i;
    begin
      sink_of = TILES * 4;
      for (i = 0; i < TILES * 4; i = i + 1) if ({16'd0, LINK_SOURCES[i*16+:16]} == source) sink_of = i;
    end
  endfunction

  genvar t, s;
  generate
    for (t = 0; t < TILES; t = t + 1) begin : tiles
      localparam [3:0] LINKS_IN = {
        LINK_SOURCES[(t*4+3)*16+:16] != 16'hffff,
        LINK_SOURCES[(t*4+2)*16+:16] != 16'hffff,
        LINK_SOURCES[(t*4+1)*16+:16] != 16'hffff,
        LINK_SOURCES[(t*4+0)*16+:16] != 16'hffff
      };
      localparam [3:0] LINKS_OUT = {
        sink_of(t * 4 + 3) < TILES * 4,
        sink_of(t * 4 + 2) < TILES * 4,
        sink_of(t * 4 + 1) < TILES * 4,
        sink_of(t * 4 + 0) < TILES * 4
      };
      localparam [3:0] KIND = KINDS[t*4+:4];
      for (s = 0; s < 4; s = s + 1) begin : sides
        localparam SOURCE = {16'd0, LINK_SOURCES[(t*4+s)*16+:16]};
        localparam SINK = sink_of(t * 4 + s);
        if (LINKS_IN[s]) begin : linked
          assign side_in_valid[t*4+s] = side_out_valid[SOURCE];
          assign side_in_words[(t*4+s)*16+:16] = side_out_words[SOURCE*16+:16];
        end else begin : alone
          assign side_in_valid[t*4+s] = 1'b0;
          assign side_in_words[(t*4+s)*16+:16] = 16'd0;
        end
        if (LINKS_OUT[s]) begin : links
          assign side_out_ready[t*4+s] = side_in_ready[SINK];
        end else begin : links_nowhere
          assign side_out_ready[t*4+s] = 1'b0;
          wire unused = &{1'b0, side_out_valid[t*4+s], side_out_words[(t*4+s)*16+:16]};
        end
        if (!LINKS_IN[s]) begin : nothing_comes
          wire unused = &{1'b0, side_in_ready[t*4+s]};
        end
      end
      nf_tile #(
          .KIND({28'd0, KIND}),
          .ADDRESS(ADDRESSES[t*12+:12]),
          .LINKS_IN(LINKS_IN),
          .LINKS_OUT(LINKS_OUT),
          .ISA(ISA),
          .FEATURES(FEATURES),
          .LINES(LINES),
          .HOP(HOP),
          .DEPTH(DEPTH),
          .K(K),
          .LINE(LINE),
          .SEGMENTS(SEGMENTS),
          .OPERATORS(OPERATORS),
          .FIFO_WORDS(FIFO_WORDS)
      ) tile (
          .clk(clk),
          .reset(reset),
          .cfg_valid(cfg_valid),
          .cfg_take(cfg_take),
          .cfg_data(cfg_data),
          .cfg_tile(cfg_tile),
          .cfg_address(cfg_address),
          .cfg_sub(cfg_sub),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .cfg_hit(hit[t]),
          .cfg_ready(ready[t]),
          .cfg_refuses(refuses[t*4+:4]),
          .status(status[t*3+:3]),
          .saturated(saturated[t]),
          .moves(tile_moves[t]),
          .line_valid(line_valid[t*LINES+:LINES]),
          .line_ready(line_ready[t*LINES+:LINES]),
          .line_words(line_words[t*LINES*16+:LINES*16]),
          .line_out_valid(line_valid[(t+1)*LINES+:LINES]),
          .line_out_ready(line_ready[(t+1)*LINES+:LINES]),
          .line_out_words(line_words[(t+1)*LINES*16+:LINES*16]),
          .side_valid(side_in_valid[t*4+:4]),
          .side_ready(side_in_ready[t*4+:4]),
          .side_words(side_in_words[t*64+:64]),
          .side_out_valid(side_out_valid[t*4+:4]),
          .side_out_ready(side_out_ready[t*4+:4]),
          .side_out_words(side_out_words[t*64+:64])
      );
    end
  endgenerate

  wire [LINES-1:0] port_leaves;
  wire [LINES*32-1:0] port_address;
  wire [LINES-1:0] port_write;
  wire [LINES*28-1:0] port_beat;
  wire [LINES*256-1:0] port_data;
  wire [LINES*16-1:0] port_mask;
  generate
    for (t = 0; t < LINES; t = t + 1) begin : ports
      localparam [7:0] INDEX = GRID_PORTS[t*8+:8];
      nf_port #(
          .ADDRESS({4'd0, INDEX} + 12'd1),
          .STRIDE(FEATURES[3] ? 1 : 0),
          .HOP(HOP),
          .ELEMENTS(ELEMENTS),
          .REQUESTS(REQUESTS),
          .BEATS(BEATS),
          .MEMORY_WORDS(MEMORY_WORDS)
      ) streamer (
          .clk(clk),
          .reset(reset),
          .cfg_valid(cfg_valid),
          .cfg_take(cfg_take),
          .cfg_data(cfg_data),
          .cfg_tile(cfg_tile),
          .cfg_address(cfg_address),
          .cfg_sub(cfg_sub),
          .cfg_command(cfg_command),
          .cfg_to_shadow(cfg_to_shadow),
          .cfg_index(cfg_index),
          .cfg_word(cfg_word),
          .cfg_hit(hit[TILES+t]),
          .cfg_ready(ready[TILES+t]),
          .cfg_refuses(refuses[(TILES+t)*4+:4]),
          .status(status[(TILES+t)*3+:3]),
          .leaves(port_leaves[t]),
          .address(port_address[t*32+:32]),
          .feeds(line_valid[t]),
          .feed_ready(line_ready[t]),
          .feed_word(line_words[t*16+:16]),
          .line_valid(line_valid[TILES*LINES+t]),
          .line_ready(line_ready[TILES*LINES+t]),
          .line_word(line_words[(TILES*LINES+t)*16+:16]),
          .timeout(timeouts[t*16+:16]),
          .request(requests[t]),
          .granted(granted[t]),
          .request_write(port_write[t]),
          .request_beat(port_beat[t*28+:28]),
          .request_data(port_data[t*256+:256]),
          .request_mask(port_mask[t*16+:16]),
          .response(response[t]),
          .response_data(response_data)
      );
    end
  endgenerate

  assign any_hit = hit != 0;
  assign all_ready = &ready;
  assign moves = tile_moves != 0 || line_valid[LINES-1:0] != 0;

  reg [3:0] some_refuses;
  reg [2:0] some_status;
  integer i;
  always @* begin
    some_refuses = 4'd0;
    some_status = 3'd0;
    for (i = 0; i < MODULES; i = i + 1) begin
      some_refuses = some_refuses | refuses[i*4+:4];
      some_status = some_status | status[i*3+:3];
    end
  end
  assign any_refuses = some_refuses;
  assign any_status = some_status;

  reg [31:0] first_leaves_at;
  always @* begin
    request_write = 1'b0;
    request_beat = 28'd0;
    request_data = 256'd0;
    request_mask = 16'd0;
    first_leaves_at = 32'd0;
    for (i = LINES - 1; i >= 0; i = i - 1) begin
      if (chosen[i]) begin
        request_write = port_write[i];
        request_beat = port_beat[i*28+:28];
        request_data = port_data[i*256+:256];
        request_mask = port_mask[i*16+:16];
      end
      if (port_leaves[i]) first_leaves_at = port_address[i*32+:32];
    end
  end
  assign leaves = port_leaves != 0;
  assign leaves_at = first_leaves_at;
endmodule

`default_nettype wire
