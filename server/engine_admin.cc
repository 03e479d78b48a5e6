// SPDX-License-Identifier: Apache-2.0
//
// Engine: AdminService.
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/bounds.h"
#include "server/catalog/names.h"
#include "server/internal/engine_impl.h"
#include "server/store_names.h"

namespace kith::server {
namespace {

struct FileSummary {
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

absl::StatusOr<FileSummary> Summarize(const std::string& path) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   EVP_MD_CTX_free);
  std::ifstream file(path, std::ios::binary);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1 || !file) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be read back"));
  }
  FileSummary summary;
  std::vector<char> buffer(1U << 20);
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    EVP_DigestUpdate(context.get(), buffer.data(), count);
    summary.size_bytes += count;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (file.bad() || EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1) {
    return absl::UnavailableError(absl::StrCat(path, ": cannot be read back"));
  }
  summary.sha256 = absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), length});
  return summary;
}

absl::Status MakeBackupDir(const std::string& path) {
  if (mkdir(path.c_str(), 0700) == 0) return absl::OkStatus();
  const int error = errno;
  const std::string text =
      absl::StrCat("backup folder ", catalog::Quoted(path), ": ", std::strerror(error));
  switch (error) {
    case EEXIST:
      return absl::AlreadyExistsError(absl::StrCat(text, "; name one that does not exist yet"));
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InvalidArgumentError(text);
  }
}

// Whether `path`, which need not be there, lies in a folder.
bool Holds(const std::string& folder, const std::string& path) {
  std::error_code error;
  const auto outer = std::filesystem::weakly_canonical(folder, error);
  const auto inner = std::filesystem::weakly_canonical(path, error);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// A name in a folder is durable when the folder is.
absl::Status FlushFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = folder >= 0 && fsync(folder) == 0;
  const int error = errno;
  if (folder >= 0) close(folder);
  if (flushed) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(path, ": cannot be flushed to disk: ", std::strerror(error)));
}

}  // namespace

absl::StatusOr<v1::GetCapabilitiesResponse> EngineImpl::GetCapabilities(
    const v1::GetCapabilitiesRequest& /*request*/) {
  v1::GetCapabilitiesResponse response;
  response.set_version(KITH_VERSION);
  response.set_api_major(1);
  response.set_store_id(catalog_->store_id());
  *response.mutable_index_version() = catalog_->Version();
  response.set_max_message_bytes(kMaxMessageBytes);
  response.set_max_queries_a_batch(kMaxQueriesABatch);
  response.set_max_records_a_batch(kMaxRecordsABatch);
  response.set_default_radius_bits(kDefaultRadiusBits);
  response.set_max_radius_bits(kMaxRadiusBits);
  response.set_default_limit(kDefaultLimit);
  response.set_max_limit(kMaxLimit);
  response.set_minimum_quality(catalog::kMinimumQuality);
  const index::HammingIndexStats codes = catalog_->codes().Stats();
  response.set_index_engine(codes.engine);
  response.set_simd(codes.simd);
  response.set_codes(codes.codes);
  response.set_digests(catalog_->digests().Stats().digests);
  std::uint64_t entries = 0;
  for (const auto& set : catalog_->directory().hash_sets.After(0, SIZE_MAX)) {
    entries += catalog_->SetEntries(set->set_id());
  }
  response.set_entries(entries);
  for (const char* kind : {"md5", "sha1", "sha256"}) response.add_digest_kinds(kind);
  response.add_libraries(catalog::LibraryVersion());
  response.add_libraries(absl::StrCat("xxhash ", XXH_versionNumber()));
  response.add_libraries(absl::StrCat("protobuf ", GOOGLE_PROTOBUF_VERSION));
  for (std::string& alarm : catalog_->Alarms()) response.add_alarms(std::move(alarm));
  response.set_scrub_bytes_a_second(catalog_->scrub_bytes_a_second());
  return response;
}

absl::StatusOr<v1::VerifyStoreResponse> EngineImpl::VerifyStore(
    const v1::VerifyStoreRequest& /*request*/) {
  if (verifying_.test_and_set()) {
    return absl::UnavailableError("another check of the store runs: wait for its end");
  }
  const std::unique_ptr<std::atomic_flag, void (*)(std::atomic_flag*)> end(
      &verifying_, [](std::atomic_flag* flag) { flag->clear(); });
  auto inspection = catalog_->Inspect();
  if (!inspection.ok()) return inspection.status();
  v1::VerifyStoreResponse response;
  for (std::string& problem : inspection->problems) response.add_problems(std::move(problem));
  auto disagreements = casework_.Inspect();
  if (!disagreements.ok()) return disagreements.status();
  for (std::string& problem : *disagreements) response.add_problems(std::move(problem));
  response.set_ok(response.problems().empty());
  response.set_entries(inspection->entries);
  response.set_codes(inspection->codes);
  response.set_batches(inspection->batches);
  response.mutable_index_version()->set_store_id(catalog_->store_id());
  response.mutable_index_version()->set_change(inspection->change);
  v1::ListCasesRequest list;
  list.set_page_size(1000);
  while (true) {
    const auto page = casework_.ListCases(list);
    if (!page.ok()) return page.status();
    response.set_cases(response.cases() + static_cast<std::uint64_t>(page->cases_size()));
    if (page->next_page_token().empty()) return response;
    list.set_page_token(page->next_page_token());
  }
}

absl::StatusOr<v1::BackupStoreResponse> EngineImpl::BackupStore(
    const v1::BackupStoreRequest& request) {
  if (request.path().empty() || request.path().front() != '/') {
    return absl::InvalidArgumentError(
        absl::StrCat("backup folder ", catalog::Quoted(request.path()), ": give a full path"));
  }
  std::string folder = request.path();
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  if (Holds(catalog_->store_dir(), folder)) {
    return absl::InvalidArgumentError(
        absl::StrCat("backup folder ", catalog::Quoted(folder),
                     " lies in the store itself: name one outside of it, best on another disk"));
  }
  if (auto status = MakeBackupDir(folder); !status.ok()) return status;
  // Where links lead to it, its own path: a database is opened through no link.
  std::error_code error;
  const auto own_path = std::filesystem::canonical(folder, error);
  if (!error) folder = own_path.string();
  const std::string file = absl::StrCat(folder, "/", kDatabaseName);
  v1::BackupStoreResponse response;
  auto change = catalog_->CopyTo(file);
  if (change.ok()) {
    auto status = FlushFolder(std::filesystem::path(folder).parent_path().string());
    if (!status.ok()) change = status;
  }
  const auto summary = change.ok() ? Summarize(file) : absl::StatusOr<FileSummary>(change.status());
  if (!summary.ok()) {
    std::error_code ignored;  // the first error is the one to tell
    std::filesystem::remove_all(folder, ignored);
    return summary.status();
  }
  response.set_size_bytes(summary->size_bytes);
  response.set_sha256(summary->sha256);
  response.mutable_index_version()->set_store_id(catalog_->store_id());
  response.mutable_index_version()->set_change(*change);
  return response;
}

}  // namespace kith::server
