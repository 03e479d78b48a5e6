// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "proto/kith/v1/admin.grpc.pb.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/series_show.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::AdminService::Stub;

int Verify(const Program& program) {
  return WithEngine<v1::AdminService>(program, "store", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto done = Call(stub, &Stub::VerifyStore, v1::VerifyStoreRequest());
    if (!done.ok()) return done.status();
    nlohmann::ordered_json json{{"ok", done->ok()},
                                {"entries", done->entries()},
                                {"codes", done->codes()},
                                {"batches", done->batches()},
                                {"cases", done->cases()},
                                {"change", done->index_version().change()},
                                {"problems", nlohmann::ordered_json::array()}};
    for (const std::string& problem : done->problems()) json["problems"].push_back(problem);
    PrintThing(program, "verify", json,
               Facts()
                   .Add("store", done->ok() ? "sound" : "DAMAGED")
                   .Add("entries", report::Number(done->entries()))
                   .Add("codes", report::Number(done->codes()))
                   .Add("batches", report::Number(done->batches()))
                   .Add("cases", report::Number(done->cases()))
                   .Add("change", report::Number(done->index_version().change())));
    for (const std::string& problem : done->problems()) {
      Note("kith: " + report::EscapeText(problem));
    }
    return done->ok() ? kExitDone : kExitError;
  });
}

int Backup(const Program& program, const std::string& folder) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(folder, error).string();
  if (error)
    return Fail(
        absl::InvalidArgumentError("cannot tell where " + report::EscapeText(folder) + " lies"));
  if (!report::IsUtf8(absolute)) {
    return Fail(absl::InvalidArgumentError("backup folder " + report::EscapeText(absolute) +
                                           " is not UTF-8, so the engine cannot be told of it"));
  }
  return WithEngine<v1::AdminService>(program, "store", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::BackupStoreRequest request;
    request.set_path(absolute);
    const auto done = Call(stub, &Stub::BackupStore, request);
    if (!done.ok()) return done.status();
    nlohmann::ordered_json json{{"size_bytes", done->size_bytes()},
                                {"sha256", done->sha256()},
                                {"change", done->index_version().change()}};
    report::PutBytes(json, "folder", absolute);
    PrintThing(program, "backup", json,
               Facts()
                   .Add("backup", absolute)
                   .Add("size", report::Size(done->size_bytes()))
                   .Add("sha256", done->sha256())
                   .Add("change", report::Number(done->index_version().change())));
    return kExitDone;
  });
}

int Info(const Program& program) {
  return WithEngine<v1::AdminService>(program, "store", [&](Stub& stub) -> absl::StatusOr<int> {
    const auto got = Call(stub, &Stub::GetCapabilities, v1::GetCapabilitiesRequest());
    if (!got.ok()) return got.status();
    std::string libraries;
    nlohmann::ordered_json library_list = nlohmann::ordered_json::array();
    for (const std::string& library : got->libraries()) {
      libraries += (libraries.empty() ? "" : ", ") + library;
      library_list.push_back(library);
    }
    nlohmann::ordered_json alarms = nlohmann::ordered_json::array();
    for (const std::string& alarm : got->alarms()) alarms.push_back(alarm);
    PrintThing(program, "store",
               {{"version", got->version()},
                {"store_id", got->store_id()},
                {"change", got->index_version().change()},
                {"entries", got->entries()},
                {"codes", got->codes()},
                {"digests", got->digests()},
                {"index_engine", got->index_engine()},
                {"simd", got->simd()},
                {"default_radius", got->default_radius_bits()},
                {"max_radius", got->max_radius_bits()},
                {"minimum_quality", got->minimum_quality()},
                {"max_message_bytes", got->max_message_bytes()},
                {"scrub_bytes_a_second", got->scrub_bytes_a_second()},
                {"alarms", std::move(alarms)},
                {"libraries", std::move(library_list)}},
               Facts()
                   .Add("engine", got->version())
                   .Add("store", got->store_id())
                   .Add("change", report::Number(got->index_version().change()))
                   .Add("entries", report::Number(got->entries()))
                   .Add("codes", report::Number(got->codes()))
                   .Add("digests", report::Number(got->digests()))
                   .Add("index", got->index_engine())
                   .Add("simd", got->simd())
                   .Add("radius", fmt::format("{} bits, at most {}", got->default_radius_bits(),
                                              got->max_radius_bits()))
                   .Add("scrub", got->scrub_bytes_a_second() == 0
                                     ? "off"
                                     : report::Size(got->scrub_bytes_a_second()) + " a second")
                   .Add("libraries", libraries));
    for (const std::string& alarm : got->alarms())
      Note("kith: alarm: " + report::EscapeText(alarm));
    return kExitDone;
  });
}

int Changes(const Program& program) {
  return WithEngine<v1::CatalogService>(
      program, "store", [&](v1::CatalogService::Stub& stub) -> absl::StatusOr<int> {
        bool any = false;
        // Long after years: each page is a table of its own.
        absl::Status status =
            ForEachPage(stub, &v1::CatalogService::Stub::ListChanges, v1::ListChangesRequest(),
                        [&](const v1::ListChangesResponse& page) {
                          Table table({">CHANGE", "AT", "WHAT", "OF", "WHO", "WHY"});
                          for (const v1::Change& change : page.changes()) {
                            any = true;
                            if (program.json) PrintJson(Typed("change", ChangeJson(change)));
                            table.Add({std::to_string(change.number()), change.at(), change.what(),
                                       change.subject(), change.who(), change.why()});
                          }
                          if (!table.empty()) PrintTable(program, table, "");
                        });
        if (!status.ok()) return status;
        if (!any && !program.json) Note("nothing was changed yet");
        return kExitDone;
      });
}

}  // namespace

void AddStoreVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "store", "The store: what is in it, is it sound, a copy of it.",
                             "kith store info\nkith store verify\n"
                             "kith store backup /mnt/backup/kith-2026-11-23");
  CLI::App* info =
      AddVerb(*group, program, "info", "Tells what the store holds and what serves it.",
              "kith store info\nkith store info --json\n"
              "kith store info --server 127.0.0.1:7475");
  AddEngineFlags(*info, program);
  OnRun(*info, program, [&program] { return Info(program); });

  CLI::App* verify = AddVerb(*group, program, "verify",
                             "Checks the store: its structure, the checksums of its entries, its "
                             "index.\nExits 2 when it is damaged.",
                             "kith store verify\nkith store verify --json\n"
                             "kith store verify --store /srv/kith");
  AddEngineFlags(*verify, program);
  OnRun(*verify, program, [&program] { return Verify(program); });

  CLI::App* backup = AddVerb(*group, program, "backup",
                             "Writes a copy of the store that is consistent, while it is in use. "
                             "The copy is a store.",
                             "kith store backup /mnt/backup/kith-2026-11-23\n"
                             "kith store backup copy --json\n"
                             "kith store backup /srv/copy --server 127.0.0.1:7475");
  auto folder = std::make_shared<std::string>();
  backup->add_option("folder", *folder, "A folder that does not exist yet")
      ->type_name("DIR")
      ->required();
  AddEngineFlags(*backup, program);
  OnRun(*backup, program, [folder, &program] { return Backup(program, *folder); });

  CLI::App* changes = AddVerb(*group, program, "changes",
                              "Tells what was changed, when, by whom and why, oldest first.",
                              "kith store changes\nkith store changes --json\n"
                              "kith store changes --server 127.0.0.1:7475");
  AddEngineFlags(*changes, program);
  OnRun(*changes, program, [&program] { return Changes(program); });
}

}  // namespace kith::cli
