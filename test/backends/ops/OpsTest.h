// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every op, compiled, against the reference evaluator: one set of cases (random shapes with odd sizes, strides,
// dilations, groups, padding wider than the image), run in each of the ways that OpsTest.cpp lists.

#ifndef CNN_TEST_BACKENDS_OPS_OPSTEST_H
#define CNN_TEST_BACKENDS_OPS_OPSTEST_H

#include "test/backends/ops/Executor.h"
#include "test/reference/GradientFunction.h"
#include "gtest/gtest.h"

namespace cnn::test {

/// One way to run functions.
struct Executor {
  const char *name;
  int every = 1;           // of the cases with windows in a test, it runs each so many-th
  bool isBackEnd = true;   // or the plain loops of MLIR
  const char *triple = ""; // of the back end: see compileForCpu
  const char *cpu = "";
};

/// Plain loops say whether the lowering to linalg is right; the CPU back end, what it makes of that. Other processors
/// run a part of the convolutions and pools, which are many.
std::vector<Executor> listExecutors();
std::string nameExecutor(const testing::TestParamInfo<Executor> &info);

inline void PrintTo(const Executor &executor, std::ostream *stream) { *stream << executor.name; }

class Ops : public testing::TestWithParam<Executor>, protected RandomShapes {
protected:
  std::unique_ptr<mlir::MLIRContext> context = makeCompilerContext();

  static llvm::SmallVector<int64_t> outputShape(llvm::ArrayRef<int64_t> shape, int64_t channels,
                                                llvm::ArrayRef<WindowDim> window);
  /// f32, with a batch.
  static mlir::Type batchType(TestFunction &test, llvm::ArrayRef<int64_t> shape);

  reference::Tensor uniform(llvm::ArrayRef<int64_t> shape, double low = -1, double high = 1);
  /// Of dropout and adam.
  static reference::Tensor key();

  /// Of the cases of a test, each so many-th is run.
  int every = 1;

  /// Sums of some hundred products in f32; relative to the value, or to 1 if that is larger.
  static constexpr double sumTolerance = 2e-5;

  /// Compiles the function, and compares what it makes of its inputs, and of the first sample of them, with the
  /// reference. Several functions are compiled as one, because a library takes time, so a failure may be reported by a
  /// later call.
  void check(TestFunction &test, const llvm::Twine &what, double tolerance = sumTolerance);

  void SetUp() override;
  void TearDown() override { checkPending(); }

  /// Whether functions are narrowed (NarrowStorage) before they are evaluated and compiled.
  bool storesBF16 = false;
  /// If so, weights of fewer bytes are not.
  int64_t leastWeightBytes = 0;
  bool dotProducts = false;

private:
  struct Case {
    mlir::func::FuncOp function;
    llvm::SmallVector<reference::Tensor> inputs;
    std::string what;
    double tolerance;
  };
  void checkPending();
  void compareCases(CompiledFunction &compiled, bool isOneSample);

  std::vector<Case> pending;
  mlir::OwningOpRef<mlir::ModuleOp> functions; // those of `pending`
  int cases = 0;
};

} // namespace cnn::test

#endif
