// SPDX-License-Identifier: Apache-2.0
//
// The method statement as CSV: a line a fact, of which `part` says what it is of.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tools/report/csv_method.h"
#include "tools/report/csv_row.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// A contract: columns are only added at the end.
constexpr std::array<std::string_view, 29> kColumns = {
    "part",   "name",    "value",   "found",     "copies",   "median",    "farthest", "nearest",
    "source", "purpose", "enabled", "radius",    "dialect",  "entries",   "handling", "folder",
    "ended",  "walked",  "read",    "on_record", "not_seen", "libraries", "entry",    "set",
    "series", "sha256",  "who",     "at",        "why"};

class Lines {
 public:
  explicit Lines(const Sink& sink) : sink_(sink) {
    CsvRow head;
    for (const std::string_view column : kColumns) head.Add(column);
    sink_(head.line() + "\r\n");
  }

  // What else stands in the line, by the names of the columns.
  using More = std::initializer_list<std::pair<std::string_view, std::string>>;

  void Add(std::string_view part, std::string_view name, std::string_view value, More more = {}) {
    constexpr std::size_t kFirst = 3;
    CsvRow row;
    row.Add(part);
    row.Add(EscapeText(name));
    row.Add(EscapeText(value));
    for (std::size_t i = kFirst; i < kColumns.size(); ++i) {
      const auto cell = std::find_if(more.begin(), more.end(),
                                     [i](const auto& one) { return one.first == kColumns.at(i); });
      row.Add(cell == more.end() ? std::string() : EscapeText(cell->second));
    }
    sink_(row.line() + "\r\n");
  }
  void Add(std::string_view part, std::string_view name, std::uint64_t value) {
    Add(part, name, std::to_string(value));
  }

 private:
  const Sink& sink_;
};

void AddSets(const v1::Report& report, Lines& lines) {
  for (const v1::ReportSet& set : report.sets()) {
    lines.Add("set", set.name(), set.version(),
              {{"source", set.source()},
               {"purpose", PurposeWord(set.purpose())},
               {"enabled", set.enabled() ? "yes" : "no"},
               {"radius", std::to_string(set.radius_bits())},
               {"dialect", DialectWord(set.dialect())},
               {"entries", std::to_string(set.entries())},
               {"handling", set.handling()}});
  }
}

void AddRates(const v1::MeasuredRates& rates, Lines& lines) {
  const std::string radius = std::to_string(rates.radius_bits());
  for (const v1::AlterationRate& rate : rates.alterations()) {
    lines.Add("rate", rate.alteration(), rates.measured_on(),
              {{"found", std::to_string(rate.found())},
               {"copies", std::to_string(rate.copies())},
               {"median", std::to_string(rate.median_bits())},
               {"farthest", std::to_string(rate.farthest_bits())},
               {"radius", radius}});
  }
  lines.Add("rate", "different pictures", rates.measured_on(),
            {{"found", std::to_string(rates.unlike_pairs_found())},
             {"copies", std::to_string(rates.unlike_pairs())},
             {"nearest", std::to_string(rates.unlike_nearest_bits())},
             {"radius", radius}});
  lines.Add("rate", "random codes", rates.measured_on(),
            {{"found", std::to_string(rates.random_pairs_found())},
             {"copies", std::to_string(rates.random_pairs())},
             {"nearest", std::to_string(rates.random_nearest_bits())},
             {"radius", radius}});
}

void AddRuns(const v1::ReportMethod& method, Lines& lines) {
  for (const v1::ReportRun& run : method.runs()) {
    std::string libraries;
    for (const std::string& library : run.libraries()) {
      libraries += (libraries.empty() ? "" : "; ") + library;
    }
    lines.Add("run", run.started_at(), run.complete() ? "complete" : "not complete",
              {{"radius", run.has_radius_bits() ? std::to_string(run.radius_bits()) : ""},
               {"folder", run.root()},
               {"ended", run.finished_at()},
               {"walked", std::to_string(run.entries_walked())},
               {"read", std::to_string(run.entries_sent())},
               {"on_record", std::to_string(run.entries_resumed())},
               {"not_seen", std::to_string(run.walk_errors())},
               {"libraries", libraries}});
  }
}

void AddOpinions(const v1::Report& report, Lines& lines) {
  for (const v1::ReportFile& file : report.files()) {
    for (const v1::ReportMatch& match : file.matches()) {
      lines.Add("opinion", file.paths().empty() ? "" : file.paths(0), OpinionWord(match.opinion()),
                {{"entry", std::to_string(match.entry_id())},
                 {"set", match.set()},
                 {"series", match.series()},
                 {"sha256", file.sha256()},
                 {"who", match.given().who()},
                 {"at", match.given().at()},
                 {"why", match.given().why()}});
    }
  }
}

}  // namespace

void RenderMethodCsv(const v1::Report& report, const Sink& sink) {
  const v1::ReportMethod& method = report.method();
  Lines lines(sink);
  lines.Add("version", "program", method.program());
  lines.Add("version", "store", report.scope().index_version().store_id());
  lines.Add("version", "index version", report.scope().index_version().change());
  lines.Add("version", "index engine", method.index_engine());
  for (const std::string& library : method.libraries()) lines.Add("library", library, "");
  lines.Add("threshold", "PDQ quality", method.minimum_quality());
  lines.Add("threshold", "default radius", method.default_radius_bits());
  lines.Add("threshold", "largest radius", method.max_radius_bits());
  for (const v1::NearnessBand& band : method.bands()) {
    lines.Add("band", band.words(), band.to_bits());
  }
  lines.Add("known", "entries", method.entries());
  lines.Add("known", "PDQ hashes", method.codes());
  lines.Add("known", "digests", method.digests());
  AddSets(report, lines);
  if (method.has_rates()) AddRates(method.rates(), lines);
  AddRuns(method, lines);
  AddOpinions(report, lines);
}

}  // namespace kith::report
