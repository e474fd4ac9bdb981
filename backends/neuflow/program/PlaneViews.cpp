// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backends/neuflow/program/PlaneViews.h"

namespace cnn::neuflow {

namespace {

// A plane as one row, if its words follow each other evenly.
std::optional<Stream> asRow(const Stream &plane) {
  if (plane.h > 1 && plane.w > 1 && plane.pitch != plane.w * plane.element)
    return std::nullopt;
  Stream row = plane;
  row.w = plane.w * plane.h;
  row.h = 1;
  row.element = plane.w == 1 && plane.h > 1 ? plane.pitch : plane.element;
  row.pitch = row.w * row.element;
  if (row.w == 1)
    row.element = 1;
  return row;
}

} // namespace

std::vector<PlaneView> denseViews(int64_t buffer, const PlaneShape &shape) {
  std::vector<PlaneView> views;
  for (int64_t plane = 0; plane < shape.planes; ++plane)
    views.push_back({buffer, plane * shape.height * shape.width, shape.width, shape.height, shape.width, 1});
  return views;
}

PlaneView windowOf(const PlaneView &view, int64_t top, int64_t left, int64_t stepH, int64_t stepW, int64_t height,
                   int64_t width) {
  return {view.buffer,         view.offset + top * view.pitch + left * view.element, width, height, view.pitch * stepH,
          view.element * stepW};
}

std::optional<std::vector<PlaneView>> reshaped(const std::vector<PlaneView> &views, const PlaneShape &shape) {
  // All words must be at the same distance from the one before.
  std::vector<Stream> rows;
  for (const PlaneView &view : views) {
    std::optional<Stream> row = asRow(view);
    if (!row)
      return std::nullopt;
    rows.push_back(*row);
  }
  const Stream &first = rows.front();
  int64_t element = first.w > 1 ? first.element : rows.size() > 1 ? rows[1].offset - first.offset : 1;
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].buffer != first.buffer || (rows[i].w > 1 && rows[i].element != element) ||
        rows[i].offset != first.offset + static_cast<int64_t>(i) * first.w * element)
      return std::nullopt;
  std::vector<PlaneView> result;
  for (int64_t plane = 0; plane < shape.planes; ++plane)
    result.push_back({first.buffer, first.offset + plane * shape.height * shape.width * element, shape.width,
                      shape.height, shape.width * element, element});
  return result;
}

std::optional<std::vector<Stream>> coalesce(const std::vector<std::vector<Stream>> &streams) {
  std::vector<Stream> result;
  for (const std::vector<Stream> &planes : streams) {
    std::optional<Stream> row = asRow(planes.front());
    if (!row || row->w > Stream::kMost || static_cast<int64_t>(planes.size()) > Stream::kMost)
      return std::nullopt;
    row->h = static_cast<int64_t>(planes.size());
    row->pitch = planes.size() > 1 ? planes[1].offset - planes[0].offset : row->w;
    for (size_t i = 0; i < planes.size(); ++i) {
      Stream expected = planes.front();
      expected.offset += static_cast<int64_t>(i) * row->pitch;
      if (!(planes[i] == expected))
        return std::nullopt;
    }
    result.push_back(*row);
  }
  return result;
}

} // namespace cnn::neuflow
