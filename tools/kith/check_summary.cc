// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/check_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/kith/match_json.h"
#include "tools/kith/table.h"
#include "tools/report/counts.h"
#include "tools/report/deciding.h"
#include "tools/report/path_text.h"
#include "tools/report/sources_to_ask.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using report::Counted;
using report::EscapeText;
using report::IsIdentified;
using report::Number;

std::string Headline(const v1::Report& report, const std::string& root, const Paint& paint) {
  const v1::ReportScope& scope = report.scope();
  const std::string what =
      scope.case_name().empty() ? "Look-up" : "Case " + EscapeText(scope.case_name());
  const std::string end =
      !scope.complete() ? paint.Alarm("INCOMPLETE, run it again before you rely on it")
      : scope.warnings().empty()
          ? paint.Good("complete")
          : paint.Alarm("complete, with doubts") + ": read the notes before you rely on the counts";
  const std::string of = scope.root().empty() && !scope.case_name().empty()
                             ? EscapeText(root) + " and the other folders of the case"
                             : EscapeText(scope.root());
  return paint.Bold(what) + " of " + of + ": " + end + "\n";
}

std::string Verdicts(const v1::Report& report, const Paint& paint) {
  Table table({"VERDICT", ">FILES", ">PATHS", "MEANING"});
  for (const auto& count : report.summary().verdicts()) {
    table.Add({report::VerdictWord(count.verdict()), Number(count.files()), Number(count.paths()),
               std::string(report::VerdictMeaning(count.verdict()))});
  }
  std::string out;
  const std::vector<std::string> lines = table.Lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0) {
      out += paint.Soft(lines[i]) + "\n";
      continue;
    }
    const auto& count = report.summary().verdicts(static_cast<int>(i - 1));
    out +=
        (count.files() > 0 ? paint.Line(count.verdict(), lines[i]) : paint.Soft(lines[i])) + "\n";
  }
  if (const auto files = report.summary().harmless_files(); files > 0) {
    out += "Of the UNRECOGNIZED, " + Counted(files, "file is", "files are") +
           " known to be harmless: a benign set holds " + (files == 1 ? "it" : "them") + ".\n";
  }
  return out;
}

std::string Dispositions(const v1::Report& report, const Paint& paint) {
  Table table({"DISPOSITION", ">ENTRIES", "MEANING"});
  for (const auto& count : report.summary().dispositions()) {
    if (count.paths() == 0) continue;
    table.Add({report::DispositionWord(count.disposition()), Number(count.paths()),
               std::string(report::DispositionMeaning(count.disposition()))});
  }
  table.Add({"all", Number(report.summary().entries_walked()), ""});
  std::string out;
  for (const std::string& line : table.Lines()) {
    out += (out.empty() ? paint.Soft(line) : line) + "\n";
  }
  return out;
}

std::string Person(const v1::ReportSeries& series) {
  std::string out = report::WhomToCallText(series.series().contact(), series.agency_desk());
  return out.empty() ? "no contact on record" : out;
}

std::string SeriesTable(const v1::Report& report, const Paint& paint) {
  if (report.series().empty()) return "";
  // In how many cases each was met, this one too: a look-up knows of none.
  const auto with_cases = [&report](std::vector<std::string> cells, std::string cases) {
    if (!report.scope().case_name().empty()) cells.insert(cells.begin() + 4, std::move(cases));
    return cells;
  };
  Table table(with_cases(
      {"SERIES", "STATUS", ">FILES", ">CERTAIN", "NEAREST LEAD", "AGENCY", "CALL"}, ">IN CASES"));
  for (const v1::ReportSeries& series : report.series()) {
    // What a person confirmed is certain too.
    const std::uint64_t certain = series.files_by_digest() + series.files_confirmed();
    table.Add(with_cases(
        {series.series().code(), report::StatusWord(series.series().status()),
         Number(series.files()), Number(certain),
         series.has_lead() && certain < series.files() ? Counted(series.nearest_lead_bits(), "bit")
                                                       : "",
         series.series().agency(), IsIdentified(series) ? Person(series) : ""},
        Number(series.cases())));
  }
  std::string out = "\n";
  const std::vector<std::string> lines = table.Lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0) {
      out += paint.Soft(lines[i]) + "\n";
    } else {
      const bool identified = IsIdentified(report.series(static_cast<int>(i - 1)));
      out +=
          paint.Line(identified ? v1::VERDICT_IDENTIFIED : v1::VERDICT_RECOGNIZED, lines[i]) + "\n";
    }
  }
  return out;
}

// How many videos, archives and others, and of which formats.
std::string NotLookedInto(const v1::Report& report) {
  static constexpr std::array<std::string_view, 12> kVideos = {"mp4",  "mov", "3gp",  "mkv",
                                                               "webm", "avi", "mpeg", "mpegts",
                                                               "wmv",  "flv", "ogg",  "realmedia"};
  static constexpr std::array<std::string_view, 9> kArchives = {
      "zip", "rar", "7z", "gzip", "bzip2", "xz", "zstd", "tar", "cab"};
  const auto is_of = [](const auto& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::array<std::uint64_t, 3> counts{};
  std::string formats;
  for (const auto& count : report.summary().unsupported_formats()) {
    const std::size_t kind = is_of(kVideos, count.format())     ? 0
                             : is_of(kArchives, count.format()) ? 1
                                                                : 2;
    counts[kind] += count.paths();
    formats +=
        (formats.empty() ? "" : ", ") + Number(count.paths()) + " " + EscapeText(count.format());
  }
  if (formats.empty()) return "";
  std::string kinds;
  const auto add = [&kinds](std::uint64_t files, std::string_view one) {
    if (files > 0) kinds += (kinds.empty() ? "" : ", ") + Counted(files, one);
  };
  add(counts[0], "video");
  add(counts[1], "archive");
  add(counts[2], "other file");
  return "Not looked into, compared by digest only: " + kinds + " (" + formats +
         "). Open them by other means.";
}

std::string NextSteps(const v1::Report& report) {
  std::string out;
  const auto step = [&out](const std::string& text) { out += "  * " + text + "\n"; };
  for (const v1::ReportSeries& series : report.series()) {
    if (!IsIdentified(series)) continue;
    const std::string agency = series.series().agency();
    step(fmt::format("Call about {}: {}{}.", EscapeText(series.series().code()),
                     EscapeText(Person(series)),
                     agency.empty() ? "" : " (" + EscapeText(agency) + ")"));
  }
  for (const report::SourceToAsk& source : report::SourcesToAsk(report)) {
    step(
        fmt::format("Ask about {} that the source of set {} calls identified: {}; nobody to call "
                    "is on record.",
                    Counted(source.files, "file"), EscapeText(source.set),
                    source.source.empty() ? std::string("who runs this store knows whence it came")
                                          : EscapeText(source.source)));
  }
  if (const auto files = report::FilesOf(report.summary(), v1::VERDICT_CONFLICT); files > 0) {
    step(fmt::format("Decide about {} on which the hash sets contradict each other.",
                     Counted(files, "file")));
  }
  if (const auto files = report::FilesOf(report.summary(), v1::VERDICT_RECOGNIZED); files > 0) {
    step(fmt::format("{} known, but nobody has identified the children yet: report what you learn.",
                     Counted(files, "file is", "files are")));
  }
  if (const auto files = report::NeverSeenFiles(report.summary()); files > 0) {
    step(
        fmt::format("{} nothing known: a child that nobody looks for yet may be there. Look at "
                    "{} first.",
                    Counted(files, "file matches", "files match"), files == 1 ? "it" : "them"));
  }
  if (const auto files = report.summary().rejected_files(); files > 0) {
    step(Counted(files, "file had", "files had") +
         " only leads that a person rejected: who is in them is not known.");
  }
  if (const auto files = report::FilesOf(report.summary(), v1::VERDICT_UNDETERMINED); files > 0) {
    step(Counted(files, "file") +
         " could not be compared: look by other means; the report lists why.");
  }
  const std::string kinds = NotLookedInto(report);
  if (!kinds.empty()) step(kinds);
  if (const auto files = report.summary().held_back_files(); files > 0) {
    step(Counted(files, "file has", "files have") +
         " leads that a nearer benign picture holds back: the report lists them.");
  }
  return out.empty() ? "" : "\nWhat to do next\n" + out;
}

}  // namespace

std::string CheckSummary(const v1::Report& report, const std::string& root, const Paint& paint) {
  std::string out = Headline(report, root, paint) + "\n" + Verdicts(report, paint) + "\n" +
                    Dispositions(report, paint) + SeriesTable(report, paint);
  for (const std::string& warning : report.scope().warnings()) {
    if (!out.ends_with("\n\n")) out += "\n";
    out += paint.Alarm("Note: ") + EscapeText(warning);
  }
  for (const std::string& remark : report.scope().remarks()) {
    if (!out.ends_with("\n\n")) out += "\n";
    out += "Note: " + EscapeText(remark);
  }
  if (!out.ends_with("\n")) out += "\n";
  return out + NextSteps(report);
}

int ExitCodeOf(const v1::Report& report) {
  for (const auto& count : report.summary().verdicts()) {
    if (count.files() > 0 && IsKnown(count.verdict())) return kExitKnownFound;
  }
  std::uint64_t unread = 0;
  for (const auto disposition :
       {v1::DISPOSITION_UNREADABLE, v1::DISPOSITION_VANISHED, v1::DISPOSITION_OVER_LIMIT,
        v1::DISPOSITION_DECODER_CRASH, v1::DISPOSITION_DECODER_TIMEOUT}) {
    unread += report::PathsOf(report.summary(), disposition);
  }
  // What the report is not sure of may be what is known: folders that were not seen, files that
  // were not hashed exactly, of this folder or of another of the case.
  const bool sure = report.scope().complete() && report.scope().warnings().empty();
  return unread > 0 || !sure ? kExitNotAllRead : kExitDone;
}

}  // namespace kith::cli
