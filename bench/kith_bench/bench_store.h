// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "proto/kith/v1/common.pb.h"
#include "server/embedded.h"

namespace kith::bench {

struct BenchStoreOptions {
  std::string parent;  // the folder that the store is made in
  std::string index_engine = "mih";
  std::uint64_t codes = 0;  // random known codes
  v1::Dialect dialect = v1::DIALECT_FULL;
  std::uint64_t seed = 1;
  std::string own_root;         // the first `own_files` files of this folder that are not empty and
  std::uint64_t own_files = 0;  // can be read are made known, too
  std::stop_token stop;
};

// A folder of mode 0700 that is gone afterwards, with all that is in it.
class TemporaryFolder {
 public:
  // Errors: those of the file system.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<TemporaryFolder>> Make(
      const std::string& parent);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

// A store with something known in it, opened by an engine in this process: filled through the wire
// contract as users fill theirs, and gone when the object is. Everything known belongs to one
// identified series, so that each match is also a sighting.
class BenchStore {
 public:
  // Errors: those of the file system and of the engine; CANCELLED after `stop`.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<BenchStore>> Make(
      const BenchStoreOptions& options);

  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const { return connection_->channel(); }
  // How many of the files of own_root are known.
  [[nodiscard]] std::uint64_t own_files() const { return own_files_; }

 private:
  BenchStore() = default;

  // In this order: the engine lets the store go before the folder is removed.
  std::unique_ptr<TemporaryFolder> folder_;
  std::unique_ptr<server::Connection> connection_;
  std::uint64_t own_files_ = 0;
};

}  // namespace kith::bench
