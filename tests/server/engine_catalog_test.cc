// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "absl/strings/escaping.h"
#include "server/catalog/catalog.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

using ::testing::HasSubstr;
using EngineCatalogTest = StoreTest;

TEST_F(EngineCatalogTest, RecordsAreTheSameAfterAReopen) {
  AddAgency("NCA", "desk@nca");
  const std::uint64_t contact = AddContact("NCA", "J. Doe");
  AddSeries("S-1");
  AddSeries("S-2");
  ASSERT_TRUE(Identify("S-1", "", contact).ok());
  AddSet("list", {.purpose = v1::PURPOSE_BENIGN, .dialect = v1::DIALECT_FULL, .radius_bits = 7});
  AddOne("list", "S-1", PdqEntry(Pdq(1), "one"));
  const std::uint64_t gone = AddOne("list", "S-1", PdqEntry(Pdq(2), "two"));
  Withdraw(gone);
  Switch("list", false);
  std::string before;
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    std::string now;
    now += engine().ListAgencies({})->DebugString() + engine().ListContacts({})->DebugString() +
           engine().ListSeries({})->DebugString() + engine().ListHashSets({})->DebugString() +
           engine().ListEntries({})->DebugString();
    v1::GetSeriesRequest series;
    series.set_code("S-1");
    now += engine().GetSeries(series)->DebugString();
    now += engine().GetCapabilities({})->DebugString();
    if (!reopened) before = now;
    EXPECT_EQ(now, before);
  }
  EXPECT_THAT(before, HasSubstr("withdrawn: true"));
  v1::GetHashSetRequest set;
  set.set_name("list");
  EXPECT_EQ(engine().GetHashSet(set)->hash_set().entries(), 1);
  EXPECT_FALSE(engine().GetHashSet(set)->hash_set().enabled());
}

TEST_F(EngineCatalogTest, AnEntryComesBackAsItWasGiven) {
  AddSeries("S-1");
  AddSet("list");
  v1::Entry entry =
      PdqEntry(Pdq(1), "Bild \xC3\xA4.jpg", {.dialect = v1::DIALECT_FULL, .quality = 80});
  entry.mutable_codes(0)->mutable_view()->set_frame(4);
  entry.mutable_codes(0)->mutable_view()->set_crop(v1::CROP_TRIMMED);
  entry.mutable_codes(0)->set_orientation(v1::ORIENTATION_ORIGINAL);
  entry.set_victim_identified(v1::TRI_STATE_YES);
  entry.mutable_digests()->set_md5(Bytes(16, 1));
  entry.mutable_digests()->set_sha1(Bytes(20, 1));
  entry.mutable_digests()->set_sha256(Bytes(32, 1));
  const std::uint64_t id = AddOne("list", "S-1", entry);
  entry.set_entry_id(id);
  entry.set_set("list");
  entry.set_series("S-1");
  entry.set_added_by_change(1);
  v1::GetEntryRequest request;
  request.set_entry_id(id);
  EXPECT_EQ(engine().GetEntry(request)->entry().DebugString(), entry.DebugString());
  request.set_entry_id(id + 1);
  EXPECT_TRUE(absl::IsNotFound(engine().GetEntry(request).status()));
}

TEST_F(EngineCatalogTest, ListsArePagedAndRefuseForeignTokens) {
  AddSet("list");
  AddSet("other");
  for (int i = 0; i < 5; ++i)
    AddOne(i == 2 ? "other" : "list", "", PdqEntry(Pdq(100U + unsigned(i))));
  v1::ListEntriesRequest request;
  request.set_set("list");
  request.set_page_size(2);
  std::vector<std::uint64_t> ids;
  int pages = 0;
  do {
    const auto page = engine().ListEntries(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& entry : page->entries()) ids.push_back(entry.entry_id());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 2);
  EXPECT_THAT(ids, ::testing::ElementsAre(1, 2, 4, 5));
  for (const char* token : {"sets-1", "entries-x", "entries-01", "entries-"}) {
    request.set_page_token(token);
    EXPECT_TRUE(absl::IsInvalidArgument(engine().ListEntries(request).status())) << token;
  }
  request.clear_page_token();
  request.set_set("none");
  EXPECT_TRUE(absl::IsNotFound(engine().ListEntries(request).status()));
}

// `after + 1` wrapped to entry 0, which does not exist: the service crashed on an empty store.
TEST_F(EngineCatalogTest, APageTokenBeyondTheLargestNumberIsRefused) {
  for (const bool filled : {false, true}) {
    for (const std::string number : {"18446744073709551615", "9223372036854775808"}) {
      v1::ListEntriesRequest entries;
      entries.set_page_token("entries-" + number);
      EXPECT_TRUE(absl::IsInvalidArgument(engine().ListEntries(entries).status())) << number;
      v1::ListHashSetsRequest sets;
      sets.set_page_token("sets-" + number);
      EXPECT_TRUE(absl::IsInvalidArgument(engine().ListHashSets(sets).status())) << number;
      v1::ListCasesRequest cases;
      cases.set_page_token("cases-" + number);
      EXPECT_TRUE(absl::IsInvalidArgument(engine().ListCases(cases).status())) << number;
    }
    v1::ListEntriesRequest last;
    last.set_page_token("entries-9223372036854775807");
    const auto page = engine().ListEntries(last);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->entries_size(), 0);
    if (filled) break;
    AddSet("list");
    AddOne("list", "", PdqEntry(Pdq(1)));
  }
}

TEST(CatalogTest, ListingAfterTheLargestNumberGivesNothing) {
  TempDir dir;
  auto catalog = catalog::Catalog::Open(
      {.store_dir = dir.path() + "/store", .more_migrations = {}, .progress = {}});
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const auto entries = (*catalog)->ListEntries(UINT64_MAX, 10, 0, 0);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_TRUE(entries->empty());
}

// The same file counted as already there although it brought what the earlier entry lacks: its PDQ
// was never searched, and its series was lost.
TEST_F(EngineCatalogTest, AlreadyThereDoesNotThrowAwayCodesSeriesOrVictim) {
  AddSeries("S1");
  AddSet("list");
  const v1::Entry bare = DigestEntry(Sha256(Bytes(32, 1)), "from a list");
  const std::uint64_t listed = AddOne("list", "", bare);
  v1::Entry enrolled = PdqEntry(Pdq(1), "from a folder", {.dialect = v1::DIALECT_FULL});
  *enrolled.mutable_digests() = bare.digests();
  // In one call with its repetition: what this batch took counts as what others took.
  const auto added = Add("list", "S1", {enrolled, enrolled});
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_FALSE(added->entries(0).already_there());
  EXPECT_TRUE(added->entries(1).already_there());
  const std::uint64_t whole = added->entries(0).entry_id();
  EXPECT_NE(whole, listed);
  EXPECT_EQ(added->entries(1).entry_id(), whole);
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).matches(0).series(), "S1");
  EXPECT_EQ(MatchOne(DigestQuery(bare.digests())).total(), 2);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    // Less than is there: nothing is added.
    EXPECT_EQ(AddOne("list", "", bare), listed);
    EXPECT_EQ(AddOne("list", "", enrolled), whole);
    EXPECT_EQ(AddOne("list", "S1", bare), whole);
    EXPECT_EQ(AddOne("list", "S1", enrolled), whole);
  }
  // Another dialect, another code, a word on the victim, another series: each is more.
  v1::Entry more = enrolled;
  more.mutable_codes(0)->set_dialect(v1::DIALECT_CLI512);
  EXPECT_EQ(AddOne("list", "S1", more), whole + 1);
  more = enrolled;
  more.mutable_codes(0)->set_pdq(Pdq(2));
  EXPECT_EQ(AddOne("list", "S1", more), whole + 2);
  more = enrolled;
  more.set_victim_identified(v1::TRI_STATE_YES);
  EXPECT_EQ(AddOne("list", "S1", more), whole + 3);
  EXPECT_EQ(AddOne("list", "S1", enrolled), whole);
  AddSeries("S2");
  EXPECT_EQ(AddOne("list", "S2", enrolled), whole + 4);
  // Withdrawn ones do not count.
  Withdraw(whole + 4);
  EXPECT_EQ(AddOne("list", "S2", enrolled), whole + 5);
}

TEST_F(EngineCatalogTest, AlreadyThereDoesNotThrowAwayAStrongerDigest) {
  AddSet("list");
  const std::uint64_t weak = AddOne("list", "", DigestEntry(Md5(Bytes(16, 1))));
  v1::Digests both = Sha256(Bytes(32, 1));
  both.set_md5(Bytes(16, 1));
  const std::uint64_t strong = AddOne("list", "", DigestEntry(both));
  EXPECT_NE(strong, weak);
  EXPECT_EQ(MatchOne(DigestQuery(Sha256(Bytes(32, 1)))).total(), 1);
  EXPECT_EQ(AddOne("list", "", DigestEntry(both)), strong);
  EXPECT_EQ(AddOne("list", "", DigestEntry(Md5(Bytes(16, 1)))), weak);
  // The other way round: the SHA-256 is there, the MD5 is new.
  const std::uint64_t alone = AddOne("list", "", DigestEntry(Sha256(Bytes(32, 2))));
  v1::Digests with_md5 = Sha256(Bytes(32, 2));
  with_md5.set_md5(Bytes(16, 2));
  EXPECT_NE(AddOne("list", "", DigestEntry(with_md5)), alone);
  EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 2)))).total(), 1);
}

// Each code was compared with all others before they were counted.
TEST_F(EngineCatalogTest, CodesBeyondTheLimitAreRefusedBeforeTheyAreCompared) {
  AddSet("list");
  v1::Entry entry;
  for (std::uint32_t i = 0; i < 64; ++i) {
    *entry.add_codes() = MakeCode(Pdq(i));
    entry.mutable_codes(static_cast<int>(i))->mutable_view()->set_frame(i);
  }
  EXPECT_TRUE(Add("list", "", {entry}).ok());
  // The 65th also repeats a view: told is what is counted first.
  *entry.add_codes() = MakeCode(Pdq(0));
  const absl::Status status = Add("list", "", {PdqEntry(Pdq(99)), entry}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("item 1: 65 codes"));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(99))).total(), 0);
}

TEST_F(EngineCatalogTest, ASetWithoutARadiusGetsTheDefaultAndOneOfZeroKeepsIt) {
  v1::AddHashSetRequest request;
  request.mutable_hash_set()->set_name("default");
  request.mutable_hash_set()->set_enabled(false);
  const auto added = engine().AddHashSet(request);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->hash_set().radius_bits(), kDefaultRadiusBits);
  EXPECT_TRUE(added->hash_set().enabled());
  AddSet("exact", {.radius_bits = 0});
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const auto sets = engine().ListHashSets({});
    ASSERT_EQ(sets->hash_sets_size(), 2);
    EXPECT_EQ(sets->hash_sets(0).radius_bits(), kDefaultRadiusBits);
    EXPECT_TRUE(sets->hash_sets(1).has_radius_bits());
    EXPECT_EQ(sets->hash_sets(1).radius_bits(), 0);
  }
}

TEST_F(EngineCatalogTest, NamesAreChecked) {
  const auto add = [&](const std::string& name) {
    v1::AddAgencyRequest request;
    request.mutable_agency()->set_name(name);
    return engine().AddAgency(request).status();
  };
  for (const std::string& bad :
       {std::string(), std::string(201, 'x'), std::string("a/b"), std::string("a\nb"),
        std::string("a\x1b[31m"), std::string("\xFF"), std::string("\xC0\x80"),
        std::string("\xED\xA0\x80"), std::string(" a"), std::string("a ")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(add(bad))) << absl::CHexEscape(bad);
  }
  EXPECT_TRUE(add("\xE8\xAD\xA6\xE8\xA6\x96\xE5\xBA\x81").ok());
  EXPECT_TRUE(add(std::string(200, 'x')).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(add(std::string(200, 'x'))));
  // A mistyped one became a second agency.
  const absl::Status slip = add(std::string(199, 'x') + "X");
  EXPECT_TRUE(absl::IsAlreadyExists(slip)) << slip;
  EXPECT_NE(slip.message().find("did you mean"), absl::string_view::npos) << slip;
  v1::AddContactRequest contact;
  contact.mutable_contact()->set_agency("nobody");
  contact.mutable_contact()->set_name("J");
  EXPECT_TRUE(absl::IsNotFound(engine().AddContact(contact).status()));
  contact.mutable_contact()->set_agency(std::string(200, 'x'));
  contact.mutable_contact()->set_verified_at("2026-02-30");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().AddContact(contact).status()));
  contact.mutable_contact()->set_verified_at("2026-02-28");
  EXPECT_TRUE(engine().AddContact(contact).ok());
}

TEST_F(EngineCatalogTest, ASeriesIsIdentifiedOnce) {
  AddAgency("NCA");
  AddAgency("BKA");
  const std::uint64_t contact = AddContact("BKA", "K");
  AddSeries("S-1");
  EXPECT_TRUE(absl::IsNotFound(Identify("S-2", "NCA", 0)));
  EXPECT_TRUE(absl::IsNotFound(Identify("S-1", "FBI", 0)));
  EXPECT_TRUE(absl::IsNotFound(Identify("S-1", "NCA", 99)));
  EXPECT_TRUE(absl::IsInvalidArgument(Identify("S-1", "NCA", contact)));
  EXPECT_TRUE(absl::IsInvalidArgument(Identify("S-1", "", 0)));
  EXPECT_TRUE(Identify("S-1", "NCA", 0).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Identify("S-1", "BKA", contact)));
  v1::AddSeriesRequest request;
  request.mutable_series()->set_code("S-3");
  request.mutable_series()->mutable_contact()->set_contact_id(contact);
  const auto added = engine().AddSeries(request);
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->series().status(), v1::SERIES_STATUS_IDENTIFIED);
  EXPECT_EQ(added->series().agency(), "BKA");
  EXPECT_TRUE(absl::IsAlreadyExists(engine().AddSeries(request).status()));
}

TEST_F(EngineCatalogTest, TheSameFileEntersASetOnce) {
  AddSet("list");
  AddSet("other");
  v1::Entry full = PdqEntry(Pdq(1), "a");
  full.mutable_digests()->set_md5(Bytes(16, 1));
  full.mutable_digests()->set_sha256(Bytes(32, 1));
  v1::Entry same_md5 = DigestEntry(Md5(Bytes(16, 1)), "b");
  const v1::Entry pdq = PdqEntry(Pdq(2), "c");
  const v1::Entry other_ref = PdqEntry(Pdq(2), "d");
  // Within one batch, and again in a later one, before and after a reopen.
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    const auto added = Add("list", "", {full, same_md5, full, pdq, pdq, other_ref});
    ASSERT_TRUE(added.ok()) << added.status();
    std::vector<std::uint64_t> ids;
    std::vector<bool> there;
    for (const auto& one : added->entries()) {
      ids.push_back(one.entry_id());
      there.push_back(one.already_there());
    }
    EXPECT_THAT(ids, ::testing::ElementsAre(1, 1, 1, 2, 2, 3));
    const bool first = !reopened;
    EXPECT_THAT(there, ::testing::ElementsAre(!first, true, true, !first, true, !first));
    EXPECT_EQ(added->index_version().change(), 1);
  }
  EXPECT_EQ(AddOne("other", "", full), 4);
}

TEST_F(EngineCatalogTest, ABatchIsAllOrNothingAndNamesTheItem) {
  AddSet("list");
  v1::Digests empty;
  empty.set_md5(absl::HexStringToBytes("d41d8cd98f00b204e9800998ecf8427e"));
  v1::Digests empty1;
  empty1.set_sha1(absl::HexStringToBytes("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
  v1::Entry turned = PdqEntry(Pdq(3));
  turned.mutable_codes(0)->set_orientation(v1::ORIENTATION_FLIPX);
  v1::Entry twice = PdqEntry(Pdq(3));
  *twice.add_codes() = MakeCode(Pdq(4));
  const std::vector<v1::Entry> bad = {
      v1::Entry(),
      DigestEntry(empty),
      DigestEntry(empty1),
      DigestEntry(Sha256("short")),
      PdqEntry("short"),
      PdqEntry(Pdq(3), "", {.quality = 101}),
      turned,
      twice,
      PdqEntry(Pdq(3), std::string(5000, 'x')),
  };
  for (const v1::Entry& entry : bad) {
    const auto refused = Add("list", "", {PdqEntry(Pdq(1)), entry});
    EXPECT_TRUE(absl::IsInvalidArgument(refused.status())) << refused.status();
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("item 1"));
  }
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 0);
  EXPECT_TRUE(absl::IsNotFound(Add("none", "", {PdqEntry(Pdq(1))}).status()));
  EXPECT_TRUE(absl::IsNotFound(Add("list", "none", {PdqEntry(Pdq(1))}).status()));
  EXPECT_EQ(AddOne("list", "", PdqEntry(Pdq(1))), 1);
  v1::WithdrawEntriesRequest withdraw;
  withdraw.add_entry_ids(1);
  withdraw.add_entry_ids(7);
  const auto refused = engine().WithdrawEntries(withdraw);
  EXPECT_TRUE(absl::IsNotFound(refused.status()));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("entry 7"));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1))).total(), 1);
}

TEST_F(EngineCatalogTest, EveryChangeOfAnAnswerHasANumber) {
  const auto change = [&] { return engine().GetCapabilities({})->index_version().change(); };
  AddAgency("NCA");
  AddSeries("S-1");
  AddSet("list");
  EXPECT_EQ(change(), 0);
  AddOne("list", "S-1", PdqEntry(Pdq(1)));
  EXPECT_EQ(change(), 1);
  ASSERT_TRUE(Identify("S-1", "NCA", 0).ok());
  EXPECT_EQ(change(), 2);
  Switch("list", false);
  EXPECT_EQ(change(), 3);
  Switch("list", false);
  EXPECT_EQ(change(), 3);
  Withdraw(1);
  EXPECT_EQ(change(), 4);
  Withdraw(1);
  EXPECT_EQ(change(), 4);
  Reopen();
  EXPECT_EQ(change(), 4);
}

}  // namespace
}  // namespace kith::server
