// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/status.h"

namespace kith::cli {

// Exit codes; a contract with scripts (see `kith --help`).
inline constexpr int kExitDone = 0;
inline constexpr int kExitKnownFound = 1;  // check and match: something known was found
inline constexpr int kExitError = 2;       // usage or set-up
// check and match: nothing known found, but not all was read or compared
inline constexpr int kExitNotAllRead = 3;
inline constexpr int kExitInterrupted = 130;

// One run of `kith`: what all verbs share. Filled by the command line, read by the verbs.
struct Program {
  std::map<std::string, std::string> environment;
  std::string store;   // --store
  std::string server;  // --server
  std::string config;  // --config
  std::string progress = "auto";
  bool json = false;
  // Set by the verb that was given; returns the exit code.
  std::function<int()> run;
};

// Says on stderr what went wrong, as one line for people, escaped here. Returns kExitError.
int Fail(const absl::Status& status);
// A remark that is no failure, on stderr: lines, each escaped here.
void Note(const std::string& text);
// One line of data on stdout.
void PrintLine(const std::string& line);
void PrintJson(const nlohmann::ordered_json& value);

}  // namespace kith::cli
