// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "tools/kith/program.h"

namespace kith::cli {

// One function a verb, each in the file of its name.
void AddHashVerb(CLI::App& app, Program& program);
void AddCheckVerb(CLI::App& app, Program& program);
void AddMatchVerb(CLI::App& app, Program& program);
void AddEnrollVerb(CLI::App& app, Program& program);
void AddImportVerb(CLI::App& app, Program& program);
void AddExportVerb(CLI::App& app, Program& program);
void AddAgencyVerb(CLI::App& app, Program& program);
void AddContactVerb(CLI::App& app, Program& program);
void AddSeriesVerb(CLI::App& app, Program& program);
void AddSetVerb(CLI::App& app, Program& program);
void AddEntryVerb(CLI::App& app, Program& program);
void AddCaseVerb(CLI::App& app, Program& program);
void AddOpinionVerb(CLI::App& app, Program& program);
void AddAlertVerb(CLI::App& app, Program& program);
void AddClusterVerb(CLI::App& app, Program& program);
void AddNotificationVerb(CLI::App& app, Program& program);
void AddStoreVerb(CLI::App& app, Program& program);
void AddConfigVerb(CLI::App& app, Program& program);
void AddServeVerb(CLI::App& app, Program& program);
void AddDoctorVerb(CLI::App& app, Program& program);

}  // namespace kith::cli
