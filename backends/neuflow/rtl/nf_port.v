// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A streamer: moves words between the memory and the two ends of a line, in the order that its words describe.
//
// Reads. A walker makes an element a cycle: its lane in a beat, and whether it is the first of another beat, which it then
// requests. Beats come back into a buffer that has a place for each before it is requested. A feeder takes the elements in order
// and hands their words to the line.
//
// Writes. Words from the line are gathered in the current beat, which goes to the queue of requests when a word of another
// beat comes, or after the last one.
`default_nettype none

module nf_port #(
    parameter [11:0] ADDRESS = 12'd2,
    parameter STRIDE = 1,  // feature
    parameter HOP = 2,
    parameter ELEMENTS = 128,
    parameter REQUESTS = 4,
    parameter BEATS = 8,
    parameter [32:0] MEMORY_WORDS = 33'd268435456
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
    output wire [2:0] status,
    output wire leaves,  // the memory, or its segment: a trap
    output wire [31:0] address,

    output wire feeds,  // the line's beginning
    input wire feed_ready,
    output wire [15:0] feed_word,
    input wire line_valid,  // its end
    output wire line_ready,
    input wire [15:0] line_word,

    output wire [15:0] timeout,
    output wire request,
    input wire granted,
    output wire request_write,
    output wire [27:0] request_beat,
    output wire [255:0] request_data,
    output wire [15:0] request_mask,
    input wire response,
    input wire [255:0] response_data
);
  localparam COUNT = $clog2(BEATS + 1);
  localparam PLACE = $clog2(BEATS);
  localparam [COUNT-1:0] ALL = BEATS[COUNT-1:0];
  localparam [PLACE-1:0] END = BEATS[PLACE-1:0] - 1'b1;

  // ---- Streams ---------------------------------------------------------------------------------------------------------------------

  wire port_reset, held, started, armed, configured, starts, reads;
  wire [31:0] first, pitch, step, offset, length;
  wire [15:0] w, h;
  wire walking, walks, last, on;
  wire element_valid, request_valid;
  reg current_valid;
  wire still = !element_valid && !request_valid && !current_valid;
  reg [COUNT-1:0] dropped;  // beats under way that a reset has made void
  nf_stream_words #(
      .ADDRESS(ADDRESS),
      .STRIDE(STRIDE)
  ) stream (
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
      .cfg_hit(cfg_hit),
      .cfg_ready(cfg_ready),
      .cfg_refuses(cfg_refuses),
      .on(on),
      .may_follow(!walking),
      .may_turn(!walking && still),
      .can_reset(dropped == 0),
      .port_reset(port_reset),
      .held(held),
      .started(started),
      .armed(armed),
      .configured(configured),
      .starts(starts),
      .first(first),
      .reads(reads),
      .w(w),
      .h(h),
      .pitch(pitch),
      .step(step),
      .offset(offset),
      .length(length),
      .timeout(timeout)
  );
  nf_walk walker (
      .clk(clk),
      .reset(port_reset),
      .starts(starts),
      .first(first),
      .w(w),
      .h(h),
      .pitch(pitch),
      .step(step),
      .moves(walks),
      .on(walking),
      .address(address),
      .last(last)
  );
  assign on = walking || !still || armed;

  wire line_word_valid;
  wire [31:0] into = address - offset;
  wire outside = into >= length || {1'b0, address} >= MEMORY_WORDS;
  assign leaves = walking && outside && (reads || line_word_valid);
  wire sound = walking && !outside;
  wire [27:0] beat = address[31:4];
  wire [3:0] lane = address[3:0];

  // ---- Reads: elements and their requests ------------------------------------------------------------------------------------------

  reg last_beat_valid;
  reg [27:0] last_beat;
  reg [COUNT-1:0] claimed;  // places in the buffer: requested, under way, or there
  wire elements_ready, requests_ready;
  wire new_beat = !last_beat_valid || last_beat != beat;
  wire makes = sound && reads && elements_ready && (!new_beat || (requests_ready && claimed != ALL));

  wire feed;
  wire [3:0] feed_lane;
  wire feed_new, feed_last;
  nf_fifo #(
      .WIDTH(6),
      .DEPTH(ELEMENTS)
  ) elements (
      .clk(clk),
      .reset(port_reset),
      .in_valid(makes),
      .in_ready(elements_ready),
      .in_word({last, new_beat, lane}),
      .out_valid(element_valid),
      .out_ready(feed),
      .out_word({feed_last, feed_new, feed_lane})
  );

  // ---- Writes: the current beat ----------------------------------------------------------------------------------------------------

  wire line_takes;
  wire [15:0] line_first;
  nf_fifo #(
      .WIDTH(16),
      .DEPTH(HOP)
  ) line_end (
      .clk(clk),
      .reset(port_reset),
      .in_valid(line_valid),
      .in_ready(line_ready),
      .in_word(line_word),
      .out_valid(line_word_valid),
      .out_ready(line_takes),
      .out_word(line_first)
  );
  reg [27:0] current_beat;
  reg [255:0] current_data;
  reg [15:0] current_mask;
  wire other_beat = current_valid && current_beat != beat;
  assign line_takes = sound && !reads && line_word_valid && !(other_beat && !requests_ready);
  wire passes_on = current_valid && requests_ready && (line_takes ? other_beat : !walking);
  assign walks = makes || line_takes;

  integer i;
  always @(posedge clk) begin
    if (port_reset) current_valid <= 1'b0;
    else if (line_takes) current_valid <= 1'b1;
    else if (passes_on) current_valid <= 1'b0;
    if (line_takes) begin
      current_beat <= beat;
      for (i = 0; i < 16; i = i + 1)
        if (lane == i[3:0]) current_data[i*16+:16] <= line_first;
      current_mask <= (passes_on || !current_valid ? 16'd0 : current_mask) | 16'd1 << lane;
    end

    if (port_reset || starts) last_beat_valid <= 1'b0;
    else if (makes) last_beat_valid <= 1'b1;
    if (makes) last_beat <= beat;
  end

  nf_fifo #(
      .WIDTH(1 + 28 + 16 + 256),
      .DEPTH(REQUESTS)
  ) requests (
      .clk(clk),
      .reset(port_reset),
      .in_valid((makes && new_beat) || passes_on),
      .in_ready(requests_ready),
      .in_word({!reads, reads ? beat : current_beat, current_mask, current_data}),
      .out_valid(request_valid),
      .out_ready(granted),
      .out_word({request_write, request_beat, request_mask, request_data})
  );
  assign request = request_valid;

  // ---- Reads: beats, and their words -----------------------------------------------------------------------------------------------

  reg [255:0] beats[0:BEATS-1];
  reg [PLACE-1:0] head, tail;
  reg [COUNT-1:0] there;
  reg [COUNT-1:0] under_way;
  reg in_beat;  // the one at the head is the current one
  wire arrives = response && dropped == 0;
  wire sent = granted && !request_write;

  wire replaces = feed_new && in_beat;
  wire [PLACE-1:0] second = head == END ? 0 : head + 1'b1;
  wire [PLACE-1:0] third = second == END ? 0 : second + 1'b1;
  assign feed = element_valid && feed_ready && !held && (!feed_new || there > {{COUNT - 1{1'b0}}, in_beat});
  wire [255:0] feed_beat = beats[replaces?second : head];
  assign feeds = feed;
  assign feed_word = feed_beat[{feed_lane, 4'd0}+:16];
  wire frees_one = feed && (replaces != feed_last);
  wire frees_two = feed && replaces && feed_last;
  wire [COUNT-1:0] freed = {{COUNT - 2{1'b0}}, frees_two, frees_one};
  localparam [COUNT-1:0] ONE = 1;

  always @(posedge clk) begin
    if (arrives) beats[tail] <= response_data;
    if (port_reset) begin
      head <= 0;
      tail <= 0;
      there <= 0;
      in_beat <= 1'b0;
      claimed <= 0;
      under_way <= 0;
    end else begin
      if (arrives) tail <= tail == END ? 0 : tail + 1'b1;
      if (frees_two) head <= third;
      else if (frees_one) head <= second;
      if (feed) in_beat <= !feed_last;
      there <= there + (arrives ? ONE : 0) - freed;
      claimed <= claimed + (makes && new_beat ? ONE : 0) - freed;
      under_way <= under_way + (sent ? ONE : 0) - (arrives ? ONE : 0);
    end
    // A reset is not taken while something is to be dropped.
    if (reset) dropped <= 0;
    else if (port_reset) dropped <= under_way + (sent ? ONE : 0) - (arrives ? ONE : 0);
    else if (response && dropped != 0) dropped <= dropped - ONE;
  end

  // ---- What a getStatus sees -------------------------------------------------------------------------------------------------------

  wire all_there = !walking && !armed && !request_valid && under_way == 0;
  wire primed = held && (!elements_ready || there == ALL || all_there);
  assign status = !cfg_hit ? 3'd0 : on ? (primed ? 3'd4 : 3'd2) : started ? 3'd3 : configured ? 3'd1 : 3'd5;
endmodule

`default_nettype wire
