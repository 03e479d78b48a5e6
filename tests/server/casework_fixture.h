// SPDX-License-Identifier: Apache-2.0
//
// A store in a temporary folder, with two sets, two series, and evidence made from numbers.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "server/engine.h"

namespace kith::server::testing {

// The value of an answer; ends the program when there is none, which fails the test.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    ADD_FAILURE() << value.status();
    abort();
  }
  return *std::move(value);
}
inline void Must(const absl::Status& status) { EXPECT_TRUE(status.ok()) << status; }

// 32 bytes that depend on nothing but the number. Two of them lie about 128 bits apart.
inline std::string Bytes32(std::uint64_t number, std::uint64_t kind) {
  std::mt19937_64 random(number * 1000 + kind);
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint64_t word = random();
    for (int shift = 0; shift < 64; shift += 8) bytes.push_back(static_cast<char>(word >> shift));
  }
  return bytes;
}
inline std::string Sha256Of(std::uint64_t picture) { return Bytes32(picture, 1); }
// The PDQ of a picture with its first `bits` bits flipped.
inline std::string PdqOf(std::uint64_t picture, int bits = 0) {
  std::string pdq = Bytes32(picture, 2);
  for (int i = 0; i < bits; ++i) {
    pdq[static_cast<std::size_t>(i / 8)] =
        static_cast<char>(pdq[static_cast<std::size_t>(i / 8)] ^ (0x80 >> (i % 8)));
  }
  return pdq;
}

inline void AddCode(v1::Fingerprint& fingerprint, const std::string& pdq) {
  v1::Code* code = fingerprint.add_codes();
  code->set_pdq(pdq);
  code->set_quality(90);
  code->mutable_view()->set_crop(v1::CROP_ORIGINAL);
  code->set_orientation(v1::ORIENTATION_ORIGINAL);
  code->set_dialect(v1::DIALECT_FULL);
}

// A file that was hashed. `bits` away from picture `picture`; content differs when bits > 0.
inline v1::EvidenceFile Picture(const std::string& path, std::uint64_t picture, int bits = 0) {
  v1::EvidenceFile file;
  file.set_path(path);
  file.set_device(7);
  file.set_inode(std::hash<std::string>{}(path) >> 1);
  file.set_mtime_ns(1'700'000'000'000'000'000);
  v1::Fingerprint& fingerprint = *file.mutable_fingerprint();
  fingerprint.set_disposition(v1::DISPOSITION_HASHED);
  fingerprint.mutable_digests()->set_sha256(
      bits == 0 ? Sha256Of(picture) : Bytes32(picture, 100 + static_cast<std::uint64_t>(bits)));
  AddCode(fingerprint, PdqOf(picture, bits));
  fingerprint.set_format("jpeg");
  fingerprint.set_width(640);
  fingerprint.set_height(480);
  fingerprint.set_size_bytes(1000 + picture);
  return file;
}

// A file that became something else than hashed; with content where `content` is not 0.
inline v1::EvidenceFile Other(const std::string& path, v1::Disposition disposition,
                              std::uint64_t content = 0) {
  v1::EvidenceFile file = Picture(path, content);
  v1::Fingerprint& fingerprint = *file.mutable_fingerprint();
  fingerprint.clear_codes();
  fingerprint.clear_format();
  fingerprint.set_disposition(disposition);
  if (content == 0) fingerprint.clear_digests();
  return file;
}

inline v1::Entry EntryOf(std::uint64_t picture) {
  v1::Entry entry;
  entry.mutable_digests()->set_sha256(Sha256Of(picture));
  v1::Fingerprint fingerprint;
  AddCode(fingerprint, PdqOf(picture));
  *entry.mutable_codes() = fingerprint.codes();
  return entry;
}

class CaseworkTest : public ::testing::Test {
 protected:
  CaseworkTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kith-casework-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) abort();
    folder_ = name;
    OpenEngine();
    AddSet("known", v1::PURPOSE_KNOWN);
    AddSet("harmless", v1::PURPOSE_BENIGN);
    v1::AddAgencyRequest agency;
    agency.mutable_agency()->set_name("LKA");
    agency.mutable_agency()->set_desk("+49 711 1");
    Must(engine_->AddAgency(agency));
    v1::AddContactRequest contact;
    contact.mutable_contact()->set_agency("LKA");
    contact.mutable_contact()->set_name("A. Officer");
    contact.mutable_contact()->set_phone("+49 711 2");
    contact_id_ = Must(engine_->AddContact(contact)).contact().contact_id();
    AddSeries("BLUE");
    AddSeries("RED");
    Identify("BLUE");
  }
  // Whatever a test did, the ledger agrees with itself.
  ~CaseworkTest() override {
    for (const std::string& problem : Must(engine_->VerifyStore({})).problems()) {
      ADD_FAILURE() << problem;
    }
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }

  void OpenEngine() {
    engine_.reset();
    EngineOptions options;
    options.store_dir = folder_ + "/store";
    std::filesystem::create_directories(options.store_dir);
    engine_ = Must(Engine::Open(options));
  }
  void AddSet(const std::string& name, v1::Purpose purpose) {
    v1::AddHashSetRequest request;
    request.mutable_hash_set()->set_name(name);
    request.mutable_hash_set()->set_purpose(purpose);
    request.mutable_hash_set()->set_enabled(true);
    request.mutable_hash_set()->set_dialect(v1::DIALECT_FULL);
    Must(engine_->AddHashSet(request));
  }
  void AddSeries(const std::string& code) {
    v1::AddSeriesRequest request;
    request.mutable_series()->set_code(code);
    Must(engine_->AddSeries(request));
  }
  // Words that touch no verdict.
  void NoteOn(const std::string& code) {
    v1::EditSeriesRequest series;
    series.set_code(code);
    series.set_note("seen in the south");
    Must(engine_->EditSeries(series));
  }
  void MoveDesk(const std::string& name) {
    v1::EditAgencyRequest agency;
    agency.set_name(name);
    agency.set_desk("+49 711 9");
    Must(engine_->EditAgency(agency));
  }
  void Identify(const std::string& code) {
    v1::IdentifySeriesRequest request;
    request.set_code(code);
    request.set_agency("LKA");
    request.set_contact_id(contact_id_);
    request.set_identified_on("2026-01-02");
    Must(engine_->IdentifySeries(request));
  }
  // Returns the number of the entry.
  std::uint64_t AddEntry(const std::string& set, const std::string& series, std::uint64_t picture) {
    v1::AddEntriesRequest request;
    request.set_set(set);
    request.set_series(series);
    *request.add_entries() = EntryOf(picture);
    return Must(engine_->AddEntries(request)).entries(0).entry_id();
  }
  void Withdraw(std::uint64_t entry_id) {
    v1::WithdrawEntriesRequest request;
    request.add_entry_ids(entry_id);
    Must(engine_->WithdrawEntries(request));
  }

  std::unique_ptr<CheckRun> Start(const std::string& case_name,
                                  const std::string& root = "/seized") {
    v1::MatchStreamOpen open;
    open.set_case_name(case_name);
    open.set_root(root);
    open.set_want_report(true);
    return Must(engine_->StartCheck(open));
  }
  static v1::MatchStreamBatchResult Send(CheckRun& run,
                                         const std::vector<v1::EvidenceFile>& files) {
    v1::MatchStreamBatch batch;
    for (const v1::EvidenceFile& file : files) *batch.add_files() = file;
    return Must(run.Batch(batch));
  }
  static v1::Report End(CheckRun& run, std::uint64_t walked, std::uint64_t resumed = 0,
                        bool complete = true, const std::vector<std::string>& walk_errors = {}) {
    v1::MatchStreamEnd end;
    end.set_complete(complete);
    end.set_entries_walked(walked);
    end.set_entries_resumed(resumed);
    for (const std::string& error : walk_errors) end.add_walk_errors(error);
    v1::Report report;
    Must(run.End(end, [&](v1::Report fragment) {
      report.MergeFrom(fragment);
      return true;
    }));
    return report;
  }
  // A whole run.
  v1::Report Check(const std::string& case_name, const std::vector<v1::EvidenceFile>& files,
                   std::uint64_t resumed = 0) {
    auto run = Start(case_name);
    Send(*run, files);
    return End(*run, files.size() + resumed, resumed);
  }
  std::vector<v1::Report> Fragments(const std::string& case_name) {
    v1::GetReportRequest request;
    request.set_case_name(case_name);
    std::vector<v1::Report> fragments;
    Must(engine_->GetReport(request, [&](v1::GetReportResponse response) {
      fragments.push_back(std::move(*response.mutable_report()));
      return true;
    }));
    return fragments;
  }
  v1::Report GetReport(const v1::GetReportRequest& request) {
    v1::Report report;
    Must(engine_->GetReport(request, [&](v1::GetReportResponse response) {
      report.MergeFrom(response.report());
      return true;
    }));
    return report;
  }
  v1::Report GetReport(const std::string& case_name) {
    v1::Report report;
    for (const v1::Report& fragment : Fragments(case_name)) report.MergeFrom(fragment);
    return report;
  }
  v1::GetCaseResponse GetCase(const std::string& name) {
    v1::GetCaseRequest request;
    request.set_name(name);
    return Must(engine_->GetCase(request));
  }
  std::vector<v1::RecordedPath> RecordedPaths(const std::string& case_name,
                                              const std::string& root = "/seized") {
    v1::ListRecordedPathsRequest request;
    request.set_case_name(case_name);
    request.set_root(root);
    std::vector<v1::RecordedPath> paths;
    Must(engine_->ListRecordedPaths(request, [&](v1::ListRecordedPathsResponse response) {
      paths.insert(paths.end(), response.paths().begin(), response.paths().end());
      return true;
    }));
    return paths;
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t contact_id_ = 0;
};

// The counts of a report that are not zero, and what must hold of every report.
struct Sums {
  std::map<v1::Verdict, std::pair<std::uint64_t, std::uint64_t>> verdicts;  // files, paths
  std::map<v1::Disposition, std::uint64_t> dispositions;
  std::map<std::uint32_t, std::uint64_t> distances;
};
inline Sums SumsOf(const v1::Report& report) {
  Sums sums;
  const v1::ReportSummary& summary = report.summary();
  EXPECT_EQ(summary.verdicts_size(), 6);
  EXPECT_EQ(summary.dispositions_size(), 12);
  EXPECT_EQ(summary.distances_size(), 32);
  std::uint64_t files = 0;
  std::uint64_t paths = 0;
  std::uint64_t entries = 0;
  std::uint64_t listed_files = 0;
  std::uint64_t listed_paths = 0;
  for (const auto& count : summary.verdicts()) {
    files += count.files();
    paths += count.paths();
    if (count.paths() > 0) sums.verdicts[count.verdict()] = {count.files(), count.paths()};
  }
  for (const auto& count : summary.dispositions()) {
    entries += count.paths();
    if (count.paths() > 0) sums.dispositions[count.disposition()] = count.paths();
  }
  for (const auto& count : summary.distances()) {
    if (count.files() > 0) sums.distances[count.distance_bits()] = count.files();
  }
  for (const v1::ReportFile& file : report.files()) {
    if (!file.continued()) ++listed_files;
    listed_paths += static_cast<std::uint64_t>(file.paths_size());
  }
  EXPECT_EQ(files, summary.files());
  EXPECT_EQ(entries, summary.entries_walked());
  EXPECT_EQ(paths, summary.entries_walked());
  EXPECT_EQ(listed_files, summary.files());
  EXPECT_EQ(listed_paths, summary.entries_walked());
  return sums;
}

inline const v1::ReportFile& FileAt(const v1::Report& report, const std::string& path) {
  for (const v1::ReportFile& file : report.files()) {
    for (const std::string& other : file.paths()) {
      if (other == path) return file;
    }
  }
  ADD_FAILURE() << "no file at " << path;
  return v1::ReportFile::default_instance();
}

}  // namespace kith::server::testing
