// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "proto/kith/v1/case.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

void AddReportVerb(CLI::App& app, Program& program);

// Asks for the report, has it put on record, and writes it into a folder (`out`, or a new
// ./kith-report), which must not lie in a folder that was checked. Returns the exit code.
[[nodiscard]] int WriteReportOf(const Program& program, v1::GetReportRequest request,
                                const std::string& out);
// That a report was given out, without its type.
[[nodiscard]] nlohmann::ordered_json ReportRecordJson(const v1::ReportRecord& record);

}  // namespace kith::cli
