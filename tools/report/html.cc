// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tools/report/counts.h"
#include "tools/report/deciding.h"
#include "tools/report/html_charts.h"
#include "tools/report/html_files.h"
#include "tools/report/html_method.h"
#include "tools/report/html_page.h"
#include "tools/report/html_series.h"
#include "tools/report/html_worklist.h"
#include "tools/report/render.h"
#include "tools/report/sources_to_ask.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

std::string SureWords(const Sureness& sureness) {
  std::string out;
  if (sureness.certain > 0) out = Number(sureness.certain) + " certain by digest";
  if (sureness.confirmed > 0) {
    out += (out.empty() ? "" : ", ") + Number(sureness.confirmed) + " confirmed by a person";
  }
  if (sureness.leads > 0) {
    out += (out.empty() ? "" : ", ") + Counted(sureness.leads, "lead") + " to confirm";
  }
  return out.empty() ? "" : " (" + out + ")";
}

// The answer in words, before any table.
std::string Answer(const v1::Report& report) {
  std::string out;
  // Identified by the word of a source alone: nobody is on record whom to call.
  std::uint64_t to_ask = 0;
  for (const SourceToAsk& source : SourcesToAsk(report)) to_ask += source.files;
  const bool nobody =
      to_ask > 0 && std::none_of(report.series().begin(), report.series().end(), IsIdentified);
  const auto say_of = [&](std::uint64_t files, std::string_view one, std::string_view many,
                          const std::string& sure = "") {
    if (files == 0) return;
    out += fmt::format("<p class=\"answer\"><b>{}</b> {}{}.</p>", Counted(files, "file"),
                       files == 1 ? one : many, sure);
  };
  const auto say = [&](v1::Verdict verdict, std::string_view one, std::string_view many) {
    const bool known = verdict == v1::VERDICT_IDENTIFIED || verdict == v1::VERDICT_RECOGNIZED;
    say_of(FilesOf(report.summary(), verdict), one, many,
           known ? SureWords(SurenessOf(report, verdict)) : "");
  };
  if (nobody) {
    say(v1::VERDICT_IDENTIFIED,
        "shows children who are identified, as the source of the set says: ask it, see below",
        "show children who are identified, as the source of the set says: ask it, see below");
  } else {
    say(v1::VERDICT_IDENTIFIED,
        "matches a series whose children are identified: call the contact below",
        "match series whose children are identified: call the contacts below");
  }
  say(v1::VERDICT_RECOGNIZED, "is known, the children are not identified yet",
      "are known, the children are not identified yet");
  say(v1::VERDICT_CONFLICT, "is to be decided by a person", "are to be decided by a person");
  if (out.empty()) {
    out = std::string("<p class=\"answer\">Nothing known was found") +
          (report.scope().complete() ? "" : " so far") + ".</p>";
  }
  say_of(NeverSeenFiles(report.summary()), "was never seen before: look at it first",
         "were never seen before: look at them first");
  say_of(report.summary().rejected_files(), "had only leads that a person rejected",
         "had only leads that a person rejected");
  say(v1::VERDICT_UNDETERMINED, "could not be compared", "could not be compared");
  say_of(report.summary().harmless_files(), "is known to be harmless", "are known to be harmless");
  return out;
}

std::string VerdictTiles(const v1::Report& report) {
  struct Row {
    v1::Verdict verdict;
    std::string_view words;
    std::string_view css;
    std::string_view link;
    bool always;
  };
  static constexpr Row kRows[] = {
      {v1::VERDICT_IDENTIFIED, "identified: call", "IDENTIFIED", "series", true},
      {v1::VERDICT_RECOGNIZED, "known, not identified", "RECOGNIZED", "recognized", true},
      {v1::VERDICT_CONFLICT, "contradictions: decide", "CONFLICT", "conflict", false},
      {v1::VERDICT_UNRECOGNIZED, "never seen: look first", "UNRECOGNIZED", "new", true},
      {v1::VERDICT_UNDETERMINED, "not compared", "UNDETERMINED", "", true},
  };
  std::vector<Tile> tiles;
  for (const Row& row : kRows) {
    const std::uint64_t files = row.verdict == v1::VERDICT_UNRECOGNIZED
                                    ? NeverSeenFiles(report.summary())
                                    : FilesOf(report.summary(), row.verdict);
    if (files == 0 && !row.always) continue;
    tiles.push_back({.number = Number(files),
                     .words = row.words,
                     .css = row.css,
                     .link = files > 0 ? row.link : std::string_view()});
  }
  // Of the same verdict; each file is counted in one tile.
  const v1::ReportSummary& summary = report.summary();
  if (summary.rejected_files() > 0) {
    tiles.push_back({.number = Number(summary.rejected_files()),
                     .words = "leads rejected",
                     .css = "UNRECOGNIZED",
                     .link = "rejected"});
  }
  if (summary.harmless_files() > 0) {
    tiles.push_back({.number = Number(summary.harmless_files()),
                     .words = "known to be harmless",
                     .link = "harmless"});
  }
  return Tiles(tiles);
}

std::string VerdictBars(const v1::Report& report) {
  std::vector<Bar> bars;
  std::vector<std::string> words;
  words.reserve(static_cast<std::size_t>(report.summary().verdicts_size()));
  for (const auto& count : report.summary().verdicts()) {
    const std::string& word = words.emplace_back(VerdictWord(count.verdict()));
    bars.push_back(
        {.label = word,
         .value = count.files(),
         .css = word,
         .note = count.paths() == count.files() ? "" : "at " + Counted(count.paths(), "path"),
         .meaning = std::string(VerdictMeaning(count.verdict()))});
  }
  return BarChart({.id = "verdicts", .title = "Files by verdict", .one = "file"}, bars);
}

std::string DispositionSection(const v1::Report& report) {
  TableHtml table({{"Disposition"}, {"Meaning"}, {"Entries", true}});
  for (const auto& count : report.summary().dispositions()) {
    if (count.paths() == 0) continue;
    table.Add({{DispositionWord(count.disposition())},
               {std::string(DispositionMeaning(count.disposition()))},
               {Number(count.paths())}});
  }
  table.Add({{"all", "code"}, {}, {Number(report.summary().entries_walked()), "code"}});
  std::string out = table.Html();
  if (report.summary().unsupported_formats_size() > 0) {
    out += "<p>Not looked into, compared by digest only: ";
    std::string between;
    for (const auto& count : report.summary().unsupported_formats()) {
      out += between + fmt::format("{} {}", Number(count.paths()), E(count.format()));
      between = ", ";
    }
    out += ".</p>";
  }
  return Section({.id = "dispositions", .title = "What became of every directory entry"}, out);
}

std::string InitialBody(const v1::Report& report, std::size_t most) {
  return Section({.id = "answer", .title = "The answer"},
                 VerdictTiles(report) + Answer(report) + VerdictBars(report)) +
         SeriesTable(report, v1::SERIES_STATUS_IDENTIFIED) + SourcesSection(report) +
         SeriesTable(report, v1::SERIES_STATUS_UNIDENTIFIED) +
         SeriesTable(report, v1::SERIES_STATUS_UNSPECIFIED) + FileSections(report, most) +
         DispositionSection(report) + DistanceSection(report) + SetsSection(report) +
         Section({.id = "method", .title = "Method"},
                 "<p>" + E(report.scope().method()) +
                     "</p><p class=\"soft small\">Complete lists, with digests: report.csv and "
                     "report.json.</p>");
}

std::uint64_t SumFiles(const v1::Report& report) {
  std::uint64_t files = 0;
  for (const v1::ReportSeries& series : report.series()) files += series.files();
  return files;
}

std::uint64_t SeriesCountOf(const v1::Report& report) {
  return static_cast<std::uint64_t>(report.series_size());
}

// Distinct cases and agencies of the sightings.
struct Spread {
  std::uint64_t cases = 0;
  std::uint64_t agencies = 0;
};
Spread SpreadOf(const v1::Report& report) {
  std::set<std::string> cases;
  std::set<std::string> agencies;
  for (const v1::ReportSighting& sighting : report.sightings()) {
    cases.insert(sighting.case_name());
    agencies.insert(sighting.agency());
  }
  return {cases.size(), agencies.size()};
}

std::string IdentificationBody(const v1::Report& report, std::size_t most) {
  if (report.series().empty()) {
    const std::string sources = SourcesSection(report);
    return Section({.id = "answer", .title = "The answer"},
                   sources.empty()
                       ? "<p class=\"answer\">No file of this case matches a series whose "
                         "children are identified.</p>"
                       : "<p class=\"answer\">No file of this case matches a series that is on "
                         "record as identified. Children of files below are identified by the word "
                         "of a source alone: ask it.</p>") +
           sources;
  }
  return Section({.id = "answer", .title = "The answer"},
                 Tiles({{.number = Number(SeriesCountOf(report)),
                         .words = "identified series",
                         .css = "IDENTIFIED"},
                        {.number = Number(static_cast<std::uint64_t>(
                             std::count_if(report.files().begin(), report.files().end(),
                                           [](const auto& file) {
                                             return !file.continued() && !IsBySourceAlone(file);
                                           }))),
                         .words = "files match them",
                         .css = "IDENTIFIED"}}) +
                     "<p class=\"answer\">The children of these series are identified. Each has an "
                     "officer or a desk who knows the case: call before you work on it.</p>") +
         IdentificationSections(report, most) + SourcesSection(report) +
         Section({.id = "method", .title = "Method"}, "<p>" + E(report.scope().method()) + "</p>");
}

std::string LeadsBody(const v1::Report& report, std::size_t most) {
  if (report.series().empty()) {
    return Section({.id = "answer", .title = "The answer"},
                   "<p class=\"answer\">No series was met that nobody has identified.</p>");
  }
  const Spread spread = SpreadOf(report);
  const auto unsaid = static_cast<std::uint64_t>(
      std::count_if(report.series().begin(), report.series().end(), IsUnsaid));
  const std::uint64_t unidentified = SeriesCountOf(report) - unsaid;
  std::vector<Tile> tiles;
  std::string words;
  if (unidentified > 0) {
    tiles.push_back(
        {.number = Number(unidentified), .words = "series not identified", .css = "RECOGNIZED"});
    words = unsaid == 0 ? "No agency on record has identified these children yet. "
                        : "No agency on record has identified the children of " +
                              Number(unidentified) + " series yet. ";
  }
  if (unsaid > 0) {
    tiles.push_back({.number = Number(unsaid), .words = "series named by an import"});
    words += "Of " + Number(unsaid) +
             " series that an import named nobody here has said whether the children are "
             "identified: ask the source of the set. ";
  }
  tiles.push_back({.number = Number(spread.cases), .words = "cases met them"});
  tiles.push_back({.number = Number(spread.agencies), .words = "agencies met them"});
  return Section({.id = "answer", .title = "The answer"},
                 Tiles(tiles) + "<p class=\"answer\">" + words +
                     "Others hold files of the same series: what each has seen may be what the "
                     "other lacks.</p>") +
         LeadsSections(report, most);
}

std::string CirculationBody(const v1::Report& report, std::size_t most) {
  const Spread spread = SpreadOf(report);
  std::vector<Tile> tiles;
  if (report.scope().series().empty()) {
    tiles.push_back({.number = Number(SeriesCountOf(report)), .words = "series in this case"});
  }
  tiles.push_back({.number = Number(spread.cases), .words = "cases met them"});
  tiles.push_back({.number = Number(spread.agencies), .words = "agencies"});
  tiles.push_back(
      {.number = Number(SumFiles(report)),
       .words = report.scope().series().empty() ? "files here" : "files, counted in each case"});
  std::string words;
  if (report.sightings().empty()) {
    words = std::string("<p class=\"answer\">No case has met this") +
            (report.scope().warnings().empty() ? "" : ", as far as is known") + ".</p>";
  } else if (report.series_size() == 1 && !report.scope().series().empty()) {
    const v1::ReportSeries& series = report.series(0);
    words = IsUnsaid(series)
                ? "<p class=\"answer\">Nobody here has said whether the series is identified: an "
                  "import named it, its source knows.</p>"
                : fmt::format("<p class=\"answer\">The series is <b>{}</b>.</p>",
                              StatusMeaning(series.series().status()));
    words += SeriesFacts(series);
  }
  return Section({.id = "answer", .title = "The answer"}, Tiles(tiles) + words) +
         CirculationSections(report, most);
}

}  // namespace

std::string RenderHtml(const v1::Report& report, const HtmlOptions& options) {
  const std::size_t most = options.files_a_section;
  std::string out = PageHead(report) + Banner(report);
  switch (report.kind()) {
    case v1::REPORT_KIND_IDENTIFICATION:
      out += IdentificationBody(report, most);
      break;
    case v1::REPORT_KIND_LEADS:
      out += LeadsBody(report, most);
      break;
    case v1::REPORT_KIND_CIRCULATION:
      out += CirculationBody(report, most);
      break;
    case v1::REPORT_KIND_WORKLIST:
      out += WorklistBody(report, most);
      break;
    case v1::REPORT_KIND_NOTIFICATIONS:
      out += NotificationsBody(report, most);
      break;
    case v1::REPORT_KIND_METHOD:
      out += MethodSections(report);
      break;
    default:
      out += InitialBody(report, most);
  }
  return out + PageFoot();
}

}  // namespace kith::report
