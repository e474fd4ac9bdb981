// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is known while passes are formed, for the files that form them: one forms convolutions, one everything else.
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PASSFORMER_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PASSFORMER_H

#include "backends/neuflow/program/ConvForms.h"
#include "backends/neuflow/program/CycleModel.h"
#include "backends/neuflow/program/FormPasses.h"
#include "backends/neuflow/program/PlaneViews.h"
#include "backends/neuflow/program/StreamExpression.h"

namespace cnn::neuflow {

class PassFormer {
public:
  PassFormer(const TensorProgram &program, const ChannelGraph &graph);
  Result<PassProgram> run();

private:
  using Views = std::vector<PlaneView>;
  // Which input of the sum each leaf of an expression is, word for word; -1 if none.
  using Taps = std::vector<int64_t>;
  struct Strip {
    int64_t first, columns; // of the output
    ConvConfig frame;
  };

  // Which operations share a pass. An operation that the machine cannot do is an error.
  std::optional<Error> formExpressions();
  void grow(StreamExpression &expression);
  std::optional<Error> checkLimits(const TensorOperation &operation) const;
  // Whether a netlist finds room on the grid; the reason if not.
  const std::string &whyNot(const Netlist &netlist);
  bool fits(const Netlist &netlist) { return whyNot(netlist).empty(); }

  std::optional<Error> formOperation(int64_t operation);
  std::optional<Error> formExpression(int64_t operation, const StreamExpression &expression);
  // Where a value's planes are written: an output, the inside of a padded tensor, or a buffer of its own.
  Views destinationOf(int64_t value);
  int64_t addBuffer(std::string name, BufferKind kind, int64_t words);
  int64_t constantWord(Word value);

  // ConvPasses.cpp
  std::optional<Error> formConv(const TensorOperation &operation, const TensorOperation &root,
                                const StreamExpression &expression);
  std::vector<Strip> stripsOf(const ConvOperation &conv, const PlaneShape &output) const;
  // `start` is the first input of the sum that the pass adds.
  Netlist convNetlist(const ConvForm &form, const ConvConfig &frame, const StreamExpression &expression, int64_t plane,
                      int64_t start, const Taps &taps) const;
  // How many words a tap must hold back in a FIFO tile; 0 if there is room enough on the way.
  int64_t wordsHeldBack(const ConvConfig &frame) const;
  bool endsWith(const Netlist &netlist, const Step &step) const;

  // ElementPasses.cpp
  // `expression` may be null: then words are copied.
  std::optional<Error> formElements(const std::string &name, const StreamExpression *expression,
                                    const std::vector<Views> &leaves, const Views &destination);
  std::optional<Error> formBorder(const std::string &name, const PadOperation &pad, const PlaneShape &shape,
                                  int64_t buffer);
  Netlist elementNetlist(const StreamExpression *expression, int64_t reads, int64_t plane, int64_t lanes) const;

  const TensorProgram &program;
  const ChannelGraph &graph;
  const Target &target;
  CycleModel model;

  std::vector<int64_t> uses;                                // of each value
  std::vector<int64_t> producers;                           // the operation of each value; -1: an input
  std::vector<bool> inside;                                 // operations that are part of a later one's expression
  std::vector<std::optional<StreamExpression>> expressions; // of operations that end one
  std::vector<std::optional<Views>> views;                  // of values
  std::vector<std::pair<Netlist, std::string>> tried;       // with the reason why it has no room
  std::vector<std::pair<Word, int64_t>> constants;
  PassProgram result;
};

} // namespace cnn::neuflow
#endif
