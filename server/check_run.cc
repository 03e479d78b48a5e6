// SPDX-License-Identifier: Apache-2.0
#include "server/check_run.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/deciding.h"
#include "server/casework/schema.h"
#include "server/catalog/names.h"
#include "server/internal/check_bounds.h"
#include "server/internal/margins.h"
#include "server/internal/stale.h"

namespace kith::server {
namespace {

constexpr std::size_t kMatchedAgainAtOnce = 256;
// Knowledge may change while files are matched again; after so many rounds the report says so.
constexpr int kMatchAgainRounds = 3;
// A batch is matched again when alerts of a later change were raised meanwhile, or have to be
// before a verdict on record gives way. That takes a change each time, so more than one is rare.
constexpr int kMatchBatchRounds = 100;
constexpr std::uint64_t kMaxCount = std::numeric_limits<std::int64_t>::max() / 4;

}  // namespace

class Casework::RunOfCheck final : public CheckRun {
 public:
  // A look-up owns its ledger.
  struct Memory {
    std::unique_ptr<catalog::Database> database;
    std::unique_ptr<casework::Ledger> ledger;
  };

  RunOfCheck(Casework* casework, Memory memory, casework::Run run, const v1::MatchStreamOpen& open,
             v1::MatchStreamOpened opened)
      : casework_(*casework),
        memory_(std::move(memory)),
        ledger_(memory_.ledger ? memory_.ledger.get() : &casework_.ledger_),
        run_(run),
        open_(open),
        opened_(std::move(opened)) {}
  ~RunOfCheck() override { casework_.look_up_bytes_ -= ledger_bytes_; }
  RunOfCheck(const RunOfCheck&) = delete;
  RunOfCheck& operator=(const RunOfCheck&) = delete;

  [[nodiscard]] const v1::MatchStreamOpened& Opened() const override { return opened_; }

  [[nodiscard]] absl::StatusOr<v1::MatchStreamBatchResult> Batch(
      const v1::MatchStreamBatch& batch) override {
    if (ended_) return absl::FailedPreconditionError("a batch after the end of the run");
    if (static_cast<std::uint32_t>(batch.files_size()) > kMaxQueriesABatch) {
      return absl::ResourceExhaustedError(
          absl::StrCat(batch.files_size(), " files in one batch: at most ", kMaxQueriesABatch));
    }
    std::deque<v1::EvidenceFile> shortened;
    std::vector<const v1::EvidenceFile*> files;
    std::vector<const v1::Fingerprint*> queries;
    for (const v1::EvidenceFile& file : batch.files()) {
      if (auto status = CheckFile(file, files.size()); !status.ok()) return status;
      auto status = CheckMargin(file.fingerprint(), memory_.ledger == nullptr, files.size());
      if (!status.ok()) return status;
      files.push_back(Bounded(file, shortened));
      queries.push_back(&file.fingerprint());
    }
    auto matched = MatchAll(queries);
    if (!matched.ok()) return matched.status();
    auto status = RecordSettled(files, *matched);
    for (int i = 0; absl::IsAborted(status) && i < kMatchBatchRounds; ++i) {
      matched = MatchAll(queries);
      if (!matched.ok()) return matched.status();
      status = Watch(matched->change);
      if (status.ok()) status = RecordSettled(files, *matched);
    }
    if (!status.ok()) return status;
    v1::MatchStreamBatchResult response;
    for (v1::MatchResult& result : matched->results) {
      casework::Shorten(result, WantedLimit());
      *response.add_results() = std::move(result);
    }
    return response;
  }

  [[nodiscard]] absl::Status End(const v1::MatchStreamEnd& end,
                                 const std::function<bool(v1::Report)>& emit) override {
    if (ended_) return absl::FailedPreconditionError("the run has already ended");
    ended_ = true;
    if (IsAnswerOnly()) return absl::OkStatus();
    if (auto status = MatchStaleAgain(); !status.ok()) return status;
    std::vector<std::string> errors = WalkErrors(end);
    if (long_paths_ > 0) {
      errors.push_back(absl::StrCat(
          "files whose path is longer than 64 KiB, answered and left out: ", long_paths_));
    }
    if (unsettled_ > 0) {
      errors.push_back(
          absl::StrCat("files that may match what was entered while the check ran, and were not "
                       "hashed exactly: ",
                       unsettled_, "; run the check again"));
    }
    if (auto status =
            ledger_->FinishRun(run_, {.interrupted = !end.complete(),
                                      .entries_walked = std::min(end.entries_walked(), kMaxCount),
                                      .entries_sent = sent_.size(),
                                      .entries_resumed = std::min(end.entries_resumed(), kMaxCount),
                                      .entries_kept = kept_.size(),
                                      .walk_errors = errors});
        !status.ok()) {
      return OfLedger(status);
    }
    if (!open_.want_report()) return absl::OkStatus();
    v1::GetReportRequest request;
    request.set_case_name(open_.case_name());
    request.set_record(memory_.ledger == nullptr);
    request.set_who(open_.who());
    return casework_.GiveReport(*ledger_, request, emit);
  }

 private:
  // Nobody will read a ledger of it: such a run may go on for ever in constant memory.
  [[nodiscard]] bool IsAnswerOnly() const { return memory_.ledger && !open_.want_report(); }

  // What asks for exact codes is recorded as matched before all changes: the end of the run looks
  // at it again.
  absl::Status RecordSettled(const std::vector<const v1::EvidenceFile*>& files,
                             const Matched& matched) {
    std::vector<const v1::EvidenceFile*> settled_files;
    std::vector<const v1::EvidenceFile*> other_files;
    Matched settled{.results = {}, .change = matched.change};
    Matched others{.results = {}, .change = 0};
    for (std::size_t i = 0; i < files.size(); ++i) {
      const bool wanted = matched.results[i].exact_wanted();
      (wanted ? other_files : settled_files).push_back(files[i]);
      (wanted ? others : settled).results.push_back(matched.results[i]);
    }
    if (other_files.empty()) return LeaveLongPathsOut(files, matched);
    if (auto status = LeaveLongPathsOut(settled_files, settled); !status.ok()) return status;
    return LeaveLongPathsOut(other_files, others);
  }

  // One file with such a path must not end a run over a million.
  absl::Status LeaveLongPathsOut(const std::vector<const v1::EvidenceFile*>& files,
                                 const Matched& matched) {
    const auto too_long = [](const v1::EvidenceFile* file) {
      return file->path().size() > kMaxPathBytes;
    };
    if (std::none_of(files.begin(), files.end(), too_long)) return Record(files, matched);
    std::vector<const v1::EvidenceFile*> rest;
    Matched of_rest{.results = {}, .change = matched.change};
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (too_long(files[i])) continue;
      rest.push_back(files[i]);
      of_rest.results.push_back(matched.results[i]);
    }
    auto status = Record(rest, of_rest);
    if (status.ok()) long_paths_ += files.size() - rest.size();
    return status;
  }

  absl::Status Record(std::span<const v1::EvidenceFile* const> files, const Matched& matched) {
    if (IsAnswerOnly()) return absl::OkStatus();
    if (memory_.ledger && casework_.look_up_bytes_ >= casework_.options_.look_up_bytes) {
      return TooLarge();
    }
    const auto outcomes = ledger_->Record(run_, files, matched.results, matched.change);
    if (!outcomes.ok()) return OfLedger(outcomes.status());
    if (auto status = CountLedger(); !status.ok()) return status;
    for (const casework::PathOutcome& outcome : *outcomes) {
      sent_.insert(outcome.path_id);
      if (outcome.kept) kept_.insert(outcome.path_id);
    }
    return absl::OkStatus();
  }

  absl::Status CountLedger() {
    if (memory_.ledger == nullptr) return absl::OkStatus();
    auto read = memory_.database->BeginRead();
    if (!read.ok()) return read.status();
    catalog::Statement size =
        read->Prepare("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    if (const auto row = size.Step(); !row.ok()) return row.status();
    casework_.look_up_bytes_ += size.Id(0) - ledger_bytes_;
    ledger_bytes_ = size.Id(0);
    return absl::OkStatus();
  }

  [[nodiscard]] absl::Status TooLarge() const {
    return absl::ResourceExhaustedError(absl::StrCat(
        "look-ups keep what they find in memory until their reports are made, at most ",
        casework_.options_.look_up_bytes >> 20,
        " MiB together, and that is full: record this one in a case (kith check --case), or check "
        "fewer files at a time"));
  }

  // A ledger in memory is full otherwise than a disk.
  [[nodiscard]] absl::Status OfLedger(const absl::Status& status) const {
    return memory_.ledger && absl::IsResourceExhausted(status) ? TooLarge() : status;
  }

  // Before verdicts on record give way to those of `change`: whoever has the old report is told.
  absl::Status Watch(std::uint64_t change) {
    return memory_.ledger ? absl::OkStatus() : casework_.options_.watch(change);
  }

  [[nodiscard]] std::uint32_t WantedLimit() const {
    return open_.options().limit() == 0 ? kDefaultLimit : open_.options().limit();
  }

  // All matches that the ledger keeps, not only those that the client wants to be told.
  absl::StatusOr<Matched> MatchAll(std::span<const v1::Fingerprint* const> queries) {
    v1::MatchOptions options = open_.options();
    options.set_limit(IsAnswerOnly()
                          ? WantedLimit()
                          : std::max<std::uint32_t>(WantedLimit(), casework::kMatchesKept));
    auto matched = casework_.options_.match(queries, options);
    if (matched.ok() && matched->results.size() != queries.size()) {
      return absl::InternalError("the matcher gave another number of answers than of queries");
    }
    return matched;
  }

  [[nodiscard]] absl::StatusOr<std::uint64_t> StaleBeforeNow() const {
    const std::uint64_t now = casework_.catalog_->Version().change();
    if (memory_.ledger) return now;
    return StaleBefore(*casework_.catalog_, *ledger_, now);
  }

  // So that the report is of one state of knowledge and one radius.
  absl::Status MatchStaleAgain() {
    for (int round = 0; round < kMatchAgainRounds; ++round) {
      const auto change = StaleBeforeNow();
      if (!change.ok()) return change.status();
      std::uint64_t after = 0;
      bool any = false;
      unsettled_ = 0;
      while (true) {
        auto stale = ledger_->StaleFiles(run_, *change, after, kMatchedAgainAtOnce);
        if (!stale.ok()) return stale.status();
        if (stale->empty()) break;
        after = stale->back().file_id;
        KeepMatchable(*stale);
        std::vector<const v1::Fingerprint*> queries;
        for (const casework::StoredFile& file : *stale) queries.push_back(&file.fingerprint);
        auto matched = MatchAll(queries);
        if (!matched.ok()) return matched.status();
        unsettled_ += TakeUnsettledOut(*stale, *matched);
        if (stale->empty()) continue;
        any = true;
        auto status = Watch(matched->change);
        if (!status.ok()) return status;
        status = ledger_->RecordAgain(run_, *stale, matched->results, matched->change);
        // Alerts of a later change were raised meanwhile, on the record as it is: it stays so
        // until the next round.
        if (!status.ok() && !absl::IsAborted(status)) return OfLedger(status);
      }
      if (!any) break;
    }
    return absl::OkStatus();
  }

  Casework& casework_;
  Memory memory_;
  casework::Ledger* ledger_;
  const casework::Run run_;
  const v1::MatchStreamOpen open_;
  const v1::MatchStreamOpened opened_;
  std::unordered_set<std::uint64_t> sent_;  // distinct paths of this run, by number
  std::unordered_set<std::uint64_t> kept_;
  std::uint64_t unsettled_ = 0;  // files with a margin that may match what came meanwhile
  std::uint64_t long_paths_ = 0;
  std::uint64_t ledger_bytes_ = 0;  // of a look-up's, as counted in look_up_bytes_
  bool ended_ = false;
};

Casework::Casework(catalog::Catalog* catalog, CaseworkOptions options)
    : catalog_(catalog),
      options_(std::move(options)),
      ledger_(&catalog->database(), &catalog->directory(), true) {}

// Clerical set-up must not hold up a check: an agency that nobody has entered is entered now, and
// the answer says so.
absl::StatusOr<std::uint64_t> Casework::FindOrAddAgency(const std::string& name, bool& is_new) {
  const auto known = catalog_->directory().agencies.ByName(name);
  if (known != nullptr) return known->agency_id();
  v1::Agency agency;
  agency.set_name(name);
  const auto added = catalog_->AddAgency(agency);
  if (added.ok()) {
    is_new = true;
    return added->agency_id();
  }
  if (!absl::IsAlreadyExists(added.status())) return added.status();
  const auto raced = catalog_->directory().agencies.ByName(name);  // another run was faster
  if (raced == nullptr) return added.status();
  return raced->agency_id();
}

absl::StatusOr<std::unique_ptr<CheckRun>> Casework::StartCheck(const v1::MatchStreamOpen& open) {
  if (open.root().size() > kMaxPathBytes) {
    return absl::InvalidArgumentError("the root of the run is longer than 64 KiB");
  }
  // Not at its end, when the report goes on record.
  if (auto status = catalog::CheckOptionalName("who", open.who()); !status.ok()) return status;
  if (auto status = CheckLibraries(open); !status.ok()) return status;
  RunOfCheck::Memory memory;
  casework::Ledger* ledger = &ledger_;
  std::uint64_t agency_id = 0;
  v1::MatchStreamOpened opened;
  if (open.case_name().empty()) {
    auto database = catalog::Database::Open({.path = "look-up",
                                             .durability = catalog::Durability::kMemory,
                                             .migrations = casework::CaseworkMigrations(),
                                             .max_bytes = options_.look_up_bytes});
    if (!database.ok()) return database.status();
    memory.database = *std::move(database);
    memory.ledger =
        std::make_unique<casework::Ledger>(memory.database.get(), &catalog_->directory());
    ledger = memory.ledger.get();
  } else {
    const auto name = casework::ParseCaseName(open.case_name());
    if (!name.ok()) return name.status();
    bool new_agency = false;
    const auto agency = FindOrAddAgency(name->agency, new_agency);
    if (!agency.ok()) return agency.status();
    agency_id = *agency;
    opened.set_new_agency(new_agency);
  }
  const auto radius_bits =
      open.options().has_radius_bits() ? std::optional(open.options().radius_bits()) : std::nullopt;
  const std::vector<std::string> libraries(open.libraries().begin(), open.libraries().end());
  const auto run =
      ledger->StartRun(open.case_name(), agency_id, open.root(), radius_bits, libraries);
  if (!run.ok()) return run.status();
  opened.set_new_case(run->new_case && !open.case_name().empty());
  opened.set_recorded_paths(run->recorded_paths);
  *opened.mutable_index_version() = catalog_->Version();
  const auto now = catalog_->Now();
  if (!now.ok()) return now.status();
  const std::vector<v1::Dialect> dialects = catalog_->DialectsInUse(*now);
  opened.set_takes_margins(open.case_name().empty() &&
                           std::all_of(dialects.begin(), dialects.end(), [](v1::Dialect dialect) {
                             return dialect == v1::DIALECT_FULL;
                           }));
  return std::make_unique<RunOfCheck>(this, std::move(memory), *run, open, std::move(opened));
}

}  // namespace kith::server
