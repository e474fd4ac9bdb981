// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The head of the configuration bus: what a word means, which module it is for, and what comes back.
//
// All modules see the same lines. `cfg_valid`: a word is offered to the module with this address, in the area of tiles or else
// of streamers; `cfg_data`: it is a data word, number `cfg_index` since config or cacheStart, else the instruction
// `cfg_command`; `cfg_take`: it acts at the end of this cycle. Each module answers with a hit, whether it is ready, and a
// refusal: 0 none, 1 unknown, 2 misconfigured, 8 + bit for a feature that is missing.
`default_nettype none

module nf_bus (
    input wire clk,
    input wire reset,
    input wire valid,
    input wire [1:0] content,  // 0 nothing, 1 select, 2 instruction, 3 data
    input wire [31:0] word,
    output wire taken,  // or refused
    output reg [2:0] cause,  // of a trap, if it is taken; 0: none
    output reg [31:0] information,
    output wire [2:0] status,
    output wire status_of_all,  // more than one module is selected
    output reg [31:0] selected,

    output wire cfg_valid,
    output wire cfg_take,
    output wire cfg_data,
    output wire cfg_tile,
    output wire [11:0] cfg_address,
    output wire [7:0] cfg_sub,
    output wire [3:0] cfg_command,
    output reg cfg_to_shadow,
    output reg [9:0] cfg_index,
    output wire [31:0] cfg_word,
    input wire any_hit,
    input wire all_ready,
    input wire [3:0] any_refuses,
    input wire [2:0] any_status
);
  localparam [1:0] NOTHING = 2'd0, SELECT = 2'd1, INSTRUCTION = 2'd2, DATA = 2'd3;
  localparam [3:0] STREAMERS = 4'd1, TILES = 4'd2;
  localparam [7:0] CONFIG = 8'd0, RESET = 8'd4, COMMIT = 8'd10, CACHE_START = 8'd14;
  localparam [15:0] KNOWN = 16'b1100_0100_1101_1101;  // bit n: instruction n
  localparam [2:0] UNKNOWN_SELECT = 3'd3, MISCONFIGURED = 3'd4, MISSING = 3'd5;

  reg is_selected;
  reg open;  // data words may follow

  wire is_data = content == DATA;
  wire is_command = content == SELECT || content == INSTRUCTION;
  wire [31:0] command = content == INSTRUCTION ? {selected[31:8], word[7:0]} : word;
  // Between words the lines show the selected module, whose status comes back.
  wire [31:0] at = valid && content == SELECT ? word : selected;
  wire unused = &{1'b0, at[7:0]};
  wire [3:0] area = at[31:28];
  wire broadcast = at[27:16] == 0;

  assign cfg_tile = area == TILES;
  assign cfg_address = at[27:16];
  assign cfg_sub = at[15:8];
  assign cfg_command = command[3:0];
  assign cfg_data = is_data;
  assign cfg_word = word;

  wire nobody = content == INSTRUCTION && (!is_selected || word[31:8] != 0);
  wire no_area = area != STREAMERS && area != TILES;
  wire no_name = command[7:4] != 0 || !KNOWN[command[3:0]];
  wire for_all = cfg_sub == 0 && (command[7:0] == RESET || (command[7:0] == COMMIT && cfg_tile));
  wire unknown = is_command && (nobody || no_area || no_name || (broadcast ? !for_all : !any_hit));
  wire astray = is_data && !open;

  assign cfg_valid = valid && content != NOTHING && !unknown && !astray;
  wire accepts = cfg_valid && all_ready;
  assign cfg_take = accepts && any_refuses == 0;
  assign taken = valid && (!cfg_valid || all_ready);

  always @* begin
    cause = 3'd0;
    information = is_command && !nobody ? command : word;
    if (unknown) cause = UNKNOWN_SELECT;
    else if (astray) cause = MISCONFIGURED;
    else if (accepts && any_refuses[3]) begin
      cause = MISSING;
      information = {29'd0, any_refuses[2:0]};
    end else if (accepts && any_refuses == 4'd1) cause = UNKNOWN_SELECT;
    else if (accepts && any_refuses != 0) cause = MISCONFIGURED;
  end

  always @(posedge clk) begin
    if (reset) begin
      is_selected <= 1'b0;
      open <= 1'b0;
      cfg_to_shadow <= 1'b0;
      cfg_index <= 10'd0;
      selected <= 32'd0;
    end else if (cfg_take && is_command) begin
      is_selected <= 1'b1;
      open <= command[7:0] == CONFIG || command[7:0] == CACHE_START;
      cfg_to_shadow <= command[7:0] == CACHE_START;
      cfg_index <= 10'd0;
      selected <= command;
    end else if (cfg_take) cfg_index <= cfg_index + 10'd1;
  end

  assign status = is_selected ? any_status : 3'd0;
  assign status_of_all = is_selected && broadcast;
endmodule

`default_nettype wire
