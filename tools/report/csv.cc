// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tools/report/nearness.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// A contract: columns are only added at the end.
constexpr std::string_view kHeader =
    "path,path_base64,verdict,rule,disposition,detail,format,width,height,size_bytes,md5,sha256,"
    "total_matches,held_back,entry,set,series,series_status,purpose,by,distance,view,query_view,"
    "orientation,dialect,agency,agency_desk,contact,contact_role,contact_phone,contact_email,"
    "identified_on,nearness\r\n";

class Row {
 public:
  void Add(std::string_view cell) {
    if (!first_) line_ += ',';
    first_ = false;
    std::string text;
    // What a spreadsheet would run as a formula is shown as text.
    if (!cell.empty() &&
        std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos) {
      text += '\'';
    }
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
    line_ += text;
  }
  void Add(std::uint64_t number) { Add(std::to_string(number)); }
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  std::string line_;
  bool first_ = true;
};

using SeriesByCode = std::map<std::string, const v1::ReportSeries*>;

void AddMatch(const v1::ReportMatch& match, const SeriesByCode& by_code, Row& row) {
  row.Add(match.entry_id());
  row.Add(EscapeText(match.set()));
  row.Add(EscapeText(match.series()));
  row.Add(StatusWord(match.series_status()));
  row.Add(PurposeWord(match.purpose()));
  row.Add(match.by());
  row.Add(match.distance_bits());
  row.Add(ViewWord(match.view()));
  row.Add(ViewWord(match.query_view()));
  row.Add(OrientationWord(match.orientation()));
  row.Add(DialectWord(match.dialect()));
  const auto found = by_code.find(match.series());
  static const v1::ReportSeries kNone;
  const v1::ReportSeries& series = found == by_code.end() ? kNone : *found->second;
  row.Add(EscapeText(series.series().agency()));
  row.Add(EscapeText(series.agency_desk()));
  row.Add(EscapeText(series.series().contact().name()));
  row.Add(EscapeText(series.series().contact().role()));
  row.Add(EscapeText(series.series().contact().phone()));
  row.Add(EscapeText(series.series().contact().email()));
  row.Add(EscapeText(series.series().identified_on()));
  row.Add(NearnessOf(match));
}

constexpr int kMatchColumns = 19;

}  // namespace

void RenderCsv(const v1::Report& report, const Sink& sink) {
  sink(kHeader);
  SeriesByCode by_code;
  for (const v1::ReportSeries& series : report.series()) by_code[series.series().code()] = &series;
  for (const v1::ReportFile& file : report.files()) {
    for (const std::string& path : file.paths()) {
      const auto row_of = [&](const v1::ReportMatch* match) {
        Row row;
        row.Add(EscapeText(path));
        row.Add(IsUtf8(path) ? "" : absl::Base64Escape(path));
        row.Add(VerdictWord(file.verdict()));
        row.Add(EscapeText(file.rule()));
        row.Add(DispositionWord(file.disposition()));
        row.Add(EscapeText(file.detail()));
        row.Add(EscapeText(file.format()));
        row.Add(file.width());
        row.Add(file.height());
        row.Add(file.size_bytes());
        row.Add(EscapeText(file.md5()));
        row.Add(EscapeText(file.sha256()));
        row.Add(file.total_matches());
        row.Add((match != nullptr ? match->held_back() : file.held_back()) ? "yes" : "no");
        if (match != nullptr) {
          AddMatch(*match, by_code, row);
        } else {
          for (int i = 0; i < kMatchColumns; ++i) row.Add("");
        }
        sink(row.line() + "\r\n");
      };
      if (file.matches().empty()) row_of(nullptr);
      for (const v1::ReportMatch& match : file.matches()) row_of(&match);
    }
  }
}

}  // namespace kith::report
