// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "proto/kith/v1/case.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

void AddReportVerb(CLI::App& app, Program& program);

// Asks for the report and writes it into a folder (`out`, or a new ./kith-report), which must not
// lie in a folder that was checked. Returns the exit code.
[[nodiscard]] int WriteReportOf(const Program& program, const v1::GetReportRequest& request,
                                const std::string& out);

}  // namespace kith::cli
