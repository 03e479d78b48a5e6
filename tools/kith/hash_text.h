// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/exchange/hash_text.h"

namespace kith::cli {

// The verbs read and print hashes as the lists do.
using exchange::HashText;
using exchange::Hex;
using exchange::Kind64;
using exchange::kMaxListLineBytes;
using exchange::kMaxListTextBytes;
using exchange::ListLine;
using exchange::ParseHash;
using exchange::ParseListLine;

}  // namespace kith::cli
