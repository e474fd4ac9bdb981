// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A value, or the text of why there is none. What is read here comes from files, so every reader answers with one of
// these.
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_RESULT_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_RESULT_H

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace cnn::neuflow {

// What is wrong, in one sentence without a full stop.
struct Error {
  std::string text;
};

template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value(std::move(value)) {}
  Result(Error error) : error(std::move(error.text)) {}

  explicit operator bool() const { return value.has_value(); }
  T &operator*() {
    assert(value && "there is an error, not a value");
    return *value;
  }
  const T &operator*() const { return const_cast<Result &>(*this).operator*(); }
  T *operator->() { return &**this; }
  const T *operator->() const { return &**this; }
  // Why there is no value.
  const std::string &message() const { return error; }
  Error takeError() { return {std::move(error)}; }

private:
  std::optional<T> value;
  std::string error;
};

} // namespace cnn::neuflow
#endif
