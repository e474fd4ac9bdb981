// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The declarative blocks of a file. They say nothing about computation; tools read them.

#ifndef CNN_IR_MODELOPS_TD
#define CNN_IR_MODELOPS_TD

include "ir/CnnOps.td"

def Cnn_DataOp : CnnOp<"data", [Symbol, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "a data block: where the fields of a data set are read from";
  let description = [{
    `shuffle`: training reads the samples in another order in each epoch, and not as they are stored.

    C1. the body holds fields alone. C2. the names of the fields of one part differ.

    ```mlir
    cnn.data @FashionMNIST {
      cnn.field "image" "train" <idx> "train-images-idx3-ubyte.gz" : tensor<1x28x28xui8>
      cnn.field "label" "train" <idx> "train-labels-idx1-ubyte.gz" : tensor<i32> {classes = 10 : i64}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DefaultValuedAttr<BoolAttr, "true">:$shuffle);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}
def Cnn_FieldOp : CnnOp<"field", [HasParent<"DataOp">]> {
  let summary = "one field of one part of a data set";
  let description = [{
    `type` is the type of one sample. `classes` > 0: the field is a class number below it. `flip` is the probability
    of a horizontal flip, `shift` the largest shift in pixels (both of training samples alone), `fill` what a shift
    brings in.

    C1. type is a static tensor type. C2. classes >= 0, and a field with classes is a tensor<i32>. C3. 0 <= flip <= 1.
    C4. shift >= 0.
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$part, Cnn_DataFormatAttr:$format, StrAttr:$path, TypeAttr:$type,
                       DefaultValuedAttr<I64Attr, "0">:$classes, DefaultValuedAttr<F64Attr, "0.0">:$flip,
                       DefaultValuedAttr<I64Attr, "0">:$shift, DefaultValuedAttr<F64Attr, "0.0">:$fill);
  let assemblyFormat = "$name $part $format $path `:` $type attr-dict";
  let hasVerifier = 1;
}
def Cnn_TrainOp : CnnOp<"train", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a train block; its loss and metrics are the functions @NET.loss and @NET.evaluate";
  let description = [{
    C1. batch >= 1. C2. epochs >= 1. C3. net is a function, if it is there. C4. data is a data block.

    ```mlir
    cnn.train @LeNet5 on @FashionMNIST {batch = 64 : i64, epochs = 10 : i64,
      optimizer = #cnn.optimizer<sgd, momentum = 0.9, nesterov = false, beta1 = 0.9, beta2 = 0.999, epsilon = 1.0e-8,
                                 decay = 5.0e-4, no_decay = ["*.bias"]>,
      rate = #cnn.rate<step, base = 0.05, every = 4.0, factor = 0.3, power = 1.0, warmup = 0.0>, seed = 1 : i64}
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$net, FlatSymbolRefAttr:$data, Cnn_OptimizerAttr:$optimizer,
                       Cnn_RateAttr:$rate, I64Attr:$batch, I64Attr:$epochs, I64Attr:$seed);
  let assemblyFormat = "$net `on` $data attr-dict";
  let hasVerifier = 1;
}

#endif
