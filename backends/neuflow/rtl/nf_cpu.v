// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The control processor. An instruction begins when its word is in the fetch buffer and acts CYCLES cycles later; then the
// next one may begin, unless the configuration bus or a status makes it wait. Its word stays in the buffer until it ends.
`default_nettype none

module nf_cpu #(
    parameter CYCLES = 4,  // of the grid's clock
    parameter RATIO = 2,  // of the clocks
    parameter [32:0] MEMORY_WORDS = 33'd67108864,  // of 8 bytes
    parameter BURST = 1  // feature
) (
    input wire clk,
    input wire reset,
    input wire running,  // nothing changes otherwise
    input wire [31:0] entry,  // while in reset
    output reg [31:0] pc,
    output wire ends,  // an instruction, in this cycle
    output wire terminates,
    output reg [2:0] cause,  // of a trap in this cycle; 0: none
    output reg [31:0] information,

    output wire [1:0] place,
    input wire word_valid,
    input wire [63:0] word,
    output wire use_word,
    output wire jumps,
    output wire [31:0] target,

    output wire bus_valid,
    output wire [1:0] bus_content,
    output wire [31:0] bus_word,
    input wire bus_taken,
    input wire [2:0] bus_cause,
    input wire [31:0] bus_information,
    input wire [2:0] status,
    input wire status_of_all,
    input wire [31:0] selected
);
  localparam [7:0] WRITE_CONFIG = 8'd0, GET_STATUS = 8'd1, SET_REG = 8'd6, GOTO = 8'd7, ADD = 8'd8, AND = 8'd10, OR = 8'd11,
      SHR = 8'd13, NOP = 8'd14, TERM = 8'd15, CONFIG_BURST = 8'd16;
  localparam [2:0] BAD_INSTRUCTION = 3'd1, OUTSIDE = 3'd2, UNKNOWN_SELECT = 3'd3, MISSING = 3'd5;
  localparam PHASE = CYCLES > 1 ? $clog2(CYCLES) : 1;
  localparam [PHASE-1:0] LAST = CYCLES[PHASE-1:0] - 1'b1;
  localparam WAIT = $clog2(255 * RATIO + 1);

  reg [31:0] at;  // the next word to be used: an instruction, or in a burst
  reg in_burst;
  reg [PHASE-1:0] phase;
  reg [WAIT-1:0] waited;

  assign place = at[1:0];
  wire outside = {1'b0, at} >= MEMORY_WORDS;
  wire ready = word_valid && !outside;

  wire [7:0] opcode = word[63:56];
  wire [7:0] a1 = word[55:48];
  wire [7:0] a2 = word[47:40];
  wire [7:0] a3 = word[39:32];
  wire [31:0] imm = word[31:0];

  // ---- Is it an instruction --------------------------------------------------------------------------------------------------------

  wire registers_fit = a1[7:4] == 0 && a2[7:4] == 0 && a3[7:4] == 0;
  reg sound;
  always @* begin
    case (opcode)
      WRITE_CONFIG: sound = a1 < 8'd4 && a2 == 0 && a3 == 0;
      GET_STATUS: sound = a1 < 8'd7 && a3 == 0 && imm == 0;
      SET_REG: sound = a1 == 0 && a2 < 8'd16 && a3 == 0;
      GOTO: sound = a1 < 8'd3 && a2 < 8'd16 && a3 == 0;
      ADD, AND, OR: sound = registers_fit && imm == 0;
      SHR: sound = a1 < 8'd16 && a2 < 8'd2 && a3 < 8'd16 && imm == 0;
      NOP, TERM: sound = word[55:0] == 0;
      CONFIG_BURST: sound = a1 < 8'd4 && a2 == 0 && a3 == 0 && imm[31:16] == 0 && imm != 0;
      default: sound = 1'b0;
    endcase
  end
  wire missing = opcode == CONFIG_BURST && BURST == 0;

  // ---- Instructions ----------------------------------------------------------------------------------------------------------------

  wire first = phase == 0;
  wire begins = !in_burst && first && ready;
  wire acts = running && !in_burst && phase == LAST && (!first || ready);
  wire does = acts && sound && !missing;

  wire offers = does && opcode == WRITE_CONFIG;
  wire asks = does && opcode == GET_STATUS;
  wire [WAIT-1:0] wait_cycles = a2 * RATIO[WAIT-1:0];
  wire looks = asks && waited == wait_cycles;
  wire sees = looks && !status_of_all && status == a1[2:0];
  wire ends_here = does && (opcode == WRITE_CONFIG ? bus_taken : opcode == GET_STATUS ? sees : 1'b1);

  // Registers: memory without a reset, and what of it has been written.
  reg [31:0] registers[0:15];
  reg [15:0] written;
  wire [3:0] second_register = a2[3:0];
  wire [31:0] left = written[a1[3:0]] ? registers[a1[3:0]] : 32'd0;
  wire [31:0] right = written[second_register] ? registers[second_register] : 32'd0;
  reg [31:0] result;
  always @* begin
    case (opcode)
      ADD: result = left + right;
      AND: result = left & right;
      OR: result = left | right;
      SHR: result = {a2[0] && left[31], left[31:1]};
      default: result = imm;
    endcase
  end
  wire writes = does && (opcode == SET_REG || opcode == ADD || opcode == AND || opcode == OR || opcode == SHR);
  wire [3:0] into = opcode == SET_REG ? a2[3:0] : a3[3:0];

  assign jumps = does && opcode == GOTO && (a1 == 0 || (right != 0) == (a1 == 8'd1));
  assign target = imm;
  assign terminates = does && opcode == TERM;

  // ---- The words of a burst --------------------------------------------------------------------------------------------------------

  reg [15:0] burst_left;
  reg [1:0] burst_content;
  reg high;
  wire stray_half = !high && burst_left == 16'd1 && word[63:32] != 0;
  wire bursts = running && in_burst && ready && !stray_half;
  wire burst_word_ends = bursts && bus_taken && (high || burst_left == 16'd1);
  wire burst_ends = bursts && bus_taken && burst_left == 16'd1;

  assign bus_valid = offers || bursts;
  assign bus_content = in_burst ? burst_content : a1[1:0];
  assign bus_word = in_burst && high ? word[63:32] : imm;

  assign use_word = in_burst ? burst_word_ends : ends_here;
  assign ends = in_burst ? burst_ends : ends_here && opcode != CONFIG_BURST;

  always @* begin
    cause = 3'd0;
    information = {24'd0, opcode};
    if (running && outside && (in_burst || first)) begin
      cause = OUTSIDE;
      information = at;
    end else if (running && in_burst && ready && stray_half) begin
      cause = BAD_INSTRUCTION;
      information = {24'd0, CONFIG_BURST};
    end else if (acts && missing) begin
      cause = MISSING;
      information = 32'd0;
    end else if (acts && !sound) cause = BAD_INSTRUCTION;
    else if (looks && status_of_all) begin
      cause = UNKNOWN_SELECT;
      information = selected;
    end else if (bus_valid && bus_taken && bus_cause != 0) begin
      cause = bus_cause;
      information = bus_information;
    end
  end

  always @(posedge clk) begin
    if (reset) begin
      pc <= entry;
      at <= entry;
      in_burst <= 1'b0;
      phase <= 0;
      waited <= 0;
      written <= 16'd0;
    end else if (running && cause == 0) begin
      if (use_word) at <= jumps ? imm : at + 32'd1;
      if (ends && !terminates) pc <= jumps ? imm : at + 32'd1;

      if (begins && phase != LAST) phase <= phase + 1'b1;
      else if (!in_burst && !first && phase != LAST) phase <= phase + 1'b1;
      else if (ends_here) phase <= 0;
      waited <= asks && !looks ? waited + 1'b1 : asks && !sees ? waited : 0;

      if (writes) written[into] <= 1'b1;

      if (does && opcode == CONFIG_BURST) in_burst <= 1'b1;
      else if (burst_ends) in_burst <= 1'b0;
    end
    if (does && opcode == CONFIG_BURST) begin
      burst_left <= imm[15:0];
      burst_content <= a1[1:0];
      high <= 1'b0;
    end else if (bursts && bus_taken) begin
      burst_left <= burst_left - 16'd1;
      burst_content <= 2'd3;
      high <= !high;
    end
    if (writes) registers[into] <= result;
  end
endmodule

`default_nettype wire
