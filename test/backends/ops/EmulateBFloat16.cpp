// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What compiled code does with bf16 can be tested on any machine with AVX-512, as its code in LLVM's language names
// each of the two instructions:
//
//   dpbf16ps(a, x, y)          ->  fma(x[2i], y[2i], fma(x[2i + 1], y[2i + 1], a[i])), with both parts as f32
//   fptrunc float to bfloat    ->  the upper half of the bits, rounded to nearest even
//
// What is read as bf16 is read as integers: a processor without the instructions has no registers for the former, and
// LLVM would go through f32.
//
// A product of two bf16 is exact in f32, so it does not matter whether it is rounded before it is added.

#include "test/backends/ops/EmulateBFloat16.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsX86.h"

using namespace llvm;

/// A load of integers in place of the given one.
static void loadIntegers(LoadInst &load) {
  IRBuilder<> builder(&load);
  Type *integers = load.getType()->getWithNewType(builder.getInt16Ty());
  Value *loaded = builder.CreateAlignedLoad(integers, load.getPointerOperand(), load.getAlign());
  for (Use &use : make_early_inc_range(load.uses())) {
    auto *user = cast<Instruction>(use.getUser());
    if (auto *cast = dyn_cast<BitCastInst>(user)) {
      cast->setOperand(0, loaded);
      continue;
    }
    if (!isa<PHINode>(user)) // where it is used: what is kept until then are integers
      builder.SetInsertPoint(user);
    use.set(builder.CreateBitCast(loaded, load.getType()));
  }
  load.eraseFromParent();
}

static Value *multiplyPairs(IntrinsicInst &call) {
  IRBuilder<> builder(&call);
  Value *sum = call.getArgOperand(0);
  Type *floats = sum->getType(), *integers = floats->getWithNewType(builder.getInt32Ty());
  Value *pairs[] = {builder.CreateBitCast(call.getArgOperand(1), integers),
                    builder.CreateBitCast(call.getArgOperand(2), integers)};
  for (bool isUpper : {true, false}) {
    Value *parts[2];
    for (auto [part, pair] : zip_equal(parts, pairs))
      part = builder.CreateBitCast(isUpper ? builder.CreateAnd(pair, 0xffff0000) : builder.CreateShl(pair, 16), floats);
    sum = builder.CreateIntrinsic(Intrinsic::fma, {floats}, {parts[0], parts[1], sum});
  }
  return sum;
}

static Value *roundToBFloat(FPTruncInst &truncation) {
  IRBuilder<> builder(&truncation);
  Value *value = truncation.getOperand(0);
  Value *bits = builder.CreateBitCast(value, value->getType()->getWithNewType(builder.getInt32Ty()));
  Value *isOdd = builder.CreateAnd(builder.CreateLShr(bits, 16), 1);
  Value *rounded = builder.CreateAdd(builder.CreateAdd(bits, ConstantInt::get(bits->getType(), 0x7fff)), isOdd);
  Value *quiet = builder.CreateOr(bits, 0x400000);
  Value *upper = builder.CreateLShr(builder.CreateSelect(builder.CreateFCmpUNO(value, value), quiet, rounded), 16);
  return builder.CreateBitCast(builder.CreateTrunc(upper, value->getType()->getWithNewType(builder.getInt16Ty())),
                               truncation.getType());
}

void cnn::test::emulateBFloat16(Module &module) {
  for (Function &function : module) {
    function.addFnAttr("target-cpu", "x86-64-v4");
    for (Instruction &instruction : make_early_inc_range(instructions(function)))
      if (auto *load = dyn_cast<LoadInst>(&instruction); load && load->getType()->getScalarType()->isBFloatTy())
        loadIntegers(*load);
    for (Instruction &instruction : make_early_inc_range(instructions(function))) {
      Value *emulated = nullptr;
      if (auto *call = dyn_cast<IntrinsicInst>(&instruction)) {
        if (is_contained({Intrinsic::x86_avx512bf16_dpbf16ps_128, Intrinsic::x86_avx512bf16_dpbf16ps_256,
                          Intrinsic::x86_avx512bf16_dpbf16ps_512},
                         call->getIntrinsicID()))
          emulated = multiplyPairs(*call);
      } else if (auto *truncation = dyn_cast<FPTruncInst>(&instruction)) {
        if (truncation->getSrcTy()->getScalarType()->isFloatTy() &&
            truncation->getDestTy()->getScalarType()->isBFloatTy())
          emulated = roundToBFloat(*truncation);
      }
      if (!emulated)
        continue;
      instruction.replaceAllUsesWith(emulated);
      instruction.eraseFromParent();
    }
  }
}
