// SPDX-License-Identifier: Apache-2.0
//
// What a source said beside what is matched: kept, and given back as it came.
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "tests/server/engine_import_fixture.h"

namespace kith::server {
namespace {

// What came is given back, in its order, whatever the size of the pages.
TEST_F(EngineImportTest, GivesBackWhatTheSourceSaid) {
  AddSet("list");
  AddSet("other");
  AddSeries("S1");
  const std::uint64_t before = AddOne("other", "", DigestEntry(Md5(Bytes(16, 99))));
  const std::string id = Begin("list", v1::SERIES_NAMES_CREATE);
  v1::Entry bare = DigestEntry(Md5(Bytes(16, 3)));
  const std::vector<v1::Entry> sent = {
      Said(1, "S1", R"({"n":1})"),
      Said(2, "new", R"({"n":2})"),
      Said(1, "S1", R"({"n":"1 again"})"),  // repeats the first, and says something else
      Said(1, "S1", R"({"n":1})"),          // and this nothing
      bare,
      Said(2, "new", R"({"n":"2 again"})"),
      Said(1, "S1", R"({"n":"1 once more"})")};
  ASSERT_TRUE(Send(id, 0, {sent.begin(), sent.begin() + 3}).ok());
  ASSERT_TRUE(Send(id, 1, {sent.begin() + 3, sent.end()}).ok());
  v1::CommitImportRequest request;
  request.set_import_id(id);
  request.set_batches(2);
  request.mutable_carried()->set_format("vics");
  request.mutable_carried()->set_data(R"({"list":"media"})");
  const auto committed = engine().CommitImport(request);
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->added(), 3);
  EXPECT_EQ(committed->already_there(), 4);
  EXPECT_EQ(committed->repeats(), 3);
  EXPECT_EQ(committed->series_added(), 1);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (const std::uint32_t size : {1U, 2U, 3U, 100U}) {
      std::vector<std::string> data;
      v1::ListEntriesRequest list;
      list.set_set("list");
      list.set_as_imported(true);
      list.set_page_size(size);
      do {
        const auto page = engine().ListEntries(list);
        ASSERT_TRUE(page.ok()) << page.status();
        EXPECT_LE(page->entries_size(), static_cast<int>(size));
        for (const v1::Entry& entry : page->entries()) {
          data.push_back(entry.carried().data() + (entry.repeats() ? " repeats " : " of ") +
                         std::to_string(entry.entry_id() - before));
          EXPECT_EQ(entry.set(), "list");
        }
        list.set_page_token(page->next_page_token());
      } while (!list.page_token().empty());
      EXPECT_THAT(data, ::testing::ElementsAre(R"({"n":1} of 1)", R"({"n":2} of 2)",
                                               R"({"n":"1 again"} repeats 1)", " of 3",
                                               R"({"n":"2 again"} repeats 2)",
                                               R"({"n":"1 once more"} repeats 1)"))
          << size;
    }
    v1::ListImportsRequest imports;
    imports.set_set("list");
    const auto listed = engine().ListImports(imports);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->imports_size(), 1);
    EXPECT_EQ(listed->imports(0).carried().data(), R"({"list":"media"})");
    EXPECT_EQ(listed->imports(0).first_entry(), before + 1);
    EXPECT_EQ(listed->imports(0).source(), "test list");
    // Lists of before do not show it, and a forged token gives nothing away.
    v1::ListEntriesRequest plain;
    EXPECT_EQ(engine().ListEntries(plain)->entries_size(), 4);
    EXPECT_FALSE(engine().ListEntries(plain)->entries(1).has_carried());
    v1::ListEntriesRequest forged;
    forged.set_as_imported(true);
    for (const char* token :
         {"imported-1.0.0", "imported-1", "imported-1.2", "imported-1.0.x", "imported-1.0.",
          "imported-1..0", ".0.0", "entries-1", "imported-1.0.-1", "imported-1.0.0.0",
          "imported-1.9223372036854775808.0"}) {
      forged.set_page_token(token);
      EXPECT_EQ(engine().ListEntries(forged).ok(), std::string(token) == "imported-1.0.0") << token;
    }
    EXPECT_TRUE(Verify().ok());
  }
}

// Of a record that is kept and matched by nobody.
v1::Entry Harmless(int i, const std::string& data) {
  v1::Entry entry = Said(i, "", data);
  entry.set_carried_only(true);
  return entry;
}

class CarriedOnlyTest : public EngineImportTest {
 protected:
  v1::CommitImportResponse Import(const std::string& set, const std::vector<v1::Entry>& records) {
    const std::string id = Begin(set);
    const auto sent = Send(id, 0, records);
    EXPECT_TRUE(sent.ok() && sent->refused_size() == 0);
    const auto done = Commit(id, 1);
    EXPECT_TRUE(done.ok()) << done.status();
    return done.ok() ? *done : v1::CommitImportResponse();
  }
  // What is carried, in its order; "-" before what made no entry.
  std::vector<std::string> Listed(const std::string& set, std::uint32_t page_size) {
    std::vector<std::string> data;
    v1::ListEntriesRequest list;
    list.set_set(set);
    list.set_as_imported(true);
    list.set_page_size(page_size);
    do {
      const auto page = engine().ListEntries(list);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      for (const v1::Entry& entry : page->entries()) {
        data.push_back((entry.carried_only() ? "-" : "") + entry.carried().data());
        EXPECT_EQ(entry.set(), set);
        EXPECT_EQ(entry.repeats(), entry.carried_only());
        EXPECT_NE(entry.added_by_change(), 0);
      }
      list.set_page_token(page->next_page_token());
    } while (!list.page_token().empty());
    return data;
  }
};

// A harmless record was dropped on its way in, so that the list did not come back whole.
TEST_F(CarriedOnlyTest, ComesBackInItsPlaceAndIsNeverMatched) {
  AddSet("a");
  AddSet("b");
  v1::Entry photodna;  // nothing to match by
  photodna.mutable_carried()->set_format("vics");
  photodna.mutable_carried()->set_data("photodna");
  photodna.set_carried_only(true);
  v1::Entry of_nothing = Harmless(9, "empty");
  of_nothing.mutable_digests()->set_md5(
      std::string("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e", 16));
  // None but such, in an empty store.
  const auto alone = Import("b", {Harmless(7, "b1"), photodna});
  EXPECT_EQ(alone.added(), 0);
  EXPECT_EQ(alone.carried_only(), 2);
  EXPECT_EQ(alone.first_entry(), 0);
  // Before the first entry, between and behind them.
  const std::vector<v1::Entry> list = {Harmless(1, "a1"), Harmless(2, "a2"), Said(3, "", "a3"),
                                       Harmless(4, "a4"), Said(5, "", "a5"), of_nothing};
  const auto first = Import("a", list);
  EXPECT_EQ(first.added(), 2);
  EXPECT_EQ(first.carried_only(), 4);
  EXPECT_EQ(first.first_entry(), 1);
  Import("b", {Harmless(6, "b2"), Said(6, "", "b3")});
  // The same list once more, with more at its end.
  std::vector<v1::Entry> longer = list;
  longer.push_back(Harmless(8, "a6"));
  const auto again = Import("a", longer);
  EXPECT_EQ(again.added(), 0);
  EXPECT_EQ(again.carried_only(), 1);
  EXPECT_EQ(again.already_there(), 6);
  const auto change = again.index_version().change();
  EXPECT_EQ(Import("a", longer).index_version().change(), change);
  for (const bool reopened : {false, true}) {
    if (reopened) Reopen();
    for (const std::uint32_t size : {1U, 2U, 3U, 100U}) {
      EXPECT_THAT(Listed("a", size),
                  ::testing::ElementsAre("-a1", "-a2", "a3", "-a4", "a5", "-empty", "-a6"))
          << size;
      EXPECT_THAT(Listed("b", size), ::testing::ElementsAre("-b1", "-photodna", "-b2", "b3"))
          << size;
    }
    for (const int i : {1, 2, 4, 7, 8}) {
      EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, static_cast<std::uint64_t>(i))))).total(), 0);
    }
    EXPECT_EQ(MatchOne(DigestQuery(Md5(Bytes(16, 3)))).total(), 1);
    EXPECT_TRUE(Verify().ok());
    EXPECT_EQ(Verify().entries(), 3);
    v1::ListImportsRequest imports;
    imports.set_set("b");
    const auto listed = engine().ListImports(imports);
    ASSERT_TRUE(listed.ok()) << listed.status();
    ASSERT_EQ(listed->imports_size(), 2);
    EXPECT_EQ(listed->imports(0).first_entry(), 0);
    EXPECT_EQ(listed->imports(1).first_entry(), 3);
  }
}

// More than one block of them, before the first entry and behind the last.
TEST_F(CarriedOnlyTest, ManyFillBlocksOfTheirOwn) {
  AddSet("a");
  AddSet("b");
  AddOne("b", "", DigestEntry(Md5(Bytes(16, 99))));
  std::vector<v1::Entry> records;
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string data = std::to_string(i) + std::string(20'000, 'x');
    const bool known = i % 13 == 12;
    records.push_back(known ? Said(i, "", data) : Harmless(i, data));
    expected.push_back((known ? "" : "-") + data);
  }
  EXPECT_EQ(Import("a", records).added(), 3);
  AddOne("b", "", DigestEntry(Md5(Bytes(16, 98))));
  EXPECT_EQ(Listed("a", 7), expected);
  EXPECT_TRUE(Verify().ok());
  v1::AddEntriesRequest add;
  add.set_set("b");
  *add.add_entries() = Harmless(1, "x");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().AddEntries(add).status()));
}

google::protobuf::UnknownFieldSet& UnknownOf(google::protobuf::Message& message) {
  return *message.GetReflection()->MutableUnknownFields(&message);
}

// A hash of 5 MiB in a record that is never matched was stored, and nothing that stood behind it
// could be read any more, of no set.
TEST_F(CarriedOnlyTest, OneRecordCannotBarTheWayBack) {
  AddSet("a");
  AddSet("b");
  v1::Entry long_hash = Harmless(1, "long hash");
  *long_hash.add_codes() = MakeCode(std::string(5 << 20, 'x'));
  v1::Entry short_hash = Harmless(2, "short hash");
  *short_hash.add_codes() = MakeCode("x");
  v1::Entry of_later = Harmless(3, "a field of a later version");
  UnknownOf(of_later).AddLengthDelimited(1000, std::string(5 << 20, 'x'));
  v1::Entry of_later_too = of_later;
  of_later_too.clear_carried_only();
  const std::string id = Begin("a");
  const auto sent = Send(id, 0, {long_hash, short_hash, of_later, of_later_too});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->refused_size(), 4);
  ASSERT_TRUE(Commit(id, 1).ok());
  // What is small enough to be taken is not kept where nobody can tell what it is.
  v1::Entry unknown = Harmless(4, "kept");
  *unknown.add_codes() = MakeCode(Pdq(4));
  UnknownOf(*unknown.mutable_codes(0)).AddVarint(1000, 1);
  UnknownOf(unknown).AddLengthDelimited(1000, "x");
  Import("a", {unknown});
  Import("b", {Said(5, "", "behind it")});
  EXPECT_THAT(Listed("a", 10), ::testing::ElementsAre("-kept"));
  EXPECT_THAT(Listed("b", 10), ::testing::ElementsAre("behind it"));
  v1::ListEntriesRequest list;
  list.set_set("a");
  list.set_as_imported(true);
  auto page = engine().ListEntries(list);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(UnknownOf(*page->mutable_entries(0)).empty());
  EXPECT_TRUE(UnknownOf(*page->mutable_entries(0)->mutable_codes(0)).empty());
  EXPECT_EQ(page->entries(0).codes(0).pdq(), Pdq(4));
  EXPECT_TRUE(Verify().ok());
}

// Where all records of a list stand behind one entry, each page began with the first of them.
TEST_F(ImportsTest, APageOfWhatIsCarriedReadsNoBlockBeforeIt) {
  catalog::Imports imports(*catalog_);
  const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
  ASSERT_TRUE(id.ok()) << id.status();
  std::vector<std::string> sent;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(std::to_string(i) + std::string(20'000, 'x'));
    const v1::Entry record = Harmless(i, sent.back());
    const std::array<const v1::Entry*, 1> records = {&record};
    ASSERT_TRUE(imports.Add(*id, static_cast<std::uint64_t>(i), records).ok());
  }
  ASSERT_TRUE(imports.Commit(*id, sent.size()).ok());
  const auto damage_before = [&](std::uint64_t block) {
    auto write = catalog_->database().BeginWrite();
    ASSERT_TRUE(write.ok());
    ASSERT_TRUE(write->Execute("DROP TRIGGER IF EXISTS carried_block_stays").ok());
    ASSERT_TRUE(write->Execute("UPDATE carried_block SET data = x'00' WHERE id < ?1", block).ok());
    ASSERT_TRUE(write->Commit().ok());
  };
  catalog::ImportedPlace from;
  std::vector<std::string> given;
  for (bool more = true; more;) {
    const auto page = catalog_->ListImported(from, 7, set_id_, 0);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Entry& entry : page->entries) given.push_back(entry.carried().data());
    more = page->more;
    from = page->next;
    damage_before(from.block);
  }
  EXPECT_EQ(given, sent);
  EXPECT_GT(from.block, 3U);
}

// To give a small set back unpacked what all the others carry.
TEST_F(ImportsTest, APageOfASetReadsNoBlockOfAnother) {
  v1::HashSet set;
  set.set_name("other");
  const auto other = catalog_->AddHashSet(set);
  ASSERT_TRUE(other.ok()) << other.status();
  catalog::Imports imports(*catalog_);
  int number = 0;
  const auto import = [&](const std::string& into, bool in_blocks) {
    const auto id = imports.Begin(into, "", {}, v1::SERIES_NAMES_IGNORE);
    EXPECT_TRUE(id.ok()) << id.status();
    // One that makes no entry, one that does, one that repeats it.
    const std::string filling(in_blocks ? 100'000 : 10, 'x');
    ++number;
    const std::array<v1::Entry, 3> said = {
        Harmless(100 + number, std::to_string(number) + " harmless" + filling),
        Said(number, "", std::to_string(number) + " said" + filling),
        Said(number, "", std::to_string(number) + " again" + filling)};
    const std::array<const v1::Entry*, 3> records = {&said[0], &said[1], &said[2]};
    EXPECT_TRUE(imports.Add(*id, 0, records).ok());
    const auto done = imports.Commit(*id, 1);
    EXPECT_TRUE(done.ok()) << done.status();
    std::vector<std::string> data;
    for (const v1::Entry& entry : said) data.push_back(entry.carried().data());
    return data;
  };
  std::vector<std::string> sent;
  for (const char* into : {"other", "list", "other", "other", "list", "list", "other"}) {
    const auto data = import(into, into == std::string("other"));
    if (into == std::string("list")) sent.insert(sent.end(), data.begin(), data.end());
  }
  auto write = catalog_->database().BeginWrite();
  ASSERT_TRUE(write.ok());
  ASSERT_TRUE(write->Execute("DROP TRIGGER carried_block_stays").ok());
  ASSERT_TRUE(write
                  ->Execute("UPDATE carried_block SET data = x'00' WHERE (SELECT hash_set FROM"
                            " import_file WHERE first_block <= id ORDER BY first_block DESC"
                            " LIMIT 1) = ?1",
                            other->set_id())
                  .ok());
  ASSERT_TRUE(write->Commit().ok());
  for (const std::size_t size : {1U, 2U, 3U, 100U}) {
    std::vector<std::string> given;
    catalog::ImportedPlace from;
    for (bool more = true; more;) {
      const auto page = catalog_->ListImported(from, size, set_id_, 0);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const v1::Entry& entry : page->entries) given.push_back(entry.carried().data());
      more = page->more;
      from = page->next;
    }
    EXPECT_EQ(given, sent) << size;
  }
  for (const std::uint64_t of : {other->set_id(), std::uint64_t{0}}) {
    EXPECT_TRUE(absl::IsDataLoss(catalog_->ListImported({}, 100, of, 0).status())) << of;
  }
}

// A thousand of them, of a MiB each, were read into memory and then cut to a page.
TEST_F(ImportsTest, APageOfImportsIsReadNoFurtherThanItGoes) {
  catalog::Imports imports(*catalog_);
  v1::Carried file;
  file.set_format("VICS");
  file.set_data(std::string(900'000, 'x'));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto id = imports.Begin("list", "", {}, v1::SERIES_NAMES_IGNORE);
    ASSERT_TRUE(id.ok()) << id.status();
    const v1::Entry entry = PdqEntry(Pdq(i));
    const std::array<const v1::Entry*, 1> records = {&entry};
    ASSERT_TRUE(imports.Add(*id, 0, records).ok());
    const auto imported = imports.Commit(*id, 1, file);
    ASSERT_TRUE(imported.ok()) << imported.status();
  }
  for (const auto& [max_bytes, count] : {std::pair(std::size_t{0}, 2U),
                                         {std::size_t{2'000'000}, 3U},
                                         {std::size_t{9'000'000}, 5U}}) {
    const auto page = catalog_->ListImports(set_id_, 0, 1000, max_bytes);
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->size(), count) << max_bytes;
  }
}

}  // namespace
}  // namespace kith::server
