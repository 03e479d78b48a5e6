// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/import_run.h"

#include <fmt/format.h>

#include <algorithm>
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
constexpr int kWithdrawnACall = 10'000;
constexpr std::size_t kNamesACall = 10'000;
constexpr std::size_t kMaxCommitBytes = std::size_t{30} << 20;  // the service takes 32 MiB
constexpr char kTakenBack[] = "taken back by its source";
constexpr char kReplaced[] = "replaced by its source";
constexpr char kOlder[] = "record older than what its source said since, left out";

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

absl::Status Stopped() { return absl::CancelledError("stopped: nothing was imported"); }

}  // namespace

ImportRun::ImportRun(const Program& program, const ImportFlags& flags, std::string file,
                     const Parts& parts)
    : program_(program), flags_(flags), file_(std::move(file)), parts_(parts), progress_(program) {}

ImportRun::~ImportRun() = default;

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

void ImportRun::GatherTakenBack() {
  for (TakenBack& one : taken_back_at_) {
    if (last_said_.EndsTakenBack(one.source_ref)) continue;
    const std::int64_t last = last_said_.LastAt(one.source_ref);
    one.said_anew = last > one.at;
    one.at = one.said_anew ? last : 0;
  }
  std::erase_if(taken_back_at_, [this](const TakenBack& one) {
    return one.at == 0 || (!one.said_anew && parts_.before.KnowsTakenBack(one.source_ref, one.at));
  });
  remembered_ = CarriedOf(parts_.format.name, taken_back_at_, exchange::kMaxFileCarriedBytes);
}

absl::Status ImportRun::RememberRest() {
  for (std::size_t i = 1; i < remembered_.size(); ++i) {
    const auto import_id = BeginImport();
    if (!import_id.ok()) return import_id.status();
    v1::CommitImportRequest commit;
    commit.set_import_id(*import_id);
    *commit.mutable_carried() = remembered_[i];
    const auto done = Call(parts_.stub, &Stub::CommitImport, commit);
    if (!done.ok()) return done.status();
  }
  // For the files behind this one.
  for (const TakenBack& one : taken_back_at_) parts_.before.Take(one);
  return absl::OkStatus();
}

ImportRun::Outdated ImportRun::OutdatedOf(Entries& entries) const {
  const auto by_number = [](const Earlier& a, const Earlier& b) { return a.entry_id < b.entry_id; };
  std::sort(entries.begin(), entries.end(), by_number);
  Outdated outdated;
  outdated.taken_back.set_why(kTakenBack);
  outdated.replaced.set_why(kReplaced);
  std::uint64_t last = 0;
  for (const Earlier& entry : entries) {
    if (std::exchange(last, entry.entry_id) == entry.entry_id) continue;
    const LastSaid::Fate fate = last_said_.Of(entry.heard);
    if (fate == LastSaid::Fate::kTakenBack) {
      outdated.taken_back.add_entry_ids(entry.entry_id);
    } else if (fate == LastSaid::Fate::kReplaced) {
      outdated.replaced.add_entry_ids(entry.entry_id);
    }
  }
  return outdated;
}

absl::Status ImportRun::WithdrawOwn(const v1::CommitImportResponse& done) {
  if (again_.empty() || done.first_entry() == 0) return absl::OkStatus();
  Entries own;
  absl::Status status = LookUp(again_, own);
  std::erase_if(own, [&](const Earlier& one) { return one.entry_id < done.first_entry(); });
  const Outdated outdated = OutdatedOf(own);
  for (const auto& [some, count] : {std::pair(&outdated.taken_back, &withdrawn_.taken_back),
                                    std::pair(&outdated.replaced, &withdrawn_.replaced)}) {
    if (!status.ok()) break;
    const auto gone = Withdraw(some->entry_ids(), some->why());
    status = gone.status();
    if (gone.ok()) *count += *gone;
  }
  if (status.ok()) return status;
  const auto message = status.message();
  return {status.code(),
          fmt::format("{} was imported, but some of it that it takes back itself "
                      "still matches: import the same file again ({})",
                      report::EscapeText(file_), std::string(message.data(), message.size()))};
}

absl::StatusOr<std::uint64_t> ImportRun::Withdraw(
    const google::protobuf::RepeatedField<std::uint64_t>& entries, const std::string& why) {
  std::uint64_t withdrawn = 0;
  for (int at = 0; at < entries.size(); at += kWithdrawnACall) {
    v1::WithdrawEntriesRequest some;
    some.mutable_signature()->set_who(flags_.who);
    some.mutable_signature()->set_why(why);
    const int end = std::min(at + kWithdrawnACall, entries.size());
    some.mutable_entry_ids()->Add(entries.begin() + at, entries.begin() + end);
    const auto done = Call(parts_.catalog, &v1::CatalogService::Stub::WithdrawEntries, some);
    if (!done.ok()) return done.status();
    withdrawn += done->withdrawn();
  }
  return withdrawn;
}

absl::Status ImportRun::Speaks(const std::string& source_ref) {
  if (last_said_.again()) {
    again_.push_back(source_ref);
    return absl::OkStatus();
  }
  names_.push_back(source_ref);
  return names_.size() < kNamesACall ? absl::OkStatus() : LookUp(names_, earlier_);
}

absl::Status ImportRun::LookUp(std::vector<std::string>& names, Entries& found) {
  for (std::size_t at = 0; at < names.size(); at += kNamesACall) {
    v1::ListEntriesRequest list;
    list.set_set(flags_.set);
    list.set_as_imported(true);  // when its source said it is among what is carried
    list.set_page_size(kNamesACall);
    const std::size_t end = std::min(at + kNamesACall, names.size());
    for (std::size_t i = at; i < end; ++i) list.add_source_refs(names[i]);
    while (true) {
      const auto page = Call(parts_.catalog, &v1::CatalogService::Stub::ListEntries, list);
      if (!page.ok()) return page.status();
      for (const v1::Entry& entry : page->entries()) {
        if (entry.repeats()) continue;
        LastSaid::Heard heard = last_said_.HeardOf(entry);
        parts_.before.Says(entry.source_ref(), heard.at);
        heard.at = parts_.before.SaidAt(entry.source_ref());
        if (!entry.withdrawn()) found.push_back({entry.entry_id(), heard});
      }
      if (page->next_page_token().empty()) break;
      list.set_page_token(page->next_page_token());
    }
  }
  names.clear();
  return absl::OkStatus();
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

absl::Status ImportRun::TakeBack(const std::string& source_ref, const std::string& timestamp,
                                 const exchange::Place& /*place*/) {
  if (parts_.interrupt.requested()) return Stopped();
  ++taken_back_;
  if (auto status = last_said_.TakesBack(source_ref, timestamp); !status.ok()) return status;
  if (last_said_.outdated()) {
    Note(kOlder);
    return absl::OkStatus();
  }
  const std::int64_t at = LastSaid::SecondsOf(timestamp);
  if (at != 0) taken_back_at_.push_back({source_ref, at});
  DropOutdated(source_ref, true);
  return Speaks(source_ref);
}

void ImportRun::DropOutdated(const std::string& source_ref, bool taken_back) {
  const auto found = waits_.find(source_ref);
  if (found == waits_.end()) return;
  Waiting& earlier = waiting_[found->second];
  if (earlier.dropped || !last_said_.LastOutdates(earlier.number)) return;
  earlier.dropped = true;
  ++(taken_back ? withdrawn_.taken_back : withdrawn_.replaced);
}

absl::Status ImportRun::DropOlder() {
  if (!parts_.format.replaces) return absl::OkStatus();
  if (auto status = LookUp(names_, earlier_); !status.ok()) return status;
  for (Waiting& one : waiting_) {
    if (one.dropped ||
        !parts_.before.Outdates(one.record.source_ref(), last_said_.At(one.number))) {
      continue;
    }
    one.dropped = true;
    last_said_.Forget(one.number);
    Note(kOlder);
  }
  return absl::OkStatus();
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
