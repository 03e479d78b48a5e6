// SPDX-License-Identifier: Apache-2.0
// What is kept of a VICS file for the way back, and what is left out.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/exchange_vics_fixture.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using test::ReadBytes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Dates as others write them, which are none by the book: milliseconds in words with escaped
// slashes, a zone of one digit with a Z behind it, no zone, nothing. Nobody here reads them: they
// go back as they came.
TEST(Vics, DatesThatAreNoneByTheBookAreCarried) {
  const std::vector<std::string> dates = {"/Date(1700000000123)/", "/Date(-62135596800000+0100)/",
                                          "2026-01-02T03:04:05+1:00Z", "2026-01-02 03:04", ""};
  for (const bool escaped : {false, true}) {
    std::vector<json> media;
    for (std::size_t i = 0; i < dates.size(); ++i) {
      json one = Media(static_cast<int>(i));
      one["MD5"] = std::string(31, 'A') + std::to_string(i);
      one.erase("SHA1");
      one["AlternativeHashes"] = json::array();
      one["DateUpdated"] = dates[i];
      one["Exifs"] = {{{"PropertyName", "DateTimeOriginal"}, {"PropertyValue", dates[i]}}};
      media.push_back(one);
    }
    std::string file = Set(media).dump();
    for (std::size_t at = 0; escaped && (at = file.find("/Date(", at)) != std::string::npos;) {
      file.replace(at, 1, "\\/");
      file.replace(file.find(")/", at), 2, ")\\/");
      at += 3;
    }
    const MemorySink sink = ReadBytes(file);
    ASSERT_TRUE(sink.status.ok()) << sink.status;
    EXPECT_THAT(sink.problems, IsEmpty());
    ASSERT_THAT(sink.entries, SizeIs(dates.size()));
    const json back = json::parse(Written(sink));
    ASSERT_EQ(back["value"].size(), dates.size());
    for (std::size_t i = 0; i < dates.size(); ++i) {
      EXPECT_EQ(back["value"][i]["DateUpdated"], dates[i]);
      EXPECT_EQ(back["value"][i]["Exifs"][0]["PropertyValue"], dates[i]);
    }
  }
}

TEST(Vics, PicturesLongValuesAndTextAreNotKept) {
  json media = Media();
  media["Miniature"] = "/9j/4AAQSkZJRgABAQAAAQ";
  media["Own"] = "iVBORw0KGgoAAAANSUhEUgAA";
  media["Uri"] = "data:image/png;base64,AAAA";
  media["Long"] = std::string(5000, 'x');
  media["Comments"] = "of a person";
  media["Nested"] = {{"Miniature", {{"Data", {"x", "y"}}}}, {"Kept", 1}, {"Notes", {"a", "b"}}};
  const MemorySink sink = ReadBytes(Set({media}).dump());
  ASSERT_THAT(sink.entries, SizeIs(1));
  json kept = media;
  for (const char* name : {"Miniature", "Own", "Uri", "Long", "Comments"}) kept.erase(name);
  kept["Nested"] = {{"Kept", 1}};
  EXPECT_EQ(json::parse(Written(sink)), Set({kept}));
  EXPECT_EQ(sink.notes.at("picture left out"), 2);
  ReadOptions options;
  options.keep_text = true;
  const MemorySink with = ReadBytes(Set({media}).dump(), "vics", options);
  kept["Comments"] = "of a person";
  kept["Nested"]["Notes"] = {"a", "b"};
  EXPECT_EQ(json::parse(Written(with)), Set({kept}));
}

TEST(Vics, EveryDevicePathOfAFileIsKept) {
  json first = Media(1);
  json second = Media(2);
  first["MediaFiles"] = {{{"MD5", kMd5}, {"FileName", "a"}, {"FilePath", "x"}},
                         {{"MD5", kMd5}, {"FileName", "b"}, {"FilePath", "y"}}};
  second["MediaFiles"] = {{{"MD5", kMd5}, {"FileName", "c"}, {"FilePath", "z"}}};
  const MemorySink sink = ReadBytes(Set({first, second}).dump());
  EXPECT_EQ(json::parse(Written(sink)), Set({first, second}));
}

// They vanished without a word.
TEST(Vics, CommentsOfEveryKindAreTold) {
  json media = Media();
  media["Comments"] = {"a", "b"};
  json other = Media(2);
  other["Comments"] = {{"Text", "a"}};
  const MemorySink sink = ReadBytes(Set({media, other}).dump());
  EXPECT_EQ(sink.notes.at("comment left out (--keep-text keeps them)"), 2);
}

// What an officer wrote into a picture, or of it, came back from a set that keeps no free text.
TEST(Vics, FreeTextHasManyNames) {
  const auto exif = [](const std::string& name) {
    return json{{"MD5", kMd5}, {"PropertyName", name}, {"PropertyValue", "of a person"}};
  };
  json media = Media();
  media["Remarks"] = media["Title"] = media["Caption"] = "of a person";
  media["Exifs"] =
      json::array({exif("UserComment"), exif("Image Description"), exif("IFD0:ImageDescription"),
                   exif("XPAuthor"), exif("Windows XP Title"), exif("Make")});
  const MemorySink sink = ReadBytes(Set({media}).dump());
  EXPECT_EQ(sink.notes.at("comment left out (--keep-text keeps them)"), 8);
  json kept = media;
  for (const char* name : {"Remarks", "Title", "Caption"}) kept.erase(name);
  for (int i = 0; i < 5; ++i) kept["Exifs"][i].erase("PropertyValue");
  EXPECT_EQ(json::parse(Written(sink)), Set({kept}));
  // In whatever order: the value may come before its name.
  const auto exifs_of = [](const std::string& text) {
    const MemorySink read =
        ReadBytes("[{\"MD5\":\"" + kMd5 + "\",\"Exifs\":[" + text + "]}]", "vics");
    return json::parse(Written(read))["value"][0]["Exifs"].dump();
  };
  EXPECT_EQ(exifs_of(R"({"PropertyValue":"x","PropertyName":"UserComment"})"),
            R"([{"PropertyName":"UserComment"}])");
  EXPECT_EQ(exifs_of(R"({"MD5":"a","PropertyValue":"x","b":1,"PropertyName":"XPTitle","c":2})"),
            R"([{"MD5":"a","PropertyName":"XPTitle","b":1,"c":2}])");
  EXPECT_EQ(
      exifs_of(R"({"PropertyName":"UserComment"},{"PropertyName":"Make","PropertyValue":"x"})"),
      R"([{"PropertyName":"UserComment"},{"PropertyName":"Make","PropertyValue":"x"}])");
  ReadOptions options;
  options.keep_text = true;
  EXPECT_EQ(json::parse(Written(ReadBytes(Set({media}).dump(), "vics", options))), Set({media}));
}

TEST(Vics, HeadsForWhichThereIsNoPlaceAreCounted) {
  const auto heads = [](const std::vector<json>& files) {
    SetFacts facts;
    for (const json& file : files) {
      *facts.imports.emplace_back().mutable_carried() = ReadBytes(file.dump(), "vics").carried;
    }
    auto writer =
        FindOutFormat("vics")->make([](std::string_view) { return absl::OkStatus(); }, "");
    EXPECT_TRUE((*writer)->Begin(facts).ok());
    return (*writer)->heads_left_out();
  };
  json named = Set({Media()});
  named["Agency"] = "Example";
  const json cases = {
      {"@odata.context", kUs + "Cases"},
      {"value", json::array({{{"CaseID", "1"}, {"Media", json::array({Media()})}},
                             {{"CaseID", "2"}, {"Media", json::array({Media()})}}})}};
  EXPECT_EQ(heads({named}), 0U);
  EXPECT_EQ(heads({named, named}), 0U);
  EXPECT_EQ(heads({Set({Media()}), named}), 1U);
  EXPECT_EQ(heads({cases, cases}), 0U);
  EXPECT_EQ(heads({cases, named}), 3U);
}

TEST(Vics, LimitsHold) {
  std::string deep =
      "[{\"MD5\":\"" + kMd5 + "\",\"x\":" + std::string(40, '[') + std::string(40, ']') + "}]";
  EXPECT_THAT(std::string(ReadBytes(deep, "vics").status.message()), HasSubstr("nested deeper"));
  EXPECT_THAT(std::string(ReadBytes(std::string(100'000, '['), "vics").status.message()),
              HasSubstr("nested deeper"));
  // Of a record that is too long without its lists the hashes are taken.
  json fat = Media();
  for (int i = 0; i < 50; ++i) fat["x" + std::to_string(i)] = std::string(4000, 'x');
  const MemorySink sink = ReadBytes(Set({fat, Media()}).dump());
  ASSERT_THAT(sink.entries, SizeIs(2));
  EXPECT_THAT(sink.problems, IsEmpty());
  EXPECT_EQ(sink.notes.at("record of more than 128 KiB: only its hashes are kept"), 1);
  EXPECT_EQ(sink.entries[0].digests().md5(), sink.entries[1].digests().md5());
  EXPECT_EQ(sink.entries[0].codes_size(), 1);
  EXPECT_EQ(json::parse(Written(sink))["value"][0]["SHA1"], kSha1);
  // One token of 17 MiB.
  json thumb = Media();
  thumb["Miniature"] = std::string(std::size_t{17} << 20, 'A');
  EXPECT_TRUE(ReadBytes(Set({thumb}).dump(), "vics").status.ok());  // in one piece it is no harm
}

// One file lay at 600 places: with the last of them went its PhotoDNA, its tags and all else.
TEST(Vics, OfALongListTheTailIsLeftOutAndNothingElse) {
  for (const int places : {300, 600, 30'000}) {
    json fat = Media();
    fat["Tags"] = "a \\\"tag\",[{";
    json& files = fat["MediaFiles"] = json::array();
    for (int i = 0; i < places; ++i) {
      files.push_back({{"MD5", kMd5},
                       {"FileName", std::to_string(i)},
                       {"FilePath", "C:\\" + std::string(300, 'x') + "],\""}});
    }
    const MemorySink sink = ReadBytes(Set({fat, Media(2)}).dump());
    ASSERT_THAT(sink.entries, SizeIs(2));
    EXPECT_THAT(sink.problems, IsEmpty());
    EXPECT_LE(sink.entries[0].carried().data().size(), std::size_t{128} << 10);
    json back = json::parse(Written(sink))["value"];
    EXPECT_EQ(back[1], Media(2));
    const auto kept = static_cast<int>(back[0]["MediaFiles"].size());
    EXPECT_EQ(kept == places, places == 300);
    EXPECT_GE(kept, 300);
    const auto note = sink.notes.find("item of a list left out, of a record of more than 128 KiB");
    EXPECT_EQ(note == sink.notes.end() ? 0 : note->second, places - kept);
    files.erase(files.begin() + kept, files.end());
    EXPECT_EQ(back[0], fat);
  }
}

TEST(Vics, TextThatIsNotUtf8IsKeptVisible) {
  const MemorySink sink =
      ReadBytes("[{\"MD5\":\"" + kMd5 + "\",\"Tags\":\"a\xff\",\"Series\":\"b\xfe\"}]");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].series(), "");
  const json record = json::parse(Written(sink)).at("value").at(0);
  EXPECT_EQ(record.at("Tags"), "a\\xFF");
}

TEST(IsPictureText, KnowsPicturesFromHashesAndPaths) {
  EXPECT_TRUE(IsPictureText("/9j/4AAQSkZJRgABAQAAAQ=="));
  EXPECT_TRUE(IsPictureText("R0lGODlhAQABAIAAAAUEBA"));
  EXPECT_TRUE(IsPictureText("AAAAIGZ0eXBoZWlj" + std::string(80, 'A')));
  EXPECT_TRUE(IsPictureText("FFD8FFE0" + std::string(200, '0')));
  EXPECT_FALSE(IsPictureText("/9j/home/user/My Pictures/a.jpg"));
  EXPECT_FALSE(IsPictureText("FFD8FFE0" + std::string(24, '0')));  // an MD5 may begin so
  EXPECT_FALSE(IsPictureText("2026-01-02T03:04:05Z"));
  EXPECT_FALSE(IsPictureText(""));
}

}  // namespace
}  // namespace kith::exchange
