// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Lists of evidence files as HTML. Pure, thread-safe.

using Files = std::vector<const v1::ReportFile*>;

[[nodiscard]] Files SelectFiles(const v1::Report& report, v1::Verdict verdict);
[[nodiscard]] std::uint64_t FilesOf(const v1::Report& report, v1::Verdict verdict);
// By the matches that decide: files whose verdict rests on leads alone, and the others.
struct Sureness {
  std::uint64_t certain = 0;    // a digest is among them
  std::uint64_t confirmed = 0;  // else: a person has confirmed a lead
  std::uint64_t leads = 0;
};
[[nodiscard]] Sureness SurenessOf(const v1::Report& report, v1::Verdict verdict);

// Every file by verdict, with the rule beside it; what is held back; what could not be read. At
// most `most` files a section.
[[nodiscard]] std::string FileSections(const v1::Report& report, std::size_t most);

// The files that match a series, with their digests; "" where there are none.
[[nodiscard]] std::string FilesOfSeries(const v1::Report& report, const std::string& code,
                                        std::size_t most);

}  // namespace kith::report
