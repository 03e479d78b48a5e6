// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tools/kith/program.h"

namespace kith::cli {

// Every verb of `kith`, parsed by CLI11 and shown our way: help starts with examples, a mistyped
// verb or flag is answered with the nearest one, and bad usage exits 2.

// Adds a verb that runs. `examples`: at least three whole command lines, one a line.
CLI::App* AddVerb(CLI::App& parent, Program& program, const std::string& name,
                  const std::string& description, const std::string& examples);
// Adds a verb that only holds others ("agency").
CLI::App* AddGroup(CLI::App& parent, const std::string& name, const std::string& description,
                   const std::string& examples);
// What the verb does when it was given; returns the exit code.
void OnRun(CLI::App& verb, Program& program, std::function<int()> run);
// Adds --store and --server, for verbs that speak to an engine.
void AddEngineFlags(CLI::App& verb, Program& program);
// Adds --progress.
void AddProgressFlag(CLI::App& verb, Program& program);

// All verbs. The app refers to `program`, which must outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> MakeCommandLine(Program& program);

// Parses and runs. Returns the exit code.
int RunCommandLine(int argc, const char* const* argv, Program& program);

}  // namespace kith::cli
