// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The declarative blocks of a file. They say nothing about computation; tools read them.

#ifndef CNN_IR_MODELOPS_TD
#define CNN_IR_MODELOPS_TD

include "ir/CnnOps.td"

def Cnn_DataOp : CnnOp<"data", [Symbol, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "a data block: where the fields of a data set are read from";
  let description = [{
    ```mlir
    cnn.data @FashionMNIST {
      cnn.field "image" "train" <idx> "train-images-idx3-ubyte.gz" : tensor<1x28x28xui8>
      cnn.field "label" "train" <idx> "train-labels-idx1-ubyte.gz" : tensor<i32> {classes = 10 : i64}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name $body attr-dict";
}
def Cnn_FieldOp : CnnOp<"field", [HasParent<"DataOp">]> {
  let summary = "one field of one part of a data set";
  let description = [{
    `type` is the type of one sample. `classes` > 0: the field is a class number below it. `flip` is the probability
    of a horizontal flip, `shift` the largest shift in pixels (both of training samples alone), `fill` what a shift brings in.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$part, Cnn_DataFormatAttr:$format, StrAttr:$path, TypeAttr:$type,
                       DefaultValuedAttr<I64Attr, "0">:$classes, DefaultValuedAttr<F64Attr, "0.0">:$flip,
                       DefaultValuedAttr<I64Attr, "0">:$shift, DefaultValuedAttr<F64Attr, "0.0">:$fill);
  let assemblyFormat = "$name $part $format $path `:` $type attr-dict";
}
def Cnn_TrainOp : CnnOp<"train"> {
  let summary = "a train block; its loss and metrics are the functions @NET.loss and @NET.evaluate";
  let arguments = (ins FlatSymbolRefAttr:$net, FlatSymbolRefAttr:$data, Cnn_OptimizerAttr:$optimizer, Cnn_RateAttr:$rate,
                       I64Attr:$batch, I64Attr:$epochs, I64Attr:$seed);
  let assemblyFormat = "$net `on` $data attr-dict";
}

#endif
