// SPDX-License-Identifier: Apache-2.0
// Pages of a source come in any order, and come again: what was said last by their timestamps
// holds.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/tools/program_fixture.h"

namespace kith::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kOlder = "record older than what its source said since, left out";
const std::string kMd5(32, '1');
const std::string kOther(32, '2');

std::string Pages(const std::string& images) {
  return R"(<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images>)" + images +
         "</images></queryResult>";
}
std::string Said(const std::string& id, const std::string& day, const std::string& md5 = kMd5) {
  return "<image><member id=\"42\">m</member><timestamp>" + day + "T00:00:00Z</timestamp><id>" +
         id + "</id><fingerprints><md5>" + md5 + "</md5></fingerprints></image>";
}
std::string Deleted(const std::string& id, const std::string& day) {
  return "<deletedImage><member id=\"42\">m</member><id>" + id + "</id><timestamp>" + day +
         "T00:00:00Z</timestamp></deletedImage>";
}
std::string StopNcii(const std::vector<std::pair<std::string, int>>& states) {
  std::string records;
  for (const auto& [state, at] : states) {
    records += std::string(records.empty() ? "" : ",") +
               R"({"signalType":"VideoMD5","hashValue":")" + kMd5 + R"(","hashStatus":")" + state +
               R"(","lastModtimestamp":)" + std::to_string(at) + "}";
  }
  return R"({"hasMoreRecords":false,"hashRecords":[)" + records + "]}";
}

class ImportOrderTest : public ProgramTest {
 protected:
  void SetUp() override { ASSERT_EQ(Kith("set add s").code, 0); }
  // What the import of this page tells.
  json Import(const std::string& page) {
    const Outcome run = Kith("import --set s - --json", page);
    EXPECT_EQ(run.code, 0) << run.err;
    return run.code == 0 ? Lines(run.out).at(0) : json::object();
  }
  [[nodiscard]] bool Matches(const std::string& md5 = kMd5) const {
    return Kith("match " + md5).code == 1;
  }
};

TEST_F(ImportOrderTest, InOneFileTheNewestRecordHolds) {
  const json told = Import(Pages(Deleted("i9", "2026-02-01") + Said("i9", "2026-01-01")));
  EXPECT_EQ(told["added"], 0);
  EXPECT_EQ(told["notes"][kOlder], 1);
  EXPECT_FALSE(Matches());
  EXPECT_THAT(Kith("import --set s -", Pages(Said("i9", "2026-01-01"))).err,
              HasSubstr(kOlder + ": 1"));
  // An older correction behind the newer one, and an older take-back behind what was said anew.
  Import(Pages(Said("i7", "2026-02-01", kOther) + Said("i7", "2026-01-01") +
               Deleted("i7", "2026-01-15")));
  EXPECT_TRUE(Matches(kOther));
  EXPECT_FALSE(Matches());
  EXPECT_EQ(Kith("store verify").code, 0);
}

TEST_F(ImportOrderTest, PagesOfTheWrongOrderBringNothingBackToLife) {
  Import(Pages(Deleted("i9", "2026-02-01")));
  EXPECT_EQ(Import(Pages(Said("i9", "2026-01-01")))["added"], 0);
  EXPECT_FALSE(Matches());
  // Not newer than that it was taken back.
  EXPECT_EQ(Import(Pages(Said("i9", "2026-02-01")))["notes"][kOlder], 1);
  EXPECT_FALSE(Matches());
  EXPECT_EQ(Import(Pages(Said("i9", "2026-03-01")))["added"], 1);
  EXPECT_TRUE(Matches());
  Import(Pages(Deleted("i9", "2026-02-01")));
  EXPECT_TRUE(Matches());
  EXPECT_EQ(Kith("store verify").code, 0);
}

TEST_F(ImportOrderTest, AnOldPageOnceMoreChangesNothing) {
  const std::string first = Pages(Said("i9", "2026-01-01") + Said("i8", "2026-01-01", kOther));
  EXPECT_EQ(Import(first)["added"], 2);
  EXPECT_EQ(Import(Pages(Deleted("i9", "2026-02-01")))["withdrawn"], 1);
  const json again = Import(first);
  EXPECT_EQ(again["added"], 0);
  EXPECT_EQ(again["already_there"], 1);
  EXPECT_EQ(again["notes"][kOlder], 1);
  EXPECT_FALSE(Matches());
  EXPECT_TRUE(Matches(kOther));
  // Nor does the page before a correction.
  EXPECT_EQ(Import(Pages(Said("i8", "2026-02-01", std::string(32, '3'))))["replaced"], 1);
  EXPECT_EQ(Import(first)["notes"][kOlder], 2);
  EXPECT_FALSE(Matches(kOther));
  EXPECT_TRUE(Matches(std::string(32, '3')));
}

// What is said anew as it was adds no entry: the time of the one that is there is the old one.
TEST_F(ImportOrderTest, WhatWasSaidAnewOutlivesAnOldTakeBack) {
  EXPECT_EQ(Import(Pages(Said("i9", "2026-01-01")))["added"], 1);
  Import(Pages(Deleted("i9", "2026-02-01") + Said("i9", "2026-03-01")));
  EXPECT_TRUE(Matches());
  EXPECT_EQ(Import(Pages(Deleted("i9", "2026-02-01")))["withdrawn"], 0);
  EXPECT_TRUE(Matches());
  EXPECT_EQ(Import(Pages(Deleted("i9", "2026-04-01")))["withdrawn"], 1);
  EXPECT_FALSE(Matches());
}

TEST_F(ImportOrderTest, FilesOfOneCommandKnowOfEachOther) {
  scratch_.Write("1.xml", Pages(Deleted("i9", "2026-02-01")));
  scratch_.Write("2.xml", Pages(Said("i9", "2026-01-01") + Said("i8", "2026-01-01", kOther)));
  ASSERT_EQ(Kith("import --set s 1.xml 2.xml").code, 0);
  EXPECT_FALSE(Matches());
  EXPECT_TRUE(Matches(kOther));
}

TEST_F(ImportOrderTest, StopNciiTellsItsTimesToo) {
  EXPECT_EQ(Import(StopNcii({{"Withdrawn", 200}, {"Active", 100}}))["added"], 0);
  EXPECT_FALSE(Matches());
  EXPECT_EQ(Import(StopNcii({{"Active", 150}}))["notes"][kOlder], 1);
  EXPECT_FALSE(Matches());
  EXPECT_EQ(Import(StopNcii({{"Active", 300}}))["added"], 1);
  EXPECT_EQ(Import(StopNcii({{"Withdrawn", 250}}))["withdrawn"], 0);
  EXPECT_TRUE(Matches());
}

// More than one import can remember.
TEST_F(ImportOrderTest, ManyTakeBacksAreAllRemembered) {
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += Deleted("record-" + std::to_string(i), "2026-02-01");
  Import(Pages(many));
  const json told =
      Import(Pages(Said("record-0", "2026-01-01") + Said("record-29999", "2026-01-01") +
                   Said("record-30000", "2026-01-01", kOther)));
  EXPECT_EQ(told["added"], 1);
  EXPECT_FALSE(Matches());
  EXPECT_TRUE(Matches(kOther));
  // What is known is not remembered once more.
  EXPECT_EQ(Import(Pages(Deleted("record-7", "2026-02-01")))["change"], told["change"]);
}

}  // namespace
}  // namespace kith::test
