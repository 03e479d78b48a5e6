// SPDX-License-Identifier: Apache-2.0
// Hash sets of the field go in and come out: VICS in every public dialect reads alike; a file that
// is cut off changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/end_to_end/exchange_fixture.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string kRoot = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/";

// Whose categories they are differs by the region that a file names, or does not.
std::vector<json> WithoutScheme(std::vector<json> entries) {
  for (json& entry : entries) {
    if (entry.contains("category") && entry["category"].is_object()) {
      entry["category"].erase("scheme");
    }
  }
  return entries;
}

TEST_F(Exchange, EveryDialectOfVicsReadsAlike) {
  const json media = Records();
  const json a_case = {{"CaseID", "{01234567-89ab-cdef-0123-456789abcdef}"},
                       {"CaseNumber", "7/2026"},
                       {"TotalMediaFiles", 99},
                       {"Media", media}};
  const json cases = json::array({a_case});
  const std::string old = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#";
  const std::vector<std::pair<std::string, std::string>> files = {
      {"us", json{{"@odata.context", kRoot + "US/$metadata#Media"}, {"value", media}}.dump()},
      {"pretty", json{{"@odata.context", kRoot + "US/$metadata#Media"}, {"value", media}}.dump(2)},
      {"bom", "\xEF\xBB\xBF" +
                  json{{"@odata.context", kRoot + "UK/$metadata#Media"}, {"value", media}}.dump()},
      {"cases", json{{"@odata.context", kRoot + "US/$metadata#Cases"}, {"value", cases}}.dump()},
      {"old", json{{"odata.metadata", old + "Media"}, {"value", media}}.dump()},
      {"oldcases", json{{"odata.metadata", old + "Cases"}, {"value", cases}}.dump()},
      {"array", media.dump()},
      {"object", json{{"media", media}}.dump()}};
  for (const auto& [name, text] : files) {
    world_.Write(name + ".json", text);
    ASSERT_EQ(world_.Kith({"set", "add", name}).exit_code, 0);
    const Outcome run = Import(name, name + ".json");
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.err, HasSubstr("read as vics"));
    const json told = json::parse(run.out);
    EXPECT_EQ(told["format"], "vics");
    EXPECT_EQ(told["added"], kRecords);
    EXPECT_EQ(told["bad_lines"], 0);
    EXPECT_THAT(Entries(name), SizeIs(kRecords));
    EXPECT_EQ(WithoutScheme(Entries(name)), WithoutScheme(Entries("us"))) << name;
  }
  const Outcome match = world_.Kith({"match", "--json", Media(1)["MD5"].get<std::string>()});
  EXPECT_EQ(match.exit_code, 1);
  EXPECT_EQ(json::parse(match.out)["total"], static_cast<int>(files.size()));
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
  // Twice the same is nothing new.
  EXPECT_EQ(json::parse(Import("us", "us.json").out)["already_there"], kRecords);
  // PhotoDNA is not matched, and not shown.
  EXPECT_THAT(world_.Kith({"entry", "list", "--json"}).out, Not(HasSubstr("AAAAAAAA")));
  // What is exported reads as what it was.
  ASSERT_EQ(
      world_.Kith({"export", "--set", "us", "--format", "vics", "--out", At("out.json")}).exit_code,
      0);
  ASSERT_EQ(world_.Kith({"set", "add", "again"}).exit_code, 0);
  ASSERT_EQ(Import("again", "out.json").exit_code, 0);
  const std::vector<json> again = Entries("again");
  const std::vector<json> first = Entries("us");
  ASSERT_EQ(again.size(), first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (const char* key : {"md5", "sha1", "victim_identified", "series", "category"}) {
      EXPECT_EQ(again[i][key], first[i][key]);
    }
  }
}

// Another agency that reads the set is told that the children are identified.
TEST_F(Exchange, ThatASeriesIsIdentifiedGoesOutWithASet) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  ASSERT_EQ(world_.Kith({"agency", "add", "NORTH"}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"series", "add", "A", "--identified-by", "NORTH"}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"set", "add", "own"}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"set", "add", "theirs"}).exit_code, 0);
  world_.Write("list", md5 + "\n");
  ASSERT_EQ(world_.Kith({"import", "--set", "own", "--series", "A", At("list")}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"export", "--set", "own", "--format", "vics", "--out", At("own.json")})
                .exit_code,
            0);
  ASSERT_EQ(Import("theirs", "own.json").exit_code, 0);
  ASSERT_THAT(Entries("theirs"), SizeIs(1));
  EXPECT_EQ(Entries("theirs")[0]["victim_identified"], "yes");
  EXPECT_THAT(world_.Kith({"export", "--set", "own", "--format", "csv"}).out, HasSubstr(",A,yes,"));
}

// All that a file says comes back, but for what must not be kept.
TEST_F(Exchange, VicsComesBackAsItWas) {
  ASSERT_EQ(world_.Kith({"series", "add", "Bluebell"}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"series", "alias", "Bluebell", "SYNTH-B", "--scheme", "VICS"}).exit_code,
            0);
  json media = Records();
  media[0]["Comments"] = "a note";
  media[0]["Unknown"] = {{"Deep", json::array({1, 2.5, nullptr, true, json::object()})}};
  media[0]["Miniature"] = std::string(2000, 'A');
  media[1]["Category"] = nullptr;
  media[1].erase("Series");
  media[1].erase("VictimIdentified");
  media[1]["PhotoDNA"] = "not 144 bytes";
  media[2].erase("Category");
  media[2]["IsDistributed"] = true;
  media[2]["MediaSize"] = "2050";
  media[2]["MD5"] = "0123456789abcdef0123456789abcd12";  // in lower case
  media[3]["Tags"] = "a tag";
  media[3]["Long"] = std::string(5000, 'x');
  media[4]["Exifs"] = json::array({{{"PropertyName", "Make"}, {"PropertyValue", "SynthCam"}}});
  media[4]["AlternativeHashes"] =
      json::array({{{"HashName", "PDQ"}, {"HashValue", std::string(64, '5')}}});
  json again = media[0];  // the same file, at another path
  again["MediaFiles"][0]["FilePath"] = "E:\\z";
  media.push_back(again);
  const json kept_out = {"Miniature", "Long", "Comments"};
  const auto expected = [&](json file, const json& left_out) {
    const std::function<void(json&)> strip = [&](json& at) {
      if (at.is_object()) {
        for (const json& key : left_out) at.erase(key.get<std::string>());
      }
      if (at.is_structured()) {
        for (json& below : at) strip(below);
      }
    };
    strip(file);
    return file;
  };
  const json a_case = {{"CaseID", "{01234567-89ab-cdef-0123-456789abcdef}"},
                       {"CaseNumber", "7/2026"},
                       {"CaseMetadata", json::array({{{"PropertyName", "p"}}})},
                       {"Media", media}};
  const json empty_case = {{"CaseNumber", "8/2026"}, {"Media", json::array()}};
  const std::vector<std::pair<std::string, json>> files = {
      {"media", {{"@odata.context", kRoot + "US/$metadata#Media"}, {"value", media}}},
      {"cases",
       {{"@odata.context", kRoot + "UK/$metadata#Cases"},
        {"SourceApplicationName", "synth"},
        {"value", json::array({a_case, empty_case})}}}};
  for (const auto& [name, file] : files) {
    SCOPED_TRACE(name);
    world_.Write(name + ".json", file.dump(name == "media" ? -1 : 1));
    ASSERT_EQ(world_.Kith({"set", "add", name}).exit_code, 0);
    ASSERT_EQ(world_.Kith({"set", "add", name + "-text"}).exit_code, 0);
    const json told = json::parse(Import(name, name + ".json").out);
    EXPECT_EQ(told["added"], kRecords);
    EXPECT_EQ(told["repeats"], 1);
    EXPECT_EQ(told["series_added"], name == "media" ? 1 : 0);
    EXPECT_EQ(json::parse(Import(name, name + ".json").out)["already_there"], kRecords + 1);
    ASSERT_EQ(Import(name + "-text", name + ".json", {"--keep-text"}).exit_code, 0);
    EXPECT_EQ(json::parse(world_.Kith({"export", "--set", name, "--format", "vics"}).out),
              expected(file, kept_out));
    EXPECT_EQ(json::parse(world_.Kith({"export", "--set", name + "-text", "--format", "vics"}).out),
              expected(file, {"Miniature", "Long"}));
  }
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
  // The alias led to the series, and nothing was named beside it.
  const auto series = JsonLines(world_.Kith({"series", "list", "--json"}).out);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0]["series"], "Bluebell");
  EXPECT_EQ(series[1]["series"], "SYNTH-A");
  EXPECT_EQ(series[1]["status"], "");
}

// Harmless records and those with PhotoDNA alone did not come back.
TEST_F(Exchange, RecordsThatAreNotMatchedComeBackToo) {
  const auto photodna = [](int i) {
    json media = Media(i);
    for (const char* name : {"MD5", "SHA1", "MediaFiles"}) media.erase(name);
    return media;
  };
  json media = json::array({photodna(20)});
  for (int i = 0; i < 12; ++i) {
    media.push_back(Media(i));
    media.back()["Category"] = 5 - i % 6;  // the first of a file is harmless
  }
  media.push_back(photodna(21));
  const json first = {{"CaseNumber", "1"}, {"Media", json::array({media[0], media[1]})}};
  const json second = {{"CaseNumber", "2"}, {"Media", json::array({media[2], media[7]})}};
  const json file = {{"@odata.context", kRoot + "US/$metadata#Media"}, {"value", media}};
  const json cases = {{"@odata.context", kRoot + "US/$metadata#Cases"},
                      {"value", json::array({first, second})}};
  ASSERT_EQ(world_.Kith({"set", "add", "other"}).exit_code, 0);
  world_.Write("other.txt", std::string(32, 'e') + "\n");
  const std::vector<std::pair<std::string, json>> files = {{"media", file}, {"cases", cases}};
  for (const auto& [name, whole] : files) {
    SCOPED_TRACE(name);
    world_.Write(name + ".json", whole.dump());
    ASSERT_EQ(world_.Kith({"set", "add", name}).exit_code, 0);
    const Outcome run = Import(name, name + ".json");
    ASSERT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(json::parse(run.out)["added"], name == "media" ? 10 : 1);
    EXPECT_EQ(json::parse(run.out)["kept_unmatched"], name == "media" ? 4 : 3);
    // An entry of another set before the next one.
    ASSERT_EQ(Import("other", "other.txt").exit_code, 0);
    const json again = json::parse(Import(name, name + ".json").out);
    EXPECT_EQ(again["added"], 0);
    EXPECT_EQ(again["kept_unmatched"], 0);
    EXPECT_EQ(json::parse(world_.Kith({"export", "--set", name, "--format", "vics"}).out), whole);
  }
  EXPECT_EQ(world_.Kith({"match", Media(0)["MD5"].get<std::string>()}).exit_code, 0);
  EXPECT_EQ(world_.Kith({"match", Media(1)["MD5"].get<std::string>()}).exit_code, 1);
  EXPECT_THAT(Import("media", "media.json", {}).err, HasSubstr("read as vics"));
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
  const auto lines = JsonLines(world_.Kith({"export", "--set", "media", "--format", "jsonl"}).out);
  EXPECT_THAT(lines, SizeIs(14));
  EXPECT_EQ(lines[0]["carried_only"], true);
}

TEST_F(Exchange, SeveralFilesAreImportsOfTheirOwn) {
  ASSERT_EQ(world_.Kith({"set", "add", "s"}).exit_code, 0);
  world_.Write("a.txt", std::string(32, 'a') + "\n");
  world_.Write("b.txt", std::string(32, 'b') + "\nzz\n" + std::string(32, 'c') + "\n");
  world_.Write("cut.txt", std::string(32, 'd') + "\n" + std::string(20, 'd'));
  world_.Write("e.txt", std::string(32, 'e') + "\n");
  const Outcome run = world_.Kith({"import", "--set", "s", "--json", "--problems", At("bad.txt"),
                                   At("a.txt"), At("b.txt"), At("cut.txt"), At("e.txt")});
  EXPECT_EQ(run.exit_code, 2);
  const auto told = JsonLines(run.out);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0]["file"], At("a.txt"));
  EXPECT_EQ(told[1]["added"], 2);
  EXPECT_GT(told[1]["records_per_second"], 0);
  EXPECT_THAT(run.err, HasSubstr("cut off"));
  EXPECT_THAT(run.err, HasSubstr("2 of 4 files were imported"));
  EXPECT_THAT(ReadFile(At("bad.txt")), HasSubstr("b.txt: line 2: "));
  EXPECT_THAT(Entries("s"), SizeIs(3));
}

// It stood there, empty, where nothing was bad or nothing was begun.
TEST_F(Exchange, AListOfProblemsWithoutAnyIsNotLeft) {
  world_.Write("a.txt", std::string(32, 'a') + "\n");
  EXPECT_EQ(Import("none", "a.txt", {"--problems", At("bad.txt")}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(At("bad.txt")));
  ASSERT_EQ(world_.Kith({"set", "add", "s"}).exit_code, 0);
  EXPECT_EQ(Import("s", "a.txt", {"--problems", At("bad.txt")}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(At("bad.txt")));
  world_.Write("bad.txt", "somebody's");
  EXPECT_EQ(Import("s", "a.txt", {"--problems", At("bad.txt")}).exit_code, 2);
  EXPECT_EQ(ReadFile(At("bad.txt")), "somebody's");
}

// It was left open at the service, for an hour.
TEST_F(Exchange, CtrlCAbortsTheImport) {
  ASSERT_EQ(world_.Kith({"set", "add", "s"}).exit_code, 0);
  ASSERT_EQ(::mkfifo(At("pipe").c_str(), 0600), 0);
  Child child(world_.Line("kith", {"import", "--set", "s", "--format", "list", At("pipe")}));
  // The program may be gone while it is written to.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  // Opens when the program reads; it has begun its import when it is told to stop.
  std::ofstream pipe(At("pipe"));
  for (int i = 0; i < 20'000; ++i) {
    pipe << "0123456789abcdef0123456789a" << 10'000 + i << "\n";
  }
  pipe.flush();
  const auto staged = [&] {
    for (const auto& file : std::filesystem::directory_iterator(world_.Store())) {
      if (file.path().filename().string().rfind("import-", 0) == 0) return true;
    }
    return false;
  };
  while (child.IsRunning() && !staged()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  child.Signal(SIGINT);
  while (child.IsRunning() && child.Err().find("Stopping") == std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pipe << "0123456789abcdef0123456789abcdef\n";
  pipe.close();
  std::signal(SIGPIPE, before);
  const Outcome stopped = child.Wait();
  EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("nothing was imported"));
  EXPECT_FALSE(staged());
  EXPECT_THAT(Entries("s"), IsEmpty());
}

TEST_F(Exchange, AFileThatIsCutOffChangesNothing) {
  const std::string text =
      json{{"@odata.context", kRoot + "US/$metadata#Media"}, {"value", Records()}}.dump();
  ASSERT_EQ(world_.Kith({"set", "add", "s"}).exit_code, 0);
  for (const std::size_t size : {text.size() - 1, text.size() / 2, std::size_t{200}}) {
    world_.Write("cut.json", text.substr(0, size));
    const Outcome run = Import("s", "cut.json");
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("cut off"));
    EXPECT_THAT(run.out, IsEmpty());
  }
  EXPECT_THAT(world_.Kith({"entry", "list", "--json"}).out, IsEmpty());
  EXPECT_THAT(world_.Kith({"series", "list", "--json"}).out, IsEmpty());
}

TEST_F(Exchange, WritesCsvJsonLinesAndAutopsyDatabases) {
  world_.Write("us.json", Records().dump());
  ASSERT_EQ(world_.Kith({"set", "add", "s"}).exit_code, 0);
  ASSERT_EQ(Import("s", "us.json").exit_code, 0);
  const Outcome csv = world_.Kith({"export", "--set", "s", "--format", "csv"});
  EXPECT_EQ(csv.exit_code, 0);
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), kRecords + 1);
  EXPECT_THAT(csv.out, HasSubstr("0123456789abcdef0123456789abcd10"));
  const Outcome lines =
      world_.Kith({"export", "--set", "s", "--format", "jsonl", "--out", At("s.jsonl"), "--json"});
  EXPECT_EQ(lines.exit_code, 0) << lines.err;
  EXPECT_EQ(json::parse(lines.out)["entries"], kRecords);
  EXPECT_THAT(JsonLines(ReadFile(At("s.jsonl"))), SizeIs(kRecords));
  // It is not written over.
  EXPECT_EQ(
      world_.Kith({"export", "--set", "s", "--format", "jsonl", "--out", At("s.jsonl")}).exit_code,
      2);
  EXPECT_EQ(world_.Kith({"export", "--set", "s", "--format", "kdb"}).exit_code, 2);
  EXPECT_EQ(
      world_.Kith({"export", "--set", "s", "--format", "kdb", "--out", At("s.kdb")}).exit_code, 0);
  ASSERT_EQ(world_.Kith({"set", "add", "again"}).exit_code, 0);
  const Outcome again = Import("again", "s.kdb");
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(json::parse(again.out)["format"], "kdb");
  EXPECT_EQ(json::parse(again.out)["added"], kRecords);
}

}  // namespace
}  // namespace kith::end_to_end
