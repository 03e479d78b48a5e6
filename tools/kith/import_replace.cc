// SPDX-License-Identifier: Apache-2.0
//
// ImportRun: what a source says anew, or takes back, of what it said before.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tools/kith/import_run.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

using Stub = v1::ImportService::Stub;

constexpr int kWithdrawnACall = 10'000;
constexpr std::size_t kNamesACall = 10'000;
constexpr char kTakenBack[] = "taken back by its source";
constexpr char kReplaced[] = "replaced by its source";

}  // namespace

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

}  // namespace kith::cli
