// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words that describe the streams of a port, and what the configuration bus may do with them: globals, locals, the locals
// of the stream that follows, and the timeout.
//
// `starts` begins a stream with these words in the next cycle: by an instruction, or because the stream that follows is taken
// over (`follows`).
`default_nettype none

module nf_stream_words #(
    parameter [11:0] ADDRESS = 12'd2,
    parameter STRIDE = 1  // feature
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
    output wire cfg_hit,
    output wire cfg_ready,
    output wire [3:0] cfg_refuses,

    input wire on,  // a stream is on, or one is armed
    input wire may_follow,  // the armed one may be taken over, if it is a read
    input wire may_turn,  // whatever it is
    input wire can_reset,
    output wire port_reset,
    output reg held,  // prefetched: no word goes to the line
    output reg started,  // a stream was on since the last deactivate
    output reg armed,
    output wire configured,

    output wire starts,
    output wire [31:0] first,  // word address of a stream that starts
    output reg reads,
    output reg [15:0] w,
    output reg [15:0] h,
    output wire [31:0] pitch,
    output wire [31:0] step,
    output reg [31:0] offset,
    output reg [31:0] length,
    output reg [15:0] timeout
);
  localparam [3:0] CONFIG = 4'd0, ACTIVATE = 4'd2, DEACTIVATE = 4'd3, RESET = 4'd4, CONTROL_1 = 4'd7, CACHE_START = 4'd14,
      CACHE_FINISH = 4'd15;
  localparam [3:0] UNKNOWN = 4'd1, WRONG = 4'd2, NO_STRIDE = 4'd11;

  wire here = cfg_valid && !cfg_tile && (cfg_address == ADDRESS || cfg_address == 0);
  wire takes = cfg_take && here;
  wire does = takes && !cfg_data;
  assign cfg_hit = !cfg_tile && cfg_address == ADDRESS;
  wire of_globals = cfg_sub == 8'd1;
  wire of_locals = cfg_sub == 8'd2;

  reg globals_complete, globals_ever;
  reg locals_complete, locals_ever;  // as many words as make a set; and at any time before
  reg next_complete;
  assign configured = globals_ever && locals_ever;

  // ---- What is refused, and what waits ---------------------------------------------------------------------------------------------

  reg [3:0] refuses;
  wire [9:0] most = of_locals ? 10'd7 : of_globals ? 10'd4 : 10'd1;
  wire is_size = cfg_word[31:16] == 0 && cfg_word[15:0] != 0;
  always @* begin
    refuses = 4'd0;
    if (cfg_sub > 8'd2) refuses = UNKNOWN;
    else if (cfg_data) begin
      if (cfg_index >= most) refuses = WRONG;
      else if (of_globals) begin
        if ((cfg_index == 10'd2 && cfg_word > 32'd31) || (cfg_index == 10'd3 && cfg_word > 32'd1)) refuses = WRONG;
      end else if (of_locals) begin
        if ((cfg_index == 10'd2 || cfg_index == 10'd3) && !is_size) refuses = WRONG;
        else if (cfg_index == 10'd4 && cfg_word > 32'd1) refuses = WRONG;
        else if (cfg_index > 10'd4 && STRIDE == 0) refuses = NO_STRIDE;
      end
    end else
      case (cfg_command)
        CONFIG: if (on && cfg_sub != 0) refuses = WRONG;
        ACTIVATE: if (on ? !held : !globals_complete || !locals_complete) refuses = WRONG;
        CONTROL_1: if (on || !globals_complete || !locals_complete || !reads) refuses = WRONG;
        DEACTIVATE: if (on) refuses = WRONG;
        RESET: refuses = 4'd0;
        CACHE_START: if (!of_locals) refuses = UNKNOWN;
        CACHE_FINISH: refuses = !of_locals ? UNKNOWN : globals_complete && next_complete ? 4'd0 : WRONG;
        default: refuses = UNKNOWN;
      endcase
  end
  wire caches = !cfg_data && (cfg_command == CACHE_START || cfg_command == CACHE_FINISH);
  wire resets = !cfg_data && cfg_command == RESET;
  assign cfg_ready = !here || refuses == UNKNOWN || !((caches && armed) || (resets && !can_reset));
  assign cfg_refuses = here ? refuses : 4'd0;
  assign port_reset = reset || (takes && resets);

  // ---- Words -----------------------------------------------------------------------------------------------------------------------

  reg [4:0] log2_stride;
  reg continuous;
  reg [31:0] x, y, own_pitch, own_step;
  reg has_steps;
  reg next_reads, next_has_steps;
  reg [15:0] next_w, next_h;
  reg [31:0] next_x, next_y, next_pitch, next_step;

  wire activates = does && (cfg_command == ACTIVATE || cfg_command == CONTROL_1) && !on;
  wire follows = armed && (may_turn || (may_follow && reads && next_reads));
  assign starts = activates || follows;
  assign first = offset + ((follows ? next_y : y) << log2_stride) + (follows ? next_x : x);
  assign pitch = has_steps ? own_pitch : continuous ? {16'd0, w} : 32'd1 << log2_stride;
  assign step = has_steps ? own_step : 32'd1;

  wire to_globals = takes && cfg_data && of_globals;
  wire to_locals = takes && cfg_data && of_locals && !cfg_to_shadow;
  wire to_next = takes && cfg_data && of_locals && cfg_to_shadow;
  wire opens = does && cfg_command == CONFIG;

  always @(posedge clk) begin
    if (port_reset) begin
      held <= 1'b0;
      started <= 1'b0;
      armed <= 1'b0;
      globals_complete <= 1'b0;
      globals_ever <= 1'b0;
      locals_complete <= 1'b0;
      locals_ever <= 1'b0;
      next_complete <= 1'b0;
      timeout <= 16'd1;
    end else begin
      if (does && cfg_command == CONTROL_1) held <= 1'b1;
      else if (does && cfg_command == ACTIVATE) held <= 1'b0;
      if (activates || (does && cfg_command == CACHE_FINISH)) started <= 1'b1;
      else if (does && cfg_command == DEACTIVATE) started <= 1'b0;
      if (does && cfg_command == CACHE_FINISH) armed <= 1'b1;
      else if (follows) armed <= 1'b0;

      if (opens && of_globals) globals_complete <= 1'b0;
      else if (to_globals && cfg_index == 10'd3) begin
        globals_complete <= 1'b1;
        globals_ever <= 1'b1;
      end
      if (opens && of_locals) locals_complete <= 1'b0;
      else if (follows || (to_locals && (cfg_index == 10'd4 || cfg_index == 10'd6))) begin
        locals_complete <= 1'b1;
        locals_ever <= 1'b1;
      end else if (to_locals && cfg_index == 10'd5) locals_complete <= 1'b0;
      if (does && caches) next_complete <= 1'b0;
      else if (to_next) next_complete <= cfg_index == 10'd4 || cfg_index == 10'd6;
      if (takes && cfg_data && cfg_sub == 0) timeout <= cfg_word[15:0];
    end

    if (to_globals)
      case (cfg_index[1:0])
        2'd0: offset <= cfg_word;
        2'd1: length <= cfg_word;
        2'd2: log2_stride <= cfg_word[4:0];
        2'd3: continuous <= cfg_word[0];
      endcase
    if (to_locals)
      case (cfg_index[2:0])
        3'd0: x <= cfg_word;
        3'd1: y <= cfg_word;
        3'd2: w <= cfg_word[15:0];
        3'd3: h <= cfg_word[15:0];
        3'd4: {has_steps, reads} <= {1'b0, cfg_word[0]};
        3'd5: own_pitch <= cfg_word;
        default: {has_steps, own_step} <= {1'b1, cfg_word};
      endcase
    else if (follows) begin
      x <= next_x;
      y <= next_y;
      w <= next_w;
      h <= next_h;
      reads <= next_reads;
      has_steps <= next_has_steps;
      own_pitch <= next_pitch;
      own_step <= next_step;
    end
    if (to_next)
      case (cfg_index[2:0])
        3'd0: next_x <= cfg_word;
        3'd1: next_y <= cfg_word;
        3'd2: next_w <= cfg_word[15:0];
        3'd3: next_h <= cfg_word[15:0];
        3'd4: {next_has_steps, next_reads} <= {1'b0, cfg_word[0]};
        3'd5: next_pitch <= cfg_word;
        default: {next_has_steps, next_step} <= {1'b1, cfg_word};
      endcase
  end
endmodule

`default_nettype wire
