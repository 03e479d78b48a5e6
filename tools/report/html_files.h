// SPDX-License-Identifier: Apache-2.0
//
// Purpose: lists of evidence files as HTML.
//
// Thread-safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proto/kith/v1/report.pb.h"
#include "tools/report/deciding.h"

namespace kith::report {

// Lists of evidence files as HTML. Pure, thread-safe.

using Files = std::vector<const v1::ReportFile*>;

[[nodiscard]] Files SelectFiles(const v1::Report& report, v1::Verdict verdict);
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

// Some of its paths, and how many more there are.
[[nodiscard]] std::string PathsHtml(const v1::ReportFile& file);
// Who said it, when and why: "A. Adams, 2026-01-05: same room"; "" where nobody did.
[[nodiscard]] std::string GivenHtml(const v1::Opinion& given);

// What a report says of one series.
struct OfSeries {
  struct File {
    const v1::ReportFile* file = nullptr;
    Matches matches{};  // those that count, of this series
  };
  std::vector<File> files;    // the first of them
  std::size_t all_files = 0;  // also those that are not listed
  std::vector<const v1::ReportSighting*> sightings;
};
// Of the series that are to be shown, at most `most` files each; reads the report once, whatever
// the number of series.
[[nodiscard]] std::map<std::string, OfSeries> GatherSeries(
    const v1::Report& report, const std::vector<const v1::ReportSeries*>& shown, std::size_t most);

// The files that match a series, with their digests; "" where there are none.
[[nodiscard]] std::string FilesOfSeries(v1::ReportKind kind, const OfSeries& series);

}  // namespace kith::report
