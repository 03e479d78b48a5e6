// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/writers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tools/exchange/internal/make_writers.h"

namespace kith::exchange {
namespace {

using Made = absl::StatusOr<std::unique_ptr<Writer>>;

constexpr std::array<OutFormat, 5> kOutFormats = {{
    {"vics", "VICS JSON 2.0", false, true, false, false,
     [](Output output, const std::string&) -> Made { return MakeVicsWriter(std::move(output)); }},
    {"csv", "CSV, one entry a line", false, false, false, true,
     [](Output output, const std::string&) -> Made { return MakeCsvWriter(std::move(output)); }},
    {"jsonl", "JSON Lines, one entry a line, with all that is carried", false, true, false, false,
     [](Output output, const std::string&) -> Made {
       return MakeJsonLinesWriter(std::move(output));
     }},
    {"kdb", "Autopsy .kdb hash database: MD5, SHA-1, SHA-256, and comments", true, false, false,
     // Taken as all of them take it, and not used: this one writes the file itself.
     true,
     [](Output, const std::string& path) -> Made {  // NOLINT(performance-unnecessary-value-param)
       return MakeKdbWriter(path);
     }},
    {"ncmec-votes", "votes for NCMEC's hash sharing, one request a line, of people's opinions",
     false, true, true, false,
     [](Output output, const std::string&) -> Made {
       return MakeNcmecVotesWriter(std::move(output));
     }},
}};

}  // namespace

std::span<const OutFormat> OutFormats() { return kOutFormats; }

const OutFormat* FindOutFormat(std::string_view name) {
  const auto found = std::find_if(kOutFormats.begin(), kOutFormats.end(),
                                  [name](const OutFormat& format) { return format.name == name; });
  return found == kOutFormats.end() ? nullptr : &*found;
}

}  // namespace kith::exchange
