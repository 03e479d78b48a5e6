// SPDX-License-Identifier: Apache-2.0
//
// kith-bench: speed, recall and memory of Kith's parts on this machine, side by side in one run.
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "bench/kith_bench/commands.h"
#include "server/embedded.h"
#include "tools/report/path_text.h"

namespace {

constexpr int kUsageError = 2;

constexpr char kExamples[] =
    "Examples:\n"
    "  kith-bench index --count 1000000 --queries 1000 --engines scan,mih --json\n"
    "  kith-bench hash pictures --mode fast,exact\n"
    "  kith-bench check pictures --count 100000 --own 10\n"
    "  kith-bench tune --count 1000000 --out kith.toml";

// CLI11 says that a subcommand is required, and not what was given in its place.
int TellCommands(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining();
  std::cerr << "kith-bench: "
            << (words.empty() ? "" : "there is no " + kith::report::EscapeText(words[0]) + "; ")
            << "say what to measure: index, hash, check or tune\nTry: kith-bench --help\n";
  return kUsageError;
}

int RunProgram(int argc, char** argv) {
  CLI::App app{"Measures Kith on this machine.", "kith-bench"};
  app.footer(kExamples);
  app.require_subcommand(1);
  kith::bench::Run run;
  kith::bench::AddIndexCommand(app, run);
  kith::bench::AddHashCommand(app, run);
  kith::bench::AddCheckCommand(app, run);
  kith::bench::AddTuneCommand(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0 && app.get_subcommands().empty()) return TellCommands(app);
    // CLI11 has exit codes of its own; 2 is what every program of Kith means by a wrong option.
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  return run();
}

}  // namespace

int main(int argc, char** argv) {
  kith::server::StartProcess();
  try {
    return kith::server::EndProcess("kith-bench", RunProgram(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "kith-bench: " << error.what() << '\n';
    return kUsageError;
  }
}
