// SPDX-License-Identifier: Apache-2.0
//
// The rows of many runs of digests in one order.
//
// Not thread-safe. The runs outlive it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "index/internal/digest_run.h"
#include "index/internal/section_file.h"

namespace kith::index::internal {

// Whether `a` comes first in a run that keeps so many bytes of a digest.
inline bool IsBefore(const DigestRow& a, const DigestRow& b, std::size_t kept_bytes) {
  const int order = std::memcmp(a.digest.data(), b.digest.data(), kept_bytes);
  return order != 0 ? order < 0 : a.entry < b.entry;
}

// A heap of the runs' next rows: an import may leave hundreds of runs. O(runs) memory,
// O(log(runs)) a row.
class RunHeads {
 public:
  struct Dated {
    DigestRow row;
    std::uint32_t epoch;  // of the run that it is in
  };

  // Of at most so many runs, which are read so far ahead as their number allows.
  RunHeads(std::size_t kept_bytes, std::size_t most_runs)
      : kept_bytes_(kept_bytes), ahead_bytes_(AheadBytes(most_runs)) {}
  RunHeads(const RunHeads&) = delete;
  RunHeads& operator=(const RunHeads&) = delete;

  void Add(const DigestRun& run, std::uint32_t epoch) {
    sources_.push_back({.cursor = RunCursor(run, ahead_bytes_), .epoch = epoch, .row = {}});
    Push(sources_.back());
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  // The least row of all that are left; there is one. Equal rows come in any order.
  Dated Take() {
    std::pop_heap(heap_.begin(), heap_.end(), Behind{kept_bytes_});
    Source& least = *heap_.back();
    heap_.pop_back();
    const Dated taken{least.row, least.epoch};
    Push(least);
    return taken;
  }

 private:
  // What is read ahead counts as memory of the process: of hundreds of runs it was more than all
  // else.
  static std::uint64_t AheadBytes(std::size_t runs) {
    constexpr std::uint64_t kPagesOfAll = (std::uint64_t{16} << 20) / kFilePageBytes;
    const std::uint64_t pages =
        std::max<std::uint64_t>(8, kPagesOfAll / std::max<std::size_t>(1, runs));
    return std::min(pages * kFilePageBytes, RunCursor::kAheadBytes);
  }

  struct Source {
    RunCursor cursor;
    std::uint32_t epoch;
    DigestRow row;
  };
  struct Behind {
    std::size_t kept_bytes;
    bool operator()(const Source* a, const Source* b) const {
      return IsBefore(b->row, a->row, kept_bytes);
    }
  };

  // With its next row; without one it is done.
  void Push(Source& source) {
    if (!source.cursor.Next(source.row)) return;
    heap_.push_back(&source);
    std::push_heap(heap_.begin(), heap_.end(), Behind{kept_bytes_});
  }

  std::size_t kept_bytes_;
  std::uint64_t ahead_bytes_;
  std::deque<Source> sources_;  // which stay where they are
  std::vector<Source*> heap_;
};

}  // namespace kith::index::internal
