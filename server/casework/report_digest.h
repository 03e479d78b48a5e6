// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a SHA-256 over what a report tells, by which a copy of it is known again.
//
// Thread-safety: one thread. Memory: one record. Complexity: linear in the report.
//
// It is taken of the kind, the scope, the summary and each record of the lists, in the order in
// which they are sent and field after field: each as the number of its field (4 bytes, big-endian),
// the length of its serialization (8 bytes, big-endian) and that serialization. `run` is left out.
// Where a file or a cluster is too large for one message, what is continued counts as if it were
// not: a file goes in without its paths, a cluster without its files, and these follow one by one,
// under number 64 and more. So how a report is cut into fragments makes no difference.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"

namespace kith::casework {

class ReportDigest {
 public:
  ReportDigest();
  ~ReportDigest();
  ReportDigest(const ReportDigest&) = delete;
  ReportDigest& operator=(const ReportDigest&) = delete;

  // The fragments of one report, in order.
  void Add(const v1::Report& fragment);
  // Lower-case hexadecimal; once, after the last fragment. INTERNAL when the library failed.
  [[nodiscard]] absl::StatusOr<std::string> Finish();

 private:
  void AddBytes(std::uint32_t field, std::string_view bytes);
  template <typename Message>
  void AddMessage(std::uint32_t field, const Message& message);
  template <typename Messages>
  void AddAll(std::uint32_t field, const Messages& messages);

  struct Context;
  std::unique_ptr<Context> context_;
  bool sound_ = true;
};

}  // namespace kith::casework
