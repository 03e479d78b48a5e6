// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one record of a file of the field: the contract's own entry, with the category that the
// source gave it and what is only carried for the way back.
//
// Thread-safety: as any value.
#pragma once

#include "proto/kith/v1/catalog.pb.h"

namespace kith::exchange {

using v1::Carried;
using v1::Category;
using v1::Entry;

}  // namespace kith::exchange
