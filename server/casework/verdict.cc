// SPDX-License-Identifier: Apache-2.0
#include "server/casework/verdict.h"

#include <algorithm>

#include "server/catalog/bounds.h"

namespace kith::casework {
namespace {

constexpr std::size_t kPdqBytes = 32;
constexpr std::string_view kHeldBackRule =
    "a benign entry is nearer than every known one, which are held back";

// Which sets say one thing: none, one, or more than one.
class Sayers {
 public:
  void Add(std::uint64_t set_id) {
    if (count_ == 0) {
      first_ = set_id;
      count_ = 1;
    } else if (set_id != first_) {
      count_ = 2;
    }
  }
  [[nodiscard]] bool Any() const { return count_ > 0; }
  // True when some set of these is not the one of `other`: two different sets speak.
  [[nodiscard]] bool Contradicts(const Sayers& other) const {
    if (!Any() || !other.Any()) return false;
    return count_ > 1 || other.count_ > 1 || first_ != other.first_;
  }

 private:
  std::uint64_t first_ = 0;
  int count_ = 0;
};

bool IsCertain(const MatchFacts& match) { return match.by_digest || match.confirmed; }

bool HoldBack(std::span<MatchFacts> matches) {
  constexpr int kNone = 257;
  constexpr int kCertain = -1;  // nearer than any lead
  int nearest_benign = kNone;
  for (const MatchFacts& match : matches) {
    if (match.benign) {
      nearest_benign = std::min(nearest_benign, IsCertain(match) ? kCertain : match.distance_bits);
    }
  }
  bool any = false;
  for (MatchFacts& match : matches) {
    match.held_back = !match.benign && !IsCertain(match) && match.distance_bits > nearest_benign;
    any |= match.held_back;
  }
  return any;
}

// What makes matches certain.
struct Certainty {
  bool digest = false;
  bool confirmed = false;
  void Add(const MatchFacts& match) {
    digest |= match.by_digest;
    confirmed |= match.confirmed;
  }
  [[nodiscard]] bool Any() const { return digest || confirmed; }
};

bool HasDigest(const v1::Digests& digests) {
  return !digests.md5().empty() || !digests.sha1().empty() || !digests.sha256().empty();
}

Judgement Unmatched(const v1::Fingerprint& fingerprint) {
  const bool usable = std::any_of(fingerprint.codes().begin(), fingerprint.codes().end(), IsUsable);
  const bool digest = HasDigest(fingerprint.digests());
  switch (fingerprint.disposition()) {
    case v1::DISPOSITION_HASHED:
    case v1::DISPOSITION_PARTIAL:
      if (usable) return {v1::VERDICT_UNRECOGNIZED, "compared by PDQ and digest; nothing matches"};
      return {v1::VERDICT_UNDETERMINED, "no usable PDQ and no digest match"};
    case v1::DISPOSITION_LOW_QUALITY:
      return {v1::VERDICT_UNDETERMINED, "no usable PDQ and no digest match"};
    case v1::DISPOSITION_UNSUPPORTED:
      if (digest) {
        return {v1::VERDICT_UNRECOGNIZED,
                "media that is not looked into: compared by digest only; nothing matches"};
      }
      return {v1::VERDICT_UNDETERMINED, "media that is not looked into, without a digest"};
    case v1::DISPOSITION_UNREADABLE:
      return {v1::VERDICT_UNDETERMINED, "could not be read"};
    case v1::DISPOSITION_VANISHED:
      return {v1::VERDICT_UNDETERMINED, "vanished before it was read"};
    case v1::DISPOSITION_OVER_LIMIT:
      return {v1::VERDICT_UNDETERMINED, "over a limit of the decoder; no digest match"};
    case v1::DISPOSITION_DECODER_CRASH:
      return {v1::VERDICT_UNDETERMINED, "the decoder failed on it; no digest match"};
    case v1::DISPOSITION_DECODER_TIMEOUT:
      return {v1::VERDICT_UNDETERMINED, "the decoder took too long; no digest match"};
    case v1::DISPOSITION_NOT_MEDIA:
      return {v1::VERDICT_NOT_APPLICABLE, "neither picture nor video; no digest match"};
    case v1::DISPOSITION_EMPTY:
      return {v1::VERDICT_NOT_APPLICABLE, "an empty file; no digest match"};
    case v1::DISPOSITION_NOT_REGULAR:
      return {v1::VERDICT_NOT_APPLICABLE, "not a regular file"};
    default:
      break;
  }
  if (usable || digest) return {v1::VERDICT_UNRECOGNIZED, "nothing matches"};
  return {v1::VERDICT_UNDETERMINED, "no usable PDQ and no digest"};
}

// What the matches that count say together.
struct Weighed {
  bool known = false;
  // Of known entries, of benign ones, and of known ones that are identified.
  Certainty found;
  Certainty benign;
  Certainty identified_found;
  Sayers identified;
  Sayers not_identified;
};

Weighed Weigh(std::span<const MatchFacts> matches) {
  Weighed all;
  for (const MatchFacts& match : matches) {
    if (match.benign) {
      all.benign.Add(match);
      continue;
    }
    if (match.held_back) continue;
    all.known = true;
    all.found.Add(match);
    if (match.identification == Identification::kIdentified) {
      all.identified.Add(match.set_id);
      all.identified_found.Add(match);
    } else if (match.identification == Identification::kNotIdentified) {
      all.not_identified.Add(match.set_id);
    }
  }
  return all;
}

}  // namespace

std::string_view NearnessOf(bool by_digest, int distance_bits) {
  constexpr int kSamePictureBits = 10;
  constexpr int kVeryLikelyBits = 20;
  if (by_digest) return "same file";
  if (distance_bits <= kSamePictureBits) return "same picture";
  return distance_bits <= kVeryLikelyBits ? "very likely" : "lead";
}

Identification IdentificationOf(bool in_series, v1::SeriesStatus series_status,
                                v1::TriState victim_identified) {
  if (in_series && series_status == v1::SERIES_STATUS_IDENTIFIED) {
    return Identification::kIdentified;
  }
  if (in_series && series_status == v1::SERIES_STATUS_UNIDENTIFIED) {
    return Identification::kNotIdentified;
  }
  if (victim_identified == v1::TRI_STATE_YES) return Identification::kIdentified;
  if (victim_identified == v1::TRI_STATE_NO) return Identification::kNotIdentified;
  return Identification::kSilent;
}

bool IsUsable(const v1::Code& code) {
  return code.pdq().size() == kPdqBytes &&
         (!code.has_quality() || code.quality() >= catalog::kMinimumQuality);
}

Judgement Judge(const v1::Fingerprint& fingerprint, std::span<MatchFacts> matches,
                std::uint64_t rejected) {
  if (matches.empty()) {
    Judgement unmatched = Unmatched(fingerprint);
    if (rejected > 0 && unmatched.verdict == v1::VERDICT_UNRECOGNIZED) {
      unmatched.rule = "its only leads were rejected by a person";
    }
    return unmatched;
  }
  const bool held_back = HoldBack(matches);
  const auto [known, found, benign, identified_found, identified, not_identified] = Weigh(matches);
  if (found.Any() && benign.Any()) {
    return {v1::VERDICT_CONFLICT,
            found.digest && benign.digest ? "a known and a benign set both hold this very file"
                                          : "a known and a benign entry both match for certain",
            held_back};
  }
  if (identified.Contradicts(not_identified)) {
    return {v1::VERDICT_CONFLICT, "known sets contradict each other on identification", held_back};
  }
  if (identified.Any()) {
    return {v1::VERDICT_IDENTIFIED,
            identified_found.digest      ? "the same file as an entry that is identified"
            : identified_found.confirmed ? "confirmed by a person as an entry that is identified"
                                         : "a lead to an entry that is identified",
            held_back};
  }
  if (known) {
    return {v1::VERDICT_RECOGNIZED,
            found.digest      ? "the same file as a known entry, none identified"
            : found.confirmed ? "confirmed by a person as a known entry, none identified"
                              : "a lead to a known entry, none identified",
            held_back};
  }
  if (held_back) {
    return {v1::VERDICT_UNRECOGNIZED, kHeldBackRule, held_back};
  }
  // A list of harmless files must not bring ordinary documents before an analyst as new pictures.
  const bool picture_or_video = Unmatched(fingerprint).verdict != v1::VERDICT_NOT_APPLICABLE;
  return {picture_or_video ? v1::VERDICT_UNRECOGNIZED : v1::VERDICT_NOT_APPLICABLE,
          "only benign entries match", held_back};
}

bool DifferByBenignOnly(v1::Verdict verdict, std::string_view rule, std::string_view other) {
  if (rule == other) return true;
  if (verdict != v1::VERDICT_UNRECOGNIZED && verdict != v1::VERDICT_NOT_APPLICABLE) return false;
  return rule != kHeldBackRule && other != kHeldBackRule;
}

bool ReadToItsEnd(v1::Disposition disposition) {
  switch (disposition) {
    case v1::DISPOSITION_HASHED:
    case v1::DISPOSITION_LOW_QUALITY:
    case v1::DISPOSITION_PARTIAL:
    case v1::DISPOSITION_NOT_MEDIA:
    case v1::DISPOSITION_EMPTY:
    case v1::DISPOSITION_UNSUPPORTED:
      return true;
    default:
      return false;
  }
}

}  // namespace kith::casework
