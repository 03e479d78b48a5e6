// SPDX-License-Identifier: Apache-2.0
//
// Purpose: from fingerprints to what is known of them: every matching entry, the nearest ones in
// detail, and the verdict over all of them.
//
// Thread-safety: all functions may be called from any thread; they never wait for a commit.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/match.pb.h"
#include "server/casework/opinions.h"
#include "server/catalog/catalog.h"

namespace kith::server {

// Codes of one query: eight orientations in two dialects of 64 views.
inline constexpr int kMaxCodesAQuery = 1024;
// How far codes with a margin may lie from the exact ones.
inline constexpr std::uint32_t kMaxMarginBits = 16;
// Matches shown in one answer, all queries together: what bounds its memory.
inline constexpr std::size_t kMaxMatchesACall = 200'000;
// A check records all matches of its files, up to kMaxLimit each: 256 such files in one batch.
inline constexpr std::size_t kMaxMatchesACheckBatch = 2'560'000;

// INVALID_ARGUMENT for a hash or digest of the wrong length, an unknown enum, too many codes.
[[nodiscard]] absl::Status CheckQuery(const v1::Fingerprint& query);
// INVALID_ARGUMENT for a radius, a limit or a purpose that the service does not offer.
[[nodiscard]] absl::Status CheckOptions(const v1::MatchOptions& options);

class Matcher {
 public:
  // Both outlive the matcher. `opinions` may be null: nobody gave any.
  explicit Matcher(catalog::Catalog& catalog, const casework::Opinions* opinions = nullptr)
      : catalog_(catalog), opinions_(opinions) {}

  // Answers each query, in order, as of `moment` (Catalog::Now).
  // A match is a pair of query and entry of a set that is asked (enabled, of the options' purpose):
  // with a digest in common, or with a code within the radius of the entry's set (and of the
  // options) in a dialect that may be the same. Of the pairs of codes the nearest counts, then the
  // first orientation, dialect and view. Matches are ordered by distance, then by entry. A lead
  // that a person rejected for a file of this SHA-256 is none, nor is one to another entry of that
  // set that has no code but such as the rejected ones have. Total and verdict see all of them, the
  // limit comes after; what the verdict rests on and the limit cuts off is told beside it. A query
  // with a margin has no leads: where its exact codes might have one, `exact_wanted` is set.
  // Errors: those of CheckQuery (names the query) and CheckOptions; those of the catalog;
  // RESOURCE_EXHAUSTED for more than `max_matches` to show. Cost: one batched search of the Hamming
  // index for every some thousand codes. Memory: the matches shown, and beside them some million
  // pairs of query and entry, or those of the one query that has more.
  [[nodiscard]] absl::StatusOr<std::vector<v1::MatchResult>> Match(
      std::span<const v1::Fingerprint* const> queries, const v1::MatchOptions& options,
      const catalog::Moment& moment, std::size_t max_matches = kMaxMatchesACall) const;

 private:
  catalog::Catalog& catalog_;
  const casework::Opinions* opinions_;
};

}  // namespace kith::server
