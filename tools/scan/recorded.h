// SPDX-License-Identifier: Apache-2.0
//
// Purpose: which files of a root are on record of a case, so that a second run need not read them.
//
// Thread-safety: once loaded it may be read from any thread.
#pragma once

#include <grpcpp/channel.h>

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/status/statusor.h"
#include "tools/scan/walk.h"

namespace kith::scan {

// The files of a root that are on record of a case, so that a second run need not read them again.
// Holds a keyed hash of 128 bits of each, not its path. Thread-safe once loaded.
class RecordedFiles {
 public:
  // Asks the engine. A case that does not exist has no file on record.
  [[nodiscard]] static absl::StatusOr<RecordedFiles> Load(
      const std::shared_ptr<grpc::Channel>& channel, const std::string& case_name,
      const std::string& root);

  // True when the file was read before and is unchanged since.
  [[nodiscard]] bool Holds(const WalkedFile& file) const;
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  using Key = std::pair<std::uint64_t, std::uint64_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.first; }
  };
  RecordedFiles();
  [[nodiscard]] Key KeyOf(const std::string& path, std::uint64_t device, std::uint64_t inode,
                          std::uint64_t size_bytes, std::int64_t mtime_ns) const;

  // Drawn anew for each run: nobody can prepare two names with one hash.
  std::array<std::uint64_t, 24> secret_{};
  std::unordered_set<Key, KeyHash> keys_;
};

}  // namespace kith::scan
