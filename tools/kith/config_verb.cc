// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <string>

#include "tools/kith/command_line.h"
#include "tools/kith/engine_link.h"
#include "tools/kith/listing.h"
#include "tools/kith/verbs.h"

namespace kith::cli {
namespace {

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
  return kExitDone;
}

}  // namespace

void AddConfigVerb(CLI::App& app, Program& program) {
  CLI::App* group =
      AddGroup(app, "config", "Settings: flag over environment over file over default.",
               "kith config show\nKITH_STORE=/srv/kith kith config show\n"
               "kith config show --config kith.toml");
  CLI::App* show = AddVerb(*group, program, "show", "Shows every setting and where it came from.",
                           "kith config show\nkith config show --json\n"
                           "kith config show --store /srv/kith");
  AddEngineFlags(*show, program);
  OnRun(*show, program, [&program] { return Show(program); });
}

}  // namespace kith::cli
