// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what every page of a report is made of.
//
// Thread-safety: pure functions; a TableHtml belongs to one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/kith/v1/report.pb.h"

namespace kith::report {

// What every page is made of. All functions are pure and thread-safe and give HTML; what is named
// `_html` goes in as it is, everything else is escaped here.

// Text from outside. Everything that is not written in these files passes through here.
[[nodiscard]] std::string E(std::string_view text);

// "<dt>name</dt><dd>value</dd>", or nothing without a value.
[[nodiscard]] std::string Fact(std::string_view name, const std::string& value_html);

// From the doctype to the end of the header, with the run block, the only one in which two reports
// on the same ledger differ.
[[nodiscard]] std::string PageHead(const v1::Report& report);
// Complete, or not, or what the reader must know before he relies on the counts.
[[nodiscard]] std::string Banner(const v1::Report& report);
[[nodiscard]] std::string PageFoot();

// A part of the page under a heading; `count_html` stands after the title in brackets.
struct SectionWords {
  std::string_view id;  // for links to it
  std::string_view title;
  std::string count_html{};
  std::string intro_html{};
};
[[nodiscard]] std::string Section(const SectionWords& words, const std::string& body_html);

struct Column {
  std::string_view title;
  bool is_number = false;
};
// A cell of a row: HTML without its <td>, and the class of that.
struct Cell {
  std::string html{};
  std::string_view css{};
};
class TableHtml {
 public:
  explicit TableHtml(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void Add(const std::vector<Cell>& cells);
  [[nodiscard]] bool empty() const { return rows_ == 0; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::string Html() const;

 private:
  std::vector<Column> columns_;
  std::string body_;
  std::size_t rows_ = 0;
};

// A number that is seen from afar, with its words; `css` is the class of a verdict or empty.
struct Tile {
  std::string number{};
  std::string_view words{};
  std::string_view css{};
  std::string_view link{};  // id of a section, or empty
};
[[nodiscard]] std::string Tiles(const std::vector<Tile>& tiles);

// "The first 1,000 of 2,345 are shown; report.csv lists all."
[[nodiscard]] std::string ShownOf(std::size_t shown, std::size_t all, std::string_view where);

}  // namespace kith::report
