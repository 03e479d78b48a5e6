// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what two readings of the same content come to: whose word holds, and what both together
// tell of it. Pure: no database.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "proto/kith/v1/match.pb.h"

namespace kith::casework {

// Of two readings of the same content the one of the higher rank is kept.
[[nodiscard]] int RankOf(v1::Disposition disposition);
// The same with what was hashed exactly above what was not.
[[nodiscard]] int RankOf(v1::Disposition disposition, const v1::Fingerprint& codes);
// Not read, for a reason that says nothing against what an earlier run read there.
[[nodiscard]] bool WasNotRead(const v1::Fingerprint& fingerprint);

// What tells a content from others of its case: its SHA-256, or where it is not known its path. The
// former is the same in every case that holds it.
[[nodiscard]] std::string ContentIdentity(std::string_view sha256);
[[nodiscard]] std::string IdentityOf(const v1::EvidenceFile& file, std::uint64_t root_id);

// What was hashed: dialect, frame, crop, orientation of each code, in order. A code of no one
// dialect holds in both.
using Hashed = std::vector<std::tuple<int, std::uint32_t, int, int>>;
[[nodiscard]] Hashed HashedOf(const v1::Fingerprint& fingerprint);
[[nodiscard]] bool Includes(const Hashed& more, const Hashed& less);

// `fingerprint` with the codes of `other` that were hashed otherwise than each of its own.
[[nodiscard]] v1::Fingerprint BothOf(const v1::Fingerprint& fingerprint,
                                     const v1::Fingerprint& other);
// The digests that either tells. Where they contradict each other, what is told now holds.
[[nodiscard]] v1::Digests BothOf(const v1::Digests& now, const v1::Digests& before);
// Does what is known by its path alone hold something else than before?
[[nodiscard]] bool IsOther(const v1::Digests& now, const v1::Digests& before);
[[nodiscard]] bool AreSame(const v1::Digests& a, const v1::Digests& b);

}  // namespace kith::casework
