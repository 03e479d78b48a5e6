// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>

#include "proto/kith/v1/catalog.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

// One series as a JSON line or as facts.
void ShowSeries(const Program& program, const v1::Series& series);
// A row of the change sequence, without its type.
[[nodiscard]] nlohmann::ordered_json ChangeJson(const v1::Change& change);
// Adds alias, merge, split, edit, history and the corrections to `kith series`.
void AddSeriesChangeVerbs(CLI::App& group, Program& program);

}  // namespace kith::cli
