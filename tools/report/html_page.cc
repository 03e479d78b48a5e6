// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_page.h"

#include <fmt/format.h>

#include "tools/report/html_style.h"
#include "tools/report/kinds.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

std::string RunBlock(const v1::RunHeader& run) {
  const bool has_times = !run.started_at().empty() || !run.finished_at().empty();
  return "\n<!-- run -->" +
         (has_times
              ? Fact("Run", fmt::format("{} to {}", E(run.started_at()), E(run.finished_at())))
              : "") +
         Fact("By", E(run.program()) + (run.host().empty() ? "" : " on " + E(run.host()))) +
         "<!-- /run -->\n";
}

// What people say of the case.
std::string DetailFacts(const v1::CaseDetails& details) {
  return Fact("Submitted by", E(details.officer())) + Fact("Reference", E(details.reference())) +
         Fact("Legal basis", E(details.legal_basis())) + Fact("Seized on", E(details.seized_on())) +
         Fact("Due on", E(details.due_on())) + Fact("Priority", E(details.priority())) +
         Fact("State", CaseStateWord(details.state()));
}

// What the report is about, in words.
std::string SubjectOf(const v1::Report& report) {
  const v1::ReportScope& scope = report.scope();
  if (!scope.case_name().empty()) return "Case " + scope.case_name();
  if (!scope.series().empty()) return "Series " + scope.series();
  return KindIsOfACase(report.kind()) ? "Look-up" : "All cases";
}

}  // namespace

std::string E(std::string_view text) { return EscapeHtml(text); }

std::string Fact(std::string_view name, const std::string& value_html) {
  if (value_html.empty()) return "";
  return fmt::format("<dt>{}</dt><dd>{}</dd>", name, value_html);
}

std::string PageHead(const v1::Report& report) {
  const v1::ReportScope& scope = report.scope();
  const std::string subject = E(SubjectOf(report));
  const bool look_up = scope.case_name().empty() && KindIsOfACase(report.kind());
  return fmt::format(
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n"
             "<title>{0} &ndash; {1} &ndash; Kith report</title>\n<style>{2}</style></head>\n"
             "<body><main>\n<header><p class=\"kind\">Kith report: {1}</p><h1>{0}</h1><dl>",
             subject, KindTitle(report.kind()), kHtmlStyle) +
         Fact("Folder", E(scope.root())) + DetailFacts(scope.details()) + RunBlock(report.run()) +
         Fact("Knowledge", fmt::format("store {}, change {}", E(scope.index_version().store_id()),
                                       Number(scope.index_version().change()))) +
         (scope.has_radius_bits()
              ? Fact("Radius",
                     fmt::format("{} bits, or a set's own where smaller", scope.radius_bits()))
              : "") +
         (look_up ? Fact("Record", "none: this was a look-up") : "") + "</dl></header>\n";
}

std::string Banner(const v1::Report& report) {
  const v1::ReportScope& scope = report.scope();
  const bool of_a_run = report.kind() != v1::REPORT_KIND_NOTIFICATIONS &&
                        (!scope.case_name().empty() || KindIsOfACase(report.kind()));
  if (!of_a_run && scope.warnings().empty() && scope.remarks().empty()) return "";
  std::string out;
  if (!of_a_run) {
    out = "<div class=\"banner complete\"><strong>To be known</strong>";
  } else if (!scope.complete()) {
    out =
        "<div class=\"banner incomplete\"><strong>INCOMPLETE</strong>The run did not reach its "
        "end. Files are missing from this report: run the check again before you rely on it.";
  } else if (!scope.warnings().empty()) {
    out =
        "<div class=\"banner incomplete\"><strong>Complete, with doubts</strong>The run reached "
        "its end. Read this before you rely on the counts:";
  } else {
    out =
        "<div class=\"banner complete\"><strong>Complete</strong>Every file of the folder was "
        "looked at";
    out += KindFile(report.kind()) == "report" ? "; each is counted once below." : ".";
  }
  if (!scope.warnings().empty() || !scope.remarks().empty()) {
    out += "<ul>";
    for (const std::string& warning : scope.warnings()) out += "<li>" + E(warning) + "</li>";
    for (const std::string& remark : scope.remarks()) out += "<li>" + E(remark) + "</li>";
    out += "</ul>";
  }
  return out + "</div>\n";
}

std::string PageFoot() {
  return "<footer>This report holds no picture and no perceptual hash. A lead is not proof until a "
         "person has confirmed it.</footer>\n</main></body></html>\n";
}

std::string Section(const SectionWords& words, const std::string& body_html) {
  return fmt::format(
      "<section id=\"{}\"><h2>{}{}</h2>{}\n{}</section>\n", words.id, words.title,
      words.count_html.empty() ? "" : " <span class=\"soft\">(" + words.count_html + ")</span>",
      words.intro_html.empty() ? "" : "<p class=\"soft\">" + words.intro_html + "</p>", body_html);
}

void TableHtml::Add(const std::vector<Cell>& cells) {
  ++rows_;
  body_ += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string css = i < columns_.size() && columns_[i].is_number ? "num" : "";
    if (!cells[i].css.empty()) css += (css.empty() ? "" : " ") + std::string(cells[i].css);
    body_ += (css.empty() ? "<td>" : "<td class=\"" + css + "\">") + cells[i].html + "</td>";
  }
  body_ += "</tr>\n";
}

std::string TableHtml::Html() const {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (const Column& column : columns_) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", column.is_number ? " class=\"num\"" : "",
                       column.title);
  }
  return out + "</tr></thead><tbody>\n" + body_ + "</tbody></table></div>";
}

std::string Tiles(const std::vector<Tile>& tiles) {
  std::string out = "<ul class=\"tiles\">";
  for (const Tile& tile : tiles) {
    const std::string inner = fmt::format("<b>{}</b> <span>{}</span>", tile.number, E(tile.words));
    out += fmt::format(
        "<li class=\"tile {}\">{}</li>", tile.css,
        tile.link.empty() ? inner : fmt::format("<a href=\"#{}\">{}</a>", tile.link, inner));
  }
  return out + "</ul>\n";
}

std::string ShownOf(std::size_t shown, std::size_t all, std::string_view where) {
  if (shown >= all) return "";
  return fmt::format("<p class=\"soft\">The first {} of {} are shown; {} lists all.</p>",
                     Number(shown), Number(all), where);
}

}  // namespace kith::report
