// SPDX-License-Identifier: Apache-2.0
#include "index/internal/row_spool.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace kith::index::internal {
namespace {

constexpr std::size_t kFewestRows = 4096;

// The bytes of a row in the order in which they tell rows apart.
constexpr unsigned kCodeBytes = sizeof(RingCode);
constexpr unsigned kEntryEnd = kCodeBytes + sizeof(std::uint64_t);
constexpr unsigned kRowEnd = kEntryEnd + sizeof(std::uint32_t);

std::size_t ByteOf(const SpooledRow& row, unsigned byte) {
  const std::uint64_t word = byte < kCodeBytes  ? row.code[byte / 8]
                             : byte < kEntryEnd ? row.entry
                                                : std::uint64_t{row.view} << 32;
  return word >> (56 - byte % 8 * 8) & 0xff;
}

// kRowEnd for equal ones.
unsigned FirstDifference(const SpooledRow& a, const SpooledRow& b) {
  const auto first = [](std::uint64_t differing) {
    return static_cast<unsigned>(std::countl_zero(differing)) / 8;
  };
  for (unsigned word = 0; word < a.code.size(); ++word) {
    if (a.code[word] != b.code[word]) return word * 8 + first(a.code[word] ^ b.code[word]);
  }
  if (a.entry != b.entry) return kCodeBytes + first(a.entry ^ b.entry);
  return a.view == b.view ? kRowEnd : kEntryEnd + first(std::uint64_t{a.view ^ b.view} << 32);
}

}  // namespace

RowSpool::RowSpool(std::string directory, std::size_t memory_bytes)
    : directory_(std::move(directory)),
      most_rows_(std::max(memory_bytes / 2 / sizeof(SpooledRow), kFewestRows)) {}

absl::Status RowSpool::Add(std::span<const Code> codes, std::span<const Label> labels) {
  if (incoming_.size() == 0) incoming_ = HugeArray<SpooledRow>(most_rows_);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (incoming_count_ == most_rows_) {
      if (absl::Status status = Spill(0, spilled_); !status.ok()) return status;
    }
    const auto [entry, view] = labels[row];
    lowest_entry_ = std::min(lowest_entry_, entry);
    highest_entry_ = std::max(highest_entry_, entry);
    highest_view_ = std::max(highest_view_, view);
    incoming_[incoming_count_++] = {
        .code = RingOf(codes[row].data()), .entry = entry, .view = view, .unused = 0};
  }
  size_ += codes.size();
  return absl::OkStatus();
}

void RowSpool::SortIntoParts(unsigned byte) {
  const std::span<const SpooledRow> rows(incoming_.data(), incoming_count_);
  starts_.fill(0);
  for (const SpooledRow& row : rows) ++starts_[ByteOf(row, byte)];
  std::size_t sum = 0;
  for (std::size_t& start : starts_) start = std::exchange(sum, sum + start);
  std::array<std::size_t, kParts + 1> next = starts_;
  if (parted_.size() < rows.size()) parted_ = HugeArray<SpooledRow>(rows.size());
  for (const SpooledRow& row : rows) parted_[next[ByteOf(row, byte)]++] = row;
  incoming_count_ = 0;
}

absl::Status RowSpool::Spill(unsigned byte, Parts& parts) {
  if (!file_.ok()) {
    absl::StatusOr<File> file = File::CreateUnnamed(directory_);
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
  }
  SortIntoParts(byte);
  for (std::size_t part = 0; part < kParts; ++part) {
    const std::size_t count = starts_[part + 1] - starts_[part];
    if (count == 0) continue;
    parts[part].extents.push_back({.offset = file_bytes_, .rows = count});
    parts[part].rows += count;
    absl::Status status =
        file_.WriteAt(file_bytes_, {reinterpret_cast<const std::uint8_t*>(&parted_[starts_[part]]),
                                    count * sizeof(SpooledRow)});
    if (!status.ok()) return status;
    file_bytes_ += count * sizeof(SpooledRow);
  }
  return absl::OkStatus();
}

void RowSpool::Push(Parts& parts) {
  for (std::size_t part = kParts; part-- > 0;) {
    if (parts[part].rows > 0) ahead_.push_back(std::move(parts[part]));
  }
}

absl::Status RowSpool::EndOfRows() {
  absl::Status status;
  if (file_.ok()) {
    status = Spill(0, spilled_);
    Push(spilled_);
    parted_ = {};
  } else {
    SortIntoParts(0);
  }
  // The memory is needed for what comes next.
  incoming_ = {};
  return status;
}

absl::Status RowSpool::Read(const Extent& extent, SpooledRow* rows) const {
  return file_.ReadAt(extent.offset,
                      {reinterpret_cast<std::uint8_t*>(rows), extent.rows * sizeof(SpooledRow)});
}

void RowSpool::GiveBack(const Extent& extent) const {
  // Where the file system cannot, the room is given back at the end.
  (void)fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  static_cast<off_t>(extent.offset),
                  static_cast<off_t>(extent.rows * sizeof(SpooledRow)));
}

template <typename Visit>
absl::Status RowSpool::ReadPieces(const Part& part, Visit visit) {
  if (incoming_.size() == 0) incoming_ = HugeArray<SpooledRow>(most_rows_);
  incoming_count_ = 0;
  for (const Extent& extent : part.extents) {
    // An extent was written from memory, so it fits.
    if (incoming_count_ + extent.rows > most_rows_) {
      if (absl::Status status = visit(); !status.ok()) return status;
      incoming_count_ = 0;
    }
    if (absl::Status status = Read(extent, &incoming_[incoming_count_]); !status.ok()) {
      return status;
    }
    incoming_count_ += extent.rows;
  }
  return visit();
}

absl::StatusOr<unsigned> RowSpool::FirstByteThatDiffers(const Part& part) {
  unsigned byte = kRowEnd;
  SpooledRow first{};
  bool is_first = true;
  absl::Status status = ReadPieces(part, [&] {
    if (std::exchange(is_first, false)) first = incoming_[0];
    for (std::size_t row = 0; row < incoming_count_; ++row) {
      byte = std::min(byte, FirstDifference(first, incoming_[row]));
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return byte;
}

absl::Status RowSpool::Split(const Part& part, unsigned byte) {
  Parts parts;
  absl::Status status = ReadPieces(part, [&] { return Spill(byte, parts); });
  for (const Extent& extent : part.extents) GiveBack(extent);
  Push(parts);
  return status;
}

absl::Status RowSpool::TakeWhole(const Part& part, std::vector<SpooledRow>& rows) const {
  rows.resize(part.rows);
  std::uint64_t done = 0;
  for (const Extent& extent : part.extents) {
    if (absl::Status status = Read(extent, &rows[done]); !status.ok()) return status;
    GiveBack(extent);
    done += extent.rows;
  }
  std::sort(rows.begin(), rows.end());
  return absl::OkStatus();
}

absl::Status RowSpool::NextPart(std::vector<SpooledRow>& rows) {
  rows.clear();
  for (; !file_.ok() && rows.empty() && next_in_memory_ < kParts; ++next_in_memory_) {
    rows.assign(parted_.data() + starts_[next_in_memory_],
                parted_.data() + starts_[next_in_memory_ + 1]);
    std::sort(rows.begin(), rows.end());
  }
  while (!ahead_.empty() && rows.empty()) {
    Part part = std::move(ahead_.back());
    ahead_.pop_back();
    if (part.rows > most_rows_) {
      const absl::StatusOr<unsigned> byte = FirstByteThatDiffers(part);
      if (!byte.ok()) return byte.status();
      if (*byte < kRowEnd) {
        absl::Status status = Split(part, *byte);
        // The memory is needed for sorting.
        incoming_ = {};
        parted_ = {};
        if (!status.ok()) return status;
        continue;
      }
      incoming_ = {};
      // The very same row, too often: in any order.
      ahead_.push_back({.extents = {part.extents.begin() + 1, part.extents.end()},
                        .rows = part.rows - part.extents.front().rows});
      part = {.extents = {part.extents.front()}, .rows = part.extents.front().rows};
    }
    if (absl::Status status = TakeWhole(part, rows); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace kith::index::internal
