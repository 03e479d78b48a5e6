// SPDX-License-Identifier: Apache-2.0
#include "server/casework/report_builder.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/circulation.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/report_cases.h"
#include "server/casework/internal/report_files.h"
#include "server/casework/internal/report_pages.h"
#include "server/casework/internal/report_parts.h"
#include "server/casework/internal/report_words.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

// One report; its parts go out in the order in which the functions are called. Each returns false
// when the reader has gone.
class Builder {
 public:
  Builder(Ledger& ledger, const v1::GetReportRequest& request, const ReportOptions& options,
          const EmitReport& emit)
      : ledger_(ledger),
        directory_(ledger.directory()),
        request_(request),
        options_(options),
        emit_(emit) {}

  absl::Status Build() {
    switch (request_.kind()) {
      case v1::REPORT_KIND_UNSPECIFIED:
      case v1::REPORT_KIND_INITIAL:
        return OfCase(&Builder::Initial);
      case v1::REPORT_KIND_IDENTIFICATION:
        return OfCase(&Builder::Identification);
      case v1::REPORT_KIND_LEADS:
        return request_.case_name().empty() ? OfStore(&Builder::LeadsOfStore)
                                            : OfCase(&Builder::LeadsOfCase);
      case v1::REPORT_KIND_CIRCULATION:
        return request_.series().empty() ? CirculationOfOne() : OfSeries();
      case v1::REPORT_KIND_METHOD:
        return request_.case_name().empty() ? OfStore(&Builder::MethodOfStore)
                                            : OfCase(&Builder::MethodOfCase);
      case v1::REPORT_KIND_WORKLIST:
        return request_.case_name().empty() ? OfStore(&Builder::WorklistOfStore)
                                            : OfCase(&Builder::WorklistOfCase);
      case v1::REPORT_KIND_NOTIFICATIONS:
        return OfStore(&Builder::Notifications);
      default:
        return absl::InvalidArgumentError(
            absl::StrCat("report kind ", request_.kind(), " is not known to this version of kith"));
    }
  }

 private:
  absl::Status OfCase(absl::Status (Builder::*body)(LedgerView& view)) {
    if (!request_.series().empty()) {
      return absl::InvalidArgumentError("this report is of a case, not of a series: name the case");
    }
    KITH_ASSIGN(LedgerView view, LedgerView::Open(ledger_, request_.case_name()));
    KITH_ASSIGN(v1::Report head, CaseHead(view, request_.case_name(), directory_, options_));
    KITH_ASSIGN(const bool taken, Head(std::move(head)));
    if (!taken) return absl::OkStatus();
    return (this->*body)(view);
  }

  absl::Status OfStore(absl::Status (Builder::*body)(Circulation& circulation)) {
    if (!request_.series().empty()) {
      return absl::InvalidArgumentError(
          "this report is of a case or of all: name no series; the circulation is of a series");
    }
    KITH_ASSIGN(catalog::Transaction read, ledger_.database().BeginRead());
    Circulation circulation(&read, &directory_);
    v1::Report head = StoreHead(options_);
    // Of a case that may be purged: what is told of it does not need its files.
    if (!request_.case_name().empty()) {
      KITH_ASSIGN(const v1::GetCaseResponse one, ledger_.GetCase(request_.case_name()));
      NameCase(one.record(), head);
    }
    if (request_.kind() == v1::REPORT_KIND_LEADS) {
      KITH_ASSIGN(const CaseDoubts doubts, circulation.DoubtsOfAll());
      Doubt(doubts, head);
    }
    if (request_.kind() == v1::REPORT_KIND_NOTIFICATIONS) {
      KITH_ASSIGN(const std::set<std::string> holidays, ledger_.Holidays());
      head.mutable_scope()->add_remarks(HolidaysRemark(holidays));
    }
    KITH_ASSIGN(const bool taken, Head(std::move(head)));
    if (!taken) return absl::OkStatus();
    return (this->*body)(circulation);
  }

  void NameCase(const v1::Case& record, v1::Report& head) const {
    head.mutable_scope()->set_case_name(request_.case_name());
    if (record.has_details()) *head.mutable_scope()->mutable_details() = record.details();
  }

  // In the head, so that it is read before the counts.
  static void Doubt(const CaseDoubts& doubts, v1::Report& head) {
    if (doubts.incomplete > 0) head.mutable_scope()->set_complete(false);
    std::string warning = WarningOfCases(doubts);
    if (!warning.empty()) head.mutable_scope()->add_warnings(std::move(warning));
  }

  absl::StatusOr<bool> Head(v1::Report head) {
    head.set_kind(Kind());
    KITH_ASSIGN(std::vector<v1::ReportSet> sets,
                SetsOf(directory_, options_, head.scope().index_version().change()));
    return emit_(std::move(head)) &&
           EmitRecords(std::move(sets), emit_, [](v1::Report& page, v1::ReportSet set) {
             *page.add_sets() = std::move(set);
           });
  }

  [[nodiscard]] v1::ReportKind Kind() const {
    return request_.kind() == v1::REPORT_KIND_UNSPECIFIED ? v1::REPORT_KIND_INITIAL
                                                          : request_.kind();
  }

  bool Series(std::vector<v1::ReportSeries> series) {
    return EmitRecords(std::move(series), emit_, [](v1::Report& page, v1::ReportSeries one) {
      *page.add_series() = std::move(one);
    });
  }

  bool Sightings(std::vector<v1::ReportSighting> sightings) {
    return EmitRecords(std::move(sightings), emit_, [](v1::Report& page, v1::ReportSighting one) {
      *page.add_sightings() = std::move(one);
    });
  }

  absl::Status Initial(LedgerView& view) {
    KITH_ASSIGN(const std::vector<SeriesCount> counts, view.Series());
    std::vector<v1::ReportSeries> series = SeriesOf(counts, directory_);
    KITH_RETURN_IF_ERROR(CountCases(view, series));
    if (!Series(std::move(series))) return absl::OkStatus();
    return Files(view, nullptr);
  }

  absl::Status Files(LedgerView& view, const std::set<std::string>* codes,
                     bool identified_too = false) {
    return EmitFiles(view, options_, emit_, codes, identified_too);
  }

  // The series of a case that are identified, or those that are not.
  absl::StatusOr<std::vector<v1::ReportSeries>> SeriesOfCase(LedgerView& view, bool identified) {
    KITH_ASSIGN(const std::vector<SeriesCount> counts, view.Series());
    std::vector<v1::ReportSeries> series = SeriesOf(counts, directory_);
    std::erase_if(series, [identified](const v1::ReportSeries& one) {
      return (one.series().status() == v1::SERIES_STATUS_IDENTIFIED) != identified;
    });
    return series;
  }

  static std::set<std::string> CodesOf(const std::vector<v1::ReportSeries>& series) {
    std::set<std::string> codes;
    for (const v1::ReportSeries& one : series) codes.insert(one.series().code());
    return codes;
  }

  absl::Status Identification(LedgerView& view) {
    KITH_ASSIGN(std::vector<v1::ReportSeries> series, SeriesOfCase(view, true));
    const std::set<std::string> codes = CodesOf(series);
    KITH_RETURN_IF_ERROR(CountCases(view, series));
    if (!Series(std::move(series))) return absl::OkStatus();
    return Files(view, &codes, true);
  }

  absl::StatusOr<std::vector<v1::ReportSighting>> Meet(Circulation& circulation,
                                                       std::vector<v1::ReportSeries>& series) {
    return MeetCases(circulation, request_.case_name(), series);
  }

  // "This series is now found in its 41st case." A look-up is none, and knows of none.
  absl::Status CountCases(LedgerView& view, std::vector<v1::ReportSeries>& series) {
    if (request_.case_name().empty()) return absl::OkStatus();
    Circulation circulation(&view.read(), &directory_);
    return CountCasesOf(circulation, series);
  }

  absl::Status LeadsOfCase(LedgerView& view) {
    KITH_ASSIGN(std::vector<v1::ReportSeries> series, SeriesOfCase(view, false));
    const std::set<std::string> codes = CodesOf(series);
    Circulation circulation(&view.read(), &directory_);
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, Meet(circulation, series));
    if (!Series(std::move(series)) || !Sightings(std::move(sightings))) return absl::OkStatus();
    return Files(view, &codes);
  }

  absl::Status CirculationOfCase(LedgerView& view) {
    KITH_ASSIGN(const std::vector<SeriesCount> counts, view.Series());
    std::vector<v1::ReportSeries> series = SeriesOf(counts, directory_);
    Circulation circulation(&view.read(), &directory_);
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, Meet(circulation, series));
    if (Series(std::move(series))) Sightings(std::move(sightings));
    return absl::OkStatus();
  }

  // Where one was met is left of a purged case, too.
  absl::Status CirculationOfOne() {
    KITH_ASSIGN(const v1::GetCaseResponse one, ledger_.GetCase(request_.case_name()));
    return one.record().purged_at().empty() ? OfCase(&Builder::CirculationOfCase)
                                            : CirculationOfPurged(one);
  }

  // Of what the purge left, as `kith case show` tells it.
  absl::Status CirculationOfPurged(const v1::GetCaseResponse& one) {
    KITH_ASSIGN(catalog::Transaction read, ledger_.database().BeginRead());
    v1::Report head = StoreHead(options_);
    NameCase(one.record(), head);
    head.mutable_scope()->set_complete(one.record().complete());
    head.mutable_scope()->add_remarks(PurgedRemark(one.record().purged_at()));
    KITH_ASSIGN(const bool taken, Head(std::move(head)));
    if (!taken) return absl::OkStatus();
    std::vector<v1::ReportSeries> series;
    for (const v1::Sighting& sighting : one.sightings()) {
      const auto met = directory_.series.ByName(sighting.series());
      if (met == nullptr) continue;
      series.push_back(SeriesRecord(*met, directory_));
      series.back().set_files(sighting.files());
    }
    SortSeries(series);
    Circulation circulation(&read, &directory_);
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, Meet(circulation, series));
    if (Series(std::move(series))) Sightings(std::move(sightings));
    return absl::OkStatus();
  }

  absl::Status LeadsOfStore(Circulation& circulation) {
    KITH_ASSIGN(std::vector<v1::ReportSeries> series, LeadsMet(circulation, directory_));
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, Meet(circulation, series));
    if (Series(std::move(series))) Sightings(std::move(sightings));
    return absl::OkStatus();
  }

  absl::Status OfSeries() {
    if (!request_.case_name().empty()) {
      return absl::InvalidArgumentError(
          "the circulation is of a case or of a series: name one of them");
    }
    // Of one that was merged, what is told is of the one that it counts as.
    const auto found = directory_.CurrentSeriesNamed(request_.series());
    if (found == nullptr) {
      return absl::NotFoundError(absl::StrCat("no series \"", request_.series(), "\""));
    }
    KITH_ASSIGN(catalog::Transaction read, ledger_.database().BeginRead());
    v1::Report head = StoreHead(options_);
    head.mutable_scope()->set_series(found->code());
    Circulation circulation(&read, &directory_);
    std::vector<v1::ReportSeries> series = {SeriesRecord(*found, directory_)};
    KITH_ASSIGN(std::vector<v1::ReportSighting> sightings, Meet(circulation, series));
    KITH_ASSIGN(const CaseDoubts doubts, circulation.DoubtsOf(*found, sightings));
    Doubt(doubts, head);
    KITH_ASSIGN(const bool taken, Head(std::move(head)));
    if (!taken) return absl::OkStatus();
    SumUp(sightings, series);
    if (Series(std::move(series))) Sightings(std::move(sightings));
    return absl::OkStatus();
  }

  absl::Status MethodOfStore(Circulation& /*circulation*/) {
    v1::Report page;
    KITH_ASSIGN(*page.mutable_method(), MethodOf(options_));
    emit_(std::move(page));
    return absl::OkStatus();
  }

  absl::Status MethodOfCase(LedgerView& view) {
    v1::Report page;
    KITH_ASSIGN(*page.mutable_method(), MethodOf(options_));
    KITH_ASSIGN(std::vector<v1::ReportRun> runs, view.AllRuns());
    // A run names its folder, which may be long.
    std::size_t bytes = 0;
    for (v1::ReportRun& run : runs) {
      bytes += run.ByteSizeLong();
      *page.mutable_method()->add_runs() = std::move(run);
      if (bytes < options_.fragment_bytes) continue;
      if (!emit_(std::exchange(page, {}))) return absl::OkStatus();
      bytes = 0;
    }
    if (!emit_(std::move(page))) return absl::OkStatus();
    KITH_ASSIGN(std::vector<v1::ReportFile> files, view.FilesWithOpinions());
    FilePages pages(emit_, options_.fragment_bytes);
    for (v1::ReportFile& file : files) {
      KITH_RETURN_IF_ERROR(FillLabels(options_, file));
      if (!pages.Add(std::move(file))) return absl::OkStatus();
    }
    pages.Flush();
    return absl::OkStatus();
  }

  absl::Status WorklistOfStore(Circulation& /*circulation*/) { return Worklist(); }
  absl::Status WorklistOfCase(LedgerView& /*view*/) { return Worklist(); }

  absl::Status Worklist() {
    if (!options_.worklist) return absl::OkStatus();
    return options_.worklist(request_.case_name(), [this](v1::ReportCluster cluster) {
      v1::Report page;
      *page.add_clusters() = std::move(cluster);
      return emit_(std::move(page));
    });
  }

  absl::Status Notifications(Circulation& /*circulation*/) {
    if (!options_.notifications) return absl::OkStatus();
    KITH_ASSIGN(std::vector<v1::NotificationTask> tasks, options_.notifications());
    const std::string& name = request_.case_name();
    if (!name.empty()) {
      std::erase_if(tasks,
                    [&name](const v1::NotificationTask& task) { return task.case_name() != name; });
    }
    EmitRecords(std::move(tasks), emit_, [](v1::Report& page, v1::NotificationTask task) {
      *page.add_tasks() = std::move(task);
    });
    return absl::OkStatus();
  }

  Ledger& ledger_;
  const catalog::Directory& directory_;
  const v1::GetReportRequest& request_;
  const ReportOptions& options_;
  const EmitReport& emit_;
};

}  // namespace

absl::Status BuildReport(Ledger& ledger, const v1::GetReportRequest& request,
                         const ReportOptions& options, const EmitReport& emit) {
  return Builder(ledger, request, options, emit).Build();
}

}  // namespace kith::casework
