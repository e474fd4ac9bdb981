// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The whole dialect in one file: what docs/dialect.md is generated from.

include "ir/ConvOps.td"
include "ir/ElementwiseOps.td"
include "ir/LossOps.td"
include "ir/ModelOps.td"
include "ir/NormOps.td"
include "ir/OptimizerOps.td"
include "ir/PoolOps.td"
include "ir/ShapeOps.td"
