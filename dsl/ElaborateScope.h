// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What elaboration knows while it walks: variables, instances of modules, and where their weights live.
//
// Weight paths. The weights of a net form a tree; a WeightScope is a node of it. An instance of a module is a child of
// the scope in which it is made, and its segment is
//   - the name it is pinned to (`conv(6, 5x5) @stem`), or
//   - the name it is bound to (`embed = Embedding(2)`; in a list, the name and the position: `blocks[1]`), or
//   - the module's name and a number, counting the instances of that module in that scope from 1 (`conv2`; an
//     underscore goes between if the name ends in a digit).
// Inside a `for`, a pinned or bound name is followed by the iteration: `@block` becomes block[0], block[1] ….
// A pinned or bound instance counts as well, so naming one layer does not rename the others.
//
// A body that is evaluated again (an instance called twice) finds the scopes and weights of the first time: weights are
// shared because their paths are the same.
#pragma once

#include "dsl/Program.h"
#include "dsl/Values.h"
#include "ir/CnnDialect.h"
#include "llvm/ADT/StringMap.h"
#include <functional>

namespace cnn::dsl {

/// "conv" for `cnn.conv`, with the prefix.
std::string operationName(const Operation &operation);

/// A parameter or running statistic of the function that is being built.
struct Weight {
  std::string path;
  bool isState = false;
  mlir::Value value;
  /// Of a state: what training has made of it so far; null if nothing.
  mlir::Value updated;
  InitAttr init;
  SourceRange declared;
};

struct WeightScope {
  WeightScope *parent = nullptr;
  std::string path;
  llvm::StringMap<std::unique_ptr<WeightScope>> children;
  /// Instances of each module so far, in the current application.
  llvm::StringMap<int64_t> counters;
  /// A number of its own for each evaluation of the body.
  int64_t application = 0;
  /// Who goes by this path in the parent's current application.
  int64_t owner = -1;
  int64_t ownerApplication = -1;
  SourceRange ownerPlace;
  /// Two instances have this path; where the first one is.
  std::optional<SourceRange> sharedWith;
  /// Weights may not be made here: the scope of a train block.
  bool forbidsWeights = false;

  struct Entry {
    Weight *weight = nullptr;
    int64_t application = 0;
  };
  llvm::StringMap<Entry> weights;

  std::string childPath(llvm::StringRef segment) const {
    return path.empty() ? segment.str() : path + "." + segment.str();
  }
};

struct Variable {
  Value value;
  /// Where it was bound: the name on the left, or the argument of a call.
  SourceRange bound;
  /// What it was bound to; null for parameters.
  const Expr *source = nullptr;
  /// If it is another name for a module with weights: where it was applied first.
  SourceRange applied = {};
};

/// A module applied to its configuration: a layer with its own weights.
struct Instance {
  /// Tells instances apart, also those that are gone.
  int64_t id = 0;
  const ModelDecl *decl = nullptr;
  const FileScope *file = nullptr;
  std::vector<std::pair<llvm::StringRef, Variable>> configuration;
  /// "Bottleneck(64, 1)", for messages.
  std::string label;
  SourceRange place;
  /// The scope it was made in.
  WeightScope *parent = nullptr;
  /// Its number among the instances of the module in that scope.
  int64_t number = 0;
  /// Pinned or bound name; empty if neither.
  std::string name;
  bool isPinned = false;
  int64_t nesting = 0;
};

/// The evaluation of one body.
struct Frame {
  const FileScope *file = nullptr;
  const ModelDecl *decl = nullptr;
  Frame *caller = nullptr;
  /// The call, in the caller's file.
  SourceRange callPlace;
  llvm::StringMap<Variable> variables;
  /// Makes the value of a name that is no variable; nullopt if the name means something else. May be empty.
  std::function<std::optional<Value>(const NameExpr &)> lookUpLater;
  WeightScope *weights = nullptr;
  /// The iteration of each `for` around the current statement, outermost first.
  llvm::SmallVector<int64_t> iterations;
  /// Locations of ops made here are seen from there; null for a net.
  std::optional<mlir::Location> callerLocation;
  /// Path of the layer that ops made here belong to, if this is the standard library's code.
  std::string layerPath;
  /// For each `if` that was evaluated: the branch taken last.
  llvm::DenseMap<const IfExpr *, const BlockExpr *> branches;

  /// An assertion does not hold, so nothing more is evaluated.
  bool isStopped = false;
  /// The condition of an `if` or the list of a `for` is wrong, so what they bind may be missing.
  bool isIncomplete = false;

  bool isStandard() const { return file && file->isStandard; }
};

/// What a function is built for.
enum class Mode { Infer, Loss, Evaluate };

} // namespace cnn::dsl
