// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_series.h"

#include <fmt/format.h>

#include "tools/report/html_page.h"
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
  const std::string& on = series.series().identified_on();
  return E(series.series().agency()) +
         (on.empty() ? "" : "<br><span class=\"soft small\">on " + E(on) + "</span>");
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
      table.Add({code, files, strength, {E(series.series().note())}});
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
                         .intro_html = "The files circulate, but nobody has identified the "
                                       "children yet."},
      table.Html());
}

}  // namespace kith::report
