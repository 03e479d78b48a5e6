// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the bytes, and the lines, of a file that a person named or of standard input, in
// constant memory.
//
// Thread-safety: one thread at a time; OpenNamed may be called from any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/scan/walk.h"

namespace kith::exchange {

// A file that a person named, for reading; links are followed.
// Errors: NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION for a folder.
[[nodiscard]] absl::StatusOr<scan::Descriptor> OpenNamed(const std::string& path);

// The bytes of a file or of standard input, from the beginning to the end, in constant memory.
// Not thread-safe.
class Source {
 public:
  static constexpr std::size_t kHeadBytes = 8192;

  // "-" is standard input. Errors: those of OpenNamed.
  [[nodiscard]] static absl::StatusOr<Source> Open(const std::string& path);
  // For tests: the bytes themselves.
  [[nodiscard]] static Source OfBytes(std::string bytes);

  // From now on `stop` is asked before each piece is read, and now and then while a pipe is waited
  // for: once it says true, Head and Next fail with CANCELLED, and with them every reader.
  void StopWhen(std::function<bool()> stop) { stop_ = std::move(stop); }

  // The first bytes, at most kHeadBytes, which the reader sees again. Before the first Next.
  [[nodiscard]] absl::StatusOr<std::string_view> Head();
  // The next bytes, valid until the next call; empty at the end. Errors: DATA_LOSS,
  // CANCELLED.
  [[nodiscard]] absl::StatusOr<std::string_view> Next();

  // Whether Next would not have to wait for whoever writes into a pipe.
  [[nodiscard]] bool Ready() const;

  // Bytes that Next gave.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  // Of a regular file; 0 where it is not known.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  // The path of a regular file, for libraries that open it themselves; "" where there is none.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Source(scan::Descriptor owned, int fd) : owned_(std::move(owned)), fd_(fd) {}
  [[nodiscard]] absl::Status Read(std::size_t at);
  [[nodiscard]] absl::Status WaitForBytes() const;

  scan::Descriptor owned_;
  int fd_;
  std::function<bool()> stop_;
  std::string buffer_;
  std::size_t filled_ = 0;
  bool peeked_ = false;  // buffer_ holds what Next has not given
  bool ended_ = false;
  std::uint64_t offset_ = 0;
  std::uint64_t size_ = 0;
  std::string path_;
};

// The lines of a source. A byte order mark before the first is skipped; ends are \n or \r\n.
class Lines {
 public:
  static constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();
  // What has no line end for so long is no text, and may have none at all.
  static constexpr std::size_t kEndlessBytes = std::size_t{16} << 20;

  // Longer lines are given cut off one byte behind the limit, so that their length tells; one
  // without an end within `endless_bytes` is an error.
  Lines(Source& source, std::size_t max_line_bytes, std::size_t endless_bytes = kNoLimit)
      : source_(source), max_line_bytes_(max_line_bytes), endless_bytes_(endless_bytes) {}
  // False after the last one. Errors: those of Source::Next, INVALID_ARGUMENT for a line without
  // an end.
  [[nodiscard]] absl::StatusOr<bool> Next(std::string& line);
  // Whether Next would not have to wait for whoever writes into a pipe.
  [[nodiscard]] bool Ready() const;
  // Whether the line that Next gave last had an end: else it is the last, perhaps of a file that
  // was cut off.
  [[nodiscard]] bool whole() const { return whole_; }
  // Of the line that Next gave last, from 1.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  Source& source_;
  std::size_t max_line_bytes_;
  std::size_t endless_bytes_;
  std::string_view rest_;
  std::uint64_t number_ = 0;
  bool whole_ = true;
};

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace kith::exchange
