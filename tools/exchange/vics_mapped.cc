// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/vics_mapped.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"

namespace kith::exchange {
namespace {

using nlohmann::json;

enum class As { kText, kNumber, kState, kMime, kPhotoDna, kFurtherHash };

struct Mapping {
  std::string_view format;  // that carries it
  std::string_view name;    // there
  As as;
  std::string_view member;  // of VICS; of a hash its name
};

constexpr std::array<Mapping, 12> kMappings = {{
    {"icse", "PhotoDNA", As::kPhotoDna, "PhotoDNA"},
    {"icse", "Is distributed", As::kState, "IsDistributed"},
    {"icse", "Offender identified", As::kState, "OffenderIdentified"},
    {"icse", "Media Type", As::kMime, "MimeType"},
    {"ncmec", "pdna", As::kPhotoDna, "PhotoDNA"},
    {"ncmec", "timestamp", As::kText, "DateUpdated"},
    {"ncmec", "md5", As::kFurtherHash, "MD5"},
    {"ncmec", "sha1", As::kFurtherHash, "SHA1"},
    {"ncmec", "pdq", As::kFurtherHash, "PDQ"},
    {"hashkeeper", "file_size", As::kNumber, "MediaSize"},
    {"hashkeeper", "comments", As::kText, "Comments"},
    {"threatexchange", "tags", As::kText, "Tags"},
}};

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= 15 && (text.size() == 1 || text.front() != '0') &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// False: it is not what the member of VICS holds.
bool Map(const Mapping& mapping, const std::string& text, VicsMapped& mapped) {
  const auto add = [&](std::string value) {
    mapped.members.emplace_back(mapping.member, std::move(value));
    return true;
  };
  switch (mapping.as) {
    case As::kText:
      return add(Quoted(text));
    case As::kNumber:
      return IsNumber(text) && add(text);
    case As::kMime:
      return text.find('/') != std::string::npos && add(Quoted(text));
    case As::kPhotoDna:
      return IsPhotoDna(text) && add(Quoted(text));
    case As::kState: {
      const v1::TriState state = TriStateOf(text);
      return state != v1::TRI_STATE_UNSPECIFIED &&
             add(state == v1::TRI_STATE_YES ? "\"true\"" : "\"false\"");
    }
    case As::kFurtherHash:
      if (!FromHex(text)) return false;
      mapped.alternatives.emplace_back(mapping.member, text);
      return true;
  }
  return false;
}

// Members of VICS that are carried where they are spelled in another way than the writer spells
// them: what they say, the entry tells too.
bool IsToldByEntry(const std::string& name) {
  constexpr std::array<std::string_view, 7> kTold = {
      "MD5", "SHA1", "SHA256", "Category", "Series", "VictimIdentified", "MediaID"};
  return std::any_of(kTold.begin(), kTold.end(),
                     [&name](std::string_view told) { return EqualIgnoringCase(told, name); });
}

// Of the frames of a video some are codes of the entry, which are written as such.
std::uint64_t ValuesOf(const Entry& entry, const json& value) {
  if (entry.carried().format() != "vpdq" || !value.is_array()) return 1;
  const auto codes = static_cast<std::size_t>(entry.codes_size());
  return value.size() - std::min(value.size(), codes);
}

}  // namespace

VicsMapped MappedOf(const Entry& entry) {
  VicsMapped mapped;
  const Carried& carried = entry.carried();
  if (carried.format() == "vics") return mapped;
  if (!entry.source_ref().empty()) ++mapped.left_out;
  const auto data = json::parse(carried.data(), nullptr, false);
  if (!data.is_object()) return mapped;
  for (const auto& member : data.items()) {
    const std::string& name = member.key();
    const json& value = member.value();
    const auto* const found =
        std::find_if(kMappings.begin(), kMappings.end(), [&](const Mapping& mapping) {
          return mapping.format == carried.format() && EqualIgnoringCase(mapping.name, name);
        });
    const bool taken = found != kMappings.end() && value.is_string() &&
                       Map(*found, value.get_ref<const std::string&>(), mapped);
    if (!taken) mapped.left_out += ValuesOf(entry, value);
  }
  return mapped;
}

std::uint64_t CarriedValues(const Entry& entry) {
  const auto data = json::parse(entry.carried().data(), nullptr, false);
  if (!data.is_object()) return 0;
  const bool is_vics = entry.carried().format() == "vics";
  std::uint64_t values = 0;
  for (const auto& [name, value] : data.items()) {
    if (is_vics && IsToldByEntry(name)) continue;
    values += ValuesOf(entry, value);
  }
  return values;
}

}  // namespace kith::exchange
