// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target where there is no libFuzzer: on its seeds, on every short piece of them, and
// on mutants from a printed seed.
//   NAME_fuzz [ROUNDS [SEED]]
#include <algorithm>
#include <cstdlib>
#include <random>
#include <span>

#include "tests/fuzz/fuzz.h"

namespace {

void Run(const std::string& input) {
  // A copy of its own, so that a sanitizer sees a read beyond the end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string Mutant(const std::vector<std::string>& seeds, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
  std::string out = seeds[below(seeds.size())];
  for (std::size_t changes = 1 + below(6); changes > 0; --changes) {
    const std::size_t at = below(out.size());
    switch (below(6)) {
      case 0:
        if (!out.empty()) out[at] = static_cast<char>(out[at] ^ (1 << below(8)));
        break;
      case 1:
        if (!out.empty()) out[at] = static_cast<char>(random());
        break;
      case 2:
        out.insert(at, 1 + below(4), static_cast<char>(random()));
        break;
      case 3:
        out.erase(at, 1 + below(8));
        break;
      case 4: {  // a piece of another seed
        const std::string& other = seeds[below(seeds.size())];
        out.insert(at, other, below(other.size()), below(64));
        break;
      }
      default:
        if (below(4) == 0) out.resize(at);
        break;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  const long rounds = argc > 1 ? std::strtol(arguments[1], nullptr, 10) : 3000;
  const auto seed =
      static_cast<std::uint32_t>(argc > 2 ? std::strtoul(arguments[2], nullptr, 10) : 20260101);
  const std::vector<std::string> seeds = kith::fuzz::Seeds();
  if (seeds.empty()) {
    std::fprintf(stderr, "the target has no seeds\n");
    return 2;
  }
  std::printf("%zu seeds, %ld mutants, seed %u\n", seeds.size(), rounds, seed);
  std::fflush(stdout);
  Run("");
  for (const std::string& input : seeds) {
    Run(input);
    const std::size_t step = std::max<std::size_t>(1, input.size() / 200);
    for (std::size_t length = 0; length < input.size(); length += step) {
      Run(input.substr(0, length));
    }
  }
  std::mt19937 random(seed);
  for (long i = 0; i < rounds; ++i) Run(Mutant(seeds, random));
  return 0;
}
