// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per op: reads the operands, fills the results, which come with their shapes and zeros in them.

#ifndef CNN_IR_REFERENCE_OPEVALUATORS_H
#define CNN_IR_REFERENCE_OPEVALUATORS_H

#include "ir/CnnDialect.h"
#include "ir/reference/Tensor.h"

namespace cnn::reference {

using Operands = llvm::ArrayRef<Tensor>;
using Results = llvm::MutableArrayRef<Tensor>;

// ConvReference.cpp
void evaluate(ConvOp op, Operands operands, Results results);
void evaluate(ConvInputGradOp op, Operands operands, Results results);
void evaluate(ConvWeightGradOp op, Operands operands, Results results);

// PoolReference.cpp
void evaluate(MaxPoolOp op, Operands operands, Results results);
void evaluate(MaxPoolGradOp op, Operands operands, Results results);
void evaluate(AvgPoolOp op, Operands operands, Results results);
void evaluate(AvgPoolGradOp op, Operands operands, Results results);

// ElementwiseReference.cpp
/// The function of a unary op.
double applyUnary(UnaryKind kind, double x, double alpha);
void evaluate(ConstantOp op, Operands operands, Results results);
void evaluate(UnaryOp op, Operands operands, Results results);
void evaluate(UnaryGradOp op, Operands operands, Results results);
void evaluate(BinaryOp op, Operands operands, Results results);
void evaluate(BroadcastOp op, Operands operands, Results results);
void evaluate(ReduceOp op, Operands operands, Results results);
void evaluate(CastOp op, Operands operands, Results results);

// SoftmaxReference.cpp
void evaluate(SoftmaxOp op, Operands operands, Results results);
void evaluate(SoftmaxGradOp op, Operands operands, Results results);
void evaluate(LogSoftmaxOp op, Operands operands, Results results);
void evaluate(LogSoftmaxGradOp op, Operands operands, Results results);
void evaluate(CrossEntropyOp op, Operands operands, Results results);
void evaluate(CrossEntropyGradOp op, Operands operands, Results results);
void evaluate(TopKHitOp op, Operands operands, Results results);

// NormReference.cpp
void evaluate(BatchNormOp op, Operands operands, Results results);
void evaluate(BatchNormTrainOp op, Operands operands, Results results);
void evaluate(BatchNormGradOp op, Operands operands, Results results);
void evaluate(LrnOp op, Operands operands, Results results);
void evaluate(LrnGradOp op, Operands operands, Results results);
void evaluate(DropoutOp op, Operands operands, Results results);

// ShapeReference.cpp
void evaluate(ReshapeOp op, Operands operands, Results results);
void evaluate(PermuteOp op, Operands operands, Results results);
void evaluate(PadOp op, Operands operands, Results results);
void evaluate(PadGradOp op, Operands operands, Results results);
void evaluate(SliceOp op, Operands operands, Results results);
void evaluate(ConcatOp op, Operands operands, Results results);
void evaluate(UpsampleOp op, Operands operands, Results results);

// OptimizerReference.cpp
void evaluate(SgdUpdateOp op, Operands operands, Results results);
void evaluate(AdamUpdateOp op, Operands operands, Results results);

} // namespace cnn::reference

#endif
