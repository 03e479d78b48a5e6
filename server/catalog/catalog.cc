// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/catalog.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/fact_files.h"
#include "server/catalog/names.h"
#include "server/store_names.h"

namespace kith::catalog {
namespace {

// view label: frame:28 | crop - 1:1 | dialect:2
constexpr int kFrameShift = 4;
constexpr int kCropShift = 2;

absl::Status MakeStoreDir(const CatalogOptions& options) {
  std::error_code error;
  if (std::filesystem::is_directory(options.store_dir, error)) return absl::OkStatus();
  if (!options.create) {
    return absl::NotFoundError(absl::StrCat(options.store_dir, ": no such store"));
  }
  const auto parent = std::filesystem::path(options.store_dir).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  // What stands there under that name is no folder, or we would not be here.
  if (!error && mkdir(options.store_dir.c_str(), 0700) != 0) {
    error = std::error_code(errno, std::generic_category());
  }
  if (!error) return absl::OkStatus();
  const std::string text =
      absl::StrCat(options.store_dir, ": the store cannot be made: ", error.message());
  if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
    return absl::PermissionDeniedError(text);
  }
  if (error == std::errc::no_space_on_device) return absl::ResourceExhaustedError(text);
  return absl::FailedPreconditionError(text);
}

std::string RandomBytes(std::size_t count) {
  std::random_device device;
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(device() & 0xFFU);
  return bytes;
}

std::string MakeUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-",
                      hex.substr(16, 4), "-", hex.substr(20));
}

absl::StatusOr<std::string> ReadStoreId(Database& database) {
  {
    auto read = database.BeginRead();
    if (!read.ok()) return read.status();
    Statement statement = read->Prepare("SELECT id FROM store");
    const auto row = statement.Step();
    if (!row.ok()) return row.status();
    if (*row) return std::string(statement.Text(0));
  }
  auto write = database.BeginWrite();
  if (!write.ok()) return write.status();
  const std::string id = MakeUuid();
  if (auto status =
          write->Execute("INSERT INTO store (id, created_at) VALUES (?1, ?2)", id, TimeNow());
      !status.ok()) {
    return status;
  }
  if (auto status = write->Commit(); !status.ok()) return status;
  return id;
}

}  // namespace

std::uint32_t PackLabel(const CodeLabel& label) {
  return label.frame << kFrameShift | (label.crop == v1::CROP_TRIMMED ? 1U << kCropShift : 0U) |
         static_cast<std::uint32_t>(label.dialect);
}

CodeLabel UnpackLabel(std::uint32_t view) {
  CodeLabel label;
  label.frame = view >> kFrameShift;
  label.crop = (view >> kCropShift & 1U) != 0 ? v1::CROP_TRIMMED : v1::CROP_ORIGINAL;
  label.dialect = static_cast<v1::Dialect>(view & 3U);
  return label;
}

absl::StatusOr<std::unique_ptr<Catalog>> Catalog::Open(const CatalogOptions& options) {
  if (auto status = MakeStoreDir(options); !status.ok()) return status;
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  std::vector<Migration> migrations(CatalogMigrations().begin(), CatalogMigrations().end());
  migrations.insert(migrations.end(), options.more_migrations.begin(),
                    options.more_migrations.end());
  auto database =
      Database::Open({.path = absl::StrCat(options.store_dir, "/", server::kDatabaseName),
                      .create = options.create,
                      .durability = Durability::kFull,
                      .migrations = migrations});
  if (!database.ok()) return database.status();
  impl->database = *std::move(database);
  auto id = ReadStoreId(*impl->database);
  if (!id.ok()) return id.status();
  impl->store_id = *std::move(id);
  impl->index_dir = absl::StrCat(options.store_dir, "/", server::kIndexDirName);
  const std::string seed = RandomBytes(sizeof(impl->identity_seed));
  std::memcpy(&impl->identity_seed, seed.data(), seed.size());
  if (auto status = impl->OpenIndexes(); !status.ok()) return status;
  if (auto status = impl->Load(); !status.ok()) return status;
  impl->StartCare();
  return std::unique_ptr<Catalog>(new Catalog(std::move(impl)));
}

Catalog::Catalog(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database& Catalog::database() { return *impl_->database; }
const std::string& Catalog::store_dir() const { return impl_->options.store_dir; }
const std::string& Catalog::store_id() const { return impl_->store_id; }
std::uint64_t Catalog::scrub_bytes_a_second() const {
  return impl_->options.scrubbing.bytes_a_second;
}
const Directory& Catalog::directory() const { return impl_->directory; }
const EntryTable& Catalog::entries() const { return impl_->table; }
const index::HammingIndex& Catalog::codes() const { return *impl_->codes; }
const index::DigestIndex& Catalog::digests() const { return *impl_->digests; }

v1::IndexVersion Catalog::Version() const {
  v1::IndexVersion version;
  version.set_store_id(impl_->store_id);
  const std::lock_guard lock(impl_->moment_mutex);
  version.set_change(impl_->moment.change);
  return version;
}

std::vector<std::string> Catalog::Alarms() const {
  const std::lock_guard lock(impl_->alarms_mutex);
  return impl_->alarms;
}

void Catalog::Alarm(std::string_view what) { impl_->Alarm(what); }

absl::StatusOr<std::uint64_t> Catalog::CopyTo(const std::string& path) {
  std::uint64_t change = 0;
  const auto look = [&](Transaction& read) -> absl::Status {
    Statement statement = read.Prepare("SELECT coalesce(max(number), 0) FROM change");
    if (const auto row = statement.Step(); !row.ok()) return row.status();
    change = statement.Id(0);
    return absl::OkStatus();
  };
  if (auto status = impl_->database->CopyTo(path, look); !status.ok()) return status;
  return change;
}

std::uint64_t Catalog::Withdrawals() const { return impl_->withdrawals; }

absl::StatusOr<Moment> Catalog::Now() const {
  if (auto status = impl_->CheckWhole(); !status.ok()) return status;
  if (auto status = impl_->CheckFacts(); !status.ok()) return status;
  const std::lock_guard lock(impl_->moment_mutex);
  return impl_->moment;
}

absl::Status Catalog::Impl::CheckWhole() const {
  if (!index_broken.load(std::memory_order_acquire)) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      options.store_dir,
      ": the index lacks a change that is recorded (memory ran out); restart the service, with more"
      " memory"));
}

absl::Status Catalog::Impl::CheckFacts() const {
  return facts_damaged ? FactsWereDamaged() : absl::OkStatus();
}

absl::Status Catalog::Impl::FactsWereDamaged() const {
  return absl::UnavailableError(
      absl::StrCat(options.store_dir,
                   ": a damaged file of the index is being made again; ask again in a while"));
}

void Catalog::Impl::NoteFacts(std::uint64_t block) {
  const std::lock_guard lock(facts_mutex);
  facts_damaged = true;
  ++facts_noted;
  if (std::find(damaged_blocks.begin(), damaged_blocks.end(), block) == damaged_blocks.end()) {
    damaged_blocks.push_back(block);
  }
}

absl::StatusOr<Transaction> Catalog::Impl::BeginWrite() {
  auto write = database->BeginWrite();
  if (!write.ok()) return write;
  // Looked at by the one writer: the one before it may have broken the index.
  if (auto status = CheckWhole(); !status.ok()) return status;
  if (auto status = CheckFacts(); !status.ok()) return status;
  return write;
}

absl::Status Catalog::Impl::CommitAndApply(Transaction& write, std::uint64_t change,
                                           const std::function<absl::Status()>& apply) {
  bool recorded = false;
  std::string why = "memory ran out";
  // Caught here: farther up an exception is taken for "nothing was added".
  try {
    if (auto status = CheckFacts(); !status.ok()) return status;
    if (auto status = write.Commit(); !status.ok()) return status;
    recorded = true;
    const std::string mark = change != 0 ? MarkNow() : std::string();
    if (change != 0) Touch(mark);
    if (options.after_commit) options.after_commit();
    const absl::Status status = apply();
    if (status.ok()) {
      if (change != 0) {
        Publish(change);
        Reach(change, mark);
        MarkEntries(mark);
      }
      return absl::OkStatus();
    }
    index_broken = true;
    why = std::string(status.message());
  } catch (const std::exception&) {
    index_broken = true;
  }
  return absl::UnavailableError(absl::StrCat(
      recorded ? "the change is recorded" : "nobody knows whether the change is recorded",
      ", but the index lacks it: ", why,
      "; restart the service, with more memory, before anything is added again"));
}

std::uint64_t Catalog::SetEntries(std::uint64_t set_id) const {
  const std::lock_guard lock(impl_->counts_mutex);
  return set_id < impl_->set_entries.size() ? impl_->set_entries[set_id] : 0;
}

std::uint64_t Catalog::SeriesEntries(std::uint64_t series_id) const {
  const std::vector<std::uint64_t> counted = impl_->directory.SeriesCountedAs(series_id);
  const std::lock_guard lock(impl_->counts_mutex);
  std::uint64_t entries = 0;
  for (const std::uint64_t id : counted) {
    const auto found = impl_->series_entries.find(id);
    if (found != impl_->series_entries.end()) entries += found->second;
  }
  return entries;
}

std::vector<v1::Dialect> Catalog::DialectsInUse(const Moment& moment) const {
  std::uint32_t bits = 0;
  {
    const std::lock_guard lock(impl_->counts_mutex);
    for (std::size_t i = 0; i < moment.sets->size() && i < impl_->set_dialects.size(); ++i) {
      if ((*moment.sets)[i].enabled) bits |= impl_->set_dialects[i];
    }
  }
  std::vector<v1::Dialect> dialects;
  for (int i = 0; i < 3; ++i) {
    if ((bits >> i & 1U) != 0) dialects.push_back(static_cast<v1::Dialect>(i));
  }
  return dialects;
}

}  // namespace kith::catalog
