// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/files/Idx.h"

namespace cnn::runtime {

static bool kindOfCode(uint8_t code, NumberKind &kind) {
  switch (code) {
  case 0x08:
    kind = NumberKind::u8;
    return true;
  case 0x09:
    kind = NumberKind::i8;
    return true;
  case 0x0B:
    kind = NumberKind::i16;
    return true;
  case 0x0C:
    kind = NumberKind::i32;
    return true;
  case 0x0D:
    kind = NumberKind::f32;
    return true;
  case 0x0E:
    kind = NumberKind::f64;
    return true;
  }
  return false;
}

cnn_status readIdxHeader(ByteReader &reader, ArrayHeader &header, cnn_error *error) {
  uint8_t magic[4];
  if (cnn_status status = reader.read(magic, 4, error); status != CNN_OK)
    return status;
  if (magic[0] || magic[1] || !kindOfCode(magic[2], header.kind))
    return fail(error, CNN_BAD_FILE,
                "%s: not an IDX file: expected 00 00, a type of 08 to 0e and a rank, found %02x %02x %02x %02x",
                reader.name(), magic[0], magic[1], magic[2], magic[3]);
  uint8_t rank = magic[3];
  if (rank < 1 || rank > CNN_MAX_RANK + 1)
    return fail(error, CNN_BAD_FILE, "%s: expected an IDX rank of 1 to %d, found %u", reader.name(), CNN_MAX_RANK + 1,
                rank);
  header.bigEndian = true;
  for (int i = 0; i < rank; ++i) {
    uint8_t size[4];
    if (cnn_status status = reader.read(size, 4, error); status != CNN_OK)
      return status;
    header.shape.push_back(int64_t(size[0]) << 24 | size[1] << 16 | size[2] << 8 | size[3]);
  }
  return CNN_OK;
}

} // namespace cnn::runtime
