// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/import_run.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::ImportService::Stub;

// Records and bytes a batch, below the limits that the service tells.
constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kBatchBytes = std::size_t{4} << 20;
constexpr std::size_t kBadShown = 20;
constexpr std::size_t kMaxNotes = 100;
constexpr std::size_t kMaxCommitBytes = std::size_t{30} << 20;  // the service takes 32 MiB

// What a reader left out, and why: "2 records of the empty file".
std::string LeftOut(const std::map<std::string, std::uint64_t, std::less<>>& notes) {
  constexpr std::string_view kRecord = "record ";
  std::string all;
  for (const auto& [what, count] : notes) {
    if (!all.empty()) all += "; ";
    all += what.starts_with(kRecord)
               ? report::Counted(count, "record") + " " + what.substr(kRecord.size())
               : what + ": " + report::Number(count);
  }
  return all;
}

}  // namespace

ImportRun::ImportRun(const Program& program, const ImportFlags& flags, std::string file,
                     const Parts& parts)
    : program_(program), flags_(flags), file_(std::move(file)), parts_(parts), progress_(program) {}

ImportRun::~ImportRun() = default;

absl::Status ImportRun::Stopped() { return absl::CancelledError("stopped: nothing was imported"); }

absl::StatusOr<int> ImportRun::Run(const exchange::ReadOptions& options) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  if (absl::Status status = Read(options); !status.ok()) {
    progress_.Clear();
    Abort();
    return status;
  }
  const auto committed = Commit();
  if (absl::IsInvalidArgument(committed.status())) Abort();
  if (!committed.ok()) return committed.status();
  if (absl::Status status = WithdrawOwn(*committed); !status.ok()) return status;
  if (absl::Status status = RememberRest(); !status.ok()) return status;
  Summary(*committed);
  return kExitDone;
}

absl::Status ImportRun::Read(const exchange::ReadOptions& options) {
  absl::Status status = parts_.problems.Open();
  if (status.ok() && parts_.format.replaces) status = parts_.before.Read(parts_.stub, flags_.set);
  if (status.ok()) status = parts_.format.read(parts_.source, options, *this);
  if (status.ok()) status = Send();
  if (status.ok()) status = LookUp(names_, earlier_);
  // Whatever went wrong then: a Ctrl-C ends also who writes into a pipe.
  if (parts_.interrupt.requested()) status = Stopped();
  progress_.Clear();
  if (status.ok()) status = MayCommit();
  if (status.ok()) status = parts_.problems.Flush();
  return status;
}

void ImportRun::Abort() {
  // Without an answer the service drops the import by itself.
  v1::AbortImportRequest abort;
  abort.set_import_id(import_id_);
  (void)Call(parts_.stub, &Stub::AbortImport, abort);
}

absl::StatusOr<v1::CommitImportResponse> ImportRun::Commit() {
  v1::CommitImportRequest commit;
  commit.set_import_id(import_id_);
  commit.set_batches(batches_);
  last_said_.Finish();
  GatherTakenBack();
  // The formats that take back say nothing beside their records.
  *commit.mutable_carried() = remembered_.empty() ? carried_ : remembered_.front();
  Outdated outdated = OutdatedOf(earlier_);
  withdrawn_.taken_back += static_cast<std::uint64_t>(outdated.taken_back.entry_ids_size());
  withdrawn_.replaced += static_cast<std::uint64_t>(outdated.replaced.entry_ids_size());
  for (v1::ImportWithdrawal* some : {&outdated.taken_back, &outdated.replaced}) {
    if (!some->entry_ids().empty()) *commit.add_withdraw() = std::move(*some);
  }
  if (commit.ByteSizeLong() > kMaxCommitBytes) {
    Abort();
    return absl::ResourceExhaustedError(
        "the file takes back more than can be withdrawn in one step: divide it");
  }
  progress_.Show("storing and indexing");
  auto committed = Call(parts_.stub, &Stub::CommitImport, commit);
  progress_.Clear();
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return committed;
}

absl::Status ImportRun::Begin() {
  auto begun = BeginImport();
  if (!begun.ok()) return begun.status();
  import_id_ = *std::move(begun);
  return absl::OkStatus();
}

absl::StatusOr<std::string> ImportRun::BeginImport() {
  v1::BeginImportRequest begin;
  begin.set_set(flags_.set);
  begin.set_series(flags_.series);
  begin.set_series_names(flags_.series_names == "create" ? v1::SERIES_NAMES_CREATE
                         : flags_.series_names == "link" ? v1::SERIES_NAMES_LINK
                                                         : v1::SERIES_NAMES_IGNORE);
  begin.set_source(file_ == "-" ? "standard input" : report::EscapeText(file_));
  begin.set_who(flags_.who);
  begin.set_by_source_ref(parts_.format.replaces);
  const auto begun = Call(parts_.stub, &Stub::BeginImport, begin);
  if (absl::IsNotFound(begun.status())) {
    const auto message = begun.status().message();
    return absl::NotFoundError(
        fmt::format("{}; add a set with: kith set add NAME, a series with: kith series add CODE",
                    std::string(message.data(), message.size())));
  }
  if (!begun.ok()) return begun.status();
  return begun->import_id();
}

absl::Status ImportRun::Take(exchange::Entry entry, const exchange::Place& place) {
  if (parts_.interrupt.requested()) return Stopped();
  ++taken_;
  for (const v1::Code& code : entry.codes()) {
    if (code.pdq() == entry.digests().sha256()) ++either_;
  }
  Waiting waiting;
  if (parts_.format.replaces) {
    const auto number = last_said_.Says(entry);
    if (!number.ok()) return number.status();
    waiting.number = *number;
    if (last_said_.outdated()) {
      Note(kOlder);
      return absl::OkStatus();
    }
    DropOutdated(entry.source_ref(), false);
    if (auto status = Speaks(entry.source_ref()); !status.ok()) return status;
    waits_[entry.source_ref()] = waiting_.size();
  }
  if (!flags_.series.empty() && !entry.series().empty() && entry.series() != flags_.series) {
    Note("record that names another series than --series: its name is carried only");
  }
  waiting_bytes_ += entry.ByteSizeLong();
  waiting.record = std::move(entry);
  waiting.place = place;
  waiting_.push_back(std::move(waiting));
  return waiting_.size() < kBatch && waiting_bytes_ < kBatchBytes ? absl::OkStatus() : Send();
}

absl::Status ImportRun::Send() {
  if (auto status = DropOlder(); !status.ok()) return status;
  std::erase_if(waiting_, [](const Waiting& one) { return one.dropped; });
  waits_.clear();
  waiting_bytes_ = 0;
  if (waiting_.empty()) return absl::OkStatus();
  v1::AddImportRecordsRequest request;
  request.set_import_id(import_id_);
  request.set_batch(batches_);
  for (Waiting& one : waiting_) *request.add_records() = std::move(one.record);
  const auto response = Call(parts_.stub, &Stub::AddImportRecords, request);
  if (!response.ok()) return response.status();
  ++batches_;
  for (const v1::ItemError& error : response->refused()) {
    if (error.item() >= waiting_.size()) continue;
    const Waiting& refused = waiting_[error.item()];
    --taken_;
    if (parts_.format.replaces) last_said_.Doubt(refused.number);
    if (auto status = Problem(refused.place, error.reason()); !status.ok()) return status;
  }
  waiting_.clear();
  ShowProgress();
  return absl::OkStatus();
}

// A database is read by its library, which does not tell how far it is.
void ImportRun::ShowProgress() {
  const exchange::Source& source = parts_.source;
  std::string line = fmt::format("{} records read", report::Number(taken_));
  if (source.size() > 0 && source.offset() > 0) {
    line += fmt::format(", {} of {}", report::Size(source.offset()), report::Size(source.size()));
  }
  progress_.Show(line);
}

absl::Status ImportRun::Problem(const exchange::Place& place, std::string reason) {
  if (parts_.interrupt.requested()) return Stopped();
  std::string line = PlaceText(place) + ": " + report::EscapeText(reason);
  if (flags_.files.size() > 1) line = report::EscapeText(file_) + ": " + line;
  if (auto status = parts_.problems.Write(line); !status.ok()) return status;
  if (++bad_ > kBadShown) return absl::OkStatus();
  progress_.Clear();
  cli::Note("kith: " + line);
  return absl::OkStatus();
}

void ImportRun::Note(std::string_view what) {
  constexpr std::string_view kOthers = "remarks of other kinds, too many to list each";
  const auto found = notes_.find(what);
  if (found != notes_.end()) {
    ++found->second;
  } else {
    ++notes_[std::string(notes_.size() < kMaxNotes ? what : kOthers)];
  }
}

std::string ImportRun::Unit() const { return parts_.format.lines ? "line" : "record"; }

// Whether what was staged may be committed.
absl::Status ImportRun::MayCommit() const {
  if (bad_ > kBadShown) {
    cli::Note(fmt::format("kith: and {} more bad {}s{}", report::Number(bad_ - kBadShown), Unit(),
                          parts_.problems.wanted() ? "" : "; --problems FILE lists them all"));
  }
  // As many bad as good: the file is hardly what it was taken for.
  if ((bad_ > 0 && flags_.strict) ||
      (bad_ > 0 && bad_ >= taken_ + taken_back_ && !flags_.skip_bad)) {
    return absl::InvalidArgumentError(fmt::format(
        "{} bad of {}: nothing was imported; mend the file, name its format with "
        "--format, or leave the bad {}s out with --skip-bad",
        report::Counted(bad_, Unit()), report::Number(taken_ + taken_back_ + bad_), Unit()));
  }
  // What tells changes only may have none to tell.
  const bool nothing_new = parts_.format.replaces && bad_ == 0;
  if (taken_ + taken_back_ == 0 && !nothing_new && !notes_.empty()) {
    return absl::InvalidArgumentError(LeftOut(notes_) + ": nothing was imported");
  }
  if (taken_ + taken_back_ == 0 && !nothing_new) {
    return absl::InvalidArgumentError(
        fmt::format("no hash was found ({}): nothing was imported", parts_.format.describe));
  }
  return absl::OkStatus();
}

}  // namespace kith::cli
