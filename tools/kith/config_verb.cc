// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <string>

#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/listing.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

// The file that the settings come from, or where one would be read.
void TellFile(const Program& program, const server::Settings& settings) {
  if (program.json) {
    nlohmann::ordered_json line{{"type", "settings_file"}, {"file", nullptr}};
    if (!settings.file().empty()) report::PutBytes(line, "file", settings.file());
    line["looked_for"] = nlohmann::ordered_json::array();
    for (const std::string& place : settings.places()) {
      report::PutBytes(line["looked_for"].emplace_back(), "path", place);
    }
    return PrintJson(line);
  }
  if (!settings.file().empty()) {
    return PrintLine("\nSettings file: " + report::EscapeText(settings.file()));
  }
  std::string places;
  for (const std::string& place : settings.places()) {
    places += (places.empty() ? "" : ", then ") + report::EscapeText(place);
  }
  PrintLine("\nSettings file: none; looked for " + places +
            " (--config or KITH_CONFIG names another)");
}

int Show(const Program& program) {
  const absl::StatusOr<server::Settings> settings = ResolveSettings(program);
  if (!settings.ok()) return Fail(settings.status());
  Table table({"SETTING", "VALUE", "FROM", "ENVIRONMENT", "MEANING"});
  for (const server::SettingSpec& spec : server::AllSettings()) {
    const server::SettingValue& value = settings->Get(spec.name);
    if (program.json) {
      PrintJson({{"type", "setting"},
                 {"name", std::string(spec.name)},
                 {"value", value.value},
                 {"origin", value.origin},
                 {"environment", std::string(spec.environment)},
                 {"default", std::string(spec.default_value)},
                 {"help", std::string(spec.help)}});
    }
    table.Add({std::string(spec.name), value.value, value.origin, std::string(spec.environment),
               std::string(spec.help)});
  }
  PrintTable(program, table, "");
  TellFile(program, *settings);
  return kExitDone;
}

}  // namespace

void AddConfigVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "config", "Settings: flag over environment over file over default.",
               "kith config show\nKITH_STORE=/srv/kith kith config show\n"
               "kith config show --config kith.toml");
  CLI::App* show = AddVerb(*group, program, "show",
                           "Shows every setting and where it came from,\nand which settings file "
                           "was read, or where one is looked for.",
                           "kith config show\nkith config show --json\n"
                           "kith config show --store /srv/kith");
  AddEngineFlags(*show, program);
  OnRun(*show, program, [&program] { return Show(program); });
}

}  // namespace kith::cli
