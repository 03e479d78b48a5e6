// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/report_verb.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "proto/kith/v1/case.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/listing.h"
#include "tools/kith/report_beginning.h"
#include "tools/kith/signature.h"
#include "tools/report/earlier.h"
#include "tools/report/kinds.h"
#include "tools/report/merge.h"
#include "tools/report/path_text.h"
#include "tools/report/write.h"

namespace kith::cli {
namespace {

absl::StatusOr<v1::Report> Fetch(v1::CaseService::Stub& stub, const v1::GetReportRequest& request) {
  grpc::ClientContext context;
  const auto stream = stub.GetReport(&context, request);
  v1::Report report;
  v1::GetReportResponse fragment;
  while (stream->Read(&fragment)) {
    report::MergeFragment(std::move(*fragment.mutable_report()), report);
  }
  if (const grpc::Status status = stream->Finish(); !status.ok()) return ShownStatus(status);
  return report;
}

// What a kind is of, before anybody is asked.
absl::Status CheckSubject(v1::ReportKind kind, bool has_case, bool has_series) {
  const std::string word(report::KindWord(kind));
  if (has_case && has_series) {
    return absl::InvalidArgumentError("give --case or --series, not both");
  }
  if (kind == v1::REPORT_KIND_CIRCULATION && !has_case && !has_series) {
    return absl::InvalidArgumentError(
        "circulation is of a case or of a series: give --case AGENCY/NUMBER or --series CODE");
  }
  if (has_series && kind != v1::REPORT_KIND_CIRCULATION) {
    return absl::InvalidArgumentError(word + " is not of a series; only circulation is");
  }
  if (report::KindIsOfACase(kind) && !has_case) {
    return absl::InvalidArgumentError(word + " is of a case: give --case AGENCY/NUMBER");
  }
  return absl::OkStatus();
}

struct ReportFlags {
  std::string kind;
  std::string case_name;
  std::string series;
  std::string out;
  std::string who;
};

int List(const Program& program, const std::string& case_name) {
  using Stub = v1::CaseService::Stub;
  return WithEngine<v1::CaseService>(program, "report", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::ListReportsRequest request;
    request.set_case_name(case_name);
    Table table({">REPORT", "KIND", "CASE", "SERIES", "MADE", "WHO", ">CHANGE", "SHA-256"});
    absl::Status status =
        ForEachPage(stub, &Stub::ListReports, request, [&](const v1::ListReportsResponse& page) {
          for (const v1::ReportRecord& record : page.reports()) {
            if (program.json) PrintJson(Typed("report_made", ReportRecordJson(record)));
            table.Add({std::to_string(record.report_id()),
                       std::string(report::KindWord(record.kind())), record.case_name(),
                       record.series(), record.made_at(), record.who(),
                       std::to_string(record.change()), record.sha256().substr(0, 12)});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no report was given out yet");
    return kExitDone;
  });
}

int Run(const Program& program, const ReportFlags& flags) {
  if (flags.kind == "list") {
    if (!flags.series.empty() || !flags.out.empty()) {
      return Fail(absl::InvalidArgumentError("kith report list writes nothing: it takes --case"));
    }
    return List(program, flags.case_name);
  }
  v1::GetReportRequest request;
  request.set_kind(report::KindOfWord(flags.kind));
  request.set_case_name(flags.case_name);
  request.set_series(flags.series);
  request.set_who(flags.who);
  const absl::Status fits =
      CheckSubject(request.kind(), !flags.case_name.empty(), !flags.series.empty());
  if (!fits.ok()) return Fail(fits);
  return WriteReportOf(program, request, flags.out);
}

}  // namespace

nlohmann::ordered_json ReportRecordJson(const v1::ReportRecord& record) {
  return {{"report", record.report_id()}, {"kind", report::KindWord(record.kind())},
          {"case", record.case_name()},   {"series", record.series()},
          {"change", record.change()},    {"sha256", record.sha256()},
          {"made_at", record.made_at()},  {"who", record.who()}};
}

int WriteReportOf(const Program& program, v1::GetReportRequest request, const std::string& out) {
  // First: threads that are made later must not get its signals. Ctrl-C leaves no half report.
  const Interrupt interrupt;
  const auto write = [&](v1::CaseService::Stub& stub) -> absl::StatusOr<int> {
    const auto beginning = BeginningOf(stub, request);
    if (!beginning.ok()) return beginning.status();
    // The evidence may be mounted no more; where it is, it must not change.
    const auto folder = report::PrepareFolder(out, beginning->roots);
    if (!folder.ok()) return folder.status();
    if (absl::Status status = report::MayReplace(*folder, request.kind(), beginning->scope);
        !status.ok()) {
      return status;
    }
    request.set_record(true);
    const auto fetched = Fetch(stub, request);
    if (!fetched.ok()) return fetched.status();
    if (absl::Status status = report::WriteReport(*fetched, *folder); !status.ok()) {
      return status;
    }
    const std::string page = *folder + "/" + report::KindFile(fetched->kind()) + ".html";
    if (program.json) {
      // Of what the report says itself, by whatever name it was asked for.
      nlohmann::ordered_json line{{"type", "report"},
                                  {"kind", std::string(report::KindWord(fetched->kind()))},
                                  {"case", fetched->scope().case_name()},
                                  {"series", fetched->scope().series()}};
      report::PutBytes(line, "folder", *folder);
      report::PutBytes(line, "page", page);
      PrintJson(line);
    } else {
      PrintLine("Report: " + report::EscapeText(page));
    }
    return kExitDone;
  };
  return WithEngine<v1::CaseService>(program, "report", write);
}

void AddReportVerb(CLI::App& app, Program& program) {
  std::string kinds;
  std::vector<std::string> words;
  for (const v1::ReportKind kind : report::AllKinds()) {
    words.emplace_back(report::KindWord(kind));
    kinds += fmt::format("\n  {:<15}{}", report::KindWord(kind), report::KindPurpose(kind));
  }
  words.emplace_back("list");
  kinds += fmt::format("\n  {:<15}{}", "list", "which reports were given out, of a case or of all");
  CLI::App* verb = AddVerb(
      app, program, "report",
      "Writes a report from what is on record, as a page (HTML), for programs (JSON) and for\n"
      "spreadsheets (CSV). The page opens offline and prints; no report holds pictures or PDQ\n"
      "hashes. Several kinds can go into one folder, where none replaces one of\n"
      "another case or series. That it was given out is put on record, with\n"
      "a digest of what it tells, which is the same as long as the record is. report.csv has a "
      "row\n"
      "for each match with the first path of a file; each other path has one row, of the match "
      "that\n"
      "the verdict rests on or the nearest, and total_matches tells how many there are. The "
      "kinds:" +
          kinds,
      "kith report identification --case DPD/2026-0117 --out report\n"
      "kith report leads --case DPD/2026-0117\n"
      "kith report circulation --series lakeside --out report\n"
      "kith report list --case DPD/2026-0117\n"
      "kith report method --server 127.0.0.1:7475");
  auto flags = std::make_shared<ReportFlags>();
  verb->add_option("kind", flags->kind, "What to tell")
      ->type_name("KIND")
      ->required()
      ->check(CLI::IsMember(words));
  verb->add_option("--case", flags->case_name, "The case")->type_name("AGENCY/NUMBER");
  verb->add_option("--series", flags->series, "The series")->type_name("CODE");
  verb->add_option("--out", flags->out, "Folder of the report (default: a new ./kith-report)")
      ->type_name("DIR");
  AddWhoFlag(*verb, program, flags->who);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return Run(program, *flags); });
}

}  // namespace kith::cli
