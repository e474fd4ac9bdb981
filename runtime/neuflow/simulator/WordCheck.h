// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which data words of the configuration bus modules refuse, one by one as they are written: the same words, with the
// same traps, in all simulators and in the RTL. What depends on the state of a module is decided there.
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_WORDCHECK_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_WORDCHECK_H

#include "runtime/neuflow/machine/ConfigWords.h"

namespace cnn::neuflow {

// How many words a sub-module of a tile has, and how many of them make a set.
int64_t mostWords(const Target &target, int64_t tile, uint8_t subModule);
int64_t leastWords(const Target &target, int64_t tile, uint8_t subModule);

// The trap of the last of `words`, which are all that were written to this set of the sub-module.
std::optional<Trap> checkTileWord(const Target &target, int64_t tile, uint8_t subModule,
                                  std::span<const uint32_t> words);
std::optional<Trap> checkStreamerWord(const Target &target, int64_t port, uint8_t subModule,
                                      std::span<const uint32_t> words);

// Locals are a set with five or seven words.
inline bool makeLocals(size_t words) { return words == 5 || words == 7; }

} // namespace cnn::neuflow
#endif
