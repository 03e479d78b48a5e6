// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/import_run.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/problem_list.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

// An import passes through stages that each want other large pieces of memory. Those that lie by
// themselves go back to the system at the end of a stage, and do not add up.
constexpr int kOwnMappingBytes = 256 << 10;

exchange::ReadOptions OptionsOf(const ImportFlags& flags) {
  exchange::ReadOptions options;
  options.kind64 = flags.kind == "pdq"      ? exchange::Kind64::kPdq
                   : flags.kind == "sha256" ? exchange::Kind64::kSha256
                                            : exchange::Kind64::kEither;
  options.dialect = report::DialectOfWord(flags.dialect);
  options.keep_text = flags.keep_text;
  options.scheme = flags.scheme;
  return options;
}

absl::StatusOr<const exchange::Format*> FormatOf(const ImportFlags& flags, const std::string& file,
                                                 exchange::Source& source) {
  if (!flags.format.empty()) return exchange::FindFormat(flags.format);
  const auto head = source.Head();
  if (!head.ok()) return head.status();
  const auto format = exchange::Recognise(*head);
  if (!format.ok()) {
    const auto message = format.status().message();
    return absl::InvalidArgumentError(report::EscapeText(file) + ": " +
                                      std::string(message.data(), message.size()));
  }
  Note("kith: read as " + std::string((*format)->name) + ", " + std::string((*format)->describe) +
       "; --format takes it for another");
  return *format;
}

// What the set is for decides what may go into it.
absl::StatusOr<v1::Purpose> PurposeOf(v1::CatalogService::Stub& stub, const std::string& set) {
  v1::GetHashSetRequest get;
  get.set_name(set);
  const auto got = Call(stub, &v1::CatalogService::Stub::GetHashSet, get);
  if (absl::IsNotFound(got.status())) return v1::PURPOSE_KNOWN;  // the import says what to do
  if (!got.ok()) return got.status();
  return got->hash_set().purpose();
}

struct OpenFile {
  exchange::Source source;
  const exchange::Format* format;
};

absl::StatusOr<OpenFile> Open(const ImportFlags& flags, const std::string& file) {
  auto source = exchange::Source::Open(file);
  if (!source.ok()) return source.status();
  const auto format = FormatOf(flags, file, *source);
  if (!format.ok()) return format.status();
  return OpenFile{*std::move(source), *format};
}

// One file, in an import of its own.
absl::StatusOr<int> ImportFile(const Program& program, const ImportFlags& flags,
                               const std::string& file, OpenFile& open,
                               const exchange::ReadOptions& options,
                               const std::shared_ptr<grpc::Channel>& channel, ProblemList& problems,
                               Interrupt& interrupt, SaidBefore& before) {
  const auto catalog = v1::CatalogService::NewStub(channel);
  const auto stub = v1::ImportService::NewStub(channel);
  open.source.StopWhen([&interrupt] { return interrupt.requested(); });
  interrupt.RunBegins("\nStopping: nothing of this file is imported, unless it is being stored.");
  return ImportRun(program, flags, file,
                   {*stub, *catalog, open.source, *open.format, problems, interrupt, before})
      .Run(options);
}

int Import(const Program& program, const ImportFlags& flags) {
  Interrupt interrupt;  // first: threads that are made later must not get its signals
  ::mallopt(M_MMAP_THRESHOLD, kOwnMappingBytes);
  // The first one before the store is opened, which may take long.
  auto open = Open(flags, flags.files.front());
  if (!open.ok()) return Fail(open.status());
  auto connection = ConnectEngine(program, "import");
  if (!connection.ok()) return Fail(connection.status());
  const auto catalog = v1::CatalogService::NewStub((*connection)->channel());
  exchange::ReadOptions options = OptionsOf(flags);
  const auto purpose = PurposeOf(*catalog, flags.set);
  if (!purpose.ok()) return Fail(Explained(purpose.status(), **connection));
  options.purpose = *purpose;
  ProblemList problems(flags.problems);
  SaidBefore before;
  std::size_t done = 0;
  for (const std::string& file : flags.files) {
    if (done > 0) open = Open(flags, file);
    absl::StatusOr<int> code = absl::CancelledError("stopped");
    if (!open.ok()) {
      code = open.status();
    } else if (!interrupt.requested()) {
      code = ImportFile(program, flags, file, *open, options, (*connection)->channel(), problems,
                        interrupt, before);
    }
    if (code.ok()) {
      ++done;
      continue;
    }
    const int failed = Fail(Explained(code.status(), **connection));
    // Later files may take back what earlier ones say: none is left out in between.
    if (flags.files.size() > 1) {
      Note("kith: " + report::Number(done) + " of " + report::Number(flags.files.size()) +
           " files were imported; not " + report::EscapeText(file) + " and those behind it");
    }
    return absl::IsCancelled(code.status()) ? kExitInterrupted : failed;
  }
  return kExitDone;
}

std::string FormatList() {
  std::string list;
  for (const exchange::Format& format : exchange::Formats()) {
    list += "\n  " + std::string(format.name);
    list.append(format.name.size() < 16 ? 16 - format.name.size() : 1, ' ');
    list += format.describe;
  }
  return list;
}

void AddImportFlags(CLI::App& verb, ImportFlags& flags) {
  std::vector<std::string> names;
  for (const exchange::Format& format : exchange::Formats()) names.emplace_back(format.name);
  verb.add_option("--set", flags.set, "The hash set")->type_name("NAME")->required();
  verb.add_option("--format", flags.format, "Take the file for this format")
      ->check(CLI::IsMember(names))
      ->type_name("NAME");
  verb.add_option("--series", flags.series, "The series that all records belong to")
      ->type_name("CODE");
  verb.add_option("--series-names", flags.series_names,
                  "What a series that a record names becomes: create it where there is none, link "
                  "to one that is there, or ignore it")
      ->check(CLI::IsMember({"create", "link", "ignore"}))
      ->type_name("HOW");
  verb.add_option("--scheme", flags.scheme, "Whose categories the records have: vics-us, ...")
      ->type_name("NAME");
  verb.add_flag("--keep-text", flags.keep_text, "Carry comments, notes and other free text too");
  verb.add_option("--dialect", flags.dialect, "How the PDQ hashes were made")
      ->check(CLI::IsMember({"full", "cli512", "unknown"}))
      ->type_name("NAME");
  verb.add_option("--kind", flags.kind, "What 64 digits are: pdq, sha256, or both (by-length)")
      ->check(CLI::IsMember({"pdq", "sha256", "by-length"}))
      ->type_name("KIND");
  verb.add_flag("--strict", flags.strict, "With a bad record import nothing");
  verb.add_flag("--skip-bad", flags.skip_bad, "Import the rest, however many records are bad")
      ->excludes("--strict");
  verb.add_option("--problems", flags.problems, "Write every bad record's place and reason there")
      ->type_name("FILE");
  verb.add_option("file", flags.files, "The files, or - for standard input")
      ->type_name("FILE")
      ->required()
      ->expected(1, -1);
}

}  // namespace

void AddImportVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(
      app, program, "import",
      "Brings lists of hashes into a hash set, one after the other: of each all of it, or, cut "
      "off,\n"
      "failed or stopped by Ctrl-C, nothing of it and of those behind it.\n"
      "The format is told by the content, and said; --format names it. A bad record is skipped,\n"
      "counted and told with its line or byte; with as many bad as good, nothing is imported.\n"
      "Formats:" +
          FormatList() +
          "\nA record of NCMEC or StopNCII replaces what it said before, and may take it back, by "
          "the\n"
          "time that each names: a page that comes late changes nothing newer. Each of these "
          "sources\n"
          "has a set of its own, which takes nothing else.\n"
          "In a list, 32 digits are MD5, 40 SHA-1, 64 PDQ or SHA-256; a comma and text may "
          "follow,\n"
          "which matches give back as source_ref; blank lines and those that start with # are "
          "skipped.\n"
          "A record enters the series that it names, by code or alias; a name that no series has "
          "becomes\n"
          "one, of which nobody has said whether it is identified (--series-names). What else a "
          "record\n"
          "says is carried for the way back, but for pictures, values over 4 KiB and comments; a "
          "series\n"
          "or a move of yours is not undone by it, unless the source replaces the entry.",
      "kith import --set national list.txt\n"
      "kith import --set projectvic us-media.json\n"
      "kith import --set ncmec page-*.xml\n"
      "kith import --set national --kind pdq --dialect full pdq.csv\n"
      "zcat list.gz | kith import --set national --strict -");
  auto flags = std::make_shared<ImportFlags>();
  AddImportFlags(*verb, *flags);
  AddWhoFlag(*verb, program, flags->who);
  AddProgressFlag(*verb, program);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return Import(program, *flags); });
}

}  // namespace kith::cli
