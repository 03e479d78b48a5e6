// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/match_json.h"

#include <nlohmann/json.hpp>

#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::cli {
namespace {

using Json = nlohmann::ordered_json;

Json MatchJson(const v1::Match& match) {
  return {{"entry", match.entry_id()},
          {"set", match.set()},
          {"series", match.series().empty() ? Json(nullptr) : Json(match.series())},
          {"source_ref", match.source_ref()},
          {"distance", match.distance_bits()},
          {"by", match.by()},
          {"view", report::ViewWord(match.view())},
          {"query_view", report::ViewWord(match.query_view())},
          {"orientation", report::OrientationWord(match.orientation())},
          {"dialect", report::DialectWord(match.dialect())},
          {"held_back", match.held_back()},
          {"set_version", match.set_version()},
          {"purpose", report::PurposeWord(match.purpose())},
          {"series_status", report::StatusWord(match.series_status())},
          {"victim_identified", report::TriStateWord(match.victim_identified())},
          {"agency", match.agency()},
          {"agency_desk", match.agency_desk()},
          {"contact", match.has_contact() ? report::ContactJson(match.contact()) : Json(nullptr)},
          {"identified_on", match.identified_on()},
          {"nearness", match.nearness()},
          {"confirmed", match.opinion() == v1::OPINION_KIND_CONFIRMED}};
}

}  // namespace

nlohmann::ordered_json ResultJson(const v1::MatchResult& result) {
  Json out{{"verdict", report::VerdictWord(result.verdict())},
           {"total", result.total()},
           {"truncated", result.truncated()},
           {"matches", Json::array()},
           {"rule", result.rule()},
           {"rejected", result.rejected()},
           {"held_back", result.held_back()}};
  for (const v1::Match& match : result.matches()) out["matches"].push_back(MatchJson(match));
  out["deciding"] = Json::array();
  for (const v1::Match& match : result.deciding()) out["deciding"].push_back(MatchJson(match));
  return out;
}

bool IsKnown(v1::Verdict verdict) {
  return verdict == v1::VERDICT_IDENTIFIED || verdict == v1::VERDICT_RECOGNIZED ||
         verdict == v1::VERDICT_CONFLICT;
}

}  // namespace kith::cli
