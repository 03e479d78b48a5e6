// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

constexpr int kWidth = 960;
constexpr std::size_t kMaxColumns = 36;

std::string Count(const ChartWords& words, std::uint64_t value) {
  return words.many.empty() ? Counted(value, words.one) : Counted(value, words.one, words.many);
}

std::string Svg(const ChartWords& words, int height, const std::string& description,
                const std::string& body) {
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-labelledby=\"{2}-t {2}-d\">"
      "<title id=\"{2}-t\">{3}</title><desc id=\"{2}-d\">{4}</desc>{5}</svg>\n",
      kWidth, height, words.id, words.title, EscapeHtml(description), body);
}

// A long label would run into its bar.
std::string Short(const std::string& label) {
  constexpr std::size_t kMost = 22;
  if (label.size() <= kMost) return label;
  std::size_t end = kMost - 2;
  while (end > 0 && (static_cast<unsigned char>(label[end]) & 0xC0U) == 0x80U) --end;
  return label.substr(0, end) + "..";
}

struct ColumnBar {
  std::string label;      // under it; empty: none
  std::string full_name;  // in the description
  std::uint64_t value = 0;
};

// The tallest column has this height, and every column that is not empty is seen.
constexpr double kColumnHeight = 110;
constexpr int kBase = 136;  // where the columns stand

std::string Columns(const ChartWords& words, const std::vector<ColumnBar>& columns,
                    double most_width) {
  std::uint64_t most = 1;
  for (const ColumnBar& column : columns) most = std::max(most, column.value);
  const double step =
      std::min(most_width, static_cast<double>(kWidth) /
                               static_cast<double>(std::max<std::size_t>(1, columns.size())));
  std::string out = fmt::format(
      "<line class=\"axis\" x1=\"0\" y1=\"{0}.5\" x2=\"{1:.1f}\" "
      "y2=\"{0}.5\"/>",
      kBase, step * static_cast<double>(columns.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ColumnBar& column = columns[i];
    const double x = step * static_cast<double>(i);
    const double middle = x + step / 2;
    if (column.value > 0) {
      const double height = std::max(
          3.0, kColumnHeight * static_cast<double>(column.value) / static_cast<double>(most));
      out += fmt::format(
          "<g><title>{}: {}</title><rect class=\"lead\" x=\"{:.1f}\" y=\"{:.1f}\" "
          "width=\"{:.1f}\" height=\"{:.1f}\" rx=\"2\"/>"
          "<text class=\"n mid\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>",
          EscapeHtml(column.full_name), Count(words, column.value), x + step * 0.1, kBase - height,
          step * 0.8, height, middle, kBase - height - 6, Number(column.value));
    }
    if (!column.label.empty()) {
      // The first one would be cut off at the edge of a printed page.
      const bool at_edge = i == 0 && step < 60;
      out +=
          fmt::format("<text class=\"n{}\" x=\"{:.1f}\" y=\"{}\">{}</text>", at_edge ? "" : " mid",
                      at_edge ? x : middle, kBase + 18, EscapeHtml(column.label));
    }
  }
  return out;
}

std::string Described(const ChartWords& words, const std::vector<ColumnBar>& columns) {
  std::string out;
  for (const ColumnBar& column : columns) {
    if (column.value == 0) continue;
    out += fmt::format("{}{}: {}", out.empty() ? "" : "; ", column.full_name,
                       Count(words, column.value));
  }
  return out.empty() ? "None." : out + ".";
}

// Days since 1970 of the date at the beginning of the text.
std::optional<std::chrono::year_month_day> DateOf(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = -1;
    const char* const end = text.data() + at + size;
    const auto read = std::from_chars(text.data() + at, end, value);
    return read.ptr == end ? value : -1;
  };
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

enum class Step { kDay, kMonth, kYear };

// The number of the day, month or year in which a date lies.
std::int64_t Position(const std::chrono::year_month_day& date, Step step) {
  const int year = static_cast<int>(date.year());
  if (step == Step::kYear) return year;
  if (step == Step::kMonth) {
    return std::int64_t{year} * 12 + static_cast<unsigned>(date.month()) - 1;
  }
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::string NameOf(std::int64_t position, Step step) {
  if (step == Step::kYear) return std::to_string(position);
  if (step == Step::kMonth) return fmt::format("{}-{:02}", position / 12, position % 12 + 1);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(position))};
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string_view WordOf(Step step) {
  return step == Step::kYear ? "year" : step == Step::kMonth ? "month" : "day";
}

}  // namespace

std::string BarChart(const ChartWords& words, const std::vector<Bar>& bars) {
  constexpr int kRow = 34;
  constexpr int kLabel = 170;
  constexpr double kBarWidth = 500;
  std::uint64_t most = 1;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  std::string out;
  std::string described;
  int y = 0;
  for (const Bar& bar : bars) {
    const double share = static_cast<double>(bar.value) / static_cast<double>(most);
    const double width = bar.value == 0 ? 0 : std::max(3.0, share * kBarWidth);
    const std::string count = Count(words, bar.value) + (bar.note.empty() ? "" : " " + bar.note);
    out += fmt::format(
        "<g>{}<text x=\"0\" y=\"{}\">{}</text>"
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"20\" rx=\"3\"/>"
        "<text class=\"n\" x=\"{:.1f}\" y=\"{}\">{}</text></g>",
        bar.meaning.empty() ? "" : "<title>" + EscapeHtml(bar.meaning) + "</title>", y + 21,
        EscapeHtml(Short(bar.label)), bar.css, kLabel, y + 6, width, kLabel + 10 + width, y + 21,
        EscapeHtml(count));
    described += fmt::format("{}{}: {}", described.empty() ? "" : "; ", bar.label, count);
    y += kRow;
  }
  return Svg(words, y, described.empty() ? "None." : described + ".", out);
}

std::string Histogram(const ChartWords& words, std::string_view unit,
                      const std::vector<std::uint64_t>& values,
                      const std::vector<Stretch>& stretches) {
  constexpr std::size_t kLabelEvery = 5;
  std::vector<ColumnBar> columns;
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns.push_back({i % kLabelEvery == 0 ? std::to_string(i) : "", Counted(i, unit), values[i]});
  }
  const double step =
      static_cast<double>(kWidth) / static_cast<double>(std::max<std::size_t>(1, values.size()));
  std::string under;
  for (const Stretch& stretch : stretches) {
    const double from = step * static_cast<double>(stretch.from);
    const double to = step * static_cast<double>(stretch.to + 1);
    under += fmt::format(
        "<line class=\"stretch\" x1=\"{:.1f}\" y1=\"164\" x2=\"{:.1f}\" y2=\"164\"/>"
        "<text class=\"mid\" x=\"{:.1f}\" y=\"183\">{}</text>",
        from + 3, to - 3, (from + to) / 2, EscapeHtml(stretch.label));
  }
  return Svg(words, stretches.empty() ? kBase + 24 : 190, Described(words, columns),
             Columns(words, columns, kWidth) + under);
}

std::string TimeChart(const ChartWords& words, const std::vector<std::string>& moments) {
  std::vector<std::chrono::year_month_day> dates;
  for (const std::string& moment : moments) {
    if (const auto date = DateOf(moment)) dates.push_back(*date);
  }
  if (dates.empty()) return "";
  std::sort(dates.begin(), dates.end());
  Step step = Step::kDay;
  const auto columns_of = [&] {
    return static_cast<std::size_t>(Position(dates.back(), step) - Position(dates.front(), step)) +
           1;
  };
  if (columns_of() > kMaxColumns) step = Step::kMonth;
  if (columns_of() > kMaxColumns) step = Step::kYear;
  const std::int64_t first = Position(dates.front(), step);
  // Dates are 0000 to 9999 and may be anything: years beyond what can be drawn fall together.
  std::vector<ColumnBar> columns(std::min<std::size_t>(columns_of(), 100));
  for (const auto& date : dates) {
    const auto at = static_cast<std::size_t>(Position(date, step) - first);
    ++columns[std::min(at, columns.size() - 1)].value;
  }
  const std::size_t every = columns.size() <= 12 ? 1 : (columns.size() + 11) / 12;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].full_name = NameOf(first + static_cast<std::int64_t>(i), step);
    if (i % every == 0) columns[i].label = columns[i].full_name;
  }
  return Svg(words, kBase + 44, Described(words, columns),
             Columns(words, columns, 96) +
                 fmt::format("<text class=\"n\" x=\"0\" y=\"{}\">One column a {}.</text>",
                             kBase + 40, WordOf(step)));
}

}  // namespace kith::report
