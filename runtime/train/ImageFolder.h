// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A data set as a folder of classes: CLASS/NAME.png, .jpg or .jpeg.
#ifndef CNN_RUNTIME_TRAIN_IMAGEFOLDER_H
#define CNN_RUNTIME_TRAIN_IMAGEFOLDER_H

#include "runtime/train/Dataset.h"

namespace cnn::runtime {

// Opens the folder's images, or, of a field with class_count, their classes. Classes are the sub-folders, in the order
// of the bytes of their names; images likewise inside each. Names that begin with a dot, and files of other kinds, are
// passed over. Images must have the size of `tensor`, which is checked here; see Image.h for their channels. They are
// unpacked when they are read. The classes of the test part must have the names of those of the training part.
cnn_status openImageFolder(const cnn_field &field, bool test, const cnn_tensor_desc &tensor,
                           std::unique_ptr<FieldSamples> &samples, cnn_error *error);

} // namespace cnn::runtime
#endif
