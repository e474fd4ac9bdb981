// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Progress.h"

#include "runtime/files/AtomicFile.h"

#include <cstdio>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>

namespace cnn::runtime {

template <typename... Arguments> static std::string text(const char *format, Arguments... arguments) {
  char buffer[256];
  std::snprintf(buffer, sizeof buffer, format, arguments...);
  return buffer;
}

static std::string valuesText(const cnn_function_desc &function, const std::vector<double> &values, const char *part) {
  std::string line;
  for (size_t i = 0; i < values.size(); ++i)
    line += text("  %s%.40s %.4f", part, function.outputs[i].name, values[i]);
  return line;
}

static std::string durationText(double seconds) {
  auto whole = static_cast<long long>(seconds + 0.5);
  if (whole >= 3600)
    return text("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text("%lld:%02lld", whole / 60, whole % 60);
}

Progress::Progress(int descriptor, const cnn_function_desc &function, int64_t epochs, int64_t samplesPerEpoch)
    : descriptor(descriptor), live(descriptor >= 0 && isatty(descriptor)), function(function), epochs(epochs),
      samplesPerEpoch(samplesPerEpoch) {}

// Progress that cannot be shown is no reason to stop.
void Progress::put(const std::string &line) {
  if (descriptor >= 0 && writeWithoutSignal(descriptor, line.data(), line.size()) < 0)
    descriptor = -1;
}

void Progress::draw(std::string line) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && line.size() >= size.ws_col)
    line.resize(size.ws_col - 1u);
  put("\r\x1b[K" + line);
  lastDrawn = Clock::now();
}

void Progress::step(int64_t epoch, int64_t samples, int64_t batch, const std::vector<double> &values) {
  done += batch;
  if (!live || Clock::now() - lastDrawn < std::chrono::milliseconds(100))
    return;
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  double perSecond = static_cast<double>(done) / (seconds > 0 ? seconds : 1e-9);
  double left = static_cast<double>((epochs - epoch + 1) * samplesPerEpoch - samples) / perSecond;
  constexpr int kCells = 20;
  auto filled = static_cast<size_t>(samples * kCells / samplesPerEpoch);
  std::string bar = std::string(filled, '=') + std::string(kCells - filled, ' ');
  draw(text("epoch %lld/%lld [%s] %lld/%lld  %.0f samples/s", static_cast<long long>(epoch),
            static_cast<long long>(epochs), bar.c_str(), static_cast<long long>(samples),
            static_cast<long long>(samplesPerEpoch), perSecond) +
       valuesText(function, values, "") + "  " + durationText(left) + " left");
}

void Progress::evaluating(int64_t epoch) {
  if (live)
    draw(text("epoch %lld/%lld  testing", static_cast<long long>(epoch), static_cast<long long>(epochs)));
}

void Progress::finish(const EpochRecord &record) {
  std::string line = text("epoch %lld/%lld", static_cast<long long>(record.epoch), static_cast<long long>(epochs)) +
                     valuesText(function, record.train, "") + valuesText(function, record.test, "test ") +
                     text("  rate %.4g  %.1f s  %.0f samples/s\n", record.rate, record.seconds,
                          static_cast<double>(record.samples) / (record.seconds > 0 ? record.seconds : 1e-9));
  put((live ? "\r\x1b[K" : "") + line);
}

void Progress::clear() {
  if (live)
    put("\r\x1b[K");
}

} // namespace cnn::runtime
