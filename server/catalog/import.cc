// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/import.h"

#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/entry_record.h"
#include "server/catalog/names.h"
#include "server/catalog/recurring_digests.h"

namespace kith::catalog {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kStagePrefix = "import-";
constexpr const char* kKeysSuffix = ".keys";
constexpr std::size_t kRememberedImports = 64;
constexpr std::string_view kStageSql = R"sql(
CREATE TABLE record (id INTEGER PRIMARY KEY, entry BLOB NOT NULL) STRICT;
)sql";
constexpr std::array<Migration, 1> kStageMigrations = {{{1, kStageSql}}};

void RemoveStage(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal", ".new", kKeysSuffix}) {
    std::error_code ignored;  // what is not there need not be removed
    std::filesystem::remove(path + suffix, ignored);
  }
}

// One open import.
struct Import {
  std::mutex mutex;  // of all below
  std::string set;
  std::string series;
  Signature signature;
  v1::SeriesNames series_names = v1::SERIES_NAMES_IGNORE;
  bool by_source_ref = false;
  std::string path;
  std::unique_ptr<Database> stage;
  std::optional<KeySpool> keys;  // of the staged records
  std::uint64_t set_id = 0;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;  // of the set, which never changes
  std::uint64_t batches = 0;
  std::uint64_t refused = 0;
  StagedBatch last;  // acknowledged again when the client asks again
  bool over = false;
  std::atomic<Clock::time_point> used{Clock::now()};

  ~Import() {
    stage.reset();
    RemoveStage(path);
  }
};

// One that is over, for a client that lost the answer.
struct Committed {
  std::string id;
  std::uint64_t batches = 0;
  ImportedList imported;
};

absl::Status OtherBatches(std::uint64_t sent, std::uint64_t came) {
  return absl::FailedPreconditionError(
      absl::StrCat(sent, " batches were sent, but ", came, " came: send the rest"));
}

absl::Status NoImport(const std::string& id) {
  return absl::NotFoundError(
      absl::StrCat("import ", Quoted(id),
                   " is not open: it ended, was aborted, or waited too long. Begin again"));
}

}  // namespace

struct Imports::Impl {
  Catalog& catalog;
  const std::chrono::seconds idle;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Import>> open;  // guarded by mutex
  std::uint64_t next = 1;                               // guarded by mutex
  std::deque<Committed> committed;                      // guarded by mutex; the last ones

  Impl(Catalog& of, int idle_seconds) : catalog(of), idle(idle_seconds) {}

  // Under the mutex.
  void DropIdle() {
    for (auto it = open.begin(); it != open.end();) {
      it = Clock::now() - it->second->used.load() > idle ? open.erase(it) : std::next(it);
    }
  }

  // What the import brought; NOT_FOUND when it was not committed, or long ago.
  absl::StatusOr<ImportedList> FindCommitted(const std::string& id, std::uint64_t batches) {
    const std::lock_guard lock(mutex);
    for (const Committed& one : committed) {
      if (one.id != id) continue;
      if (one.batches != batches) return OtherBatches(batches, one.batches);
      return one.imported;
    }
    return NoImport(id);
  }

  // From here on the import is over, and its answer can be asked for again.
  void End(const std::string& id, std::uint64_t batches, const ImportedList& imported) {
    const std::lock_guard lock(mutex);
    committed.push_back({.id = id, .batches = batches, .imported = imported});
    if (committed.size() > kRememberedImports) committed.pop_front();
    open.erase(id);
  }

  absl::StatusOr<std::shared_ptr<Import>> Find(const std::string& id) {
    const std::lock_guard lock(mutex);
    DropIdle();
    const auto found = open.find(id);
    if (found == open.end()) return NoImport(id);
    found->second->used = Clock::now();
    return found->second;
  }
};

Imports::Imports(Catalog& catalog, int idle_seconds)
    : impl_(std::make_unique<Impl>(catalog, idle_seconds)) {
  std::vector<std::string> left;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(catalog.store_dir(), error)) {
    if (file.path().filename().string().rfind(kStagePrefix, 0) == 0) {
      left.push_back(file.path().string());
    }
  }
  for (const std::string& path : left) std::filesystem::remove(path, error);
}

Imports::~Imports() = default;

absl::StatusOr<std::string> Imports::Begin(std::string_view set, std::string_view series,
                                           const Signature& signature, v1::SeriesNames series_names,
                                           bool by_source_ref) {
  if (auto status =
          FirstError({CheckOptionalName("who", signature.who), CheckText("source", signature.why)});
      !status.ok()) {
    return status;
  }
  if (!v1::SeriesNames_IsValid(series_names)) {
    return absl::InvalidArgumentError("series_names is none that this version of kith knows");
  }
  const Directory& directory = impl_->catalog.directory();
  const auto hash_set = directory.hash_sets.ByName(set);
  if (hash_set == nullptr) {
    return absl::NotFoundError(absl::StrCat("no hash set ", Quoted(set), ": add it first"));
  }
  // Told before a long list is sent; the commit looks again.
  if (auto status = CheckIdentity(*hash_set, by_source_ref); !status.ok()) return status;
  if (!series.empty() && directory.series.ByName(series) == nullptr) {
    return absl::NotFoundError(absl::StrCat("no series ", Quoted(series), ": add it first"));
  }
  auto import = std::make_shared<Import>();
  import->set = std::string(set);
  import->set_id = hash_set->set_id();
  import->dialect = hash_set->dialect();
  import->series = std::string(series);
  import->signature = signature;
  import->series_names = series_names;
  import->by_source_ref = by_source_ref;
  std::string id;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->DropIdle();
    if (impl_->open.size() >= kMaxOpenImports) {
      return absl::ResourceExhaustedError(
          absl::StrCat(kMaxOpenImports, " imports are open: commit or abort one of them first"));
    }
    // The start of the process tells its imports from those of an earlier one.
    id = absl::StrCat(impl_->next++, "-",
                      std::chrono::system_clock::now().time_since_epoch().count());
    import->path = absl::StrCat(impl_->catalog.store_dir(), "/", std::string(kStagePrefix), id);
    impl_->open.emplace(id, import);
  }
  const std::lock_guard lock(import->mutex);
  auto stage = Database::Open({.path = import->path,
                               .create = true,
                               .durability = Durability::kScratch,
                               .migrations = kStageMigrations});
  auto keys = KeySpool::Create(import->path + kKeysSuffix);
  if (!stage.ok() || !keys.ok()) {
    import->over = true;
    const std::lock_guard open_lock(impl_->mutex);
    impl_->open.erase(id);
    return stage.ok() ? keys.status() : stage.status();
  }
  import->stage = *std::move(stage);
  import->keys = *std::move(keys);
  return id;
}

absl::StatusOr<StagedBatch> Imports::Add(const std::string& import_id, std::uint64_t batch,
                                         std::span<const v1::Entry* const> records) {
  const auto found = impl_->Find(import_id);
  if (!found.ok()) return found.status();
  Import& import = **found;
  const std::lock_guard lock(import.mutex);
  if (import.over) return NoImport(import_id);
  if (batch + 1 == import.batches) return import.last;
  if (batch != import.batches) {
    // Older ones were acknowledged too; what they refused is no longer held.
    if (batch < import.batches) return StagedBatch{};
    return absl::FailedPreconditionError(
        absl::StrCat("batch ", batch, " came, but batch ", import.batches, " is the next one"));
  }
  StagedBatch staged;
  std::vector<std::uint64_t> keys;
  auto write = import.stage->BeginWrite();
  if (!write.ok()) return write.status();
  {
    Statement insert = write->Prepare("INSERT INTO record (entry) VALUES (?1)");
    for (std::size_t i = 0; i < records.size(); ++i) {
      // As the commit will: what is staged must not fail there, for the whole list.
      auto record = TakeEntry(*records[i], import.dialect);
      absl::Status status = record.status();
      if (status.ok()) status = CheckKept(*records[i]);
      if (!status.ok()) {
        staged.refused.emplace_back(i, std::string(status.message()));
        continue;
      }
      const std::string bytes = records[i]->SerializeAsString();
      if (status = insert.Bind(BlobView{bytes}).Run(); !status.ok()) return status;
      ++staged.staged;
      if (records[i]->carried_only()) continue;
      record->hash_set = import.set_id;
      AppendKeys(*record, import.keys->seed(), keys);
    }
  }
  // Keys of records that are not staged after all only cost memory.
  if (auto status = import.keys->Append(keys); !status.ok()) return status;
  if (auto status = write->Commit(); !status.ok()) return status;
  ++import.batches;
  import.refused += staged.refused.size();
  import.last = staged;
  return staged;
}

absl::StatusOr<ImportedList> Imports::Commit(const std::string& import_id, std::uint64_t batches,
                                             const v1::Carried& file,
                                             std::span<const Withdrawal> withdraw) {
  if (auto status = CheckCarried(file, kMaxFileCarriedBytes); !status.ok()) return status;
  for (const Withdrawal& one : withdraw) {
    if (auto status = CheckText("why", one.why); !status.ok()) return status;
  }
  const auto found = impl_->Find(import_id);
  if (!found.ok()) return impl_->FindCommitted(import_id, batches);
  Import& import = **found;
  const std::lock_guard lock(import.mutex);
  if (import.over) return impl_->FindCommitted(import_id, batches);
  if (batches != import.batches) return OtherBatches(batches, import.batches);
  ImportedList imported;
  imported.refused = import.refused;
  {
    auto recurring = import.keys->Recurring();
    if (!recurring.ok()) return recurring.status();
    auto batch = impl_->catalog.BeginBatch(import.set, import.series, import.signature,
                                           {.recurring = *std::move(recurring),
                                            .by_source_ref = import.by_source_ref,
                                            .keep = true,
                                            .series_names = import.series_names,
                                            .withdraw = withdraw});
    if (!batch.ok()) return batch.status();
    auto read = import.stage->BeginRead();
    if (!read.ok()) return read.status();
    Statement records = read->Prepare("SELECT entry FROM record ORDER BY id");
    v1::Entry entry;
    while (true) {
      const auto row = records.Step();
      if (!row.ok()) return row.status();
      if (!*row) break;
      const std::string_view bytes = records.Blob(0);
      if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return absl::DataLossError("a staged record is damaged: abort the import, begin again");
      }
      const auto added = (*batch)->Add(entry);
      if (!added.ok()) return added.status();
      ++(added->carried_only    ? imported.carried_only
         : added->already_there ? imported.already_there
                                : imported.added);
      if (added->repeats) ++imported.repeats;
      if (added->other_category) ++imported.other_category;
      if (added->still_matched) ++imported.still_matched;
      if (added->other_victim) ++imported.other_victim;
      import.used = Clock::now();
    }
    if (auto status = (*batch)->Commit(file); !status.ok()) return status;
    if (imported.added > 0) imported.series_added = (*batch)->series_added();
    imported.withdrawn = (*batch)->withdrawn();
    imported.first_entry = (*batch)->first_entry();
  }
  impl_->End(import_id, batches, imported);
  import.over = true;
  return imported;
}

absl::Status Imports::Abort(const std::string& import_id) {
  const auto found = impl_->Find(import_id);
  if (!found.ok()) return found.status();
  const std::lock_guard lock((*found)->mutex);
  if ((*found)->over) return NoImport(import_id);
  (*found)->over = true;
  const std::lock_guard open_lock(impl_->mutex);
  impl_->open.erase(import_id);
  return absl::OkStatus();
}

}  // namespace kith::catalog
