// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Metrics.h"

#include "runtime/files/AtomicFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace cnn::runtime {

using Json = nlohmann::json;

static std::string numberText(double value) { return Json(value).dump(); } // "null" if it is not finite

static std::string membersText(const cnn_function_desc &function, const std::vector<double> &values) {
  std::string members;
  for (size_t i = 0; i < values.size(); ++i)
    members += (i ? ", " : "") + Json(function.outputs[i].name).dump(-1, ' ', false, Json::error_handler_t::replace) +
               ": " + numberText(values[i]);
  return members;
}

std::string metricsLine(const EpochRecord &record, const cnn_function_desc &function) {
  std::string line = "{\"epoch\": " + std::to_string(record.epoch) + ", " + membersText(function, record.train);
  if (!record.test.empty())
    line += ", \"test\": {" + membersText(function, record.test) + "}";
  line += ", \"rate\": " + numberText(record.rate) + ", \"seconds\": " + numberText(record.seconds);
  if (!record.test.empty())
    line += ", \"test_seconds\": " + numberText(record.testSeconds);
  return line + "}\n";
}

cnn_status keepMetrics(const char *path, int64_t epochs, cnn_error *error) {
  if (isWrittenDirectly(path))
    return checkWritable(path, error);
  std::string kept, line;
  if (epochs > 0) {
    std::ifstream old(path);
    while (std::getline(old, line)) {
      Json record = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (record.is_object() && record.contains("epoch") && record["epoch"].is_number_integer() &&
          record["epoch"].get<int64_t>() <= epochs)
        kept += line + "\n";
    }
  }
  AtomicFile file;
  cnn_status status = file.open(path, error);
  if (status == CNN_OK)
    status = file.write(kept.data(), kept.size(), error);
  return status == CNN_OK ? file.commit(error) : status;
}

cnn_status appendMetrics(const char *path, const std::string &line, cnn_error *error) {
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  struct stat before;
  bool isRegular = file >= 0 && fstat(file, &before) == 0 && S_ISREG(before.st_mode);
  ssize_t written = file < 0 ? -1 : writeWithoutSignal(file, line.data(), line.size());
  int reason = written < 0 ? errno : ENOSPC;
  // Half a line is worse than none; that it cannot be taken back is not the user's first problem.
  if (isRegular && written != static_cast<ssize_t>(line.size()))
    (void)!ftruncate(file, before.st_size);
  if (file >= 0 && close(file) != 0 && written >= 0) {
    reason = errno;
    written = -1;
  }
  if (written == static_cast<ssize_t>(line.size()))
    return CNN_OK;
  return fail(error, CNN_CANNOT_WRITE, "%s: cannot write: %s", path, std::strerror(reason));
}

} // namespace cnn::runtime
