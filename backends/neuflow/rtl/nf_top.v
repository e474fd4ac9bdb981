// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine, for the target whose constants were read before this file: generate_target.py makes them.
//
// It runs from `entry`, a word of 8 bytes, as soon as `reset` is 0, until the program ends or traps; then it asks for nothing
// any more and holds what it shows. The memory takes a request in a cycle with mem_valid and mem_ready, and answers reads in
// the order of the requests.
`default_nettype none

module nf_top (
    input wire clk,
    input wire reset,
    input wire [31:0] entry,
    output wire running,
    output reg ended,
    output reg [2:0] cause,  // of the trap; 0: none
    output reg [31:0] information,
    output wire [31:0] pc,
    output wire [`NF_TILES-1:0] saturated,

    output wire mem_valid,
    input wire mem_ready,
    output wire mem_write,
    output wire [27:0] mem_beat,
    output wire [255:0] mem_data,
    output wire [15:0] mem_mask,
    output wire [3:0] mem_tag,
    input wire mem_response,
    input wire [3:0] mem_response_tag,
    input wire [255:0] mem_response_data
);
  localparam LINES = `NF_LINES;
  localparam [32:0] MEMORY_BYTES = 33'd`NF_MEMORY_BYTES;
  localparam [31:0] FEATURES = `NF_FEATURES;
  localparam [2:0] BAD_ADDRESS = 3'd6, WATCHDOG = 3'd7;
  localparam [31:0] QUIET = `NF_WATCHDOG;

  assign running = !ended && cause == 0;

  // ---- The processor ---------------------------------------------------------------------------------------------------------------

  wire [1:0] place;
  wire word_valid, use_word, jumps;
  wire [63:0] word;
  wire [31:0] target;
  wire instruction_ends, terminates;
  wire [2:0] cpu_cause;
  wire [31:0] cpu_information;
  wire bus_valid, bus_taken, status_of_all;
  wire [1:0] bus_content;
  wire [31:0] bus_word, bus_information, selected;
  wire [2:0] bus_cause, status;
  nf_cpu #(
      .CYCLES(`NF_CPU_CYCLES_PER_INSTRUCTION * `NF_CLOCK_RATIO),
      .RATIO(`NF_CLOCK_RATIO),
      .MEMORY_WORDS(MEMORY_BYTES >> 3),
      .BURST(FEATURES[0] ? 1 : 0)
  ) cpu (
      .clk(clk),
      .reset(reset),
      .running(running),
      .entry(entry),
      .pc(pc),
      .ends(instruction_ends),
      .terminates(terminates),
      .cause(cpu_cause),
      .information(cpu_information),
      .place(place),
      .word_valid(word_valid),
      .word(word),
      .use_word(use_word),
      .jumps(jumps),
      .target(target),
      .bus_valid(bus_valid),
      .bus_content(bus_content),
      .bus_word(bus_word),
      .bus_taken(bus_taken),
      .bus_cause(bus_cause),
      .bus_information(bus_information),
      .status(status),
      .status_of_all(status_of_all),
      .selected(selected)
  );

  wire [LINES:0] requests, chosen, granted, response;
  wire [27:0] fetch_beat;
  wire unused_target = &{1'b0, target[1:0]};
  nf_fetch #(
      .BEATS(`NF_CPU_FETCH_BEATS),
      .MEMORY_BEATS(MEMORY_BYTES[32:5])
  ) fetch (
      .clk(clk),
      .reset(reset),
      .entry(entry[31:2]),
      .place(place),
      .word_valid(word_valid),
      .word(word),
      .use_word(use_word),
      .jumps(jumps),
      .target(target[31:2]),
      .request(requests[0]),
      .request_beat(fetch_beat),
      .granted(granted[0]),
      .response(response[0]),
      .response_data(mem_response_data)
  );

  // ---- The grid --------------------------------------------------------------------------------------------------------------------

  wire cfg_valid, cfg_take, cfg_data, cfg_tile, cfg_to_shadow;
  wire [11:0] cfg_address;
  wire [7:0] cfg_sub;
  wire [3:0] cfg_command;
  wire [9:0] cfg_index;
  wire [31:0] cfg_word;
  wire any_hit, all_ready;
  wire [3:0] any_refuses;
  wire [2:0] any_status;
  nf_bus bus (
      .clk(clk),
      .reset(reset),
      .valid(bus_valid),
      .content(bus_content),
      .word(bus_word),
      .taken(bus_taken),
      .cause(bus_cause),
      .information(bus_information),
      .status(status),
      .status_of_all(status_of_all),
      .selected(selected),
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
      .any_hit(any_hit),
      .all_ready(all_ready),
      .any_refuses(any_refuses),
      .any_status(any_status)
  );

  wire [`NF_TILES-1:0] flags;
  wire grid_moves, leaves;
  wire [31:0] leaves_at;
  wire [LINES*16-1:0] timeouts;
  wire request_write;
  wire [27:0] request_beat;
  wire [15:0] request_mask;
  nf_grid #(
      .TILES(`NF_TILES),
      .KINDS(`NF_TILE_KINDS),
      .ADDRESSES(`NF_TILE_ADDRESSES),
      .LINK_SOURCES(`NF_LINK_SOURCES),
      .LINES(LINES),
      .GRID_PORTS(`NF_GRID_PORTS),
      .ISA(`NF_ISA),
      .FEATURES(FEATURES),
      .HOP(`NF_FIFOS_HOP),
      .DEPTH(`NF_FIFOS_OPERATOR),
      .K(`NF_CONV_KERNEL),
      .LINE(`NF_CONV_LINE),
      .SEGMENTS(`NF_MAPPER_SEGMENTS),
      .OPERATORS(`NF_ALU_OPERATORS),
      .FIFO_WORDS(`NF_FIFO_WORDS),
      .ELEMENTS(`NF_PORT_ELEMENTS),
      .REQUESTS(`NF_PORT_REQUESTS),
      .BEATS(`NF_PORT_BEATS),
      .MEMORY_WORDS(MEMORY_BYTES >> 1)
  ) grid (
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
      .any_hit(any_hit),
      .all_ready(all_ready),
      .any_refuses(any_refuses),
      .any_status(any_status),
      .saturated(flags),
      .moves(grid_moves),
      .leaves(leaves),
      .leaves_at(leaves_at),
      .requests(requests[LINES:1]),
      .timeouts(timeouts),
      .chosen(chosen[LINES:1]),
      .granted(granted[LINES:1]),
      .request_write(request_write),
      .request_beat(request_beat),
      .request_data(mem_data),
      .request_mask(request_mask),
      .response(response[LINES:1]),
      .response_data(mem_response_data)
  );

  // ---- The memory ------------------------------------------------------------------------------------------------------------------

  wire wants;
  wire accepted = mem_valid && mem_ready;
  nf_arb #(
      .REQUESTERS(LINES + 1)
  ) arbiter (
      .clk(clk),
      .reset(reset),
      .requests(requests),
      .timeouts(timeouts),
      .ready(mem_ready && running),
      .valid(wants),
      .chosen(chosen),
      .granted(granted)
  );
  assign mem_valid = wants && running;
  assign mem_write = request_write && !chosen[0];
  assign mem_beat = chosen[0] ? fetch_beat : request_beat;
  assign mem_mask = request_mask;
  reg [3:0] tag;
  integer i;
  always @* begin
    tag = 4'd0;
    for (i = 1; i <= LINES; i = i + 1) if (chosen[i]) tag = i[3:0];
  end
  assign mem_tag = tag;
  genvar r;
  generate
    for (r = 0; r <= LINES; r = r + 1) begin : responses
      localparam [3:0] TAG = r;
      assign response[r] = mem_response && mem_response_tag == TAG;
    end
  endgenerate

  // ---- The end ---------------------------------------------------------------------------------------------------------------------

  wire progress = grid_moves || accepted || mem_response || instruction_ends;
  reg [31:0] quiet;  // cycles without progress
  wire starves = !progress && quiet == QUIET - 32'd1;
  reg was_running;
  reg [`NF_TILES-1:0] last_flags;
  always @(posedge clk) begin
    if (reset) begin
      ended <= 1'b0;
      cause <= 3'd0;
      quiet <= 32'd0;
    end else if (running) begin
      if (cpu_cause != 0) begin
        cause <= cpu_cause;
        information <= cpu_information;
      end else if (terminates) ended <= 1'b1;
      else if (leaves) begin
        cause <= BAD_ADDRESS;
        information <= leaves_at;
      end else if (starves) begin
        cause <= WATCHDOG;
        information <= 32'd0;
      end
      quiet <= progress ? 32'd0 : quiet + 32'd1;
    end
    was_running <= running;
    if (was_running) last_flags <= flags;
  end
  assign saturated = was_running ? flags : last_flags;
endmodule

`default_nettype wire
