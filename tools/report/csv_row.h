// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one row of a CSV file (RFC 4180), in which no cell is run as a formula.
//
// Thread-safety: a row is used by one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "tools/report/path_text.h"

namespace kith::report {

// What a spreadsheet would run as a formula.
inline bool IsFormula(std::string_view cell) {
  return !cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos;
}

class CsvRow {
 public:
  void Add(std::string_view cell) {
    std::string text;
    if (IsFormula(cell)) text += '\'';  // shown as text
    text += cell;
    if (text.find_first_of(",\"\r\n") != std::string::npos) {
      std::string quoted = "\"";
      for (const char c : text) {
        if (c == '"') quoted += c;
        quoted += c;
      }
      quoted += '"';
      text.swap(quoted);
    }
    AddAsItIs(text);
  }
  void Add(std::uint64_t number) { AddAsItIs(std::to_string(number)); }
  // The path, and in base64 where it is not UTF-8, or has got an apostrophe that may as well be its
  // own. That may begin with '+', and is for programs, which decode it; no letter of it makes a
  // formula do anything.
  void AddPath(const std::string& path) {
    const std::string text = EscapeText(path);
    Add(text);
    AddAsItIs(IsUtf8(path) && !IsFormula(text) ? "" : absl::Base64Escape(path));
  }
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  void AddAsItIs(std::string_view cell) {
    if (!first_) line_ += ',';
    first_ = false;
    line_ += cell;
  }

  std::string line_;
  bool first_ = true;
};

}  // namespace kith::report
