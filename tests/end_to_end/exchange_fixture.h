// SPDX-License-Identifier: Apache-2.0
//
// Sets of hashes on their way into a store and out of it.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {

using nlohmann::json;

// Record `i` of the set that every file tells.
inline json Media(int i) {
  const std::string md5 = "0123456789ABCDEF0123456789ABCD" + std::to_string(10 + i);
  return {
      {"MediaID", 1000 + i},
      {"Category", i % 4},
      {"MD5", md5},
      {"SHA1", md5 + "01234567"},
      {"Series", i % 2 == 0 ? "SYNTH-A" : "SYNTH-B"},
      {"VictimIdentified", i == 0 ? "true" : "false"},
      {"MediaSize", 2048 + i},
      {"PhotoDNA", std::string(192, static_cast<char>('A' + i))},
      {"DateUpdated", "2026-01-02T03:04:05-05:00"},
      {"MediaFiles", json::array({{{"MD5", md5}, {"FileName", "a.jpg"}, {"FilePath", "C:\\x"}},
                                  {{"MD5", md5}, {"FileName", "b.jpg"}, {"FilePath", "D:\\y"}}})}};
}

class Exchange : public ::testing::Test {
 protected:
  static constexpr int kRecords = 6;

  static json Records() {
    json media = json::array();
    for (int i = 0; i < kRecords; ++i) media.push_back(Media(i));
    return media;
  }
  [[nodiscard]] std::string At(const std::string& name) const { return world_.Path(name).string(); }
  [[nodiscard]] Outcome Import(const std::string& set, const std::string& name,
                               std::vector<std::string> more = {}) const {
    std::vector<std::string> line = {"import", "--set", set, At(name), "--json"};
    line.insert(line.end(), more.begin(), more.end());
    return world_.Kith(line);
  }
  // The entries of the set, without their numbers.
  [[nodiscard]] std::vector<json> Entries(const std::string& set) const {
    std::vector<json> entries =
        JsonLines(world_.Kith({"entry", "list", "--set", set, "--json"}).out);
    for (json& entry : entries) {
      for (const char* key : {"entry", "set", "added_by_change"}) entry.erase(key);
    }
    return entries;
  }

  World world_;
};

}  // namespace kith::end_to_end
