// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the fingerprint of hashing/ in the words of the wire contract.
//
// Thread-safety: pure functions.
#pragma once

#include "hashing/fingerprint.h"
#include "proto/kith/v1/common.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "tools/scan/hash_pool.h"

namespace kith::scan {

// The fingerprint of hashing/ in the words of the wire contract. Pure, thread-safe, cannot fail.

// For a query: every usable code of every dialect and orientation that was made. Dialects that
// cannot differ are sent once, as of no one dialect: such a code meets the entries of each. Codes
// that are not usable are left out: they would match noise.
[[nodiscard]] v1::Fingerprint ToQuery(const hashing::Fingerprint& fingerprint);

// For an entry: one code a view, dialect `full`, orientation original, where it is usable.
[[nodiscard]] v1::Fingerprint ToEntry(const hashing::Fingerprint& fingerprint);

[[nodiscard]] v1::EvidenceFile ToEvidence(const HashedFile& hashed);

[[nodiscard]] v1::Disposition ToProto(hashing::Disposition disposition);

}  // namespace kith::scan
