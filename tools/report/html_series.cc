// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tools/report/deciding.h"
#include "tools/report/html_files.h"
#include "tools/report/html_page.h"
#include "tools/report/sources_to_ask.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// Whom to call: a person, else the desk of the agency. With both, the desk stands below.
std::string CallCell(const v1::ReportSeries& series) {
  const v1::Contact& contact = series.series().contact();
  const WhomToCall whom = WhomToCallOf(contact, series.agency_desk());
  if (whom.nobody()) {
    if (whom.desk.empty()) return "<span class=\"soft\">no contact on record</span>";
    return "<strong>" + E(whom.desk) + "</strong>desk of the agency";
  }
  std::string out = whom.ways.empty() ? "" : "<strong>" + E(whom.ways.front()) + "</strong>";
  out += E(whom.name);
  if (!contact.role().empty()) out += ", " + E(contact.role());
  for (std::size_t i = 1; i < whom.ways.size(); ++i) out += "<br>" + E(whom.ways[i]);
  out += "<br><span class=\"soft small\">" +
         (contact.verified_at().empty() ? std::string("never verified")
                                        : "verified " + E(contact.verified_at())) +
         "</span>";
  // The only way is no afterthought.
  if (!whom.desk.empty()) {
    out = "<strong>" + E(whom.desk) + "</strong>desk, ask for " + out;
  } else if (!series.agency_desk().empty()) {
    out += "<br><span class=\"soft small\">if not reached: desk, " + E(series.agency_desk()) +
           "</span>";
  }
  return out;
}

// Files whose matches with the series are leads that nobody has confirmed.
std::uint64_t LeadFiles(const v1::ReportSeries& series) {
  const std::uint64_t certain = series.files_by_digest() + series.files_confirmed();
  return series.files() - std::min(series.files(), certain);
}

std::string StrengthCell(const v1::ReportSeries& series) {
  std::string out;
  if (series.files_by_digest() > 0) {
    out = fmt::format("<span class=\"tag certain\">{} certain</span> ",
                      Number(series.files_by_digest()));
  }
  if (series.files_confirmed() > 0) {
    out += fmt::format("<span class=\"tag certain\">{} confirmed</span> ",
                       Number(series.files_confirmed()));
  }
  if (series.has_lead() && LeadFiles(series) > 0) {
    out += fmt::format("<span class=\"tag\">nearest lead {}</span>",
                       Counted(series.nearest_lead_bits(), "bit"));
  }
  return out;
}

// How many children, and where their record is kept.
std::string VictimFacts(const v1::ReportSeries& series) {
  const std::uint32_t victims = series.series().victims();
  return Fact("Children", victims == 0 ? "" : Number(victims)) +
         Fact("Their record", E(series.series().locator()));
}

// What the source or the agency asks of whoever handles the series.
std::string RuleFacts(const v1::ReportSeries& series) {
  const std::string whom = WhomToCallText(series.series().restitution_contact(), "");
  return Fact("Sensitivity", E(series.series().sensitivity())) +
         Fact("Jurisdiction", E(series.series().jurisdiction())) + Fact("For restitution", E(whom));
}

// Beside the code of a series wherever somebody may be about to call: how it is to be handled.
std::string CodeHtml(const v1::ReportSeries& series) {
  const std::string& sensitivity = series.series().sensitivity();
  return E(series.series().code()) +
         (sensitivity.empty() ? "" : "<br><span class=\"tag\">" + E(sensitivity) + "</span>");
}

// "12 files, 9 certain by digest, 1 confirmed by a person, 2 leads to confirm". A file that several
// cases hold counts in each.
std::string HowMany(const v1::ReportSeries& series, bool of_all_cases = false) {
  std::string out = Counted(series.files(), "file");
  if (of_all_cases && series.cases() > 1) out += ", counted in each case";
  const std::uint64_t leads = LeadFiles(series);
  if (series.files_by_digest() > 0) {
    out += fmt::format(", {} certain by digest", Number(series.files_by_digest()));
  }
  if (series.files_confirmed() > 0) {
    out += fmt::format(", {} confirmed by a person", Number(series.files_confirmed()));
  }
  if (leads > 0) out += ", " + Counted(leads, "lead") + " to confirm";
  return out;
}

using Codes = std::set<std::string>;

// The series of which the source of an entry that files match says identified, and nobody here
// anything.
Codes IdentifiedBySource(const v1::Report& report) {
  Codes codes;
  for (const v1::ReportFile& file : report.files()) {
    for (const v1::ReportMatch& match : file.matches()) {
      if (match.series_status() == v1::SERIES_STATUS_UNSPECIFIED && SaysIdentified(match)) {
        codes.insert(match.series());
      }
    }
  }
  return codes;
}

// Of a series that only an import has named, that too. `by_source`: as IdentifiedBySource.
std::string NoteCell(const v1::ReportSeries& series, const Codes& by_source) {
  std::string out = E(series.series().note());
  if (IsUnsaid(series)) {
    out += (out.empty() ? "" : " ");
    out += by_source.contains(series.series().code())
               ? "Named by an import: nobody here has said whether it is identified, its source "
                 "says that it is."
               : "Named by an import: whether it is identified, its source knows.";
  }
  return out;
}

// Series with a section of their own: an import may have named a hundred thousand.
constexpr std::size_t kSections = 100;

using SeriesList = std::vector<const v1::ReportSeries*>;

// All of them, or only those that are identified.
SeriesList Select(const v1::Report& report, bool identified_only) {
  SeriesList all;
  for (const v1::ReportSeries& series : report.series()) {
    if (!identified_only || IsIdentified(series)) all.push_back(&series);
  }
  return all;
}

SeriesList First(const SeriesList& all, std::size_t most) {
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), most))};
}

// One row an agency: how to reach it, and what it met.
std::string AgencyTable(const std::vector<const v1::ReportSighting*>& sightings,
                        const v1::ReportScope& scope) {
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
                        SightingTags(*sighting);
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

// "41 cases of 7 agencies", this one among them; "" for a look-up, which knows of none.
std::string CasesOf(const v1::ReportSeries& series) {
  if (series.cases() == 0) return "";
  return Counted(series.cases(), "case") + " of " +
         Counted(series.agencies(), "agency", "agencies");
}

std::string MetIn(const v1::ReportSeries& series) {
  return series.cases() == 0 ? "" : " Met in " + CasesOf(series) + ".";
}

TableHtml TableOf(const SeriesList& list, bool identified, const Codes& by_source) {
  const bool met =
      std::any_of(list.begin(), list.end(), [](const auto* series) { return series->cases() > 0; });
  std::vector<Column> columns{{"Series"}, {"Files", true}, {"How"}};
  if (met) columns.push_back({"Cases in all"});
  if (identified) columns.push_back({"Identified by"});
  columns.push_back({identified ? "Whom to call" : "Note"});
  TableHtml table(std::move(columns));
  for (const v1::ReportSeries* series : list) {
    std::vector<Cell> cells{
        {CodeHtml(*series), "code"}, {Number(series->files())}, {StrengthCell(*series)}};
    if (met) cells.push_back({CasesOf(*series)});
    if (identified) {
      cells.push_back({IdentifiedBy(*series)});
      cells.push_back({CallCell(*series), "call"});
    } else {
      cells.push_back({NoteCell(*series, by_source)});
    }
    table.Add(cells);
  }
  return table;
}

}  // namespace

std::string SightingTags(const v1::ReportSighting& sighting) {
  std::string out;
  const auto tag = [&out](bool holds, std::string_view words) {
    if (holds) out += fmt::format(" <span class=\"tag\">{}</span>", words);
  };
  tag(sighting.this_case(), "this case");
  tag(sighting.purged(), "purged");
  tag(sighting.open_alerts() > 0, "in doubt: open alerts");
  tag(sighting.incomplete(), "not checked to the end");
  return out;
}

std::string IdentifiedBy(const v1::ReportSeries& series) {
  std::string out = E(series.series().agency());
  if (!series.agency_country().empty()) out += ", " + E(series.agency_country());
  const std::string& on = series.series().identified_on();
  return out + (on.empty() ? "" : "<br><span class=\"soft small\">on " + E(on) + "</span>");
}

std::string SeriesFacts(const v1::ReportSeries& series) {
  std::string facts;
  if (IsIdentified(series)) {
    facts = Fact("Identified by", IdentifiedBy(series)) + VictimFacts(series) +
            "<dt>Whom to call</dt><dd class=\"call\">" + CallCell(series) + "</dd>";
  }
  facts += RuleFacts(series);
  return facts.empty() ? "" : "<dl class=\"facts\">" + facts + "</dl>\n";
}

std::string SeriesTable(const v1::Report& report, v1::SeriesStatus status) {
  const bool identified = status == v1::SERIES_STATUS_IDENTIFIED;
  SeriesList list = Select(report, false);
  std::erase_if(list, [status](const auto* one) { return one->series().status() != status; });
  if (list.empty()) return "";
  const TableHtml table = TableOf(list, identified, IdentifiedBySource(report));
  SectionWords words{.id = "series",
                     .title = "Identified series",
                     .intro_html =
                         "The children are identified. Their case has an owner: call "
                         "before you work on it."};
  if (status == v1::SERIES_STATUS_UNIDENTIFIED) {
    words = {.id = "unidentified",
             .title = "Known series, not identified",
             .intro_html =
                 "The files circulate, but no agency on record has identified the "
                 "children yet."};
  } else if (!identified) {
    words = {.id = "unsaid",
             .title = "Known series, named by an import",
             .intro_html =
                 "Nobody here has said whether the children are identified: ask the "
                 "source of the set."};
  }
  return Section(words, table.Html());
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
  const SeriesList all = Select(report, true);
  const SeriesList shown = First(all, kSections);
  const auto gathered = GatherSeries(report, shown, most_files);
  std::string out;
  int number = 0;
  for (const v1::ReportSeries* series : shown) {
    const std::string id = fmt::format("series-{}", ++number);
    out += Section({.id = id, .title = "Series " + E(series->series().code())},
                   "<p class=\"answer\"><b>" + HowMany(*series) + "." + MetIn(*series) +
                       "</b></p>" + SeriesFacts(*series) +
                       FilesOfSeries(report.kind(), gathered.at(series->series().code())));
  }
  if (all.size() == shown.size()) return out;
  // Whom to call is never left to another file.
  const SeriesList rest(all.begin() + kSections, all.end());
  return out + Section({.id = "more-series",
                        .title = "More identified series",
                        .count_html = Number(rest.size()),
                        .intro_html = "The files of the first " + Number(shown.size()) + " of " +
                                      Number(all.size()) +
                                      " series are shown above; identification.csv lists all."},
                       TableOf(rest, true, {}).Html());
}

std::string LeadsSections(const v1::Report& report, std::size_t most_files) {
  const Codes by_source = IdentifiedBySource(report);
  const SeriesList all = Select(report, false);
  const SeriesList shown = First(all, kSections);
  const auto gathered = GatherSeries(report, shown, most_files);
  std::string out;
  int number = 0;
  for (const v1::ReportSeries* series : shown) {
    const std::string id = fmt::format("series-{}", ++number);
    const OfSeries& of = gathered.at(series->series().code());
    const bool others = std::any_of(of.sightings.begin(), of.sightings.end(),
                                    [](const v1::ReportSighting* sighting) {
                                      return !sighting->this_case() && !sighting->this_agency();
                                    });
    std::string words = HowMany(*series, report.scope().case_name().empty()) + "." + MetIn(*series);
    if (!report.scope().case_name().empty() && !others) words += " No other agency has met it.";
    out += Section({.id = id, .title = "Series " + E(series->series().code())},
                   "<p class=\"answer\"><b>" + words + "</b></p>" +
                       (series->series().note().empty() && !IsUnsaid(*series)
                            ? ""
                            : "<p class=\"soft\">" + NoteCell(*series, by_source) + "</p>") +
                       SeriesFacts(*series) + AgencyTable(of.sightings, report.scope()) +
                       FilesOfSeries(report.kind(), of));
  }
  if (all.size() == shown.size()) return out;
  return out + "<p class=\"soft\">The first " + Number(shown.size()) + " of " + Number(all.size()) +
         " series are shown; leads.csv lists the cases of all, leads.json their files.</p>";
}

}  // namespace kith::report
