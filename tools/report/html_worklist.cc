// SPDX-License-Identifier: Apache-2.0
#include "tools/report/html_worklist.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tools/report/html_charts.h"
#include "tools/report/html_page.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

// Clusters with a section of their own; the CSV lists all.
constexpr std::size_t kSections = 100;
constexpr int kBars = 20;

std::string CasesText(const google::protobuf::RepeatedPtrField<std::string>& names) {
  constexpr int kShown = 5;
  std::string text;
  for (int i = 0; i < std::min(kShown, names.size()); ++i) {
    text += (text.empty() ? "" : ", ") + E(names.Get(i));
  }
  if (names.size() > kShown) {
    text += fmt::format(" and {} more", Number(static_cast<std::uint64_t>(names.size() - kShown)));
  }
  return text;
}

// "4 files", and how many of them the case of the report holds.
std::string FilesText(const v1::ReportCluster& cluster, bool of_case) {
  const std::string files = Counted(cluster.files(), "file");
  return of_case ? files + ", " + Number(cluster.files_of_case()) + " of them here," : files;
}

// A cluster with its continuations, which follow it.
struct Gathered {
  const v1::ReportCluster* head = nullptr;
  std::vector<const v1::ReportClusterFile*> files;
};

std::vector<Gathered> Gather(const v1::Report& report) {
  std::vector<Gathered> clusters;
  for (const v1::ReportCluster& cluster : report.clusters()) {
    if (!cluster.continued() || clusters.empty()) clusters.push_back({&cluster, {}});
    for (const v1::ReportClusterFile& file : cluster.listed()) {
      clusters.back().files.push_back(&file);
    }
  }
  return clusters;
}

std::string ShaCell(const v1::ReportClusterFile& file) {
  constexpr std::size_t kDigits = 16;
  return "<span class=\"small\">" + E(file.sha256().substr(0, kDigits)) + "&hellip;</span>";
}

// One file in several cases, and nothing near it.
bool IsOneFile(const Gathered& cluster) {
  return cluster.head->cluster_id() != 0 && cluster.head->files() == 1 && cluster.files.size() == 1;
}

// There may be hundreds of these, with one line to say of each: all in one place.
std::string SameFileSection(const std::vector<Gathered>& clusters, std::size_t most) {
  TableHtml table({{"File"}, {"Cases", true}, {"Lies in"}, {"SHA-256"}, {"Cluster", true}});
  std::size_t all = 0;
  for (const Gathered& cluster : clusters) {
    if (!IsOneFile(cluster) || ++all > most) continue;
    const v1::ReportClusterFile& file = *cluster.files.front();
    table.Add({{E(file.path()), "path"},
               {Number(static_cast<std::uint64_t>(cluster.head->case_names_size()))},
               {CasesText(cluster.head->case_names())},
               {ShaCell(file)},
               {Number(cluster.head->cluster_id())}});
  }
  if (table.empty()) return "";
  return Section(
      {.id = "same",
       .title = "The same file in several cases",
       .count_html = Number(all),
       .intro_html = "Each lies in several cases, and nothing else on record is like it."},
      table.Html() + ShownOf(most, all, "worklist.csv"));
}

std::string FileTable(const Gathered& cluster, std::size_t most) {
  TableHtml table({{"File"}, {"Lies in"}, {"SHA-256"}});
  for (const v1::ReportClusterFile* file : cluster.files) {
    if (table.rows() == most) break;
    const bool elsewhere = file->case_names_size() > 1;
    table.Add({{E(file->path()), "path"},
               {E(file->path_case()) + (elsewhere ? "<div class=\"rule\">the same file in " +
                                                        CasesText(file->case_names()) + "</div>"
                                                  : "")},
               {ShaCell(*file)}});
  }
  return table.Html() + ShownOf(most, cluster.files.size(), "worklist.csv");
}

std::string ClusterChart(const std::vector<Gathered>& clusters) {
  std::vector<Bar> bars;
  for (const Gathered& cluster : clusters) {
    if (cluster.head->cluster_id() == 0 || bars.size() == kBars) break;
    bars.push_back({.label = fmt::format("Cluster {}", cluster.head->cluster_id()),
                    .value = static_cast<std::uint64_t>(cluster.head->case_names_size()),
                    .css = "UNRECOGNIZED",
                    .note = "with " + Counted(cluster.head->files(), "file")});
  }
  if (bars.size() < 2) return "";
  return BarChart({.id = "spread", .title = "Cases by cluster", .one = "case"}, bars);
}

// What the tiles count.
struct Totals {
  std::uint64_t files = 0;   // that are to be looked at: of the case, where there is one
  std::uint64_t linked = 0;  // files in clusters
  std::uint64_t clusters = 0;
  std::set<std::string> cases;
};

Totals TotalsOf(const std::vector<Gathered>& clusters, bool of_case) {
  Totals totals;
  for (const Gathered& cluster : clusters) {
    totals.files += of_case ? cluster.head->files_of_case() : cluster.head->files();
    if (cluster.head->cluster_id() != 0) {
      totals.linked += cluster.head->files();
      ++totals.clusters;
    }
    for (const v1::ReportClusterFile* file : cluster.files) {
      totals.cases.insert(file->case_names().begin(), file->case_names().end());
    }
  }
  return totals;
}

std::string AnswerSection(const std::vector<Gathered>& clusters, const Totals& totals, bool of_case,
                          const char* clusters_id) {
  return Section(
      {.id = "answer", .title = "The answer"},
      Tiles({{.number = Number(totals.files),
              .words = of_case ? "files to look at here" : "files to look at",
              .css = "UNRECOGNIZED"},
             {.number = Number(totals.clusters), .words = "clusters of them", .link = clusters_id},
             {.number = Number(totals.linked),
              .words = of_case ? "files in its clusters" : "files in clusters"},
             {.number = Number(totals.cases.size()), .words = "cases hold them"}}) +
          "<p class=\"answer\">A child that nobody looks for yet may be here. Begin with what lies "
          "in most cases: files of a cluster lie near each other, or are the same.</p>"
          "<p class=\"soft\">Nothing known matches these. Among them are files whose leads a "
          "person "
          "rejected, as the child in them is new all the same; files that stand in a benign set "
          "are left out.</p>" +
          ClusterChart(clusters));
}

// The files of each cluster, of so many as a page can hold.
std::string ClusterSections(const std::vector<Gathered>& clusters, bool of_case, std::size_t most) {
  std::string out;
  std::size_t number = 0;
  for (const Gathered& cluster : clusters) {
    if (IsOneFile(cluster)) continue;
    if (cluster.head->cluster_id() == 0) {
      out += Section({.id = "alone",
                      .title = "Near no other",
                      .count_html = Number(cluster.head->files()),
                      .intro_html = "New files of one case that nothing else on record is like."},
                     FileTable(cluster, most));
      continue;
    }
    if (++number > kSections) continue;
    out +=
        Section({.id = fmt::format("cluster-{}", number),
                 .title = fmt::format("Cluster {}", cluster.head->cluster_id()),
                 .intro_html = fmt::format(
                     "{} in {}: {}.", FilesText(*cluster.head, of_case),
                     Counted(static_cast<std::uint64_t>(cluster.head->case_names_size()), "case"),
                     CasesText(cluster.head->case_names()))},
                FileTable(cluster, std::min<std::size_t>(most, kSections)));
  }
  if (number > kSections) {
    out += "<p class=\"soft\">The first 100 of " + Number(number) +
           " clusters are shown; worklist.csv lists all.</p>";
  }
  return out;
}

std::string ContactCell(const v1::NotificationTask& task) {
  const WhomToCall whom = WhomToCallOf(task.contact(), task.agency_desk());
  if (!task.has_contact()) {
    const std::string desk = whom.desk.empty() ? "" : "<br>" + E(whom.desk);
    return "<span class=\"soft\">nobody on record: ask " +
           (task.agency().empty() ? std::string("who identified it") : E(task.agency())) +
           "</span>" + desk;
  }
  std::string out = "<strong>" + E(whom.name) + "</strong>";
  std::string between;
  for (const std::string& way : whom.ways) out += std::exchange(between, "<br>") + E(way);
  return whom.desk.empty() ? out : out + "desk, " + E(whom.desk);
}

std::string RestsOnCell(const v1::NotificationTask& task) {
  if (task.files() == 0) return "<span class=\"soft\">" + E(RestsOnWords(task)) + "</span>";
  const std::string words = E(RestsOnWords(task));
  return Counted(task.files(), "file") + "<br>" +
         (IsLeadsOnly(task) ? "<strong>" + words + "</strong>" : words);
}

std::string TaskTable(const v1::Report& report, bool done, std::size_t most) {
  TableHtml table =
      done ? TableHtml({{"Told on"}, {"By"}, {"Series"}, {"Case"}, {"Due"}})
           : TableHtml({{"Due"}, {"Series"}, {"Case"}, {"Rests on"}, {"Whom to tell"}, {"Since"}});
  std::size_t all = 0;
  for (const v1::NotificationTask& task : report.tasks()) {
    if (task.notified_at().empty() == done) continue;
    if (all++ >= most) continue;
    if (done) {
      table.Add({{E(task.notified_at().substr(0, 10))},
                 {E(task.notified_by())},
                 {E(task.series()), "code"},
                 {E(task.case_name())},
                 {E(task.due_on())}});
    } else {
      table.Add({{E(task.due_on()), "code"},
                 {E(task.series()), "code"},
                 {E(task.case_name())},
                 {RestsOnCell(task)},
                 {ContactCell(task), "call"},
                 {E(task.since())}});
    }
  }
  if (table.empty()) return "";
  return table.Html() + ShownOf(most, all, "notifications.csv");
}

}  // namespace

std::string WorklistBody(const v1::Report& report, std::size_t most) {
  const std::vector<Gathered> clusters = Gather(report);
  const bool of_case = !report.scope().case_name().empty();
  const Totals totals = TotalsOf(clusters, of_case);
  if (clusters.empty()) {
    return Section(
        {.id = "answer", .title = "The answer"},
        "<p class=\"answer\">Every file that could be compared is known, or known to be harmless: "
        "there is nothing new to look at.</p>");
  }
  const std::string same = SameFileSection(clusters, most);
  return AnswerSection(clusters, totals, of_case, same.empty() ? "cluster-1" : "same") + same +
         ClusterSections(clusters, of_case, most);
}

std::string NotificationsBody(const v1::Report& report, std::size_t most) {
  std::uint64_t due = 0;
  std::uint64_t leads_only = 0;
  std::string first;
  std::set<std::string> series;
  for (const v1::NotificationTask& task : report.tasks()) {
    if (!task.notified_at().empty()) continue;
    ++due;
    if (IsLeadsOnly(task)) ++leads_only;
    series.insert(task.series());
    if (first.empty()) first = task.due_on();
  }
  const std::uint64_t done = static_cast<std::uint64_t>(report.tasks_size()) - due;
  std::string words =
      due == 0
          ? std::string("<p class=\"answer\">Nobody is to be told of a case.</p>")
          : fmt::format("<p class=\"answer\">The first of them is due on <b>{}</b>.</p>", E(first));
  if (leads_only > 0) {
    words += "<p class=\"answer\">" + Number(leads_only) + (leads_only == 1 ? " rests" : " rest") +
             " on leads only: somebody confirms one before anybody is told.</p>";
  }
  std::string out =
      Section({.id = "answer", .title = "The answer"},
              Tiles({{.number = Number(due), .words = "to be told", .css = "CONFLICT"},
                     {.number = Number(series.size()), .words = "series"},
                     {.number = Number(done), .words = "told already"}}) +
                  words);
  const std::string open = TaskTable(report, false, most);
  if (!open.empty()) {
    out +=
        Section({.id = "due",
                 .title = "Due",
                 .count_html = Number(due),
                 .intro_html = "Identified series whose side asked to be told of every case. Due "
                               "ten business days after the case met the series, or after the "
                               "series was identified, whichever came later."},
                open);
  }
  const std::string told = TaskTable(report, true, most);
  if (!told.empty()) {
    out += Section({.id = "told", .title = "Told", .count_html = Number(done)}, told);
  }
  return out;
}

}  // namespace kith::report
