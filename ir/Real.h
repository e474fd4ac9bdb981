// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A double as a parameter of an attribute: attributes are unique, so their parameters need a hash and an equality that
// agree. Both go by the bits.

#ifndef CNN_IR_REAL_H
#define CNN_IR_REAL_H

#include "llvm/ADT/Hashing.h"
#include <bit>
#include <cstdint>

namespace cnn {

class Real {
public:
  Real(double value = 0) : value(value) {}
  operator double() const { return value; }

  friend bool operator==(Real a, Real b) { return a.bits() == b.bits(); }
  // LLVM finds it by this name. NOLINTNEXTLINE(readability-identifier-naming)
  friend llvm::hash_code hash_value(Real real) { return llvm::hash_value(real.bits()); }

private:
  uint64_t bits() const { return std::bit_cast<uint64_t>(value); }

  double value;
};

} // namespace cnn

#endif
