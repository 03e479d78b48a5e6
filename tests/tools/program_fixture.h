// SPDX-License-Identifier: Apache-2.0
// Runs the program itself, as a shell does.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/tools/scratch.h"

namespace kith::test {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

class ProgramTest : public testing::Test {
 protected:
  // `words` as a shell reads them; each test has its own store.
  Outcome Kith(const std::string& words, const std::string& input = "",
               const std::string& program = KITH_PROGRAM) const {
    scratch_.Write("in", input);
    const std::string command = "cd '" + scratch_.path() + "' && HOME='" + scratch_.path() +
                                "' KITH_STORE='" + scratch_.At("store") + "' " + through_ + " '" +
                                program + "' " + words + " <in >out 2>err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, ReadAll(scratch_.At("out")),
            ReadAll(scratch_.At("err"))};
  }

  static std::vector<nlohmann::json> Lines(const std::string& text) {
    std::vector<nlohmann::json> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }

  // What the program calls a file or folder of the scratch folder.
  [[nodiscard]] std::string Real(const std::string& name) const {
    return std::filesystem::canonical(scratch_.At(name)).string();
  }

  // The code with the lowest bit of so many digits flipped, from the digit `first` on.
  static std::string Flipped(std::string code, std::size_t first, std::size_t bits) {
    const std::string digits = "0123456789abcdef";
    for (std::size_t i = first; i < first + bits; ++i) {
      code.at(i) = digits.at(digits.find(code.at(i)) ^ 1U);
    }
    return code;
  }

  // A picture with enough detail, in the simplest of formats.
  void WritePicture(const std::string& name, unsigned seed) const {
    constexpr int kSide = 96;
    std::string bmp(54, '\0');
    bmp[0] = 'B', bmp[1] = 'M', bmp[10] = 54, bmp[14] = 40;
    bmp[18] = kSide, bmp[22] = kSide, bmp[26] = 1, bmp[28] = 24;
    const std::size_t size = 54 + 3 * kSide * kSide;
    for (unsigned i = 0; i < 4; ++i) bmp[2 + i] = static_cast<char>((size >> (8 * i)) & 0xFF);
    for (unsigned y = 0; y < kSide; ++y) {
      for (unsigned x = 0; x < kSide; ++x) {
        unsigned cell = (y / 12 * 8 + x / 12) * 2654435761U + seed * 40503U;
        cell ^= cell >> 13U;
        cell *= 0x5bd1e995U;
        bmp.append(3, static_cast<char>(cell >> 24U));
      }
    }
    scratch_.Write(name, bmp);
  }

  Scratch scratch_;
  std::string through_;  // what starts the program: "env -u USER"
};

}  // namespace kith::test
