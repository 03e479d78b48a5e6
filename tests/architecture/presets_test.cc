// SPDX-License-Identifier: Apache-2.0
// Reads CMakePresets.json and holds it to what CONTRIBUTING.md says of it: each preset is
// configured, built and tested by one name, lands in build/NAME, and a test run that finds no test
// fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kith::architecture {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::IsEmpty;

constexpr std::array<const char*, 6> kNames = {"release", "dev", "asan", "tsan", "tidy", "fuzz"};

json ReadPresets() {
  std::ifstream file(KITH_SOURCE_DIR "/CMakePresets.json");
  return json::parse(file);
}

json* Find(json& presets, const std::string& kind, const std::string& name) {
  json& all = presets.at(kind);
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const json& one) { return one.at("name") == name; });
  return at == all.end() ? nullptr : &*at;
}

// What stands at the place, here or in the first preset it inherits that has it; else null.
json Value(json& presets, const std::string& kind, const std::string& name,
           const json::json_pointer& place) {
  const json* preset = Find(presets, kind, name);
  if (preset == nullptr) return nullptr;
  if (preset->contains(place)) return preset->at(place);
  json parents = preset->value("inherits", json::array());
  if (parents.is_string()) parents = json::array({parents});
  for (const json& parent : parents) {
    json value = Value(presets, kind, parent.get<std::string>(), place);
    if (!value.is_null()) return value;
  }
  return nullptr;
}

std::vector<std::string> Problems(json presets) {
  const json::json_pointer folder("/binaryDir");
  const json::json_pointer configured("/configurePreset");
  const json::json_pointer no_tests("/execution/noTestsAction");
  std::vector<std::string> problems;
  for (const std::string name : kNames) {
    for (const std::string kind : {"configurePresets", "buildPresets", "testPresets"}) {
      const json* preset = Find(presets, kind, name);
      if (preset == nullptr || preset->value("hidden", false)) {
        problems.push_back(kind + " has no " + name);
      } else if (kind != "configurePresets" && Value(presets, kind, name, configured) != name) {
        problems.push_back(name + " of " + kind + " is of another configuration");
      }
    }
    const json where = Value(presets, "configurePresets", name, folder);
    if (where != "${sourceDir}/build/${presetName}" && where != "${sourceDir}/build/" + name) {
      problems.push_back(name + " is built in " + where.dump());
    }
    if (Value(presets, "testPresets", name, no_tests) != "error") {
      problems.push_back(name + " passes where there is no test");
    }
  }
  return problems;
}

TEST(ThePresets, AreThereByOneNameInOneFolderAndFailWithoutTests) {
  EXPECT_THAT(Problems(ReadPresets()), IsEmpty());
}

// What a preset is made to say by `key`; nothing where it is null.
struct Damage {
  const char* kind;
  const char* name;
  const char* key;
  json value;
  const char* problem;
};

// A checker that cannot fail proves nothing.
TEST(ThePresets, AreToldWhereTheyAreDamaged) {
  const json ignored = json::object({{"noTestsAction", "ignore"}});
  const std::vector<Damage> all = {
      {"configurePresets", "dev", "name", "develop", "configurePresets has no dev"},
      {"buildPresets", "tidy", "name", "tidier", "buildPresets has no tidy"},
      {"testPresets", "asan", "hidden", true, "testPresets has no asan"},
      {"testPresets", "release", "configurePreset", "dev",
       "release of testPresets is of another configuration"},
      {"buildPresets", "tsan", "configurePreset", nullptr,
       "tsan of buildPresets is of another configuration"},
      {"configurePresets", "asan", "binaryDir", "build", "asan is built in \"build\""},
      {"configurePresets", "base", "binaryDir", nullptr, "release is built in null"},
      {"testPresets", "tsan", "inherits", nullptr, "tsan passes where there is no test"},
      {"testPresets", "dev", "execution", ignored, "dev passes where there is no test"},
      {"testPresets", "test-base", "execution", nullptr, "fuzz passes where there is no test"},
  };
  for (const Damage& damage : all) {
    json presets = ReadPresets();
    json* preset = Find(presets, damage.kind, damage.name);
    if (preset == nullptr) FAIL() << "there is no " << damage.name;
    if (damage.value.is_null()) {
      preset->erase(damage.key);
    } else {
      (*preset)[damage.key] = damage.value;
    }
    EXPECT_THAT(Problems(presets), Contains(damage.problem));
  }
}

}  // namespace
}  // namespace kith::architecture
