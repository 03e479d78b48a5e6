// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/hash_text.h"
#include "tools/kith/line_reader.h"
#include "tools/kith/progress.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::ImportService::Stub;

struct ImportFlags {
  std::string set;
  std::string series;
  std::string file;
  std::string dialect = "unknown";
  std::string kind = "by-length";
  bool skip_bad = false;
};

// Records a batch, below the limit that the service tells.
constexpr std::size_t kBatch = 10'000;
constexpr std::size_t kBadLinesShown = 20;

class ImportRun {
 public:
  ImportRun(const Program& program, const ImportFlags& flags, Stub& stub)
      : program_(program), flags_(flags), stub_(stub), progress_(program) {}

  absl::StatusOr<int> Run() {
    absl::StatusOr<LineReader> reader = LineReader::Open(flags_.file, kMaxListLineBytes);
    if (!reader.ok()) return reader.status();
    if (absl::Status status = Begin(); !status.ok()) return status;
    absl::Status status = SendAll(*reader);
    progress_.Clear();
    if (status.ok()) status = Verdict();
    if (!status.ok()) {
      // Without an answer the service drops the import by itself.
      v1::AbortImportRequest abort;
      abort.set_import_id(import_id_);
      (void)Call(stub_, &Stub::AbortImport, abort);
      return status;
    }
    v1::CommitImportRequest commit;
    commit.set_import_id(import_id_);
    commit.set_batches(batches_);
    const auto committed = Call(stub_, &Stub::CommitImport, commit);
    if (!committed.ok()) return committed.status();
    Summary(*committed);
    return kExitDone;
  }

 private:
  absl::Status Begin() {
    v1::BeginImportRequest begin;
    begin.set_set(flags_.set);
    begin.set_series(flags_.series);
    begin.set_source(flags_.file == "-" ? "standard input" : report::EscapeText(flags_.file));
    const auto begun = Call(stub_, &Stub::BeginImport, begin);
    if (absl::IsNotFound(begun.status())) {
      const auto message = begun.status().message();
      return absl::NotFoundError(
          fmt::format("{}; add a set with: kith set add NAME, a series with: kith series add CODE",
                      std::string(message.data(), message.size())));
    }
    if (!begun.ok()) return begun.status();
    import_id_ = begun->import_id();
    return absl::OkStatus();
  }

  Kind64 Kind() const {
    return flags_.kind == "pdq"      ? Kind64::kPdq
           : flags_.kind == "sha256" ? Kind64::kSha256
                                     : Kind64::kEither;
  }

  absl::Status SendAll(LineReader& reader) {
    std::string text;
    while (true) {
      const absl::StatusOr<bool> more = reader.Next(text);
      if (!more.ok()) return more.status();
      if (!*more) break;
      const absl::StatusOr<ListLine> line = ParseListLine(text, Kind(), reader.number() == 1);
      if (!line.ok()) {
        const auto message = line.status().message();
        Bad(reader.number(), std::string(message.data(), message.size()));
        continue;
      }
      if (line->blank) continue;
      ++lines_;
      if (bad_ > 0 && !flags_.skip_bad) continue;  // nothing will be imported: only look on
      Add(*line, reader.number());
      if (numbers_.size() >= kBatch) {
        if (absl::Status status = Send(); !status.ok()) return status;
      }
    }
    return bad_ > 0 && !flags_.skip_bad ? absl::OkStatus() : Send();
  }

  void Add(const ListLine& line, std::size_t number) {
    v1::Entry& entry = *request_.add_records();
    entry.set_source_ref(line.text);
    *entry.mutable_digests() = line.hash.digests;
    if (!line.hash.pdq.empty()) {
      v1::Code& code = *entry.add_codes();
      code.set_pdq(line.hash.pdq);
      code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
      code.set_orientation(v1::ORIENTATION_ORIGINAL);
      code.set_dialect(report::DialectOfWord(flags_.dialect));
      if (!line.hash.digests.sha256().empty()) ++either_;
    }
    numbers_.push_back(number);
  }

  absl::Status Send() {
    if (numbers_.empty()) return absl::OkStatus();
    request_.set_import_id(import_id_);
    request_.set_batch(batches_);
    const auto response = Call(stub_, &Stub::AddImportRecords, request_);
    if (!response.ok()) return response.status();
    ++batches_;
    for (const v1::ItemError& error : response->refused()) {
      if (error.item() < numbers_.size()) Bad(numbers_[error.item()], error.reason());
    }
    numbers_.clear();
    request_.clear_records();
    progress_.Show(fmt::format("{} lines read", report::Number(lines_)));
    return absl::OkStatus();
  }

  void Bad(std::size_t number, const std::string& reason) {
    if (++bad_ > kBadLinesShown) return;
    progress_.Clear();
    Note(fmt::format("kith: line {}: {}", number, report::EscapeText(reason)));
  }

  // Whether what was staged may be committed.
  absl::Status Verdict() const {
    if (bad_ > kBadLinesShown) {
      Note(fmt::format("kith: and {} more bad lines", report::Number(bad_ - kBadLinesShown)));
    }
    if (bad_ > 0 && !flags_.skip_bad) {
      return absl::InvalidArgumentError(
          fmt::format("{} bad of {}: nothing was imported; mend the list, or leave "
                      "the bad lines out with --skip-bad",
                      report::Counted(bad_, "line"), report::Number(lines_ + bad_)));
    }
    if (batches_ == 0) {
      return absl::InvalidArgumentError("the list holds no hash: nothing was imported");
    }
    return absl::OkStatus();
  }

  void Summary(const v1::CommitImportResponse& done) const {
    if (program_.json) {
      return PrintJson({{"type", "import"},
                        {"set", flags_.set},
                        {"added", done.added()},
                        {"already_there", done.already_there()},
                        {"bad_lines", bad_},
                        {"pdq_or_sha256", either_},
                        {"change", done.index_version().change()}});
    }
    PrintLine(fmt::format("{} added to {}, {} already there{}.",
                          report::Counted(done.added(), "entry", "entries"),
                          report::EscapeText(flags_.set), report::Number(done.already_there()),
                          bad_ == 0 ? "" : ", " + report::Counted(bad_, "bad line") + " left out"));
    if (either_ > 0) {
      Note(
          fmt::format("{} of 64 digits taken as PDQ and as SHA-256, since the length does not "
                      "tell; --kind pdq or --kind sha256 says which.",
                      report::Counted(either_, "value")));
    }
  }

  const Program& program_;
  const ImportFlags& flags_;
  Stub& stub_;
  Progress progress_;
  std::string import_id_;
  v1::AddImportRecordsRequest request_;
  std::vector<std::size_t> numbers_;  // line of each record of the request
  std::uint64_t batches_ = 0;
  std::uint64_t lines_ = 0;  // good ones
  std::uint64_t bad_ = 0;
  std::uint64_t either_ = 0;
};

}  // namespace

void AddImportVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "import",
      "Brings a list of hashes into a hash set: all of it, or with a bad line nothing.\n"
      "One hash a line, its kind told by its length (32 digits MD5, 40 SHA-1, 64 PDQ or SHA-256),\n"
      "optionally a comma and text, which matches give back as source_ref. Blank lines and lines\n"
      "that start with # are skipped.",
      "kith import --set national list.txt\n"
      "kith import --set national --kind pdq --dialect full pdq.csv\n"
      "zcat list.gz | kith import --set national --skip-bad -");
  auto flags = std::make_shared<ImportFlags>();
  verb->add_option("--set", flags->set, "The hash set")->type_name("NAME")->required();
  verb->add_option("--series", flags->series, "The series that all lines belong to")
      ->type_name("CODE");
  verb->add_option("--dialect", flags->dialect, "How the PDQ hashes were made")
      ->check(CLI::IsMember({"full", "cli512", "unknown"}))
      ->type_name("NAME");
  verb->add_option("--kind", flags->kind, "What 64 digits are: pdq, sha256, or both (by-length)")
      ->check(CLI::IsMember({"pdq", "sha256", "by-length"}))
      ->type_name("KIND");
  verb->add_flag("--skip-bad", flags->skip_bad, "Leave bad lines out and import the rest");
  verb->add_option("file", flags->file, "The list, or - for standard input")
      ->type_name("FILE")
      ->required();
  AddProgressFlag(*verb, program);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] {
    return WithEngine<v1::ImportService>(
        program, "import", [&](Stub& stub) { return ImportRun(program, *flags, stub).Run(); });
  });
}

}  // namespace kith::cli
