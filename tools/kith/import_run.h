// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/exchange/formats.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/last_said.h"
#include "tools/kith/progress.h"

namespace kith::cli {

struct ImportFlags {
  std::string set;
  std::string series;
  std::string file;
  std::string format;  // empty: told by the content
  std::string dialect = "unknown";
  std::string kind = "by-length";
  std::string problems;  // where all problems are written; empty: nowhere
  std::string series_names = "create";
  std::string scheme;  // of categories; empty: as the file says
  std::string who;
  bool keep_text = false;
  bool skip_bad = false;
  bool strict = false;
};

// One import: takes what a reader finds, sends it in batches and commits all of it, or nothing.
class ImportRun final : public exchange::Sink {
 public:
  ImportRun(const Program& program, const ImportFlags& flags, v1::ImportService::Stub& stub,
            v1::CatalogService::Stub& catalog, exchange::Source& source,
            const exchange::Format& format);
  ~ImportRun() override;
  ImportRun(const ImportRun&) = delete;
  ImportRun& operator=(const ImportRun&) = delete;

  // Returns the exit code.
  [[nodiscard]] absl::StatusOr<int> Run(const exchange::ReadOptions& options);

  [[nodiscard]] absl::Status Take(exchange::Entry entry, const exchange::Place& place) override;
  [[nodiscard]] absl::Status TakeBack(const std::string& source_ref, const std::string& timestamp,
                                      const exchange::Place& place) override;
  [[nodiscard]] absl::Status Problem(const exchange::Place& place, std::string reason) override;
  void Note(std::string_view what) override;
  void Carry(exchange::Carried carried) override { carried_ = std::move(carried); }

 private:
  [[nodiscard]] absl::Status Begin();
  // Commits what was staged, if anything was.
  [[nodiscard]] absl::StatusOr<v1::CommitImportResponse> Commit();
  // What was withdrawn of what the source said before.
  struct Withdrawn {
    std::uint64_t taken_back = 0;
    std::uint64_t replaced = 0;
  };
  // Withdraws the entries of the set that the source takes back, or no longer says so. After
  // Commit: what replaces an entry matches before that one is silent. A run that was killed in
  // between is made good by the same file once more.
  [[nodiscard]] absl::StatusOr<Withdrawn> WithdrawOutdated();
  [[nodiscard]] absl::StatusOr<std::uint64_t> Withdraw(const std::vector<std::uint64_t>& entries,
                                                       const std::string& why);
  [[nodiscard]] absl::Status Send();
  [[nodiscard]] absl::Status MayCommit() const;
  [[nodiscard]] absl::Status CloseProblems();
  // After a write that failed: errno says why.
  [[nodiscard]] absl::Status ProblemsNotWritten() const;
  [[nodiscard]] std::string Unit() const;
  void Summary(const v1::CommitImportResponse& done, const Withdrawn& withdrawn) const;
  void SummaryForPeople(const v1::CommitImportResponse& done, const Withdrawn& withdrawn) const;

  const Program& program_;
  const ImportFlags& flags_;
  v1::ImportService::Stub& stub_;
  v1::CatalogService::Stub& catalog_;
  exchange::Source& source_;
  const exchange::Format& format_;
  Progress progress_;
  std::string import_id_;
  v1::AddImportRecordsRequest request_;
  std::size_t request_bytes_ = 0;
  std::vector<exchange::Place> places_;  // of each record of the request
  std::vector<std::size_t> numbers_;     // of each record of the request in last_said_
  std::uint64_t batches_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t taken_back_ = 0;  // records that do
  std::uint64_t bad_ = 0;
  std::uint64_t either_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> notes_;
  exchange::Carried carried_;  // what the file says beside its records
  LastSaid last_said_;         // of a format whose records replace what the source said before
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> problems_;
};

}  // namespace kith::cli
