// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/last_said.h"

#include <gtest/gtest.h>

#include <string>

namespace kith::cli {
namespace {

using Fate = LastSaid::Fate;

v1::Entry Record(const std::string& ref, char md5, char pdq = 0) {
  v1::Entry entry;
  entry.set_source_ref(ref);
  if (md5 != 0) entry.mutable_digests()->set_md5(std::string(16, md5));
  if (pdq != 0) entry.add_codes()->set_pdq(std::string(32, pdq));
  return entry;
}

Fate Of(const LastSaid& said, const v1::Entry& entry) { return said.Of(said.HeardOf(entry)); }

TEST(LastSaid, TheLastOfEachNameHolds) {
  LastSaid said;
  ASSERT_TRUE(said.Says(Record("updated", '1')).ok());
  ASSERT_TRUE(said.Says(Record("gone", '2')).ok());
  ASSERT_TRUE(said.TakesBack("back").ok());
  ASSERT_TRUE(said.Says(Record("updated", '3', 'p')).ok());
  ASSERT_TRUE(said.TakesBack("gone").ok());
  ASSERT_TRUE(said.Says(Record("back", '4')).ok());
  said.Finish();
  EXPECT_EQ(Of(said, Record("updated", '1')), Fate::kReplaced);
  EXPECT_EQ(Of(said, Record("updated", '3')), Fate::kReplaced);
  EXPECT_EQ(Of(said, Record("updated", 0, 'p')), Fate::kReplaced);
  EXPECT_EQ(Of(said, Record("updated", '3', 'p')), Fate::kStands);
  EXPECT_EQ(Of(said, Record("gone", '2')), Fate::kTakenBack);
  EXPECT_EQ(Of(said, Record("gone", '9')), Fate::kTakenBack);
  EXPECT_EQ(Of(said, Record("back", '4')), Fate::kStands);
  EXPECT_EQ(Of(said, Record("back", '5')), Fate::kReplaced);
  EXPECT_EQ(Of(said, Record("of another", '1')), Fate::kStands);
}

// An older file that is imported late, or once more.
TEST(LastSaid, WhatWasSaidLaterStands) {
  const auto at = [](v1::Entry entry, const std::string& timestamp) {
    entry.mutable_carried()->set_data("{\"timestamp\":\"" + timestamp + "\"}");
    return entry;
  };
  LastSaid said;
  ASSERT_TRUE(said.Says(at(Record("a", '1'), "2026-03-01T00:00:00Z")).ok());
  ASSERT_TRUE(said.TakesBack("b", "2026-03-01T00:00:00Z").ok());
  ASSERT_TRUE(said.TakesBack("c").ok());
  said.Finish();
  for (const char* ref : {"a", "b"}) {
    EXPECT_EQ(Of(said, at(Record(ref, '2'), "2026-03-01T00:00:01Z")), Fate::kStands) << ref;
    EXPECT_EQ(Of(said, at(Record(ref, '2'), "2026-03-01T02:00:00+02:00")),
              ref[0] == 'a' ? Fate::kReplaced : Fate::kTakenBack);
    EXPECT_NE(Of(said, at(Record(ref, '2'), "2026-02-28T00:00:00Z")), Fate::kStands) << ref;
    EXPECT_NE(Of(said, at(Record(ref, '2'), "no time")), Fate::kStands) << ref;
  }
  EXPECT_EQ(Of(said, at(Record("c", '2'), "2026-03-01T00:00:01Z")), Fate::kTakenBack);
}

// A take-back of February stood in a file before the record of January, which came back to life.
TEST(LastSaid, WhatIsOlderThanWhatTheFileSaidChangesNothing) {
  const auto at = [](v1::Entry entry, const std::string& member) {
    entry.mutable_carried()->set_data("{" + member + "}");
    return entry;
  };
  LastSaid said;
  ASSERT_TRUE(said.TakesBack("a", "2026-02-01T00:00:00Z").ok());
  EXPECT_FALSE(said.outdated());
  ASSERT_TRUE(said.Says(at(Record("a", '1'), R"("timestamp":"2026-01-01T00:00:00Z")")).ok());
  EXPECT_TRUE(said.outdated());
  // As StopNCII tells its times.
  ASSERT_TRUE(said.TakesBack("b", "200").ok());
  ASSERT_TRUE(said.Says(at(Record("b", '1'), R"("lastModtimestamp":100)")).ok());
  EXPECT_TRUE(said.outdated());
  ASSERT_TRUE(said.Says(at(Record("c", '1'), R"("lastModtimestamp":200)")).ok());
  ASSERT_TRUE(said.TakesBack("c", "100").ok());
  EXPECT_TRUE(said.outdated());
  // Of the same second, or without a time, the last in the file holds.
  ASSERT_TRUE(said.TakesBack("d", "200").ok());
  ASSERT_TRUE(said.Says(at(Record("d", '1'), R"("lastModtimestamp":"200")")).ok());
  EXPECT_FALSE(said.outdated());
  ASSERT_TRUE(said.TakesBack("e", "200").ok());
  ASSERT_TRUE(said.Says(Record("e", '1')).ok());
  EXPECT_FALSE(said.outdated());
  // Older than what is known otherwise.
  const auto old = said.Says(at(Record("f", '2'), R"("lastModtimestamp":100)"));
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(said.At(*old), 100);
  said.Forget(*old);
  said.Finish();
  EXPECT_EQ(Of(said, Record("a", '1')), Fate::kTakenBack);
  EXPECT_EQ(Of(said, Record("b", '1')), Fate::kTakenBack);
  EXPECT_EQ(Of(said, Record("c", '1')), Fate::kStands);
  EXPECT_EQ(Of(said, Record("d", '1')), Fate::kStands);
  EXPECT_EQ(Of(said, Record("e", '1')), Fate::kStands);
  EXPECT_EQ(Of(said, Record("f", '1')), Fate::kStands);
  EXPECT_TRUE(said.EndsTakenBack("a"));
  EXPECT_FALSE(said.EndsTakenBack("c"));
  EXPECT_EQ(said.LastAt("b"), 200);
}

// The service gives a code the dialect of its set where it has none.
TEST(LastSaid, ADialectMakesNoOther) {
  LastSaid said;
  ASSERT_TRUE(said.Says(Record("a", '1', 'p')).ok());
  said.Finish();
  v1::Entry stored = Record("a", '1', 'p');
  stored.mutable_codes(0)->set_dialect(v1::DIALECT_FULL);
  EXPECT_EQ(Of(said, stored), Fate::kStands);
}

TEST(LastSaid, WhatCouldNotBeTakenSilencesNothing) {
  LastSaid said;
  const auto number = said.Says(Record("a", '2'));
  ASSERT_TRUE(number.ok());
  said.Doubt(*number);
  said.Finish();
  EXPECT_EQ(Of(said, Record("a", '1')), Fate::kStands);
}

// What the file itself takes back further down need not be sent.
TEST(LastSaid, TheLastOneOutdatesWhatTheFileSaidBefore) {
  LastSaid said;
  const auto first = said.Says(Record("a", '1'));
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(said.again());
  ASSERT_TRUE(said.Says(Record("b", '1')).ok());
  EXPECT_FALSE(said.again());
  ASSERT_TRUE(said.Says(Record("a", '1')).ok());
  EXPECT_TRUE(said.again());
  EXPECT_FALSE(said.LastOutdates(*first));
  ASSERT_TRUE(said.Says(Record("a", '2')).ok());
  EXPECT_TRUE(said.LastOutdates(*first));
  ASSERT_TRUE(said.TakesBack("a").ok());
  EXPECT_TRUE(said.LastOutdates(*first));
}

TEST(LastSaid, ManyNames) {
  LastSaid said;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(said.Says(Record(std::to_string(i), '1')).ok());
    if (i % 2 == 0) {
      ASSERT_TRUE(said.TakesBack(std::to_string(i)).ok());
    }
  }
  said.Finish();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Of(said, Record(std::to_string(i), '1')),
              i % 2 == 0 ? Fate::kTakenBack : Fate::kStands);
  }
}

}  // namespace
}  // namespace kith::cli
