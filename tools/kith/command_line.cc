// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/command_line.h"

#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <string>
#include <utility>

#include "tools/kith/report_verb.h"
#include "tools/kith/usage.h"
#include "tools/kith/verbs.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

constexpr std::string_view kExitCodes =
    "Exit codes of check and match: 0 nothing known found, 1 something known found, 2 usage or\n"
    "set-up error, 3 nothing known found but not all could be read or compared,\n"
    "130 interrupted. Other verbs: 0 done, 2 error, 130 interrupted.\n";

// Help that teaches: examples, then what it is, then the flags. The examples are kept in the
// footer, which CLI11 would show last.
class ExamplesFirst : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    std::string out = "Examples:\n";
    std::string line;
    for (const char c : app->get_footer() + "\n") {
      if (c != '\n') {
        line += c;
      } else if (!line.empty()) {
        out += "  " + line + "\n";
        line.clear();
      }
    }
    out += "\n" + app->get_description() + "\n\n";
    out += make_usage(app, std::move(name)) + make_positionals(app) + make_groups(app, mode) +
           make_subcommands(app, mode);
    if (app->get_parent() == nullptr) out += "\n" + std::string(kExitCodes);
    return out;
  }

  // In a list of verbs the first sentence is enough.
  std::string make_subcommand(const CLI::App* app) const override {
    std::string sentence = app->get_description();
    for (const char* end : {". ", ".\n"}) {
      if (const std::size_t at = sentence.find(end); at != std::string::npos)
        sentence.erase(at + 1);
    }
    std::replace(sentence.begin(), sentence.end(), '\n', ' ');
    constexpr std::size_t kColumn = 12;
    std::string name = "  " + app->get_name();
    name.resize(std::max(kColumn, name.size() + 2), ' ');
    return name + sentence + "\n";
  }
};

CLI::App* AddApp(CLI::App& parent, const std::string& name, const std::string& description,
                 const std::string& examples) {
  CLI::App* verb = parent.add_subcommand(name, description);
  verb->footer(examples);
  verb->set_help_flag("-h,--help", "Show this help and exit");
  return verb;
}

int Explain(const CLI::App& app, const CLI::ParseError& error) {
  std::string words;
  const CLI::App* verb = Reached(app, words);
  std::string why = ExplainExtras(app);
  if (why.empty() && !verb->get_subcommands({}).empty()) {
    Note(app.help());
    why = words + " needs a verb";
  }
  if (why.empty()) why = ExplainValues(app);
  if (why.empty()) why = report::EscapeText(error.what());
  Note("kith: " + why + "\nTry: " + words + " --help");
  return kExitError;
}

}  // namespace

CLI::App* AddVerb(CLI::App& parent, Program& program, const std::string& name,
                  const std::string& description, const std::string& examples) {
  CLI::App* verb = AddApp(parent, name, description, examples);
  verb->add_flag("--json", program.json, "JSON Lines on standard output, each with a \"type\"")
      ->group("Common");
  verb->add_option("--config", program.config, "Settings file (default: see kith config show)")
      ->type_name("FILE")
      ->group("Common");
  return verb;
}

CLI::App* AddGroup(CLI::App& parent, const std::string& name, const std::string& description,
                   const std::string& examples) {
  CLI::App* verb = AddApp(parent, name, description, examples);
  verb->require_subcommand(1, 1);
  return verb;
}

void OnRun(CLI::App& verb, Program& program, std::function<int()> run) {
  verb.callback([&program, run = std::move(run)] { program.run = run; });
}

void AddEngineFlags(CLI::App& verb, Program& program) {
  verb.add_option("--store", program.store, "Folder of the store")
      ->type_name("DIR")
      ->group("Common");
  verb.add_option("--server", program.server, "Speak to this kithd instead: HOST:PORT or unix:PATH")
      ->type_name("ADDRESS")
      ->group("Common");
}

void AddProgressFlag(CLI::App& verb, Program& program) {
  verb.add_option("--progress", program.progress, "auto (on a terminal), always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN")
      ->group("Common");
}

std::unique_ptr<CLI::App> MakeCommandLine(Program& program) {
  auto app = std::make_unique<CLI::App>(
      "Kith tells for every file of a seizure whether it is known, whether the children in it "
      "have\n"
      "already been identified, and whom to call. It keeps fingerprints, never pictures.",
      "kith");
  app->formatter(std::make_shared<ExamplesFirst>());
  app->footer(
      "kith check /mnt/exhibit-7\n"
      "kith check /mnt/exhibit-7 --case DPD/2026-0117 --out report\n"
      "kith match d41d8cd98f00b204e9800998ecf8427e  # 32, 40 or 64 hexadecimal digits");
  app->set_help_flag("-h,--help", "Show this help and exit");
  app->set_version_flag("--version", std::string("kith " KITH_VERSION),
                        "Show the version and exit");
  app->require_subcommand(1, 1);
  // Also before the verb: kith --store DIR check FOLDER.
  app->add_option("--config", program.config, "Settings file")->type_name("FILE");
  app->add_option("--store", program.store, "Folder of the store")->type_name("DIR");
  app->add_option("--server", program.server, "Speak to this kithd: HOST:PORT or unix:PATH")
      ->type_name("ADDRESS");
  app->add_flag("--json", program.json, "JSON Lines on standard output");
  AddCheckVerb(*app, program);
  AddMatchVerb(*app, program);
  AddHashVerb(*app, program);
  AddEnrollVerb(*app, program);
  AddImportVerb(*app, program);
  AddExportVerb(*app, program);
  AddSetVerb(*app, program);
  AddSeriesVerb(*app, program);
  AddEntryVerb(*app, program);
  AddAgencyVerb(*app, program);
  AddContactVerb(*app, program);
  AddCaseVerb(*app, program);
  AddReportVerb(*app, program);
  AddOpinionVerb(*app, program);
  AddAlertVerb(*app, program);
  AddClusterVerb(*app, program);
  AddNotificationVerb(*app, program);
  AddStoreVerb(*app, program);
  AddConfigVerb(*app, program);
  AddServeVerb(*app, program);
  AddDoctorVerb(*app, program);
  return app;
}

int RunCommandLine(int argc, const char* const* argv, Program& program) {
  // What goes wrong in a message is told by the status of its call, for people.
  google::protobuf::SetLogHandler(nullptr);
  const std::unique_ptr<CLI::App> app = MakeCommandLine(program);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& success) {
    // Help and version: data that was asked for.
    return app->exit(success) == 0 ? kExitDone : kExitError;
  } catch (const CLI::ParseError& error) {
    return Explain(*app, error);
  }
  const std::string why = ExplainValues(*app);
  if (!why.empty()) return Fail(absl::InvalidArgumentError(why));
  return program.run ? program.run() : kExitError;
}

}  // namespace kith::cli
