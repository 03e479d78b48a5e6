// SPDX-License-Identifier: Apache-2.0
//
// kith-bench: speed, recall and memory of Kith's parts on this machine, side by side in one run.
#include <exception>
#include <iostream>

#include "bench/kith_bench/commands.h"
#include "server/embedded.h"

namespace {

constexpr int kUsageError = 2;

int RunProgram(int argc, char** argv) {
  CLI::App app{"Measures Kith on this machine.", "kith-bench"};
  app.require_subcommand(1);
  kith::bench::Run run;
  kith::bench::AddIndexCommand(app, run);
  kith::bench::AddHashCommand(app, run);
  kith::bench::AddCheckCommand(app, run);
  kith::bench::AddTuneCommand(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
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
