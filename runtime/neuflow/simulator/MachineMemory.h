// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_SIMULATOR_MACHINEMEMORY_H
#define CNN_RUNTIME_NEUFLOW_SIMULATOR_MACHINEMEMORY_H

#include "runtime/neuflow/machine/Arithmetic.h"

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace cnn::neuflow {

// The bytes of a machine's memory, zero until they are written. What is not touched costs nothing.
class MachineMemory {
public:
  // False if there is no room for it.
  [[nodiscard]] bool allocate(int64_t bytes) {
    block.reset(static_cast<uint8_t *>(std::calloc(static_cast<size_t>(bytes), 1)));
    length = block ? bytes : 0;
    return block != nullptr;
  }
  int64_t size() const { return length; }
  uint8_t *data() { return block.get(); }
  const uint8_t *data() const { return block.get(); }

  Word word(uint32_t address) const {
    const uint8_t *at = block.get() + 2 * int64_t(address);
    assert(2 * int64_t(address) + 2 <= length && "word outside of memory");
    return static_cast<Word>(at[0] | at[1] << 8);
  }
  void setWord(uint32_t address, Word value) {
    assert(2 * int64_t(address) + 2 <= length && "word outside of memory");
    uint8_t *at = block.get() + 2 * int64_t(address);
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(static_cast<uint16_t>(value) >> 8);
  }
  // The word of 8 bytes with this index.
  uint64_t instruction(uint64_t index) const {
    assert(index < static_cast<uint64_t>(length) / 8 && "instruction outside of memory");
    uint64_t value = 0;
    for (int i = 7; i >= 0; --i)
      value = value << 8 | block[8 * index + i];
    return value;
  }
  // False if they do not fit.
  [[nodiscard]] bool write(uint64_t at, std::string_view bytes) {
    if (at > static_cast<uint64_t>(length) || bytes.size() > static_cast<uint64_t>(length) - at)
      return false;
    std::memcpy(block.get() + at, bytes.data(), bytes.size());
    return true;
  }

private:
  struct Free {
    void operator()(uint8_t *pointer) const { std::free(pointer); }
  };
  std::unique_ptr<uint8_t[], Free> block;
  int64_t length = 0;
};

} // namespace cnn::neuflow
#endif
