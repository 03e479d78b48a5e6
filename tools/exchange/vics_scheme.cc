// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/vics_scheme.h"

#include "absl/strings/ascii.h"

namespace kith::exchange {
namespace {

constexpr std::string_view kModel =
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/";

// What is surely no known material, so that a set of known files must not hold it: only where the
// file says itself whose categories it has. Code 8 is something else elsewhere.
bool IsSurelyHarmless(const Category& category, const VicsScheme& scheme) {
  if (category.scheme() == "vics-us") return category.code() == "5";
  return scheme.nist && category.scheme() == scheme.name && category.code() == "8";
}

}  // namespace

VicsScheme VicsSchemeOf(std::string_view context) {
  VicsScheme scheme;
  scheme.nist = context.ends_with("/DataModels/1.2.xml#Media");
  constexpr std::string_view kBefore = ".xml/";
  const std::size_t at = context.find(kBefore);
  if (at == std::string_view::npos) return scheme;
  const std::string_view rest = context.substr(at + kBefore.size());
  std::string region;
  for (const char c : rest.substr(0, rest.find('/'))) {
    if (c >= 'A' && c <= 'Z') region += static_cast<char>(c - 'A' + 'a');
    if (c >= 'a' && c <= 'z') region += c;
  }
  if (!region.empty() && region.size() <= 16) scheme.name = "vics-" + region;
  return scheme;
}

bool IsOfNoRegion(std::string_view scheme) { return scheme == "vics" || scheme == "vics-default"; }

std::string ContextOf(const std::string& context, const std::string& scheme, bool cases) {
  const bool of_region = scheme.starts_with("vics-");
  const std::string told = VicsSchemeOf(context).name;
  const bool fits = IsOfNoRegion(scheme) ? IsOfNoRegion(told)
                    : of_region          ? told == scheme
                                         : told == "vics-custom";
  if (fits && context.find("/2.0.xml") != std::string::npos) return context;
  const std::string region = IsOfNoRegion(scheme) ? "Default"
                             : of_region          ? absl::AsciiStrToUpper(scheme.substr(5))
                                                  : "CUSTOM";
  return std::string(kModel) + region + "/$metadata#" + (cases ? "Cases" : "Media");
}

InKnownSet InKnownSetOf(const Category& category, const VicsScheme& scheme) {
  if (IsSurelyHarmless(category, scheme)) return InKnownSet::kSurelyHarmless;
  if (category.code().empty() || category.code() == "0") return InKnownSet::kUnjudged;
  if (category.code() == "8") return InKnownSet::kPerhapsHarmless;
  if (category.code() == "5" && IsOfNoRegion(category.scheme())) {
    return InKnownSet::kHarmlessInTheUs;
  }
  return InKnownSet::kTaken;
}

bool IsHarmless(const Category& category) {
  return category.code() == "8" || (category.code() == "5" && category.scheme() == "vics-us");
}

}  // namespace kith::exchange
