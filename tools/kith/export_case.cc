// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/export_case.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "proto/kith/v1/case.grpc.pb.h"
#include "tools/exchange/case_writers.h"
#include "tools/kith/out_file.h"
#include "tools/kith/progress.h"
#include "tools/kith/report_beginning.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"
#include "tools/report/write.h"

namespace kith::cli {
namespace {

// Takes the fragments of a report as they come.
class CaseStream {
 public:
  CaseStream(const Program& program, const CaseExport& flags)
      : flags_(flags),
        progress_(program),
        writer_(exchange::MakeCaseWriter(
            flags.format, [this](std::string_view bytes) { return file_.Write(bytes); },
            flags.case_name, flags.scheme)) {}

  // Before the report is given out.
  absl::Status Open(v1::CaseService::Stub& stub, const v1::GetReportRequest& request) {
    if (flags_.out.empty()) return file_.Open("", false);
    const auto beginning = BeginningOf(stub, request);
    if (!beginning.ok()) return beginning.status();
    const absl::Status outside = report::CheckOutside(flags_.out, beginning->roots);
    return outside.ok() ? file_.Open(flags_.out, false) : outside;
  }

  absl::Status Take(v1::GetReportResponse& fragment) {
    if (!fragment.has_report()) return absl::OkStatus();
    v1::Report& report = *fragment.mutable_report();
    if (!std::exchange(begun_, true)) {
      if (auto status = writer_->Begin(); !status.ok()) return status;
    }
    TakeHead(report);
    for (v1::ReportFile& file : *report.mutable_files()) {
      if (auto status = TakeFile(std::move(file)); !status.ok()) return status;
    }
    progress_.Show(fmt::format("{} of {} files", report::Number(writer_->counts().written),
                               report::Number(files_)));
    return absl::OkStatus();
  }

  absl::Status End() {
    progress_.Clear();
    absl::Status status = WritePending();
    if (status.ok()) status = writer_->End();
    return status.ok() ? file_.Close() : status;
  }

  void Clear() { progress_.Clear(); }
  [[nodiscard]] const exchange::CaseCounts& counts() const { return writer_->counts(); }
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void TakeHead(const v1::Report& report) {
    if (report.has_summary()) files_ = report.summary().files();
    if (!report.has_scope()) return;
    complete_ = complete_ || report.scope().complete();
    for (const std::string& warning : report.scope().warnings()) warnings_.push_back(warning);
    for (const std::string& remark : report.scope().remarks()) warnings_.push_back(remark);
  }

  // A file of very many paths comes in several messages.
  absl::Status TakeFile(v1::ReportFile file) {
    if (pending_ && file.continued() && file.sha256() == pending_->sha256()) {
      for (std::string& path : *file.mutable_paths()) pending_->add_paths(std::move(path));
      return absl::OkStatus();
    }
    if (auto status = WritePending(); !status.ok()) return status;
    pending_ = std::move(file);
    return absl::OkStatus();
  }

  absl::Status WritePending() {
    if (!pending_) return absl::OkStatus();
    absl::Status status = writer_->Add(*pending_);
    pending_.reset();
    return status;
  }

  const CaseExport& flags_;
  OutFile file_;
  Progress progress_;
  std::unique_ptr<exchange::CaseWriter> writer_;
  std::vector<std::string> warnings_;
  std::optional<v1::ReportFile> pending_;
  std::uint64_t files_ = 0;
  bool begun_ = false;
  bool complete_ = false;
};

void TellForPeople(const CaseExport& flags, const CaseStream& stream) {
  const exchange::CaseCounts& counts = stream.counts();
  Note(fmt::format("{} of {} written as {}: {} with a category of {}",
                   report::Counted(counts.written, "file"), report::EscapeText(flags.case_name),
                   flags.format, report::Number(counts.categorised),
                   report::EscapeText(flags.scheme)));
  const auto tell = [](std::uint64_t count, const char* what) {
    if (count > 0) Note(fmt::format("{} {}", report::Counted(count, "file"), what));
  };
  tell(counts.leads,
       "with a lead that nobody has confirmed: told in words, which gives no category");
  tell(counts.contradicted, "without a category, as the sets contradict each other");
  tell(counts.without_category,
       "without a category, as it is of another scheme than --scheme says, or no number");
  tell(counts.unreadable, "left out: not readable, so without a digest");
  tell(counts.without_md5, "left out: without an MD5, by which the format tells files");
  tell(counts.no_media, "left out: neither picture nor video");
  for (const std::string& warning : stream.warnings()) Note(report::EscapeMessage(warning));
}

void Tell(const Program& program, const CaseExport& flags, const CaseStream& stream) {
  if (!program.json || flags.out.empty()) return TellForPeople(flags, stream);
  const exchange::CaseCounts& counts = stream.counts();
  nlohmann::ordered_json line{
      {"type", "case_export"}, {"case", flags.case_name}, {"format", flags.format}};
  report::PutBytes(line, "out", flags.out);
  line["scheme"] = flags.scheme;
  line["complete"] = stream.complete();
  line["files"] = counts.written;
  line["categorised"] = counts.categorised;
  line["leads"] = counts.leads;
  line["contradicted"] = counts.contradicted;
  line["without_category"] = counts.without_category;
  line["unreadable"] = counts.unreadable;
  line["without_md5"] = counts.without_md5;
  line["no_media"] = counts.no_media;
  line["warnings"] = stream.warnings();
  PrintJson(line);
}

}  // namespace

absl::StatusOr<int> ExportCase(const Program& program, const CaseExport& flags,
                               const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::CaseService::NewStub(channel);
  v1::GetReportRequest request;
  request.set_kind(v1::REPORT_KIND_INITIAL);
  request.set_case_name(flags.case_name);
  request.set_record(true);
  request.set_who(flags.who);
  CaseStream stream(program, flags);
  if (auto status = stream.Open(*stub, request); !status.ok()) return status;
  grpc::ClientContext context;
  const auto reader = stub->GetReport(&context, request);
  v1::GetReportResponse fragment;
  absl::Status taken;
  while (taken.ok() && reader->Read(&fragment)) taken = stream.Take(fragment);
  if (!taken.ok()) {
    stream.Clear();
    context.TryCancel();
    (void)reader->Finish();
    return taken;
  }
  if (const grpc::Status status = reader->Finish(); !status.ok()) {
    stream.Clear();
    return ShownStatus(status);
  }
  if (auto status = stream.End(); !status.ok()) return status;
  Tell(program, flags, stream);
  return kExitDone;
}

}  // namespace kith::cli
