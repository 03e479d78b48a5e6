// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "proto/kith/v1/catalog.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

// Adds --who and --why, for verbs that change what is on record. Without --who it is KITH_WHO, else
// the name of the user. `signature` outlives the app.
void AddSignatureFlags(CLI::App& verb, const Program& program, v1::Signature& signature);

}  // namespace kith::cli
