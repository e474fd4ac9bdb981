// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives every weight its place in its block: see Passes.td.
#include "backends/cpu/MemoryPlan.h"
#include "backends/cpu/Passes.h"
#include "ir/CnnDialect.h"
#include "ir/ModelError.h"
#include "passes/StorageLayout.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace cnn::cpu {
#define GEN_PASS_DEF_PLACEWEIGHTS
#include "backends/cpu/Passes.h.inc"
} // namespace cnn::cpu

using namespace mlir;
using namespace cnn;
using namespace cnn::cpu;

namespace {

struct Place {
  int64_t offset;
  Type type;
  Attribute storage;
  Role role;
};

class PlaceWeights : public cnn::cpu::impl::PlaceWeightsBase<PlaceWeights> {
public:
  void runOnOperation() override {
    // Of derived values, which have the name of their weight, also by what they are.
    llvm::DenseMap<std::tuple<Attribute, Attribute, Type>, Place> places;
    std::map<Role, int64_t> ends;
    OpBuilder builder(&getContext());
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (!function->hasAttr(kindAttrName))
        continue;
      for (unsigned i = 0; i < function.getNumArguments(); ++i) {
        RoleAttr role = function.getArgAttrOfType<RoleAttr>(i, roleAttrName);
        if (!role || !llvm::is_contained({Role::Parameter, Role::State, Role::Slot, Role::Derived}, role.getValue()))
          continue;
        MemRefType type = cast<MemRefType>(function.getArgument(i).getType());
        StringAttr name = function.getArgAttrOfType<StringAttr>(i, nameAttrName);
        Attribute storage = function.getArgAttr(i, storageAttrName);
        Attribute derived = function.getArgAttr(i, derivedAttrName);
        auto [entry, isNew] = places.try_emplace({name, derived, derived ? Type(type) : Type()},
                                                 Place{0, type, storage, role.getValue()});
        Place &place = entry->second;
        if (isNew) {
          // At most 2^60 values of 8 bytes; the sum of an end and a weight stays below 2^64.
          uint64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8) * type.getNumElements();
          if (bytes > largestArena || ends[place.role] + bytes > largestArena) {
            emitModelError(function.getArgument(i).getLoc())
                << "expected at most 2^60 bytes of weights, but with " << name << " there are more";
            return signalPassFailure();
          }
          place.offset = ends[place.role];
          ends[place.role] += alignBytes(bytes);
        } else if (place.type != type || place.storage != storage || place.role != role.getValue()) {
          function.emitOpError("expected ")
              << name << " to be stored as in other functions: " << place.type << ", but got " << type;
          return signalPassFailure();
        }
        function.setArgAttr(i, offsetAttrName, builder.getI64IntegerAttr(place.offset));
      }
    }
  }
};

} // namespace
