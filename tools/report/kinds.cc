// SPDX-License-Identifier: Apache-2.0
#include "tools/report/kinds.h"

#include <array>

namespace kith::report {
namespace {

struct Kind {
  v1::ReportKind kind;
  std::string_view word;
  std::string_view title;
  bool of_a_case;
  std::string_view purpose;
};
constexpr std::array<Kind, 7> kKinds = {{
    {v1::REPORT_KIND_INITIAL, "initial", "Initial hash comparison", true,
     "of a case: every file, what is known of it, and why"},
    {v1::REPORT_KIND_IDENTIFICATION, "identification", "Child identification", true,
     "of a case: identified series, their files, whom to call"},
    {v1::REPORT_KIND_LEADS, "leads", "Leads on unidentified series", false,
     "of a case or of all: series nobody identified, who else met them"},
    {v1::REPORT_KIND_CIRCULATION, "circulation", "Circulation", false,
     "of a case or a series: where and when it was met"},
    {v1::REPORT_KIND_WORKLIST, "worklist", "New files to look at", false,
     "of a case or of all: what nothing known matches, by clusters"},
    {v1::REPORT_KIND_NOTIFICATIONS, "notifications", "Notifications due", false,
     "of a case or of all: who is to be told of what, by when"},
    {v1::REPORT_KIND_METHOD, "method", "Audit and method statement", false,
     "of a case or the store: versions, thresholds, error rates, runs, opinions"},
}};

// Of a kind that a newer server knows, as of an initial comparison: what is there is shown.
const Kind& KindRow(v1::ReportKind kind) {
  for (const Kind& row : kKinds) {
    if (row.kind == kind) return row;
  }
  return kKinds.front();
}

}  // namespace

std::string_view KindWord(v1::ReportKind kind) { return KindRow(kind).word; }
std::string_view KindTitle(v1::ReportKind kind) { return KindRow(kind).title; }
std::string_view KindPurpose(v1::ReportKind kind) { return KindRow(kind).purpose; }
bool KindIsOfACase(v1::ReportKind kind) { return KindRow(kind).of_a_case; }

std::string KindFile(v1::ReportKind kind) {
  // The report of every check: its name is known to scripts.
  if (KindRow(kind).kind == v1::REPORT_KIND_INITIAL) return "report";
  return std::string(KindWord(kind));
}

v1::ReportKind KindOfWord(std::string_view word) {
  for (const Kind& row : kKinds) {
    if (row.word == word) return row.kind;
  }
  return v1::REPORT_KIND_UNSPECIFIED;
}

std::span<const v1::ReportKind> AllKinds() {
  static const std::array<v1::ReportKind, kKinds.size()> kAll = [] {
    std::array<v1::ReportKind, kKinds.size()> all{};
    for (std::size_t i = 0; i < kKinds.size(); ++i) all.at(i) = kKinds.at(i).kind;
    return all;
  }();
  return kAll;
}

}  // namespace kith::report
