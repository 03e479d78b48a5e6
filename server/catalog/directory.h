// SPDX-License-Identifier: Apache-2.0
//
// Purpose: agencies, contacts, series and hash sets, held in memory as the catalog has them.
//
// Thread-safety: all functions may be called from any thread; a returned record never changes.
// Complexity: O(log n) a look-up.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proto/kith/v1/catalog.pb.h"

namespace kith::catalog {

// Series merged one into another, and contacts that superseded each other, are followed so far: a
// damaged store must not make it endless.
inline constexpr int kLongestChain = 1000;

// Records of one kind by number (from 1) and by unique name.
template <typename Record>
class RecordMap {
 public:
  using Pointer = std::shared_ptr<const Record>;

  // Null when there is none.
  [[nodiscard]] Pointer ById(std::uint64_t id) const {
    const std::shared_lock lock(mutex_);
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  [[nodiscard]] Pointer ByName(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = id_by_name_.find(name);
    return found == id_by_name_.end() ? nullptr : by_id_.find(found->second)->second;
  }
  // Up to `limit` of them with a number above `after`, ascending, that `keep` likes.
  [[nodiscard]] std::vector<Pointer> After(
      std::uint64_t after, std::size_t limit,
      const std::function<bool(const Record&)>& keep = nullptr) const {
    std::vector<Pointer> found;
    const std::shared_lock lock(mutex_);
    for (auto it = by_id_.upper_bound(after); it != by_id_.end() && found.size() < limit; ++it) {
      if (!keep || keep(*it->second)) found.push_back(it->second);
    }
    return found;
  }
  // Another name of a record; its own name must be no other record's.
  void PutName(std::uint64_t id, std::string_view name) {
    const std::unique_lock lock(mutex_);
    id_by_name_.insert_or_assign(std::string(name), id);
  }
  void RemoveName(std::string_view name) {
    const std::unique_lock lock(mutex_);
    if (const auto found = id_by_name_.find(name); found != id_by_name_.end()) {
      id_by_name_.erase(found);
    }
  }
  // Adds or replaces; an empty name is not looked up.
  void Put(std::uint64_t id, std::string_view name, Record record) {
    auto pointer = std::make_shared<const Record>(std::move(record));
    const std::unique_lock lock(mutex_);
    by_id_[id] = std::move(pointer);
    if (!name.empty()) id_by_name_.insert_or_assign(std::string(name), id);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::uint64_t, Pointer> by_id_;
  std::map<std::string, std::uint64_t, std::less<>> id_by_name_;
};

struct Directory {
  RecordMap<v1::Agency> agencies;    // by name
  RecordMap<v1::Contact> contacts;   // no names
  RecordMap<v1::Series> series;      // by code and by alias; with its contacts in full
  RecordMap<v1::HashSet> hash_sets;  // by name; `entries` is not kept up: see Catalog::SetEntries

  // The series that stands for this one now: itself, or what it was merged into. Null: none.
  [[nodiscard]] RecordMap<v1::Series>::Pointer CurrentSeries(std::uint64_t id) const;
  // The same of one that is named, also by an alias.
  [[nodiscard]] RecordMap<v1::Series>::Pointer CurrentSeriesNamed(std::string_view name) const;
  // This series and all that were merged into it, whatever the depth; ascending.
  [[nodiscard]] std::vector<std::uint64_t> SeriesCountedAs(std::uint64_t id) const;
  // The contact to call in place of this one: itself, or what superseded it. Null: the desk.
  [[nodiscard]] RecordMap<v1::Contact>::Pointer CurrentContact(std::uint64_t id) const;
};

}  // namespace kith::catalog
