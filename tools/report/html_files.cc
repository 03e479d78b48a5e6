// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tools/report/deciding.h"
#include "tools/report/html_page.h"
#include "tools/report/kinds.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// How near, in words: a lead says that it is one until a person has confirmed it.
std::string NearnessTag(const v1::ReportMatch& match) {
  if (match.by() != "pdq") {
    return "<span class=\"tag certain\">certain, " + E(match.by()) + "</span>";
  }
  const bool confirmed = match.opinion() == v1::OPINION_KIND_CONFIRMED;
  const bool has_words = !match.nearness().empty() && match.nearness() != "lead";
  return fmt::format("<span class=\"tag{}\">{}, {}{}{}</span>", confirmed ? " certain" : "",
                     confirmed ? "confirmed" : "lead", has_words ? E(match.nearness()) + ", " : "",
                     Counted(match.distance_bits(), "bit"),
                     match.orientation() <= v1::ORIENTATION_ORIGINAL
                         ? ""
                         : ", " + E(OrientationWord(match.orientation())));
}

std::string MatchText(const v1::ReportMatch& match) {
  std::string out =
      match.series().empty() ? "" : "<span class=\"code\">" + E(match.series()) + "</span> ";
  out += "in " + E(match.set()) + " " + NearnessTag(match);
  if (match.purpose() == v1::PURPOSE_BENIGN) out += " <span class=\"tag\">benign set</span>";
  if (match.held_back()) out += " <span class=\"tag\">held back</span>";
  const std::string given = GivenHtml(match.given());
  if (!given.empty()) out += " <span class=\"soft small\">by " + given + "</span>";
  return out;
}

// Rows of people's lists: the first few.
std::string MatchLines(const Matches& matches, std::uint64_t total) {
  constexpr std::size_t kShown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, matches.size()); ++i) {
    out += (i == 0 ? "" : "<br>") + MatchText(*matches[i]);
  }
  if (total > kShown) {
    out += fmt::format("<br><span class=\"soft\">{} matches in all</span>", Number(total));
  }
  return out;
}

std::string RuleLine(const v1::ReportFile& file) {
  return file.rule().empty() ? "" : "<div class=\"rule\">" + E(file.rule()) + "</div>";
}

// What was found, and first of it what the verdict rests on.
std::string WhyCell(const v1::ReportFile& file) {
  if (!file.matches().empty()) {
    return MatchLines(WithFirst(file, DecidingMatches(file)), file.total_matches()) +
           RuleLine(file);
  }
  return E(DispositionWord(file.disposition())) + ": " +
         E(file.detail().empty() ? DispositionMeaning(file.disposition()) : file.detail()) +
         RuleLine(file);
}

// What is held back, what holds it back, and what the verdict rests on.
std::string HeldBackCell(const v1::ReportFile& file) {
  Matches first;
  for (const v1::ReportMatch& match : file.matches()) {
    if (match.held_back() && first.empty()) first.push_back(&match);
  }
  if (first.empty()) first = DecidingMatches(file);
  const auto benign = std::find_if(
      file.matches().begin(), file.matches().end(),
      [](const v1::ReportMatch& match) { return match.purpose() == v1::PURPOSE_BENIGN; });
  if (benign != file.matches().end()) first.push_back(&*benign);
  const bool known = file.verdict() == v1::VERDICT_IDENTIFIED ||
                     file.verdict() == v1::VERDICT_RECOGNIZED ||
                     file.verdict() == v1::VERDICT_CONFLICT;
  return MatchLines(WithFirst(file, first), file.total_matches()) +
         fmt::format("<br>Verdict {}: {}", VerdictWord(file.verdict()),
                     known ? "it rests on other matches." : "nothing else known matches.");
}

// A new file: what kind of picture it is, as nothing is known of it.
std::string NewCell(const v1::ReportFile& file) {
  std::string out = E(file.format());
  if (file.width() > 0) out += fmt::format(" {} &times; {}", file.width(), file.height());
  if (file.disposition() != v1::DISPOSITION_HASHED) {
    out += (out.empty() ? "" : ", ") + E(DispositionWord(file.disposition()));
  }
  return out + RuleLine(file);
}

// One whose leads a person rejected: how many those were.
std::string RejectedCell(const v1::ReportFile& file) {
  return NewCell(file) + "<div class=\"rule\">" + Counted(file.rejected_matches(), "lead") +
         " rejected</div>";
}

using CellOf = std::string (*)(const v1::ReportFile&);

std::string FilesSection(SectionWords words, std::string_view column, const Files& files,
                         std::size_t most, CellOf cell) {
  if (files.empty()) return "";
  TableHtml table({{"Path"}, {column}, {"Size", true}});
  for (std::size_t i = 0; i < std::min(files.size(), most); ++i) {
    table.Add({{PathsHtml(*files[i]), "path"}, {cell(*files[i])}, {Size(files[i]->size_bytes())}});
  }
  words.count_html = Number(files.size());
  return Section(words, table.Html() + ShownOf(most, files.size(), "report.csv"));
}

bool CouldNotBeRead(const v1::ReportFile& file) {
  return file.sha256().empty() && file.disposition() != v1::DISPOSITION_NOT_REGULAR &&
         file.disposition() != v1::DISPOSITION_EMPTY;
}

// Of the unrecognized, each is of one of these kinds.
bool IsHarmless(const v1::ReportFile& file) { return file.harmless(); }
bool WasRejected(const v1::ReportFile& file) {
  return !file.harmless() && file.rejected_matches() > 0;
}
bool WasNeverSeen(const v1::ReportFile& file) {
  return !file.harmless() && file.rejected_matches() == 0;
}

Files Unrecognized(const v1::Report& report, bool (*is_kind)(const v1::ReportFile&)) {
  Files files = SelectFiles(report, v1::VERDICT_UNRECOGNIZED);
  std::erase_if(files, [is_kind](const v1::ReportFile* file) { return !is_kind(*file); });
  return files;
}

}  // namespace

std::string PathsHtml(const v1::ReportFile& file) {
  constexpr int kShown = 5;
  std::string out;
  for (int i = 0; i < std::min(kShown, file.paths_size()); ++i) {
    out += (i == 0 ? "" : "<br>") + E(file.paths(i));
  }
  if (file.paths_size() > kShown) {
    out +=
        fmt::format("<br><span class=\"soft\">and {}</span>",
                    Counted(static_cast<std::uint64_t>(file.paths_size() - kShown), "more path"));
  }
  return out;
}

std::string GivenHtml(const v1::Opinion& given) {
  if (given.who().empty() && given.at().empty()) return "";
  std::string out = E(given.who().empty() ? "nobody said who" : given.who());
  if (!given.at().empty()) out += ", " + E(given.at().substr(0, 10));
  if (!given.why().empty()) out += ": " + E(given.why());
  return out;
}

Files SelectFiles(const v1::Report& report, v1::Verdict verdict) {
  Files files;
  for (const v1::ReportFile& file : report.files()) {
    if (file.verdict() == verdict && !file.continued()) files.push_back(&file);
  }
  return files;
}

Sureness SurenessOf(const v1::Report& report, v1::Verdict verdict) {
  Sureness sureness;
  for (const v1::ReportFile* file : SelectFiles(report, verdict)) {
    bool certain = false;
    bool confirmed = false;
    // What else matches says nothing of the verdict, however certain it is.
    for (const v1::ReportMatch* match : DecidingMatches(*file)) {
      certain = certain || match->by() != "pdq";
      confirmed = confirmed || match->opinion() == v1::OPINION_KIND_CONFIRMED;
    }
    ++(certain ? sureness.certain : confirmed ? sureness.confirmed : sureness.leads);
  }
  return sureness;
}

std::string FileSections(const v1::Report& report, std::size_t most) {
  Files held_back;
  Files unread;
  Files unfit;
  for (const v1::ReportFile& file : report.files()) {
    if (file.continued()) continue;
    if (file.held_back()) held_back.push_back(&file);
    if (file.verdict() == v1::VERDICT_UNDETERMINED) {
      (CouldNotBeRead(file) ? unread : unfit).push_back(&file);
    }
  }
  constexpr std::string_view kSure =
      "A digest match is certain. A lead is a picture that looks alike: confirm it.";
  const auto known = [&](std::string_view id, v1::Verdict verdict, std::string_view title,
                         std::string_view words) {
    return FilesSection({.id = id, .title = title, .intro_html = std::string(words)}, "Found",
                        SelectFiles(report, verdict), most, WhyCell);
  };
  return known("conflict", v1::VERDICT_CONFLICT, "Contradictions",
               "The hash sets disagree about these files. A person must decide.") +
         known("identified", v1::VERDICT_IDENTIFIED, "Files of identified series", kSure) +
         known("recognized", v1::VERDICT_RECOGNIZED, "Known files, not identified", kSure) +
         FilesSection({.id = "held-back",
                       .title = "Leads held back",
                       .intro_html = Counted(held_back.size(), "file has", "files have") +
                                     " leads that a nearer benign picture holds back: these leads "
                                     "do not count."},
                      "Found", held_back, most, HeldBackCell) +
         FilesSection({.id = "unread",
                       .title = "Could not be read",
                       .intro_html = "Kith did not see what is in these. Look at them by other "
                                     "means."},
                      "Why", unread, most, WhyCell) +
         FilesSection({.id = "unfit",
                       .title = "Could not be compared",
                       .intro_html = "Kith cannot say whether these are known. Look at them by "
                                     "other means."},
                      "Why", unfit, most, WhyCell) +
         FilesSection({.id = "new",
                       .title = "Never seen before",
                       .intro_html = "Nothing known matches these. A new child may be among them: "
                                     "look at them first."},
                      "What it is", Unrecognized(report, WasNeverSeen), most, NewCell) +
         FilesSection({.id = "rejected",
                       .title = "Leads rejected by a person",
                       .intro_html = "What lay near these is something else, as a person has said "
                                     "who looked: the method report lists who and why. Nothing "
                                     "else known matches, so a new child may be among them."},
                      "What it is", Unrecognized(report, WasRejected), most, RejectedCell) +
         FilesSection({.id = "harmless",
                       .title = "Known to be harmless",
                       .intro_html = "The very files stand in a benign set, and nothing known "
                                     "matches them."},
                      "Found", Unrecognized(report, IsHarmless), most, WhyCell);
}

std::map<std::string, OfSeries> GatherSeries(const v1::Report& report,
                                             const std::vector<const v1::ReportSeries*>& shown,
                                             std::size_t most) {
  std::map<std::string, OfSeries> gathered;
  for (const v1::ReportSeries* series : shown) gathered[series->series().code()];
  std::map<std::string, const v1::ReportFile*> last;  // the file that a series was met in
  for (const v1::ReportFile& file : report.files()) {
    for (const v1::ReportMatch& match : file.matches()) {
      const auto found = Counts(match) ? gathered.find(match.series()) : gathered.end();
      if (found == gathered.end()) continue;
      OfSeries& series = found->second;
      if (std::exchange(last[match.series()], &file) != &file && ++series.all_files <= most) {
        series.files.push_back({.file = &file});
      }
      if (series.all_files <= most) series.files.back().matches.push_back(&match);
    }
  }
  for (const v1::ReportSighting& sighting : report.sightings()) {
    const auto found = gathered.find(sighting.series());
    if (found != gathered.end()) found->second.sightings.push_back(&sighting);
  }
  return gathered;
}

std::string FilesOfSeries(v1::ReportKind kind, const OfSeries& series) {
  // The CSV of leads is of sightings.
  const std::string all_in = KindFile(kind) + (kind == v1::REPORT_KIND_LEADS ? ".json" : ".csv");
  TableHtml table({{"Path"}, {"Found"}, {"Digests"}});
  for (const OfSeries::File& one : series.files) {
    std::string digests = "SHA-256 " + E(one.file->sha256());
    if (!one.file->md5().empty()) digests += "<br>MD5 " + E(one.file->md5());
    table.Add({{PathsHtml(*one.file), "path"},
               {MatchLines(one.matches, one.matches.size()) + RuleLine(*one.file)},
               {digests, "path small"}});
  }
  return table.empty() ? "" : table.Html() + ShownOf(series.files.size(), series.all_files, all_in);
}

}  // namespace kith::report
