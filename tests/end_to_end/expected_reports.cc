// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/expected_reports.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using nlohmann::json;

// Files that hold the same as their neighbours, of which there are too many to be listed.
std::string OneOfMany(const std::string& path) {
  static const std::regex many("^(.*)many/[0-9]+\\.jpg$");
  return std::regex_replace(path, many, "$1many/N.jpg");
}

// Neighbours that are the same become one: [x, x, x] -> ["3 x", x].
json Folded(const json& list) {
  json folded = json::array();
  for (std::size_t i = 0; i < list.size();) {
    std::size_t end = i + 1;
    while (end < list.size() && list[end] == list[i]) ++end;
    if (end - i > 1) folded.push_back(std::to_string(end - i) + " x");
    folded.push_back(list[i]);
    i = end;
  }
  return folded;
}

// What `seen` lacks of `expected` or has otherwise.
void Differences(const json& expected, const json& seen, const std::string& where,
                 std::string& differences) {
  if (expected.is_object() && seen.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      const auto found = seen.find(key);
      if (found == seen.end()) {
        differences += where + "/" + key + " is missing\n";
      } else {
        Differences(value, *found, where + "/" + key, differences);
      }
    }
  } else if (expected.is_array() && seen.is_array() && expected.size() == seen.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      Differences(expected[i], seen[i], where + "/" + std::to_string(i), differences);
    }
  } else if (where.find("/csv/") != std::string::npos && expected.is_string() && seen.is_string()) {
    const std::string row = expected.get<std::string>();
    const std::string other = seen.get<std::string>();
    if (other == row || other.rfind(row + ",", 0) == 0) return;
    differences += where + "\n  expected: " + row + "\n  seen:     " + other + "\n";
  } else if (expected != seen) {
    differences +=
        where + "\n  expected: " + expected.dump() + "\n  seen:     " + seen.dump() + "\n";
  }
}

// One line a record, so that a change of the file can be read.
void Write(const json& reports, const std::string& path) {
  std::ofstream out(path);
  std::string between = "{\n";
  for (const auto& [name, report] : reports.items()) {
    out << between << json(name).dump() << ": {";
    std::string comma = "\n ";
    for (const auto& [key, value] : report.items()) {
      out << comma << json(key).dump() << ": ";
      comma = ",\n ";
      if (!value.is_array() || value.empty()) {
        out << value.dump();
        continue;
      }
      std::string next = "[\n  ";
      for (const json& one : value) {
        out << next << one.dump();
        next = ",\n  ";
      }
      out << "]";
    }
    out << "}";
    between = ",\n";
  }
  out << "\n}\n";
}

std::chrono::sys_days Today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

std::string TextOf(std::chrono::year_month_day day) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

}  // namespace

std::string DayFromNow(int days) { return TextOf(Today() + std::chrono::days(days)); }

std::string WorkingDaysAfter(int days_from_now, int working_days) {
  std::chrono::sys_days day = Today() + std::chrono::days(days_from_now);
  while (working_days > 0) {
    day += std::chrono::days(1);
    if (std::chrono::weekday(day).iso_encoding() < 6) --working_days;
  }
  return TextOf(day);
}

ExpectedReports::ExpectedReports(const std::filesystem::path& expected)
    : expected_(json::parse(ReadFile(expected), nullptr, false)) {
  EXPECT_TRUE(expected_.is_object()) << expected;
}

ExpectedReports::~ExpectedReports() {
  const char* const seen = std::getenv("KITH_SEEN_REPORTS");
  if (seen != nullptr) Write(seen_, seen);
}

std::string ExpectedReports::Word(const std::string& text) const {
  static const std::regex time("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$");
  if (const auto word = words_.find(text); word != words_.end()) return word->second;
  if (std::regex_match(text, time)) return "TIME";
  for (const auto& [start, word] : starts_) {
    if (text.rfind(start, 0) == 0) return word + text.substr(start.size());
  }
  return OneOfMany(text);
}

void ExpectedReports::Normalise(json& value) const {
  if (value.is_string()) {
    value = Word(value.get<std::string>());
  } else if (value.is_array()) {
    for (json& one : value) Normalise(one);
    value = Folded(value);
  } else if (value.is_object()) {
    for (const char* left_out : {"run", "program", "libraries", "rates"}) value.erase(left_out);
    for (auto member = value.begin(); member != value.end(); ++member) {
      if (member.key() == "size_bytes") member.value() = member.value().dump();
      Normalise(member.value());
    }
  }
}

// The rows, cell by cell; no cell of these stories holds a comma in quotes that is a word.
json ExpectedReports::Table(const std::string& csv) const {
  json rows = json::array();
  for (std::size_t begin = 0; begin < csv.size();) {
    const std::size_t end = csv.find("\r\n", begin);
    std::string row;
    std::string cell;
    for (std::size_t i = begin; i <= end; ++i) {
      if (i < end && csv[i] != ',') {
        cell += csv[i];
        continue;
      }
      row += Word(cell);
      if (i < end) row += ',';
      cell.clear();
    }
    rows.push_back(std::move(row));
    begin = end + 2;
  }
  return Folded(rows);
}

void ExpectedReports::Compare(const std::string& name, const std::filesystem::path& folder,
                              const std::string& stem) {
  json report = json::parse(ReadFile(folder / (stem + ".json")), nullptr, false);
  ASSERT_TRUE(report.is_object()) << name;
  json& scope = report["scope"];
  Name(scope["index_version"]["store_id"], "STORE");
  scope.erase("method");
  Normalise(report);
  const std::string csv = ReadFile(folder / (stem + ".csv"));
  ASSERT_TRUE(csv.ends_with("\r\n")) << name;
  // Its rows are libraries, rates and times.
  if (report["kind"] != "method") report["csv"] = Table(csv);
  std::string differences;
  Differences(expected_.value(name, json("nothing")), report, name, differences);
  EXPECT_EQ(differences, "");
  EXPECT_TRUE(seen_.emplace(name, std::move(report)).second) << name << " is compared twice";
}

}  // namespace kith::end_to_end
