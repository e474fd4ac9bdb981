// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function in straight pieces, so that the greatest error is the least there is.
//
// The inputs of a mapper are numbered, and a piece over fewer of them is never worse. So for a given error, taking each
// piece as far as it goes needs the fewest pieces; the least error with which they are enough is found by bisection. A
// piece is two words: of all slopes near that of the narrowest strip around its points (their upper and lower hull),
// the one whose words do best, by the machine's own arithmetic.
//
// Inputs that calibration has not seen may be missed by eight times as much as the others, so that most pieces lie
// where values are. A piece ends where these begin.
//
// An offset is a word, too: a steep piece far from 0 has none that reaches. Choosing fractions avoids that.

#ifndef CNN_BACKENDS_NEUFLOW_MAPPERFIT_H
#define CNN_BACKENDS_NEUFLOW_MAPPERFIT_H

#include "runtime/neuflow/machine/Arithmetic.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace cnn::neuflow {

struct MapperFit {
  Symmetry symmetry = Symmetry::none;
  llvm::SmallVector<Segment> segments;
  /// The greatest distance from the function, in units of the output's last bit, over all 65,536 inputs for which it is
  /// a number; and its root of the mean square. Beyond the words the function counts as the nearest one.
  double greatestError = 0, meanError = 0;
};

/// A word u of the input stands for u / 2^inputFraction, and so of the output. Inputs are from -largestInput to
/// largestInput, as far as is known.
MapperFit fitMapper(llvm::function_ref<double(double)> function, int64_t inputFraction, int64_t outputFraction,
                    int64_t maxSegments, int64_t largestInput = kGreatestWord);

} // namespace cnn::neuflow

#endif
