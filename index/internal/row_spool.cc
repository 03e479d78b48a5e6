// SPDX-License-Identifier: Apache-2.0
#include "index/internal/row_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/section_writer.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kFewestRows = 4096;

std::size_t PartOf(const SpooledRow& row) { return row.code[0] >> 56; }

}  // namespace

RowSpool::RowSpool(std::string directory, std::size_t memory_bytes)
    : directory_(std::move(directory)),
      most_rows_(std::max(memory_bytes / 2 / sizeof(SpooledRow), kFewestRows)) {}

absl::Status RowSpool::Add(std::span<const Code> codes, std::span<const Label> labels) {
  if (incoming_.size() == 0) incoming_ = HugeArray<SpooledRow>(most_rows_);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (incoming_count_ == most_rows_) {
      if (absl::Status status = Spill(); !status.ok()) return status;
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

void RowSpool::SortIntoParts() {
  const std::span<const SpooledRow> rows(incoming_.data(), incoming_count_);
  starts_.fill(0);
  for (const SpooledRow& row : rows) ++starts_[PartOf(row)];
  std::size_t sum = 0;
  for (std::size_t& start : starts_) start = std::exchange(sum, sum + start);
  std::array<std::size_t, kParts + 1> next = starts_;
  if (parted_.size() < rows.size()) parted_ = HugeArray<SpooledRow>(rows.size());
  for (const SpooledRow& row : rows) parted_[next[PartOf(row)]++] = row;
  incoming_count_ = 0;
}

absl::Status RowSpool::Spill() {
  if (!file_.ok()) {
    file_ = File(open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file_.ok()) return FileError("open a temporary file in", directory_, errno);
  }
  SortIntoParts();
  for (std::size_t part = 0; part < kParts; ++part) {
    const std::size_t count = starts_[part + 1] - starts_[part];
    if (count == 0) continue;
    extents_[part].push_back({.offset = file_bytes_, .rows = count});
    if (absl::Status status =
            WriteAt(file_, file_bytes_,
                    {reinterpret_cast<const std::uint8_t*>(&parted_[starts_[part]]),
                     count * sizeof(SpooledRow)},
                    directory_);
        !status.ok()) {
      return status;
    }
    file_bytes_ += count * sizeof(SpooledRow);
  }
  return absl::OkStatus();
}

absl::Status RowSpool::EndOfRows() {
  // The memory is needed for what comes next.
  if (!file_.ok()) {
    SortIntoParts();
    incoming_ = {};
    return absl::OkStatus();
  }
  absl::Status status = Spill();
  parted_ = {};
  incoming_ = {};
  starts_.fill(0);
  return status;
}

absl::Status RowSpool::TakePart(std::size_t part, std::vector<SpooledRow>& rows) {
  rows.assign(parted_.data() + starts_[part], parted_.data() + starts_[part + 1]);
  for (const Extent& extent : extents_[part]) {
    const std::size_t before = rows.size();
    rows.resize(before + extent.rows);
    const std::uint64_t bytes = extent.rows * sizeof(SpooledRow);
    if (absl::Status status =
            ReadAt(file_, extent.offset, {reinterpret_cast<std::uint8_t*>(&rows[before]), bytes},
                   directory_);
        !status.ok()) {
      return status;
    }
    // Where the file system cannot, the room is given back at the end.
    (void)fallocate(file_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    static_cast<off_t>(extent.offset), static_cast<off_t>(bytes));
  }
  std::sort(rows.begin(), rows.end());
  return absl::OkStatus();
}

}  // namespace kith::index::internal
