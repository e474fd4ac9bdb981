// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The crossing of sources and sinks: each sink selects one of 16 sources, of which the last is none. A word moves from a source
// to all sinks that select it, in one cycle, if there is at least one and all of them are ready. A source that nobody selects
// keeps its word.
//
// `source_ready` does not depend on `source_valid`, nor `sink_ready` on `sink_valid` where sinks are queues, so that switches
// can stand one behind the other.
`default_nettype none

module nf_switch #(
    parameter SINKS = 10
) (
    input wire [SINKS*4-1:0] selects,
    input wire [14:0] source_valid,
    output wire [14:0] source_ready,
    input wire [15*16-1:0] source_words,
    output wire [SINKS-1:0] sink_valid,
    input wire [SINKS-1:0] sink_ready,
    output wire [SINKS*16-1:0] sink_words
);
  wire [15:0] moves = {1'b0, source_valid & source_ready};
  wire [16*16-1:0] words = {16'd0, source_words};
  wire [SINKS*16-1:0] chosen;

  genvar s, c;
  generate
    for (s = 0; s < SINKS; s = s + 1) begin : sinks
      wire [3:0] select = selects[s*4+:4];
      assign chosen[s*16+:16] = 16'd1 << select;
      assign sink_valid[s] = moves[select];
      assign sink_words[s*16+:16] = words[{select, 4'd0}+:16];
    end
    for (c = 0; c < 15; c = c + 1) begin : sources
      wire [SINKS-1:0] takers;
      for (s = 0; s < SINKS; s = s + 1) begin : of_sinks
        assign takers[s] = chosen[s*16+c];
      end
      assign source_ready[c] = takers != 0 && (takers & ~sink_ready) == 0;
    end
    for (s = 0; s < SINKS; s = s + 1) begin : none
      wire unused = &{1'b0, chosen[s*16+15]};
    end
  endgenerate
endmodule

`default_nettype wire
