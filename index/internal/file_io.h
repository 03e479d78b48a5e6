// SPDX-License-Identifier: Apache-2.0
//
// Files of the index folder, with errors as values that name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index::internal {

// An open file that is closed with its owner.
class FolderFile {
 public:
  // Reading: NotFound, Unavailable. A link is not followed.
  [[nodiscard]] static absl::StatusOr<FolderFile> OpenToRead(const std::string& path);
  // A new, empty file of mode 0600; an older one of that name is gone.
  [[nodiscard]] static absl::StatusOr<FolderFile> Create(const std::string& path);
  FolderFile(FolderFile&& other) noexcept;
  FolderFile& operator=(FolderFile&&) = delete;
  FolderFile(const FolderFile&) = delete;
  FolderFile& operator=(const FolderFile&) = delete;
  ~FolderFile();

  [[nodiscard]] absl::StatusOr<std::uint64_t> Size() const;
  // All of `bytes`, or DataLoss where the file is shorter or the disk does not give it.
  [[nodiscard]] absl::Status ReadAt(std::uint64_t offset, std::span<std::byte> bytes) const;
  // ResourceExhausted for a full disk.
  [[nodiscard]] absl::Status Append(std::span<const std::byte> bytes);
  // Makes what was written durable.
  [[nodiscard]] absl::Status Flush();

 private:
  FolderFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  int fd_;
  std::string path_;
};

// Makes the names in a folder durable.
[[nodiscard]] absl::Status FlushFolder(const std::string& path);

}  // namespace kith::index::internal
