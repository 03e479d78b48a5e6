// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "server/casework/deciding.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using EngineMatchTest = StoreTest;

TEST_F(EngineMatchTest, AnAnswerSaysAllThatIsNeededToCall) {
  AddAgency("NCA", "+44 1");
  const std::uint64_t contact = AddContact("NCA", "J. Doe");
  AddSeries("S-1");
  AddSet("cvip");
  v1::Entry entry = PdqEntry(Pdq(1), "a.jpg", {.dialect = v1::DIALECT_FULL});
  entry.mutable_codes(0)->mutable_view()->set_crop(v1::CROP_TRIMMED);
  const std::uint64_t id = AddOne("cvip", "S-1", entry);
  ASSERT_TRUE(Identify("S-1", "NCA", contact).ok());
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const auto result =
        MatchOne(PdqQuery(Flipped(Pdq(1), 7),
                          {.dialect = v1::DIALECT_FULL, .orientation = v1::ORIENTATION_ROTATE90}));
    EXPECT_EQ(result.verdict(), v1::VERDICT_IDENTIFIED);
    EXPECT_EQ(result.total(), 1);
    EXPECT_FALSE(result.truncated());
    ASSERT_EQ(result.matches_size(), 1);
    const v1::Match& match = result.matches(0);
    EXPECT_EQ(match.entry_id(), id);
    EXPECT_EQ(match.set(), "cvip");
    EXPECT_EQ(match.purpose(), v1::PURPOSE_KNOWN);
    EXPECT_EQ(match.source_ref(), "a.jpg");
    EXPECT_EQ(match.series(), "S-1");
    EXPECT_EQ(match.series_status(), v1::SERIES_STATUS_IDENTIFIED);
    EXPECT_EQ(match.contact().name(), "J. Doe");
    EXPECT_EQ(match.agency(), "NCA");
    EXPECT_EQ(match.agency_desk(), "+44 1");
    EXPECT_EQ(match.by(), "pdq");
    EXPECT_EQ(match.distance_bits(), 7);
    EXPECT_EQ(match.view().crop(), v1::CROP_TRIMMED);
    EXPECT_EQ(match.query_view().crop(), v1::CROP_ORIGINAL);
    EXPECT_EQ(match.orientation(), v1::ORIENTATION_ROTATE90);
    EXPECT_EQ(match.dialect(), v1::DIALECT_FULL);
  }
}

TEST_F(EngineMatchTest, RadiusIsTheSmallerOfSetAndRequestInclusive) {
  AddSet("tight", {.radius_bits = 10});
  AddSet("wide");
  const std::uint64_t tight = AddOne("tight", "", PdqEntry(Pdq(1)));
  const std::uint64_t wide = AddOne("wide", "", PdqEntry(Pdq(1)));
  EXPECT_THAT(MatchIds(PdqQuery(Flipped(Pdq(1), 10))), ElementsAre(tight, wide));
  EXPECT_THAT(MatchIds(PdqQuery(Flipped(Pdq(1), 11))), ElementsAre(wide));
  EXPECT_THAT(MatchIds(PdqQuery(Flipped(Pdq(1), 31))), ElementsAre(wide));
  EXPECT_THAT(MatchIds(PdqQuery(Flipped(Pdq(1), 32))), IsEmpty());
  v1::MatchOptions options;
  options.set_radius_bits(5);
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), 5)), options).total(), 2);
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), 6)), options).total(), 0);
}

TEST_F(EngineMatchTest, TheNearestComeFirstAndTiesGoByEntry) {
  AddSet("list");
  const std::uint64_t far = AddOne("list", "", PdqEntry(Flipped(Pdq(1), 3), "far"));
  const std::uint64_t near_b = AddOne("list", "", PdqEntry(Pdq(1), "b"));
  const std::uint64_t near_c = AddOne("list", "", PdqEntry(Pdq(1), "c"));
  const std::uint64_t md5 = AddOne("list", "", DigestEntry(Md5(Bytes(16, 1))));
  v1::Fingerprint query = PdqQuery(Pdq(1));
  *query.mutable_digests() = Md5(Bytes(16, 1));
  EXPECT_THAT(MatchIds(query), ElementsAre(near_b, near_c, md5, far));
  EXPECT_EQ(MatchOne(query).matches(2).by(), "md5");
}

// The nearest, and behind a "|" those on which the verdict rests.
std::string RefsOf(const v1::MatchResult& result) {
  std::string refs;
  for (const v1::Match& match : result.matches()) refs += match.source_ref() + " ";
  refs += "|";
  for (const v1::Match& match : result.deciding()) refs += " " + match.source_ref();
  return refs;
}

TEST_F(EngineMatchTest, NearerMatchesDoNotCrowdOutWhomToCall) {
  AddAgency("NCA");
  AddSeries("S-1");
  AddSeries("S-2");
  AddSet("list");
  AddSet("other");
  AddOne("list", "", PdqEntry(Pdq(1), "a"));
  AddOne("list", "", PdqEntry(Flipped(Pdq(1), 1), "b"));
  AddOne("list", "", PdqEntry(Flipped(Pdq(1), 2), "c"));
  AddOne("list", "S-1", PdqEntry(Flipped(Pdq(1), 20), "far"));
  AddOne("list", "S-1", PdqEntry(Flipped(Pdq(1), 21), "farther"));
  ASSERT_TRUE(Identify("S-1", "NCA", 0).ok());
  const auto ask = [&](std::uint32_t limit) {
    v1::MatchOptions options;
    options.set_limit(limit);
    return MatchOne(PdqQuery(Pdq(1)), options);
  };
  EXPECT_EQ(ask(1).verdict(), v1::VERDICT_IDENTIFIED);
  EXPECT_EQ(ask(1).total(), 5);
  EXPECT_TRUE(ask(1).truncated());
  EXPECT_EQ(RefsOf(ask(1)), "a | far");
  EXPECT_EQ(RefsOf(ask(3)), "a b c | far");
  EXPECT_EQ(RefsOf(ask(4)), "a b c far |");
  EXPECT_EQ(RefsOf(ask(5)), "a b c far farther |");
  // Both sides of a conflict.
  AddOne("other", "S-2", PdqEntry(Flipped(Pdq(1), 30), "against"));
  EXPECT_EQ(ask(2).verdict(), v1::VERDICT_CONFLICT);
  EXPECT_EQ(RefsOf(ask(2)), "a b | far against");
  EXPECT_EQ(RefsOf(ask(5)), "a b c far farther | against");
  EXPECT_EQ(RefsOf(ask(6)), "a b c far farther against |");
  // An answer that is shortened later says the same as one of that limit.
  for (std::uint32_t limit = 1; limit <= 6; ++limit) {
    for (std::uint32_t first = limit; first <= 6; ++first) {
      v1::MatchResult shortened = ask(first);
      casework::Shorten(shortened, limit);
      EXPECT_EQ(RefsOf(shortened), RefsOf(ask(limit))) << first << " to " << limit;
      EXPECT_EQ(shortened.truncated(), limit < 6);
    }
  }
}

TEST_F(EngineMatchTest, AnEntryMatchesOnceByItsNearestPair) {
  AddSet("list");
  v1::Entry entry = PdqEntry(Flipped(Pdq(1), 9));
  *entry.add_codes() = MakeCode(Flipped(Pdq(1), 4));
  entry.mutable_codes(1)->mutable_view()->set_frame(3);
  AddOne("list", "", entry);
  v1::Fingerprint query = PdqQuery(Flipped(Pdq(1), 2), {.orientation = v1::ORIENTATION_FLIPX});
  *query.add_codes() = MakeCode(Flipped(Pdq(1), 2), {.orientation = v1::ORIENTATION_ORIGINAL});
  const auto result = MatchOne(query);
  ASSERT_EQ(result.total(), 1);
  EXPECT_EQ(result.matches(0).distance_bits(), 2);
  EXPECT_EQ(result.matches(0).view().frame(), 3);
  EXPECT_EQ(result.matches(0).orientation(), v1::ORIENTATION_ORIGINAL);
}

TEST_F(EngineMatchTest, DialectsThatDifferDoNotMeet) {
  AddSet("full", {.dialect = v1::DIALECT_FULL});
  AddSet("cli", {.dialect = v1::DIALECT_CLI512});
  AddSet("unknown");
  const std::uint64_t full = AddOne("full", "", PdqEntry(Pdq(1)));
  const std::uint64_t cli = AddOne("cli", "", PdqEntry(Pdq(1)));
  const std::uint64_t unknown = AddOne("unknown", "", PdqEntry(Pdq(1)));
  // What the entry says goes before what its set says.
  const std::uint64_t own =
      AddOne("full", "", PdqEntry(Pdq(1), "own", {.dialect = v1::DIALECT_CLI512}));
  EXPECT_THAT(MatchIds(PdqQuery(Pdq(1), {.dialect = v1::DIALECT_FULL})),
              ElementsAre(full, unknown));
  EXPECT_THAT(MatchIds(PdqQuery(Pdq(1), {.dialect = v1::DIALECT_CLI512})),
              ElementsAre(cli, unknown, own));
  EXPECT_THAT(MatchIds(PdqQuery(Pdq(1))), ElementsAre(full, cli, unknown, own));
}

TEST_F(EngineMatchTest, FlatPicturesAreNeitherStoredNorSearched) {
  AddSet("list");
  v1::Entry flat = PdqEntry(Pdq(1), "flat", {.quality = 49});
  const auto refused = Add("list", "", {flat});
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
  *flat.mutable_digests() = Sha256(Bytes(32, 9));
  const std::uint64_t digest_only = AddOne("list", "", flat);
  const std::uint64_t good = AddOne("list", "", PdqEntry(Pdq(1), "good", {.quality = 50}));
  EXPECT_THAT(MatchIds(PdqQuery(Pdq(1), {.quality = 50})), ElementsAre(good));
  EXPECT_THAT(MatchIds(PdqQuery(Pdq(1), {.quality = 49})), IsEmpty());
  EXPECT_THAT(MatchIds(DigestQuery(Sha256(Bytes(32, 9)))), ElementsAre(digest_only));
  v1::Fingerprint low = PdqQuery(Pdq(1));
  low.set_disposition(v1::DISPOSITION_LOW_QUALITY);
  EXPECT_THAT(MatchIds(low), IsEmpty());
}

TEST_F(EngineMatchTest, WithdrawnEntriesAndSetsSwitchedOffAreSilentAtOnce) {
  AddSet("a");
  AddSet("b");
  v1::Entry entry = PdqEntry(Pdq(1));
  *entry.mutable_digests() = Sha256(Bytes(32, 5));
  const std::uint64_t in_a = AddOne("a", "", entry);
  const std::uint64_t in_b = AddOne("b", "", entry);
  v1::Fingerprint query = PdqQuery(Pdq(1));
  *query.mutable_digests() = entry.digests();
  EXPECT_THAT(MatchIds(query), ElementsAre(in_a, in_b));
  Switch("a", false);
  EXPECT_THAT(MatchIds(query), ElementsAre(in_b));
  Withdraw(in_b);
  EXPECT_THAT(MatchIds(query), IsEmpty());
  Reopen();
  EXPECT_THAT(MatchIds(query), IsEmpty());
  Switch("a", true);
  EXPECT_THAT(MatchIds(query), ElementsAre(in_a));
  Reopen();
  EXPECT_THAT(MatchIds(query), ElementsAre(in_a));
  // The same file again is a new entry: the earlier one is gone for good.
  const std::uint64_t again = AddOne("b", "", entry);
  EXPECT_GT(again, in_b);
  EXPECT_THAT(MatchIds(query), ElementsAre(in_a, again));
}

TEST_F(EngineMatchTest, ANearerBenignEntryHoldsALeadBack) {
  AddSet("known");
  AddSet("benign", {.purpose = v1::PURPOSE_BENIGN});
  AddOne("known", "", PdqEntry(Flipped(Pdq(1), 12)));
  AddOne("benign", "", PdqEntry(Flipped(Pdq(1), 2)));
  const auto result = MatchOne(PdqQuery(Pdq(1)));
  EXPECT_EQ(result.verdict(), v1::VERDICT_UNRECOGNIZED);
  ASSERT_EQ(result.matches_size(), 2);
  EXPECT_EQ(result.matches(0).purpose(), v1::PURPOSE_BENIGN);
  EXPECT_FALSE(result.matches(0).held_back());
  EXPECT_TRUE(result.matches(1).held_back());
}

TEST_F(EngineMatchTest, APurposeAsksSetsOfThatPurposeOnly) {
  AddSet("known");
  AddSet("benign", {.purpose = v1::PURPOSE_BENIGN});
  const std::uint64_t known = AddOne("known", "", PdqEntry(Flipped(Pdq(1), 6)));
  const std::uint64_t benign = AddOne("benign", "", PdqEntry(Flipped(Pdq(1), 2)));
  v1::MatchOptions options;
  options.set_purpose(v1::PURPOSE_KNOWN);
  v1::MatchResult result = MatchOne(PdqQuery(Pdq(1)), options);
  ASSERT_EQ(result.matches_size(), 1);
  EXPECT_EQ(result.total(), 1u);
  EXPECT_EQ(result.matches(0).entry_id(), known);
  EXPECT_FALSE(result.matches(0).held_back());
  EXPECT_EQ(result.verdict(), v1::VERDICT_RECOGNIZED);
  options.set_purpose(v1::PURPOSE_BENIGN);
  result = MatchOne(PdqQuery(Pdq(1)), options);
  ASSERT_EQ(result.matches_size(), 1);
  EXPECT_EQ(result.matches(0).entry_id(), benign);
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 2u);

  v1::MatchRequest request;
  request.mutable_options()->set_purpose(static_cast<v1::Purpose>(9));
  EXPECT_EQ(engine().Match(request).status().code(), absl::StatusCode::kInvalidArgument);
  v1::MatchStreamOpen open;
  open.set_case_name("AGENCY/1");
  open.mutable_options()->set_purpose(v1::PURPOSE_KNOWN);
  EXPECT_EQ(engine().StartCheck(open).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EngineMatchTest, SixtyFourDigitsMayBeEither) {
  AddSet("list");
  v1::Entry line = PdqEntry(Pdq(1), "line");
  line.mutable_digests()->set_sha256(Pdq(1));
  const std::uint64_t id = AddOne("list", "", line);
  // Nobody said what the query is either: a lead, not a certainty.
  v1::Fingerprint either = PdqQuery(Pdq(1));
  either.mutable_digests()->set_sha256(Pdq(1));
  auto result = MatchOne(either);
  ASSERT_EQ(result.total(), 1);
  EXPECT_EQ(result.matches(0).by(), "pdq");
  EXPECT_EQ(result.matches(0).distance_bits(), 0);
  // A file's SHA-256 is certain, and so is what a PDQ query is.
  EXPECT_EQ(MatchOne(DigestQuery(Sha256(Pdq(1)))).matches(0).by(), "sha256");
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), 8))).matches(0).distance_bits(), 8);
  // An entry that is known to have this SHA-256 makes the query one.
  v1::Entry known = PdqEntry(Pdq(2), "file");
  known.mutable_digests()->set_sha256(Pdq(3));
  AddOne("list", "", known);
  v1::Fingerprint other = PdqQuery(Pdq(3));
  other.mutable_digests()->set_sha256(Pdq(3));
  EXPECT_EQ(MatchOne(other).matches(0).by(), "sha256");
  EXPECT_EQ(id, 1);
}

TEST_F(EngineMatchTest, BadQueriesAreNamed) {
  v1::MatchRequest request;
  *request.add_queries() = PdqQuery(Pdq(1));
  *request.add_queries() = PdqQuery("short");
  const auto bad = engine().Match(request);
  EXPECT_TRUE(absl::IsInvalidArgument(bad.status()));
  EXPECT_THAT(std::string(bad.status().message()), ::testing::HasSubstr("query 1"));
  request.mutable_queries()->RemoveLast();
  request.mutable_options()->set_radius_bits(32);
  EXPECT_TRUE(absl::IsInvalidArgument(engine().Match(request).status()));
  request.mutable_options()->set_radius_bits(31);
  request.mutable_options()->set_limit(kMaxLimit + 1);
  EXPECT_TRUE(absl::IsInvalidArgument(engine().Match(request).status()));
  v1::MatchRequest many;
  for (std::uint32_t i = 0; i <= kMaxQueriesABatch; ++i) many.add_queries();
  EXPECT_TRUE(absl::IsResourceExhausted(engine().Match(many).status()));
}

// Entries of one file under as many names: each is a match of its own.
std::vector<v1::Entry> Copies(const std::string& pdq, int count) {
  std::vector<v1::Entry> entries;
  for (int i = 0; i < count; ++i) entries.push_back(PdqEntry(pdq, std::to_string(i)));
  return entries;
}

// 4,096 queries of 10,000 matches each filled the memory of the service.
TEST_F(EngineMatchTest, TheMatchesOfACallHaveABudget) {
  AddSet("list");
  ASSERT_TRUE(Add("list", "", Copies(Pdq(1), 1000)).ok());
  v1::MatchRequest request;
  request.mutable_options()->set_limit(1000);
  for (int i = 0; i < 200; ++i) *request.add_queries() = PdqQuery(Pdq(1));
  EXPECT_TRUE(engine().Match(request).ok());
  *request.add_queries() = PdqQuery(Pdq(1));
  const absl::Status status = engine().Match(request).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("200000"));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("lower limit"));
  // What is not shown costs nothing.
  request.mutable_options()->set_limit(999);
  EXPECT_FALSE(engine().Match(request).ok());
  request.mutable_options()->set_limit(100);
  const auto response = engine().Match(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->results(200).total(), 1000);
}

// All pairs of codes were held at once: now they are reduced on the way, and groups are divided.
TEST_F(EngineMatchTest, VeryManyLeadsAreCountedExactlyInBoundedMemory) {
  AddSet("list");
  constexpr int kEntries = 5000;
  ASSERT_TRUE(Add("list", "", Copies(Pdq(1), kEntries)).ok());
  v1::MatchRequest request;
  request.mutable_options()->set_limit(3);
  for (int i = 0; i < 401; ++i) *request.add_queries() = PdqQuery(Flipped(Pdq(1), i % 31));
  v1::Fingerprint& turned = *request.add_queries();
  for (const int bits : {9, 4, 6, 4, 8}) {
    *turned.add_codes() =
        MakeCode(Flipped(Pdq(1), bits),
                 {.orientation = bits == 4 ? v1::ORIENTATION_FLIPX : v1::ORIENTATION_ROTATE90});
  }
  const auto response = engine().Match(request);
  ASSERT_TRUE(response.ok()) << response.status();
  ASSERT_EQ(response->results_size(), 402);
  for (int i = 0; i < 402; ++i) {
    const v1::MatchResult& result = response->results(i);
    EXPECT_EQ(result.total(), kEntries);
    ASSERT_EQ(result.matches_size(), 3);
    EXPECT_EQ(result.matches(2).entry_id(), 3);
    EXPECT_EQ(result.matches(0).distance_bits(), i < 401 ? unsigned(i % 31) : 4U);
  }
  EXPECT_EQ(response->results(401).matches(0).orientation(), v1::ORIENTATION_FLIPX);
}

// Codes of a dialect that no entry can meet are not searched; that must never lose a match.
TEST_F(EngineMatchTest, DialectsThatNoEntryHasAreSkippedWithoutLoss) {
  const auto query = [](v1::Dialect dialect) { return PdqQuery(Pdq(1), {.dialect = dialect}); };
  EXPECT_THAT(MatchIds(query(v1::DIALECT_UNSPECIFIED)), IsEmpty());
  AddSet("cli", {.dialect = v1::DIALECT_CLI512});
  AddSet("unknown");
  const std::uint64_t cli = AddOne("cli", "", PdqEntry(Pdq(1)));
  EXPECT_THAT(MatchIds(query(v1::DIALECT_FULL)), IsEmpty());
  EXPECT_EQ(MatchOne(query(v1::DIALECT_FULL)).verdict(), v1::VERDICT_UNRECOGNIZED);
  EXPECT_THAT(MatchIds(query(v1::DIALECT_CLI512)), ElementsAre(cli));
  EXPECT_THAT(MatchIds(query(v1::DIALECT_UNSPECIFIED)), ElementsAre(cli));
  const std::uint64_t unknown = AddOne("unknown", "", PdqEntry(Pdq(1)));
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    EXPECT_THAT(MatchIds(query(v1::DIALECT_FULL)), ElementsAre(unknown));
    EXPECT_THAT(MatchIds(query(v1::DIALECT_CLI512)), ElementsAre(cli, unknown));
  }
  Switch("unknown", false);
  EXPECT_THAT(MatchIds(query(v1::DIALECT_FULL)), IsEmpty());
  Switch("unknown", true);
  EXPECT_THAT(MatchIds(query(v1::DIALECT_FULL)), ElementsAre(unknown));
}

}  // namespace
}  // namespace kith::server
