// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tools/report/html_charts.h"
#include "tools/report/html_files.h"
#include "tools/report/html_method.h"
#include "tools/report/html_page.h"
#include "tools/report/html_series.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

std::string SureWords(const Sureness& sureness) {
  std::string out;
  if (sureness.certain > 0) out = Number(sureness.certain) + " certain by digest";
  if (sureness.leads > 0) {
    out += (out.empty() ? "" : ", ") + Counted(sureness.leads, "lead") + " to confirm";
  }
  return out.empty() ? "" : " (" + out + ")";
}

// The answer in words, before any table.
std::string Answer(const v1::Report& report) {
  std::string out;
  const auto say = [&](v1::Verdict verdict, std::string_view one, std::string_view many) {
    const std::uint64_t files = FilesOf(report, verdict);
    if (files == 0) return;
    const bool known = verdict == v1::VERDICT_IDENTIFIED || verdict == v1::VERDICT_RECOGNIZED;
    out +=
        fmt::format("<p class=\"answer\"><b>{}</b> {}{}.</p>", Counted(files, "file"),
                    files == 1 ? one : many, known ? SureWords(SurenessOf(report, verdict)) : "");
  };
  say(v1::VERDICT_IDENTIFIED,
      "matches a series whose children are identified: call the contact below",
      "match series whose children are identified: call the contacts below");
  say(v1::VERDICT_RECOGNIZED, "is known, the children are not identified yet",
      "are known, the children are not identified yet");
  say(v1::VERDICT_CONFLICT, "is to be decided by a person", "are to be decided by a person");
  if (out.empty()) {
    out = std::string("<p class=\"answer\">Nothing known was found") +
          (report.scope().complete() ? "" : " so far") + ".</p>";
  }
  say(v1::VERDICT_UNRECOGNIZED, "was never seen before: look at it first",
      "were never seen before: look at them first");
  say(v1::VERDICT_UNDETERMINED, "could not be compared", "could not be compared");
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
    const std::uint64_t files = FilesOf(report, row.verdict);
    if (files == 0 && !row.always) continue;
    tiles.push_back({.number = Number(files),
                     .words = row.words,
                     .css = row.css,
                     .link = files > 0 ? row.link : std::string_view()});
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
         SeriesTable(report, true) + SeriesTable(report, false) + FileSections(report, most) +
         DispositionSection(report) + DistanceSection(report) + SetsSection(report) +
         Section({.id = "method", .title = "Method"},
                 "<p>" + E(report.scope().method()) +
                     "</p><p class=\"soft small\">Complete lists, with digests: report.csv and "
                     "report.json.</p>");
}

}  // namespace

std::string RenderHtml(const v1::Report& report, const HtmlOptions& options) {
  return PageHead(report) + Banner(report) + InitialBody(report, options.files_a_section) +
         PageFoot();
}

}  // namespace kith::report
