// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the ledger and the report both ask of a case.
//
// Thread-safety: one thread. Errors: those of catalog/database.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/common.pb.h"
#include "server/catalog/database.h"

namespace kith::casework {

// The number of a case, or 0.
[[nodiscard]] absl::StatusOr<std::uint64_t> FindCase(catalog::Transaction& transaction,
                                                     std::string_view name);
// NOT_FOUND, in words.
[[nodiscard]] absl::Status NoSuchCase(std::string_view name);
// FAILED_PRECONDITION for a case whose files were expunged.
[[nodiscard]] absl::Status CheckNotPurged(catalog::Transaction& transaction, std::uint64_t case_id);
// What people say of a case; false where nobody said anything.
[[nodiscard]] absl::StatusOr<bool> ReadDetails(catalog::Transaction& transaction,
                                               std::uint64_t case_id, v1::CaseDetails& details);
// Reads the column of evidence_code, which may be NULL, into the codes of `fingerprint`. DATA_LOSS.
[[nodiscard]] absl::Status ParseCodes(catalog::Statement& row, int column,
                                      v1::Fingerprint& fingerprint);
// From a row: change, sha256, entry, kind, at, who, why.
void ReadOpinion(const catalog::Statement& row, v1::Opinion& opinion);
// That a digest of file `f` stands in a benign set: a condition for a query. Where nothing known
// counts, such a file is harmless; one that merely lies near a benign picture is not.
inline constexpr std::string_view kHoldsBenignDigest =
    "EXISTS (SELECT 1 FROM match m WHERE m.file = f.id AND m.superseded_at IS NULL"
    " AND m.purpose = 2 AND m.found_by <> 4)";
// The statement of Ledger::EachUnrecognized, of verdict ?1. By identity, which begins alike for all
// that was read, and so by SHA-256: an index has them in that order, where a sort would hold the
// codes of all of them in memory.
[[nodiscard]] std::string UnrecognizedFiles();
// A case is complete when each of its roots has a complete run, after whose end no other run began
// that is not complete. A run that was killed beside one that then went to its end left nothing
// out.
[[nodiscard]] absl::StatusOr<bool> IsComplete(catalog::Transaction& transaction,
                                              std::uint64_t case_id);

}  // namespace kith::casework
