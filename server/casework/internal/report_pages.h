// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a report in fragments that fit messages.
//
// Thread-safety: one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "proto/kith/v1/report.pb.h"

namespace kith::casework {

using EmitReport = std::function<bool(v1::Report)>;

// Small records, so many a fragment. False when the reader has gone.
template <typename Record, typename Add>
bool EmitRecords(std::vector<Record> records, const EmitReport& emit, const Add& add) {
  constexpr std::size_t kRecordsAFragment = 1000;
  for (std::size_t i = 0; i < records.size();) {
    v1::Report page;
    const std::size_t end = std::min(records.size(), i + kRecordsAFragment);
    for (; i < end; ++i) add(page, std::move(records[i]));
    if (!emit(std::move(page))) return false;
  }
  return true;
}

// Collects files into fragments of about the size asked for; one file with more paths than that is
// continued by the next.
class FilePages {
 public:
  FilePages(const EmitReport& emit, std::size_t bytes) : emit_(emit), limit_(bytes) {}

  // False when the reader has gone.
  bool Add(v1::ReportFile file) {
    std::size_t size = 0;
    int paths = 0;
    while (paths < file.paths_size() && size < limit_) {
      size += file.paths(paths++).size() + kMaxIdBytes;
    }
    if (paths == file.paths_size()) return Put(std::move(file));
    v1::ReportFile rest;
    rest.set_sha256(file.sha256());
    rest.set_continued(true);
    for (int i = paths; i < file.paths_size(); ++i) {
      rest.add_paths(std::move(*file.mutable_paths(i)));
    }
    file.mutable_paths()->DeleteSubrange(paths, file.paths_size() - paths);
    return Put(std::move(file)) && Add(std::move(rest));
  }

  bool Flush() {
    if (page_.files().empty()) return true;
    bytes_ = 0;
    return emit_(std::exchange(page_, {}));
  }

 private:
  static constexpr std::size_t kMaxIdBytes = 64;  // what a continued file repeats

  bool Put(v1::ReportFile file) {
    bytes_ += file.ByteSizeLong();
    *page_.add_files() = std::move(file);
    return bytes_ < limit_ || Flush();
  }

  const EmitReport& emit_;
  const std::size_t limit_;
  v1::Report page_;
  std::size_t bytes_ = 0;
};

}  // namespace kith::casework
