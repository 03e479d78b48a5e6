// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what stands for an entry in a format that has no views.
//
// Thread-safety: pure functions.
#pragma once

#include "tools/exchange/entry.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {

// The code of the whole picture; where that was unfit for PDQ, the first of another view, which
// matches as well. Null where there is none.
[[nodiscard]] inline const v1::Code* CodeForOneColumn(const Entry& entry) {
  for (const v1::Code& code : entry.codes()) {
    if (code.view().frame() == 0 && code.view().crop() != v1::CROP_TRIMMED) return &code;
  }
  return entry.codes().empty() ? nullptr : &entry.codes(0);
}

// Whether the children are identified: what the entry's own source says, else that its series is. A
// series that is not says nothing: silence is no no.
[[nodiscard]] inline v1::TriState VictimOf(const Entry& entry, const SeriesCodes& identified) {
  const bool by_series =
      entry.victim_identified() == v1::TRI_STATE_UNSPECIFIED && !entry.carried_only();
  if (!by_series || !identified.contains(entry.series())) return entry.victim_identified();
  return v1::TRI_STATE_YES;
}

[[nodiscard]] inline bool HasDigest(const Entry& entry) {
  return !entry.digests().md5().empty() || !entry.digests().sha1().empty() ||
         !entry.digests().sha256().empty();
}

}  // namespace kith::exchange
