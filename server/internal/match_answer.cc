// SPDX-License-Identifier: Apache-2.0
//
// MatchGroup: the answer.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/deciding.h"
#include "server/internal/match_group.h"

namespace kith::server {
namespace {

using catalog::CodeLabel;
using catalog::EntryFacts;

// By the number of a By.
constexpr std::array<std::string_view, 4> kByNames = {"sha256", "sha1", "md5", "pdq"};

}  // namespace

const v1::Series* MatchGroup::SeriesOf(std::uint64_t series) {
  if (series == 0) return nullptr;
  const auto [place, is_new] = series_.try_emplace(series);
  if (is_new) place->second = catalog_.directory().CurrentSeries(series);
  return place->second.get();
}

void MatchGroup::FillMatch(const Chosen& chosen, v1::Match& match) {
  const Candidate& candidate = chosen.candidate;
  match.set_entry_id(candidate.entry);
  if (const auto set = catalog_.directory().hash_sets.ById(chosen.entry.hash_set)) {
    match.set_set(set->name());
    match.set_set_version(set->version());
    match.set_purpose(set->purpose());
  }
  if (const v1::Series* series = SeriesOf(chosen.entry.series)) {
    match.set_series(series->code());
    match.set_series_status(series->status());
    match.set_agency(series->agency());
    match.set_identified_on(series->identified_on());
    if (series->has_contact()) *match.mutable_contact() = series->contact();
    if (const auto agency = catalog_.directory().agencies.ByName(series->agency())) {
      match.set_agency_desk(agency->desk());
    }
  }
  match.set_victim_identified(static_cast<v1::TriState>(chosen.entry.victim_identified));
  match.set_by(std::string(kByNames[static_cast<std::size_t>(candidate.by)]));
  match.set_distance_bits(static_cast<std::uint32_t>(candidate.distance_bits));
  match.set_held_back(chosen.facts.held_back);
  if (candidate.confirmed) match.set_opinion(v1::OPINION_KIND_CONFIRMED);
  match.set_nearness(
      std::string(casework::NearnessOf(chosen.facts.by_digest, candidate.distance_bits)));
  // The same file shows the same: what a digest found is the whole of it, unturned.
  match.mutable_view()->set_crop(v1::CROP_ORIGINAL);
  match.mutable_query_view()->set_crop(v1::CROP_ORIGINAL);
  match.set_orientation(v1::ORIENTATION_ORIGINAL);
  if (candidate.by != By::kPdq) return;
  const CodeLabel label = catalog::UnpackLabel(candidate.view);
  match.mutable_view()->set_frame(label.frame);
  match.mutable_view()->set_crop(label.crop);
  match.mutable_query_view()->set_frame(candidate.code->frame);
  match.mutable_query_view()->set_crop(candidate.code->crop);
  match.set_orientation(candidate.code->orientation);
  match.set_dialect(label.dialect == v1::DIALECT_UNSPECIFIED ? candidate.code->dialect
                                                             : label.dialect);
}

bool MatchGroup::IsNearer(const Chosen& a, const Chosen& b) {
  return std::pair(a.candidate.distance_bits, a.candidate.entry) <
         std::pair(b.candidate.distance_bits, b.candidate.entry);
}

// Brings the `count` that are shown to the front, nearest first, and returns which of the others
// have to be told too (Match.deciding).
std::vector<const MatchGroup::Chosen*> MatchGroup::SortNearest(std::vector<Chosen>& chosen,
                                                               std::size_t count,
                                                               v1::Verdict verdict) {
  const auto shown_end = chosen.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(chosen.begin(), shown_end, chosen.end(), IsNearer);
  std::vector<const Chosen*> deciding;
  for (const casework::Identification side : casework::SidesOf(verdict)) {
    const auto is_of = [side](const Chosen& match) {
      return !match.facts.benign && !match.facts.held_back && match.facts.identification == side;
    };
    if (std::any_of(chosen.begin(), shown_end, is_of)) continue;
    const auto nearest =
        std::min_element(shown_end, chosen.end(), [&](const Chosen& a, const Chosen& b) {
          return is_of(a) != is_of(b) ? is_of(a) : IsNearer(a, b);
        });
    if (nearest != chosen.end() && is_of(*nearest)) deciding.push_back(&*nearest);
  }
  return deciding;
}

absl::Status MatchGroup::Answer(std::vector<v1::MatchResult>& results) {
  absl::Status status = FindDigests(index::DigestKind::kSha256, By::kSha256, &v1::Digests::sha256);
  if (status.ok()) status = FindDigests(index::DigestKind::kSha1, By::kSha1, &v1::Digests::sha1);
  if (status.ok()) status = FindDigests(index::DigestKind::kMd5, By::kMd5, &v1::Digests::md5);
  if (!status.ok()) return status;

  const std::size_t first_result = results.size();
  std::vector<std::uint64_t> shown;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    auto result = ResultOf(i, shown);
    if (!result.ok()) return result.status();
    results.push_back(*std::move(result));
  }
  auto labels = catalog_.Labels(shown);
  if (!labels.ok()) return labels.status();
  auto label = labels->begin();
  const auto name = [&label](v1::Match& match) {
    match.set_source_ref(std::move((label++)->source_ref));
  };
  for (std::size_t i = first_result; i < results.size(); ++i) {
    for (v1::Match& match : *results[i].mutable_matches()) name(match);
    for (v1::Match& match : *results[i].mutable_deciding()) name(match);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::MatchResult> MatchGroup::ResultOf(std::size_t query,
                                                     std::vector<std::uint64_t>& shown) {
  KeepNearest(candidates_[query], ambiguous_[query]);
  const auto rejected = HeedOpinions(*queries_[query], candidates_[query]);
  if (!rejected.ok()) return rejected.status();
  std::vector<casework::MatchFacts> facts;
  std::vector<Chosen> chosen;
  for (const Candidate& candidate : candidates_[query]) {
    const EntryFacts entry = catalog_.entries().Get(candidate.entry);
    facts.push_back(FactsOf(candidate, entry));
    chosen.push_back({.candidate = candidate, .facts = {}, .entry = entry});
  }
  const casework::Judgement judgement = casework::Judge(*queries_[query], facts, *rejected);
  for (std::size_t k = 0; k < chosen.size(); ++k) chosen[k].facts = facts[k];
  const std::size_t count = std::min(call_.limit, chosen.size());
  call_.shown += count;
  if (call_.shown > call_.max_matches) {
    return absl::ResourceExhaustedError(
        absl::StrCat("over ", call_.max_matches,
                     " matches in one call: send fewer queries, or ask for a lower limit"));
  }
  candidates_[query] = {};  // they live on in `chosen`
  const auto deciding = SortNearest(chosen, count, judgement.verdict);
  v1::MatchResult result;
  result.set_verdict(judgement.verdict);
  result.set_rule(std::string(judgement.rule));
  result.set_total(chosen.size());
  result.set_truncated(count < chosen.size());
  result.set_rejected(*rejected);
  result.set_exact_wanted(exact_wanted_[query]);
  result.set_held_back(static_cast<std::uint64_t>(std::count_if(
      chosen.begin(), chosen.end(), [](const Chosen& match) { return match.facts.held_back; })));
  for (std::size_t k = 0; k < count; ++k) {
    FillMatch(chosen[k], *result.add_matches());
    shown.push_back(chosen[k].candidate.entry);
  }
  for (const Chosen* match : deciding) {
    FillMatch(*match, *result.add_deciding());
    shown.push_back(match->candidate.entry);
  }
  return result;
}

casework::MatchFacts MatchGroup::FactsOf(const Candidate& candidate, const EntryFacts& entry) {
  const v1::Series* series = SeriesOf(entry.series);
  return {
      .set_id = entry.hash_set,
      .distance_bits = candidate.distance_bits,
      .by_digest = candidate.by != By::kPdq,
      .confirmed = candidate.confirmed,
      .benign = (*moment_.sets)[entry.hash_set].purpose == v1::PURPOSE_BENIGN,
      .identification = casework::IdentificationOf(
          series != nullptr, series != nullptr ? series->status() : v1::SERIES_STATUS_UNSPECIFIED,
          static_cast<v1::TriState>(entry.victim_identified))};
}

}  // namespace kith::server
