// SPDX-License-Identifier: Apache-2.0
//
// Catalog: makes anew, from the tables, what is damaged of the index.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/fact_files.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

// Tells what is lacking of the entries first to last that are not withdrawn; returns how many there
// are. The database is asked, and not the table of facts, which may be damaged itself.
absl::StatusOr<std::uint64_t> FeedLive(Transaction& read, const index::EntryRange& range,
                                       std::uint64_t identity_seed, const Lacking& lacking,
                                       IndexFeed& feed) {
  const auto withdrawn = ReadWithdrawnAmong(read, range.first_entry, range.last_entry);
  if (!withdrawn.ok()) return withdrawn.status();
  EntryScan scan(read, range.first_entry, range.last_entry);
  EntryRecord record;
  for (std::uint64_t entries = 0;; ++entries) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) return entries;
    if (std::binary_search(withdrawn->begin(), withdrawn->end(), record.id)) continue;
    feed.Add(record, identity_seed, lacking);
  }
}

// What is told of the entries of a block, as the database has it.
absl::StatusOr<std::vector<EntryFacts>> ReadFacts(
    Transaction& read, std::uint64_t first, std::uint64_t last,
    const std::unordered_map<std::uint64_t, std::uint64_t>& moved) {
  const auto withdrawn = ReadWithdrawnAmong(read, first, last);
  if (!withdrawn.ok()) return withdrawn.status();
  std::vector<EntryFacts> all;
  EntryScan scan(read, first, last);
  EntryRecord record;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) break;
    if (record.id != first + all.size()) return SomeAreGone(first, last);
    EntryFacts& facts = all.emplace_back(record.Facts());
    if (const auto at = moved.find(record.id); at != moved.end()) {
      facts.series = static_cast<std::uint32_t>(at->second);
    }
    facts.withdrawn = std::binary_search(withdrawn->begin(), withdrawn->end(), record.id);
  }
  if (all.size() != last - first + 1) return SomeAreGone(first, last);
  return all;
}

}  // namespace

absl::Status Catalog::Impl::Mend() {
  // Each is tried, whatever became of the one before.
  absl::Status status = FirstError({MendFacts(), MendCodes(), MendDigests()});
  if (status.ok()) announced.clear();
  return status;
}

void Catalog::Impl::Announce(std::string what) {
  const auto [at, is_new] = announced.insert(std::move(what));
  if (is_new) Alarm(*at);
}

absl::Status Catalog::Impl::MendCodes() {
  std::uint64_t piece = 0;
  while (true) {
    const std::vector<index::EntryRange> missing = codes->Missing();
    if (missing.empty()) return absl::OkStatus();
    // As large as at the beginning, though ever less is missing.
    piece = std::max(piece, PieceEntries(missing));
    index::EntryRange range = missing.front();
    if (const std::string damage = codes->Stats().damage; damage != told_damage) {
      told_damage = damage;
      Alarm(absl::StrCat(damage, "; the codes of entries ", range.first_entry, " to ",
                         range.last_entry, " are made again from the catalog"));
    }
    range.last_entry = std::min(range.last_entry, range.first_entry + piece - 1);
    IndexFeed feed;
    {
      auto read = database->BeginRead();
      if (!read.ok()) return read.status();
      const Lacking lacking{.facts = false, .codes = true, .digests = false, .identities = false};
      const auto fed = FeedLive(*read, range, identity_seed, lacking, feed);
      if (!fed.ok()) return fed.status();
      if (*fed != range.last_entry - range.first_entry + 1) {
        return SomeAreGone(range.first_entry, range.last_entry);
      }
    }
    if (auto status = codes->Restore(range, feed.codes, feed.labels); !status.ok()) return status;
    // What was withdrawn meanwhile was recorded before the codes were told of it.
    auto read = database->BeginRead();
    if (!read.ok()) return read.status();
    const auto withdrawn = ReadWithdrawnAmong(*read, range.first_entry, range.last_entry);
    if (!withdrawn.ok()) return withdrawn.status();
    std::vector<std::uint64_t> meanwhile;
    for (const index::Label& label : feed.labels) {
      if (!std::binary_search(withdrawn->begin(), withdrawn->end(), label.entry)) continue;
      if (meanwhile.empty() || meanwhile.back() != label.entry) meanwhile.push_back(label.entry);
    }
    if (meanwhile.empty()) continue;
    if (auto status = codes->Withdraw(meanwhile).status(); !status.ok()) return status;
  }
}

absl::Status Catalog::Impl::MendDigests() {
  for (index::DigestIndex* index : {digests.get(), identities.get()}) {
    const index::DigestIndexStats stats = index->Stats();
    if (!stats.is_damaged) continue;
    // A merge tells in no other way what it found.
    Announce(absl::StrCat("the files of ", index == digests.get() ? "digests" : "identities",
                          " are made again from the catalog", stats.files.ok() ? "" : ": ",
                          stats.files.message()));
    // Nobody adds or withdraws meanwhile: what the index says of the moment it has reached is true.
    auto write = database->BeginWrite();
    if (!write.ok()) return write.status();
    // What is in memory would get the mark of a change that it lacks.
    if (auto status = CheckWhole(); !status.ok()) return status;
    if (auto status = index->Clear(); !status.ok()) return status;
    const std::string mark = MarkNow();
    Touch(mark);
    const bool are_digests = index == digests.get();
    std::uint64_t next = 1;
    while (next < table.Size()) {
      const std::uint64_t last = std::min(table.Size(), next + kFeedEntries) - 1;
      IndexFeed feed;
      const Lacking lacking{
          .facts = false, .codes = false, .digests = are_digests, .identities = !are_digests};
      const auto fed =
          FeedLive(*write, {.first_entry = next, .last_entry = last}, identity_seed, lacking, feed);
      if (!fed.ok()) return fed.status();
      if (*fed != last - next + 1) return SomeAreGone(next, last);
      if (auto status = TellDigests(feed); !status.ok()) return status;
      next = last + 1;
    }
    std::uint64_t change = 0;
    {
      const std::lock_guard lock(moment_mutex);
      change = moment.change;
    }
    index->Refilled();
    if (index->Stats().is_damaged) {
      return absl::UnavailableError("the disk damaged what was made again");
    }
    Reach(change, mark);
    index->Save();
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::MendFacts() {
  if (!facts_damaged) return absl::OkStatus();
  auto write = database->BeginWrite();
  if (!write.ok()) return write.status();
  if (auto status = CheckWhole(); !status.ok()) return status;
  std::vector<std::uint64_t> blocks;
  {
    const std::lock_guard lock(facts_mutex);
    blocks = damaged_blocks;
  }
  const auto moved = ReadMoved(*write);
  if (!moved.ok()) return moved.status();
  for (const std::uint64_t block : blocks) {
    const std::uint64_t first = EntryTable::First(block);
    const std::uint64_t last = table.End(block) - 1;
    Announce(absl::StrCat("what is told of entries ", first, " to ", last,
                          " is made again from the catalog"));
    const auto facts = ReadFacts(*write, first, last, *moved);
    if (!facts.ok()) return facts.status();
    if (!table.Replace(block, *facts)) {
      return absl::ResourceExhaustedError("no memory for what is told of entries");
    }
    if (std::find(unkept_blocks.begin(), unkept_blocks.end(), block) == unkept_blocks.end()) {
      unkept_blocks.push_back(block);
    }
  }
  {
    // What is told is right again, whatever becomes of the files.
    const std::lock_guard lock(facts_mutex);
    std::erase_if(damaged_blocks, [&](std::uint64_t block) {
      return std::find(blocks.begin(), blocks.end(), block) != blocks.end();
    });
    facts_damaged = !damaged_blocks.empty();
  }
  const std::string mark = MarkNow();
  absl::Status kept = KeepMended();
  if (kept.ok() && !mark.empty()) kept = fact_files->WriteList(mark);
  if (!kept.ok()) {
    Alarm(absl::StrCat("what was made again is not kept for the next start: ", kept.message()));
  }
  return absl::OkStatus();
}

}  // namespace kith::catalog
