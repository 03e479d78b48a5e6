// SPDX-License-Identifier: Apache-2.0
// The program kith.
#include <unistd.h>

#include <csignal>
#include <string>

#include "server/embedded.h"
#include "tools/kith/command_line.h"
#include "tools/scan/walk.h"

namespace {

// Of verbs that have nothing to finish; those that have make an Interrupt.
void EndAtCtrlC() {
  const auto before = std::signal(SIGINT, [](int) { ::_exit(kith::cli::kExitInterrupted); });
  if (before == SIG_IGN) (void)std::signal(SIGINT, SIG_IGN);  // as in the background of a script
}

}  // namespace

int main(int argc, char** argv) {
  EndAtCtrlC();
  kith::server::StartProcess();
  kith::cli::Program program;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      program.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  kith::scan::RaiseDescriptorLimit();
  return kith::server::EndProcess("kith", kith::cli::RunCommandLine(argc, argv, program));
}
