// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/MapperFit.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace cnn::neuflow;

namespace {

double relu(double x) { return std::max(x, 0.0); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// The greatest error over all inputs, measured once more.
double measure(const MapperFit &fit, double (*function)(double), int inputFraction, int outputFraction) {
  double greatest = 0;
  for (int x = -32768; x < 32768; ++x) {
    bool saturated = false;
    double y = std::ldexp(function(std::ldexp(x, -inputFraction)), outputFraction);
    y = std::min(std::max(y, -32768.0), 32767.0);
    if (!std::isnan(y))
      greatest = std::max(greatest, std::abs(map(Word(x), fit.segments, fit.symmetry, &saturated) - y));
  }
  return greatest;
}

} // namespace

TEST(MapperFit, IsExactWhereItCanBe) {
  for (int shift : {-1, 0, 1, 3}) {
    MapperFit fit = fitMapper(relu, 8, 8 + shift, 8);
    EXPECT_LE(fit.greatestError, shift < 0 ? 0.5 : 0) << shift;
    EXPECT_LE(fit.segments.size(), 3u);
  }
  MapperFit absolute = fitMapper([](double x) { return std::abs(x); }, 8, 8, 1);
  EXPECT_EQ(absolute.symmetry, Symmetry::even);
  EXPECT_LE(absolute.greatestError, 1); // of -32768
  EXPECT_EQ(fitMapper([](double) { return 0.25; }, 8, 8, 1).greatestError, 0);
  EXPECT_EQ(fitMapper([](double x) { return -x / 4; }, 8, 10, 1).greatestError, 0);
}

// A smooth function of curvature c over a piece of length h is missed by c h^2 / 16 with a straight line; with the best
// lengths the error is (integral of sqrt(|f''|))^2 / (16 n^2) for many pieces n.
TEST(MapperFit, IsAsGoodAsTheoryAllows) {
  for (int64_t segments : {4, 8, 16}) {
    MapperFit fit = fitMapper([](double x) { return std::tanh(x); }, 12, 14, segments);
    EXPECT_EQ(fit.symmetry, Symmetry::odd);
    EXPECT_LE(int64_t(fit.segments.size()), segments);
    double integral = 0;
    for (double x = 0; x < 8; x += 1e-3) {
      double t = std::tanh(x);
      integral += std::sqrt(2 * t * (1 - t * t)) * 1e-3;
    }
    double theory = integral * integral / (16 * segments * segments) * 16384;
    // More for rounding down, and for slopes in steps of 1/256.
    EXPECT_LE(fit.greatestError, 1.2 * theory + 2) << segments;
    EXPECT_EQ(fit.greatestError, measure(fit, [](double x) { return std::tanh(x); }, 12, 14));
  }
}

TEST(MapperFit, HoldsForAllInputs) {
  struct Case {
    double (*function)(double);
    int inputFraction, outputFraction;
    double limit;
  };
  for (const Case &test : {Case{sigmoid, 12, 15, 200}, Case{[](double x) { return std::sqrt(x); }, 8, 11, 300},
                           Case{[](double x) { return std::exp(x); }, 12, 1, 60},
                           Case{[](double x) { return 1.7159 * std::tanh(2 * x / 3); }, 12, 14, 110},
                           Case{[](double x) { return std::log1p(std::exp(x)); }, 11, 11, 60}}) {
    MapperFit fit = fitMapper(test.function, test.inputFraction, test.outputFraction, 8);
    EXPECT_LE(fit.greatestError, test.limit);
    EXPECT_LE(fit.segments.size(), 8u);
    EXPECT_EQ(fit.greatestError, measure(fit, test.function, test.inputFraction, test.outputFraction));
    for (size_t i = 1; i < fit.segments.size(); ++i)
      EXPECT_LT(fit.segments[i].least, fit.segments[i - 1].least);
  }
}

// No table of words near the one found does better: each number of each segment, and each beginning, moved a little.
TEST(MapperFit, HasNoBetterNeighbour) {
  auto function = [](double x) { return std::tanh(x); };
  MapperFit fit = fitMapper(function, 12, 10, 4);
  for (size_t i = 0; i < fit.segments.size(); ++i)
    for (int field = 0; field < 3; ++field)
      for (int change : {-16, -8, -2, -1, 1, 2, 8, 16}) {
        MapperFit other = fit;
        Word Segment::*fields[] = {&Segment::slope, &Segment::offset, &Segment::least};
        if (field == 2 && i + 1 == fit.segments.size())
          continue;
        other.segments[i].*fields[field] = Word(other.segments[i].*fields[field] + change);
        EXPECT_GE(measure(other, function, 12, 10), fit.greatestError - 0.51) << i << " " << field << " " << change;
      }
}

// Where inputs are known to be, the error is less than if they were everywhere, and elsewhere it is not much more.
TEST(MapperFit, PutsPiecesWhereInputsAre) {
  auto function = [](double x) { return std::tanh(x); };
  auto errorWithin = [&](const MapperFit &fit, int least, int greatest) {
    double error = 0;
    for (int x = least; x <= greatest; ++x) {
      bool saturated = false;
      error = std::max(error, std::abs(map(Word(x), fit.segments, fit.symmetry, &saturated) -
                                       std::ldexp(function(std::ldexp(x, -12)), 12)));
    }
    return error;
  };
  MapperFit all = fitMapper(function, 12, 12, 8), some = fitMapper(function, 12, 12, 8, 4000);
  EXPECT_LT(errorWithin(some, -4000, 4000), 0.5 * errorWithin(all, -4000, 4000));
  EXPECT_LE(errorWithin(some, 4001, 32767), 8.1 * errorWithin(some, -4000, 4000) + 1);
  EXPECT_LE(some.segments.size(), 8u);
}
