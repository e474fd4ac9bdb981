// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_BACKENDS_NEUFLOW_PROGRAM_PLANEVIEWS_H
#define CNN_BACKENDS_NEUFLOW_PROGRAM_PLANEVIEWS_H

#include "backends/neuflow/program/PassProgram.h"

namespace cnn::neuflow {

// A plane as a stream reads it: windows, selections and concatenations of planes are such views, and move nothing.
using PlaneView = Stream;

// The planes of a tensor that lies in a buffer without gaps.
std::vector<PlaneView> denseViews(int64_t buffer, const PlaneShape &shape);

// Rows `top`, `top + stepH`, ... and columns alike of a view.
PlaneView windowOf(const PlaneView &view, int64_t top, int64_t left, int64_t stepH, int64_t stepW, int64_t height,
                   int64_t width);

// The same words, in row-major order, as planes of another shape; nothing if they do not lie in a row.
std::optional<std::vector<PlaneView>> reshaped(const std::vector<PlaneView> &views, const PlaneShape &shape);

// Some planes in one stream: for each of `streams` (what one port reads or writes for each plane) one stream over all
// of them. Nothing if they do not follow each other at an even distance, or the stream would be too long.
std::optional<std::vector<Stream>> coalesce(const std::vector<std::vector<Stream>> &streams);

} // namespace cnn::neuflow
#endif
