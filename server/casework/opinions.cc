// SPDX-License-Identifier: Apache-2.0
#include "server/casework/opinions.h"

#include <algorithm>
#include <mutex>

#include "server/casework/internal/sql.h"

namespace kith::casework {

absl::Status Opinions::Load(catalog::Database& database) {
  KITH_ASSIGN(catalog::Transaction read, database.BeginRead());
  catalog::Statement rows = read.Prepare("SELECT sha256, entry, kind FROM opinion ORDER BY change");
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return absl::OkStatus();
    Put(rows.Blob(0), rows.Id(1), static_cast<v1::OpinionKind>(rows.Int(2)));
  }
}

std::vector<Opinions::OnEntry> Opinions::Of(std::string_view sha256) const {
  const std::shared_lock lock(mutex_);
  if (by_file_.empty()) return {};
  const auto found = by_file_.find(std::string(sha256));
  return found == by_file_.end() ? std::vector<OnEntry>() : found->second;
}

void Opinions::Put(std::string_view sha256, std::uint64_t entry_id, v1::OpinionKind kind) {
  const std::unique_lock lock(mutex_);
  std::vector<OnEntry>& given = by_file_[std::string(sha256)];
  std::erase_if(given, [&](const OnEntry& one) { return one.entry_id == entry_id; });
  if (kind != v1::OPINION_KIND_WITHDRAWN) given.push_back({entry_id, kind});
  if (given.empty()) by_file_.erase(std::string(sha256));
}

}  // namespace kith::casework
