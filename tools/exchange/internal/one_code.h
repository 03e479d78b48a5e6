// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what stands for an entry in a format that has no views.
//
// Thread-safety: pure functions.
#pragma once

#include "tools/exchange/entry.h"

namespace kith::exchange {

// The code of the whole picture; where that was unfit for PDQ, the first of another view, which
// matches as well. Null where there is none.
[[nodiscard]] inline const v1::Code* CodeForOneColumn(const Entry& entry) {
  for (const v1::Code& code : entry.codes()) {
    if (code.view().frame() == 0 && code.view().crop() != v1::CROP_TRIMMED) return &code;
  }
  return entry.codes().empty() ? nullptr : &entry.codes(0);
}

[[nodiscard]] inline bool HasDigest(const Entry& entry) {
  return !entry.digests().md5().empty() || !entry.digests().sha1().empty() ||
         !entry.digests().sha256().empty();
}

}  // namespace kith::exchange
