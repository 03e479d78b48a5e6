// SPDX-License-Identifier: Apache-2.0
// The program of tools/demo: makes a sample seizure, and judges a report on it.
#include <charconv>
#include <iostream>
#include <string_view>
#include <vector>

#include "tests/end_to_end/judge.h"
#include "tests/end_to_end/sample.h"

namespace {

using kith::end_to_end::SampleOptions;

constexpr char kUsage[] =
    "sample-seizure make FOLDER [KNOWN_A_GROUP [UNRELATED [SEED]]]\n"
    "sample-seizure judge MANIFEST REPORT_JSON ENTRIES_JSON\n";

int Fail(const absl::Status& status) {
  std::cerr << "sample-seizure: " << status.message() << "\n";
  return 2;
}

bool ParseNumber(std::string_view text, auto& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

int Make(const std::vector<std::string>& arguments) {
  SampleOptions options{.folder = arguments[1]};
  const bool is_good = (arguments.size() < 3 || ParseNumber(arguments[2], options.known_a_group)) &&
                       (arguments.size() < 4 || ParseNumber(arguments[3], options.unrelated)) &&
                       (arguments.size() < 5 || ParseNumber(arguments[4], options.seed));
  if (!is_good || options.known_a_group < 1 || options.unrelated < 0) {
    std::cerr << kUsage;
    return 2;
  }
  const absl::Status status = MakeSample(options);
  return status.ok() ? 0 : Fail(status);
}

int Judge(const std::vector<std::string>& arguments) {
  const auto judgement = kith::end_to_end::Judge(
      {.manifest = arguments[1], .report = arguments[2], .entries = arguments[3]});
  if (!judgement.ok()) return Fail(judgement.status());
  for (const std::string& problem : judgement->problems) std::cout << problem << "\n";
  std::cout << "Cropped copies, which PDQ cannot see through: " << judgement->unseen_missed
            << " missed as expected, " << judgement->unseen_found << " found all the same.\n"
            << judgement->LastLine() << "\n";
  return judgement->IsPerfect() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() >= 2 && arguments.size() <= 5 && arguments[0] == "make") {
    return Make(arguments);
  }
  if (arguments.size() == 4 && arguments[0] == "judge") return Judge(arguments);
  std::cerr << kUsage;
  return 2;
}
