// SPDX-License-Identifier: Apache-2.0
//
// Catalog: what of it is kept in the index folder, and under which marks.
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/entry_mark.h"
#include "server/catalog/internal/fact_files.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

constexpr std::size_t kMaxAlarms = 20;
// Digests held in memory before they are brought into files: for as many a start reads the tables.
constexpr std::size_t kMaxDeltaDigests = std::size_t{1} << 17;

// Whether the entries have these SHA-256, of which the files of the index keep the beginning.
index::DigestConfirm ConfirmFrom(Database& database) {
  return [&database](index::DigestKind kind, std::span<const std::string_view> digests,
                     std::span<const std::uint64_t> entries) -> absl::StatusOr<std::vector<bool>> {
    if (kind != index::DigestKind::kSha256) return absl::InternalError("only SHA-256 are cut off");
    auto read = database.BeginRead();
    if (!read.ok()) return read.status();
    Statement row = read->Prepare("SELECT 1 FROM entry WHERE id = ?1 AND sha256 = ?2");
    std::vector<bool> confirmed;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto found = row.Bind(entries[i], BlobView{digests[i]}).Step();
      if (!found.ok()) return found.status();
      confirmed.push_back(*found);
    }
    return confirmed;
  };
}

}  // namespace

absl::StatusOr<std::unique_ptr<index::DigestIndex>> Catalog::Impl::OpenDigests(
    const std::string& name, index::DigestConfirm confirm) {
  index::DigestIndexOptions wanted;
  wanted.folder = absl::StrCat(index_dir, "/", name);
  wanted.delta_digests = std::clamp<std::size_t>(4 * options.keep_from, 64, kMaxDeltaDigests);
  wanted.confirm = std::move(confirm);
  wanted.progress = [this, name](std::uint64_t done, std::uint64_t all) {
    if (options.progress) options.progress(name, done, all);
  };
  (void)mkdir(wanted.folder.c_str(), 0700);  // what it says in words is told by what follows
  auto opened = index::DigestIndex::Open(wanted);
  if (absl::IsDataLoss(opened.status()) || absl::IsFailedPrecondition(opened.status())) {
    Alarm(std::string(opened.status().message()));
    wanted.start_anew = true;
    opened = index::DigestIndex::Open(wanted);
  }
  std::error_code error;
  if (opened.ok() || std::filesystem::is_directory(wanted.folder, error)) return opened;
  // Without a folder it is whole as long as the process lives.
  Alarm(std::string(opened.status().message()));
  return index::DigestIndex::Create();
}

absl::Status Catalog::Impl::OpenIndexes() {
  // Making the folder fails no start: without it everything is held in memory.
  auto opened = index::HammingIndex::Create(
      {.engine = options.index_engine,
       .head_codes = std::clamp<std::size_t>(options.keep_from, 8, 65536),
       .folder = index_dir,
       .owner = store_id,
       .progress = [this](std::uint64_t done, std::uint64_t all) {
         if (options.progress) options.progress("codes", done, all);
       }});
  if (!opened.ok()) return opened.status();
  codes = *std::move(opened);
  fact_files = std::make_unique<FactFiles>(index_dir);
  auto known = OpenDigests("digests", ConfirmFrom(*database));
  if (!known.ok()) return known.status();
  digests = *std::move(known);
  auto same = OpenDigests("identities", {});
  if (!same.ok()) return same.status();
  identities = *std::move(same);
  return absl::OkStatus();
}

void Catalog::Impl::Alarm(std::string_view what) {
  {
    const std::lock_guard lock(alarms_mutex);
    alarms.push_back(absl::StrCat(TimeNow(), " ", std::string(what)));
    if (alarms.size() > kMaxAlarms) alarms.erase(alarms.begin());
  }
  if (options.alarm) options.alarm(std::string(what));
}

std::string Catalog::Impl::MarkNow() {
  auto read = database->BeginRead();
  if (!read.ok()) return {};
  auto mark = NewestMark(*read, store_id);
  return mark.ok() ? *std::move(mark) : std::string();
}

void Catalog::Impl::Touch(std::string_view mark) {
  codes->Touches(mark);
  digests->Touches(mark);
  identities->Touches(absl::StrCat(std::string(mark), " ", absl::Hex(identity_seed)));
}

void Catalog::Impl::Reach(std::uint64_t change, std::string_view mark) {
  if (mark.empty()) return;
  digests->Reached(change, mark);
  identities->Reached(change, absl::StrCat(std::string(mark), " ", absl::Hex(identity_seed)));
}

absl::Status Catalog::Impl::FeedFromTables(std::uint64_t first, std::uint64_t last) {
  auto read = database->BeginRead();
  if (!read.ok()) return read.status();
  EntryScan scan(*read, first, last);
  EntryRecord record;
  IndexFeed feed;
  // A part of what a start takes at once: the rest of an import is still in memory.
  constexpr std::size_t kAtOnce = kFeedEntries / 4;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (*row) feed.Add(record, identity_seed);
    if (*row && feed.facts.size() < kAtOnce) continue;
    if (auto status = Feed(feed); !status.ok()) return status;
    feed.Clear();
    KeepFullBlocks();
    if (!*row) break;
  }
  if (table.Size() == last + 1) return absl::OkStatus();
  return SomeAreGone(first, last);
}

void Catalog::Impl::Count(const FactSummary& summary) {
  const std::lock_guard lock(counts_mutex);
  for (const auto& [set, of_set] : summary.sets) {
    set_entries[set] += of_set.entries;
    set_dialects[set] |= of_set.dialects;
  }
  for (const auto& [series, entries] : summary.series) series_entries[series] += entries;
}

absl::StatusOr<FactSummary> Catalog::Impl::SummaryOf(std::uint64_t block) {
  FactSummary summary;
  const std::lock_guard lock(counts_mutex);
  for (std::uint64_t entry = EntryTable::First(block); entry < table.End(block); ++entry) {
    const EntryFacts facts = table.Get(entry);
    if (facts.hash_set >= set_dialects.size()) {
      NoteFacts(block);
      return absl::DataLossError(
          absl::StrCat("what is told of entry ", entry, " is damaged: it is in no set"));
    }
    FactSummary::OfSet& of_set = summary.sets[facts.hash_set];
    // Those of the whole set: some more do no harm.
    if (of_set.entries++ == 0) of_set.dialects = set_dialects[facts.hash_set];
    if (facts.series != 0) ++summary.series[facts.series];
  }
  return summary;
}

absl::Status Catalog::Impl::KeepMended() {
  while (!unkept_blocks.empty()) {
    const std::uint64_t block = unkept_blocks.back();
    if (EntryTable::First(block) >= fact_files->End()) {
      unkept_blocks.pop_back();  // it comes with those before it
      continue;
    }
    const auto summary = SummaryOf(block);
    if (!summary.ok()) return summary.status();
    if (auto status = fact_files->Write(block, table, *summary); !status.ok()) return status;
    unkept_blocks.pop_back();
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::KeepBlocks(std::uint64_t tail) {
  if (auto status = KeepMended(); !status.ok()) return status;
  while (true) {
    const std::uint64_t end = fact_files->End();
    const std::uint64_t block = end >> EntryTable::kBlockBits;
    const bool is_whole = table.Size() >= (block + 1) << EntryTable::kBlockBits;
    if (end == table.Size() || (!is_whole && table.Size() - end < tail)) return absl::OkStatus();
    if (end > EntryTable::First(block)) {
      // Its first part is written from the mapping of a file: rot would get a right checksum.
      const FactFile file = fact_files->files().back();
      absl::Status sound = fact_files->Check(file);
      if (absl::IsResourceExhausted(sound)) return sound;
      if (!sound.ok() && !absl::IsNotFound(sound)) {
        Alarm(std::string(sound.message()));
        NoteFacts(block);
        (void)fact_files->Remove(file);
        return sound;
      }
    }
    // A round that reads them may have found it meanwhile, and taken the file away.
    if (auto status = CheckFacts(); !status.ok()) return status;
    const auto summary = SummaryOf(block);
    if (!summary.ok()) return summary.status();
    if (auto status = fact_files->Write(block, table, *summary); !status.ok()) return status;
    // A block that was mended whole is written by KeepMended and stays in memory: a disk that
    // spoilt it once is not trusted with it.
    if (is_whole) fact_files->Leave(block, table);
  }
}

absl::Status Catalog::Impl::KeepFacts(std::string_view mark) {
  const std::uint64_t tail =
      std::min<std::uint64_t>(options.keep_from, EntryTable::kBlockEntries / 4);
  if (auto status = KeepBlocks(tail); !status.ok()) return status;
  return fact_files->WriteList(mark);
}

void Catalog::Impl::KeepFullBlocks() {
  try {
    (void)KeepBlocks(EntryTable::kBlockEntries);  // tried again when all is marked
  } catch (const std::exception&) {
    return;
  }
}

void Catalog::Impl::MarkEntries(std::string_view mark) {
  if (mark.empty()) return;
  // Whatever goes wrong costs the next start some time, and nothing else.
  try {
    if (table.Size() != marked_end && codes->Reached(mark).ok()) marked_end = table.Size();
    if (table.Size() != kept_end && KeepFacts(mark).ok()) kept_end = table.Size();
    SaveDigests(4 * std::max<std::uint64_t>(options.keep_from, 1));
  } catch (const std::exception&) {
    return;
  }
}

void Catalog::Impl::SaveDigests(std::uint64_t entries) {
  if (table.Size() - saved_end < entries) return;
  saved_end = table.Size();
  digests->Save();
  identities->Save();
}

}  // namespace kith::catalog
