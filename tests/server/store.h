// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the engine share: a store in a folder of its own, and short ways to say what
// goes in and what is asked.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/engine.h"

namespace kith::server {

// A folder that goes with the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kith-test-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { Reopen(); }

  // Closes the store and opens it again: what follows sees only what was durable.
  void Reopen() {
    engine_.reset();
    EngineOptions options{.store_dir = StoreDir(), .keep_from = keep_from_, .progress = {}};
    options.scrub_pause_ms = scrub_pause_ms_;
    options.alarm = [this](const std::string& what) {
      const std::lock_guard lock(alarms_mutex_);
      alarms_.push_back(what);
    };
    auto engine = Engine::Open(options);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  void Close() { engine_.reset(); }
  // From the next Reopen on.
  void KeepFrom(std::size_t keep_from) { keep_from_ = keep_from; }
  void ScrubEvery(int pause_ms) { scrub_pause_ms_ = pause_ms; }
  // What the store told was wrong since the test began.
  [[nodiscard]] std::vector<std::string> Alarms() {
    const std::lock_guard lock(alarms_mutex_);
    return alarms_;
  }
  // Until merges that are under way have put their files in place: nothing in the folder of the
  // index is half written, and two looks find the same.
  void WaitForMerges() const {
    std::vector<std::string> before = {"not looked yet"};
    for (int looks = 0; looks < 300; ++looks) {
      std::vector<std::string> now = IndexFiles();
      const bool unfinished = std::any_of(now.begin(), now.end(), [](const std::string& name) {
        return name.ends_with(".tmp") || name.ends_with(".partial") || name.ends_with(".new");
      });
      if (!unfinished && now == before) return;
      before = std::move(now);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    ADD_FAILURE() << "the index comes to no rest";
  }
  [[nodiscard]] std::string IndexDir() const { return StoreDir() + "/index"; }
  [[nodiscard]] std::string StoreDir() const { return dir_.path() + "/store"; }
  [[nodiscard]] std::string DatabasePath() const { return StoreDir() + "/kith.db"; }
  [[nodiscard]] const std::string& Dir() const { return dir_.path(); }
  Engine& engine() { return *engine_; }

  void AddAgency(const std::string& name, const std::string& desk = "") {
    v1::AddAgencyRequest request;
    request.mutable_agency()->set_name(name);
    request.mutable_agency()->set_desk(desk);
    const auto added = engine().AddAgency(request);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  std::uint64_t AddContact(const std::string& agency, const std::string& name) {
    v1::AddContactRequest request;
    request.mutable_contact()->set_agency(agency);
    request.mutable_contact()->set_name(name);
    const auto added = engine().AddContact(request);
    EXPECT_TRUE(added.ok()) << added.status();
    return added.ok() ? added->contact().contact_id() : 0;
  }
  void AddSeries(const std::string& code) {
    v1::AddSeriesRequest request;
    request.mutable_series()->set_code(code);
    const auto added = engine().AddSeries(request);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  absl::Status Identify(const std::string& code, const std::string& agency,
                        std::uint64_t contact_id) {
    v1::IdentifySeriesRequest request;
    request.set_code(code);
    request.set_agency(agency);
    request.set_contact_id(contact_id);
    return engine().IdentifySeries(request).status();
  }
  struct SetOptions {
    v1::Purpose purpose = v1::PURPOSE_KNOWN;
    v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
    std::uint32_t radius_bits = 31;
  };
  void AddSet(const std::string& name, const SetOptions& options) {
    v1::AddHashSetRequest request;
    request.mutable_hash_set()->set_name(name);
    request.mutable_hash_set()->set_purpose(options.purpose);
    request.mutable_hash_set()->set_dialect(options.dialect);
    request.mutable_hash_set()->set_radius_bits(options.radius_bits);
    const auto added = engine().AddHashSet(request);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  void AddSet(const std::string& name) { AddSet(name, SetOptions()); }
  void Switch(const std::string& name, bool enabled) {
    v1::SetHashSetEnabledRequest request;
    request.set_name(name);
    request.set_enabled(enabled);
    const auto switched = engine().SetHashSetEnabled(request);
    ASSERT_TRUE(switched.ok()) << switched.status();
  }
  absl::StatusOr<v1::AddEntriesResponse> Add(const std::string& set, const std::string& series,
                                             const std::vector<v1::Entry>& entries) {
    v1::AddEntriesRequest request;
    request.set_set(set);
    request.set_series(series);
    request.mutable_entries()->Assign(entries.begin(), entries.end());
    return engine().AddEntries(request);
  }
  // Adds one entry that must be taken; returns its number.
  std::uint64_t AddOne(const std::string& set, const std::string& series, const v1::Entry& entry) {
    const auto added = Add(set, series, {entry});
    EXPECT_TRUE(added.ok()) << added.status();
    return added.ok() ? added->entries(0).entry_id() : 0;
  }
  void Withdraw(std::uint64_t entry_id) {
    v1::WithdrawEntriesRequest request;
    request.add_entry_ids(entry_id);
    const auto withdrawn = engine().WithdrawEntries(request);
    ASSERT_TRUE(withdrawn.ok()) << withdrawn.status();
  }
  v1::MatchResult MatchOne(const v1::Fingerprint& query, const v1::MatchOptions& options = {}) {
    v1::MatchRequest request;
    *request.add_queries() = query;
    *request.mutable_options() = options;
    const auto response = engine().Match(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->results(0) : v1::MatchResult();
  }
  std::vector<std::uint64_t> MatchIds(const v1::Fingerprint& query) {
    std::vector<std::uint64_t> ids;
    const v1::MatchResult result = MatchOne(query);
    for (const v1::Match& match : result.matches()) ids.push_back(match.entry_id());
    return ids;
  }
  v1::VerifyStoreResponse Verify() {
    const auto verified = engine().VerifyStore({});
    EXPECT_TRUE(verified.ok()) << verified.status();
    return verified.ok() ? *verified : v1::VerifyStoreResponse();
  }

 private:
  [[nodiscard]] std::vector<std::string> IndexFiles() const {
    std::vector<std::string> names;
    std::error_code ended;  // files come and go meanwhile
    std::filesystem::recursive_directory_iterator file(IndexDir(), ended);
    for (; !ended && file != std::filesystem::recursive_directory_iterator();
         file.increment(ended)) {
      names.push_back(file->path().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  TempDir dir_;
  std::size_t keep_from_ = 65536;
  int scrub_pause_ms_ = 60'000;
  std::mutex alarms_mutex_;
  std::vector<std::string> alarms_;
  std::unique_ptr<Engine> engine_;
};

// Bytes that differ for each seed.
inline std::string Bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed * 7919 + count);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
  return bytes;
}
inline std::string Pdq(std::uint64_t seed) { return Bytes(32, seed); }

// The same hash with its first `bits` bits turned over.
inline std::string Flipped(std::string pdq, int bits) {
  for (int i = 0; i < bits; ++i) {
    pdq[static_cast<std::size_t>(i / 8)] =
        static_cast<char>(pdq[static_cast<std::size_t>(i / 8)] ^ (1 << (i % 8)));
  }
  return pdq;
}

struct CodeOptions {
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  v1::Orientation orientation = v1::ORIENTATION_UNSPECIFIED;
  int quality = -1;  // nobody knows it
};
inline v1::Code MakeCode(const std::string& pdq, const CodeOptions& options = {}) {
  v1::Code code;
  code.set_pdq(pdq);
  code.set_dialect(options.dialect);
  code.set_orientation(options.orientation);
  if (options.quality >= 0) code.set_quality(static_cast<std::uint32_t>(options.quality));
  return code;
}
inline v1::Entry PdqEntry(const std::string& pdq, const std::string& source_ref = "",
                          const CodeOptions& options = {}) {
  v1::Entry entry;
  entry.set_source_ref(source_ref);
  *entry.add_codes() = MakeCode(pdq, options);
  return entry;
}
inline v1::Entry DigestEntry(const v1::Digests& digests, const std::string& source_ref = "") {
  v1::Entry entry;
  entry.set_source_ref(source_ref);
  *entry.mutable_digests() = digests;
  return entry;
}
inline v1::Fingerprint PdqQuery(const std::string& pdq, const CodeOptions& options = {}) {
  v1::Fingerprint query;
  *query.add_codes() = MakeCode(pdq, options);
  return query;
}
inline v1::Fingerprint DigestQuery(const v1::Digests& digests) {
  v1::Fingerprint query;
  *query.mutable_digests() = digests;
  return query;
}
inline v1::Digests Sha256(const std::string& bytes) {
  v1::Digests digests;
  digests.set_sha256(bytes);
  return digests;
}
inline v1::Digests Md5(const std::string& bytes) {
  v1::Digests digests;
  digests.set_md5(bytes);
  return digests;
}

}  // namespace kith::server
