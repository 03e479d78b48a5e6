// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the queries of a match call that are answered together: their candidates, filtered while
// the indexes are searched, and the nearest of them in detail.
//
// Thread-safety: a group belongs to one thread, and its MatchCall with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/match.pb.h"
#include "server/casework/opinions.h"
#include "server/casework/verdict.h"
#include "server/catalog/catalog.h"

namespace kith::server {

// How a pair was found, the strongest first.
enum class By : std::uint8_t { kSha256, kSha1, kMd5, kPdq };

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
  bool confirmed = false;           // of a lead: by a person

  // Of one entry, the least is the nearest.
  [[nodiscard]] auto Nearness() const {
    return std::tuple(by, distance_bits, code ? code->orientation : 0, code ? code->dialect : 0,
                      code ? code->frame : 0, code ? code->crop : 0, view);
  }
};

// What all groups of a call have in common.
struct MatchCall {
  catalog::Catalog& catalog;
  const catalog::Moment& moment;
  const casework::Opinions* opinions = nullptr;  // null: nobody gave any
  // By number of the set: how far its codes may lie, or kNotAsked for one that is switched off or
  // of another purpose. Decided once a call; a search looks it up for each code in reach.
  std::vector<int> radius_of_set;
  std::size_t limit = 0;        // matches shown of a query
  std::size_t max_matches = 0;  // shown of all
  std::uint32_t dialects = 0;   // bits: those that an entry may have
  std::size_t shown = 0;

  static constexpr int kNotAsked = -1;
};

// Queries that are answered together.
class MatchGroup {
 public:
  explicit MatchGroup(MatchCall& call)
      : call_(call), catalog_(call.catalog), moment_(call.moment) {}

  void Add(const v1::Fingerprint& query);
  [[nodiscard]] std::size_t codes() const { return codes_.size() + near_codes_.size(); }
  [[nodiscard]] std::size_t size() const { return queries_.size(); }
  // Searches by code. OUT_OF_RANGE: too many leads for several queries; divide the group.
  [[nodiscard]] absl::Status FindCodes();
  // Searches by digest, and adds the answers to `results`.
  [[nodiscard]] absl::Status Answer(std::vector<v1::MatchResult>& results);

 private:
  struct Chosen {
    Candidate candidate;
    casework::MatchFacts facts;
    catalog::EntryFacts entry;
  };

  static bool IsNearer(const Chosen& a, const Chosen& b);
  static std::vector<const Chosen*> SortNearest(std::vector<Chosen>& chosen, std::size_t count,
                                                v1::Verdict verdict);
  // False for what came after the moment, is withdrawn, or lies in a set that is not asked.
  [[nodiscard]] bool Visible(std::uint64_t entry, catalog::EntryFacts& facts) const;
  // Whether the query's code, at this distance of the entry's, tells of a match.
  [[nodiscard]] bool IsLead(const QueryCode& code, const index::Label& label,
                            int distance_bits) const;
  // Adds the query's codes to those that are searched.
  void AddCodes(const v1::Fingerprint& query);
  // Of queries with a margin, marks those that have to be asked again with exact codes.
  [[nodiscard]] absl::Status MarkExactWanted(int farthest);
  void AddLead(const QueryCode& code, const index::Label& label, int distance_bits);
  [[nodiscard]] absl::Status FindDigests(index::DigestKind kind, By by,
                                         const std::string& (v1::Digests::*digest)() const);
  void KeepNearest(std::vector<Candidate>& candidates, bool ambiguous) const;
  // Takes the leads that a person rejected out and marks those that one confirmed; returns how many
  // were taken out. Errors: those of the catalog.
  [[nodiscard]] absl::StatusOr<std::uint64_t> HeedOpinions(
      const v1::Fingerprint& query, std::vector<Candidate>& candidates) const;
  // A list that is imported again with more digests has the same file beside the entry that was
  // rejected, or in its place: a lead to an entry of the same set all of whose codes are codes of
  // rejected ones is rejected as well, unless somebody gave an opinion on it.
  struct RejectedCode {
    std::uint32_t hash_set = 0;
    v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
    std::string pdq;
  };
  // Of those rejected entries with whose set there is a lead.
  [[nodiscard]] absl::StatusOr<std::vector<RejectedCode>> CodesOfRejected(
      const std::vector<std::uint64_t>& rejected, const std::vector<Candidate>& candidates) const;
  [[nodiscard]] absl::StatusOr<bool> Repeats(const Candidate& candidate,
                                             const std::vector<RejectedCode>& known) const;
  [[nodiscard]] const v1::Series* SeriesOf(std::uint64_t series);
  [[nodiscard]] casework::MatchFacts FactsOf(const Candidate& candidate,
                                             const catalog::EntryFacts& entry);
  // The answer to one query without the words of the source; adds the entries of its matches to
  // `shown`, first those of `matches`, then those of `deciding`.
  [[nodiscard]] absl::StatusOr<v1::MatchResult> ResultOf(std::size_t query,
                                                         std::vector<std::uint64_t>& shown);
  void FillMatch(const Chosen& chosen, v1::Match& match);

  MatchCall& call_;
  catalog::Catalog& catalog_;
  const catalog::Moment& moment_;
  std::vector<const v1::Fingerprint*> queries_;
  std::vector<bool> ambiguous_;                     // of each query
  std::vector<std::vector<Candidate>> candidates_;  // of each query
  std::vector<std::size_t> reduce_at_;              // of each query
  std::size_t leads_ = 0;                           // of all queries
  std::vector<index::Code> codes_;
  std::vector<QueryCode> code_of_;  // of each code
  // The same of queries with a margin, and which of these want exact codes.
  std::vector<index::Code> near_codes_;
  std::vector<QueryCode> near_code_of_;
  std::vector<bool> exact_wanted_;  // of each query
  std::unordered_map<std::uint64_t, std::shared_ptr<const v1::Series>> series_;
};

}  // namespace kith::server
