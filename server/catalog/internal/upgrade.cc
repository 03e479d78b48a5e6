// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/upgrade.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/connection.h"
#include "server/catalog/internal/database_file.h"

namespace kith::catalog {
namespace {

constexpr char kCopySuffix[] = ".schema";  // and the number of the schema before the upgrade

std::vector<Migration> InOrder(std::span<const Migration> migrations) {
  std::vector<Migration> ordered(migrations.begin(), migrations.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Migration& a, const Migration& b) { return a.version < b.version; });
  return ordered;
}

}  // namespace

absl::Status Migrate(Connection& connection, const DatabaseOptions& options) {
  const auto current = connection.QueryInt("PRAGMA user_version");
  if (!current.ok()) return current.status();
  const std::vector<Migration> steps = InOrder(options.migrations);
  const int newest = steps.empty() ? 0 : steps.back().version;
  if (*current > newest) {
    return absl::FailedPreconditionError(absl::StrCat(
        options.path, ": made by a newer version of kith (schema ", *current,
        ", this program knows ", newest, "): open it with that version or a later one"));
  }
  if (*current == newest) return absl::OkStatus();
  // An index of a large ledger is sorted on the disk: what the steps from this one on sort are
  // numbers of the store, and no hashes.
  constexpr int kSortsNumbers = 9;
  const bool on_disk = *current >= kSortsNumbers;
  // A step that makes a table anew must drop the old one, to which others refer.
  std::string script = on_disk ? "PRAGMA temp_store = FILE;" : "";
  script.append("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;");
  for (const Migration& step : steps) {
    if (step.version > *current) script.append(step.sql).append(";");
  }
  absl::StrAppend(&script, "PRAGMA application_id = ", kApplicationId,
                  "; PRAGMA user_version = ", newest,
                  "; COMMIT; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;");
  return connection.ExecuteScript(script);
}

absl::Status MakeDatabase(const DatabaseOptions& options) {
  const std::string draft = options.path + ".new";
  RemoveDatabase(draft);
  if (auto status = MakeEmpty(draft); !status.ok()) return status;
  absl::Status status = [&] {
    auto connection = Connection::Open(draft, Access::kWrite);
    if (!connection.ok()) return connection.status();
    if (options.durability == Durability::kScratch) {
      auto quick = (*connection)->ExecuteScript("PRAGMA synchronous = OFF");
      if (!quick.ok()) return quick;
    }
    return Migrate(**connection, options);
  }();
  if (status.ok() && options.durability == Durability::kFull) status = Flush(draft);
  if (status.ok() && std::rename(draft.c_str(), options.path.c_str()) != 0) {
    status = FromErrno(options.path, "cannot be made");
  }
  if (status.ok() && options.durability == Durability::kFull) {
    status = Flush(FolderOf(options.path));
  }
  if (!status.ok()) RemoveDatabase(draft);
  return status;
}

absl::Status CopyBeforeUpgrade(Connection& connection, const DatabaseOptions& options) {
  const auto current = connection.QueryInt("PRAGMA user_version");
  if (!current.ok()) return current.status();
  const std::vector<Migration> steps = InOrder(options.migrations);
  if (*current == 0 || steps.empty() || *current >= steps.back().version) return absl::OkStatus();
  const std::string copy = absl::StrCat(options.path, kCopySuffix, *current);
  const std::string draft = copy + ".new";
  RemoveDatabase(draft);
  absl::Status status = MakeEmpty(draft);
  if (status.ok()) status = CopyInto(connection, draft);
  if (status.ok()) status = Flush(draft);
  // An older copy is of an upgrade that failed: what the store holds now is the newer.
  if (status.ok() && std::rename(draft.c_str(), copy.c_str()) != 0) {
    status = FromErrno(copy, "cannot be made");
  }
  if (status.ok()) status = Flush(FolderOf(options.path));
  if (status.ok()) return status;
  RemoveDatabase(draft);
  return absl::Status(status.code(), absl::StrCat(options.path,
                                                  ": not upgraded, because no copy of it could be "
                                                  "made first: ",
                                                  status.message()));
}

absl::Status CheckOwn(Connection& connection, const std::string& path) {
  const auto id = connection.QueryInt("PRAGMA application_id");
  if (!id.ok()) return id.status();
  if (*id == kApplicationId) return absl::OkStatus();
  const auto tables = connection.QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();
  if (*tables == 0) {
    return absl::DataLossError(absl::StrCat(path, ": the store is empty; restore a backup"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": is a database of another program, not a store of kith"));
}

std::vector<std::string> Database::UpgradeCopies() const {
  const std::string start = std::filesystem::path(path()).filename().string() + kCopySuffix;
  std::vector<std::string> names;
  std::error_code error;
  // By steps: a folder that cannot be read to its end must not throw.
  for (std::filesystem::directory_iterator at(FolderOf(path()), error), end; !error && at != end;
       at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name.rfind(start, 0) == 0) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status Database::RemoveUpgradeCopies() {
  const std::vector<std::string> names = UpgradeCopies();
  const std::string folder = FolderOf(path());
  for (const std::string& name : names) {
    const std::string copy = absl::StrCat(folder, "/", name);
    if (unlink(copy.c_str()) != 0) return FromErrno(copy, "cannot be removed");
  }
  return names.empty() ? absl::OkStatus() : Flush(folder);
}

}  // namespace kith::catalog
