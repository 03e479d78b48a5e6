// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the report model as HTML, CSV and JSON.
//
// Thread-safety: pure functions; `sink` is called by the caller's thread.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// The report model as a file for people (HTML), for spreadsheets (CSV) and for programs (JSON).
// All functions are pure and thread-safe and cannot fail. The same model gives the same bytes; two
// reports on one ledger differ in `run` alone, which each format keeps in one block.

// Takes the next piece of the output.
using Sink = std::function<void(std::string_view)>;

// One JSON object, complete: "type":"report", "format":1, then run, scope, summary, sets, series,
// files. ASCII; one file a line. Memory: O(one file).
void RenderJson(const v1::Report& report, const Sink& sink);

// RFC 4180: a header row, then of each file one row a match with its first path, and one row for
// each other path, with the match that its verdict rests on, else the nearest (a file without a
// match has one row a path). Cells that a spreadsheet would take for a formula start with an
// apostrophe; paths are escaped, and in base64 beside it where they are not UTF-8 or got one.
// The header row is a contract: columns are only added at its end.
void RenderCsv(const v1::Report& report, const Sink& sink);

struct HtmlOptions {
  // Files listed in one section; the rest is counted and left to the CSV.
  std::size_t files_a_section = 1000;
};
// One self-contained page: no script, no request, no picture, no PDQ value; everything escaped.
[[nodiscard]] std::string RenderHtml(const v1::Report& report, const HtmlOptions& options = {});

// Parts of the model as JSON, the same in reports and in the JSON Lines of the command line.
[[nodiscard]] nlohmann::ordered_json ContactJson(const v1::Contact& contact);
[[nodiscard]] nlohmann::ordered_json SeriesJson(const v1::Series& series);
[[nodiscard]] nlohmann::ordered_json CaseDetailsJson(const v1::CaseDetails& details);
[[nodiscard]] nlohmann::ordered_json NotificationJson(const v1::NotificationTask& task);
[[nodiscard]] nlohmann::ordered_json VersionJson(const v1::IndexVersion& version);
[[nodiscard]] nlohmann::ordered_json SummaryJson(const v1::ReportSummary& summary);

}  // namespace kith::report
