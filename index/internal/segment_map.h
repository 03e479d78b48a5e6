// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/internal/directory_kernel.h"
#include "index/internal/file_io.h"
#include "index/internal/huge_array.h"
#include "index/internal/mapped_files.h"
#include "index/internal/segment_format.h"
#include "index/segment.h"

namespace kith::index::internal {

// A file, or the front of one, mapped for reading. A large one begins where a huge page can.
class Mapping {
 public:
  Mapping() = default;
  // Errors: those of ErrnoStatus.
  [[nodiscard]] static absl::StatusOr<Mapping> Map(const File& file, std::uint64_t bytes);
  ~Mapping();
  Mapping(Mapping&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)),
        told_(std::move(other.told_)) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(told_, other.told_);
    return *this;
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return {static_cast<const std::uint8_t*>(data_), bytes_};
  }
  void Advise(int advice) const { Advise(advice, 0, bytes_); }
  // Of the pages in which these bytes lie. A wish: where the kernel cannot, nothing happens.
  void Advise(int advice, std::uint64_t offset, std::uint64_t bytes) const;

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
  MappedFile told_;
};

[[nodiscard]] SegmentInfo InfoOf(const std::string& path, const SegmentHeader& header,
                                 std::uint64_t manifest_hash);

// An open segment file: checked sections, and where they lie.
class SegmentMap {
 public:
  SegmentMap() = default;
  ~SegmentMap();
  SegmentMap(const SegmentMap&) = delete;
  SegmentMap& operator=(const SegmentMap&) = delete;

  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SegmentMap>> Open(
      const std::string& path, const SegmentOpenOptions& options);

  [[nodiscard]] const SegmentHeader& header() const { return header_; }
  [[nodiscard]] const SegmentInfo& info() const { return info_; }
  // The section must be one of the header's.
  [[nodiscard]] const std::uint8_t* Data(SectionKind kind, std::uint32_t band = 0) const;
  [[nodiscard]] DirectoryView Directory(SectionKind words, SectionKind samples, std::uint32_t band,
                                        std::uint64_t buckets, std::uint64_t items) const;

  // The next Scrub begins a round.
  void BeginScrub();
  // Once it said that there is damage it says so for good.
  [[nodiscard]] absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes);

 private:
  absl::Status ReadHeader(std::uint64_t file_bytes);
  absl::Status VerifyOnce(const SegmentOpenOptions& options);
  // That the header on the disk is whole still.
  absl::Status VerifyHeader() const;
  absl::Status MakeResident();
  // With scrub_mutex_ held.
  absl::StatusOr<bool> ScrubOn(std::uint64_t budget_bytes);
  // Asks for huge pages, where it is large and fits into the memory of the machine.
  void AskForHugePages();
  // So that they get there in huge pages, if at all, and without a fault of a search.
  absl::Status ReadSection(const Section& section, std::uint64_t at,
                           std::span<std::uint8_t> piece) const;

  File file_;
  Mapping mapping_;
  bool huge_pages_ = false;
  SegmentHeader header_;
  SegmentInfo info_;
  std::vector<HugeMemory> resident_;  // one a section, empty for those that are mapped

  struct ScrubState;
  struct ScrubDeleter {
    void operator()(ScrubState* state) const;
  };
  std::mutex scrub_mutex_;
  std::unique_ptr<ScrubState, ScrubDeleter> scrub_;
};

}  // namespace kith::index::internal
