// SPDX-License-Identifier: Apache-2.0
// What the statement of method says of error rates is measured by this program.
#include <array>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tests/end_to_end/rates.h"
#include "tests/golden/golden_file.h"

namespace {

using kith::end_to_end::PairsRate;
using kith::end_to_end::RatesOptions;

nlohmann::ordered_json ToJson(const PairsRate& pairs) {
  return {{"pairs", pairs.compared}, {"found", pairs.found}, {"nearest_bits", pairs.nearest_bits}};
}

bool ParseNumber(std::string_view text, std::uint64_t& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && value > 1;
}

// The photographs of the golden table in a folder as tests/golden/fetch-photos --all leaves it.
std::vector<std::string> PhotographsIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& row : kith::golden::ReadGoldenFile(KITH_GOLDEN_PHOTOS)) {
    files.push_back(folder + row.at(1));
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  RatesOptions options;
  const std::array<std::uint64_t*, 3> numbers = {&options.pictures, &options.unlike,
                                                 &options.random};
  if (argc == 3 && std::string_view(argv[1]) == "--photos") {
    options.photographs = PhotographsIn(argv[2]);
    options.pictures = options.unlike = options.photographs.size();
    argc = 1;
  }
  for (int i = 1; i < argc; ++i) {
    if (i > 3 || !ParseNumber(argv[i], *numbers.at(static_cast<std::size_t>(i - 1)))) {
      std::cerr << "sample-rates [PICTURES [UNLIKE [RANDOM]]]\nsample-rates --photos FOLDER\n";
      return 2;
    }
  }
  cv::setNumThreads(1);  // the pictures are made side by side
  nlohmann::ordered_json rates = {{"radius_bits", kith::end_to_end::kRatesRadiusBits},
                                  {"pictures", options.pictures},
                                  {"alterations", nlohmann::ordered_json::array()}};
  for (const auto& rate : kith::end_to_end::MeasureAltered(options)) {
    rates["alterations"].push_back({{"alteration", rate.alteration},
                                    {"copies", rate.copies},
                                    {"found", rate.found},
                                    {"median_bits", rate.median_bits},
                                    {"farthest_bits", rate.farthest_bits}});
  }
  rates["unlike"] = ToJson(MeasureUnlike(options));
  if (options.photographs.empty()) rates["random"] = ToJson(MeasureRandom(options));
  std::cout << rates.dump(2) << "\n";
  return 0;
}
