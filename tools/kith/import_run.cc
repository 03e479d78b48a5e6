// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/import_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
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
constexpr std::size_t kWithdrawnACall = 10'000;

}  // namespace

ImportRun::ImportRun(const Program& program, const ImportFlags& flags, Stub& stub,
                     v1::CatalogService::Stub& catalog, exchange::Source& source,
                     const exchange::Format& format)
    : program_(program),
      flags_(flags),
      stub_(stub),
      catalog_(catalog),
      source_(source),
      format_(format),
      progress_(program),
      problems_(nullptr, &std::fclose) {}

ImportRun::~ImportRun() = default;

absl::StatusOr<int> ImportRun::Run(const exchange::ReadOptions& options) {
  if (!flags_.problems.empty()) {
    problems_.reset(std::fopen(flags_.problems.c_str(), "wxe"));
    if (!problems_) {
      const int error = errno;
      return absl::FailedPreconditionError("cannot write " + report::EscapeText(flags_.problems) +
                                           ": " + std::strerror(error) +
                                           "; name a file that is not there yet");
    }
  }
  if (absl::Status status = Begin(); !status.ok()) return status;
  absl::Status status = format_.read(source_, options, *this);
  if (status.ok()) status = Send();
  progress_.Clear();
  if (status.ok()) status = MayCommit();
  if (status.ok()) status = CloseProblems();
  if (!status.ok()) {
    // Without an answer the service drops the import by itself.
    v1::AbortImportRequest abort;
    abort.set_import_id(import_id_);
    (void)Call(stub_, &Stub::AbortImport, abort);
    return status;
  }
  const auto committed = Commit();
  if (!committed.ok()) return committed.status();
  const auto withdrawn = WithdrawOutdated();
  progress_.Clear();
  if (!withdrawn.ok()) return withdrawn.status();
  Summary(*committed, *withdrawn);
  return kExitDone;
}

absl::StatusOr<v1::CommitImportResponse> ImportRun::Commit() {
  v1::CommitImportRequest commit;
  commit.set_import_id(import_id_);
  commit.set_batches(batches_);
  *commit.mutable_carried() = carried_;
  progress_.Show("storing and indexing");
  auto committed = Call(stub_, &Stub::CommitImport, commit);
  progress_.Clear();
  return committed;
}

absl::StatusOr<ImportRun::Withdrawn> ImportRun::WithdrawOutdated() {
  Withdrawn withdrawn;
  if (last_said_.empty()) return withdrawn;
  last_said_.Finish();
  v1::ListEntriesRequest list;
  list.set_set(flags_.set);
  list.set_page_size(1000);
  list.set_as_imported(true);  // when its source said it is among what is carried
  std::vector<std::uint64_t> taken_back;
  std::vector<std::uint64_t> replaced;
  while (true) {
    const auto page = Call(catalog_, &v1::CatalogService::Stub::ListEntries, list);
    if (!page.ok()) return page.status();
    for (const v1::Entry& entry : page->entries()) {
      if (entry.withdrawn() || entry.repeats()) continue;
      const LastSaid::Verdict verdict = last_said_.Of(entry);
      if (verdict == LastSaid::Verdict::kTakenBack) taken_back.push_back(entry.entry_id());
      if (verdict == LastSaid::Verdict::kReplaced) replaced.push_back(entry.entry_id());
    }
    if (page->next_page_token().empty()) break;
    list.set_page_token(page->next_page_token());
  }
  const auto gone = Withdraw(taken_back, "taken back by its source");
  if (!gone.ok()) return gone.status();
  const auto old = Withdraw(replaced, "replaced by its source");
  if (!old.ok()) return old.status();
  return Withdrawn{.taken_back = *gone, .replaced = *old};
}

absl::StatusOr<std::uint64_t> ImportRun::Withdraw(const std::vector<std::uint64_t>& entries,
                                                  const std::string& why) {
  std::uint64_t withdrawn = 0;
  for (std::size_t at = 0; at < entries.size(); at += kWithdrawnACall) {
    v1::WithdrawEntriesRequest some;
    some.mutable_signature()->set_who(flags_.who);
    some.mutable_signature()->set_why(why);
    const std::size_t end = std::min(at + kWithdrawnACall, entries.size());
    for (std::size_t i = at; i < end; ++i) some.add_entry_ids(entries[i]);
    const auto done = Call(catalog_, &v1::CatalogService::Stub::WithdrawEntries, some);
    if (!done.ok()) return done.status();
    withdrawn += done->withdrawn();
  }
  return withdrawn;
}

absl::Status ImportRun::Begin() {
  v1::BeginImportRequest begin;
  begin.set_set(flags_.set);
  begin.set_series(flags_.series);
  begin.set_series_names(flags_.series_names == "create" ? v1::SERIES_NAMES_CREATE
                         : flags_.series_names == "link" ? v1::SERIES_NAMES_LINK
                                                         : v1::SERIES_NAMES_IGNORE);
  begin.set_source(flags_.file == "-" ? "standard input" : report::EscapeText(flags_.file));
  begin.set_who(flags_.who);
  begin.set_by_source_ref(format_.replaces);
  const auto begun = Call(stub_, &Stub::BeginImport, begin);
  if (absl::IsNotFound(begun.status())) {
    const auto message = begun.status().message();
    return absl::NotFoundError(
        fmt::format("{}; add a set with: kith set add NAME, a series with: kith series add CODE",
                    std::string(message.data(), message.size())));
  }
  if (!begun.ok()) return begun.status();
  import_id_ = begun->import_id();
  return absl::OkStatus();
}

absl::Status ImportRun::Take(exchange::Entry entry, const exchange::Place& place) {
  ++taken_;
  for (const v1::Code& code : entry.codes()) {
    if (code.pdq() == entry.digests().sha256()) ++either_;
  }
  if (format_.replaces) {
    const auto number = last_said_.Says(entry);
    if (!number.ok()) return number.status();
    numbers_.push_back(*number);
  }
  if (!flags_.series.empty() && !entry.series().empty() && entry.series() != flags_.series) {
    Note("record that names another series than --series: its name is carried only");
  }
  request_bytes_ += entry.ByteSizeLong();
  *request_.add_records() = std::move(entry);
  places_.push_back(place);
  return places_.size() < kBatch && request_bytes_ < kBatchBytes ? absl::OkStatus() : Send();
}

absl::Status ImportRun::TakeBack(const std::string& source_ref, const std::string& timestamp,
                                 const exchange::Place& /*place*/) {
  ++taken_back_;
  return last_said_.TakesBack(source_ref, timestamp);
}

absl::Status ImportRun::Send() {
  if (places_.empty()) return absl::OkStatus();
  request_.set_import_id(import_id_);
  request_.set_batch(batches_);
  const auto response = Call(stub_, &Stub::AddImportRecords, request_);
  if (!response.ok()) return response.status();
  ++batches_;
  for (const v1::ItemError& error : response->refused()) {
    if (error.item() >= places_.size()) continue;
    --taken_;
    if (format_.replaces) last_said_.Doubt(numbers_[error.item()]);
    if (auto status = Problem(places_[error.item()], error.reason()); !status.ok()) return status;
  }
  places_.clear();
  numbers_.clear();
  request_.clear_records();
  request_bytes_ = 0;
  progress_.Show(source_.size() == 0
                     ? fmt::format("{} records read", report::Number(taken_))
                     : fmt::format("{} records read, {} of {}", report::Number(taken_),
                                   report::Size(source_.offset()), report::Size(source_.size())));
  return absl::OkStatus();
}

absl::Status ImportRun::Problem(const exchange::Place& place, std::string reason) {
  const std::string line = PlaceText(place) + ": " + report::EscapeText(reason);
  if (problems_ && std::fprintf(problems_.get(), "%s\n", line.c_str()) < 0) {
    return ProblemsNotWritten();
  }
  if (++bad_ > kBadShown) return absl::OkStatus();
  progress_.Clear();
  cli::Note("kith: " + line);
  return absl::OkStatus();
}

absl::Status ImportRun::ProblemsNotWritten() const {
  const int error = errno;
  return absl::ResourceExhaustedError(fmt::format("cannot write {}: {}; nothing was imported",
                                                  report::EscapeText(flags_.problems),
                                                  std::strerror(error)));
}

// Before the import is kept: a list that ends early would be taken for all that was bad.
absl::Status ImportRun::CloseProblems() {
  if (!problems_) return absl::OkStatus();
  return std::fclose(problems_.release()) == 0 ? absl::OkStatus() : ProblemsNotWritten();
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

std::string ImportRun::Unit() const { return format_.lines ? "line" : "record"; }

// Whether what was staged may be committed.
absl::Status ImportRun::MayCommit() const {
  if (bad_ > kBadShown) {
    cli::Note(fmt::format("kith: and {} more bad {}s{}", report::Number(bad_ - kBadShown), Unit(),
                          problems_ ? "" : "; --problems FILE lists them all"));
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
  const bool nothing_new = format_.replaces && bad_ == 0;
  if (taken_ + taken_back_ == 0 && !nothing_new) {
    return absl::InvalidArgumentError(
        fmt::format("no hash was found ({}): nothing was imported", format_.describe));
  }
  return absl::OkStatus();
}

void ImportRun::Summary(const v1::CommitImportResponse& done, const Withdrawn& withdrawn) const {
  if (!program_.json) return SummaryForPeople(done, withdrawn);
  nlohmann::ordered_json notes = nlohmann::ordered_json::object();
  for (const auto& [what, count] : notes_) notes[what] = count;
  PrintJson({{"type", "import"},
             {"set", flags_.set},
             {"format", format_.name},
             {"added", done.added()},
             {"already_there", done.already_there()},
             {"repeats", done.repeats()},
             {"series_added", done.series_added()},
             {"withdrawn", withdrawn.taken_back + withdrawn.replaced},
             {"replaced", withdrawn.replaced},
             {"bad_lines", bad_},
             {"notes", std::move(notes)},
             {"pdq_or_sha256", either_},
             {"change", done.index_version().change()}});
}

void ImportRun::SummaryForPeople(const v1::CommitImportResponse& done,
                                 const Withdrawn& withdrawn) const {
  std::string text = fmt::format(
      "{} added to {}, {} already there", report::Counted(done.added(), "entry", "entries"),
      report::EscapeText(flags_.set), report::Number(done.already_there()));
  if (withdrawn.replaced > 0) text += ", " + report::Number(withdrawn.replaced) + " replaced";
  if (withdrawn.taken_back > 0) text += ", " + report::Number(withdrawn.taken_back) + " withdrawn";
  if (done.series_added() > 0) {
    text += ", " + report::Counted(done.series_added(), "new series", "new series") + " named";
  }
  if (bad_ > 0) text += ", " + report::Counted(bad_, "bad " + Unit()) + " left out";
  PrintLine(text + ".");
  if (taken_ + taken_back_ == 0) {
    cli::Note(
        fmt::format("nothing in it: {} without a record that changes the set", format_.describe));
  }
  for (const auto& [what, count] : notes_) {
    cli::Note(fmt::format("{}: {}", what, report::Number(count)));
  }
  if (done.repeats() > 0) {
    cli::Note(
        fmt::format("{} of those already there say something else of a file of this import: "
                    "kept beside its entry",
                    report::Number(done.repeats())));
  }
  if (either_ > 0) {
    cli::Note(
        fmt::format("{} of 64 digits taken as PDQ and as SHA-256, since the length does not "
                    "tell; --kind pdq or --kind sha256 says which.",
                    report::Counted(either_, "value")));
  }
}

}  // namespace kith::cli
