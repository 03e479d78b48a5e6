// SPDX-License-Identifier: Apache-2.0
#include "server/matcher.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/verdict.h"
#include "server/engine.h"

namespace kith::server {
namespace {

using catalog::CodeLabel;
using catalog::EntryFacts;
using catalog::Moment;
using catalog::SetRule;

// Queries are answered in groups of about this many codes.
constexpr std::size_t kCodesAtOnce = 4096;
// A group of queries that has more leads than these (40 bytes each) is divided.
constexpr std::size_t kLeadsAtOnce = 2'000'000;
// A query's leads are reduced to one an entry from this many on, and then whenever they doubled.
constexpr std::size_t kReducedFrom = 1024;

// How a pair was found, the strongest first.
enum class By : std::uint8_t { kSha256, kSha1, kMd5, kPdq };
constexpr std::array<std::string_view, 4> kByNames = {"sha256", "sha1", "md5", "pdq"};

// One code of a query.
struct QueryCode {
  std::size_t query = 0;
  v1::Orientation orientation = v1::ORIENTATION_ORIGINAL;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  std::uint32_t frame = 0;
  v1::Crop crop = v1::CROP_ORIGINAL;
};

struct Candidate {
  std::uint64_t entry = 0;
  By by = By::kPdq;
  int distance_bits = 0;
  const QueryCode* code = nullptr;  // of a lead
  std::uint32_t view = 0;           // of a lead: the label of the entry's code

  // Of one entry, the least is the nearest.
  [[nodiscard]] auto Nearness() const {
    return std::tuple(by, distance_bits, code ? code->orientation : 0, code ? code->dialect : 0,
                      code ? code->frame : 0, code ? code->crop : 0, view);
  }
};

// What all groups of a call have in common.
struct Call {
  catalog::Catalog& catalog;
  const Moment& moment;
  int radius_bits = 0;
  std::size_t limit = 0;        // matches shown of a query
  std::size_t max_matches = 0;  // shown of all
  std::uint32_t dialects = 0;   // bits: those that an entry may have
  std::size_t shown = 0;
};

// May an entry have this dialect, or one that nobody knows?
bool CanMeet(const Call& call, v1::Dialect dialect) {
  if (dialect == v1::DIALECT_UNSPECIFIED) return call.dialects != 0;
  constexpr std::uint32_t kUnknown = 1U << static_cast<unsigned>(v1::DIALECT_UNSPECIFIED);
  return (call.dialects & (kUnknown | 1U << static_cast<unsigned>(dialect))) != 0;
}

// Queries that are answered together.
class Group {
 public:
  explicit Group(Call& call)
      : call_(call), catalog_(call.catalog), moment_(call.moment), radius_bits_(call.radius_bits) {}

  void Add(const v1::Fingerprint& query);
  [[nodiscard]] std::size_t codes() const { return codes_.size(); }
  [[nodiscard]] std::size_t size() const { return queries_.size(); }
  // Searches by code. OUT_OF_RANGE: too many leads for several queries; divide the group.
  [[nodiscard]] absl::Status FindCodes();
  // Searches by digest, and adds the answers to `results`.
  [[nodiscard]] absl::Status Answer(std::vector<v1::MatchResult>& results);

 private:
  struct Chosen {
    Candidate candidate;
    casework::MatchFacts facts;
    EntryFacts entry;
  };

  static bool IsNearer(const Chosen& a, const Chosen& b);
  static void SortNearest(std::vector<Chosen>& chosen, std::size_t count, v1::Verdict verdict);
  [[nodiscard]] bool Visible(std::uint64_t entry, EntryFacts& facts) const;
  // Whether the query's code, at this distance of the entry's, tells of a match.
  [[nodiscard]] bool IsLead(const QueryCode& code, const index::Label& label,
                            int distance_bits) const;
  void AddLead(const QueryCode& code, const index::Label& label, int distance_bits);
  [[nodiscard]] absl::Status FindDigests(index::DigestKind kind, By by,
                                         const std::string& (v1::Digests::*digest)() const);
  void KeepNearest(std::vector<Candidate>& candidates, bool ambiguous) const;
  [[nodiscard]] const v1::Series* SeriesOf(std::uint64_t series);
  void FillMatch(const Chosen& chosen, v1::Match& match);

  Call& call_;
  catalog::Catalog& catalog_;
  const Moment& moment_;
  const int radius_bits_;
  std::vector<const v1::Fingerprint*> queries_;
  std::vector<bool> ambiguous_;                     // of each query
  std::vector<std::vector<Candidate>> candidates_;  // of each query
  std::vector<std::size_t> reduce_at_;              // of each query
  std::size_t leads_ = 0;                           // of all queries
  std::vector<index::Code> codes_;
  std::vector<QueryCode> code_of_;  // of each code
  std::unordered_map<std::uint64_t, std::shared_ptr<const v1::Series>> series_;
};

void Group::Add(const v1::Fingerprint& query) {
  bool ambiguous = false;
  if (query.disposition() != v1::DISPOSITION_LOW_QUALITY) {
    for (const v1::Code& code : query.codes()) {
      if (!casework::IsUsable(code)) continue;
      ambiguous = ambiguous || code.pdq() == query.digests().sha256();
      if (!CanMeet(call_, code.dialect())) continue;
      std::copy(code.pdq().begin(), code.pdq().end(), codes_.emplace_back().begin());
      QueryCode& of = code_of_.emplace_back();
      of.query = queries_.size();
      if (code.orientation() != v1::ORIENTATION_UNSPECIFIED) of.orientation = code.orientation();
      of.dialect = code.dialect();
      of.frame = code.view().frame();
      if (code.view().crop() != v1::CROP_UNSPECIFIED) of.crop = code.view().crop();
    }
  }
  queries_.push_back(&query);
  ambiguous_.push_back(ambiguous);
  candidates_.emplace_back();
  reduce_at_.push_back(kReducedFrom);
}

// False for what came after the moment, is withdrawn, or lies in a set that is switched off.
bool Group::Visible(std::uint64_t entry, EntryFacts& facts) const {
  if (entry >= moment_.entries_end) return false;
  facts = catalog_.entries().Get(entry);
  return !facts.withdrawn && facts.hash_set < moment_.sets->size() &&
         (*moment_.sets)[facts.hash_set].enabled;
}

bool Group::IsLead(const QueryCode& code, const index::Label& label, int distance_bits) const {
  EntryFacts facts;
  if (!Visible(label.entry, facts)) return false;
  if (distance_bits > (*moment_.sets)[facts.hash_set].radius_bits) return false;
  const v1::Dialect stored = catalog::UnpackLabel(label.view).dialect;
  return stored == code.dialect || stored == v1::DIALECT_UNSPECIFIED ||
         code.dialect == v1::DIALECT_UNSPECIFIED;
}

void Group::AddLead(const QueryCode& code, const index::Label& label, int distance_bits) {
  std::vector<Candidate>& leads = candidates_[code.query];
  leads.push_back({.entry = label.entry,
                   .by = By::kPdq,
                   .distance_bits = distance_bits,
                   .code = &code,
                   .view = label.view});
  ++leads_;
  if (leads.size() < reduce_at_[code.query]) return;
  leads_ -= leads.size();
  KeepNearest(leads, false);
  leads_ += leads.size();
  reduce_at_[code.query] = std::max(kReducedFrom, 2 * leads.size());
}

absl::Status Group::FindCodes() {
  int radius_bits = -1;
  for (const SetRule& rule : *moment_.sets) {
    if (rule.enabled) radius_bits = std::max(radius_bits, std::min(rule.radius_bits, radius_bits_));
  }
  if (codes_.empty() || radius_bits < 0) return absl::OkStatus();
  index::SearchOptions options;
  options.radius_bits = radius_bits;
  options.limit = 0;
  bool too_many = false;
  bool no_memory = false;
  // Takes the leads itself and lets the index keep none: an entry is found by many pairs of codes,
  // of which one counts.
  options.keep = [&](std::size_t query, const index::Label& label, int distance_bits) {
    const QueryCode& code = code_of_[query];
    if (too_many || no_memory || !IsLead(code, label, distance_bits)) return false;
    try {
      AddLead(code, label, distance_bits);
    } catch (const std::bad_alloc&) {  // the index wants no exceptions
      no_memory = true;
    }
    too_many = leads_ > kLeadsAtOnce && queries_.size() > 1;
    return false;
  };
  const auto found = catalog_.codes().Search(codes_, options);
  if (!found.ok()) return found.status();
  if (no_memory) return absl::ResourceExhaustedError("out of memory: ask with a smaller radius");
  if (too_many) return absl::OutOfRangeError("too many leads for a group of queries");
  return absl::OkStatus();
}

absl::Status Group::FindDigests(index::DigestKind kind, By by,
                                const std::string& (v1::Digests::*digest)() const) {
  std::vector<std::string_view> digests;
  std::vector<std::size_t> query_of;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    const std::string& bytes = (queries_[i]->digests().*digest)();
    if (bytes.empty()) continue;
    digests.emplace_back(bytes);
    query_of.push_back(i);
  }
  if (digests.empty()) return absl::OkStatus();
  const auto found = catalog_.digests().Find(kind, digests);
  if (!found.ok()) return found.status();
  for (std::size_t i = 0; i < found->size(); ++i) {
    for (const std::uint64_t entry : (*found)[i]) {
      EntryFacts facts;
      if (!Visible(entry, facts)) continue;
      candidates_[query_of[i]].push_back({.entry = entry, .by = by});
    }
  }
  return absl::OkStatus();
}

// One candidate an entry. Where the query and the entry are the same 32 bytes that may be a PDQ or
// a SHA-256, nobody can say that it is a digest: then the lead counts.
void Group::KeepNearest(std::vector<Candidate>& candidates, bool ambiguous) const {
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return a.entry != b.entry ? a.entry < b.entry : a.Nearness() < b.Nearness();
  });
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < candidates.size();) {
    std::size_t end = begin + 1;
    while (end < candidates.size() && candidates[end].entry == candidates[begin].entry) ++end;
    std::size_t choice = begin;
    if (ambiguous && candidates[begin].by == By::kSha256 &&
        catalog_.entries().Get(candidates[begin].entry).ambiguous) {
      while (choice < end && candidates[choice].by != By::kPdq) ++choice;
      if (choice == end) choice = begin;
    }
    candidates[kept++] = candidates[choice];
    begin = end;
  }
  candidates.resize(kept);
}

const v1::Series* Group::SeriesOf(std::uint64_t series) {
  if (series == 0) return nullptr;
  const auto [place, is_new] = series_.try_emplace(series);
  if (is_new) place->second = catalog_.directory().series.ById(series);
  return place->second.get();
}

void Group::FillMatch(const Chosen& chosen, v1::Match& match) {
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

bool Group::IsNearer(const Chosen& a, const Chosen& b) {
  return std::tuple(!a.facts.by_digest, a.candidate.distance_bits, a.candidate.entry) <
         std::tuple(!b.facts.by_digest, b.candidate.distance_bits, b.candidate.entry);
}

// Brings the `count` that are shown to the front, nearest first. Where nearer ones would crowd out
// every match on which the verdict rests, the nearest of these takes the last place: the answer
// has to tell whom to call.
void Group::SortNearest(std::vector<Chosen>& chosen, std::size_t count, v1::Verdict verdict) {
  const auto shown_end = chosen.begin() + static_cast<std::ptrdiff_t>(count);
  std::partial_sort(chosen.begin(), shown_end, chosen.end(), IsNearer);
  std::vector<casework::Identification> deciding;
  if (verdict == v1::VERDICT_CONFLICT) deciding.push_back(casework::Identification::kNotIdentified);
  if (verdict == v1::VERDICT_CONFLICT || verdict == v1::VERDICT_IDENTIFIED) {
    deciding.push_back(casework::Identification::kIdentified);
  }
  for (const casework::Identification wanted : deciding) {
    const auto decides = [wanted](const Chosen& match) {
      return !match.facts.benign && !match.facts.held_back && match.facts.identification == wanted;
    };
    if (count == 0 || std::any_of(chosen.begin(), shown_end, decides)) continue;
    const auto nearest =
        std::min_element(shown_end, chosen.end(), [&](const Chosen& a, const Chosen& b) {
          return decides(a) != decides(b) ? decides(a) : IsNearer(a, b);
        });
    if (nearest == chosen.end() || !decides(*nearest)) continue;
    // The last place but that of an earlier round, which holds the other side of a conflict.
    const auto place = count > 1 && wanted != deciding.front() ? shown_end - 2 : shown_end - 1;
    std::swap(*place, *nearest);
    std::sort(chosen.begin(), shown_end, IsNearer);
  }
}

absl::Status Group::Answer(std::vector<v1::MatchResult>& results) {
  absl::Status status = FindDigests(index::DigestKind::kSha256, By::kSha256, &v1::Digests::sha256);
  if (status.ok()) status = FindDigests(index::DigestKind::kSha1, By::kSha1, &v1::Digests::sha1);
  if (status.ok()) status = FindDigests(index::DigestKind::kMd5, By::kMd5, &v1::Digests::md5);
  if (!status.ok()) return status;

  const std::size_t first_result = results.size();
  std::vector<std::uint64_t> shown;
  std::vector<casework::MatchFacts> facts;
  std::vector<Chosen> chosen;
  for (std::size_t i = 0; i < queries_.size(); ++i) {
    KeepNearest(candidates_[i], ambiguous_[i]);
    facts.clear();
    chosen.clear();
    for (const Candidate& candidate : candidates_[i]) {
      const EntryFacts entry = catalog_.entries().Get(candidate.entry);
      const v1::Series* series = SeriesOf(entry.series);
      facts.push_back({.set_id = entry.hash_set,
                       .distance_bits = candidate.distance_bits,
                       .by_digest = candidate.by != By::kPdq,
                       .benign = (*moment_.sets)[entry.hash_set].purpose == v1::PURPOSE_BENIGN,
                       .identification = casework::IdentificationOf(
                           series != nullptr,
                           series != nullptr ? series->status() : v1::SERIES_STATUS_UNSPECIFIED,
                           static_cast<v1::TriState>(entry.victim_identified))});
      chosen.push_back({.candidate = candidate, .facts = {}, .entry = entry});
    }
    const casework::Judgement judgement = casework::Judge(*queries_[i], facts);
    for (std::size_t k = 0; k < chosen.size(); ++k) chosen[k].facts = facts[k];
    const std::size_t count = std::min(call_.limit, chosen.size());
    call_.shown += count;
    if (call_.shown > call_.max_matches) {
      return absl::ResourceExhaustedError(
          absl::StrCat("over ", call_.max_matches,
                       " matches in one call: send fewer queries, or ask for a lower limit"));
    }
    candidates_[i] = {};  // they live on in `chosen`
    SortNearest(chosen, count, judgement.verdict);
    v1::MatchResult& result = results.emplace_back();
    result.set_verdict(judgement.verdict);
    result.set_rule(std::string(judgement.rule));
    result.set_total(chosen.size());
    result.set_truncated(count < chosen.size());
    for (std::size_t k = 0; k < count; ++k) {
      FillMatch(chosen[k], *result.add_matches());
      shown.push_back(chosen[k].candidate.entry);
    }
  }
  auto refs = catalog_.SourceRefs(shown);
  if (!refs.ok()) return refs.status();
  auto ref = refs->begin();
  for (std::size_t i = first_result; i < results.size(); ++i) {
    for (v1::Match& match : *results[i].mutable_matches()) match.set_source_ref(*std::move(ref++));
  }
  return absl::OkStatus();
}

absl::Status CheckDigestLengths(const v1::Digests& digests) {
  const auto is = [](const std::string& digest, std::size_t bytes) {
    return digest.empty() || digest.size() == bytes;
  };
  if (!is(digests.md5(), 16)) return absl::InvalidArgumentError("an MD5 has 16 bytes");
  if (!is(digests.sha1(), 20)) return absl::InvalidArgumentError("a SHA-1 has 20 bytes");
  if (!is(digests.sha256(), 32)) return absl::InvalidArgumentError("a SHA-256 has 32 bytes");
  return absl::OkStatus();
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
  for (const v1::Code& code : query.codes()) {
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
  const int radius_bits =
      static_cast<int>(options.has_radius_bits() ? options.radius_bits() : kMaxRadiusBits);
  const std::size_t limit = options.limit() == 0 ? kDefaultLimit : options.limit();
  Call call{.catalog = catalog_,
            .moment = moment,
            .radius_bits = radius_bits,
            .limit = limit,
            .max_matches = max_matches};
  for (const v1::Dialect dialect : catalog_.DialectsInUse(moment)) {
    call.dialects |= 1U << static_cast<unsigned>(dialect);
  }
  std::vector<v1::MatchResult> results;
  results.reserve(queries.size());
  std::size_t most = queries.size();  // queries of a group
  for (std::size_t begin = 0; begin < queries.size();) {
    Group group(call);
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
