// SPDX-License-Identifier: Apache-2.0
// kith export --case: the way back to the tools that review seizures.
#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "tests/tools/program_fixture.h"

namespace kith::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CaseExportTest : public ProgramTest {
 protected:
  void SetUp() override {
    WritePicture("e/one.bmp", 1);
    WritePicture("e/sub/two.bmp", 2);
    WritePicture("e/three.bmp", 3);
    scratch_.Write("e/note.txt", "no picture");
    ASSERT_EQ(Kith("set add us").code, 0);
    ASSERT_EQ(Kith("set add leads --dialect full").code, 0);
    // Something to compare with.
    ASSERT_EQ(Kith("import --set us -", std::string(32, 'f') + "\n").code, 0);
    ASSERT_EQ(Kith("check e --case DPD/1 --out r").code, 0);
  }
  // The line of the file that lies there.
  json FileAt(const std::string& path) const {
    const Outcome run = Kith("export --case DPD/1 --format jsonl");
    EXPECT_EQ(run.code, 0) << run.err;
    for (json& line : Lines(run.out)) {
      if (line["paths"][0]["path"] == path) return line;
    }
    ADD_FAILURE() << path << " is missing";
    return {};
  }
};

TEST_F(CaseExportTest, GivesACaseBackAsVics) {
  const std::string md5 = FileAt("one.bmp")["md5"];
  EXPECT_THAT(FileAt("one.bmp")["sha1"].get<std::string>(), SizeIs(40));
  const json set = {
      {"@odata.context",
       "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"},
      {"value", json::array({{{"MediaID", 5},
                              {"MD5", md5},
                              {"Category", 2},
                              {"Series", "SYNTH"},
                              {"VictimIdentified", "true"}}})}};
  ASSERT_EQ(Kith("import --set us -", set.dump()).code, 0);
  const Outcome lead = Kith("hash e/sub/two.bmp");
  ASSERT_EQ(Kith("import --set leads -", lead.out).code, 0);
  ASSERT_EQ(Kith("case refresh DPD/1").code, 0);
  const Outcome run = Kith("export --case DPD/1 --format vics --out back.json --json");
  ASSERT_EQ(run.code, 0) << run.err;
  const json told = Lines(run.out).at(0);
  EXPECT_EQ(told["type"], "case_export");
  EXPECT_EQ(told["files"], 3);
  EXPECT_EQ(told["categorised"], 1);
  EXPECT_EQ(told["leads"], 1);
  EXPECT_EQ(told["no_media"], 1);
  EXPECT_EQ(told["complete"], true);
  const json back = json::parse(ReadAll(scratch_.At("back.json")));
  ASSERT_THAT(back["value"], SizeIs(3));
  int certain = 0;
  int leads = 0;
  for (const json& media : back["value"]) {
    EXPECT_EQ(media["MimeType"], "image/bmp");
    if (media.contains("PrecategorizationSource")) {
      ++certain;
      EXPECT_EQ(media["PrecategorizationSource"], "us");
      EXPECT_EQ(media["Category"], 2);
      EXPECT_EQ(media["Series"], "SYNTH");
      EXPECT_EQ(media["VictimIdentified"], "true");
      EXPECT_EQ(media["MediaFiles"][0]["FileName"], "one.bmp");
    } else {
      EXPECT_EQ(media["Category"], 0);
      EXPECT_EQ(media["IsPrecategorized"], "false");
    }
    if (media.contains("Tags")) {
      ++leads;
      EXPECT_EQ(media["MediaFiles"][0]["FilePath"], "sub");
      EXPECT_THAT(media["Comments"].get<std::string>(), HasSubstr("set leads"));
    }
  }
  EXPECT_EQ(certain, 1);
  EXPECT_EQ(leads, 1);
  // It reads as a set, and that it was given out is on record.
  ASSERT_EQ(Kith("set add again").code, 0);
  EXPECT_EQ(Kith("import --set again back.json").code, 0);
  EXPECT_THAT(Lines(Kith("report list --case DPD/1 --json").out), SizeIs(testing::Ge(2U)));
  const Outcome people = Kith("export --case DPD/1 --format csv --scheme vics-uk");
  EXPECT_THAT(people.err, HasSubstr("1 file without a category, as it is of another scheme"));
  EXPECT_THAT(people.err, HasSubstr("1 file with a lead that nobody has confirmed"));
}

TEST_F(CaseExportTest, SaysWhatItCannotWrite) {
  for (const std::string words :
       {"--format vics", "--set us --case DPD/1 --format vics", "--case DPD/1 --format kdb",
        "--case DPD/2 --format vics", "--case DPD/1 --format vics --json",
        "--case DPD/1 --format vics --out e/back.json"}) {
    const Outcome run = Kith("export " + words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.out, IsEmpty()) << words;
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("e/back.json")));
}

}  // namespace
}  // namespace kith::test
