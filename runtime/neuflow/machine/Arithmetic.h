// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbers of the machine, docs/neuflow.md "Numbers": what every simulator, the compiler's evaluator and the tests
// of the RTL compute with. Words are Q8.8; a result is exact in 64 bits until it is rounded once and brought into range
// once.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_ARITHMETIC_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_ARITHMETIC_H

#include <cassert>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace cnn::neuflow {

using Word = int16_t;

constexpr int kFractionBits = 8;
constexpr int64_t kLeastWord = -32768;
constexpr int64_t kGreatestWord = 32767;

// What is done with bits below the last one that stays.
enum class Round {
  halfAway, // to the nearest; halves away from zero
  halfUp,   // to the nearest; halves toward plus infinity
  floor,    // toward minus infinity
  zero,     // toward zero
};

// What is done with a number that 16 bits cannot hold.
enum class Overflow {
  saturate, // the nearest number that they can
  wrap,     // its low bits
};

// How the machine brings a number into a word.
struct Conversion {
  Round round = Round::halfAway;
  Overflow overflow = Overflow::saturate;
};

// v / 2^shift as an integer. |v| is below 2^62.
constexpr int64_t shiftRight(int64_t v, int shift, Round round) {
  assert(shift >= 0 && shift < 62 && "shift out of range");
  if (shift == 0)
    return v;
  int64_t half = int64_t(1) << (shift - 1);
  switch (round) {
  case Round::halfAway:
    return (v + half - (v < 0 ? 1 : 0)) >> shift;
  case Round::halfUp:
    return (v + half) >> shift;
  case Round::floor:
    return v >> shift;
  case Round::zero:
    return v < 0 ? -(-v >> shift) : v >> shift;
  }
  return 0;
}

// `v` as a word; sets `*saturated`, and never clears it, if that is another number.
constexpr Word toWord(int64_t v, Overflow overflow, bool *saturated) {
  bool fits = v >= kLeastWord && v <= kGreatestWord;
  if (fits || overflow == Overflow::wrap) {
    if (!fits)
      *saturated = true;
    return static_cast<Word>(static_cast<uint16_t>(static_cast<uint64_t>(v)));
  }
  *saturated = true;
  return static_cast<Word>(v < 0 ? kLeastWord : kGreatestWord);
}

constexpr Word saturate(int64_t v, bool *saturated) { return toWord(v, Overflow::saturate, saturated); }

// A sum of products of words (Q16.16) as a word.
constexpr Word productToWord(int64_t sum, Conversion conversion, bool *saturated) {
  return toWord(shiftRight(sum, kFractionBits, conversion.round), conversion.overflow, saturated);
}

constexpr Word add(Word a, Word b, bool *saturated) { return saturate(int64_t(a) + b, saturated); }
constexpr Word subtract(Word a, Word b, bool *saturated) { return saturate(int64_t(a) - b, saturated); }
constexpr Word maximum(Word a, Word b) { return a < b ? b : a; }
constexpr Word multiply(Word a, Word b, bool *saturated) {
  return productToWord(int64_t(a) * b, Conversion(), saturated);
}
constexpr Word multiplyAdd(Word a, Word b, Word c, bool *saturated) {
  return saturate(shiftRight(int64_t(a) * b, kFractionBits, Round::halfAway) + c, saturated);
}

// Toward zero. Dividing by 0 gives the end of the range on the side of `a`.
constexpr Word divide(Word a, Word b, bool *saturated) {
  if (b == 0) {
    *saturated = true;
    return static_cast<Word>(a >= 0 ? kGreatestWord : kLeastWord);
  }
  return saturate(int64_t(a) * (int64_t(1) << kFractionBits) / b, saturated);
}

// The exact sum that a convolver makes of one window: it starts with the bias, and products are added.
constexpr int64_t biasToSum(Word bias) { return int64_t(bias) * (int64_t(1) << kFractionBits); }

// What a convolver emits for a window: rounded first, then added to the accumulated word, if there is one.
constexpr Word convolved(int64_t sum, bool *saturated) { return productToWord(sum, Conversion(), saturated); }

// One piece of a piecewise-linear function: `slope` * u + `offset` for u >= `least`, unless an earlier piece holds.
struct Segment {
  Word slope = 0, offset = 0, least = 0;
  friend bool operator==(const Segment &, const Segment &) = default;
};

// What a function is below 0, if its pieces say only what it is above.
enum class Symmetry { none, even, odd };

// A mapper: the first piece that holds, or else the last one. There is at least one piece.
constexpr Word map(Word x, std::span<const Segment> segments, Symmetry symmetry, bool *saturated) {
  assert(!segments.empty() && "a mapper has segments");
  bool mirrored = x < 0 && symmetry != Symmetry::none;
  Word u = !mirrored ? x : x == kLeastWord ? Word(kGreatestWord) : Word(-x);
  const Segment *holds = &segments.back();
  for (const Segment &segment : segments)
    if (u >= segment.least) {
      holds = &segment;
      break;
    }
  int64_t t = shiftRight(int64_t(holds->slope) * u, kFractionBits, Round::floor) + holds->offset;
  return saturate(mirrored && symmetry == Symmetry::odd ? -t : t, saturated);
}

// The word nearest to a constant, halves up; not a number becomes 0. Sets `*saturated` if it is out of range, or not a
// number.
inline Word quantize(double x, bool *saturated) {
  double scaled = std::floor(x * (1 << kFractionBits) + 0.5);
  if (std::isnan(scaled)) {
    *saturated = true;
    return 0;
  }
  if (scaled < double(kLeastWord) || scaled > double(kGreatestWord)) {
    *saturated = true;
    return static_cast<Word>(scaled < 0 ? kLeastWord : kGreatestWord);
  }
  return static_cast<Word>(scaled);
}

} // namespace cnn::neuflow
#endif
