// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Philox4x32-10, a counter-based random number generator: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011, section 3.3. A number depends on its counter and key alone, so that it does not matter who
// draws it, when, or how often.

#ifndef CNN_IR_REFERENCE_PHILOX_H
#define CNN_IR_REFERENCE_PHILOX_H

#include <array>
#include <cstdint>

namespace cnn::reference {

/// The four random numbers of one counter.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// The random number that decides about element `element` of a dropout, as the op `cnn.dropout` defines it.
uint32_t dropoutNumber(uint64_t element, int64_t seed, int64_t step, int64_t site);

/// Dropout keeps an element iff its number is not below this: floor(rate * 2^32).
uint64_t dropoutThreshold(double rate);

} // namespace cnn::reference

#endif
