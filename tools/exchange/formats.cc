// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/formats.h"

#include <algorithm>
#include <array>

#include "tools/exchange/internal/readers.h"

namespace kith::exchange {
namespace {

constexpr std::array<Format, 14> kFormats = {{
    {.name = "encase",
     .describe = "an EnCase .hash set",
     .recognise = LooksLikeEnCase,
     .read = ReadEnCase},
    {.name = "kdb",
     .describe = "an Autopsy .kdb hash database",
     .recognise = LooksLikeKdb,
     .read = ReadKdb},
    {.name = "nsrl",
     .describe = "NSRL RDS version 3 (SQLite)",
     .recognise = LooksLikeNsrl,
     .read = ReadNsrl},
    {.name = "stopncii",
     .describe = "an answer of StopNCII (JSON)",
     .recognise = LooksLikeStopNcii,
     .read = ReadStopNcii,
     .replaces = true},
    {.name = "vics",
     .describe = "VICS JSON 1.x or 2.0 (Project VIC, CAID)",
     .recognise = LooksLikeVics,
     .read = ReadVics},
    {.name = "ncmec",
     .describe = "NCMEC hash sharing version 2 (XML)",
     .recognise = LooksLikeNcmec,
     .read = ReadNcmec,
     .replaces = true},
    {.name = "threatexchange",
     .describe = "CSV of ThreatExchange's tools",
     .recognise = LooksLikeThreatExchangeCsv,
     .read = ReadThreatExchangeCsv,
     .lines = true},
    {.name = "icse",
     .describe = "INTERPOL ICSE export (CSV)",
     .recognise = LooksLikeIcse,
     .read = ReadIcse,
     .lines = true},
    {.name = "hashkeeper",
     .describe = "a HashKeeper .hsh list",
     .recognise = LooksLikeHashKeeper,
     .read = ReadHashKeeper,
     .lines = true},
    {.name = "vpdq",
     .describe = "vPDQ frames of one video",
     .recognise = LooksLikeVpdq,
     .read = ReadVpdq,
     .lines = true},
    {.name = "signals",
     .describe = "ThreatExchange signals, one a line",
     .recognise = LooksLikeSignals,
     .read = ReadSignals,
     .lines = true},
    {.name = "digests",
     .describe = "output of md5sum and its kin, BSD md5, or hashdeep",
     .recognise = LooksLikeDigestList,
     .read = ReadDigestList,
     .lines = true},
    {.name = "pdq-list",
     .describe = "PDQ hashes, one a line",
     .recognise = LooksLikePdqList,
     .read = ReadPdqList,
     .lines = true},
    // Last: it takes what nothing else claims.
    {.name = "list",
     .describe = "a list of hashes, one a line",
     .recognise = [](std::string_view) { return true; },
     .read = ReadList,
     .lines = true},
}};

// What can be no list of hashes, whatever else it is.
std::string_view WhyNone(std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    return "is UTF-16: save it as UTF-8 first";
  }
  if (head.starts_with("\x1F\x8B") || head.starts_with("PK\x03\x04") ||
      head.starts_with("7z\xBC\xAF")) {
    return "is packed: unpack it first";
  }
  if (head.find('\0') != std::string_view::npos) {
    return "is binary and of no format that is known here";
  }
  return {};
}

}  // namespace

std::span<const Format> Formats() { return kFormats; }

const Format* FindFormat(std::string_view name) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(),
                                  [name](const Format& format) { return format.name == name; });
  return found == kFormats.end() ? nullptr : &*found;
}

absl::StatusOr<const Format*> Recognise(std::string_view head) {
  for (const Format& format : kFormats) {
    if (&format != &kFormats.back() && format.recognise(head)) return &format;
  }
  if (const std::string_view why = WhyNone(head); !why.empty()) {
    return absl::InvalidArgumentError("the file " + std::string(why));
  }
  return &kFormats.back();
}

}  // namespace kith::exchange
