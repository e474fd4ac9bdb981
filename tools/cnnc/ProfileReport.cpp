// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cnnc/ProfileReport.h"
#include "tools/cnnc/TextTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <algorithm>

namespace cnn::tools {

uint64_t Profile::flops() const {
  uint64_t sum = 0;
  for (const LaunchProfile &launch : launches)
    sum += launch.flops;
  return sum;
}

double Profile::least() const {
  double sum = 0;
  for (const LaunchProfile &launch : launches)
    sum += launch.least.seconds;
  return sum;
}

static std::string fixed(double value, int digits) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.*f", digits, value);
  return text;
}

static std::string percent(double part) { return fixed(100 * part, 0) + " %"; }

static std::string rateOf(uint64_t count, double seconds) {
  return count && seconds > 0 ? fixed(static_cast<double>(count) / seconds * 1e-9, 1) : "";
}

static std::string describeMachine(const Profile &profile) {
  std::string text = fixed(profile.ceilings.flops * 1e-9, 1) + " GFLOP/s";
  for (const MachineCeilings::Level &level : profile.ceilings.levels)
    text += ", " + fixed(level.bandwidth * 1e-9, 1) + " GB/s from " + level.name;
  return text;
}

static std::string describeRun(const Profile &profile) {
  return profile.net + ", " + profile.function + ", batch " + std::to_string(profile.batch) + ", " +
         std::to_string(profile.threads) + (profile.threads == 1 ? " thread" : " threads") +
         (profile.isHot ? ", hot" : "");
}

void printProfile(const Profile &profile, llvm::raw_ostream &os) {
  os << describeRun(profile) << " (" << profile.producer << ")\n"
     << "machine, measured now: " << describeMachine(profile) << "\n\n";
  TextTable table({"layers", "ops", "algorithm", "tile", "ms", "of all", "GFLOP/s", "of peak", "MB", "GB/s", "bound by",
                   "of bound"},
                  /*textColumns=*/4);
  for (const LaunchProfile &launch : profile.launches)
    table.add({launch.layers, launch.ops, launch.algorithm, launch.tile, fixed(1e3 * launch.minimum, 3),
               percent(launch.minimum / profile.minimum), rateOf(launch.flops, launch.minimum),
               percent(static_cast<double>(launch.flops) / launch.minimum / profile.ceilings.flops),
               fixed(static_cast<double>(launch.bytes) * 1e-6, 2), rateOf(launch.bytes, launch.minimum),
               launch.least.bound, percent(launch.least.seconds / launch.minimum)});
  uint64_t flops = profile.flops();
  table.addTotal({"total", "", "", "", fixed(1e3 * profile.minimum, 3), "", rateOf(flops, profile.minimum),
                  percent(static_cast<double>(flops) / profile.minimum / profile.ceilings.flops), "", "", "",
                  percent(profile.least() / profile.minimum)});
  table.print(os);
  os << "\n"
     << profile.runs << " runs; times are the least of them. A whole run: " << fixed(1e3 * profile.minimum, 3)
     << " ms at least, " << fixed(1e3 * profile.median, 3) << " ms median.\n";
}

void printProfileJson(const Profile &profile, llvm::raw_ostream &os) {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("net", profile.net);
    json.attribute("function", profile.function);
    json.attribute("producer", profile.producer);
    json.attribute("batch", profile.batch);
    json.attribute("threads", profile.threads);
    json.attribute("runs", profile.runs);
    json.attribute("hot", profile.isHot);
    json.attribute("minimum", profile.minimum);
    json.attribute("median", profile.median);
    json.attribute("flops", static_cast<int64_t>(profile.flops()));
    json.attribute("least", profile.least());
    json.attributeObject("machine", [&] {
      json.attribute("flops", profile.ceilings.flops);
      json.attributeArray("levels", [&] {
        for (const MachineCeilings::Level &level : profile.ceilings.levels)
          json.object([&] {
            json.attribute("name", level.name);
            // Memory holds everything.
            if (&level != &profile.ceilings.levels.back())
              json.attribute("bytes", static_cast<int64_t>(level.bytes));
            json.attribute("bandwidth", level.bandwidth);
          });
      });
    });
    json.attributeArray("launches", [&] {
      for (const LaunchProfile &launch : profile.launches)
        json.object([&] {
          json.attribute("layers", launch.layers);
          json.attribute("ops", launch.ops);
          json.attribute("algorithm", launch.algorithm);
          json.attribute("tile", launch.tile);
          json.attribute("minimum", launch.minimum);
          json.attribute("median", launch.median);
          json.attribute("flops", static_cast<int64_t>(launch.flops));
          json.attribute("bytes", static_cast<int64_t>(launch.bytes));
          json.attribute("least", launch.least.seconds);
          json.attribute("bound", launch.least.bound);
        });
    });
  });
  os << "\n";
}

static std::string escaped(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream os(result);
  llvm::printHTMLEscaped(text, os);
  return result;
}

void printProfileHtml(const Profile &profile, llvm::raw_ostream &os) {
  constexpr int barHeight = 14, rowHeight = 18, nameWidth = 330, chartWidth = 620;
  double longest = 0;
  for (const LaunchProfile &launch : profile.launches)
    longest = std::max({longest, launch.minimum, launch.least.seconds});
  auto width = [&](double seconds) { return fixed(longest > 0 ? seconds / longest * chartWidth : 0, 1); };
  size_t height = profile.launches.size() * rowHeight;

  os << "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" << escaped(profile.net)
     << "</title><style>\n"
        "body { font: 14px sans-serif; margin: 2em; }\n"
        "svg text { font: 11px sans-serif; }\n"
        ".time { fill: #9ecae1; } .compute { fill: #3182bd; } .L2 { fill: #31a354; } .L3 { fill: #addd8e; } .memory { "
        "fill: #e6550d; }\n"
        "</style></head><body>\n"
     << "<h1>" << escaped(describeRun(profile)) << "</h1>\n<p>" << escaped(profile.producer) << ". "
     << fixed(1e3 * profile.minimum, 3) << " ms at least, " << fixed(1e3 * profile.median, 3) << " ms median of "
     << profile.runs << " runs; " << rateOf(profile.flops(), profile.minimum) << " GFLOP/s.</p>\n"
     << "<p>The machine, measured beside: " << describeMachine(profile) << ".</p>\n"
     << "<p>Each bar is the time of one launch of a kernel. Its dark part is the time that the machine's ceilings "
        "allow:";
  auto explain = [&](llvm::StringRef bound) {
    os << " <svg width=\"10\" height=\"10\"><rect class=\"" << bound << "\" width=\"10\" height=\"10\"/></svg> "
       << bound;
  };
  explain("compute");
  for (const MachineCeilings::Level &level : profile.ceilings.levels)
    explain(level.name);
  os << "</p>\n"
     << "<svg width=\"" << nameWidth + chartWidth + 180 << "\" height=\"" << height << "\">\n";
  for (auto [i, launch] : llvm::enumerate(profile.launches)) {
    size_t top = i * rowHeight;
    std::string name = launch.layers.empty() ? launch.ops : launch.layers;
    llvm::StringRef shown = llvm::StringRef(name).take_front(52);
    os << "<g><title>" << escaped(launch.layers) << " (" << escaped(launch.ops)
       << (launch.algorithm.empty() ? "" : ", " + launch.algorithm + " in tiles of " + launch.tile)
       << "): " << fixed(1e6 * launch.minimum, 1) << " us, median " << fixed(1e6 * launch.median, 1) << " us; at least "
       << fixed(1e6 * launch.least.seconds, 1) << " us, bound by " << launch.least.bound << "; "
       << rateOf(launch.flops, launch.minimum) << " GFLOP/s, " << rateOf(launch.bytes, launch.minimum)
       << " GB/s</title><text x=\"" << nameWidth - 8 << "\" y=\"" << top + barHeight - 3 << "\" text-anchor=\"end\">"
       << escaped(shown) << "</text>"
       << "<rect class=\"time\" x=\"" << nameWidth << "\" y=\"" << top << "\" height=\"" << barHeight << "\" width=\""
       << width(launch.minimum) << "\"/><rect class=\"" << launch.least.bound << "\" x=\"" << nameWidth << "\" y=\""
       << top << "\" height=\"" << barHeight << "\" width=\"" << width(launch.least.seconds) << "\"/><text x=\""
       << fixed(nameWidth + 6 + (longest > 0 ? launch.minimum / longest * chartWidth : 0), 1) << "\" y=\""
       << top + barHeight - 3 << "\">" << fixed(1e3 * launch.minimum, 3) << " ms, "
       << percent(launch.least.seconds / launch.minimum) << " of the bound</text></g>\n";
  }
  os << "</svg>\n</body></html>\n";
}

} // namespace cnn::tools
