// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arrays of numbers as files hold them, and as a model takes them.
#ifndef CNN_RUNTIME_FILES_NUMBERS_H
#define CNN_RUNTIME_FILES_NUMBERS_H

#include "runtime/files/ByteReader.h"

#include <vector>

namespace cnn::runtime {

// The element types of IDX and NPY files.
enum class NumberKind { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

uint64_t numberBytes(NumberKind kind);
const char *numberName(NumberKind kind);

// What a file says about its array, before its data is read.
struct ArrayHeader {
  NumberKind kind = NumberKind::u8;
  bool bigEndian = false;
  std::vector<int64_t> shape;

  // Elements and bytes; false on overflow.
  [[nodiscard]] bool sizes(uint64_t *elements, uint64_t *bytes) const;
  std::string text() const; // "u8[60000, 28, 28]"
};

// Checks that the array holds samples of `tensor`: [n, shape...], or one sample [shape...] if `singleToo`; dimensions
// of size 1 inside a sample may be missing or added. Answers n.
cnn_status checkSamples(const char *name, const ArrayHeader &header, const cnn_tensor_desc &tensor, bool singleToo,
                        int64_t *count, cnn_error *error);

// Reads the data that the header announces, and the end of the file.
cnn_status readArrayData(ByteReader &reader, const ArrayHeader &header, Bytes &data, cnn_error *error);

// Converts the data of an array, which is moved from, to elements of `dtype`. Integers convert to any integer type that
// holds their values; every number converts to f32; nothing else does.
cnn_status convertNumbers(const char *name, const ArrayHeader &header, Bytes data, int32_t dtype, Bytes &converted,
                          cnn_error *error);

// Checks that the samples, one i32 each, are class numbers: in [0, classCount). 0: they are no labels, and anything
// goes.
cnn_status checkLabels(const char *name, int64_t classCount, const Bytes &labels, cnn_error *error);

} // namespace cnn::runtime
#endif
