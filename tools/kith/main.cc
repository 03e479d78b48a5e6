// SPDX-License-Identifier: Apache-2.0
// The program kith.
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "tools/kith/command_line.h"
#include "tools/scan/walk.h"

int main(int argc, char** argv) {
  kith::cli::Program program;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      program.environment[text.substr(0, equals)] = text.substr(equals + 1);
    }
  }
  kith::scan::RaiseDescriptorLimit();
  const int code = kith::cli::RunCommandLine(argc, argv, program);
  // A full disk behind standard output must not look like success. Why an earlier write failed is
  // forgotten: errno tells of this flush alone.
  const int error = std::fflush(stdout) != 0 ? errno : 0;
  if (error != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "kith: cannot write to standard output: %s\n",
                 error != 0 ? std::strerror(error) : "its disk was full, or its reader gone");
    // An interrupt may have come because standard output is gone.
    return code == kith::cli::kExitInterrupted ? code : kith::cli::kExitError;
  }
  return code;
}
