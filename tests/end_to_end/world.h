// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/json_lines.h"
#include "tests/end_to_end/process.h"

namespace kith::end_to_end {

// A folder of its own that goes with the object: with the store, the home and the sample of a test.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] std::filesystem::path Path(const std::string& name) const { return root_ / name; }
  [[nodiscard]] std::filesystem::path Store() const { return root_ / "store"; }
  [[nodiscard]] std::filesystem::path Seizure() const { return root_ / "sample/seizure"; }

  // A command line of a program of this build ("kith", "kithd"), with an environment that knows
  // nothing of the person who runs the tests. KITH_STORE is Store().
  [[nodiscard]] Command Line(const std::string& program, std::vector<std::string> arguments) const;
  // Runs `kith ARGUMENTS` to its end.
  [[nodiscard]] Outcome Kith(std::vector<std::string> arguments, std::string input = "") const;

  // Makes a sample (tests/end_to_end/sample.h) of 3 x `known` pictures and `unrelated` ones.
  void MakeSample(int known, int unrelated) const;
  // Enrols the known pictures of the sample by command lines, as tools/demo does.
  void Enrol() const;

  void Write(const std::string& name, const std::string& text) const;
  // Copies the store to Path(name): the same knowledge once more.
  void CopyStore(const std::string& name) const;

 private:
  std::filesystem::path root_;
};

// The same command line without the capabilities by which root reads and writes everything: the
// rights of files hold again. As it is where the tests do not run as root.
[[nodiscard]] Command WithoutRights(Command command);

[[nodiscard]] std::string ReadFile(const std::filesystem::path& path);
// A report.json without its run header, the only part that may differ between two runs.
[[nodiscard]] nlohmann::json ReportWithoutRun(const std::filesystem::path& folder);
// A file of a report as it is, byte for byte, but for the block of the run header.
[[nodiscard]] std::string TextWithoutRun(const std::filesystem::path& file);

}  // namespace kith::end_to_end
