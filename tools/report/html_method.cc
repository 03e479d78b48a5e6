// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tools/report/html_charts.h"
#include "tools/report/html_files.h"
#include "tools/report/html_page.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

constexpr std::size_t kDistances = 32;
constexpr std::size_t kOpinions = 1000;

std::string BandText(const v1::NearnessBand& band, std::uint32_t from) {
  return fmt::format("{} to {} bits", from, band.to_bits());
}

std::string Thresholds(const v1::Report& report) {
  const v1::ReportMethod& method = report.method();
  TableHtml table({{"What"}, {"Limit"}, {"What it does"}});
  table.Add({{"Digest", "code"},
             {"equal"},
             {"MD5, SHA-1 or SHA-256 of the whole file: the contents are the same. Certain."}});
  std::uint32_t from = 0;
  for (const v1::NearnessBand& band : method.bands()) {
    table.Add({{"PDQ: " + E(band.words()), "code"},
               {BandText(band, from)},
               {"How near it is, in words. It is a lead all the same, until a person has "
                "confirmed it."}});
    from = band.to_bits() + 1;
  }
  if (method.max_radius_bits() > 0) {
    table.Add({{"Radius", "code"},
               {fmt::format("{} bits, at most {}", method.default_radius_bits(),
                            method.max_radius_bits())},
               {"What lies farther is not told. A set may have a smaller one of its own: see "
                "below."}});
    table.Add({{"PDQ quality", "code"},
               {fmt::format("{} or more", method.minimum_quality())},
               {"A picture below has too little detail: it is compared by digest only."}});
  }
  return Section({.id = "thresholds", .title = "Thresholds"}, table.Html());
}

std::string Versions(const v1::Report& report) {
  const v1::ReportMethod& method = report.method();
  std::string libraries;
  for (const std::string& library : method.libraries()) {
    libraries += (libraries.empty() ? "" : ", ") + E(library);
  }
  return Section(
      {.id = "versions", .title = "Versions"},
      "<dl class=\"facts\">" + Fact("Program", E(method.program())) +
          Fact("Index version",
               fmt::format("store {}, change {}", E(report.scope().index_version().store_id()),
                           Number(report.scope().index_version().change()))) +
          Fact("Index engine", E(method.index_engine())) + Fact("Libraries", libraries) +
          Fact("Known",
               fmt::format("{} with {} and {}", Counted(method.entries(), "entry", "entries"),
                           Counted(method.codes(), "PDQ hash", "PDQ hashes"),
                           Counted(method.digests(), "digest"))) +
          "</dl>");
}

std::string Percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "";
  // Never rounded up to a hundred: one miss is a miss.
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part < whole && percent > 99.9) return "&lt; 100 %";
  return fmt::format("{:.1f} %", percent);
}

// Codes without any picture behind them: what chance alone does.
std::string RandomPairs(const v1::MeasuredRates& rates) {
  if (rates.random_pairs() == 0) return "";
  return fmt::format(
      "<p><b>Chance:</b> of {} of hashes drawn at random, {} within {}. The nearest were {} "
      "apart.</p>",
      Counted(rates.random_pairs(), "pair"),
      rates.random_pairs_found() == 1 ? "1 was" : Number(rates.random_pairs_found()) + " were",
      Counted(rates.radius_bits(), "bit"), Counted(rates.random_nearest_bits(), "bit"));
}

std::string Rates(const v1::MeasuredRates& rates) {
  TableHtml table({{"Copy"},
                   {"Copies", true},
                   {"Found", true},
                   {"Share", true},
                   {"Median distance", true},
                   {"Farthest", true}});
  std::vector<Bar> bars;
  for (const v1::AlterationRate& rate : rates.alterations()) {
    table.Add({{E(rate.alteration()), "code"},
               {Number(rate.copies())},
               {Number(rate.found())},
               {Percent(rate.found(), rate.copies())},
               {Counted(rate.median_bits(), "bit")},
               {Counted(rate.farthest_bits(), "bit")}});
    bars.push_back({.label = rate.alteration(),
                    .value = rate.found(),
                    .css = rate.found() == rate.copies() ? "IDENTIFIED" : "UNDETERMINED",
                    .note = "of " + Number(rate.copies())});
  }
  return Section(
      {.id = "rates",
       .title = "Measured error rates",
       .intro_html = fmt::format("Measured on {} with {}. {}", E(rates.measured_on()),
                                 E(rates.command()), E(rates.pictures()))},
      BarChart({.id = "found", .title = "Altered copies found", .one = "copy", .many = "copies"},
               bars) +
          table.Html() +
          fmt::format(
              "<p><b>False leads:</b> of {} of different pictures, {} within {}. The "
              "nearest were {} apart.</p>",
              Counted(rates.unlike_pairs(), "pair"),
              rates.unlike_pairs_found() == 1 ? "1 was"
                                              : Number(rates.unlike_pairs_found()) + " were",
              Counted(rates.radius_bits(), "bit"), Counted(rates.unlike_nearest_bits(), "bit")) +
          RandomPairs(rates) +
          "<p class=\"soft\">Other pictures give other rates: more so crops, frames, overlays and "
          "montages, which PDQ does not see through. The more known pictures a lead is looked for "
          "among, the more false leads there are.</p>");
}

// What read the files: once for all runs that used the same.
std::string LibrariesOfRuns(const v1::ReportMethod& method) {
  std::map<std::string, std::string> runs_of;  // by the libraries: when the runs began
  for (const v1::ReportRun& run : method.runs()) {
    std::string libraries;
    for (const std::string& library : run.libraries()) {
      libraries += (libraries.empty() ? "" : ", ") + E(library);
    }
    std::string& runs = runs_of[libraries];
    runs += (runs.empty() ? "" : ", ") + E(run.started_at());
  }
  std::string out;
  for (const auto& [libraries, runs] : runs_of) {
    const std::string which = runs_of.size() == 1 ? "" : " (runs of " + runs + ")";
    out += "<p><b>Read and hashed with" + which + ":</b> " +
           (libraries.empty() ? "not on record" : libraries) + ".</p>";
  }
  return out;
}

std::string Runs(const v1::ReportMethod& method) {
  if (method.runs().empty()) return "";
  TableHtml table({{"Started"},
                   {"Ended"},
                   {"Folder"},
                   {"How it ended"},
                   {"Walked", true},
                   {"Read", true},
                   {"On record", true},
                   {"Not seen", true}});
  for (const v1::ReportRun& run : method.runs()) {
    std::string how = run.complete()              ? "complete"
                      : run.finished_at().empty() ? "not ended"
                      : run.interrupted()         ? "interrupted"
                                                  : "incomplete";
    if (run.has_radius_bits()) how += fmt::format(", radius {}", run.radius_bits());
    table.Add({{E(run.started_at())},
               {E(run.finished_at())},
               {E(run.root()), "path"},
               {how},
               {Number(run.entries_walked())},
               {Number(run.entries_sent())},
               {Number(run.entries_resumed())},
               {Number(run.walk_errors())}});
  }
  return Section({.id = "runs",
                  .title = "Runs of this case",
                  .count_html = Number(static_cast<std::uint64_t>(method.runs_size())),
                  .intro_html = "Walked: directory entries met. Read: of these, read in this run. "
                                "On record: read by an earlier run and unchanged. Not seen: places "
                                "that could not be looked into."},
                 table.Html() + LibrariesOfRuns(method));
}

// What somebody said of a lead, each word as it was given.
std::string Opinions(const v1::Report& report) {
  TableHtml table({{"File"}, {"Lead"}, {"Opinion"}, {"By"}, {"On"}, {"Why"}});
  std::size_t all = 0;
  for (const v1::ReportFile& file : report.files()) {
    for (const v1::ReportMatch& match : file.matches()) {
      if (++all > kOpinions) continue;
      const v1::Opinion& given = match.given();
      const std::string lead =
          (match.series().empty() ? "" : "<span class=\"code\">" + E(match.series()) + "</span> ") +
          (match.set().empty() ? "" : "in " + E(match.set()) + ", ") +
          fmt::format("entry {}", match.entry_id()) +
          (match.by() == "pdq" ? ", " + Counted(match.distance_bits(), "bit") : "");
      table.Add({{PathsHtml(file), "path"},
                 {lead},
                 {OpinionWord(match.opinion())},
                 {E(given.who())},
                 {E(given.at())},
                 {E(given.why())}});
    }
  }
  if (table.empty()) return "";
  return Section({.id = "opinions",
                  .title = "What people said of leads",
                  .count_html = Number(all),
                  .intro_html = "Each word in the order in which it was given; the last one on a "
                                "file and entry holds. Withdrawn: the word before it holds no "
                                "longer."},
                 table.Html() + ShownOf(kOpinions, all, "method.csv"));
}

}  // namespace

std::string SetsSection(const v1::Report& report) {
  TableHtml table({{"Hash set"},
                   {"Source"},
                   {"Version"},
                   {"Purpose"},
                   {"Radius", true},
                   {"Entries", true},
                   {"Handling"}});
  for (const v1::ReportSet& set : report.sets()) {
    table.Add({{E(set.name()), "code"},
               {E(set.source())},
               {E(set.version())},
               {PurposeWord(set.purpose()) + (set.enabled() ? "" : ", off")},
               {std::to_string(set.radius_bits())},
               {Number(set.entries())},
               {E(set.handling())}});
  }
  return table.empty() ? "" : Section({.id = "sets", .title = "Compared with"}, table.Html());
}

std::string DistanceSection(const v1::Report& report) {
  std::vector<std::uint64_t> values(kDistances, 0);
  bool any = false;
  for (const auto& count : report.summary().distances()) {
    if (count.distance_bits() >= kDistances) continue;
    values[count.distance_bits()] += count.files();
    any = any || count.files() > 0;
  }
  if (!any) return "";
  return Section(
      {.id = "distances",
       .title = "How near the leads are",
       .intro_html = "Files by the distance of their nearest lead, in bits of 256. Fewer "
                     "bits: more alike. The words are no proof: a person must confirm."},
      Histogram({.id = "distance", .title = "Files by distance", .one = "file"}, "bit", values,
                {{"same picture", 0, 10}, {"very likely", 11, 20}, {"lead", 21, 31}}));
}

std::string MethodSections(const v1::Report& report) {
  std::string out = Section({.id = "how", .title = "How files are compared"},
                            "<p>" + E(report.scope().method()) + "</p>");
  out += Thresholds(report);
  if (report.method().has_rates()) out += Rates(report.method().rates());
  return out + Versions(report) + SetsSection(report) + Runs(report.method()) + Opinions(report);
}

}  // namespace kith::report
