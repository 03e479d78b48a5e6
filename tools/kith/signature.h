// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "proto/kith/v1/catalog.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

// Adds --who, for verbs that change what is on record. Without it, `who` is KITH_WHO, else the name
// of the user. What is given outlives the app, here and below.
void AddWhoFlag(CLI::App& verb, const Program& program, std::string& who);
// Adds --who and --why.
void AddSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature);
// The same for what must not be done without a reason.
void AddFullSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature);

}  // namespace kith::cli
