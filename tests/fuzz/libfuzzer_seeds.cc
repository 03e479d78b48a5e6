// SPDX-License-Identifier: Apache-2.0
// Puts the seeds of a target into the corpus folder that libFuzzer was given.
#include <filesystem>
#include <fstream>
#include <string_view>

#include "tests/fuzz/fuzz.h"

// libFuzzer calls this by its name before it reads the corpus.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument.starts_with("-") || !std::filesystem::is_directory(argument)) continue;
    int number = 0;
    for (const std::string& seed : kith::fuzz::Seeds()) {
      const std::string name = "seed-" + std::to_string(number++);
      std::ofstream(std::filesystem::path(argument) / name, std::ios::binary) << seed;
    }
    break;  // the first folder is the corpus that may grow
  }
  return 0;
}
