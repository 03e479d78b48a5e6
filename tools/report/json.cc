// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/ascii.h"
#include "tools/report/kinds.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

using Json = nlohmann::ordered_json;

// What no writer of a model may forget to escape is text from outside; JSON does it by itself, and
// JsonText replaces what is not UTF-8.
Json RunJson(const v1::RunHeader& run) {
  return {{"started_at", run.started_at()},
          {"finished_at", run.finished_at()},
          {"program", run.program()},
          {"host", run.host()}};
}

Json ScopeJson(const v1::ReportScope& scope) {
  Json out;
  out["case"] = scope.case_name();
  out["recorded"] = !scope.case_name().empty();
  PutBytes(out, "root", scope.root());
  out["complete"] = scope.complete();
  out["index_version"] = VersionJson(scope.index_version());
  out["radius"] = scope.has_radius_bits() ? Json(scope.radius_bits()) : Json(nullptr);
  out["warnings"] = Json::array();
  for (const std::string& warning : scope.warnings()) out["warnings"].push_back(warning);
  out["remarks"] = Json::array();
  for (const std::string& remark : scope.remarks()) out["remarks"].push_back(remark);
  out["method"] = scope.method();
  if (!scope.series().empty()) out["series"] = scope.series();
  if (scope.has_details()) out["details"] = CaseDetailsJson(scope.details());
  return out;
}

Json SetJson(const v1::ReportSet& set) {
  return {{"name", set.name()},
          {"source", set.source()},
          {"version", set.version()},
          {"purpose", PurposeWord(set.purpose())},
          {"enabled", set.enabled()},
          {"radius", set.radius_bits()},
          {"dialect", DialectWord(set.dialect())},
          {"entries", set.entries()},
          {"handling", set.handling()}};
}

Json ReportSeriesJson(const v1::ReportSeries& series) {
  Json out = SeriesJson(series.series());
  out["agency_desk"] = series.agency_desk();
  out["agency_country"] = series.agency_country();
  out["files"] = series.files();
  out["files_by_digest"] = series.files_by_digest();
  out["files_confirmed"] = series.files_confirmed();
  out["nearest_lead_distance"] =
      series.has_lead() ? Json(series.nearest_lead_bits()) : Json(nullptr);
  return out;
}

Json MetSeriesJson(const v1::ReportSeries& series) {
  Json out = ReportSeriesJson(series);
  out["cases"] = series.cases();
  out["agencies"] = series.agencies();
  return out;
}

Json SightingJson(const v1::ReportSighting& sighting) {
  return {{"series", sighting.series()},
          {"case", sighting.case_name()},
          {"agency", sighting.agency()},
          {"agency_desk", sighting.agency_desk()},
          {"first_seen_at", sighting.first_seen_at()},
          {"files", sighting.files()},
          {"files_by_digest", sighting.files_by_digest()},
          {"files_confirmed", sighting.files_confirmed()},
          {"purged", sighting.purged()},
          {"this_case", sighting.this_case()},
          {"this_agency", sighting.this_agency()},
          {"open_alerts", sighting.open_alerts()},
          {"incomplete", sighting.incomplete()}};
}

Json NamesJson(const google::protobuf::RepeatedPtrField<std::string>& names) {
  Json out = Json::array();
  for (const std::string& name : names) out.push_back(name);
  return out;
}

Json RatesJson(const v1::MeasuredRates& rates) {
  Json out = {{"pictures", rates.pictures()},
              {"command", rates.command()},
              {"measured_on", rates.measured_on()},
              {"radius", rates.radius_bits()},
              {"alterations", Json::array()},
              {"unlike_pairs", rates.unlike_pairs()},
              {"unlike_pairs_found", rates.unlike_pairs_found()},
              {"unlike_nearest_distance", rates.unlike_nearest_bits()}};
  out["random_pairs"] = rates.random_pairs();
  out["random_pairs_found"] = rates.random_pairs_found();
  out["random_nearest_distance"] = rates.random_nearest_bits();
  for (const v1::AlterationRate& rate : rates.alterations()) {
    out["alterations"].push_back({{"alteration", rate.alteration()},
                                  {"copies", rate.copies()},
                                  {"found", rate.found()},
                                  {"median_distance", rate.median_bits()},
                                  {"farthest_distance", rate.farthest_bits()}});
  }
  return out;
}

Json RunOfCaseJson(const v1::ReportRun& run) {
  Json out;
  PutBytes(out, "root", run.root());
  out["started_at"] = run.started_at();
  out["finished_at"] = run.finished_at();
  out["complete"] = run.complete();
  out["interrupted"] = run.interrupted();
  out["radius"] = run.has_radius_bits() ? Json(run.radius_bits()) : Json(nullptr);
  out["entries_walked"] = run.entries_walked();
  out["entries_sent"] = run.entries_sent();
  out["entries_resumed"] = run.entries_resumed();
  out["entries_kept"] = run.entries_kept();
  out["walk_errors"] = run.walk_errors();
  out["libraries"] = NamesJson(run.libraries());
  return out;
}

Json MethodJson(const v1::ReportMethod& method) {
  Json out = {{"program", method.program()},
              {"index_engine", method.index_engine()},
              {"libraries", NamesJson(method.libraries())},
              {"minimum_quality", method.minimum_quality()},
              {"default_radius", method.default_radius_bits()},
              {"max_radius", method.max_radius_bits()},
              {"entries", method.entries()},
              {"codes", method.codes()},
              {"digests", method.digests()},
              {"bands", Json::array()},
              {"runs", Json::array()}};
  for (const v1::NearnessBand& band : method.bands()) {
    out["bands"].push_back({{"words", band.words()}, {"to_distance", band.to_bits()}});
  }
  for (const v1::ReportRun& run : method.runs()) out["runs"].push_back(RunOfCaseJson(run));
  out["rates"] = method.has_rates() ? RatesJson(method.rates()) : Json(nullptr);
  return out;
}

// A person's word on it, where somebody gave one.
Json OpinionJson(const v1::ReportMatch& match) {
  if (!match.has_given()) return nullptr;
  return {{"kind", OpinionWord(match.opinion())},
          {"who", match.given().who()},
          {"at", match.given().at()},
          {"why", match.given().why()}};
}

// Whether it is surely how a source numbers or files its record ("MediaID 7", "ncmec 42/img1",
// "DCIM/7.jpg") and not words: the text of a line of a list is whatever somebody wrote there, and
// free text has no place in a report. `entry` leads to it.
bool IsRecordName(std::string_view ref) {
  for (const std::string_view numbering : {"MediaID ", "ICSE ", "ncmec ", "stopncii "}) {
    if (ref.starts_with(numbering)) ref.remove_prefix(numbering.size());
  }
  constexpr std::string_view kFrames = " frames";
  if (ref.starts_with("vPDQ, ") && ref.ends_with(kFrames)) {
    ref.remove_prefix(std::string_view("vPDQ, ").size());
    ref.remove_suffix(kFrames.size());
  }
  constexpr std::string_view kOthers = "._-/\\:#+()[]{}";
  return std::any_of(ref.begin(), ref.end(), absl::ascii_isdigit) &&
         std::all_of(ref.begin(), ref.end(), [kOthers](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  kOthers.find(c) != std::string_view::npos;
         });
}

Json MatchJson(const v1::ReportMatch& match) {
  return {{"entry", match.entry_id()},
          {"set", match.set()},
          {"series", match.series().empty() ? Json(nullptr) : Json(match.series())},
          {"series_status", StatusWord(match.series_status())},
          {"purpose", PurposeWord(match.purpose())},
          {"by", match.by()},
          {"distance", match.distance_bits()},
          {"view", ViewWord(match.view())},
          {"query_view", ViewWord(match.query_view())},
          {"orientation", OrientationWord(match.orientation())},
          {"dialect", DialectWord(match.dialect())},
          {"held_back", match.held_back()},
          {"nearness", match.nearness()},
          {"confirmed", match.opinion() == v1::OPINION_KIND_CONFIRMED},
          {"opinion", OpinionJson(match)},
          {"victim_identified", TriStateWord(match.victim_identified())},
          {"source_ref", IsRecordName(match.source_ref()) ? match.source_ref() : ""}};
}

Json FileJson(const v1::ReportFile& file) {
  Json out;
  out["paths"] = Json::array();
  for (const std::string& path : file.paths()) {
    Json one;
    PutBytes(one, "path", path);
    out["paths"].push_back(std::move(one));
  }
  out["verdict"] = VerdictWord(file.verdict());
  out["rule"] = file.rule();
  out["disposition"] = DispositionWord(file.disposition());
  out["detail"] = file.detail();
  out["format"] = file.format();
  out["width"] = file.width();
  out["height"] = file.height();
  out["size_bytes"] = file.size_bytes();
  out["md5"] = file.md5();
  out["sha256"] = file.sha256();
  out["held_back"] = file.held_back();
  out["total_matches"] = file.total_matches();
  out["held_back_matches"] = file.held_back_matches();
  out["rejected_matches"] = file.rejected_matches();
  out["harmless"] = file.harmless();
  out["matches"] = Json::array();
  for (const v1::ReportMatch& match : file.matches()) out["matches"].push_back(MatchJson(match));
  return out;
}

Json ClusterJson(const v1::ReportCluster& cluster) {
  Json out = {{"cluster", cluster.cluster_id()},
              {"continued", cluster.continued()},
              {"files", cluster.files()},
              {"files_of_case", cluster.files_of_case()},
              {"cases", NamesJson(cluster.case_names())},
              {"listed", Json::array()}};
  for (const v1::ReportClusterFile& file : cluster.listed()) {
    Json one = {{"sha256", file.sha256()}, {"cases", NamesJson(file.case_names())}};
    PutBytes(one, "path", file.path());
    one["path_case"] = file.path_case();
    out["listed"].push_back(std::move(one));
  }
  return out;
}

}  // namespace

Json NotificationJson(const v1::NotificationTask& task) {
  return {{"series", task.series()},
          {"case", task.case_name()},
          {"contact", task.has_contact() ? ContactJson(task.contact()) : Json(nullptr)},
          {"agency", task.agency()},
          {"agency_desk", task.agency_desk()},
          {"since", task.since()},
          {"due_on", task.due_on()},
          {"notified_at", task.notified_at()},
          {"notified_by", task.notified_by()},
          {"note", task.note()},
          {"files", task.files()},
          {"files_by_digest", task.files_by_digest()},
          {"files_confirmed", task.files_confirmed()}};
}

Json CaseDetailsJson(const v1::CaseDetails& details) {
  return {{"officer", details.officer()},
          {"reference", details.reference()},
          {"legal_basis", details.legal_basis()},
          {"seized_on", details.seized_on()},
          {"due_on", details.due_on()},
          {"priority", details.priority()},
          {"state", CaseStateWord(details.state())}};
}

Json VersionJson(const v1::IndexVersion& version) {
  return {{"store_id", version.store_id()}, {"change", version.change()}};
}

Json ContactJson(const v1::Contact& contact) {
  if (contact.contact_id() == 0 && contact.name().empty()) return nullptr;
  return {{"contact_id", contact.contact_id()},
          {"agency", contact.agency()},
          {"name", contact.name()},
          {"role", contact.role()},
          {"phone", contact.phone()},
          {"email", contact.email()},
          {"verified_at", contact.verified_at()},
          {"superseded_by", contact.superseded_by()},
          {"retired", contact.retired()}};
}

Json SeriesJson(const v1::Series& series) {
  Json aliases = Json::array();
  for (const v1::SeriesAlias& alias : series.aliases()) {
    aliases.push_back({{"alias", alias.alias()}, {"scheme", alias.scheme()}});
  }
  return {{"series", series.code()},
          {"status", StatusWord(series.status())},
          {"agency", series.agency()},
          {"contact", ContactJson(series.contact())},
          {"identified_on", series.identified_on()},
          {"note", series.note()},
          {"jurisdiction", series.jurisdiction()},
          {"sensitivity", series.sensitivity()},
          {"notification", NotificationWord(series.notification())},
          {"notification_contact", ContactJson(series.notification_contact())},
          {"restitution_contact", ContactJson(series.restitution_contact())},
          {"aliases", std::move(aliases)},
          {"merged_into", series.merged_into()},
          {"locator", series.locator()},
          {"victims", series.victims()}};
}

Json SummaryJson(const v1::ReportSummary& summary) {
  Json out;
  out["entries_walked"] = summary.entries_walked();
  out["files"] = summary.files();
  out["held_back_files"] = summary.held_back_files();
  out["harmless_files"] = summary.harmless_files();
  out["rejected_files"] = summary.rejected_files();
  for (const auto& count : summary.verdicts()) {
    out["verdicts"][VerdictWord(count.verdict())] = {{"files", count.files()},
                                                     {"paths", count.paths()}};
  }
  for (const auto& count : summary.dispositions()) {
    out["dispositions"][DispositionWord(count.disposition())] = count.paths();
  }
  out["unsupported_formats"] = Json::object();
  for (const auto& count : summary.unsupported_formats()) {
    out["unsupported_formats"][count.format()] = count.paths();
  }
  out["distances"] = Json::object();
  for (const auto& count : summary.distances()) {
    out["distances"][std::to_string(count.distance_bits())] = count.files();
  }
  return out;
}

void RenderJson(const v1::Report& report, const Sink& sink) {
  sink("{\"type\":\"report\",\"format\":1,\"kind\":\"" + std::string(KindWord(report.kind())) +
       "\",\n\"run\":" + JsonText(RunJson(report.run())));
  sink(",\n\"scope\":" + JsonText(ScopeJson(report.scope())));
  const bool of_a_case = KindIsOfACase(report.kind());
  if (of_a_case || report.has_summary()) {
    sink(",\n\"summary\":" + JsonText(SummaryJson(report.summary())));
  }
  const auto list = [&sink](std::string_view name, const auto& items, const auto& to_json) {
    sink(",\n\"" + std::string(name) + "\":[");
    std::string_view between = "\n";
    for (const auto& item : items) {
      sink(std::string(between) + JsonText(to_json(item)));
      between = ",\n";
    }
    sink("]");
  };
  list("sets", report.sets(), SetJson);
  const bool has_sightings =
      report.kind() == v1::REPORT_KIND_LEADS || report.kind() == v1::REPORT_KIND_CIRCULATION;
  // A look-up knows of no cases.
  if (has_sightings || !report.scope().case_name().empty()) {
    list("series", report.series(), MetSeriesJson);
  } else {
    list("series", report.series(), ReportSeriesJson);
  }
  if (has_sightings) list("sightings", report.sightings(), SightingJson);
  list("files", report.files(), FileJson);
  // A kind that has none of them does not name them.
  if (report.kind() == v1::REPORT_KIND_WORKLIST) list("clusters", report.clusters(), ClusterJson);
  if (report.kind() == v1::REPORT_KIND_NOTIFICATIONS) {
    list("notifications", report.tasks(), NotificationJson);
  }
  if (report.has_method()) sink(",\n\"method\":" + JsonText(MethodJson(report.method())));
  sink("}\n");
}

}  // namespace kith::report
