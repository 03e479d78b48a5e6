// SPDX-License-Identifier: Apache-2.0
#include "server/casework/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kith::casework {
namespace {

constexpr bool kBenign = true;

v1::Fingerprint Read(v1::Disposition disposition, int codes = 0, bool digest = true) {
  v1::Fingerprint fingerprint;
  fingerprint.set_disposition(disposition);
  if (digest) fingerprint.mutable_digests()->set_sha256(std::string(32, 's'));
  for (int i = 0; i < codes; ++i) {
    v1::Code* code = fingerprint.add_codes();
    code->set_pdq(std::string(32, 'p'));
    code->set_quality(100);
  }
  return fingerprint;
}

MatchFacts Digest(std::uint64_t set, Identification identification, bool benign = false) {
  return {.set_id = set,
          .distance_bits = 0,
          .by_digest = true,
          .benign = benign,
          .identification = identification};
}
MatchFacts Lead(std::uint64_t set, int distance_bits, Identification identification,
                bool benign = false) {
  return {.set_id = set,
          .distance_bits = distance_bits,
          .by_digest = false,
          .benign = benign,
          .identification = identification};
}

constexpr auto kSilent = Identification::kSilent;
constexpr auto kYes = Identification::kIdentified;
constexpr auto kNo = Identification::kNotIdentified;

struct Case {
  const char* name;
  std::vector<MatchFacts> matches;
  v1::Verdict verdict;
  std::vector<bool> held_back;  // of each match
};

bool NeitherPictureNorVideo(v1::Disposition disposition) {
  return disposition == v1::DISPOSITION_NOT_MEDIA || disposition == v1::DISPOSITION_EMPTY ||
         disposition == v1::DISPOSITION_NOT_REGULAR;
}

bool OnlyBenign(const std::vector<MatchFacts>& matches) {
  return std::all_of(matches.begin(), matches.end(),
                     [](const MatchFacts& match) { return match.benign; });
}

// What became of reading counts only where nothing known matches.
v1::Verdict Expected(const Case& row, v1::Disposition disposition) {
  return OnlyBenign(row.matches) && NeitherPictureNorVideo(disposition) ? v1::VERDICT_NOT_APPLICABLE
                                                                        : row.verdict;
}

class MatchedTest : public testing::TestWithParam<Case> {};

TEST_P(MatchedTest, HasItsVerdictAfterEveryReading) {
  for (int disposition = 0; disposition <= 12; ++disposition) {
    std::vector<MatchFacts> matches = GetParam().matches;
    const Judgement judgement = Judge(Read(static_cast<v1::Disposition>(disposition), 1), matches);
    EXPECT_EQ(judgement.verdict, Expected(GetParam(), static_cast<v1::Disposition>(disposition)))
        << "disposition " << disposition;
    EXPECT_FALSE(judgement.rule.empty());
    bool any = false;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      EXPECT_EQ(matches[i].held_back, GetParam().held_back[i]) << "match " << i;
      any |= matches[i].held_back;
    }
    EXPECT_EQ(judgement.held_back, any);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, MatchedTest,
    testing::Values(
        // One known match.
        Case{"digest_identified", {Digest(1, kYes)}, v1::VERDICT_IDENTIFIED, {false}},
        Case{"digest_not_identified", {Digest(1, kNo)}, v1::VERDICT_RECOGNIZED, {false}},
        Case{"digest_silent", {Digest(1, kSilent)}, v1::VERDICT_RECOGNIZED, {false}},
        Case{"lead_identified", {Lead(1, 31, kYes)}, v1::VERDICT_IDENTIFIED, {false}},
        Case{"lead_not_identified", {Lead(1, 0, kNo)}, v1::VERDICT_RECOGNIZED, {false}},
        Case{"lead_silent", {Lead(1, 4, kSilent)}, v1::VERDICT_RECOGNIZED, {false}},
        // Several known ones.
        Case{"silent_does_not_contradict",
             {Lead(1, 0, kYes), Lead(2, 0, kSilent)},
             v1::VERDICT_IDENTIFIED,
             {false, false}},
        Case{"one_set_may_hold_both",
             {Lead(1, 0, kNo), Lead(1, 9, kYes)},
             v1::VERDICT_IDENTIFIED,
             {false, false}},
        Case{"two_sets_contradict",
             {Lead(1, 3, kYes), Lead(2, 9, kNo)},
             v1::VERDICT_CONFLICT,
             {false, false}},
        Case{"two_sets_contradict_digest_and_lead",
             {Digest(2, kNo), Lead(1, 31, kYes)},
             v1::VERDICT_CONFLICT,
             {false, false}},
        Case{"a_third_set_contradicts",
             {Lead(1, 3, kYes), Lead(1, 3, kNo), Lead(2, 3, kYes)},
             v1::VERDICT_CONFLICT,
             {false, false, false}},
        Case{"two_sets_agree",
             {Digest(1, kNo), Digest(2, kNo)},
             v1::VERDICT_RECOGNIZED,
             {false, false}},
        // Benign only.
        Case{"benign_digest", {Digest(9, kSilent, kBenign)}, v1::VERDICT_UNRECOGNIZED, {false}},
        Case{"benign_lead", {Lead(9, 0, kSilent, kBenign)}, v1::VERDICT_UNRECOGNIZED, {false}},
        // Known and benign.
        Case{"both_by_digest",
             {Digest(1, kYes), Digest(9, kSilent, kBenign)},
             v1::VERDICT_CONFLICT,
             {false, false}},
        Case{"benign_lead_never_hides_a_digest",
             {Digest(1, kYes), Lead(9, 0, kSilent, kBenign)},
             v1::VERDICT_IDENTIFIED,
             {false, false}},
        Case{"benign_digest_holds_back_every_lead",
             {Digest(9, kSilent, kBenign), Lead(1, 0, kYes), Lead(2, 31, kNo)},
             v1::VERDICT_UNRECOGNIZED,
             {false, true, true}},
        Case{"nearer_benign_holds_back",
             {Lead(9, 4, kSilent, kBenign), Lead(1, 5, kYes)},
             v1::VERDICT_UNRECOGNIZED,
             {false, true}},
        Case{"equally_near_benign_does_not",
             {Lead(9, 5, kSilent, kBenign), Lead(1, 5, kYes)},
             v1::VERDICT_IDENTIFIED,
             {false, false}},
        Case{"farther_benign_does_not",
             {Lead(9, 6, kSilent, kBenign), Lead(1, 5, kNo)},
             v1::VERDICT_RECOGNIZED,
             {false, false}},
        Case{"the_nearest_benign_decides",
             {Lead(9, 20, kSilent, kBenign), Lead(9, 2, kSilent, kBenign), Lead(1, 3, kYes)},
             v1::VERDICT_UNRECOGNIZED,
             {false, false, true}},
        Case{"the_rest_is_judged",
             {Lead(9, 4, kSilent, kBenign), Lead(1, 3, kNo), Lead(2, 9, kYes)},
             v1::VERDICT_RECOGNIZED,
             {false, false, true}},
        Case{"what_is_held_back_does_not_contradict",
             {Lead(9, 4, kSilent, kBenign), Lead(1, 3, kYes), Lead(2, 9, kNo)},
             v1::VERDICT_IDENTIFIED,
             {false, false, true}},
        Case{"a_digest_stands_beside_held_back_leads",
             {Digest(1, kNo), Lead(9, 4, kSilent, kBenign), Lead(2, 9, kYes)},
             v1::VERDICT_RECOGNIZED,
             {false, false, true}}),
    [](const auto& row) { return row.param.name; });

struct Unmatched {
  const char* name;
  v1::Fingerprint fingerprint;
  v1::Verdict verdict;
};

v1::Fingerprint WithQuality(v1::Fingerprint fingerprint, std::uint32_t quality) {
  for (v1::Code& code : *fingerprint.mutable_codes()) code.set_quality(quality);
  return fingerprint;
}
v1::Fingerprint WithoutQuality(v1::Fingerprint fingerprint) {
  for (v1::Code& code : *fingerprint.mutable_codes()) code.clear_quality();
  return fingerprint;
}

class UnmatchedTest : public testing::TestWithParam<Unmatched> {};

TEST_P(UnmatchedTest, IsJudgedByWhatBecameOfReading) {
  const Judgement judgement = Judge(GetParam().fingerprint, {});
  EXPECT_EQ(judgement.verdict, GetParam().verdict);
  EXPECT_FALSE(judgement.rule.empty());
  EXPECT_FALSE(judgement.held_back);
}

constexpr bool kNoDigest = false;
INSTANTIATE_TEST_SUITE_P(
    Table, UnmatchedTest,
    testing::Values(
        Unmatched{"hashed", Read(v1::DISPOSITION_HASHED, 16), v1::VERDICT_UNRECOGNIZED},
        Unmatched{"hashed_quality_50", WithQuality(Read(v1::DISPOSITION_HASHED, 1), 50),
                  v1::VERDICT_UNRECOGNIZED},
        Unmatched{"hashed_quality_49", WithQuality(Read(v1::DISPOSITION_HASHED, 1), 49),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"hashed_without_code", Read(v1::DISPOSITION_HASHED), v1::VERDICT_UNDETERMINED},
        Unmatched{"partial", Read(v1::DISPOSITION_PARTIAL, 1), v1::VERDICT_UNRECOGNIZED},
        Unmatched{"partial_without_code", Read(v1::DISPOSITION_PARTIAL), v1::VERDICT_UNDETERMINED},
        Unmatched{"low_quality", Read(v1::DISPOSITION_LOW_QUALITY), v1::VERDICT_UNDETERMINED},
        Unmatched{"low_quality_with_code", Read(v1::DISPOSITION_LOW_QUALITY, 1),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"unsupported", Read(v1::DISPOSITION_UNSUPPORTED), v1::VERDICT_UNRECOGNIZED},
        Unmatched{"unsupported_without_digest", Read(v1::DISPOSITION_UNSUPPORTED, 0, kNoDigest),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"unreadable", Read(v1::DISPOSITION_UNREADABLE, 0, kNoDigest),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"vanished", Read(v1::DISPOSITION_VANISHED, 0, kNoDigest),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"over_limit", Read(v1::DISPOSITION_OVER_LIMIT), v1::VERDICT_UNDETERMINED},
        Unmatched{"decoder_crash", Read(v1::DISPOSITION_DECODER_CRASH), v1::VERDICT_UNDETERMINED},
        Unmatched{"decoder_timeout", Read(v1::DISPOSITION_DECODER_TIMEOUT),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"not_media", Read(v1::DISPOSITION_NOT_MEDIA), v1::VERDICT_NOT_APPLICABLE},
        Unmatched{"empty", Read(v1::DISPOSITION_EMPTY), v1::VERDICT_NOT_APPLICABLE},
        Unmatched{"not_regular", Read(v1::DISPOSITION_NOT_REGULAR, 0, kNoDigest),
                  v1::VERDICT_NOT_APPLICABLE},
        Unmatched{"bare_hash", WithoutQuality(Read(v1::DISPOSITION_UNSPECIFIED, 1, kNoDigest)),
                  v1::VERDICT_UNRECOGNIZED},
        Unmatched{"bare_digest", Read(v1::DISPOSITION_UNSPECIFIED), v1::VERDICT_UNRECOGNIZED},
        Unmatched{"bare_hash_of_low_quality",
                  WithQuality(Read(v1::DISPOSITION_UNSPECIFIED, 1, kNoDigest), 49),
                  v1::VERDICT_UNDETERMINED},
        Unmatched{"nothing", v1::Fingerprint(), v1::VERDICT_UNDETERMINED}),
    [](const auto& row) { return row.param.name; });

TEST(IdentificationTest, TheSeriesDecidesAndTheEntryWhereThereIsNone) {
  for (int series = 0; series <= 1; ++series) {
    for (int status = 0; status <= 2; ++status) {
      for (int victim = 0; victim <= 2; ++victim) {
        // 0 nothing, 1 no, 2 yes in both enums.
        const int says = series != 0 && status != 0 ? status : victim;
        const Identification expected = says == 0 ? kSilent : says == 1 ? kNo : kYes;
        EXPECT_EQ(IdentificationOf(series != 0, static_cast<v1::SeriesStatus>(status),
                                   static_cast<v1::TriState>(victim)),
                  expected)
            << series << status << victim;
      }
    }
  }
}

// The rules once more, written as plainly as can be.
v1::Verdict PlainTruth(const std::vector<MatchFacts>& matches, std::vector<bool>& held_back) {
  const auto nearness = [](const MatchFacts& m) { return m.by_digest ? -1 : m.distance_bits; };
  held_back.assign(matches.size(), false);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    for (const MatchFacts& other : matches) {
      held_back[i] = held_back[i] || (!matches[i].benign && !matches[i].by_digest && other.benign &&
                                      nearness(other) < nearness(matches[i]));
    }
  }
  bool known = false;
  bool identified = false;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    if (matches[i].benign || held_back[i]) continue;
    known = true;
    identified = identified || matches[i].identification == kYes;
    for (std::size_t j = 0; j < matches.size(); ++j) {
      if (matches[j].benign) {
        if (matches[i].by_digest && matches[j].by_digest) return v1::VERDICT_CONFLICT;
        continue;
      }
      if (!held_back[j] && matches[i].set_id != matches[j].set_id &&
          matches[i].identification == kYes && matches[j].identification == kNo) {
        return v1::VERDICT_CONFLICT;
      }
    }
  }
  if (!known) return v1::VERDICT_UNRECOGNIZED;
  return identified ? v1::VERDICT_IDENTIFIED : v1::VERDICT_RECOGNIZED;
}

TEST(VerdictPropertyTest, AgreesWithThePlainRulesInAnyOrder) {
  const unsigned seed = 20'261'123;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<MatchFacts> matches;
    for (int i = 1 + below(6); i > 0; --i) {
      const bool benign = below(4) == 0;
      matches.push_back({.set_id = static_cast<std::uint64_t>(below(3) + (benign ? 10 : 0)),
                         .distance_bits = below(5),
                         .by_digest = below(5) == 0,
                         .benign = benign,
                         .identification = static_cast<Identification>(below(3))});
    }
    const v1::Fingerprint fingerprint = Read(static_cast<v1::Disposition>(below(13)), below(2));
    std::vector<bool> held_back;
    v1::Verdict truth = PlainTruth(matches, held_back);
    if (OnlyBenign(matches) && NeitherPictureNorVideo(fingerprint.disposition())) {
      truth = v1::VERDICT_NOT_APPLICABLE;
    }
    const Judgement judgement = Judge(fingerprint, matches);
    ASSERT_EQ(judgement.verdict, truth) << "round " << round;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      ASSERT_EQ(matches[i].held_back, held_back[i]) << "round " << round << " match " << i;
    }
    std::shuffle(matches.begin(), matches.end(), random);
    const Judgement shuffled = Judge(fingerprint, matches);
    ASSERT_EQ(shuffled.verdict, judgement.verdict) << "round " << round;
    ASSERT_EQ(shuffled.rule, judgement.rule) << "round " << round;
  }
}

TEST(VerdictTest, WhereAllLeadsWereRejectedThatIsTheReason) {
  const Judgement rejected = Judge(Read(v1::DISPOSITION_HASHED, 1), {}, 2);
  EXPECT_EQ(rejected.verdict, v1::VERDICT_UNRECOGNIZED);
  EXPECT_EQ(rejected.rule, "its only leads were rejected by a person");
  EXPECT_NE(Judge(Read(v1::DISPOSITION_HASHED, 1), {}).rule, rejected.rule);
  // One that still has a lead is judged by that.
  std::vector<MatchFacts> matches = {Lead(1, 9, kYes)};
  EXPECT_EQ(Judge(Read(v1::DISPOSITION_HASHED, 1), matches, 2).verdict, v1::VERDICT_IDENTIFIED);
}

TEST(VerdictTest, WhatWasReadToItsEndNeedNotBeReadAgain) {
  for (int i = 0; i <= 12; ++i) {
    const auto disposition = static_cast<v1::Disposition>(i);
    const bool read = i >= v1::DISPOSITION_HASHED && i <= v1::DISPOSITION_UNSUPPORTED;
    EXPECT_EQ(ReadToItsEnd(disposition), read) << v1::Disposition_Name(disposition);
  }
}

}  // namespace
}  // namespace kith::casework
