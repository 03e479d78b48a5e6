// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the digest index in files share: a folder of their own, and calls that must
// succeed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "index/digest_index.h"

namespace kith::index {

using Entries = std::vector<std::uint64_t>;

class StoredDigestTest : public ::testing::Test {
 protected:
  StoredDigestTest() {
    std::string name = ::testing::TempDir() + "stored_digest_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~StoredDigestTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] DigestIndexOptions Options(std::size_t delta_digests = 100) const {
    DigestIndexOptions options;
    options.folder = folder_;
    options.delta_digests = delta_digests;
    return options;
  }
  [[nodiscard]] static std::unique_ptr<DigestIndex> MustOpen(const DigestIndexOptions& options) {
    auto index = DigestIndex::Open(options);
    EXPECT_TRUE(index.ok()) << index.status();
    return index.ok() ? *std::move(index) : nullptr;
  }
  [[nodiscard]] std::vector<std::string> Files(std::string_view suffix) const {
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(folder_)) {
      if (file.path().string().ends_with(suffix)) files.push_back(file.path().string());
    }
    return files;
  }

  std::string folder_;
};

inline void MustAdd(DigestIndex& index, DigestKind kind, const std::vector<std::string>& digests,
                    const Entries& entries) {
  const std::vector<std::string_view> views(digests.begin(), digests.end());
  const absl::Status status = index.Add(kind, views, entries);
  EXPECT_TRUE(status.ok()) << status;
}

inline std::vector<Entries> MustFind(const DigestIndex& index, DigestKind kind,
                                     const std::vector<std::string>& digests) {
  const std::vector<std::string_view> views(digests.begin(), digests.end());
  auto found = index.Find(kind, views);
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? *std::move(found) : std::vector<Entries>(digests.size());
}

inline std::string RandomDigest(DigestKind kind, std::mt19937_64& random) {
  std::string digest(DigestBytes(kind), '\0');
  for (char& byte : digest) byte = static_cast<char>(random());
  // Some are alike, so that buckets are crowded and digests differ in their last byte only.
  if (random() % 4 == 0) {
    std::fill(digest.begin(), digest.end() - 1, '\x5a');
    digest.back() = static_cast<char>(random() % 64);
  }
  return digest;
}

}  // namespace kith::index
