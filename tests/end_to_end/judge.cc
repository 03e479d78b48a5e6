// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/judge.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/end_to_end/sample.h"

namespace kith::end_to_end {
namespace {

using Json = nlohmann::json;

// Entry number -> the name under which its file was enrolled.
using EntryNames = std::map<std::uint64_t, std::string>;

std::string TextOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

absl::StatusOr<EntryNames> ReadEntries(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("no list of entries " + path);
  EntryNames names;
  std::string line;
  while (std::getline(file, line)) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object()) return absl::InvalidArgumentError(path + " is not JSON Lines");
    if (TextOf(entry, "type") != "entry") continue;
    std::string name = TextOf(entry, "source_ref");
    name.erase(0, name.rfind('/') + 1);
    names[entry.value("entry", std::uint64_t{0})] = name;
  }
  return names;
}

// Path -> its file in the report.
absl::StatusOr<std::map<std::string, Json>> ReadReport(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("no report " + path);
  const Json report = Json::parse(file, nullptr, false);
  if (!report.is_object() || !report.contains("files")) {
    return absl::InvalidArgumentError(path + " is no report");
  }
  std::map<std::string, Json> files;
  for (const Json& one : report["files"]) {
    for (const Json& name : one["paths"]) files[TextOf(name, "path")] = one;
  }
  return files;
}

class Comparison {
 public:
  explicit Comparison(const EntryNames& entries) : entries_(entries) {}

  void Compare(const SampleFile& truth, const Json* file) {
    if (truth.expectation == Expectation::kFound) ++judgement_.expected;
    if (file == nullptr) return Wrong(truth, "is not in the report");
    const bool has_match = !file->at("matches").empty();
    if (truth.expectation != Expectation::kNothing && !has_match) return Missed(truth, *file);
    for (const Json& match : file->at("matches")) {
      if (!IsTrue(truth, match)) {
        return Wrong(truth, absl::StrCat("matches ", NameOf(match), " at ",
                                         match.value("distance", 0), " bits"));
      }
    }
    const std::string verdict = TextOf(*file, "verdict");
    if (!IsOneOf(verdict, truth.verdict)) return Wrong(truth, "has the verdict " + verdict);
    if (truth.expectation == Expectation::kFound) ++judgement_.found;
    if (truth.expectation == Expectation::kUnseen) ++judgement_.unseen_found;
  }

  void Stranger(const std::string& path) {
    ++judgement_.wrong;
    judgement_.problems.push_back("wrong: " + path + " is reported, but was never made");
  }

  [[nodiscard]] Judgement Take() { return std::move(judgement_); }

 private:
  static bool IsOneOf(const std::string& word, const std::string& alternatives) {
    return absl::StrCat("|", alternatives, "|").find(absl::StrCat("|", word, "|")) !=
           std::string::npos;
  }

  [[nodiscard]] std::string NameOf(const Json& match) const {
    const auto found = entries_.find(match.value("entry", std::uint64_t{0}));
    return found == entries_.end() ? "an entry that is not listed" : found->second;
  }

  [[nodiscard]] bool IsTrue(const SampleFile& truth, const Json& match) const {
    return !truth.entry.empty() && NameOf(match) == truth.entry &&
           TextOf(match, "series") == truth.series && TextOf(match, "set") == truth.set;
  }

  void Missed(const SampleFile& truth, const Json& file) {
    // A miss is honest only if the verdict says that nothing was found.
    if (TextOf(file, "verdict") != "UNRECOGNIZED") {
      return Wrong(truth, "has no match, but the verdict " + TextOf(file, "verdict"));
    }
    if (truth.expectation == Expectation::kUnseen) {
      ++judgement_.unseen_missed;
      return;
    }
    judgement_.problems.push_back("missed: " + truth.path);
  }

  void Wrong(const SampleFile& truth, const std::string& why) {
    ++judgement_.wrong;
    judgement_.problems.push_back(absl::StrCat("wrong: ", truth.path, " ", why));
  }

  const EntryNames& entries_;
  Judgement judgement_;
};

}  // namespace

std::string Judgement::LastLine() const {
  return absl::StrCat("demo: found ", found, " of ", expected, " expected, ", unseen_missed,
                      " expected misses, ", wrong, " wrong");
}

absl::StatusOr<Judgement> Judge(const JudgeInputs& inputs) {
  auto manifest = ReadManifest(inputs.manifest);
  if (!manifest.ok()) return manifest.status();
  auto entries = ReadEntries(inputs.entries);
  if (!entries.ok()) return entries.status();
  auto files = ReadReport(inputs.report);
  if (!files.ok()) return files.status();
  Comparison comparison(*entries);
  for (const SampleFile& truth : *manifest) {
    const auto file = files->find(truth.path);
    comparison.Compare(truth, file == files->end() ? nullptr : &file->second);
    if (file != files->end()) files->erase(file);
  }
  for (const auto& [path, file] : *files) comparison.Stranger(path);
  return comparison.Take();
}

}  // namespace kith::end_to_end
