// SPDX-License-Identifier: Apache-2.0
//
// Hundreds of random operations against a model that is a plain list, searched by counting bits.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {
namespace {

struct ModelEntry {
  std::uint64_t id = 0;
  std::size_t set = 0;
  std::string sha256, pdq;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  bool withdrawn = false;
};
struct ModelSet {
  std::string name;
  int radius_bits = 0;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  bool enabled = true;
  v1::Purpose purpose = v1::PURPOSE_KNOWN;
};
using Row = std::tuple<bool, int, std::uint64_t>;  // lead, distance, entry

int Distance(const std::string& a, const std::string& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    bits += std::popcount(static_cast<unsigned char>(a[i] ^ b[i]));
  }
  return bits;
}

// By what is kept in the index folder: nothing, as the stores are small, or nearly everything.
class EnginePropertyTest : public StoreTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  // Takes away from what is kept, or damages it.
  void HurtTheIndex() {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(IndexDir())) return;
    for (const auto& file : std::filesystem::recursive_directory_iterator(IndexDir())) {
      if (file.is_regular_file()) files.push_back(file.path());
    }
    if (files.empty()) return;
    std::sort(files.begin(), files.end());
    const auto& victim = files[Below(files.size())];
    const auto size = std::filesystem::file_size(victim);
    switch (Below(4)) {
      case 0:
        std::filesystem::remove(victim);
        break;
      case 1:
        std::filesystem::resize_file(victim, Below(size + 1));
        break;
      case 2: {
        if (size == 0) break;
        std::fstream file(victim, std::ios::in | std::ios::out | std::ios::binary);
        const auto at = static_cast<std::streamoff>(Below(size));
        const int byte = file.seekg(at).get();
        file.seekp(at).put(static_cast<char>(byte ^ 8));
        break;
      }
      default:
        std::filesystem::remove_all(IndexDir());
    }
  }

  std::size_t Below(std::size_t count) { return random_() % count; }
  v1::Dialect AnyDialect() { return static_cast<v1::Dialect>(Below(3)); }
  // A hash near one of a few, so that most queries have matches at all distances.
  std::string NearHash() {
    std::string pdq = Pdq(Below(6));
    for (std::size_t flips = Below(24); flips > 0; --flips) {
      pdq[Below(32)] ^= static_cast<char>(1U << Below(8));
    }
    return pdq;
  }

  void AddSome() {
    const std::size_t set = Below(sets_.size());
    std::vector<v1::Entry> entries;
    std::vector<ModelEntry> model;
    for (std::size_t count = 1 + Below(8); count > 0; --count) {
      ModelEntry one{.set = set, .sha256 = {}, .pdq = {}};
      const v1::Dialect said = AnyDialect();
      one.dialect = said == v1::DIALECT_UNSPECIFIED ? sets_[set].dialect : said;
      if (Below(4) != 0) one.pdq = NearHash();
      if (one.pdq.empty() || Below(3) == 0) one.sha256 = Bytes(32, 1000 + Below(40));
      v1::Entry entry;
      entry.set_source_ref("ref " + std::to_string(Below(3)));
      if (!one.pdq.empty()) *entry.add_codes() = MakeCode(one.pdq, {.dialect = said});
      entry.mutable_digests()->set_sha256(one.sha256);
      entries.push_back(entry);
      model.push_back(one);
    }
    const auto added = Add(sets_[set].name, "", entries);
    ASSERT_TRUE(added.ok()) << added.status();
    for (std::size_t i = 0; i < model.size(); ++i) {
      const auto earlier = std::find_if(entries_.begin(), entries_.end(), [&](const auto& other) {
        if (other.set != set || other.withdrawn) return false;
        const bool has_code = other.pdq == model[i].pdq && other.dialect == model[i].dialect;
        if (!model[i].sha256.empty()) {
          return other.sha256 == model[i].sha256 && (model[i].pdq.empty() || has_code);
        }
        return other.sha256.empty() && has_code &&
               stored_refs_[other.id] == entries[i].source_ref();
      });
      const auto& got = added->entries(static_cast<int>(i));
      ASSERT_EQ(got.already_there(), earlier != entries_.end());
      if (got.already_there()) {
        ASSERT_EQ(got.entry_id(), earlier->id);
        continue;
      }
      ASSERT_EQ(got.entry_id(), entries_.size() + 1);
      model[i].id = got.entry_id();
      stored_refs_.resize(model[i].id + 1);
      stored_refs_[model[i].id] = entries[i].source_ref();
      entries_.push_back(model[i]);
    }
  }

  std::vector<Row> Expect(const v1::Fingerprint& query, std::optional<int> radius_bits,
                          v1::Purpose purpose) {
    std::vector<Row> rows;
    for (const ModelEntry& entry : entries_) {
      const ModelSet& set = sets_[entry.set];
      if (entry.withdrawn || !set.enabled) continue;
      if (purpose != v1::PURPOSE_UNSPECIFIED && purpose != set.purpose) continue;
      std::optional<Row> best;
      if (!entry.sha256.empty() && entry.sha256 == query.digests().sha256()) {
        best = Row(false, 0, entry.id);
      }
      for (const v1::Code& code : query.codes()) {
        if (entry.pdq.empty() || (code.has_quality() && code.quality() < 50)) continue;
        if (entry.dialect != code.dialect() && entry.dialect != 0 && code.dialect() != 0) continue;
        const int distance = Distance(entry.pdq, code.pdq());
        if (distance > std::min(set.radius_bits, radius_bits.value_or(31))) continue;
        const Row row(true, distance, entry.id);
        if (!best || row < *best) best = row;
      }
      if (best) rows.push_back(*best);
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
      return std::pair(std::get<1>(a), std::get<2>(a)) < std::pair(std::get<1>(b), std::get<2>(b));
    });
    return rows;
  }

  void MatchSome() {
    v1::MatchRequest request;
    std::optional<int> radius_bits;
    if (Below(2) == 0) radius_bits = static_cast<int>(Below(32));
    if (radius_bits) {
      request.mutable_options()->set_radius_bits(static_cast<std::uint32_t>(*radius_bits));
    }
    const std::uint32_t limit = static_cast<std::uint32_t>(Below(6));
    request.mutable_options()->set_limit(limit);
    const auto purpose = static_cast<v1::Purpose>(Below(3));
    request.mutable_options()->set_purpose(purpose);
    for (std::size_t count = 1 + Below(5); count > 0; --count) {
      v1::Fingerprint& query = *request.add_queries();
      for (std::size_t codes = Below(5); codes > 0; --codes) {
        *query.add_codes() =
            MakeCode(NearHash(), {.dialect = AnyDialect(),
                                  .orientation = static_cast<v1::Orientation>(Below(9)),
                                  .quality = Below(5) == 0 ? 49 : -1});
      }
      if (Below(2) == 0) query.mutable_digests()->set_sha256(Bytes(32, 1000 + Below(40)));
    }
    const auto response = engine().Match(request);
    ASSERT_TRUE(response.ok()) << response.status();
    for (int i = 0; i < request.queries_size(); ++i) {
      const std::vector<Row> expected = Expect(request.queries(i), radius_bits, purpose);
      const v1::MatchResult& result = response->results(i);
      ASSERT_EQ(result.total(), expected.size());
      const std::size_t shown =
          std::min<std::size_t>(limit == 0 ? kDefaultLimit : limit, expected.size());
      ASSERT_EQ(result.truncated(), shown < expected.size());
      ASSERT_EQ(static_cast<std::size_t>(result.matches_size()), shown);
      for (std::size_t k = 0; k < shown; ++k) {
        const v1::Match& match = result.matches(static_cast<int>(k));
        const Row row(match.by() == "pdq", static_cast<int>(match.distance_bits()),
                      match.entry_id());
        ASSERT_EQ(row, expected[k]);
        ASSERT_EQ(match.purpose(), sets_[entries_[match.entry_id() - 1].set].purpose);
        ASSERT_EQ(match.source_ref(), stored_refs_[match.entry_id()]);
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<ModelSet> sets_;
  std::vector<ModelEntry> entries_;
  std::vector<std::string> stored_refs_;  // by entry
};

TEST_P(EnginePropertyTest, AnswersEqualTheModel) {
  KeepFrom(GetParam());
  Reopen();
  const std::uint64_t seed = std::random_device()();
  std::cout << "seed " << seed << "\n";
  random_.seed(seed);
  for (int i = 0; i < 4; ++i) {
    sets_.push_back({.name = "set " + std::to_string(i),
                     .radius_bits = static_cast<int>(Below(32)),
                     .dialect = AnyDialect(),
                     .enabled = true,
                     .purpose = i % 2 == 0 ? v1::PURPOSE_KNOWN : v1::PURPOSE_BENIGN});
    AddSet(sets_.back().name,
           {.purpose = sets_.back().purpose,
            .dialect = sets_.back().dialect,
            .radius_bits = static_cast<std::uint32_t>(sets_.back().radius_bits)});
  }
  for (int step = 0; step < 600 && !HasFatalFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    const std::size_t kind = Below(20);
    if (kind < 8) {
      AddSome();
    } else if (kind < 16) {
      MatchSome();
    } else if (kind < 18) {
      if (entries_.empty()) continue;
      ModelEntry& entry = entries_[Below(entries_.size())];
      Withdraw(entry.id);
      entry.withdrawn = true;
    } else if (kind < 19) {
      ModelSet& set = sets_[Below(sets_.size())];
      set.enabled = !set.enabled;
      Switch(set.name, set.enabled);
    } else {
      Close();
      if (Below(2) == 0) HurtTheIndex();
      Reopen();
      if (HasFatalFailure()) return;
      const auto verified = Verify();
      ASSERT_TRUE(verified.ok()) << verified.DebugString();
    }
  }
  if (HasFatalFailure()) return;
  const auto verified = Verify();
  EXPECT_TRUE(verified.ok()) << verified.DebugString();
  EXPECT_EQ(verified.entries(), entries_.size());
}

INSTANTIATE_TEST_SUITE_P(All, EnginePropertyTest, ::testing::Values<std::size_t>(65536, 8),
                         [](const auto& test) {
                           return "keep_from_" + std::to_string(test.param);
                         });

}  // namespace
}  // namespace kith::server
