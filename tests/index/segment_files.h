// SPDX-License-Identifier: Apache-2.0
//
// What the tests of segment files share: a directory of their own, and files as bytes.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "index/internal/verified_mark.h"
#include "index/segment.h"
#include "tests/faults/flip_byte.h"
#include "tests/index/truth.h"

namespace kith::index {

class SegmentFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "kith-segment-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  [[nodiscard]] std::string Path(const std::string& name = "a.segment") const {
    return directory_ / name;
  }

  std::filesystem::path directory_;
};

inline std::vector<std::uint8_t> ReadBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void WriteBytes(const std::string& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

// Changes one byte, as a disk does that loses a bit: no time of the file tells of it. Here one
// does, so a mark beside the file is made to fit again.
inline void RotByte(const std::string& path, std::uint64_t at) {
  faults::FlipByte(path, at, 0x10);
  constexpr std::size_t kHashAt = 32;
  const std::vector<std::uint8_t> mark = ReadBytes(internal::VerifiedMarkPath(path));
  if (mark.size() <= kHashAt + sizeof(std::uint64_t)) return;
  std::uint64_t manifest_hash = 0;
  std::memcpy(&manifest_hash, &mark[kHashAt], sizeof(manifest_hash));
  struct stat after {};
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  internal::MarkVerified(path, after, manifest_hash);
}

// All of a segment in one call.
inline absl::StatusOr<SegmentInfo> BuildSegment(std::string path, std::span<const Code> codes,
                                                std::span<const Label> labels,
                                                SegmentBuildOptions options) {
  absl::StatusOr<std::unique_ptr<SegmentWriter>> writer =
      SegmentWriter::Create(std::move(path), std::move(options));
  if (!writer.ok()) return writer.status();
  if (absl::Status status = (*writer)->Add(codes, labels); !status.ok()) return status;
  return (*writer)->Finish();
}

inline SegmentInfo MustBuild(const std::string& path, const std::vector<Code>& codes,
                             const std::vector<Label>& labels, SegmentBuildOptions options = {}) {
  absl::StatusOr<SegmentInfo> info = BuildSegment(path, codes, labels, std::move(options));
  EXPECT_TRUE(info.ok()) << info.status();
  return info.ok() ? *std::move(info) : SegmentInfo{};
}

inline std::unique_ptr<SegmentFile> MustOpen(const std::string& path,
                                             SegmentOpenOptions options = {}) {
  absl::StatusOr<std::unique_ptr<SegmentFile>> file = SegmentFile::Open(path, std::move(options));
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : nullptr;
}

// Random ones and others near them: a random code has no neighbours.
inline std::vector<Code> CodesWithNeighbours(std::size_t count, RandomCodes& random) {
  std::vector<Code> codes;
  while (codes.size() < count) {
    const bool far = codes.empty() || random.Below(3) == 0;
    codes.push_back(
        far ? random.Next()
            : random.Flip(codes[random.Below(codes.size())], static_cast<int>(random.Below(40))));
  }
  return codes;
}

inline std::vector<Code> QueriesAround(const std::vector<Code>& codes, std::size_t count,
                                       RandomCodes& random) {
  std::vector<Code> queries;
  while (queries.size() < count) {
    queries.push_back(
        codes.empty() || random.Below(4) == 0
            ? random.Next()
            : random.Flip(codes[random.Below(codes.size())], static_cast<int>(random.Below(70))));
  }
  return queries;
}

}  // namespace kith::index
