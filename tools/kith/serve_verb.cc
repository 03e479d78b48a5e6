// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "server/embedded.h"
#include "tools/kith/command_line.h"
#include "tools/kith/verbs.h"

namespace kith::cli {
namespace {

// kithd reads the words after the verb itself, --help too: one program, one help.
int Serve(const Program& program, const std::vector<std::string>& words) {
  std::vector<std::string> arguments = {"kith serve"};
  const auto pass = [&arguments](const std::string& flag, const std::string& value) {
    if (!value.empty()) arguments.insert(arguments.end(), {flag, value});
  };
  pass("--store", program.store);
  pass("--config", program.config);
  arguments.insert(arguments.end(), words.begin(), words.end());
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return server::RunKithd(static_cast<int>(arguments.size()), argv.data());
}

}  // namespace

void AddServeVerb(CLI::App& app, Program& program) {
  CLI::App* verb =
      AddVerb(app, program, "serve", "Serves the store to other programs: the same as kithd.",
              "kith serve\nkith serve --store /srv/kith\n"
              "kith serve --listen 127.0.0.1:0");
  verb->prefix_command();
  verb->set_help_flag();
  OnRun(*verb, program, [verb, &program] { return Serve(program, verb->remaining()); });
}

}  // namespace kith::cli
