// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "backends/neuflow/MapperFit.h"

#include <cmath>
#include <limits>
#include <vector>

namespace cnn::neuflow {
namespace {

constexpr int64_t kCoarse = 8; // inputs between places where a piece may begin, at first

/// slope * u / 256 + offset, and how far that is from the function at most.
struct Line {
  Word slope = 0, offset = 0;
  double error = std::numeric_limits<double>::infinity();
};

constexpr double kBeyond = 8; // how much more may be missed where no inputs are known

/// What the mapper should give for inputs least, least + 1, ... (as reals, in units of its last bit); not a number
/// where it does not matter.
struct Aim {
  int64_t least;
  int64_t largestInput;
  std::vector<double> values;
  bool isBeyond(int64_t u) const { return u < -largestInput || u > largestInput; }
  /// Where inputs begin, or cease, to be known behind u.
  int64_t regionEnd(int64_t u) const {
    return u < -largestInput ? -largestInput : u <= largestInput ? std::min(largestInput + 1, end()) : end();
  }
  int64_t end() const { return least + int64_t(values.size()); }
  double at(int64_t u) const { return values[u - least]; }
};

struct Point {
  double u, y;
};

/// Adds a point to the right of a hull that turns one way: `sign` is 1 for the upper one, -1 for the lower one.
void addToHull(std::vector<Point> &hull, Point p, double sign) {
  while (hull.size() >= 2) {
    const Point &a = hull[hull.size() - 2], &b = hull.back();
    if (sign * ((b.y - a.y) * (p.u - a.u) - (p.y - a.y) * (b.u - a.u)) > 0)
      break;
    hull.pop_back();
  }
  hull.push_back(p);
}

/// The greatest sign * (y - slope * u) of a hull: its points rise, then fall.
double farthest(const std::vector<Point> &hull, double slope, double sign) {
  size_t low = 0, high = hull.size() - 1;
  auto value = [&](size_t i) { return sign * (hull[i].y - slope * hull[i].u); };
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (value(middle) < value(middle + 1))
      low = middle + 1;
    else
      high = middle;
  }
  return value(low);
}

class Fitter {
public:
  explicit Fitter(const Aim &aim) : aim(aim) {}

  /// The best line for inputs first, first + step, ... below end.
  Line fit(int64_t first, int64_t end, int64_t step) const {
    std::vector<Point> upper, lower;
    for (int64_t u = first; u < end; u += step)
      if (double y = aim.at(u); !std::isnan(y)) {
        addToHull(upper, {double(u), y}, 1);
        addToHull(lower, {double(u), y}, -1);
      }
    if (upper.empty())
      return {0, 0, 0};
    // A convex function of the slope, also where the offset has reached the end of its range.
    auto error = [&](int64_t slope) {
      double greatest = farthest(upper, slope / 256.0, 1), least = -farthest(lower, slope / 256.0, -1);
      double offset = std::clamp((least + greatest) / 2, double(kLeastWord), double(kGreatestWord));
      return std::max(greatest - offset, offset - least);
    };
    int64_t low = kLeastWord, high = kGreatestWord;
    while (low < high) {
      int64_t middle = low + (high - low) / 2;
      if (error(middle) <= error(middle + 1))
        high = middle;
      else
        low = middle + 1;
    }
    Line best;
    for (int64_t slope = std::max(low - 1, kLeastWord); slope <= std::min(low + 1, kGreatestWord); ++slope)
      if (Line line = bestOffset(slope, first, end, step); line.error < best.error)
        best = line;
    return best;
  }

private:
  Line bestOffset(int64_t slope, int64_t first, int64_t end, int64_t step) const {
    double least = std::numeric_limits<double>::infinity(), greatest = -least;
    for (int64_t u = first; u < end; u += step)
      if (double y = aim.at(u); !std::isnan(y)) {
        double rest = y - double(slope * u >> kFractionBits);
        least = std::min(least, rest);
        greatest = std::max(greatest, rest);
      }
    double offset = std::clamp(std::round((least + greatest) / 2), double(kLeastWord), double(kGreatestWord));
    return {Word(slope), Word(offset), std::max(greatest - offset, offset - least)};
  }

  const Aim &aim;
};

/// Where pieces begin if each goes as far as it can with this error; empty if there are too many.
std::vector<int64_t> findBeginnings(const Fitter &fitter, const Aim &aim, double error, int64_t step,
                                    int64_t maxSegments) {
  std::vector<int64_t> beginnings;
  for (int64_t first = aim.least; first < aim.end();) {
    if (int64_t(beginnings.size()) == maxSegments)
      return {};
    beginnings.push_back(first);
    int64_t end = aim.regionEnd(first);
    double allowed = aim.isBeyond(first) ? error * kBeyond : error;
    auto fits = [&](int64_t steps) {
      return fitter.fit(first, std::min(first + steps * step, end), step).error <= allowed;
    };
    if (!fits(1))
      return {};
    int64_t all = (end - first + step - 1) / step, good = 1, bad = all + 1;
    for (int64_t steps = 2; steps < bad; steps *= 2) {
      steps = std::min(steps, all);
      if (!fits(steps)) {
        bad = steps;
        break;
      }
      good = steps;
      if (steps == all)
        break;
    }
    while (good < all && bad - good > 1) {
      int64_t middle = (good + bad) / 2;
      (fits(middle) ? good : bad) = middle;
    }
    first = std::min(first + good * step, end);
  }
  return beginnings;
}

} // namespace

MapperFit fitMapper(llvm::function_ref<double(double)> function, int64_t inputFraction, int64_t outputFraction,
                    int64_t maxSegments, int64_t largestInput) {
  auto wanted = [&](int64_t u) {
    double y = std::ldexp(function(std::ldexp(double(u), -int(inputFraction))), int(outputFraction));
    return std::isnan(y) ? y : std::clamp(y, double(kLeastWord), double(kGreatestWord));
  };
  bool isOdd = true, isEven = true;
  for (int64_t u = 1; u <= kGreatestWord; ++u) {
    double y = wanted(u), mirrored = wanted(-u);
    isOdd = isOdd && std::abs(y + mirrored) <= 1; // words are not symmetric, by one
    isEven = isEven && y == mirrored;
  }
  isOdd = isOdd && wanted(0) == 0;
  MapperFit fit;
  fit.symmetry = isEven ? Symmetry::even : isOdd ? Symmetry::odd : Symmetry::none;
  Aim aim;
  aim.least = fit.symmetry == Symmetry::none ? kLeastWord : 0;
  // What is left beyond must be worth the pieces that it takes.
  aim.largestInput = largestInput < kGreatestWord / 2 ? std::max<int64_t>(largestInput, 1) : -kLeastWord;
  for (int64_t u = aim.least; u <= kGreatestWord; ++u)
    aim.values.push_back(wanted(u));

  Fitter fitter(aim);
  std::vector<int64_t> beginnings = {aim.least};
  auto bisect = [&](double low, double high, int64_t step) {
    // To a hundredth of the last bit, or a part in a thousand of the error.
    while (high - low > std::max(0.01, high * 1e-3)) {
      double middle = (low + high) / 2;
      if (std::vector<int64_t> found = findBeginnings(fitter, aim, middle, step, maxSegments); !found.empty()) {
        high = middle;
        beginnings = std::move(found);
      } else {
        low = middle;
      }
    }
    return low;
  };
  auto lineFrom = [&](size_t i) {
    return fitter.fit(beginnings[i], i + 1 < beginnings.size() ? beginnings[i + 1] : aim.end(), 1);
  };
  // Some inputs alone say where to look.
  double low = bisect(0, 65536, kCoarse), high = 0;
  for (size_t i = 0; i < beginnings.size(); ++i)
    high = std::max(high, lineFrom(i).error / (aim.isBeyond(beginnings[i]) ? kBeyond : 1));
  bisect(std::max(low * 0.9 - 1, 0.0), high, 1);
  for (size_t i = beginnings.size(); i-- > 0;) {
    Line line = lineFrom(i);
    fit.segments.push_back({line.slope, line.offset, Word(beginnings[i])});
  }

  double squares = 0, count = 0;
  for (int64_t x = kLeastWord; x <= kGreatestWord; ++x)
    if (double y = wanted(x); !std::isnan(y)) {
      bool saturated = false;
      double error = std::abs(map(Word(x), fit.segments, fit.symmetry, &saturated) - y);
      fit.greatestError = std::max(fit.greatestError, error);
      squares += error * error;
      ++count;
    }
  fit.meanError = count > 0 ? std::sqrt(squares / count) : 0;
  return fit;
}

} // namespace cnn::neuflow
