// SPDX-License-Identifier: Apache-2.0
// `kith check` of the program itself: why it could not begin, and what it tells of a case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using nlohmann::json;
using test::Outcome;
using test::ProgramTest;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CheckProgramTest : public ProgramTest {
 protected:
  void Teach() const {
    WritePicture("known/one.bmp", 1);
    EXPECT_EQ(Kith("agency add DPD --desk '+31 88'").code, 0);
    EXPECT_EQ(Kith("set add national").code, 0);
    EXPECT_EQ(Kith("series add Bluebell --identified-by DPD").code, 0);
    EXPECT_EQ(Kith("enroll --set national --series Bluebell known").code, 0);
  }

  // Its output goes to a reader who leaves, which interrupts it.
  void LeaveUnfinished(const std::string& folder, const std::string& case_name) const {
    for (int i = 0; i < 3000; ++i) {
      scratch_.Write(folder + "/" + std::to_string(i), std::to_string(i));
    }
    (void)Kith("check " + folder + " --case " + case_name + " --json --out unfinished | true #");
  }
};

// A set of unknown dialect makes look-ups slow, and nothing said so at the end nor what to do.
TEST_F(CheckProgramTest, TellsThatADialectKeepsLookUpsFromBeingFast) {
  Teach();
  const auto summary = [this] { return Kith("check known --out r").out; };
  EXPECT_THAT(summary(), Not(HasSubstr("--dialect full")));
  ASSERT_EQ(Kith("set add list").code, 0);
  const std::string pdq = "e77b19c8d06ba4f01c93f6025eadb81790c4a3d5f1682be704d953ac7fe01b86\n";
  ASSERT_EQ(Kith("import --set list --kind pdq -", pdq).code, 0);
  EXPECT_THAT(summary(), HasSubstr("in a set added with --dialect full"));
  ASSERT_EQ(Kith("set add right --dialect full").code, 0);
  ASSERT_EQ(Kith("import --set right --kind pdq -", pdq).code, 0);
  ASSERT_EQ(Kith("set disable list").code, 0);
  EXPECT_THAT(summary(), Not(HasSubstr("--dialect full")));
}

// A narrower one rules leads out, so the report tells it.
TEST_F(CheckProgramTest, LooksNoFartherThanTheRadius) {
  WritePicture("seized/copy.bmp", 1);
  const std::string pdq = Kith("hash seized").out.substr(0, 64);
  ASSERT_EQ(Kith("set add list --dialect full").code, 0);
  ASSERT_EQ(Kith("import --set list --kind pdq -", Flipped(pdq, 0, 5)).code, 0);
  const auto check = [this](const std::string& flags) {
    const Outcome run = Kith("check seized --out r --json " + flags);
    const json last = Lines(run.out).back();
    EXPECT_EQ(last["exit_code"], run.code) << run.err;
    EXPECT_EQ(last["verdicts"]["RECOGNIZED"]["files"], run.code);
    EXPECT_EQ(last["verdicts"]["UNRECOGNIZED"]["files"], 1 - run.code);
    return run.code;
  };
  const auto told = [this] {
    return json::parse(test::ReadAll(scratch_.At("r/report.json")))["scope"]["radius"];
  };
  EXPECT_EQ(check("--radius 4"), 0);
  EXPECT_EQ(told(), 4);
  EXPECT_EQ(check("--radius 5"), 1);
  EXPECT_EQ(told(), 5);
  EXPECT_EQ(check(""), 1);
}

// The reason of the engine came as "CANCELLED", with the false word that answers are on record.
TEST_F(CheckProgramTest, ARefusalAtOpeningComesInTheWordsOfTheEngine) {
  scratch_.Write("seized/file", "x");
  Teach();
  ASSERT_EQ(Kith("check seized --case DPD/7 --out r").code, 0);
  ASSERT_EQ(Kith("case purge DPD/7 --who me --why order --yes").code, 0);
  const auto refused = [&](const std::string& words) {
    const Outcome run = Kith("check seized --out refused " + words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, Not(HasSubstr("CANCELLED"))) << words;
    EXPECT_THAT(run.err, Not(HasSubstr("on record"))) << words;
    return run.err;
  };
  EXPECT_THAT(refused("--case DPD/7"), HasSubstr("purged"));
  EXPECT_THAT(refused("--case ' DPD/5'"), HasSubstr("begins or ends with a blank"));
  EXPECT_THAT(refused("--case DPD/" + std::string(5000, 'a')), HasSubstr("bytes"));
}

TEST_F(CheckProgramTest, ACaseWithAnUnfinishedFolderIsIncompleteInEveryForm) {
  scratch_.Write("b/file", "x");
  Teach();
  LeaveUnfinished("a", "DPD/1");
  const Outcome people = Kith("check b --case DPD/1 --out r");
  EXPECT_EQ(people.code, 3) << people.err;
  EXPECT_THAT(people.out, HasSubstr("INCOMPLETE"));
  const json last = Lines(Kith("check b --case DPD/1 --out r --json").out).back();
  EXPECT_EQ(last["complete"], false);
  EXPECT_EQ(last["run_complete"], true);
  EXPECT_THAT(last["warnings"].get<std::vector<std::string>>(), Not(IsEmpty()));
}

TEST_F(CheckProgramTest, TheHeadlineNamesTheFolderThatWasChecked) {
  scratch_.Write("a/file", "x");
  scratch_.Write("b/file", "y");
  Teach();
  EXPECT_THAT(Kith("check a --case DPD/1 --out r").out,
              HasSubstr("Case DPD/1 of " + Real("a") + ": complete"));
  EXPECT_THAT(Kith("check b --case DPD/1 --out r").out,
              HasSubstr("Case DPD/1 of " + Real("b") + " and the other folders of the case: "));
}

TEST_F(CheckProgramTest, ProgramsLearnWhatPeopleDo) {
  Teach();
  WritePicture("seized/copy.bmp", 1);
  scratch_.Write("seized/word", "text");
  // Of this file the source alone says that the child is identified.
  scratch_.Write("us.json", R"({"odata.metadata": "", "value": [{"MediaID": 1, "Category": 1,
      "MD5": "1CB251EC0D568DE6A929B520C4AED8D1", "VictimIdentified": true}]})");
  ASSERT_EQ(Kith("set add vics --source 'the national desk'").code, 0);
  const Outcome import = Kith("import --set vics us.json");
  ASSERT_EQ(import.code, 0) << import.err;
  const Outcome people = Kith("check seized --out r");
  EXPECT_THAT(people.out, HasSubstr("Ask about 1 file that the source of set vics"));
  const json last = Lines(Kith("check seized --out r --json").out).back();
  ASSERT_EQ(last["series"].size(), 1U);
  EXPECT_EQ(last["series"][0]["files_by_digest"], 1);
  EXPECT_EQ(last["series"][0]["nearest_lead_distance"], nullptr);
  EXPECT_FALSE(last["series"][0].contains("cases"));
  // On record, it is told in how many cases the series was met.
  EXPECT_EQ(Lines(Kith("check seized --case DPD/8 --json").out).back()["series"][0]["cases"], 1);
  EXPECT_EQ(Lines(Kith("check seized --case DPD/9 --json").out).back()["series"][0]["cases"], 2);
  ASSERT_EQ(last["sources_to_ask"].size(), 1U);
  EXPECT_EQ(last["sources_to_ask"][0]["set"], "vics");
  EXPECT_EQ(last["sources_to_ask"][0]["source"], "the national desk");
  EXPECT_EQ(last["sources_to_ask"][0]["files"], 1);
}

// The entry of the earlier edition went on saying so, and nobody was told.
TEST_F(CheckProgramTest, AnEditionThatTakesAnIdentificationBackIsTold) {
  const auto edition = [&](const std::string& identified) {
    scratch_.Write("us.json", R"({"odata.metadata": "", "value": [{"MediaID": 1, "Category": 1,
        "MD5": "1CB251EC0D568DE6A929B520C4AED8D1", "VictimIdentified": )" +
                                  identified + "}]}");
  };
  ASSERT_EQ(Kith("set add vics").code, 0);
  edition("true");
  EXPECT_THAT(Kith("import --set vics us.json").err, Not(HasSubstr("of the victim")));
  edition("false");
  const Outcome later = Kith("import --set vics us.json");
  ASSERT_EQ(later.code, 0) << later.err;
  EXPECT_THAT(later.err, HasSubstr("1 record says otherwise of the victim than the set"));
  edition("true");
  EXPECT_EQ(Lines(Kith("import --set vics us.json --json").out).at(0)["other_victim"], 0);
}

// A folder that was not looked into counted only in the run that met it.
TEST_F(CheckProgramTest, WhatWasNotSeenOfAnotherFolderOfTheCaseCounts) {
  std::string deep = "a";
  for (int i = 0; i < 520; ++i) deep += "/d";
  scratch_.Write(deep + "/file", "x");
  scratch_.Write("b/file", "y");
  Teach();
  EXPECT_EQ(Kith("check b --case DPD/1 --out r").code, 0);
  EXPECT_EQ(Kith("check a --case DPD/1 --out r").code, 3);
  const Outcome other = Kith("check b --case DPD/1 --out r --json");
  EXPECT_EQ(other.code, 3);
  const json last = Lines(other.out).back();
  EXPECT_EQ(last["exit_code"], 3);
  EXPECT_EQ(last["walk_errors"], 0);
  EXPECT_EQ(last["warnings"].size(), 1U);
}

// A report of something else in the folder was replaced without a word; what a look-up told stands
// nowhere else.
TEST_F(CheckProgramTest, NoReportTakesThePlaceOfAnotherOne) {
  Teach();
  scratch_.Write("a/file", "x");
  scratch_.Write("b/file", "y");
  ASSERT_EQ(Kith("check a --case DPD/1 --out r").code, 0);
  const std::string before = test::ReadAll(scratch_.At("r/report.json"));
  const auto refused = [this](const std::string& words, const std::string& why) {
    const Outcome run = Kith(words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, HasSubstr(why)) << words;
    EXPECT_THAT(run.err, HasSubstr("name another folder with --out")) << words;
  };
  refused("check a --out r", "r/report.json is of case DPD/1");
  refused("check a --case DPD/2 --out r", "r/report.json is of case DPD/1");
  EXPECT_EQ(test::ReadAll(scratch_.At("r/report.json")), before);
  EXPECT_EQ(Kith("case show DPD/2").code, 2) << "a refused check was recorded";
  // A report of a case tells of all its folders.
  EXPECT_EQ(Kith("check b --case DPD/1 --out r").code, 0);
  EXPECT_EQ(Kith("report initial --case DPD/1 --out r").code, 0);
  ASSERT_EQ(Kith("check a --out l").code, 0);
  EXPECT_EQ(Kith("check a --out l").code, 0);
  refused("check b --out l", "l/report.json tells of a look-up of " + Real("a"));
  refused("check a --case DPD/1 --out l", "l/report.json tells of a look-up of " + Real("a"));
  refused("case report DPD/1 --out l", "l/report.json tells of a look-up of " + Real("a"));
  EXPECT_EQ(Kith("report leads --case DPD/1 --out l").code, 0);
  EXPECT_EQ(Kith("report leads --case DPD/1 --out l").code, 0);
  refused("report leads --out l", "l/leads.json is of case DPD/1");
  // By whatever name a series is asked for: it was refused by all but its code.
  EXPECT_EQ(Kith("series alias Bluebell Glocke").code, 0);
  EXPECT_EQ(Kith("report circulation --series Glocke --out c").code, 0);
  EXPECT_EQ(Kith("report circulation --series Glocke --out c").code, 0);
  // Told as file and record tell it, not as it was asked for.
  const Outcome named = Kith("report circulation --series Glocke --out c --json");
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(Lines(named.out).at(0)["series"], "Bluebell");
  scratch_.Write("l/method.json", "{\"type\":\"report\",\"scope\":");
  refused("report method --out l", "l/method.json is there and is no whole report");
}

// A name is escaped once: a backslash of it stood four times in tables.
TEST_F(CheckProgramTest, TablesEscapeAPathOnce) {
  WritePicture("seized/new\\one.bmp", 7);
  Teach();
  ASSERT_EQ(Kith("check seized --case DPD/1 --out r").code, 0);
  ASSERT_EQ(Kith("check seized --case DPD/2 --out r2").code, 0);
  const std::vector<json> clusters = Lines(Kith("cluster list --json").out);
  ASSERT_EQ(clusters.size(), 1U);
  const Outcome cluster = Kith("cluster show " + clusters[0]["cluster"].dump());
  EXPECT_THAT(cluster.out, HasSubstr("new\\\\one.bmp\n"));
  EXPECT_THAT(cluster.out, Not(HasSubstr("\\\\\\")));
  ASSERT_EQ(Kith("enroll --set national --series Bluebell seized").code, 0);
  const std::vector<json> alerts = Lines(Kith("alert list --json").out);
  ASSERT_EQ(alerts.size(), 2U);
  const Outcome alert = Kith("alert show " + alerts[0]["alert"].dump());
  EXPECT_THAT(alert.out, HasSubstr("new\\\\one.bmp  "));
  EXPECT_THAT(alert.out, Not(HasSubstr("\\\\\\")));
}

// The engine sends so many paths of one content in several pieces, of which all but the first were
// told as files that could not be read.
TEST_F(CheckProgramTest, AContentAtVeryManyPathsIsOneFileInEveryForm) {
  constexpr std::size_t kPaths = 5200;
  for (std::size_t i = 0; i < kPaths; ++i) {
    scratch_.Write("seized/" + std::string(200, 'p') + std::to_string(i), "known");
  }
  scratch_.Write("list", "c90ae688b2a3b1fd0751fd743eb385cd\n");  // its MD5
  ASSERT_EQ(Kith("set add national").code, 0);
  ASSERT_EQ(Kith("import --set national list").code, 0);
  ASSERT_EQ(Kith("check seized --case DPD/1 --out checked").code, 1);
  ASSERT_EQ(Kith("report initial --case DPD/1 --out told").code, 0);
  for (const std::string folder : {"checked", "told"}) {
    const json report = json::parse(test::ReadAll(scratch_.At(folder + "/report.json")));
    ASSERT_EQ(report["files"].size(), 1U) << folder;
    EXPECT_EQ(report["files"][0]["paths"].size(), kPaths);
    EXPECT_EQ(report["files"][0]["verdict"], "RECOGNIZED");
    const std::string csv = test::ReadAll(scratch_.At(folder + "/report.csv"));
    std::size_t rows = 0;
    for (std::size_t at = csv.find(",RECOGNIZED,"); at != std::string::npos;
         at = csv.find(",RECOGNIZED,", at + 1)) {
      ++rows;
    }
    EXPECT_EQ(rows, kPaths) << folder;
    EXPECT_THAT(csv, Not(HasSubstr("UNDETERMINED"))) << folder;
    EXPECT_THAT(test::ReadAll(scratch_.At(folder + "/report.html")),
                HasSubstr("and 5,195 more paths"))
        << folder;
  }
}

}  // namespace
}  // namespace kith
