// SPDX-License-Identifier: Apache-2.0
// `kith match` of the program itself: the whole of an answer, field by field.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using nlohmann::json;
using test::Outcome;
using test::ProgramTest;

constexpr const char* kAsked = "e77b19c8d06ba4f01c93f6025eadb81790c4a3d5f1682be704d953ac7fe01b86";

class MatchProgramTest : public ProgramTest {
 protected:
  // Codes at 0, 5, 5 and 20 bits from the one that is asked for. The nearest is not the first
  // entry, and an identified one lies behind one of which nothing is said.
  void Teach() const {
    ASSERT_EQ(Kith("agency add DPD --desk '+31 88'").code, 0);
    ASSERT_EQ(Kith("series add Bluebell --identified-by DPD --on 2026-05-04").code, 0);
    ASSERT_EQ(Kith("set add national --dialect full --version 7").code, 0);
    ASSERT_EQ(Kith("import --set national --kind pdq --series Bluebell -",
                   Flipped(kAsked, 0, 5) + ",near\n" + Flipped(kAsked, 0, 20) + ",far\n")
                  .code,
              0);
    ASSERT_EQ(Kith("import --set national --kind pdq -",
                   std::string(kAsked) + ",same\n" + Flipped(kAsked, 59, 5) + ",near too\n")
                  .code,
              0);
  }

  [[nodiscard]] json Ask(const std::string& flags) const {
    const Outcome run = Kith("match --json --kind pdq " + flags + " " + kAsked);
    EXPECT_EQ(run.code, 1) << run.err;
    EXPECT_EQ(run.err, "");
    const std::vector<json> lines = Lines(run.out);
    EXPECT_EQ(lines.size(), 1U) << run.out;
    return lines.empty() ? json() : lines[0];
  }

  // A match by PDQ, of a series that is identified or of none.
  static json Match(int entry, const std::string& source_ref, int distance, bool identified) {
    return {{"entry", entry},
            {"set", "national"},
            {"series", identified ? json("Bluebell") : json(nullptr)},
            {"source_ref", source_ref},
            {"distance", distance},
            {"by", "pdq"},
            {"view", "original"},
            {"query_view", "original"},
            {"orientation", "original"},
            {"dialect", "full"},
            {"held_back", false},
            {"set_version", "7"},
            {"purpose", "known"},
            {"series_status", identified ? "identified" : ""},
            {"victim_identified", ""},
            {"agency", identified ? "DPD" : ""},
            {"agency_desk", identified ? "+31 88" : ""},
            {"contact", nullptr},
            {"identified_on", identified ? "2026-05-04" : ""},
            {"nearness", "same picture"},
            {"confirmed", false}};
  }

  static json Answer(const std::string& verdict, const std::string& rule, int total,
                     const std::vector<json>& matches, const std::vector<json>& deciding) {
    return {{"type", "match"},
            {"query", 0},
            {"verdict", verdict},
            {"total", total},
            {"truncated", static_cast<std::size_t>(total) > matches.size()},
            {"matches", matches},
            {"rule", rule},
            {"rejected", 0},
            {"held_back", 0},
            {"deciding", deciding}};
  }
};

TEST_F(MatchProgramTest, TellsTheNearestFirstAndOfEquallyNearOnesTheOldest) {
  Teach();
  const std::string rule = "a lead to an entry that is identified";
  const json same = Match(3, "same", 0, false);
  const json near = Match(1, "near", 5, true);
  const json near_too = Match(4, "near too", 5, false);
  EXPECT_EQ(Ask("--limit 2"), Answer("IDENTIFIED", rule, 4, {same, near}, {}));
  EXPECT_EQ(Ask("--limit 3"), Answer("IDENTIFIED", rule, 4, {same, near, near_too}, {}));
  // What the verdict rests on is told also where it is not among the nearest.
  EXPECT_EQ(Ask("--limit 1"), Answer("IDENTIFIED", rule, 4, {same}, {near}));
}

TEST_F(MatchProgramTest, LooksNoFartherThanTheRadius) {
  Teach();
  const json same = Match(3, "same", 0, false);
  EXPECT_EQ(Ask("--radius 4"),
            Answer("RECOGNIZED", "a lead to a known entry, none identified", 1, {same}, {}));
  const json near = Match(1, "near", 5, true);
  const json near_too = Match(4, "near too", 5, false);
  EXPECT_EQ(Ask("--radius 5"), Answer("IDENTIFIED", "a lead to an entry that is identified", 3,
                                      {same, near, near_too}, {}));
}

}  // namespace
}  // namespace kith
