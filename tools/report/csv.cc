// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <string>
#include <vector>

#include "tools/report/csv_method.h"
#include "tools/report/csv_row.h"
#include "tools/report/deciding.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

using Row = CsvRow;

// A contract: columns are only added at the end.
constexpr std::string_view kHeader =
    "path,path_base64,verdict,rule,disposition,detail,format,width,height,size_bytes,md5,sha256,"
    "total_matches,held_back,entry,set,series,series_status,purpose,by,distance,view,query_view,"
    "orientation,dialect,agency,agency_desk,contact,contact_role,contact_phone,contact_email,"
    "identified_on,nearness,locator,victims,rejected_matches,harmless,confirmed,confirmed_by,"
    "confirmed_at,confirmed_why,agency_country,jurisdiction,sensitivity,restitution_contact,"
    "restitution_phone,restitution_email\r\n";
constexpr std::string_view kSightingsHeader =
    "series,series_status,series_cases,series_agencies,case,agency,agency_desk,first_seen_at,files,"
    "files_by_digest,this_case,this_agency,files_confirmed,purged,identified_by,"
    "identified_by_country,identified_by_desk,identified_on,contact,contact_phone,contact_email,"
    "jurisdiction,sensitivity,open_alerts,incomplete\r\n";
constexpr std::string_view kWorklistHeader =
    "cluster,cluster_files,cluster_cases,sha256,cases,path_case,path,path_base64,"
    "cluster_files_of_case\r\n";
constexpr std::string_view kNotificationsHeader =
    "due_on,series,case,contact,contact_role,contact_phone,contact_email,agency,since,notified_at,"
    "notified_by,note,agency_desk,files,files_by_digest,files_confirmed,rests_on\r\n";

using SeriesByCode = std::map<std::string, const v1::ReportSeries*>;

const v1::ReportSeries& SeriesOf(const std::string& code, const SeriesByCode& by_code) {
  static const v1::ReportSeries kNone;
  const auto found = by_code.find(code);
  return found == by_code.end() ? kNone : *found->second;
}

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
  const v1::ReportSeries& series = SeriesOf(match.series(), by_code);
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

// Columns that were added later, of a match too.
void AddMoreOfMatch(const v1::ReportMatch& match, const SeriesByCode& by_code, Row& row) {
  const bool confirmed = match.opinion() == v1::OPINION_KIND_CONFIRMED;
  row.Add(confirmed ? "yes" : "no");
  row.Add(confirmed ? EscapeText(match.given().who()) : "");
  row.Add(confirmed ? EscapeText(match.given().at()) : "");
  row.Add(confirmed ? EscapeText(match.given().why()) : "");
  const v1::ReportSeries& series = SeriesOf(match.series(), by_code);
  const v1::Contact& restitution = series.series().restitution_contact();
  for (const std::string& cell :
       {series.agency_country(), series.series().jurisdiction(), series.series().sensitivity(),
        restitution.name(), restitution.phone(), restitution.email()}) {
    row.Add(EscapeText(cell));
  }
}

constexpr int kMoreMatchColumns = 10;

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
    row.Add(file.rejected_matches());
    row.Add(file.harmless() ? "yes" : "no");
    if (match != nullptr) {
      AddMoreOfMatch(*match, by_code, row);
    } else {
      for (int i = 0; i < kMoreMatchColumns; ++i) row.Add("");
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
  for (const v1::ReportSighting& sighting : report.sightings()) {
    const v1::ReportSeries& series = SeriesOf(sighting.series(), by_code);
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
    row.Add(sighting.files_confirmed());
    row.Add(sighting.purged() ? "yes" : "no");
    const v1::Series& of = series.series();
    for (const std::string& cell : {of.agency(), series.agency_country(), series.agency_desk(),
                                    of.identified_on(), of.contact().name(), of.contact().phone(),
                                    of.contact().email(), of.jurisdiction(), of.sensitivity()}) {
      row.Add(EscapeText(cell));
    }
    row.Add(sighting.open_alerts());
    row.Add(sighting.incomplete() ? "yes" : "no");
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
      if (report.scope().case_name().empty()) {
        row.Add("");
      } else {
        row.Add(head->cluster_id() == 0 ? 1 : head->files_of_case());
      }
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
    for (const std::uint64_t count :
         {task.files(), task.files_by_digest(), task.files_confirmed()}) {
      row.Add(count);
    }
    row.Add(RestsOnWords(task));
    sink(row.line() + "\r\n");
  }
}

}  // namespace

void RenderCsv(const v1::Report& report, const Sink& sink) {
  if (report.kind() == v1::REPORT_KIND_METHOD) return RenderMethodCsv(report, sink);
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
