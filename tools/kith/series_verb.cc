// SPDX-License-Identifier: Apache-2.0
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "tools/kith/command_line.h"
#include "tools/kith/listing.h"
#include "tools/kith/series_show.h"
#include "tools/kith/signature.h"
#include "tools/kith/verbs.h"
#include "tools/report/render.h"
#include "tools/report/whom_to_call.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Stub = v1::CatalogService::Stub;

struct SeriesFlags {
  std::string code;
  std::string note;
  std::string agency;
  std::uint64_t contact_id = 0;
  std::string on;
  std::string jurisdiction;
  std::string locator;
  std::uint32_t victims = 0;
  v1::Signature signature;
};

std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[16] = {};
  (void)std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

std::string Desk(const v1::Series& series) {
  return series.agency_desk().empty() ? "" : series.agency_desk() + " (desk)";
}

std::string WhomToCall(const v1::Series& series) {
  const auto whom = report::WhomToCallOf(series.contact(), series.agency_desk());
  return whom.nobody() ? Desk(series)
                       : report::WhomToCallText(series.contact(), series.agency_desk());
}

// The desk behind a person who has a phone or an e-mail.
std::string IfNotReached(const v1::Series& series) {
  const auto whom = report::WhomToCallOf(series.contact(), series.agency_desk());
  return whom.ways.empty() ? "" : Desk(series);
}

// As it is told today: a state of its history has no desk.
nlohmann::ordered_json ToJson(const v1::Series& series) {
  nlohmann::ordered_json json = report::SeriesJson(series);
  json["agency_desk"] = series.agency_desk();
  return json;
}

std::string Aliases(const v1::Series& series) {
  std::string out;
  for (const v1::SeriesAlias& alias : series.aliases()) {
    out += (out.empty() ? "" : ", ") + alias.alias();
    if (!alias.scheme().empty()) out += " (" + alias.scheme() + ")";
  }
  return out;
}

void Show(const Program& program, const v1::Series& series, std::uint64_t entries, bool counted) {
  nlohmann::ordered_json json = ToJson(series);
  json["series_id"] = series.series_id();
  if (counted) json["entries"] = entries;
  PrintThing(program, "series", json,
             Facts()
                 .Add("series", series.code())
                 .Add("status", report::StatusWord(series.status()))
                 .Add("identified by", series.agency())
                 .Add("identified on", series.identified_on())
                 .Add("call", WhomToCall(series))
                 .Add("if not reached", IfNotReached(series))
                 .Add("jurisdiction", series.jurisdiction())
                 .Add("sensitivity", series.sensitivity())
                 .Add("children", series.victims() == 0 ? "" : report::Number(series.victims()))
                 .Add("their record", series.locator())
                 .Add("notification", report::NotificationWord(series.notification()))
                 .Add("tell of cases", report::WhomToCallText(series.notification_contact(), ""))
                 .Add("restitution", report::WhomToCallText(series.restitution_contact(), ""))
                 .Add("also", Aliases(series))
                 .Add("merged into", series.merged_into())
                 .Add("note", series.note())
                 .Add("entries", counted ? report::Number(entries) : ""));
}

int Add(const Program& program, const SeriesFlags& flags) {
  if (flags.agency.empty() && (flags.contact_id != 0 || !flags.on.empty())) {
    return Fail(absl::InvalidArgumentError(
        "--contact and --on belong to an identified series: name the agency with --identified-by"));
  }
  return WithEngine<v1::CatalogService>(
      program, "series add", [&](Stub& stub) -> absl::StatusOr<int> {
        v1::AddSeriesRequest request;
        v1::Series& series = *request.mutable_series();
        series.set_code(flags.code);
        series.set_note(flags.note);
        series.set_locator(flags.locator);
        series.set_victims(flags.victims);
        *request.mutable_signature() = flags.signature;
        series.set_status(flags.agency.empty() ? v1::SERIES_STATUS_UNIDENTIFIED
                                               : v1::SERIES_STATUS_IDENTIFIED);
        if (!flags.agency.empty()) {
          series.set_agency(flags.agency);
          series.set_identified_on(flags.on.empty() ? Today() : flags.on);
          if (flags.contact_id != 0) series.mutable_contact()->set_contact_id(flags.contact_id);
        }
        const auto added = Call(stub, &Stub::AddSeries, request);
        if (!added.ok()) return added.status();
        Show(program, added->series(), 0, false);
        return kExitDone;
      });
}

int Identify(const Program& program, const SeriesFlags& flags) {
  return WithEngine<v1::CatalogService>(program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::IdentifySeriesRequest request;
    request.set_code(flags.code);
    request.set_agency(flags.agency);
    request.set_contact_id(flags.contact_id);
    request.set_identified_on(flags.on.empty() ? Today() : flags.on);
    request.set_jurisdiction(flags.jurisdiction);
    *request.mutable_signature() = flags.signature;
    const auto identified = Call(stub, &Stub::IdentifySeries, request);
    if (!identified.ok()) return identified.status();
    Show(program, identified->series(), 0, false);
    return kExitDone;
  });
}

int List(const Program& program) {
  return WithEngine<v1::CatalogService>(program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
    Table table({"SERIES", "STATUS", "IDENTIFIED BY", "ON", "CALL"});
    absl::Status status = ForEachPage(
        stub, &Stub::ListSeries, v1::ListSeriesRequest(), [&](const v1::ListSeriesResponse& page) {
          for (const v1::Series& series : page.series()) {
            if (program.json) PrintJson(Typed("series", ToJson(series)));
            table.Add({series.code(),
                       series.merged_into().empty() ? report::StatusWord(series.status())
                                                    : "merged into " + series.merged_into(),
                       series.agency(), series.identified_on(), WhomToCall(series)});
          }
        });
    if (!status.ok()) return status;
    PrintTable(program, table, "no series yet; add one with: kith series add CODE");
    return kExitDone;
  });
}

int ShowOne(const Program& program, const std::string& code) {
  return WithEngine<v1::CatalogService>(program, "series", [&](Stub& stub) -> absl::StatusOr<int> {
    v1::GetSeriesRequest request;
    request.set_code(code);
    const auto got = Call(stub, &Stub::GetSeries, request);
    if (!got.ok()) return got.status();
    Show(program, got->series(), got->entries(), true);
    return kExitDone;
  });
}

void AddIdentityFlags(CLI::App& verb, SeriesFlags& flags, bool required) {
  CLI::Option* by =
      verb.add_option("--identified-by", flags.agency, "The agency that identified the children")
          ->type_name("AGENCY");
  if (required) by->required();
  verb.add_option("--contact", flags.contact_id,
                  "Number of the contact to call (default: the agency's desk)")
      ->type_name("ID");
  verb.add_option("--on", flags.on, "Day of the identification (default: today, UTC)")
      ->type_name("YYYY-MM-DD");
}

}  // namespace

void ShowSeries(const Program& program, const v1::Series& series) {
  Show(program, series, 0, false);
}

void AddSeriesVerb(CLI::App& app, Program& program) {
  CLI::App* group = AddGroup(app, "series", "Series of images, identified or not.",
                             "kith series add Bluebell\n"
                             "kith series identify Bluebell --identified-by DPD --contact 3\n"
                             "kith series list");
  CLI::App* add =
      AddVerb(*group, program, "add", "Adds a series. Its code must never be a victim's name.",
              "kith series add Bluebell\n"
              "kith series add Bluebell --note 'boat, 2019' --victims 2 --locator NCMEC-2019-4711\n"
              "kith series add Bluebell --identified-by DPD --contact 3 --on 2026-05-04");
  auto flags = std::make_shared<SeriesFlags>();
  add->add_option("code", flags->code, "Its code, unique")->type_name("CODE")->required();
  add->add_option("--note", flags->note, "A remark")->type_name("TEXT");
  add->add_option("--locator", flags->locator,
                  "Where the record of the children is kept: a file number, never a name")
      ->type_name("TEXT");
  add->add_option("--victims", flags->victims, "How many children it shows")->type_name("N");
  AddIdentityFlags(*add, *flags, false);
  AddSignatureFlags(*add, program, flags->signature);
  AddEngineFlags(*add, program);
  OnRun(*add, program, [flags, &program] { return Add(program, *flags); });

  CLI::App* identify = AddVerb(*group, program, "identify",
                               "Records that the children of a series have been identified.",
                               "kith series identify Bluebell --identified-by DPD\n"
                               "kith series identify Bluebell --identified-by DPD --contact 3\n"
                               "kith series identify Bluebell --identified-by DPD --on 2026-05-04");
  auto identity = std::make_shared<SeriesFlags>();
  identify->add_option("code", identity->code, "Its code")->type_name("CODE")->required();
  AddIdentityFlags(*identify, *identity, true);
  identify->add_option("--jurisdiction", identity->jurisdiction, "Where it was identified")
      ->type_name("TEXT");
  AddSignatureFlags(*identify, program, identity->signature);
  AddEngineFlags(*identify, program);
  OnRun(*identify, program, [identity, &program] { return Identify(program, *identity); });

  CLI::App* list = AddVerb(*group, program, "list", "Lists all series.",
                           "kith series list\nkith series list --json\n"
                           "kith series list --server unix:/run/kith/kith.sock");
  AddEngineFlags(*list, program);
  OnRun(*list, program, [&program] { return List(program); });

  CLI::App* show = AddVerb(*group, program, "show", "Shows one series.",
                           "kith series show Bluebell\nkith series show Bluebell --json\n"
                           "kith series show Bluebell --store /srv/kith");
  auto code = std::make_shared<std::string>();
  show->add_option("code", *code, "Its code")->type_name("CODE")->required();
  AddEngineFlags(*show, program);
  OnRun(*show, program, [code, &program] { return ShowOne(program, *code); });
  AddSeriesChangeVerbs(*group, program);
}

}  // namespace kith::cli
