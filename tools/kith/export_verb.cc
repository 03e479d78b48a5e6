// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "proto/kith/v1/casework.grpc.pb.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tools/exchange/case_writers.h"
#include "tools/exchange/writers.h"
#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/export_case.h"
#include "tools/kith/interrupt.h"
#include "tools/kith/listing.h"
#include "tools/kith/out_file.h"
#include "tools/kith/progress.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

struct ExportFlags {
  std::string set;
  std::string case_name;
  std::string scheme = "vics-us";  // of the categories of a case
  std::string who;
  std::string format;
  std::string out;     // empty: standard output
  std::string reason;  // of votes against entries
};

absl::Status ReadImports(const std::shared_ptr<grpc::Channel>& channel, const std::string& set,
                         exchange::SetFacts& facts) {
  const auto stub = v1::ImportService::NewStub(channel);
  v1::ListImportsRequest request;
  request.set_set(set);
  return ForEachPage(*stub, &v1::ImportService::Stub::ListImports, request,
                     [&](const v1::ListImportsResponse& page) {
                       facts.imports.insert(facts.imports.end(), page.imports().begin(),
                                            page.imports().end());
                     });
}

absl::Status ReadOpinions(const std::shared_ptr<grpc::Channel>& channel,
                          exchange::SetFacts& facts) {
  const auto stub = v1::CaseworkService::NewStub(channel);
  return ForEachPage(*stub, &v1::CaseworkService::Stub::ListOpinions, v1::ListOpinionsRequest(),
                     [&](const v1::ListOpinionsResponse& page) {
                       facts.opinions.insert(facts.opinions.end(), page.opinions().begin(),
                                             page.opinions().end());
                     });
}

absl::Status ReadIdentified(Stub& stub, exchange::SetFacts& facts) {
  v1::ListSeriesRequest request;
  request.set_page_size(1000);
  return ForEachPage(stub, &Stub::ListSeries, request, [&](const v1::ListSeriesResponse& page) {
    for (const v1::Series& series : page.series()) {
      if (series.status() == v1::SERIES_STATUS_IDENTIFIED) facts.identified.insert(series.code());
    }
  });
}

absl::StatusOr<exchange::SetFacts> FactsOf(Stub& stub,
                                           const std::shared_ptr<grpc::Channel>& channel,
                                           const ExportFlags& flags,
                                           const exchange::OutFormat& format) {
  v1::GetHashSetRequest get;
  get.set_name(flags.set);
  const auto got = Call(stub, &Stub::GetHashSet, get);
  if (!got.ok()) return got.status();
  exchange::SetFacts facts;
  facts.hash_set = got->hash_set();
  facts.reason = flags.reason;
  absl::Status status;
  if (format.as_imported) status = ReadImports(channel, flags.set, facts);
  if (status.ok()) {
    status = format.votes ? ReadOpinions(channel, facts) : ReadIdentified(stub, facts);
  }
  if (!status.ok()) return status;
  return facts;
}

struct Written {
  std::uint64_t entries = 0;
  std::uint64_t kept = 0;  // records that made no entry
  // Records beside the entries, of a format that has entries only.
  std::uint64_t passed_over = 0;
};

// Entries are immutable and come by ascending number: pages are as good as one moment, but for what
// is withdrawn in between.
absl::StatusOr<Written> WriteEntries(Stub& stub, const ExportFlags& flags,
                                     const exchange::OutFormat& format, std::uint64_t total,
                                     exchange::Writer& writer, Progress& progress) {
  v1::ListEntriesRequest request;
  request.set_set(flags.set);
  request.set_page_size(1000);
  request.set_as_imported(format.as_imported || format.drops);
  Written written;
  while (true) {
    const auto page = Call(stub, &Stub::ListEntries, request);
    if (!page.ok()) return page.status();
    for (const v1::Entry& entry : page->entries()) {
      if (entry.withdrawn()) continue;
      if (entry.repeats() && !format.as_imported) {
        ++written.passed_over;
        continue;
      }
      if (auto status = writer.Add(entry); !status.ok()) return status;
      ++(entry.carried_only() ? written.kept : written.entries);
    }
    progress.Show(
        fmt::format("{} of {} entries", report::Number(written.entries), report::Number(total)));
    if (page->next_page_token().empty()) return written;
    request.set_page_token(page->next_page_token());
  }
}

// What an export wrote, and what the format had no place for.
struct Counts {
  std::uint64_t entries = 0;
  std::uint64_t kept = 0;  // of them: never matched
  std::uint64_t left_out = 0;
  std::uint64_t without_category = 0;
  std::uint64_t heads_left_out = 0;
  std::uint64_t values_left_out = 0;
};

Counts CountsOf(const Written& written, const exchange::Writer& writer) {
  return {.entries = written.entries + written.kept - writer.left_out(),
          .kept = written.kept,
          .left_out = writer.left_out(),
          .without_category = writer.without_category(),
          .heads_left_out = writer.heads_left_out(),
          .values_left_out = writer.values_left_out() + written.passed_over};
}

void TellForPrograms(const ExportFlags& flags, const exchange::OutFormat& format,
                     const Counts& counts) {
  nlohmann::ordered_json line{{"type", "export"}, {"set", flags.set}, {"format", format.name}};
  report::PutBytes(line, "out", flags.out);
  line["entries"] = counts.entries;
  line["kept_unmatched"] = counts.kept;
  line["left_out"] = counts.left_out;
  line["without_category"] = counts.without_category;
  line["heads_left_out"] = counts.heads_left_out;
  line["values_left_out"] = counts.values_left_out;
  PrintJson(line);
}

void TellForPeople(const ExportFlags& flags, const exchange::OutFormat& format,
                   const Counts& counts) {
  Note(fmt::format(
      "{} of {} written as {}{}", report::Counted(counts.entries, "entry", "entries"),
      report::EscapeText(flags.set), format.describe,
      counts.left_out == 0
          ? ""
          : ", " + report::Number(counts.left_out) + " left out, " +
                (format.votes ? "on which there is no vote: nobody here has judged them, or people "
                                "disagree, or they did not come from NCMEC"
                              : "which the format has no place for")));
  if (counts.kept > 0) {
    Note(fmt::format("{} of them never matched: kept for the way back",
                     report::Number(counts.kept)));
  }
  if (counts.heads_left_out > 0) {
    Note(fmt::format("{} of files or cases left out, as the file has one: export a set an import",
                     report::Counted(counts.heads_left_out, "head")));
  }
  if (counts.values_left_out > 0) {
    Note(fmt::format(
        "{} left out that this format cannot hold: further hashes, names, what a source "
        "said besides",
        report::Counted(counts.values_left_out, "value")));
  }
  if (counts.without_category > 0) {
    Note(fmt::format("{} without its category, which is of another scheme than the file's",
                     report::Counted(counts.without_category, "entry", "entries")));
  }
}

absl::StatusOr<int> Export(const Program& program, const ExportFlags& flags,
                           const std::shared_ptr<grpc::Channel>& channel) {
  const auto owned = v1::CatalogService::NewStub(channel);
  Stub& stub = *owned;
  const exchange::OutFormat& format = *exchange::FindOutFormat(flags.format);
  if (flags.out.empty() && format.to_path) {
    return absl::InvalidArgumentError(std::string(format.name) +
                                      " is a database: say into which file with --out FILE");
  }
  const auto facts = FactsOf(stub, channel, flags, format);
  if (!facts.ok()) return facts.status();
  OutFile file;
  if (auto status = file.Open(flags.out, format.to_path); !status.ok()) return status;
  auto writer =
      format.make([&file](std::string_view bytes) { return file.Write(bytes); }, file.draft());
  if (!writer.ok()) return writer.status();
  Progress progress(program);
  if (auto status = (*writer)->Begin(*facts); !status.ok()) return status;
  const auto written =
      WriteEntries(stub, flags, format, facts->hash_set.entries(), **writer, progress);
  progress.Clear();
  if (!written.ok()) return written.status();
  if (auto status = (*writer)->End(); !status.ok()) return status;
  const Counts counts = CountsOf(*written, **writer);
  writer->reset();
  if (auto status = file.Close(); !status.ok()) return status;
  if (program.json && !flags.out.empty()) {
    TellForPrograms(flags, format, counts);
  } else {
    TellForPeople(flags, format, counts);
  }
  return kExitDone;
}

std::string FormatList() {
  std::string list;
  for (const exchange::OutFormat& format : exchange::OutFormats()) {
    list += "\n  " + std::string(format.name);
    list.append(format.name.size() < 16 ? 16 - format.name.size() : 1, ' ');
    list += format.describe;
  }
  return list;
}

// What is exported, before anybody is asked.
absl::Status CheckSubject(const Program& program, const ExportFlags& flags) {
  const bool is_case = !flags.case_name.empty();
  if (is_case == !flags.set.empty()) {
    return absl::InvalidArgumentError("give --set NAME or --case AGENCY/NUMBER");
  }
  if (flags.out.empty() && program.json) {
    return absl::InvalidArgumentError("standard output cannot hold the " +
                                      std::string(is_case ? "files" : "entries") +
                                      " and a line of JSON: say into which file with --out FILE");
  }
  const auto formats = exchange::CaseFormats();
  if (is_case && std::find(formats.begin(), formats.end(), flags.format) == formats.end()) {
    return absl::InvalidArgumentError("a case is written as vics, csv or jsonl, not as " +
                                      flags.format);
  }
  return absl::OkStatus();
}

int Run(const Program& program, const ExportFlags& flags) {
  if (const absl::Status fits = CheckSubject(program, flags); !fits.ok()) return Fail(fits);
  // First: threads that are made later must not get its signals. No run begins: there is nothing to
  // finish, and Ctrl-C leaves no file that holds half of the hashes.
  const Interrupt interrupt;
  auto connection = ConnectEngine(program, "export");
  if (!connection.ok()) return Fail(connection.status());
  const auto channel = (*connection)->channel();
  const absl::StatusOr<int> code = flags.case_name.empty()
                                       ? Export(program, flags, channel)
                                       : ExportCase(program,
                                                    {.case_name = flags.case_name,
                                                     .format = flags.format,
                                                     .out = flags.out,
                                                     .scheme = flags.scheme,
                                                     .who = flags.who},
                                                    channel);
  return code.ok() ? *code : Fail(Explained(code.status(), **connection));
}

}  // namespace

void AddExportVerb(CLI::App& app, Program& program) {
  CLI::App* verb = AddVerb(app, program, "export",
                           "Writes the entries of a hash set in a format of the field. The file\n"
                           "holds whole hashes: handle it as the set itself. Formats:" +
                               FormatList() +
                               "\n"
                               "With --case, what is known of the files of a case, as vics, csv "
                               "or jsonl, for\n"
                               "tools that review seizures. Category, series and identification "
                               "come from what\n"
                               "is certain: digests, and leads that a person confirmed. A mere "
                               "lead stands as a\n"
                               "remark. That it was given out is put on record, as of a report.",
                           "kith export --set national --format vics --out national.json\n"
                           "kith export --set national --format vics | gzip > national.json.gz\n"
                           "kith export --set national --format vics --out national.json --json\n"
                           "kith export --case DPD/2026-0117 --format vics --out back.json");
  auto flags = std::make_shared<ExportFlags>();
  std::vector<std::string> names;
  for (const exchange::OutFormat& format : exchange::OutFormats()) names.emplace_back(format.name);
  verb->add_option("--set", flags->set, "The hash set")->type_name("NAME");
  verb->add_option("--case", flags->case_name, "The case whose files are written")
      ->type_name("AGENCY/NUMBER");
  verb->add_option("--scheme", flags->scheme,
                   "Whose categories the files of a case get; others are left out (default: "
                   "vics-us)")
      ->type_name("NAME");
  verb->add_option("--format", flags->format, "The format")
      ->check(CLI::IsMember(names))
      ->type_name("NAME")
      ->required();
  verb->add_option("--out", flags->out, "A file that is not there yet; else standard output")
      ->type_name("FILE");
  verb->add_option("--reason", flags->reason,
                   "Of ncmec-votes: the GUID of the reason of votes against entries; without one "
                   "none are cast")
      ->type_name("GUID");
  AddWhoFlag(*verb, program, flags->who);
  AddProgressFlag(*verb, program);
  AddEngineFlags(*verb, program);
  OnRun(*verb, program, [flags, &program] { return Run(program, *flags); });
}

}  // namespace kith::cli
