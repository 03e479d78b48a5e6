// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tools/report/deciding.h"
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
    "identified_on,nearness,locator,victims\r\n";
constexpr std::string_view kSightingsHeader =
    "series,series_status,series_cases,series_agencies,case,agency,agency_desk,first_seen_at,files,"
    "files_by_digest,this_case,this_agency\r\n";
constexpr std::string_view kWorklistHeader =
    "cluster,cluster_files,cluster_cases,sha256,cases,path_case,path,path_base64\r\n";
constexpr std::string_view kNotificationsHeader =
    "due_on,series,case,contact,contact_role,contact_phone,contact_email,agency,since,notified_at,"
    "notified_by,note,agency_desk\r\n";
constexpr std::string_view kMethodHeader = "part,name,value,found,copies,median,farthest\r\n";

// What a spreadsheet would run as a formula.
bool IsFormula(std::string_view cell) {
  return !cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos;
}

class Row {
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
  row.Add(EscapeText(match.nearness()));
  row.Add(EscapeText(series.series().locator()));
  row.Add(series.series().victims() == 0 ? "" : std::to_string(series.series().victims()));
}

constexpr int kMatchColumns = 21;

// One content may lie at thousands of paths and match thousands of entries: every match stands at
// its first path, and the one that its verdict rests on, else the nearest, at each other path.
void RenderFile(const v1::ReportFile& file, const SeriesByCode& by_code, const Sink& sink) {
  const auto row_of = [&](const std::string& path, const v1::ReportMatch* match) {
    Row row;
    row.AddPath(path);
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
  const Matches deciding = DecidingMatches(file);
  const v1::ReportMatch* one = !deciding.empty()         ? deciding.front()
                               : !file.matches().empty() ? &file.matches(0)
                                                         : nullptr;
  for (int i = 0; i < file.paths_size(); ++i) {
    if (i > 0 || one == nullptr) {
      row_of(file.paths(i), one);
      continue;
    }
    for (const v1::ReportMatch& match : file.matches()) row_of(file.paths(i), &match);
  }
}

void RenderSightings(const v1::Report& report, const Sink& sink) {
  sink(kSightingsHeader);
  SeriesByCode by_code;
  for (const v1::ReportSeries& series : report.series()) by_code[series.series().code()] = &series;
  static const v1::ReportSeries kNone;
  for (const v1::ReportSighting& sighting : report.sightings()) {
    const auto found = by_code.find(sighting.series());
    const v1::ReportSeries& series = found == by_code.end() ? kNone : *found->second;
    Row row;
    row.Add(EscapeText(sighting.series()));
    row.Add(StatusWord(series.series().status()));
    row.Add(series.cases());
    row.Add(series.agencies());
    row.Add(EscapeText(sighting.case_name()));
    row.Add(EscapeText(sighting.agency()));
    row.Add(EscapeText(sighting.agency_desk()));
    row.Add(EscapeText(sighting.first_seen_at()));
    row.Add(sighting.files());
    row.Add(sighting.files_by_digest());
    row.Add(sighting.this_case() ? "yes" : "no");
    row.Add(sighting.this_agency() ? "yes" : "no");
    sink(row.line() + "\r\n");
  }
}

void RenderWorklist(const v1::Report& report, const Sink& sink) {
  sink(kWorklistHeader);
  const v1::ReportCluster* head = nullptr;
  for (const v1::ReportCluster& cluster : report.clusters()) {
    if (!cluster.continued() || head == nullptr) head = &cluster;
    for (const v1::ReportClusterFile& file : cluster.listed()) {
      std::string names;
      for (const std::string& name : file.case_names()) names += (names.empty() ? "" : " ") + name;
      Row row;
      row.Add(head->cluster_id());
      row.Add(head->cluster_id() == 0 ? 1 : head->files());
      row.Add(head->cluster_id() == 0 ? 1 : static_cast<std::uint64_t>(head->case_names_size()));
      row.Add(file.sha256());
      row.Add(EscapeText(names));
      row.Add(EscapeText(file.path_case()));
      row.AddPath(file.path());
      sink(row.line() + "\r\n");
    }
  }
}

void RenderNotifications(const v1::Report& report, const Sink& sink) {
  sink(kNotificationsHeader);
  for (const v1::NotificationTask& task : report.tasks()) {
    Row row;
    for (const std::string& cell :
         {task.due_on(), task.series(), task.case_name(), task.contact().name(),
          task.contact().role(), task.contact().phone(), task.contact().email(), task.agency(),
          task.since(), task.notified_at(), task.notified_by(), task.note(), task.agency_desk()}) {
      row.Add(EscapeText(cell));
    }
    sink(row.line() + "\r\n");
  }
}

void RenderMethod(const v1::Report& report, const Sink& sink) {
  sink(kMethodHeader);
  const v1::ReportMethod& method = report.method();
  const auto line = [&sink](std::string_view part, std::string_view name, std::string_view value,
                            const std::vector<std::uint64_t>& numbers = {}) {
    Row row;
    row.Add(part);
    row.Add(EscapeText(name));
    row.Add(EscapeText(value));
    for (const std::uint64_t number : numbers) row.Add(number);
    for (std::size_t i = numbers.size(); i < 4; ++i) row.Add("");
    sink(row.line() + "\r\n");
  };
  const auto number = [&line](std::string_view part, std::string_view name, std::uint64_t value) {
    line(part, name, std::to_string(value));
  };
  line("version", "program", method.program());
  line("version", "store", report.scope().index_version().store_id());
  number("version", "index version", report.scope().index_version().change());
  line("version", "index engine", method.index_engine());
  for (const std::string& library : method.libraries()) line("library", library, "");
  number("threshold", "PDQ quality", method.minimum_quality());
  number("threshold", "default radius", method.default_radius_bits());
  number("threshold", "largest radius", method.max_radius_bits());
  for (const v1::NearnessBand& band : method.bands()) number("band", band.words(), band.to_bits());
  number("known", "entries", method.entries());
  number("known", "PDQ hashes", method.codes());
  number("known", "digests", method.digests());
  for (const v1::ReportSet& set : report.sets()) line("set", set.name(), set.version());
  const v1::MeasuredRates& rates = method.rates();
  for (const v1::AlterationRate& rate : rates.alterations()) {
    line("rate", rate.alteration(), rates.measured_on(),
         {rate.found(), rate.copies(), rate.median_bits(), rate.farthest_bits()});
  }
  if (method.has_rates()) {
    line("rate", "different pictures", rates.measured_on(),
         {rates.unlike_pairs_found(), rates.unlike_pairs()});
    line("rate", "random codes", rates.measured_on(),
         {rates.random_pairs_found(), rates.random_pairs()});
  }
  for (const v1::ReportRun& run : method.runs()) {
    line("run", run.started_at(), run.complete() ? "complete" : "not complete");
  }
}

}  // namespace

void RenderCsv(const v1::Report& report, const Sink& sink) {
  if (report.kind() == v1::REPORT_KIND_METHOD) return RenderMethod(report, sink);
  if (report.kind() == v1::REPORT_KIND_WORKLIST) return RenderWorklist(report, sink);
  if (report.kind() == v1::REPORT_KIND_NOTIFICATIONS) return RenderNotifications(report, sink);
  if (report.kind() == v1::REPORT_KIND_LEADS || report.kind() == v1::REPORT_KIND_CIRCULATION) {
    return RenderSightings(report, sink);
  }
  sink(kHeader);
  SeriesByCode by_code;
  for (const v1::ReportSeries& series : report.series()) by_code[series.series().code()] = &series;
  for (const v1::ReportFile& file : report.files()) RenderFile(file, by_code, sink);
}

}  // namespace kith::report
