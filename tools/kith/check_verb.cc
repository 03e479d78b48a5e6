// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "tools/kith/check_summary.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/match_json.h"
#include "tools/kith/progress.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/earlier.h"
#include "tools/report/path_text.h"
#include "tools/report/render.h"
#include "tools/report/sources_to_ask.h"
#include "tools/report/words.h"
#include "tools/report/write.h"
#include "tools/scan/check_run.h"

namespace kith::cli {
namespace {

using Clock = std::chrono::steady_clock;
using report::EscapeText;
using report::Number;

struct CheckFlags {
  std::string folder;
  std::string case_name;
  std::string who;
  std::string out;
  std::optional<std::uint32_t> radius_bits;
  bool exact = false;
  int jobs = 0;
};

// For programs: how pictures are hashed.
std::string_view HashingWord(scan::Hashing mode) {
  switch (mode) {
    case scan::Hashing::kFiltered:
      return "filtered";
    case scan::Hashing::kExactAsked:
      return "exact: asked for";
    case scan::Hashing::kExactForCase:
      return "exact: recorded in a case";
    case scan::Hashing::kExactForDialects:
      break;
  }
  return "exact: hashes of other or unknown dialect";
}

// The real path of the folder that is checked: what the ledger knows it by, so that a second run
// from elsewhere goes on where the first ended.
absl::StatusOr<std::string> RealRoot(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(folder, error);
  if (error) {
    const std::string message = "cannot check " + EscapeText(folder) + ": " + error.message();
    return error == std::errc::no_such_file_or_directory ? absl::NotFoundError(message)
                                                         : absl::PermissionDeniedError(message);
  }
  if (!std::filesystem::is_directory(real, error)) {
    return absl::FailedPreconditionError(
        EscapeText(folder) +
        " is not a folder; kith hash tells of single files, kith check FOLDER "
        "of folders");
  }
  return real.string();
}

absl::Status CheckCaseName(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (name.empty() || (slash != std::string::npos && slash > 0 && slash + 1 < name.size())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("a case is named AGENCY/NUMBER, as DPD/2026-0117; not " +
                                    EscapeText(name));
}

// Nothing is written below the folder that is checked, and a look-up writes to its store too.
absl::Status CheckStoreOutside(const Program& program, const std::string& root) {
  const absl::StatusOr<std::string> store = StoreOnThisMachine(program);
  if (!store.ok()) return store.status();
  if (store->empty() || !report::LiesIn(*store, root)) return absl::OkStatus();
  return absl::InvalidArgumentError("the store " + EscapeText(*store) +
                                    " lies in the checked folder, which must not change; name "
                                    "another with --store, or move it");
}

class CheckVerb {
 public:
  CheckVerb(const Program& program, const CheckFlags& flags)
      : program_(program), flags_(flags), paint_(program), progress_(program) {}

  int Run() {
    const auto root = RealRoot(flags_.folder);
    if (!root.ok()) return Fail(root.status());
    if (absl::Status status = CheckCaseName(flags_.case_name); !status.ok()) return Fail(status);
    if (absl::Status status = CheckStoreOutside(program_, *root); !status.ok()) return Fail(status);
    std::error_code error;
    made_folder_ = flags_.out.empty() || !std::filesystem::exists(flags_.out, error);
    const auto out = report::PrepareFolder(flags_.out, *root);
    if (!out.ok()) return Fail(out.status());
    root_ = *root;
    out_ = *out;
    v1::ReportScope scope;
    scope.set_case_name(flags_.case_name);
    scope.set_root(root_);
    if (absl::Status status = report::MayReplace(out_, v1::REPORT_KIND_INITIAL, scope);
        !status.ok()) {
      return Failed(status);
    }
    auto connection = ConnectEngine(program_, "check");
    if (!connection.ok()) return Failed(connection.status());
    return Check(**connection);
  }

 private:
  int Check(const server::Connection& connection) {
    scan::CheckOptions options;
    options.root = root_;
    options.case_name = flags_.case_name;
    options.who = flags_.who;
    options.radius_bits = flags_.radius_bits;
    options.exact = flags_.exact;
    options.threads =
        flags_.jobs > 0 ? flags_.jobs : static_cast<int>(std::thread::hardware_concurrency());
    options.count_first = progress_.wanted();
    options.stop = interrupt_.stop();
    scan::CheckEvents events;
    events.opened = [&](const v1::MatchStreamOpened& opened) {
      opened_ = true;
      Opened(opened, scan::HowToHash(options, opened));
    };
    events.progress = [this](const scan::CheckProgress& now) { ShowProgress(now); };
    if (program_.json) {
      events.file = [](const v1::EvidenceFile& file, const v1::MatchResult& result) {
        PrintFile(file, result);
      };
    }
    begun_ = Clock::now();
    interrupt_.RunBegins(!flags_.case_name.empty());
    const auto outcome = scan::RunCheck(connection.channel(), options, events);
    progress_.Clear();
    if (!outcome.ok()) return Failed(Explained(outcome.status(), connection));
    return Conclude(*outcome);
  }

  void Opened(const v1::MatchStreamOpened& opened, scan::Hashing mode) {
    if (program_.json) {
      nlohmann::ordered_json line{{"type", "start"}, {"format", 1}};
      report::PutBytes(line, "root", root_);
      line["case"] = flags_.case_name;
      line["recorded"] = !flags_.case_name.empty();
      line["index_version"] = report::VersionJson(opened.index_version());
      line["paths_on_record"] = opened.recorded_paths();
      line["hashing"] = HashingWord(mode);
      PrintJson(line);
    }
    if (flags_.case_name.empty()) {
      Note("Look-up only: nothing is recorded. To record it, give --case AGENCY/NUMBER.");
    } else if (opened.new_case()) {
      Note("New case " + EscapeText(flags_.case_name) +
           (opened.new_agency() ? ", of an agency that was not known until now." : "."));
    } else if (opened.recorded_paths() > 0) {
      Note(fmt::format("Case {} goes on: {} on record; what is unchanged is not read again.",
                       EscapeText(flags_.case_name),
                       report::Counted(opened.recorded_paths(), "path")));
    }
    if (mode == scan::Hashing::kExactForCase) {
      Note("Every picture is hashed exactly, so that later lists can be matched with the record.");
    } else if (mode == scan::Hashing::kExactForDialects) {
      Note(
          "Every picture is hashed exactly: an enabled set has, or may have, hashes of another or "
          "of unknown dialect, which fast hashes cannot rule out.");
    }
  }

  static void PrintFile(const v1::EvidenceFile& file, const v1::MatchResult& result) {
    nlohmann::ordered_json line{{"type", "file"}};
    report::PutBytes(line, "path", file.path());
    line["disposition"] = report::DispositionWord(file.fingerprint().disposition());
    line["detail"] = file.fingerprint().detail();
    line["size_bytes"] = file.fingerprint().size_bytes();
    line.update(ResultJson(result));
    PrintJson(line);
  }

  void ShowProgress(const scan::CheckProgress& now) {
    const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    const std::uint64_t done = now.files - now.resumed;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    const double megabytes = seconds > 0 ? static_cast<double>(now.bytes) / 1e6 / seconds : 0;
    std::string line;
    if (now.expected_files > 0) {
      const double share = static_cast<double>(now.files) / static_cast<double>(now.expected_files);
      line = fmt::format("{} {:3.0f}%  {} of {} entries", Bar(share, 24),
                         100 * std::min(1.0, share), Number(now.files), Number(now.expected_files));
    } else {
      line = fmt::format("{} entries", Number(now.files));
    }
    line += fmt::format("  {:.0f}/s  {:.1f} MB/s", rate, megabytes);
    if (now.expected_files > now.files && rate > 0) {
      line += "  " + Duration(static_cast<double>(now.expected_files - now.files) / rate) + " left";
    }
    progress_.Show(line);
  }

  int Failed(const absl::Status& status) const {
    const int code = Fail(status);
    // A folder that was made for a report that does not come; with anything in it, it stays.
    if (made_folder_) (void)::rmdir(out_.c_str());
    if (opened_ && !flags_.case_name.empty()) {
      Note("What was answered until now is on record. Run the same command again to go on.");
    }
    return interrupt_.requested() ? kExitInterrupted : code;
  }

  int Conclude(const scan::CheckOutcome& outcome) const {
    const absl::Status written = report::WriteReport(outcome.report, out_);
    int code = ExitCodeOf(outcome.report);
    if (code == kExitDone && (outcome.walk.error_count > 0 || !outcome.sums_agree)) {
      code = kExitNotAllRead;
    }
    if (!outcome.complete) code = kExitInterrupted;
    if (!written.ok()) code = kExitError;
    if (!outcome.sums_agree) {
      Note(
          fmt::format("kith: {} were seen, but another number was answered: do not rely on this "
                      "run, and tell its makers",
                      report::Counted(outcome.walk.entries, "entry", "entries")));
    }
    // Of a report that could not be written, this is all that is left of the answer.
    if (program_.json) {
      PrintSummaryLine(outcome, code, written.ok());
    } else {
      PrintSummary(outcome, written.ok());
    }
    if (!written.ok()) (void)Failed(written);
    return code;
  }

  void PrintSummaryLine(const scan::CheckOutcome& outcome, int code, bool written) const {
    nlohmann::ordered_json line{{"type", "summary"}};
    line["case"] = flags_.case_name;
    line["recorded"] = !flags_.case_name.empty();
    // Of all that is told, as the text and the report say it; a case may have other folders.
    line["complete"] = outcome.report.scope().complete();
    line["run_complete"] = outcome.complete;
    line["warnings"] = nlohmann::ordered_json::array();
    for (const std::string& warning : outcome.report.scope().warnings()) {
      line["warnings"].push_back(warning);
    }
    line["remarks"] = nlohmann::ordered_json::array();
    for (const std::string& remark : outcome.report.scope().remarks()) {
      line["remarks"].push_back(remark);
    }
    line.update(report::SummaryJson(outcome.report.summary()));
    line["resumed"] = outcome.progress.resumed;
    line["hashing"] = HashingWord(outcome.mode);
    line["ruled_out_by_fast_hash"] = outcome.ruled_out;
    line["walk_errors"] = outcome.walk.error_count;
    line["series"] = nlohmann::ordered_json::array();
    for (const v1::ReportSeries& series : outcome.report.series()) {
      nlohmann::ordered_json one = report::SeriesJson(series.series());
      one["agency_desk"] = series.agency_desk();
      one["files"] = series.files();
      one["files_by_digest"] = series.files_by_digest();
      if (!flags_.case_name.empty()) one["cases"] = series.cases();
      one["nearest_lead_distance"] = nullptr;
      if (series.has_lead()) one["nearest_lead_distance"] = series.nearest_lead_bits();
      line["series"].push_back(std::move(one));
    }
    line["sources_to_ask"] = nlohmann::ordered_json::array();
    for (const report::SourceToAsk& source : report::SourcesToAsk(outcome.report)) {
      line["sources_to_ask"].push_back({{"set", source.set},
                                        {"source", source.source},
                                        {"files", source.files},
                                        {"series", source.series}});
    }
    line["report"] = nullptr;
    if (written) report::PutBytes(line, "report", out_);
    line["exit_code"] = code;
    PrintJson(line);
  }

  void PrintSummary(const scan::CheckOutcome& outcome, bool written) const {
    std::string text = CheckSummary(outcome.report, root_, paint_);
    const double seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    const std::uint64_t read = outcome.progress.files - outcome.progress.resumed;
    text += fmt::format("\n{} in {}", report::Counted(read, "entry", "entries"), Duration(seconds));
    if (outcome.progress.resumed > 0) {
      text += fmt::format(", {} on record from before", Number(outcome.progress.resumed));
    }
    text += ". " + std::string(flags_.case_name.empty()
                                   ? "Nothing was recorded: this was a look-up."
                                   : "Recorded in case " + EscapeText(flags_.case_name) + ".");
    if (outcome.mode == scan::Hashing::kExactForDialects) {
      text +=
          "\nEvery picture was hashed exactly, as hashes of an enabled set are of cli512 or of "
          "unknown dialect (kith set list).\nA list made with HMA, tx or pdqhash-python is of "
          "full: in a set added with --dialect full it leaves look-ups fast.";
    }
    text += "\nReport: " + (written ? paint_.Bold(EscapeText(out_ + "/report.html")) +
                                          " (and report.csv, report.json)"
                                    : paint_.Alarm("NOT WRITTEN"));
    PrintLine(text);
  }

  Interrupt interrupt_;  // first: threads that are made later must not get its signals
  const Program& program_;
  const CheckFlags& flags_;
  const Paint paint_;
  Progress progress_;
  std::string root_;
  std::string out_;
  bool made_folder_ = false;  // for the report
  Clock::time_point begun_;
  bool opened_ = false;  // the engine took the run: files may have been answered
};

}  // namespace

void AddCheckVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "check",
      "Tells for every file of a folder whether it is known, whether the children in it have been\n"
      "identified, and whom to call. Nothing in the folder changes. With --case the answer is\n"
      "recorded, and a run that was interrupted goes on where it ended; without, nothing is kept.\n"
      "A report of another case, or of another look-up, in the folder of --out is not replaced.\n"
      "With --json a run that goes on prints a line for each file that it read itself; the whole\n"
      "case stands in report.json.\n"
      "Ctrl-C stops it with a report that says that it is incomplete; twice ends it at once.\n"
      "Exits 0 when nothing known was found, 1 when something was, 3 when nothing was but not all\n"
      "could be read or compared, as the notes tell, 2 for an error, 130 when interrupted.",
      "kith check /mnt/exhibit-7\n"
      "kith check /mnt/exhibit-7 --case DPD/2026-0117 --out report\n"
      "kith check /mnt/exhibit-7 --json --server 127.0.0.1:7475 > files.jsonl");
  auto flags = std::make_shared<CheckFlags>();
  verb->add_option("folder", flags->folder, "The folder")->type_name("FOLDER")->required();
  AddWhoFlag(*verb, program, flags->who);
  verb->add_option("--case", flags->case_name, "Record the answer in this case")
      ->type_name("AGENCY/NUMBER");
  verb->add_option("--out", flags->out, "Folder of the report (default: a new ./kith-report)")
      ->type_name("DIR");
  verb->add_option("--radius", flags->radius_bits,
                   "Largest PDQ distance in bits (default and most: each set's own)")
      ->check(CLI::Range(0, 31))
      ->type_name("BITS");
  verb->add_flag("--exact", flags->exact,
                 "Hash exactly also where a fast hash rules a match out; the answer is the same");
  verb->add_option("--jobs", flags->jobs, "Files read at a time (default: the number of cores)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  AddProgressFlag(*verb, program);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return CheckVerb(program, *flags).Run(); });
}

}  // namespace kith::cli
