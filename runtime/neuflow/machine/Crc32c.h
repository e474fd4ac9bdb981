// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef CNN_RUNTIME_NEUFLOW_MACHINE_CRC32C_H
#define CNN_RUNTIME_NEUFLOW_MACHINE_CRC32C_H

#include <cstdint>
#include <string_view>

namespace cnn::neuflow {

// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
uint32_t crc32c(std::string_view bytes);

} // namespace cnn::neuflow
#endif
