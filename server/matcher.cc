// SPDX-License-Identifier: Apache-2.0
#include "server/matcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine.h"
#include "server/internal/match_group.h"

namespace kith::server {
namespace {

// Queries are answered in groups of about this many codes.
constexpr std::size_t kCodesAtOnce = 4096;
absl::Status CheckDigestLengths(const v1::Digests& digests) {
  const auto is = [](const std::string& digest, std::size_t bytes) {
    return digest.empty() || digest.size() == bytes;
  };
  if (!is(digests.md5(), 16)) return absl::InvalidArgumentError("an MD5 has 16 bytes");
  if (!is(digests.sha1(), 20)) return absl::InvalidArgumentError("a SHA-1 has 20 bytes");
  if (!is(digests.sha256(), 32)) return absl::InvalidArgumentError("a SHA-256 has 32 bytes");
  return absl::OkStatus();
}

// What a set's codes are searched within: its own radius, or that of the request where smaller.
std::vector<int> RadiusOfSets(std::span<const catalog::SetRule> sets,
                              const v1::MatchOptions& options) {
  const int asked =
      static_cast<int>(options.has_radius_bits() ? options.radius_bits() : kMaxRadiusBits);
  std::vector<int> radius_of_set(sets.size(), MatchCall::kNotAsked);
  for (std::size_t set = 0; set < sets.size(); ++set) {
    const catalog::SetRule& rule = sets[set];
    const bool wanted =
        options.purpose() == v1::PURPOSE_UNSPECIFIED || options.purpose() == rule.purpose;
    if (rule.enabled && wanted) radius_of_set[set] = std::min(rule.radius_bits, asked);
  }
  return radius_of_set;
}

}  // namespace

absl::Status CheckQuery(const v1::Fingerprint& query) {
  if (auto status = CheckDigestLengths(query.digests()); !status.ok()) return status;
  if (query.codes_size() > kMaxCodesAQuery) {
    return absl::InvalidArgumentError(
        absl::StrCat(query.codes_size(), " codes: at most ", kMaxCodesAQuery));
  }
  if (!v1::Disposition_IsValid(query.disposition())) {
    return absl::InvalidArgumentError("unknown disposition");
  }
  if (query.margin_bits() > kMaxMarginBits) {
    return absl::InvalidArgumentError(
        absl::StrCat("a margin of ", query.margin_bits(), " bits: at most ", kMaxMarginBits));
  }
  for (const v1::Code& code : query.codes()) {
    if (query.margin_bits() > 0 && code.dialect() != v1::DIALECT_FULL) {
      return absl::InvalidArgumentError("a code with a margin that is not of dialect full");
    }
    if (code.pdq().size() != sizeof(index::Code)) {
      return absl::InvalidArgumentError(
          absl::StrCat("a PDQ has 32 bytes, this one ", code.pdq().size()));
    }
    if (!v1::Orientation_IsValid(code.orientation()) || !v1::Dialect_IsValid(code.dialect()) ||
        !v1::Crop_IsValid(code.view().crop())) {
      return absl::InvalidArgumentError("a code with an unknown orientation, dialect or crop");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const v1::MatchOptions& options) {
  if (options.has_radius_bits() && options.radius_bits() > kMaxRadiusBits) {
    return absl::InvalidArgumentError(
        absl::StrCat("radius ", options.radius_bits(), ": it goes from 0 to ", kMaxRadiusBits));
  }
  if (options.limit() > kMaxLimit) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit ", options.limit(), ": at most ", kMaxLimit));
  }
  if (!v1::Purpose_IsValid(options.purpose())) {
    return absl::InvalidArgumentError(
        absl::StrCat("purpose ", static_cast<int>(options.purpose()),
                     ": ask for known, for benign, or leave it out for both"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::MatchResult>> Matcher::Match(
    std::span<const v1::Fingerprint* const> queries, const v1::MatchOptions& options,
    const catalog::Moment& moment, std::size_t max_matches) const {
  if (auto status = CheckOptions(options); !status.ok()) return status;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (auto status = CheckQuery(*queries[i]); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("query ", i, ": ", status.message()));
    }
  }
  const std::size_t limit = options.limit() == 0 ? kDefaultLimit : options.limit();
  MatchCall call{.catalog = catalog_,
                 .moment = moment,
                 .opinions = opinions_,
                 .radius_of_set = RadiusOfSets(*moment.sets, options),
                 .limit = limit,
                 .max_matches = max_matches};
  for (const v1::Dialect dialect : catalog_.DialectsInUse(moment)) {
    call.dialects |= 1U << static_cast<unsigned>(dialect);
  }
  std::vector<v1::MatchResult> results;
  results.reserve(queries.size());
  std::size_t most = queries.size();  // queries of a group
  for (std::size_t begin = 0; begin < queries.size();) {
    MatchGroup group(call);
    for (std::size_t i = begin;
         i < queries.size() && group.size() < most && group.codes() < kCodesAtOnce; ++i) {
      group.Add(*queries[i]);
    }
    const absl::Status found = group.FindCodes();
    if (absl::IsOutOfRange(found) && group.size() > 1) {
      most = group.size() / 2;
      continue;
    }
    if (!found.ok()) return found;
    if (auto status = group.Answer(results); !status.ok()) return status;
    begin += group.size();
  }
  return results;
}

}  // namespace kith::server
