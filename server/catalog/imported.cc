// SPDX-License-Identifier: Apache-2.0
//
// Catalog: what imports brought, as their sources said it.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {
namespace {

constexpr std::size_t kMaxPageBytes = std::size_t{1} << 20;

// Takes records until the page is full.
class PageFill {
 public:
  PageFill(ImportedPage& page, std::size_t limit) : page_(page), limit_(limit) {}

  // False: it has no room left, and nothing was taken.
  bool Take(v1::Entry entry, std::uint64_t behind) {
    const std::size_t size = entry.ByteSizeLong();
    if (page_.entries.size() >= limit_ ||
        (!page_.entries.empty() && bytes_ + size > kMaxPageBytes)) {
      page_.more = true;
      return false;
    }
    bytes_ += size;
    page_.next.after = behind;
    page_.entries.push_back(std::move(entry));
    return true;
  }

 private:
  ImportedPage& page_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
};

// The set of a record that repeats an entry, or is carried only: that gets its place and its
// import. Nothing: the entry was withdrawn.
absl::StatusOr<std::optional<std::uint64_t>> SetOfRepeat(CarriedReader& carried,
                                                         const EntryTable& table, v1::Entry& one) {
  if (!one.carried_only()) {
    const EntryFacts facts = table.Get(one.entry_id());
    if (facts.withdrawn) return std::nullopt;
    return facts.hash_set;
  }
  const auto import = carried.OfImport();
  if (!import.ok()) return import.status();
  one.set_entry_id(carried.behind());
  one.set_added_by_change(import->change);
  return import->hash_set;
}

}  // namespace

absl::StatusOr<ImportedPage> Catalog::ListImported(const ImportedPlace& from, std::size_t limit,
                                                   std::uint64_t set_id, std::uint64_t series_id) {
  auto entries = ListEntries(from.after, limit + 1, set_id, series_id);
  if (!entries.ok()) return entries.status();
  ImportedPage page;
  page.next = from;
  PageFill fill(page, limit);
  const std::uint64_t end = impl_->table.Size();
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  // All stand behind one entry where a list holds nothing but what is carried only: to begin there
  // anew for each page would take the square of their number.
  CarriedReader carried(*read, from.after, {.block = from.block, .passed = from.passed}, set_id);
  auto record = carried.Next();
  const auto end_page = [&] {
    page.next.block = carried.place().block;
    page.next.passed = carried.place().passed;
    return std::move(page);
  };
  // Records that repeat an entry and stand behind one below `until`.
  const auto repeats = [&](std::uint64_t until) -> absl::StatusOr<bool> {
    for (; record.ok() && *record != nullptr && carried.behind() < until; record = carried.Next()) {
      v1::Entry& one = **record;
      if (!one.repeats()) continue;
      const auto of_set = SetOfRepeat(carried, impl_->table, one);
      if (!of_set.ok()) return of_set.status();
      if (!*of_set || (set_id != 0 && **of_set != set_id) || series_id != 0) continue;
      const auto set = impl_->directory.hash_sets.ById(**of_set);
      if (set) one.set_set(set->name());
      if (!fill.Take(std::move(one), carried.behind())) return false;
    }
    if (!record.ok()) return record.status();
    return true;
  };
  for (v1::Entry& entry : *entries) {
    const std::uint64_t id = entry.entry_id();
    const auto room = repeats(id);
    if (!room.ok()) return room.status();
    if (!*room) return end_page();
    const bool said = *record != nullptr && carried.behind() == id && !(**record).repeats();
    if (said && (**record).has_carried()) {
      *entry.mutable_carried() = std::move(*(**record).mutable_carried());
    }
    if (!fill.Take(std::move(entry), id)) return end_page();
    if (said) record = carried.Next();
    if (!record.ok()) return record.status();
  }
  if (entries->size() <= limit) {
    const auto room = repeats(end);
    if (!room.ok()) return room.status();
  } else {
    page.more = true;
  }
  return end_page();
}

// The numbers, ascending, of up to `limit` entries above `after`.
absl::StatusOr<std::vector<std::uint64_t>> Catalog::Impl::EntriesNamed(
    const v1::HashSet& hash_set, std::span<const std::string> names, std::uint64_t after,
    std::size_t limit) {
  std::vector<std::uint64_t> ids;
  auto read = database->BeginRead();
  if (!read.ok()) return read.status();
  if (hash_set.entry_identity() == v1::ENTRY_IDENTITY_UNSPECIFIED) {
    // One of an earlier version: the first import by names settles it, and is yet to come. Where no
    // entry is active, there is nothing to look for.
    {
      const std::lock_guard lock(counts_mutex);
      const std::uint64_t set = hash_set.set_id();
      if (set >= set_entries.size() || set_entries[set] == 0) return ids;
    }
    const absl::flat_hash_set<std::string> wanted(names.begin(), names.end());
    Statement rows =
        read->Prepare("SELECT id, source_ref FROM entry WHERE hash_set = ?1 AND id > ?2");
    rows.Bind(hash_set.set_id(), after);
    while (ids.size() < limit) {
      const auto row = rows.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      if (wanted.contains(std::string(rows.Text(1)))) ids.push_back(rows.Id(0));
    }
    return ids;
  }
  Statement rows = read->Prepare(
      "SELECT entry FROM named_entry WHERE hash_set = ?1 AND source_ref = ?2 AND entry > ?3");
  for (const std::string& name : names) {
    rows.Bind(hash_set.set_id(), name, after);
    while (true) {
      const auto row = rows.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      ids.push_back(rows.Id(0));
    }
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  if (ids.size() > limit) ids.resize(limit);
  return ids;
}

absl::StatusOr<ImportedPage> Catalog::ListNamed(const v1::HashSet& hash_set,
                                                std::span<const std::string> names,
                                                std::uint64_t after, std::size_t limit,
                                                bool as_imported) {
  std::uint64_t end = 0;
  {
    const std::lock_guard lock(impl_->moment_mutex);
    end = impl_->moment.entries_end;
  }
  auto ids = impl_->EntriesNamed(hash_set, names, after, limit + 1);
  if (!ids.ok()) return ids.status();
  // What is recorded and not told to the memory yet is not there.
  while (!ids->empty() && ids->back() >= end) ids->pop_back();
  auto entries = ReadEntries(*ids);
  if (!entries.ok()) return entries.status();
  ImportedPage page;
  page.next.after = after;
  PageFill fill(page, limit);
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  CarriedReader carried(*read, after);
  for (v1::Entry& entry : *entries) {
    const std::uint64_t id = entry.entry_id();
    if (as_imported) {
      const auto record = carried.Find(id);
      if (!record.ok()) return record.status();
      if (*record != nullptr && (**record).has_carried()) {
        *entry.mutable_carried() = (**record).carried();
      }
    }
    if (!fill.Take(std::move(entry), id)) break;
  }
  return page;
}

absl::StatusOr<std::vector<v1::ImportRecord>> Catalog::ListImports(std::uint64_t set_id,
                                                                   std::uint64_t after,
                                                                   std::size_t limit,
                                                                   std::size_t max_bytes) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  Statement rows = read->Prepare(
      "SELECT c.number, c.at, c.note, coalesce(c.first_entry, 0), coalesce(c.last_entry, 0),"
      " f.format, f.data FROM import_file f JOIN change c ON c.number = f.change"
      " WHERE f.change > ?1 AND f.hash_set = ?2 ORDER BY f.change LIMIT ?3");
  rows.Bind(after, set_id, limit);
  std::vector<v1::ImportRecord> imports;
  std::size_t bytes = 0;
  while (imports.size() < 2 || bytes <= max_bytes) {
    const auto row = rows.Step();
    if (!row.ok()) return row.status();
    if (!*row) return imports;
    v1::ImportRecord& record = imports.emplace_back();
    record.set_change(rows.Id(0));
    record.set_at(std::string(rows.Text(1)));
    record.set_source(std::string(rows.Text(2)));
    record.set_first_entry(rows.Id(3));
    record.set_last_entry(rows.Id(4));
    if (!rows.Text(5).empty()) {
      auto data = ReadFileCarried(rows.Blob(6));
      if (!data.ok()) return data.status();
      record.mutable_carried()->set_format(std::string(rows.Text(5)));
      record.mutable_carried()->set_data(*std::move(data));
    }
    bytes += record.ByteSizeLong();
  }
  return imports;
}

}  // namespace kith::catalog
