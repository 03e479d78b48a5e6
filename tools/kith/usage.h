// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace kith::cli {

// What is wrong with the words of a command line, in words for people. All are pure functions of
// the app that parsed them, whether it succeeded or not.

// The verb that was reached; `words` becomes how it is called: "kith agency add".
[[nodiscard]] const CLI::App* Reached(const CLI::App& app, std::string& words);

// What is wrong with the words that nothing could take; "" where there are none.
[[nodiscard]] std::string ExplainExtras(const CLI::App& app);

// What is wrong with a value: an empty name, bytes that are no text, no plain number; "" where
// nothing is.
[[nodiscard]] std::string ExplainValues(const CLI::App& app);

}  // namespace kith::cli
