// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/PlacePasses.h"

#include "backends/neuflow/device/CheckDeadlock.h"
#include "backends/neuflow/device/VerifyRoutes.h"
#include "backends/neuflow/program/CycleModel.h"

#include <algorithm>
#include <set>

namespace cnn::neuflow {

namespace {

int64_t wordsOf(const Stream &stream) { return stream.w * stream.h; }

// Steps of a pass run into each other, so a step must not read what another one writes. Sums that go on in their place
// are read and written by the same step, word for word.
std::string checkMemory(const GridPass &pass) {
  std::set<int64_t> written;
  for (const Step &step : pass.steps)
    for (const Stream &write : step.writes)
      if (!write.rests() && write.buffer >= 0)
        written.insert(write.buffer);
  for (const Step &step : pass.steps)
    for (const Stream &read : step.reads)
      if (!read.rests() && written.contains(read.buffer) &&
          std::find(step.writes.begin(), step.writes.end(), read) == step.writes.end())
        return "a step reads what another step of its pass writes";
  return "";
}

} // namespace

std::string complaintAbout(const GridPass &pass, const ChannelGraph &graph) {
  const Netlist &netlist = pass.netlist;
  std::vector<const ConvConfig *> convs;
  for (const OperatorConfig &config : netlist.operators)
    if (const ConvConfig *conv = std::get_if<ConvConfig>(&config))
      convs.push_back(conv);
  std::optional<StepWords> checked;
  for (const Step &step : pass.steps) {
    if (static_cast<int64_t>(step.reads.size()) != netlist.reads ||
        static_cast<int64_t>(step.writes.size()) != netlist.writes || step.kernels.size() != convs.size())
      return "a step has other streams or kernels than its pass";
    for (size_t i = 0; i < convs.size(); ++i) {
      const Kernel &kernel = step.kernels[i];
      if (!kernel.rests() && (kernel.width > convs[i]->kerW || kernel.height > convs[i]->kerH ||
                              static_cast<int64_t>(kernel.numbers.size()) != kernel.width * kernel.height))
        return "a kernel is larger than its convolver was told";
    }
    for (const std::vector<Stream> *streams : {&step.reads, &step.writes})
      for (const Stream &stream : *streams)
        if (stream.w < 1 || stream.w > Stream::kMost || stream.h < 0 || stream.h > Stream::kMost)
          return "a stream has " + std::to_string(stream.h) + "x" + std::to_string(stream.w) + " words";
    // Whether a step ends depends on how many words it has, and few passes have steps that differ in that.
    StepWords words;
    for (const Stream &read : step.reads)
      words.reads.push_back(wordsOf(read));
    for (const Stream &write : step.writes)
      words.writes.push_back(wordsOf(write));
    if (checked && checked->reads == words.reads && checked->writes == words.writes)
      continue;
    if (std::string stands = checkDeadlock(netlist, *pass.placed, words, graph); !stands.empty())
      return "a step would not end: " + stands;
    checked = std::move(words);
  }
  if (std::string wrong = checkMemory(pass); !wrong.empty())
    return wrong;
  return verifyRoutes(netlist, pass.placed->placement, pass.placed->selects, graph.target);
}

std::optional<Error> placePasses(PassProgram &program, const ChannelGraph &graph) {
  for (GridPass &pass : program.passes) {
    if (!pass.placed) {
      Result<PlacedNetlist> placed = placeAndRoute(pass.netlist, graph);
      if (!placed)
        return Error{pass.name + ": " + placed.message()};
      pass.placed = std::move(*placed);
    }
    if (std::string wrong = complaintAbout(pass, graph); !wrong.empty())
      return Error{pass.name + ": " + wrong};
  }
  CycleModel model(graph.target);
  for (size_t i = 0; i < program.passes.size(); ++i)
    program.passes[i].expected = model.expect(i == 0 ? nullptr : &program.passes[i - 1], program.passes[i]);
  return std::nullopt;
}

} // namespace cnn::neuflow
