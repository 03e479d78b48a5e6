// SPDX-License-Identifier: Apache-2.0
// What is said of cases and series, reports on record, and hashes entered by hand.
#include <gmock/gmock.h>
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
using test::ReadAll;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

TEST_F(ProgramTest, SaysOfACaseWhatPeopleSay) {
  scratch_.Write("seized/file", "x");
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("check seized --case DPD/1 --out r").code, 3);  // there is nothing to compare with
  const Outcome edited = Kith(
      "case edit DPD/1 --officer 'A. Adams, +1 555' --reference '26 CR 118' --legal-basis warrant "
      "--seized-on 2026-01-05 --due-on 2031-02-28 --priority urgent --state final-report "
      "--who 'J. Jansen' --why new");
  EXPECT_EQ(edited.code, 0) << edited.err;
  EXPECT_THAT(edited.out, HasSubstr("final-report"));
  EXPECT_EQ(Kith("case edit DPD/1 --legal-basis '' --seized-on ''").code, 0);
  const std::string shown = Kith("case show DPD/1").out;
  for (const char* text : {"A. Adams, +1 555", "26 CR 118", "2031-02-28", "urgent"}) {
    EXPECT_THAT(shown, HasSubstr(text));
  }
  EXPECT_THAT(shown, Not(HasSubstr("warrant")));
  EXPECT_THAT(Kith("case list").out,
              MatchesRegex("CASE .* STATE +DUE *\nDPD/1 .* yes +final-report +2031-02-28 *\n"));
  const json line = Lines(Kith("case list --json").out).at(0);
  EXPECT_EQ(line["state"], "final-report");
  EXPECT_EQ(line["due_on"], "2031-02-28");
  EXPECT_EQ(line["seized_on"], "");
  EXPECT_EQ(Kith("case report DPD/1 --out r").code, 0);
  EXPECT_EQ(json::parse(ReadAll(scratch_.At("r/report.json")))["scope"]["details"]["reference"],
            "26 CR 118");
  EXPECT_THAT(ReadAll(scratch_.At("r/report.html")), HasSubstr("26 CR 118"));
  EXPECT_THAT(ReadAll(scratch_.At("r/report.csv")), Not(HasSubstr("26 CR 118")));
  EXPECT_EQ(Kith("case edit DPD/1 --state unknown").code, 0);
  EXPECT_EQ(Lines(Kith("case show DPD/1 --json").out).at(0)["state"], "");
  for (const char* words : {"case edit DPD/1", "case edit DPD/1 --due-on 2026-13-01",
                            "case edit DPD/1 --state done", "case edit DPD/9 --priority low"}) {
    EXPECT_EQ(Kith(words).code, 2) << words;
  }
  // It is no change of what is known.
  EXPECT_THAT(Kith("store changes --json").out, IsEmpty());
}

TEST_F(ProgramTest, SeriesTellWhereTheRecordOfTheChildrenIs) {
  EXPECT_EQ(Kith("series add Bluebell --locator NCMEC-2019-4711 --victims 2 --who me").code, 0);
  const std::string shown = Kith("series show Bluebell").out;
  EXPECT_THAT(shown, HasSubstr("NCMEC-2019-4711"));
  EXPECT_THAT(shown, MatchesRegex("(.|\n)*children +2\n(.|\n)*"));
  EXPECT_EQ(Kith("series edit Bluebell --victims 3").code, 0);
  json line = Lines(Kith("series show Bluebell --json").out).at(0);
  EXPECT_EQ(line["locator"], "NCMEC-2019-4711");
  EXPECT_EQ(line["victims"], 3);
  EXPECT_EQ(line["status"], "unidentified");
  EXPECT_EQ(Kith("series edit Bluebell --locator '' --victims 0").code, 0);
  line = Lines(Kith("series show Bluebell --json").out).at(0);
  EXPECT_EQ(line["locator"], "");
  EXPECT_EQ(line["victims"], 0);
  EXPECT_THAT(Kith("series show Bluebell").out, Not(HasSubstr("children")));
  EXPECT_EQ(Kith("series edit Bluebell --victims -1").code, 2);
}

TEST_F(ProgramTest, ListsTheReportsThatWereGivenOut) {
  WritePicture("known/one.bmp", 1);
  WritePicture("seized/copy.bmp", 1);
  EXPECT_EQ(Kith("set add national").code, 0);
  EXPECT_EQ(Kith("series add Bluebell").code, 0);
  EXPECT_EQ(Kith("enroll --set national --series Bluebell known").code, 0);
  EXPECT_THAT(Kith("report list").err, HasSubstr("no report was given out yet"));
  EXPECT_EQ(Kith("check seized --case DPD/1 --out r --who 'D. Dell'").code, 1);
  EXPECT_EQ(Kith("check seized --out other").code, 1);  // a look-up
  EXPECT_EQ(Kith("report leads --out r --who 'A. Adams'").code, 0);
  EXPECT_EQ(Kith("report initial --case DPD/1 --out seized/r").code, 2);  // not given out
  EXPECT_EQ(Kith("case report DPD/1 --out r --who 'B. Brown'").code, 0);
  const auto lines = Lines(Kith("report list --json").out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["type"], "report_made");
  EXPECT_EQ(lines[0]["kind"], "initial");
  EXPECT_EQ(lines[0]["who"], "B. Brown");
  EXPECT_EQ(lines[1]["kind"], "leads");
  EXPECT_EQ(lines[1]["who"], "A. Adams");
  EXPECT_EQ(lines[1]["case"], "");
  EXPECT_EQ(lines[2]["case"], "DPD/1");
  EXPECT_EQ(lines[2]["who"], "D. Dell");
  EXPECT_EQ(lines[2]["sha256"], lines[0]["sha256"]);
  EXPECT_EQ(Lines(Kith("report list --case DPD/1 --json").out).size(), 2U);
  EXPECT_THAT(Kith("report list --case DPD/1").out, HasSubstr("B. Brown"));
  EXPECT_EQ(Kith("report list --case DPD/9").code, 2);
  EXPECT_EQ(Kith("report list --out elsewhere").code, 2);
  // Who has a report of before is to be told of what was learnt since; a report of later is right.
  EXPECT_EQ(Kith("agency add DPD2").code, 0);
  EXPECT_EQ(Kith("series identify Bluebell --identified-by DPD2").code, 0);
  EXPECT_EQ(Kith("report identification --case DPD/1 --out r --who 'C. Clark'").code, 0);
  EXPECT_EQ(Lines(Kith("alert list --json").out).size(), 1U);
  const std::string alert = Kith("alert show 1").out;
  EXPECT_THAT(alert, HasSubstr("GIVEN OUT BEFORE"));
  EXPECT_THAT(alert, HasSubstr("B. Brown"));
  EXPECT_THAT(alert, Not(HasSubstr("C. Clark")));
  EXPECT_THAT(alert, Not(HasSubstr("A. Adams")));
  std::vector<int> before;
  for (const json& line : Lines(Kith("alert show 1 --json").out)) {
    if (line["type"] == "alert_report") before.push_back(line["report"]);
  }
  EXPECT_THAT(before, ElementsAre(3, 1));
}

TEST_F(ProgramTest, NamesTheDeskWhereNobodyElseIsToCall) {
  WritePicture("known/one.bmp", 1);
  WritePicture("seized/copy.bmp", 1);
  EXPECT_EQ(Kith("set add national").code, 0);
  EXPECT_EQ(Kith("agency add SOUTH --desk '+1 555 0100'").code, 0);
  EXPECT_EQ(Kith("series add Bluebell --identified-by SOUTH --on 2026-01-05").code, 0);
  EXPECT_THAT(Kith("series list").out, HasSubstr("+1 555 0100 (desk)"));
  EXPECT_THAT(Kith("series show Bluebell").out, HasSubstr("+1 555 0100 (desk)"));
  EXPECT_EQ(Lines(Kith("series list --json").out).at(0)["agency_desk"], "+1 555 0100");
  EXPECT_EQ(Lines(Kith("series show Bluebell --json").out).at(0)["agency_desk"], "+1 555 0100");
  EXPECT_EQ(Kith("series edit Bluebell --notification opt-in").code, 0);
  EXPECT_EQ(Kith("enroll --set national --series Bluebell known").code, 0);
  EXPECT_EQ(Kith("check seized --case DPD/1 --out r").code, 1);
  EXPECT_EQ(Kith("check seized --case DPD/2 --out r2").code, 1);
  EXPECT_THAT(Kith("notification list").out, HasSubstr("ask SOUTH, +1 555 0100"));
  EXPECT_THAT(Kith("notification list").out, HasSubstr("1 certain"));
  const Outcome first = Kith("notification list --limit 1 --json");
  EXPECT_THAT(first.err, HasSubstr("there are more"));
  ASSERT_EQ(Lines(first.out).size(), 1U);
  EXPECT_EQ(Lines(first.out)[0]["agency_desk"], "+1 555 0100");
  const auto second = Lines(Kith("notification list --case DPD/2 --series Bluebell --json").out);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0]["case"], "DPD/2");
  EXPECT_EQ(Kith("notification list --case DPD/9").code, 2);
  EXPECT_EQ(Kith("report notifications --out n").code, 0);
  EXPECT_THAT(ReadAll(scratch_.At("n/notifications.html")), HasSubstr("+1 555 0100"));
  EXPECT_THAT(ReadAll(scratch_.At("n/notifications.html")), HasSubstr("No holidays are known"));
  EXPECT_THAT(ReadAll(scratch_.At("n/notifications.csv")), HasSubstr("+1 555 0100"));
  // With a person, it is told how to reach that one.
  EXPECT_EQ(Kith("contact add 'A. Adams' --agency SOUTH --phone '+1 555 0199'").code, 0);
  EXPECT_EQ(Kith("series edit Bluebell --notification-contact 1").code, 0);
  EXPECT_THAT(Kith("notification list").out, HasSubstr("A. Adams, +1 555 0199"));
  EXPECT_THAT(Kith("series history Bluebell").out, HasSubstr("series added"));
}

// Lists and look-ups named the person and left out the number.
TEST_F(ProgramTest, NamesTheDeskBesideAPersonWithoutPhoneAndEmail) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::string call = "A. Lind, desk +00 555 0100";
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("agency add NORTH --desk '+00 555 0100'").code, 0);
  EXPECT_EQ(Kith("contact add 'A. Lind' --agency NORTH").code, 0);
  EXPECT_EQ(Kith("series add lakeside --identified-by NORTH --contact 1").code, 0);
  EXPECT_EQ(Kith("entry add --set s --series lakeside " + md5).code, 0);
  EXPECT_THAT(Kith("match " + md5).out, HasSubstr(call));
  EXPECT_THAT(Kith("series list").out, HasSubstr(call));
  const std::string shown = Kith("series show lakeside").out;
  EXPECT_THAT(shown, HasSubstr(call));
  EXPECT_THAT(shown, Not(HasSubstr("if not reached")));
  EXPECT_EQ(Kith("series edit lakeside --notification opt-in --notification-contact 1").code, 0);
  scratch_.Write("seized/file", "x");
  EXPECT_EQ(Kith("entry add --set s --series lakeside 9dd4e461268c8034f5c8564e155c67a6").code, 0);
  EXPECT_EQ(Kith("check seized --case DPD/1 --out r").code, 1);
  EXPECT_THAT(Kith("notification list").out, HasSubstr(call));
}

TEST_F(ProgramTest, ReadsAndTellsTheHolidays) {
  scratch_.Write("days", "2026-12-26\n# remark\n2026-12-25  # Friday\n");
  scratch_.Write("empty", "# none\n");
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_THAT(Kith("notification holidays").err, HasSubstr("no holidays are known"));
  EXPECT_EQ(Kith("notification holidays days --who 'J. Jansen' --why gazette").code, 0);
  const Outcome shown = Kith("notification holidays");
  EXPECT_EQ(shown.out, "2026-12-25\n2026-12-26\n");
  EXPECT_THAT(shown.err, HasSubstr("by J. Jansen: gazette"));
  json line = Lines(Kith("notification holidays --json").out).at(0);
  EXPECT_EQ(line["days"], json::parse(R"(["2026-12-25","2026-12-26"])"));
  EXPECT_EQ(line["set_by"]["who"], "J. Jansen");
  EXPECT_EQ(Lines(Kith("store changes --json").out).back()["subject"], "holidays, 0 before, 2 now");
  EXPECT_EQ(Kith("notification holidays empty").code, 2);
  EXPECT_EQ(Kith("notification holidays days --none").code, 2);
  EXPECT_EQ(Kith("notification holidays --why gazette").code, 2);
  EXPECT_EQ(Kith("notification holidays").out, shown.out);
  EXPECT_EQ(Kith("notification holidays --none").out, "0 holidays are known now.\n");
  EXPECT_EQ(Kith("notification holidays").out, "");
}

TEST_F(ProgramTest, AsksWhyAndTellsIt) {
  WritePicture("known/one.bmp", 1);
  WritePicture("known/two.bmp", 2);
  WritePicture("seized/copy.bmp", 1);
  EXPECT_EQ(Kith("set add national").code, 0);
  // There is nothing to compare with yet.
  EXPECT_EQ(Kith("check seized --case DPD/1 --out r").code, 3);
  EXPECT_EQ(Kith("check seized --case DPD/2 --out r2").code, 3);
  EXPECT_EQ(Kith("enroll --set national known").code, 0);
  EXPECT_EQ(Lines(Kith("alert list --json").out).size(), 2U);
  const std::string table = Kith("alert show 1").out;
  EXPECT_THAT(table, MatchesRegex("(.|\n)*BEFORE +THEN +BECAUSE +ON RECORD(.|\n)*"));
  EXPECT_EQ(Lines(Kith("alert show 1 --json").out).at(1)["on_record"], "UNRECOGNIZED");
  EXPECT_EQ(Kith("case refresh DPD/1").out,
            "1 file was compared again, 1 has another verdict now.\n");
  EXPECT_EQ(Lines(Kith("alert show 1 --json").out).at(1)["on_record"], "RECOGNIZED");
  const std::string file(64, 'a');
  for (const std::string& words : {std::string("alert close 1"), "opinion confirm " + file + " 1",
                                   "opinion reject " + file + " 1"}) {
    const Outcome run = Kith(words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, HasSubstr("--why")) << words;
  }
  EXPECT_EQ(Lines(Kith("alert close 1 2 --why told --json").out).size(), 2U);
  EXPECT_THAT(Kith("alert list --json").out, IsEmpty());
  const Outcome again = Kith("alert close 2 1 --why told");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("alert 2 is closed already"));
  EXPECT_EQ(Kith("entry withdraw 2 --who 'J. Jansen' --why 'a landscape'").code, 0);
  EXPECT_THAT(Kith("entry show 2").out,
              MatchesRegex("(.|\n)*withdrawn +20.*Z by J. Jansen: a landscape\n(.|\n)*"));
  EXPECT_EQ(Lines(Kith("entry show 2 --json").out).at(0)["withdrawal"]["who"], "J. Jansen");
}

TEST_F(ProgramTest, EntersHashesByHand) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::string sha1 = "0123456789abcdef0123456789abcdef01234567";
  const std::string pdq = "fedcba9876543210" + std::string(48, '5');
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("series add Bluebell").code, 0);
  const Outcome two =
      Kith("entry add --set s --series Bluebell --ref 'exhibit 7' --who 'J. Jansen' " + md5 + " " +
           sha1);
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(two.out, "1\tadded\tmd5\n2\tadded\tsha1\n");
  EXPECT_EQ(Kith("entry add --set s --series Bluebell " + md5).out, "1\talready there\tmd5\n");
  const json entry = Lines(Kith("entry show 2 --json").out).at(0);
  EXPECT_EQ(entry["source_ref"], "exhibit 7");
  EXPECT_EQ(entry["series"], "Bluebell");
  EXPECT_EQ(entry["sha1"], sha1);
  EXPECT_EQ(Lines(Kith("store changes --json").out).back()["who"], "J. Jansen");
  EXPECT_EQ(Kith("match " + sha1).code, 1);
  // 64 digits are both, unless it is said; nothing of a PDQ hash is printed.
  const Outcome both = Kith("entry add --set s --json " + pdq);
  EXPECT_EQ(Lines(both.out).at(0)["holds"], "sha256 pdq");
  EXPECT_EQ(Lines(both.out).at(0)["entry"], 3);
  EXPECT_THAT(both.out + both.err, Not(HasSubstr("fedcba98")));
  const std::string other = std::string(16, '7') + pdq.substr(16);
  const Outcome one = Kith("entry add --set s --one-file --kind pdq --dialect cli512 " + other +
                           " " + std::string(32, '1') + " " + std::string(40, '2'));
  EXPECT_EQ(one.out, "4\tadded\tmd5 sha1 pdq\n") << one.err;
  EXPECT_EQ(Lines(Kith("entry show 4 --json").out).at(0)["codes"][0]["dialect"], "cli512");
  // All of them or none.
  const Outcome bad = Kith("entry add --set s " + std::string(32, '3') + " xyz");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("hash 2: character 1"));
  const Outcome twice =
      Kith("entry add --set s --one-file " + std::string(32, '3') + " " + std::string(32, '4'));
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.err, HasSubstr("one hash of each kind"));
  EXPECT_EQ(Kith("entry add --set none " + md5).code, 2);
  EXPECT_EQ(Kith("entry add --set s --series none " + std::string(32, '3')).code, 2);
  EXPECT_EQ(Lines(Kith("entry list --json").out).size(), 4U);
}

}  // namespace
}  // namespace kith
