// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace kith::end_to_end {

// The JSON Lines of a text, each of which must be an object that tells its type.
[[nodiscard]] inline std::vector<nlohmann::json> JsonLines(const std::string& text) {
  std::vector<nlohmann::json> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    values.push_back(nlohmann::json::parse(line, nullptr, false));
    EXPECT_TRUE(values.back().is_object() && values.back().contains("type")) << line;
  }
  return values;
}

}  // namespace kith::end_to_end
