// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace kith::end_to_end {

// The reports that a story must give, whole, as a file beside it has them: JSON and CSV. What
// differs from run to run (times, days, the id of the store, folders) stands there as a word; what
// depends on the machine or is text only (run header, libraries, method in words, measured rates)
// is left out. As fields and columns are only added, what is more than expected is no difference.
//
// Where KITH_SEEN_REPORTS names a file, all that was seen is written there in the same form: what
// it has is to be read and believed before it is copied over the expectation.
class ExpectedReports {
 public:
  explicit ExpectedReports(const std::filesystem::path& expected);
  ~ExpectedReports();
  ExpectedReports(const ExpectedReports&) = delete;
  ExpectedReports& operator=(const ExpectedReports&) = delete;

  // What stands for a value: the whole of a text or cell.
  void Name(const std::string& value, const std::string& word) { words_[value] = word; }
  // What stands for the beginning of a text.
  void NameStart(const std::string& start, const std::string& word) { starts_[start] = word; }

  // Compares the report FOLDER/STEM.json, and FOLDER/STEM.csv, with what is expected of `name`.
  void Compare(const std::string& name, const std::filesystem::path& folder,
               const std::string& stem);

 private:
  [[nodiscard]] std::string Word(const std::string& text) const;
  void Normalise(nlohmann::json& value) const;
  [[nodiscard]] nlohmann::json Table(const std::string& csv) const;

  nlohmann::json expected_;
  nlohmann::json seen_ = nlohmann::json::object();
  std::map<std::string, std::string> words_;
  std::map<std::string, std::string> starts_;
};

// The day (YYYY-MM-DD, UTC) so many days from today, and so many working days after it.
[[nodiscard]] std::string DayFromNow(int days);
[[nodiscard]] std::string WorkingDaysAfter(int days_from_now, int working_days);

}  // namespace kith::end_to_end
