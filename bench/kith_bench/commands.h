// SPDX-License-Identifier: Apache-2.0
//
// The subcommands of kith-bench, one file each. Each adds its options to the application and sets
// `run` to what is to be done once they are parsed and that subcommand was chosen; its result is
// the exit code: 0 done, 2 error, 130 interrupted.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

namespace kith::bench {

using Run = std::function<int()>;

void AddHashCommand(CLI::App& app, Run& run);
void AddIndexCommand(CLI::App& app, Run& run);
void AddCheckCommand(CLI::App& app, Run& run);
void AddTuneCommand(CLI::App& app, Run& run);

}  // namespace kith::bench
