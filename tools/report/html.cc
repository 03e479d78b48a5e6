// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tools/report/deciding.h"
#include "tools/report/html_style.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// Everything that is not written in this file passes through here.
std::string E(std::string_view text) { return EscapeHtml(text); }

using Files = std::vector<const v1::ReportFile*>;

Files Select(const v1::Report& report, v1::Verdict verdict) {
  Files files;
  for (const v1::ReportFile& file : report.files()) {
    if (file.verdict() == verdict) files.push_back(&file);
  }
  return files;
}

std::uint64_t CountOf(const v1::Report& report, v1::Verdict verdict) {
  for (const auto& count : report.summary().verdicts()) {
    if (count.verdict() == verdict) return count.files();
  }
  return 0;
}

bool IsIdentified(const v1::ReportSeries& series) {
  return series.series().status() == v1::SERIES_STATUS_IDENTIFIED;
}

std::string Fact(std::string_view name, const std::string& value_html) {
  if (value_html.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>", name, value_html);
}

// The one block in which two reports on the same ledger differ.
std::string RunBlock(const v1::RunHeader& run) {
  return "\n<!-- run -->" +
         Fact("Run", fmt::format("{} to {}", E(run.started_at()), E(run.finished_at()))) +
         Fact("By", E(run.program()) + (run.host().empty() ? "" : " on " + E(run.host()))) +
         "<!-- /run -->\n";
}

std::string Head(const v1::Report& report) {
  const v1::ReportScope& scope = report.scope();
  const std::string title = scope.case_name().empty() ? "Look-up" : "Case " + E(scope.case_name());
  return fmt::format(
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<title>{0} &ndash; Kith report</title>\n<style>{1}</style></head>\n<body><main>\n"
             "<header><p class=\"soft small\">Kith report</p><h1>{0}</h1><dl>",
             title, kHtmlStyle) +
         Fact("Folder", E(scope.root())) + RunBlock(report.run()) +
         Fact("Knowledge", fmt::format("store {}, change {}", E(scope.index_version().store_id()),
                                       Number(scope.index_version().change()))) +
         (scope.has_radius_bits()
              ? Fact("Radius",
                     fmt::format("{} bits, or a set's own where smaller", scope.radius_bits()))
              : "") +
         (scope.case_name().empty() ? Fact("Record", "none: this was a look-up") : "") +
         "</dl></header>\n";
}

std::string Banner(const v1::Report& report) {
  const v1::ReportScope& scope = report.scope();
  std::string out;
  if (!scope.complete()) {
    out =
        "<div class=\"banner incomplete\"><strong>INCOMPLETE</strong>The run did not reach its "
        "end. "
        "Files are missing from this report: run the check again before you rely on it.";
  } else if (!scope.warnings().empty()) {
    out =
        "<div class=\"banner incomplete\"><strong>Complete, with remarks</strong>The run reached "
        "its end. Read this before you rely on the counts:";
  } else {
    out =
        "<div class=\"banner complete\"><strong>Complete</strong>Every file of the folder was "
        "looked at; each is counted once below.";
  }
  if (!scope.warnings().empty()) {
    out += "<ul>";
    for (const std::string& warning : scope.warnings()) out += "<li>" + E(warning) + "</li>";
    out += "</ul>";
  }
  return out + "</div>\n";
}

// How sure the files of a verdict are: " (3 certain by digest, 40 leads to confirm)".
std::string Sureness(const v1::Report& report, v1::Verdict verdict) {
  std::uint64_t certain = 0;
  std::uint64_t leads = 0;
  for (const v1::ReportFile* file : Select(report, verdict)) {
    const bool sure = std::any_of(file->matches().begin(), file->matches().end(),
                                  [](const v1::ReportMatch& match) { return match.by() != "pdq"; });
    ++(sure ? certain : leads);
  }
  std::string out = certain > 0 ? fmt::format("{} certain by digest", Number(certain)) : "";
  if (leads > 0) {
    out += (out.empty() ? "" : ", ") + Counted(leads, "lead") + " to confirm";
  }
  return out.empty() ? "" : " (" + out + ")";
}

// The answer in words, before any table.
std::string Answer(const v1::Report& report) {
  std::string out;
  const auto say = [&](v1::Verdict verdict, std::string_view one, std::string_view many) {
    const std::uint64_t files = CountOf(report, verdict);
    if (files == 0) return;
    const bool known = verdict == v1::VERDICT_IDENTIFIED || verdict == v1::VERDICT_RECOGNIZED;
    out += fmt::format("<p class=\"answer\"><b>{}</b> {}{}.</p>", Counted(files, "file"),
                       files == 1 ? one : many, known ? Sureness(report, verdict) : "");
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
  say(v1::VERDICT_UNDETERMINED, "could not be compared", "could not be compared");
  return out;
}

std::string VerdictBars(const v1::Report& report) {
  constexpr int kRow = 34;
  constexpr double kWidth = 520;
  std::uint64_t most = 1;
  for (const auto& count : report.summary().verdicts()) most = std::max(most, count.files());
  const int height = kRow * report.summary().verdicts_size();
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 960 {}\" role=\"img\" aria-label=\"Files by verdict\">", height);
  int y = 0;
  for (const auto& count : report.summary().verdicts()) {
    const std::string word = VerdictWord(count.verdict());
    const double share = static_cast<double>(count.files()) / static_cast<double>(most);
    const double width = count.files() == 0 ? 0 : std::max(3.0, share * kWidth);
    std::string label = Counted(count.files(), "file");
    if (count.paths() != count.files()) label += " at " + Counted(count.paths(), "path");
    out += fmt::format(
        "<g><title>{}</title><text x=\"0\" y=\"{}\">{}</text>"
        "<rect class=\"{}\" x=\"160\" y=\"{}\" width=\"{:.1f}\" height=\"20\" rx=\"3\"/>"
        "<text class=\"n\" x=\"{:.1f}\" y=\"{}\">{}</text></g>",
        VerdictMeaning(count.verdict()), y + 21, word, word, y + 6, width, 170 + width, y + 21,
        label);
    y += kRow;
  }
  return out + "</svg>\n";
}

std::string CallCell(const v1::ReportSeries& series) {
  const v1::Contact& contact = series.series().contact();
  std::string out;
  if (!contact.name().empty() || !contact.phone().empty() || !contact.email().empty()) {
    out = "<strong>" + E(contact.phone().empty() ? contact.email() : contact.phone()) + "</strong>";
    out += E(contact.name());
    if (!contact.role().empty()) out += ", " + E(contact.role());
    if (!contact.phone().empty() && !contact.email().empty()) out += "<br>" + E(contact.email());
    if (!contact.verified_at().empty()) {
      out += "<br><span class=\"soft small\">checked " + E(contact.verified_at()) + "</span>";
    }
  } else if (!series.agency_desk().empty()) {
    out = "<strong>" + E(series.agency_desk()) + "</strong>desk of the agency";
  } else {
    out = "<span class=\"soft\">no contact on record</span>";
  }
  return out;
}

std::string SeriesTable(const v1::Report& report, bool identified) {
  std::string rows;
  for (const v1::ReportSeries& series : report.series()) {
    if (IsIdentified(series) != identified) continue;
    std::string strength;
    if (series.files_by_digest() > 0) {
      strength = fmt::format("<span class=\"tag certain\">{} certain</span> ",
                             Number(series.files_by_digest()));
    }
    if (series.has_lead()) {
      strength += fmt::format("<span class=\"tag\">nearest lead {}</span>",
                              Counted(series.nearest_lead_bits(), "bit"));
    }
    rows += fmt::format("<tr><td class=\"code\">{}</td><td class=\"num\">{}</td><td>{}</td>",
                        E(series.series().code()), Number(series.files()), strength);
    if (identified) {
      const std::string& on = series.series().identified_on();
      rows += fmt::format("<td>{}{}</td><td class=\"call\">{}</td>", E(series.series().agency()),
                          on.empty() ? "" : "<br><span class=\"soft small\">" + E(on) + "</span>",
                          CallCell(series));
    } else {
      rows += "<td>" + E(series.series().note()) + "</td>";
    }
    rows += "</tr>\n";
  }
  if (rows.empty()) return "";
  const std::string head = identified ? "<th scope=\"col\">Identified by</th>"
                                        "<th scope=\"col\">Whom to call</th>"
                                      : "<th scope=\"col\">Note</th>";
  return fmt::format(
      "<section><h2>{}</h2><p class=\"soft\">{}</p><div class=\"scroll\"><table><thead><tr>"
      "<th scope=\"col\">Series</th><th scope=\"col\" class=\"num\">Files</th>"
      "<th scope=\"col\">How</th>{}</tr></thead><tbody>\n{}</tbody></table></div></section>\n",
      identified ? "Identified series" : "Known series, not identified",
      identified
          ? "The children are identified. Their case has an owner: call before you work on it."
          : "The files circulate, but nobody has identified the children yet.",
      head, rows);
}

std::string PathsCell(const v1::ReportFile& file) {
  constexpr int kShown = 5;
  std::string out;
  for (int i = 0; i < std::min(kShown, file.paths_size()); ++i) {
    out += (i == 0 ? "" : "<br>") + E(file.paths(i));
  }
  if (file.paths_size() > kShown) {
    out += fmt::format("<br><span class=\"soft\">and {} more paths</span>",
                       Number(static_cast<std::uint64_t>(file.paths_size() - kShown)));
  }
  return out;
}

std::string MatchText(const v1::ReportMatch& match) {
  std::string out =
      match.series().empty() ? "" : "<span class=\"code\">" + E(match.series()) + "</span> ";
  out += "in " + E(match.set());
  if (match.by() == "pdq") {
    out +=
        fmt::format(" <span class=\"tag\">lead, {}{}</span>", Counted(match.distance_bits(), "bit"),
                    match.orientation() <= v1::ORIENTATION_ORIGINAL
                        ? ""
                        : ", " + E(OrientationWord(match.orientation())));
  } else {
    out += " <span class=\"tag certain\">certain, " + E(match.by()) + "</span>";
  }
  if (match.purpose() == v1::PURPOSE_BENIGN) out += " <span class=\"tag\">benign set</span>";
  if (match.held_back()) out += " <span class=\"tag\">held back</span>";
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

// What was found, and first of it what the verdict rests on.
std::string WhyCell(const v1::ReportFile& file) {
  if (file.matches().empty()) {
    std::string out = E(DispositionWord(file.disposition()));
    out += ": " + E(file.detail().empty() ? DispositionMeaning(file.disposition()) : file.detail());
    return out;
  }
  return MatchLines(WithFirst(file, DecidingMatches(file)), file.total_matches());
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

using Cell = std::string (*)(const v1::ReportFile&);

std::string FilesSection(std::string_view title, std::string_view words, const Files& files,
                         std::size_t most, Cell cell = WhyCell) {
  if (files.empty()) return "";
  std::string out = fmt::format(
      "<section><h2>{} <span class=\"soft\">({})</span></h2><p class=\"soft\">{}</p>"
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Path</th>"
      "<th scope=\"col\">{}</th><th scope=\"col\" class=\"num\">Size</th></tr></thead><tbody>\n",
      title, Number(files.size()), words, "Found");
  for (std::size_t i = 0; i < std::min(files.size(), most); ++i) {
    out += fmt::format("<tr><td class=\"path\">{}</td><td>{}</td><td class=\"num\">{}</td></tr>\n",
                       PathsCell(*files[i]), cell(*files[i]), Size(files[i]->size_bytes()));
  }
  out += "</tbody></table></div>";
  if (files.size() > most) {
    out += fmt::format("<p class=\"soft\">The first {} of {} are shown; report.csv lists all.</p>",
                       Number(most), Number(files.size()));
  }
  return out + "</section>\n";
}

std::string FileSections(const v1::Report& report, std::size_t most) {
  Files held_back;
  for (const v1::ReportFile& file : report.files()) {
    if (file.held_back()) held_back.push_back(&file);
  }
  const auto section = [&](v1::Verdict verdict, std::string_view title, std::string_view words) {
    return FilesSection(title, words, Select(report, verdict), most);
  };
  return section(v1::VERDICT_CONFLICT, "Contradictions",
                 "The hash sets disagree about these files. A person must decide.") +
         section(v1::VERDICT_IDENTIFIED, "Files of identified series",
                 "A digest match is certain. A lead is a picture that looks alike: confirm it.") +
         section(v1::VERDICT_RECOGNIZED, "Known files, not identified",
                 "A digest match is certain. A lead is a picture that looks alike: confirm it.") +
         FilesSection("Leads held back",
                      Counted(held_back.size(), "file has", "files have") +
                          " leads that a nearer benign picture holds back: these leads do not "
                          "count.",
                      held_back, most, HeldBackCell) +
         section(v1::VERDICT_UNDETERMINED, "Could not be compared",
                 "Kith cannot say whether these are known. Look at them by other means.");
}

std::string DispositionSection(const v1::Report& report) {
  std::string rows;
  for (const auto& count : report.summary().dispositions()) {
    if (count.paths() == 0) continue;
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"num\">{}</td></tr>\n",
                        DispositionWord(count.disposition()),
                        DispositionMeaning(count.disposition()), Number(count.paths()));
  }
  rows +=
      fmt::format("<tr><td class=\"code\">all</td><td></td><td class=\"num code\">{}</td></tr>\n",
                  Number(report.summary().entries_walked()));
  std::string out =
      "<section><h2>What became of every directory entry</h2><div class=\"scroll\"><table><thead>"
      "<tr><th scope=\"col\">Disposition</th><th scope=\"col\">Meaning</th>"
      "<th scope=\"col\" class=\"num\">Entries</th></tr></thead><tbody>\n" +
      rows + "</tbody></table></div>";
  if (report.summary().unsupported_formats_size() > 0) {
    out += "<p>Not looked into, compared by digest only: ";
    std::string between;
    for (const auto& count : report.summary().unsupported_formats()) {
      out += between + fmt::format("{} {}", Number(count.paths()), E(count.format()));
      between = ", ";
    }
    out += ".</p>";
  }
  return out + "</section>\n";
}

std::string DistanceSection(const v1::Report& report) {
  std::uint64_t most = 0;
  for (const auto& count : report.summary().distances()) most = std::max(most, count.files());
  if (most == 0) return "";
  std::string bars;
  for (const auto& count : report.summary().distances()) {
    if (count.files() == 0) continue;
    const unsigned bits = std::min<unsigned>(count.distance_bits(), 31);
    const double height =
        std::max(2.0, 90.0 * static_cast<double>(count.files()) / static_cast<double>(most));
    bars += fmt::format(
        "<rect class=\"lead\" x=\"{}\" y=\"{:.1f}\" width=\"24\" height=\"{:.1f}\" rx=\"2\">"
        "<title>{}: {}</title></rect>",
        bits * 30, 100 - height, height, Counted(bits, "bit"), Counted(count.files(), "file"));
  }
  for (unsigned bits = 0; bits < 32; bits += 4) {
    bars += fmt::format("<text class=\"n\" x=\"{}\" y=\"118\" text-anchor=\"middle\">{}</text>",
                        bits * 30 + 12, bits);
  }
  return "<section><h2>How near the leads are</h2><p class=\"soft\">Files by the distance of their "
         "nearest lead, in bits of 256. Fewer bits: more alike.</p>"
         "<svg viewBox=\"0 0 960 124\" role=\"img\" aria-label=\"Files by distance\">" +
         bars + "</svg></section>\n";
}

std::string SetsSection(const v1::Report& report) {
  std::string rows;
  for (const v1::ReportSet& set : report.sets()) {
    rows += fmt::format(
        "<tr><td class=\"code\">{}</td><td>{}</td><td>{}</td><td>{}{}</td><td class=\"num\">{}</td>"
        "<td class=\"num\">{}</td></tr>\n",
        E(set.name()), E(set.source()), E(set.version()), PurposeWord(set.purpose()),
        set.enabled() ? "" : ", off", set.radius_bits(), Number(set.entries()));
  }
  if (rows.empty()) return "";
  return "<section><h2>Compared with</h2><div class=\"scroll\"><table><thead><tr>"
         "<th scope=\"col\">Hash set</th><th scope=\"col\">Source</th><th "
         "scope=\"col\">Version</th>"
         "<th scope=\"col\">Purpose</th><th scope=\"col\" class=\"num\">Radius</th>"
         "<th scope=\"col\" class=\"num\">Entries</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></section>\n";
}

}  // namespace

std::string RenderHtml(const v1::Report& report, const HtmlOptions& options) {
  std::string out = Head(report) + Banner(report);
  out += "<section><h2>The answer</h2>" + Answer(report) + VerdictBars(report) + "</section>\n";
  out += SeriesTable(report, true) + SeriesTable(report, false);
  out += FileSections(report, options.files_a_section);
  out += DispositionSection(report) + DistanceSection(report) + SetsSection(report);
  out += "<section><h2>Method</h2><p>" + E(report.scope().method()) +
         "</p><p class=\"soft small\">Complete lists, with digests: report.csv and report.json.</p>"
         "</section>\n";
  out +=
      "<footer>This report holds no picture and no perceptual hash. A lead is not proof until a "
      "person has confirmed it.</footer>\n</main></body></html>\n";
  return out;
}

}  // namespace kith::report
