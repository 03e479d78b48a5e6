// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the entries, from what is kept on disk and, for the rest, from the tables.
#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_scan.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/entry_mark.h"
#include "server/catalog/internal/fact_files.h"

namespace kith::catalog {

// One start.
class Catalog::Impl::EntryLoader {
 public:
  EntryLoader(Catalog::Impl& catalog, Transaction& read) : catalog_(catalog), read_(read) {}

  [[nodiscard]] absl::Status Run();
  [[nodiscard]] std::uint64_t last_entry() const { return last_entry_; }
  [[nodiscard]] std::uint64_t last_change() const { return last_change_; }
  [[nodiscard]] std::uint64_t codes_end() const { return codes_end_; }
  [[nodiscard]] std::uint64_t digests_end() const {
    return std::min(digests_.entries_end, identities_.entries_end);
  }
  [[nodiscard]] std::uint64_t digests_change() const { return digests_.change; }
  [[nodiscard]] std::uint64_t identities_change() const { return identities_.change; }

 private:
  [[nodiscard]] absl::Status ReadNewest();
  [[nodiscard]] absl::Status RecoverCodes();
  [[nodiscard]] absl::Status RestoreCodes(const index::EntryRange& range);
  // From where on the index lacks entries, and changes; one that is of another history is emptied.
  [[nodiscard]] absl::StatusOr<MarkedMoment> RecoverDigests(index::DigestIndex& index,
                                                            std::string_view suffix);
  [[nodiscard]] absl::Status RecoverIdentities();
  [[nodiscard]] absl::Status TakeFacts();
  [[nodiscard]] absl::Status AcceptSummary(const FactSummary& summary) const;
  [[nodiscard]] absl::Status RestoreFacts(const FactFile& file);
  [[nodiscard]] absl::Status CheckSet(std::uint64_t set, std::uint64_t entry) const;
  // Reads what is lacking from the tables.
  [[nodiscard]] absl::Status Scan();
  [[nodiscard]] absl::Status Flush(IndexFeed& feed);
  [[nodiscard]] absl::Status MarkCodes(IndexFeed& feed, std::uint64_t change);

  Catalog::Impl& catalog_;
  Transaction& read_;
  std::uint64_t last_entry_ = 0;
  std::uint64_t last_change_ = 0;
  // The indexes hold what is to be said of entries below, and of changes up to these.
  std::uint64_t codes_end_ = 1;
  MarkedMoment digests_;
  MarkedMoment identities_;
  std::uint64_t marked_end_ = 1;  // the codes of entries below are under a mark
  std::uint64_t read_end_ = 1;    // entries below were read from the tables, where it was needed
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
  for (const std::string& problem : recovered.problems) catalog_.Alarm(problem);
  if (recovered.mark.empty() && recovered.missing.empty() && catalog_.codes->Stats().codes == 0) {
    return absl::OkStatus();
  }
  const auto marked = MomentOf(read_, catalog_.store_id, recovered.mark);
  if (!marked.ok()) return marked.status();
  // A merge leaves out what was withdrawn meanwhile: what is kept may be of a later moment.
  const auto touched = MomentOf(read_, catalog_.store_id, recovered.touched);
  if (!touched.ok()) return touched.status();
  if (marked->change == 0 || touched->change == 0 || marked->entries_end > last_entry_ + 1) {
    return catalog_.codes->Clear();
  }
  const std::uint64_t all = EntriesIn(recovered.missing);
  const std::uint64_t piece = PieceEntries(recovered.missing);
  std::uint64_t done = 0;
  for (const index::EntryRange& range : recovered.missing) {
    for (std::uint64_t first = range.first_entry; first <= range.last_entry; first += piece) {
      const std::uint64_t last = std::min(range.last_entry, first + piece - 1);
      if (auto status = RestoreCodes({.first_entry = first, .last_entry = last}); !status.ok()) {
        return status;
      }
      done += last - first + 1;
      const auto& progress = catalog_.options.progress;
      if (progress) progress("missing codes", done, all);
    }
  }
  codes_end_ = marked->entries_end;
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::RestoreCodes(const index::EntryRange& range) {
  EntryScan scan(read_, range.first_entry, range.last_entry);
  EntryRecord record;
  IndexFeed feed;
  std::uint64_t rows = 0;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) break;
    ++rows;
    feed.Add(record, catalog_.identity_seed);
  }
  if (rows != range.last_entry - range.first_entry + 1) {
    return SomeAreGone(range.first_entry, range.last_entry);
  }
  return catalog_.codes->Restore(range, feed.codes, feed.labels);
}

absl::StatusOr<MarkedMoment> Catalog::Impl::EntryLoader::RecoverDigests(index::DigestIndex& index,
                                                                        std::string_view suffix) {
  std::vector<MarkedMoment> moments;
  for (std::string mark : {index.SavedMark(), index.TouchedMark()}) {
    if (mark.size() >= suffix.size() && mark.ends_with(suffix)) {
      mark.resize(mark.size() - suffix.size());
    }
    const auto marked = MomentOf(read_, catalog_.store_id, mark);
    if (!marked.ok()) return marked.status();
    moments.push_back(*marked);
  }
  // What may be of a moment that is not of this store's history must not be in there.
  if (moments[0].change != 0 && moments[1].change != 0 &&
      moments[0].entries_end <= last_entry_ + 1) {
    return moments[0];
  }
  const index::DigestIndexStats stats = index.Stats();
  if (stats.digests > 0 || stats.withdrawn > 0 || !index.TouchedMark().empty()) {
    if (auto status = index.Clear(); !status.ok() && !absl::IsUnimplemented(status)) return status;
  }
  return MarkedMoment();
}

absl::Status Catalog::Impl::EntryLoader::RecoverIdentities() {
  // "MARK SEED"
  const std::string mark = catalog_.identities->SavedMark();
  const std::size_t space = mark.rfind(' ');
  std::uint64_t seed = 0;
  const bool has_seed = space != std::string::npos &&
                        absl::SimpleHexAtoi(absl::string_view(mark).substr(space + 1), &seed);
  const std::string suffix = has_seed ? mark.substr(space) : " no seed";
  const auto marked = RecoverDigests(*catalog_.identities, suffix);
  if (!marked.ok()) return marked.status();
  identities_ = *marked;
  if (identities_.change != 0) catalog_.identity_seed = seed;
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::AcceptSummary(const FactSummary& summary) const {
  for (const auto& [set, of_set] : summary.sets) {
    if (auto status = CheckSet(set, 0); !status.ok()) return status;
  }
  for (const auto& [series, entries] : summary.series) {
    if (catalog_.directory.series.ById(series) == nullptr) {
      return absl::DataLossError("it tells of a series that does not exist");
    }
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::TakeFacts() {
  FactFiles& files = *catalog_.fact_files;
  auto list = files.ReadList();
  if (absl::IsNotFound(list.status())) return absl::OkStatus();
  absl::StatusOr<MarkedMoment> marked = MarkedMoment();
  if (list.ok()) marked = MomentOf(read_, catalog_.store_id, list->mark);
  if (!marked.ok()) return marked.status();
  if (!list.ok()) catalog_.Alarm(std::string(list.status().message()));
  if (marked->change == 0 || (!list->files.empty() && list->files.back().end > last_entry_ + 1)) {
    files.Doubt();
    return absl::OkStatus();
  }
  for (const FactFile& file : list->files) {
    const absl::Status taken = files.Take(file, catalog_.table, [this](const FactSummary& summary) {
      auto status = AcceptSummary(summary);
      if (status.ok()) catalog_.Count(summary);
      return status;
    });
    if (taken.ok()) continue;
    catalog_.Alarm(std::string(taken.message()));
    if (auto status = RestoreFacts(file); !status.ok()) return status;
    // Without this one those behind it cannot be named.
    const auto summary = catalog_.SummaryOf(file.block);
    if (!summary.ok()) return summary.status();
    if (!files.Write(file.block, catalog_.table, *summary).ok()) break;
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::RestoreFacts(const FactFile& file) {
  const std::uint64_t first = catalog_.table.Size();
  IndexFeed feed;
  EntryScan scan(read_, first, file.end - 1);
  EntryRecord record;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) break;
    if (auto status = CheckSet(record.hash_set, record.id); !status.ok()) return status;
    feed.Add(record, 0, {.facts = true, .codes = false, .digests = false, .identities = false});
  }
  if (auto status = catalog_.Feed(feed); !status.ok()) return status;
  if (catalog_.table.Size() == file.end) return absl::OkStatus();
  return SomeAreGone(first, file.end - 1);
}

absl::Status Catalog::Impl::EntryLoader::CheckSet(std::uint64_t set, std::uint64_t entry) const {
  if (catalog_.directory.hash_sets.ById(set) != nullptr) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("entry ", entry, " is in a set that does not exist; restore a backup"));
}

absl::Status Catalog::Impl::EntryLoader::Flush(IndexFeed& feed) {
  auto status = catalog_.Feed(feed);
  feed.Clear();
  const auto& progress = catalog_.options.progress;
  if (progress) progress("index", read_end_ - 1, last_entry_);
  return status;
}

// A start that reads hundreds of millions of entries, and is cut off, goes on from there. Only of
// batches that are what was stored, and where the index holds nothing that came behind them. What
// is withdrawn is withdrawn by every start again; the digests keep their withdrawals, which are not
// told them yet, so they get no mark here.
absl::Status Catalog::Impl::EntryLoader::MarkCodes(IndexFeed& feed, std::uint64_t change) {
  const std::uint64_t enough = 4 * std::max<std::uint64_t>(catalog_.options.keep_from, 1);
  if (read_end_ <= codes_end_ || read_end_ - marked_end_ < enough) return absl::OkStatus();
  if (auto status = Flush(feed); !status.ok()) return status;
  const auto mark = MarkAt(read_, catalog_.store_id, change);
  if (!mark.ok()) return mark.status();
  marked_end_ = read_end_;
  // Whatever goes wrong costs the next start some time, and nothing else.
  (void)catalog_.codes->Reached(*mark);
  return absl::OkStatus();
}

absl::Status Catalog::Impl::EntryLoader::Scan() {
  const std::uint64_t facts_end = catalog_.table.Size();
  IndexFeed feed;
  std::size_t held = 0;
  BatchScan scan;
  scan.first_entry = read_end_ =
      std::min({facts_end, codes_end_, digests_.entries_end, identities_.entries_end});
  if (scan.first_entry > last_entry_) return absl::OkStatus();
  scan.entry = [&](const EntryRecord& record) -> absl::Status {
    if (record.series > UINT32_MAX || record.hash_set > UINT32_MAX) {
      return absl::DataLossError(
          absl::StrCat("entry ", record.id, " is in a series out of range; restore a backup"));
    }
    if (auto status = CheckSet(record.hash_set, record.id); !status.ok()) return status;
    feed.Add(record, catalog_.identity_seed,
             {.facts = record.id >= facts_end,
              .codes = record.id >= codes_end_,
              .digests = record.id >= digests_.entries_end,
              .identities = record.id >= identities_.entries_end});
    read_end_ = record.id + 1;
    if (++held < kFeedEntries) return absl::OkStatus();
    held = 0;
    return Flush(feed);
  };
  marked_end_ = std::max(codes_end_, read_end_);
  scan.sound = [&](std::uint64_t change) { return MarkCodes(feed, change); };
  scan.damage = [](absl::Status status) { return status; };
  if (auto status = scan.Run(read_); !status.ok()) return status;
  if (auto status = Flush(feed); !status.ok()) return status;
  if (read_end_ == last_entry_ + 1 && catalog_.table.Size() == read_end_) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("entries ", read_end_, " to ", last_entry_, " are gone; restore a backup"));
}

absl::Status Catalog::Impl::EntryLoader::Run() {
  if (auto status = ReadNewest(); !status.ok()) return status;
  if (auto status = RecoverCodes(); !status.ok()) return status;
  const auto marked = RecoverDigests(*catalog_.digests, "");
  if (!marked.ok()) return marked.status();
  digests_ = *marked;
  if (auto status = RecoverIdentities(); !status.ok()) return status;
  if (auto status = TakeFacts(); !status.ok()) return status;
  catalog_.Touch(catalog_.MarkNow());
  return Scan();
}

absl::Status SomeAreGone(std::uint64_t first, std::uint64_t last) {
  return absl::DataLossError(absl::StrCat("of the entries ", first, " to ", last,
                                          " some cannot be read back; restore a backup"));
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

absl::StatusOr<std::vector<std::uint64_t>> ReadWithdrawn(Transaction& read, std::uint64_t last,
                                                         std::uint64_t after) {
  std::vector<std::uint64_t> withdrawn;
  // Those since a change are few, and found by it: there may be tens of millions.
  Statement statement = read.Prepare(after == 0 ? "SELECT entry FROM withdrawal ORDER BY entry"
                                                : "SELECT entry FROM withdrawal WHERE change > ?1");
  if (after != 0) statement.Bind(after);
  while (true) {
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    if (statement.Id(0) == 0 || statement.Id(0) > last) {
      return absl::DataLossError(absl::StrCat(
          "entry ", statement.Id(0), " is withdrawn but does not exist; restore a backup"));
    }
    withdrawn.push_back(statement.Id(0));
  }
  if (after != 0) std::sort(withdrawn.begin(), withdrawn.end());
  return withdrawn;
}

absl::StatusOr<std::vector<std::uint64_t>> ReadWithdrawnAmong(Transaction& read,
                                                              std::uint64_t first,
                                                              std::uint64_t last) {
  std::vector<std::uint64_t> withdrawn;
  Statement statement =
      read.Prepare("SELECT entry FROM withdrawal WHERE entry BETWEEN ?1 AND ?2 ORDER BY entry");
  statement.Bind(first, last);
  while (true) {
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (!*row) return withdrawn;
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
  if (auto status = SilenceFacts(*withdrawn); !status.ok()) return status;
  // The files of digests know of the withdrawals until they were saved.
  for (const auto& [index, change] : {std::pair(digests.get(), loader.digests_change()),
                                      std::pair(identities.get(), loader.identities_change())}) {
    const auto since = ReadWithdrawn(read, loader.last_entry(), change);
    if (!since.ok()) return since.status();
    if (!since->empty()) index->Withdraw(*since);
  }
  Publish(loader.last_change());
  marked_end = loader.codes_end();
  saved_end = loader.digests_end();
  const std::string mark = MarkNow();
  Reach(loader.last_change(), mark);
  MarkEntries(mark);
  return absl::OkStatus();
}

}  // namespace kith::catalog
