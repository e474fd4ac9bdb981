// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arbiter before the memory. The holder of the grant goes on while it requests and has had fewer beats than its timeout;
// then the next requester in cyclic order gets it, the holder itself last. Requester 0 has a timeout of 1, and so has who asks
// for 0.
`default_nettype none

module nf_arb #(
    parameter REQUESTERS = 7
) (
    input wire clk,
    input wire reset,
    input wire [REQUESTERS-1:0] requests,
    input wire [(REQUESTERS-1)*16-1:0] timeouts,  // of requesters 1 and up
    input wire ready,  // the memory takes a request
    output wire valid,
    output wire [REQUESTERS-1:0] chosen,  // at most one; none if nobody requests
    output wire [REQUESTERS-1:0] granted  // it is taken in this cycle
);
  reg [REQUESTERS-1:0] holder;  // one bit
  reg [15:0] had;  // beats, since it got the grant

  // Of those after the holder the first, or else of all.
  wire [REQUESTERS-1:0] to_holder = holder | (holder - 1'b1);
  wire [REQUESTERS-1:0] after = requests & ~to_holder;
  wire [REQUESTERS-1:0] from = after != 0 ? after : requests;
  wire [REQUESTERS-1:0] next = from & (~from + 1'b1);

  reg [15:0] timeout;
  integer i;
  always @* begin
    timeout = 16'd1;
    for (i = 1; i < REQUESTERS; i = i + 1)
      if (holder[i] && timeouts[(i-1)*16+:16] != 0) timeout = timeouts[(i-1)*16+:16];
  end
  wire goes_on = (requests & holder) != 0 && had < timeout;

  assign valid = requests != 0;
  assign chosen = goes_on ? holder : next;
  assign granted = ready ? chosen : 0;

  always @(posedge clk) begin
    if (reset) begin
      holder <= {1'b1, {REQUESTERS - 1{1'b0}}};
      had <= 16'd0;
    end else if (ready && valid) begin
      holder <= chosen;
      had <= goes_on ? had + 16'd1 : 16'd1;
    end
  end
endmodule

`default_nettype wire
