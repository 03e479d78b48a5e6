// SPDX-License-Identifier: Apache-2.0
//
// Purpose: series, whom to call, and where they were met, as HTML.
//
// Thread-safety: pure functions.
#pragma once

#include <string>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// Series, whom to call, and where they were met, as HTML. Pure, thread-safe.

// Which agency, and when.
[[nodiscard]] std::string IdentifiedBy(const v1::ReportSeries& series);

// Behind the name of a case: whether it is the report's own, and what makes its counts doubtful.
[[nodiscard]] std::string SightingTags(const v1::ReportSighting& sighting);

// By whom, whom to call, how many children, and what rules hold for it: a list of facts, "" where
// nothing is on record.
[[nodiscard]] std::string SeriesFacts(const v1::ReportSeries& series);

[[nodiscard]] std::string SourcesSection(const v1::Report& report);
// The table of the series of this status; "" where there are none.
[[nodiscard]] std::string SeriesTable(const v1::Report& report, v1::SeriesStatus status);

// Each identified series: whom to call, and, of the first hundred, its files.
[[nodiscard]] std::string IdentificationSections(const v1::Report& report, std::size_t most_files);

// The first hundred series that nobody has identified: which agencies met them, and their files.
[[nodiscard]] std::string LeadsSections(const v1::Report& report, std::size_t most_files);

// The series met, how widely, and when; each case.
[[nodiscard]] std::string CirculationSections(const v1::Report& report, std::size_t most);

}  // namespace kith::report
