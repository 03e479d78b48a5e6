// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "tests/end_to_end/sample.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;

// What a command line of the preparations must do.
void ExpectDone(const Outcome& outcome, const std::string& what) {
  ASSERT_EQ(outcome.exit_code, 0) << what << "\n" << outcome.out << outcome.err;
}

std::vector<std::string> FilesOf(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

World::World() {
  std::string pattern = fs::temp_directory_path() / "kith-test.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder " << pattern;
  root_ = pattern;
  fs::create_directory(root_ / "home");
}

World::~World() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

Command World::Line(const std::string& program, std::vector<std::string> arguments) const {
  Command command;
  command.arguments.push_back(std::string(KITH_PROGRAMS) + "/" + program);
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  command.environment = {{"HOME", (root_ / "home").string()},
                         {"LC_ALL", "C.UTF-8"},
                         {"TMPDIR", root_.string()},
                         {"KITH_STORE", Store().string()}};
  command.folder = root_.string();
  return command;
}

Outcome World::Kith(std::vector<std::string> arguments, std::string input) const {
  Command command = Line("kith", std::move(arguments));
  command.input = std::move(input);
  return RunToEnd(command);
}

void World::MakeSample(int known, int unrelated) const {
  SampleOptions options;
  options.folder = Path("sample").string();
  options.known_a_group = known;
  options.unrelated = unrelated;
  const absl::Status made = end_to_end::MakeSample(options);
  ASSERT_TRUE(made.ok()) << made;
}

void World::Enrol() const {
  const std::vector<std::vector<std::string>> lines = {
      {"agency", "add", "NORTH", "--desk", "desk@north.example"},
      {"agency", "add", "SOUTH", "--desk", "+00 555 0100"},
      {"contact", "add", "A. Lind", "--agency", "NORTH", "--email", "lind@north.example"},
      {"series", "add", kLakeside, "--identified-by", "NORTH", "--contact", "1"},
      {"series", "add", kHarbour, "--identified-by", "SOUTH"},
      {"set", "add", kIdentifiedSet, "--source", "national list"},
      {"set", "add", kRecognisedSet, "--source", "exchange"},
  };
  for (const auto& line : lines) ExpectDone(Kith(line), line[0] + " " + line[1] + " " + line[2]);
  for (const std::string group : {kLakeside, kHarbour, kRecognised}) {
    std::vector<std::string> line = {"enroll", "--set", kIdentifiedSet, "--series", group};
    if (group == kRecognised) line = {"enroll", "--set", kRecognisedSet};
    for (const std::string& file : FilesOf(Path("sample/known/" + group))) line.push_back(file);
    ExpectDone(Kith(line), "enroll " + group);
  }
}

void World::Write(const std::string& name, const std::string& text) const {
  std::ofstream(Path(name), std::ios::binary) << text;
}

void World::CopyStore(const std::string& name) const {
  std::error_code error;
  fs::copy(Store(), Path(name), fs::copy_options::recursive, error);
  ASSERT_FALSE(error) << error.message();
}

Command WithoutRights(Command command) {
  if (::geteuid() != 0) return command;
  const std::vector<std::string> drop = {"setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"};
  command.arguments.insert(command.arguments.begin(), drop.begin(), drop.end());
  return command;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

nlohmann::json ReportWithoutRun(const fs::path& folder) {
  nlohmann::json report = nlohmann::json::parse(ReadFile(folder / "report.json"), nullptr, false);
  EXPECT_TRUE(report.is_object()) << "no report in " << folder;
  if (!report.is_object()) return report;
  EXPECT_EQ(report.erase("run"), 1U) << "no run header in " << folder;
  return report;
}

std::string TextWithoutRun(const fs::path& file) {
  std::string text = ReadFile(file);
  EXPECT_FALSE(text.empty()) << file;
  const std::string end = file.extension().string();
  if (end == ".csv") return text;  // it has none
  const std::string first = end == ".html" ? "<!-- run -->" : "\n\"run\":{";
  const std::string last = end == ".html" ? "<!-- /run -->" : "},\n";
  const std::size_t from = text.find(first);
  const std::size_t to = text.find(last, from);
  EXPECT_NE(from, std::string::npos) << "no run header in " << file;
  EXPECT_NE(to, std::string::npos) << "no end of the run header in " << file;
  if (from == std::string::npos || to == std::string::npos) return text;
  return text.erase(from, to + last.size() - from);
}

}  // namespace kith::end_to_end
