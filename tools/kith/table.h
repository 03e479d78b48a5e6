// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kith::cli {

// A table for people: columns as wide as their widest cell, two spaces between, numbers to the
// right. Cells are escaped (report::EscapeText). Not thread-safe. O(cells).
class Table {
 public:
  // A heading that starts with '>' is a column of numbers.
  explicit Table(std::vector<std::string> headings);
  void Add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  // Whole lines: the headings, then the rows.
  [[nodiscard]] std::string Text() const;
  // The same, one by one, without line ends.
  [[nodiscard]] std::vector<std::string> Lines() const;

 private:
  std::vector<std::string> headings_;
  std::vector<bool> numbers_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that a terminal shows for valid UTF-8: wide characters count two, combining marks none.
[[nodiscard]] std::size_t DisplayWidth(const std::string& text);

}  // namespace kith::cli
