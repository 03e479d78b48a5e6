// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/exchange/formats.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/last_said.h"
#include "tools/kith/problem_list.h"
#include "tools/kith/progress.h"
#include "tools/kith/said_before.h"

namespace kith::cli {

struct ImportFlags {
  std::string set;
  std::string series;
  std::vector<std::string> files;
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

// One import, of one file: takes what a reader finds, sends it in batches and commits all of it, or
// nothing.
class ImportRun final : public exchange::Sink {
 public:
  struct Parts {
    v1::ImportService::Stub& stub;
    v1::CatalogService::Stub& catalog;
    exchange::Source& source;
    const exchange::Format& format;
    ProblemList& problems;
    const Interrupt& interrupt;
    SaidBefore& before;
  };
  ImportRun(const Program& program, const ImportFlags& flags, std::string file, const Parts& parts);
  ~ImportRun() override;
  ImportRun(const ImportRun&) = delete;
  ImportRun& operator=(const ImportRun&) = delete;

  // Returns the exit code. CANCELLED: a person stopped it, and nothing was imported.
  [[nodiscard]] absl::StatusOr<int> Run(const exchange::ReadOptions& options);

  [[nodiscard]] absl::Status Take(exchange::Entry entry, const exchange::Place& place) override;
  [[nodiscard]] absl::Status TakeBack(const std::string& source_ref, const std::string& timestamp,
                                      const exchange::Place& place) override;
  [[nodiscard]] absl::Status Problem(const exchange::Place& place, std::string reason) override;
  void Note(std::string_view what) override;
  void Carry(exchange::Carried carried) override { carried_ = std::move(carried); }

 private:
  static constexpr std::string_view kOlder =
      "record older than what its source said since, left out";

  // What was withdrawn of what the source said before.
  struct Withdrawn {
    std::uint64_t taken_back = 0;
    std::uint64_t replaced = 0;
  };
  // An entry that the set holds under a name of which the file speaks.
  struct Earlier {
    std::uint64_t entry_id = 0;
    LastSaid::Heard heard;
  };
  using Entries = std::vector<Earlier>;

  [[nodiscard]] static absl::Status Stopped();
  [[nodiscard]] absl::Status Begin();
  [[nodiscard]] absl::StatusOr<std::string> BeginImport();
  [[nodiscard]] absl::Status Read(const exchange::ReadOptions& options);
  void Abort();
  // Commits what was staged, and in the same step withdraws the entries of the set that the source
  // takes back, or no longer says so.
  [[nodiscard]] absl::StatusOr<v1::CommitImportResponse> Commit();
  // Of what the file itself said, and took back or replaced further down: once it is committed.
  [[nodiscard]] absl::Status WithdrawOwn(const v1::CommitImportResponse& done);
  [[nodiscard]] absl::StatusOr<std::uint64_t> Withdraw(
      const google::protobuf::RepeatedField<std::uint64_t>& entries, const std::string& why);
  // Notes a name of which the file speaks, and what the set holds under it.
  [[nodiscard]] absl::Status Speaks(const std::string& source_ref);
  [[nodiscard]] absl::Status LookUp(std::vector<std::string>& names, Entries& found);
  // The entries that no longer stand, each once: taken back, and replaced.
  struct Outdated {
    v1::ImportWithdrawal taken_back, replaced;
  };
  [[nodiscard]] Outdated OutdatedOf(Entries& entries) const;
  // A record that waits to be sent and that the last one leaves nothing of is not sent.
  void DropOutdated(const std::string& source_ref, bool taken_back);
  // Nor is one that is older than what the set tells.
  [[nodiscard]] absl::Status DropOlder();
  // What the file takes back at last, for the imports to remember.
  void GatherTakenBack();
  // The rest of that, which found no place in the import itself.
  [[nodiscard]] absl::Status RememberRest();
  [[nodiscard]] absl::Status Send();
  [[nodiscard]] absl::Status MayCommit() const;
  [[nodiscard]] std::string Unit() const;
  [[nodiscard]] double Rate() const;
  void ShowProgress();
  void Summary(const v1::CommitImportResponse& done) const;
  void SummaryForPeople(const v1::CommitImportResponse& done) const;
  void RemarksForPeople(const v1::CommitImportResponse& done) const;

  const Program& program_;
  const ImportFlags& flags_;
  const std::string file_;
  const Parts parts_;
  Progress progress_;
  std::string import_id_;
  // A record that waits to be sent.
  struct Waiting {
    v1::Entry record;
    exchange::Place place;
    std::size_t number = 0;  // in last_said_
    bool dropped = false;
  };
  std::vector<Waiting> waiting_;
  std::unordered_map<std::string, std::size_t> waits_;  // by source_ref, where records replace
  std::size_t waiting_bytes_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t taken_back_ = 0;  // records that do
  std::uint64_t bad_ = 0;
  std::uint64_t either_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> notes_;
  exchange::Carried carried_;  // what the file says beside its records
  // Of a format whose records replace what the source said before.
  LastSaid last_said_;
  std::vector<std::string> names_;  // that are not looked up yet
  Entries earlier_;                 // of before this import
  std::vector<std::string> again_;  // names of which the file speaks more than once
  std::vector<TakenBack> taken_back_at_;
  std::vector<v1::Carried> remembered_;
  Withdrawn withdrawn_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  double seconds_ = 0;  // until what was read was durable
};

}  // namespace kith::cli
