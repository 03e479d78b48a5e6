// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the entries, from what is kept on disk and, for the rest, from the tables.
#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_scan.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/entry_mark.h"
#include "server/catalog/internal/fact_files.h"

namespace kith::catalog {
namespace {

// Entries told to the indexes at once while loading: large enough to become segments, small enough
// to weigh little beside them.
constexpr std::size_t kFeedEntries = 1U << 18;

}  // namespace

// One start.
class Catalog::Impl::EntryLoader {
 public:
  EntryLoader(Catalog::Impl& catalog, Transaction& read) : catalog_(catalog), read_(read) {}

  [[nodiscard]] absl::Status Run();
  [[nodiscard]] std::uint64_t last_entry() const { return last_entry_; }
  [[nodiscard]] std::uint64_t last_change() const { return last_change_; }

 private:
  [[nodiscard]] absl::Status ReadNewest();
  [[nodiscard]] absl::Status RecoverCodes();
  [[nodiscard]] absl::Status RestoreCodes(const index::EntryRange& range);
  [[nodiscard]] absl::StatusOr<FactList> ReadFactList();
  [[nodiscard]] absl::Status CheckPlaces(const EntryFacts& facts, std::uint64_t entry) const;
  [[nodiscard]] absl::Status TakeFile(const index::EntryRange& range, bool& taken);
  // Reads entries next_ to end - 1 from the tables.
  [[nodiscard]] absl::Status Scan(std::uint64_t end);
  [[nodiscard]] absl::Status Flush(IndexFeed& feed);
  void Tell() const;

  Catalog::Impl& catalog_;
  Transaction& read_;
  std::uint64_t last_entry_ = 0;
  std::uint64_t last_change_ = 0;
  std::uint64_t codes_end_ = 1;  // the index holds the codes of entries below
  std::uint64_t next_ = 1;
};

absl::Status Catalog::Impl::EntryLoader::ReadNewest() {
  Statement newest = read_.Prepare(
      "SELECT coalesce(max(id), 0), (SELECT coalesce(max(number), 0) FROM change) FROM entry");
  if (const auto row = newest.Step(); !row.ok()) return row.status();
  last_entry_ = newest.Id(0);
  last_change_ = newest.Id(1);
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::RecoverCodes() {
  const index::RecoveredIndex& recovered = catalog_.codes->recovered();
  if (recovered.mark.empty()) return absl::OkStatus();
  const auto end = EntriesEndOf(read_, catalog_.store_id, recovered.mark);
  if (!end.ok()) return end.status();
  if (*end == 1 || *end > last_entry_ + 1) return catalog_.codes->Clear();
  for (const index::EntryRange& range : recovered.missing) {
    for (std::uint64_t first = range.first_entry; first <= range.last_entry;
         first += kFeedEntries) {
      const std::uint64_t last = std::min(range.last_entry, first + kFeedEntries - 1);
      if (auto status = RestoreCodes({.first_entry = first, .last_entry = last}); !status.ok()) {
        return status;
      }
    }
  }
  codes_end_ = *end;
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::RestoreCodes(const index::EntryRange& range) {
  EntryScan scan(read_, range.first_entry, range.last_entry);
  EntryRecord record;
  IndexFeed feed;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) return catalog_.codes->Restore(range, feed.codes, feed.labels);
    feed.Add(record, catalog_.identity_seed);
  }
}

absl::StatusOr<FactList> Catalog::Impl::EntryLoader::ReadFactList() {
  auto list = catalog_.fact_files->ReadList();
  if (absl::IsNotFound(list.status())) return FactList{};
  absl::StatusOr<std::uint64_t> end = 1;
  if (list.ok()) end = EntriesEndOf(read_, catalog_.store_id, list->mark);
  if (!end.ok()) return end.status();
  if (*end == 1 || (!list->files.empty() && list->files.back().last_entry >= *end)) {
    catalog_.fact_files->Doubt();
    return FactList{};
  }
  // Identities in the files were taken with it.
  catalog_.identity_seed = list->identity_seed;
  return list;
}

absl::Status Catalog::Impl::EntryLoader::CheckPlaces(const EntryFacts& facts,
                                                     std::uint64_t entry) const {
  if (catalog_.directory.hash_sets.ById(facts.hash_set) != nullptr) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("entry ", entry, " is in a set that does not exist; restore a backup"));
}

absl::Status Catalog::Impl::EntryLoader::TakeFile(const index::EntryRange& range, bool& taken) {
  taken = false;
  const auto feed = catalog_.fact_files->Read(range);
  if (!feed.ok()) return absl::OkStatus();  // the tables say the same
  for (std::size_t i = 0; i < feed->facts.size(); ++i) {
    if (!CheckPlaces(feed->facts[i], range.first_entry + i).ok()) return absl::OkStatus();
  }
  if (auto status = Scan(range.first_entry); !status.ok()) return status;
  if (auto status = catalog_.Feed(*feed); !status.ok()) return status;
  catalog_.fact_files->Adopt(range);
  next_ = range.last_entry + 1;
  taken = true;
  Tell();
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::Flush(IndexFeed& feed) {
  if (feed.facts.empty()) return absl::OkStatus();
  auto status = catalog_.FeedAndKeep(feed);
  next_ += feed.facts.size();
  feed.Clear();
  Tell();
  return status;
}

absl::Status Catalog::Impl::EntryLoader::Scan(std::uint64_t end) {
  if (next_ >= end && end <= last_entry_) return absl::OkStatus();
  IndexFeed feed;
  BatchScan scan;
  scan.first_entry = next_;
  scan.end_entry = end;
  scan.entry = [&](const EntryRecord& record) -> absl::Status {
    if (record.series > UINT32_MAX || record.hash_set > UINT32_MAX) {
      return absl::DataLossError(
          absl::StrCat("entry ", record.id, " is in a series out of range; restore a backup"));
    }
    if (auto status =
            CheckPlaces({.hash_set = static_cast<std::uint32_t>(record.hash_set)}, record.id);
        !status.ok()) {
      return status;
    }
    feed.Add(record, catalog_.identity_seed, record.id >= codes_end_);
    return feed.facts.size() < kFeedEntries ? absl::OkStatus() : Flush(feed);
  };
  scan.damage = [](absl::Status status) { return status; };
  if (auto status = scan.Run(read_); !status.ok()) return status;
  if (auto status = Flush(feed); !status.ok()) return status;
  if (next_ == end) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("entries ", next_, " to ", end - 1, " are gone; restore a backup"));
}

void Catalog::Impl::EntryLoader::Tell() const {
  const auto& progress = catalog_.options.progress;
  if (progress) progress("index", next_ - 1, last_entry_);
}

absl::Status Catalog::Impl::EntryLoader::Run() {
  if (auto status = ReadNewest(); !status.ok()) return status;
  if (auto status = RecoverCodes(); !status.ok()) return status;
  const auto list = ReadFactList();
  if (!list.ok()) return list.status();
  for (const index::EntryRange& range : list->files) {
    // Behind the codes that the index holds, the entries are read for their codes anyway.
    if (range.last_entry >= codes_end_) {
      catalog_.fact_files->Doubt();
      break;
    }
    bool taken = false;
    if (auto status = TakeFile(range, taken); !status.ok()) return status;
    if (!taken) catalog_.fact_files->Doubt();
  }
  return Scan(last_entry_ + 1);
}

absl::StatusOr<std::unordered_map<std::uint64_t, std::uint64_t>> ReadMoved(Transaction& read) {
  std::unordered_map<std::uint64_t, std::uint64_t> moved;
  Statement statement = read.Prepare("SELECT entry, series FROM entry_moved ORDER BY change");
  while (true) {
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) return moved;
    moved[statement.Id(0)] = statement.Id(1);
  }
}

absl::StatusOr<std::vector<std::uint64_t>> ReadWithdrawn(Transaction& read, std::uint64_t last) {
  std::vector<std::uint64_t> withdrawn;
  Statement statement = read.Prepare("SELECT entry FROM withdrawal ORDER BY entry");
  while (true) {
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) return withdrawn;
    if (statement.Id(0) == 0 || statement.Id(0) > last) {
      return absl::DataLossError(absl::StrCat(
          "entry ", statement.Id(0), " is withdrawn but does not exist; restore a backup"));
    }
    withdrawn.push_back(statement.Id(0));
  }
}

absl::Status Catalog::Impl::LoadEntries(Transaction& read) {
  EntryLoader loader(*this, read);
  if (auto status = loader.Run(); !status.ok()) return status;
  // What became of entries after they were added is in none of the files: it is done again.
  const auto moved = ReadMoved(read);
  if (!moved.ok()) return moved.status();
  for (const auto& [entry, series] : *moved) {
    if (entry == 0 || entry >= table.Size() || directory.series.ById(series) == nullptr) {
      return absl::DataLossError(absl::StrCat(
          "entry ", entry, " was moved, but it or its series does not exist; restore a backup"));
    }
    PutIntoSeries(entry, series);
  }
  const auto withdrawn = ReadWithdrawn(read, loader.last_entry());
  if (!withdrawn.ok()) return withdrawn.status();
  if (auto status = Silence(*withdrawn); !status.ok()) return status;
  Publish(loader.last_change());
  MarkEntries();
  return absl::OkStatus();
}

absl::Status Catalog::Impl::FeedAndKeep(const IndexFeed& feed) {
  const std::uint64_t first = table.Size();
  if (auto status = Feed(feed); !status.ok()) return status;
  if (feed.facts.size() >= options.keep_from) {
    // What cannot be written is read from the tables at the next start.
    (void)fact_files->Write(first, feed);
  }
  return absl::OkStatus();
}

void Catalog::Impl::MarkEntries() {
  if (table.Size() == marked_end) return;
  // Whatever goes wrong costs the next start some time, and nothing else.
  try {
    auto read = database->BeginRead();
    if (!read.ok()) return;
    const auto mark = NewestMark(*read, store_id);
    if (!mark.ok() || !codes->SetMark(*mark).ok()) return;
    if (fact_files->WriteList(*mark, identity_seed).ok()) marked_end = table.Size();
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kith::catalog
