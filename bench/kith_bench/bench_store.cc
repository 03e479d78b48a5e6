// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/bench_store.h"

#include <fmt/core.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <system_error>
#include <utility>

#include "hashing/cage/caged_fingerprinter.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/report/path_text.h"
#include "tools/scan/evidence.h"
#include "tools/scan/hash_pool.h"
#include "tools/scan/walk.h"

namespace kith::bench {
namespace {

constexpr const char* kAgency = "BENCH";
constexpr const char* kSeries = "BENCH-1";
constexpr const char* kSet = "bench";

// Below the limits of the service.
constexpr std::uint64_t kRecordsABatch = 10'000;
constexpr std::uint64_t kRecordsAnImport = 1'000'000;

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Response*),
                              const Request& request) {
  grpc::ClientContext context;
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  return response;
}

absl::Status Stopped() { return absl::CancelledError("interrupted"); }

absl::Status AddNames(const std::shared_ptr<grpc::Channel>& channel, v1::Dialect dialect) {
  using Stub = v1::CatalogService::Stub;
  const auto stub = v1::CatalogService::NewStub(channel);
  v1::AddAgencyRequest agency;
  agency.mutable_agency()->set_name(kAgency);
  if (const auto added = Call(*stub, &Stub::AddAgency, agency); !added.ok()) return added.status();
  v1::AddSeriesRequest series;
  series.mutable_series()->set_code(kSeries);
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency(kAgency);
  if (const auto added = Call(*stub, &Stub::AddSeries, series); !added.ok()) return added.status();
  v1::AddHashSetRequest set;
  set.mutable_hash_set()->set_name(kSet);
  set.mutable_hash_set()->set_dialect(dialect);
  return Call(*stub, &Stub::AddHashSet, set).status();
}

// Takes entries one by one and imports them.
class Importer {
 public:
  explicit Importer(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::ImportService::NewStub(channel)) {}

  absl::Status Add(v1::Entry entry) {
    *request_.add_records() = std::move(entry);
    if (static_cast<std::uint64_t>(request_.records_size()) < kRecordsABatch) {
      return absl::OkStatus();
    }
    if (absl::Status status = Send(); !status.ok()) return status;
    return batches_ * kRecordsABatch < kRecordsAnImport ? absl::OkStatus() : Commit();
  }

  // What was taken is known when it returns.
  absl::Status Commit() {
    if (absl::Status status = Send(); !status.ok()) return status;
    if (batches_ == 0) return absl::OkStatus();
    v1::CommitImportRequest commit;
    commit.set_import_id(std::exchange(import_id_, {}));
    commit.set_batches(std::exchange(batches_, 0));
    return Call(*stub_, &Stub::CommitImport, commit).status();
  }

 private:
  using Stub = v1::ImportService::Stub;

  absl::Status Send() {
    if (request_.records_size() == 0) return absl::OkStatus();
    if (batches_ == 0) {
      v1::BeginImportRequest begin;
      begin.set_set(kSet);
      begin.set_series(kSeries);
      begin.set_source("kith-bench");
      const auto begun = Call(*stub_, &Stub::BeginImport, begin);
      if (!begun.ok()) return begun.status();
      import_id_ = begun->import_id();
    }
    request_.set_import_id(import_id_);
    request_.set_batch(batches_++);
    const auto staged = Call(*stub_, &Stub::AddImportRecords, request_);
    if (!staged.ok()) return staged.status();
    if (staged->refused_size() > 0) {
      return absl::InternalError("the engine refused an entry: " + staged->refused(0).reason());
    }
    request_.clear_records();
    return absl::OkStatus();
  }

  std::unique_ptr<Stub> stub_;
  v1::AddImportRecordsRequest request_;
  std::string import_id_;
  std::uint64_t batches_ = 0;  // of the import that is open
};

v1::Entry RandomEntry(std::mt19937_64& random, v1::Dialect dialect) {
  std::array<std::uint64_t, 4> words{};
  std::generate(words.begin(), words.end(), std::ref(random));
  v1::Entry entry;
  v1::Code& code = *entry.add_codes();
  code.mutable_pdq()->resize(sizeof(words));
  std::memcpy(code.mutable_pdq()->data(), words.data(), sizeof(words));
  code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
  code.set_orientation(v1::ORIENTATION_ORIGINAL);
  code.set_dialect(dialect);
  return entry;
}

// How many files were taken.
absl::StatusOr<std::uint64_t> AddOwnFiles(const BenchStoreOptions& options, Importer& importer) {
  if (options.own_files == 0) return std::uint64_t{0};
  const auto cage = hashing::cage::CagedFingerprinter::Start({});
  if (!cage.ok()) return cage.status();
  scan::HashPoolOptions hashing;
  hashing.fingerprint.cli512 = false;
  hashing.fingerprint.orientations = false;
  std::uint64_t taken = 0;
  absl::Status status = absl::OkStatus();
  const auto walked =
      scan::Walk(options.own_root, {.stop = options.stop}, [&](scan::WalkedFile file) {
        if (taken == options.own_files) return false;
        if (file.kind != scan::FileKind::kRegular || file.size_bytes == 0) return true;
        const v1::Fingerprint known = scan::ToEntry(scan::FingerprintWalked(file, **cage, hashing));
        if (!known.has_digests()) return true;
        v1::Entry entry;
        *entry.mutable_digests() = known.digests();
        *entry.mutable_codes() = known.codes();
        status = importer.Add(std::move(entry));
        ++taken;
        return status.ok();
      });
  if (!walked.ok()) return walked.status();
  if (!status.ok()) return status;
  return taken;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TemporaryFolder>> TemporaryFolder::Make(const std::string& parent) {
  std::string path = (std::filesystem::path(parent) / "kith-bench-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) {
    return absl::ErrnoToStatus(errno, "cannot make a temporary store in " +
                                          report::EscapeText(parent) +
                                          "; give another place with --store-in");
  }
  return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
  if (!error) return;
  fmt::print(stderr, "kith-bench: cannot remove {} ({}): remove it yourself\n",
             report::EscapeText(path_), error.message());
}

absl::StatusOr<std::unique_ptr<BenchStore>> BenchStore::Make(const BenchStoreOptions& options) {
  auto folder = TemporaryFolder::Make(options.parent);
  if (!folder.ok()) return folder.status();
  std::unique_ptr<BenchStore> store(new BenchStore());
  store->folder_ = *std::move(folder);
  server::ConnectOptions connect;
  connect.store_dir = store->folder_->path();
  connect.index_engine = options.index_engine;
  connect.program = "kith-bench check";
  auto connection = server::Connect(connect);
  if (!connection.ok()) return connection.status();
  store->connection_ = *std::move(connection);
  if (absl::Status status = AddNames(store->channel(), options.dialect); !status.ok()) {
    return status;
  }
  Importer importer(store->channel());
  std::mt19937_64 random(options.seed);
  for (std::uint64_t i = 0; i < options.codes; ++i) {
    if (options.stop.stop_requested()) return Stopped();
    if (absl::Status status = importer.Add(RandomEntry(random, options.dialect)); !status.ok()) {
      return status;
    }
  }
  const auto taken = AddOwnFiles(options, importer);
  if (!taken.ok()) return taken.status();
  if (options.stop.stop_requested()) return Stopped();
  store->own_files_ = *taken;
  if (absl::Status status = importer.Commit(); !status.ok()) return status;
  return store;
}

}  // namespace kith::bench
