// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_CHANNEL_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_CHANNEL_H

#include "runtime/neuflow/machine/Arithmetic.h"

#include <vector>

namespace cnn::neuflow {

// A FIFO of words with a capacity.
class Channel {
public:
  explicit Channel(int64_t capacity = 0) : words(capacity) {}

  bool empty() const { return count == 0; }
  bool full() const { return count == static_cast<int64_t>(words.size()); }
  int64_t size() const { return count; }
  int64_t room() const { return static_cast<int64_t>(words.size()) - count; }
  Word front() const {
    assert(count > 0 && "channel is empty");
    return words[first];
  }
  Word pop() {
    Word word = front();
    first = first + 1 == static_cast<int64_t>(words.size()) ? 0 : first + 1;
    --count;
    return word;
  }
  void push(Word word) {
    assert(!full() && "channel is full");
    int64_t at = first + count;
    words[at < static_cast<int64_t>(words.size()) ? at : at - static_cast<int64_t>(words.size())] = word;
    ++count;
  }
  void clear() { first = count = 0; }

private:
  std::vector<Word> words;
  int64_t first = 0, count = 0;
};

} // namespace cnn::neuflow
#endif
