// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_SHA256_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_SHA256_H

#include <array>
#include <cstdint>
#include <string_view>

namespace cnn::neuflow {

// SHA-256 (FIPS 180-4).
std::array<uint8_t, 32> sha256(std::string_view bytes);

} // namespace cnn::neuflow
#endif
