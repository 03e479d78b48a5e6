// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tools/report/html_charts.h"
#include "tools/report/html_files.h"
#include "tools/report/html_page.h"
#include "tools/report/sources_to_ask.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// Whom to call: a person, else the desk of the agency. With both, the desk stands below.
std::string CallCell(const v1::ReportSeries& series) {
  const v1::Contact& contact = series.series().contact();
  const bool has_person =
      !contact.name().empty() || !contact.phone().empty() || !contact.email().empty();
  if (!has_person) {
    if (series.agency_desk().empty()) return "<span class=\"soft\">no contact on record</span>";
    return "<strong>" + E(series.agency_desk()) + "</strong>desk of the agency";
  }
  const bool reachable = !contact.phone().empty() || !contact.email().empty();
  std::string out = reachable ? "<strong>" +
                                    E(contact.phone().empty() ? contact.email() : contact.phone()) +
                                    "</strong>"
                              : "";
  out += E(contact.name());
  if (!contact.role().empty()) out += ", " + E(contact.role());
  if (!contact.phone().empty() && !contact.email().empty()) out += "<br>" + E(contact.email());
  out += "<br><span class=\"soft small\">" +
         (contact.verified_at().empty() ? std::string("never verified")
                                        : "verified " + E(contact.verified_at())) +
         "</span>";
  if (!series.agency_desk().empty()) {
    out += "<br><span class=\"soft small\">if not reached: desk, " + E(series.agency_desk()) +
           "</span>";
  }
  return out;
}

std::string StrengthCell(const v1::ReportSeries& series) {
  std::string out;
  if (series.files_by_digest() > 0) {
    out = fmt::format("<span class=\"tag certain\">{} certain</span> ",
                      Number(series.files_by_digest()));
  }
  if (series.has_lead()) {
    out += fmt::format("<span class=\"tag\">nearest lead {}</span>",
                       Counted(series.nearest_lead_bits(), "bit"));
  }
  return out;
}

std::string IdentifiedBy(const v1::ReportSeries& series) {
  std::string out = E(series.series().agency());
  if (!series.agency_country().empty()) out += ", " + E(series.agency_country());
  const std::string& on = series.series().identified_on();
  return out + (on.empty() ? "" : "<br><span class=\"soft small\">on " + E(on) + "</span>");
}

// "12 files: 10 certain by digest, the others leads to confirm".
std::string HowMany(const v1::ReportSeries& series) {
  std::string out = Counted(series.files(), "file");
  const std::uint64_t leads = series.files() - std::min(series.files(), series.files_by_digest());
  if (series.files_by_digest() > 0) {
    out += fmt::format(", {} certain by digest", Number(series.files_by_digest()));
  }
  if (leads > 0) out += ", " + Counted(leads, "lead") + " to confirm";
  return out;
}

// Of a series that only an import has named, that too.
std::string NoteCell(const v1::ReportSeries& series) {
  std::string out = E(series.series().note());
  if (series.series().status() == v1::SERIES_STATUS_UNSPECIFIED) {
    out += (out.empty() ? "" : " ");
    out += "Named by an import: whether it is identified, its source knows.";
  }
  return out;
}

using Sightings = std::vector<const v1::ReportSighting*>;

Sightings SightingsOf(const v1::Report& report, const std::string& code) {
  Sightings found;
  for (const v1::ReportSighting& sighting : report.sightings()) {
    if (sighting.series() == code) found.push_back(&sighting);
  }
  return found;
}

// One row an agency: how to reach it, and what it met.
std::string AgencyTable(const Sightings& sightings, const v1::ReportScope& scope) {
  struct Met {
    std::string desk;
    std::string first;
    std::string cases_html;
    std::uint64_t cases = 0;
    std::uint64_t files = 0;
    bool own = false;
  };
  std::map<std::string, Met> agencies;
  constexpr std::uint64_t kCasesShown = 5;
  for (const v1::ReportSighting* sighting : sightings) {
    Met& met = agencies[sighting->agency()];
    met.desk = sighting->agency_desk();
    if (met.first.empty()) met.first = sighting->first_seen_at();
    if (met.cases++ < kCasesShown) {
      met.cases_html += (met.cases_html.empty() ? "" : "<br>") + E(sighting->case_name()) +
                        (sighting->this_case() ? " <span class=\"tag\">this case</span>" : "");
    }
    met.files += sighting->files();
    met.own = met.own || sighting->this_agency() || sighting->this_case();
  }
  TableHtml table({{"Agency"},
                   {"How to reach it"},
                   {"Cases", true},
                   {"Which"},
                   {"Files", true},
                   {"First met"}});
  // The others first: it is they who are to be called.
  for (const bool own : {false, true}) {
    for (const auto& [name, met] : agencies) {
      if (met.own != own) continue;
      std::string which = met.cases_html;
      if (met.cases > kCasesShown) {
        which += fmt::format("<br><span class=\"soft\">and {} more</span>",
                             Number(met.cases - kCasesShown));
      }
      table.Add(
          {{E(name) + (own && !scope.case_name().empty() ? " <span class=\"tag\">your agency</span>"
                                                         : ""),
            "code"},
           {met.desk.empty() ? "<span class=\"soft\">no desk on record</span>" : E(met.desk),
            "call"},
           {Number(met.cases)},
           {which},
           {Number(met.files)},
           {E(met.first.substr(0, 10))}});
    }
  }
  return table.Html();
}

}  // namespace

bool IsIdentified(const v1::ReportSeries& series) {
  return series.series().status() == v1::SERIES_STATUS_IDENTIFIED;
}

std::string SeriesTable(const v1::Report& report, bool identified) {
  TableHtml table =
      identified
          ? TableHtml({{"Series"}, {"Files", true}, {"How"}, {"Identified by"}, {"Whom to call"}})
          : TableHtml({{"Series"}, {"Files", true}, {"How"}, {"Note"}});
  for (const v1::ReportSeries& series : report.series()) {
    if (IsIdentified(series) != identified) continue;
    const Cell code{E(series.series().code()), "code"};
    const Cell files{Number(series.files())};
    const Cell strength{StrengthCell(series)};
    if (identified) {
      table.Add({code, files, strength, {IdentifiedBy(series)}, {CallCell(series), "call"}});
    } else {
      table.Add({code, files, strength, {NoteCell(series)}});
    }
  }
  if (table.empty()) return "";
  return Section(
      identified
          ? SectionWords{.id = "series",
                         .title = "Identified series",
                         .intro_html = "The children are identified. Their case has an owner: call "
                                       "before you work on it."}
          : SectionWords{.id = "unidentified",
                         .title = "Known series, not identified",
                         .intro_html = "The files circulate, but no agency on record has "
                                       "identified the children yet."},
      table.Html());
}

std::string SourcesSection(const v1::Report& report) {
  TableHtml table({{"Hash set"}, {"Files", true}, {"Names of its series"}, {"Whom to ask"}});
  for (const SourceToAsk& source : SourcesToAsk(report)) {
    std::string names;
    for (const std::string& name : source.series) names += (names.empty() ? "" : ", ") + E(name);
    table.Add({{E(source.set), "code"},
               {Number(source.files)},
               {names.empty() ? "<span class=\"soft\">none</span>" : names},
               {source.source.empty()
                    ? "<span class=\"soft\">no source on record: who runs this store knows</span>"
                    : "<strong>" + E(source.source) + "</strong>source of the set",
                "call"}});
  }
  if (table.empty()) return "";
  return Section(
      {.id = "sources",
       .title = "Identified by the word of the source",
       .intro_html = "The source of the set says that these children are identified. Nobody "
                     "is on record here whom to call: ask the source who knows the case."},
      table.Html());
}

std::string IdentificationSections(const v1::Report& report, std::size_t most_files) {
  std::string out;
  int number = 0;
  for (const v1::ReportSeries& series : report.series()) {
    if (!IsIdentified(series)) continue;
    const std::string id = fmt::format("series-{}", ++number);
    out += Section({.id = id, .title = "Series " + E(series.series().code())},
                   "<p class=\"answer\"><b>" + HowMany(series) + ".</b></p><dl class=\"facts\">" +
                       Fact("Identified by", IdentifiedBy(series)) + "<dt>Whom to call</dt>" +
                       "<dd class=\"call\">" + CallCell(series) + "</dd></dl>\n" +
                       FilesOfSeries(report, series.series().code(), most_files));
  }
  return out;
}

std::string LeadsSections(const v1::Report& report, std::size_t most_files) {
  std::string out;
  int number = 0;
  for (const v1::ReportSeries& series : report.series()) {
    const std::string id = fmt::format("series-{}", ++number);
    const Sightings sightings = SightingsOf(report, series.series().code());
    const bool others =
        std::any_of(sightings.begin(), sightings.end(), [](const v1::ReportSighting* sighting) {
          return !sighting->this_case() && !sighting->this_agency();
        });
    const bool unsaid = series.series().status() == v1::SERIES_STATUS_UNSPECIFIED;
    std::string words = HowMany(series) + ". Met in " + Counted(series.cases(), "case") + " of " +
                        Counted(series.agencies(), "agency", "agencies") + ".";
    if (!report.scope().case_name().empty() && !others) words += " No other agency has met it.";
    out += Section({.id = id, .title = "Series " + E(series.series().code())},
                   "<p class=\"answer\"><b>" + words + "</b></p>" +
                       (series.series().note().empty() && !unsaid
                            ? ""
                            : "<p class=\"soft\">" + NoteCell(series) + "</p>") +
                       AgencyTable(sightings, report.scope()) +
                       FilesOfSeries(report, series.series().code(), most_files));
  }
  return out;
}

std::string CirculationSections(const v1::Report& report, std::size_t most) {
  std::string out;
  const bool of_case = report.scope().series().empty();
  if (of_case && !report.series().empty()) {
    constexpr int kBars = 20;
    std::vector<Bar> bars;
    for (int i = 0; i < std::min(kBars, report.series_size()); ++i) {
      const v1::ReportSeries& series = report.series(i);
      bars.push_back({.label = series.series().code(),
                      .value = series.cases(),
                      .css = IsIdentified(series) ? "IDENTIFIED" : "RECOGNIZED",
                      .note = "of " + Counted(series.agencies(), "agency", "agencies")});
    }
    TableHtml table({{"Series"},
                     {"Status"},
                     {"Files here", true},
                     {"Certain", true},
                     {"Cases in all", true},
                     {"Agencies", true},
                     {"Identified by"}});
    for (const v1::ReportSeries& series : report.series()) {
      table.Add({{E(series.series().code()), "code"},
                 {IsIdentified(series) ? "identified" : "not identified"},
                 {Number(series.files())},
                 {Number(series.files_by_digest())},
                 {Number(series.cases())},
                 {Number(series.agencies())},
                 {IsIdentified(series) ? IdentifiedBy(series) : ""}});
    }
    out += Section(
        {.id = "wide",
         .title = "How widely its series circulate",
         .intro_html = "Cases in which each series was met, this one too."},
        BarChart({.id = "cases", .title = "Cases by series", .one = "case"}, bars) + table.Html());
  }
  std::vector<std::string> moments;
  for (const v1::ReportSighting& sighting : report.sightings()) {
    moments.push_back(sighting.first_seen_at());
  }
  TableHtml table({{"First met"},
                   {"Series"},
                   {"Case"},
                   {"Agency"},
                   {"How to reach it"},
                   {"Files", true},
                   {"Certain", true}});
  for (const v1::ReportSighting& sighting : report.sightings()) {
    if (table.rows() == most) break;
    table.Add({{E(sighting.first_seen_at().substr(0, 10))},
               {E(sighting.series()), "code"},
               {E(sighting.case_name()) +
                (sighting.this_case() ? " <span class=\"tag\">this case</span>" : "")},
               {E(sighting.agency())},
               {E(sighting.agency_desk())},
               {Number(sighting.files())},
               {Number(sighting.files_by_digest())}});
  }
  if (table.empty()) return out;
  return out +
         Section(
             {.id = "sightings",
              .title = "When and where it was met",
              .count_html = Number(static_cast<std::uint64_t>(report.sightings_size())),
              .intro_html = of_case ? "A sighting is one series in one case. Each is counted "
                                      "when the case first met the series."
                                    : "Each case is counted when it first met the series."},
             TimeChart({.id = "time", .title = "Sightings over time", .one = "sighting"}, moments) +
                 table.Html() +
                 ShownOf(most, static_cast<std::size_t>(report.sightings_size()), "the CSV file"));
}

}  // namespace kith::report
