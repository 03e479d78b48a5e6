// SPDX-License-Identifier: Apache-2.0
// VICS in its dialects, and what others fell into.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::MemorySink;
using test::ReadBytes;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::SizeIs;

const std::string kMd5 = "0123456789ABCDEF0123456789ABCDEF";
const std::string kSha1 = "0123456789ABCDEF0123456789ABCDEF01234567";
const std::string kUs =
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#";

json Media(int id = 1000001) {
  return {{"MediaID", id},
          {"Category", 1},
          {"MD5", kMd5},
          {"SHA1", kSha1},
          {"MediaSize", 204800},
          {"DateUpdated", "2026-01-02T03:04:05-05:00"},
          {"Series", "SYNTH-A"},
          {"VictimIdentified", "true"},
          {"OffenderIdentified", "false"},
          {"PhotoDNA", std::string(192, 'A')},
          {"RelativeFilePath", "a\\b\\c.jpg"},
          {"AlternativeHashes",
           {{{"MD5", kMd5}, {"HashName", "PDQ"}, {"HashValue", std::string(64, '5')}}}},
          {"Exifs", {{{"MD5", kMd5}, {"PropertyName", "Make"}, {"PropertyValue", "SynthCam"}}}}};
}

json Set(const std::vector<json>& media) {
  return {{"@odata.context", kUs + "Media"}, {"value", media}};
}

// What the writer makes of what the reader took, of one file after the other.
std::string WrittenOf(const std::vector<MemorySink>& sinks, std::uint64_t first,
                      std::uint64_t& without_category) {
  std::string text;
  auto writer = FindOutFormat("vics")->make(
      [&text](std::string_view bytes) {
        text += bytes;
        return absl::OkStatus();
      },
      "");
  SetFacts facts;
  std::uint64_t next = first;
  for (const MemorySink& sink : sinks) {
    auto& import = facts.imports.emplace_back();
    import.set_first_entry(next);
    next += sink.entries.size();
    import.set_last_entry(next - 1);
    *import.mutable_carried() = sink.carried;
  }
  EXPECT_TRUE((*writer)->Begin(facts).ok());
  next = first;
  for (const MemorySink& sink : sinks) {
    for (Entry entry : sink.entries) {
      entry.set_entry_id(next++);
      EXPECT_TRUE((*writer)->Add(entry).ok());
    }
  }
  EXPECT_TRUE((*writer)->End().ok());
  without_category = (*writer)->without_category();
  return text;
}

std::string Written(const MemorySink& sink, std::uint64_t first = 1) {
  std::uint64_t without_category = 0;
  return WrittenOf({sink}, first, without_category);
}

absl::Status ReadVicsOf(Source& source, MemorySink& sink) {
  return FindFormat("vics")->read(source, {}, sink);
}

TEST(Vics, TakesWhatARecordSays) {
  const MemorySink sink = ReadBytes(Set({Media()}).dump());
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "vics");
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_THAT(sink.entries, SizeIs(1));
  const Entry& entry = sink.entries[0];
  EXPECT_EQ(entry.digests().md5(),
            "\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB\xCD\xEF");
  EXPECT_EQ(entry.digests().sha1().size(), 20U);
  EXPECT_EQ(entry.series(), "SYNTH-A");
  EXPECT_EQ(entry.victim_identified(), v1::TRI_STATE_YES);
  EXPECT_EQ(entry.category().scheme(), "vics-us");
  EXPECT_EQ(entry.category().code(), "1");
  EXPECT_EQ(entry.source_ref(), "MediaID 1000001");
  ASSERT_EQ(entry.codes_size(), 1);
  EXPECT_EQ(entry.codes(0).pdq(), std::string(32, '\x55'));
  // PhotoDNA is carried, and nothing else knows of it.
  EXPECT_THAT(entry.carried().data(), HasSubstr("PhotoDNA"));
  EXPECT_THAT(entry.carried().data(), Not(HasSubstr("SYNTH-A")));
}

TEST(Vics, EveryDialectReadsAlike) {
  const std::vector<json> media = {Media(1), Media(2)};
  const std::string one = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#";
  const json a_case = {{"CaseID", "{01234567-89ab-cdef-0123-456789abcdef}"},
                       {"TotalMediaFiles", 7},
                       {"Media", media}};
  const std::vector<std::string> files = {
      Set(media).dump(),
      Set(media).dump(4),
      "\xEF\xBB\xBF" + Set(media).dump(),
      json{{"odata.metadata", one + "Media"}, {"value", media}}.dump(),
      json{{"odata.metadata", one + "Cases"}, {"value", json::array({a_case})}}.dump(),
      json{{"@odata.context", kUs + "Cases"}, {"value", json::array({a_case})}}.dump(1),
      json(media).dump(),
      json{{"media", media}}.dump(),
      a_case.dump(),
      " \r\n\t" + json(media).dump()};
  for (const std::string& file : files) {
    const MemorySink sink = ReadBytes(file);
    ASSERT_TRUE(sink.status.ok()) << sink.status << file;
    EXPECT_EQ(sink.format, "vics") << file;
    EXPECT_THAT(sink.problems, IsEmpty()) << file;
    ASSERT_THAT(sink.entries, SizeIs(2)) << file;
    const MemorySink first = ReadBytes(files[0]);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(sink.entries[i].digests().md5(), first.entries[i].digests().md5());
      EXPECT_EQ(sink.entries[i].series(), "SYNTH-A");
      EXPECT_EQ(sink.entries[i].category().code(), "1");
      EXPECT_EQ(sink.entries[i].victim_identified(), v1::TRI_STATE_YES);
      EXPECT_EQ(sink.entries[i].codes_size(), 1);
      EXPECT_EQ(json::parse(sink.entries[i].carried().data()),
                json::parse(first.entries[i].carried().data()));
    }
  }
}

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

TEST(Vics, TheSetComesBackEqualAsJson) {
  json odd = Media(2);
  odd["MD5"] = "0123456789abcdef0123456789ABCDEF";  // not as the writer writes it
  odd["MediaSize"] = "204800";
  odd["VictimIdentified"] = false;
  odd["Category"] = nullptr;
  odd["Series"] = "";
  odd["Own"] = {{"Examiner", "x"}, {"list", {1, 2.5, nullptr, true, "\u0001\"\\/\u00e9"}}};
  json bare = {{"MD5", kMd5}};
  json lower = Media(3);
  lower["md5"] = lower["MD5"];
  lower.erase("MD5");
  lower["Category"] = "7";
  lower["MediaID"] = 12345678901234567ULL;
  json file = Set({Media(), odd, bare, lower});
  file["Agency"] = "Example";
  const MemorySink sink = ReadBytes(file.dump());
  ASSERT_THAT(sink.entries, SizeIs(4));
  EXPECT_EQ(json::parse(Written(sink)), file);
}

TEST(Vics, CasesComeBackEqualAsJson) {
  const json first = {
      {"CaseID", "1"}, {"Category", 5}, {"Media", json::array({Media(1), Media(2)})}};
  const json empty = {{"CaseID", "2"}, {"Media", json::array()}};
  const json last = {
      {"Series", "of the case"}, {"Media", json::array({Media(3)})}, {"ContactName", "x"}};
  const json none = {{"CaseNumber", "4"}, {"Media", json::array()}};
  const json file = {{"@odata.context", kUs + "Cases"},
                     {"value", json::array({first, empty, last, none})}};
  const MemorySink sink = ReadBytes(file.dump());
  ASSERT_TRUE(sink.status.ok());
  ASSERT_THAT(sink.entries, SizeIs(3));
  EXPECT_EQ(sink.entries[2].carried().part(), 3U);
  EXPECT_EQ(json::parse(Written(sink, 40)), file);
}

TEST(Vics, OnlyTheWordsSayYes) {
  const std::vector<std::pair<json, v1::TriState>> cases = {{"true", v1::TRI_STATE_YES},
                                                            {"false", v1::TRI_STATE_NO},
                                                            {true, v1::TRI_STATE_YES},
                                                            {false, v1::TRI_STATE_NO},
                                                            {"False", v1::TRI_STATE_NO},
                                                            {"", v1::TRI_STATE_UNSPECIFIED},
                                                            {nullptr, v1::TRI_STATE_UNSPECIFIED},
                                                            {"perhaps", v1::TRI_STATE_UNSPECIFIED}};
  for (const auto& [value, expected] : cases) {
    json media = Media();
    media["VictimIdentified"] = value;
    const MemorySink sink = ReadBytes(Set({media}).dump());
    ASSERT_THAT(sink.entries, SizeIs(1));
    EXPECT_EQ(sink.entries[0].victim_identified(), expected) << value;
    EXPECT_EQ(json::parse(Written(sink)), Set({media})) << value;
  }
}

TEST(Vics, OnlyTheCategoryIsAVerdict) {
  json precategorised = Media();
  precategorised["Category"] = nullptr;
  precategorised["IsPrecategorized"] = "true";
  json zero = Media();
  zero["Category"] = 0;
  json absent = Media();
  absent.erase("Category");
  const MemorySink sink = ReadBytes(Set({precategorised, zero, absent}).dump());
  ASSERT_THAT(sink.entries, SizeIs(3));
  EXPECT_EQ(sink.entries[0].category().code(), "");
  EXPECT_EQ(sink.entries[1].category().code(), "0");
  EXPECT_EQ(sink.entries[2].category().scheme(), "");
}

TEST(Vics, ACodeNeverStandsWithoutItsScheme) {
  const auto scheme = [](const std::string& context, const ReadOptions& options = {}) {
    const json file = {{"@odata.context", context}, {"value", json::array({Media()})}};
    return ReadBytes(file.dump(), "vics", options).entries.at(0).category().scheme();
  };
  EXPECT_EQ(scheme("x/2.0.xml/UK/$metadata#Media"), "vics-uk");
  EXPECT_EQ(scheme("x/1.3.xml#Media"), "vics");
  ReadOptions options;
  options.scheme = "au";
  EXPECT_EQ(scheme("x/2.0.xml/CUSTOM/$metadata#Media", options), "au");
}

TEST(Vics, BadRecordsAreToldWithTheirPlaceAndSkipped) {
  json short_md5 = Media();
  short_md5["MD5"] = kMd5.substr(1);
  json no_hash = {{"MediaID", 5}};
  json empty_file = Media();
  empty_file["MD5"] = "D41D8CD98F00B204E9800998ECF8427E";
  json wrong_sha1 = Media();
  wrong_sha1["SHA1"] = std::string(40, 'Z');
  json list = {short_md5,     no_hash, Media(), empty_file, wrong_sha1, 7, json::array({Media()}),
               json::object()};
  const std::string text = list.dump();
  const MemorySink sink = ReadBytes(text);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  ASSERT_THAT(sink.entries, SizeIs(2));
  EXPECT_TRUE(sink.entries[1].carried_only());  // the empty file
  ASSERT_THAT(sink.problems, SizeIs(6));
  EXPECT_THAT(sink.problems[0], HasSubstr("byte 1: MD5 of 31 characters"));
  EXPECT_THAT(sink.problems[1], HasSubstr("neither a digest"));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("empty file"))));
  for (const std::string& problem : sink.problems) {
    EXPECT_THAT(problem, Not(HasSubstr(kMd5.substr(1, 8)))) << problem;
  }
}

TEST(Vics, AFileThatIsCutOffIsAnError) {
  const std::string whole = Set({Media(1), Media(2)}).dump();
  for (std::size_t size = 1; size < whole.size(); size += 7) {
    const MemorySink sink = ReadBytes(whole.substr(0, size), "vics");
    EXPECT_TRUE(absl::IsInvalidArgument(sink.status)) << size;
  }
  EXPECT_THAT(std::string(ReadBytes(whole.substr(0, 400)).status.message()), HasSubstr("cut off"));
  EXPECT_FALSE(ReadBytes(whole + "x", "vics").status.ok());
  EXPECT_FALSE(ReadBytes(whole + std::string("\0x", 2), "vics").status.ok());
  EXPECT_FALSE(ReadBytes("\"text\"", "vics").status.ok());
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

// PhotoDNA may begin with the bytes of a picture's magic: it is never taken for one.
TEST(Vics, PhotoDnaComesBackUntouchedWhateverItIs) {
  for (const std::string& value :
       {"/9j/" + std::string(188, 'A'), "iVBORw0KGgo" + std::string(181, 'B'), std::string("wrong"),
        std::string(288, 'f')}) {
    json media = Media();
    media["PhotoDNA"] = value;
    json old = Media();
    old["AlternativeHashes"] = {{{"HashName", "PhotoDNA"}, {"HashValue", value}}};
    const MemorySink sink = ReadBytes(Set({media, old}).dump());
    EXPECT_EQ(json::parse(Written(sink)), Set({media, old})) << value;
    EXPECT_EQ(sink.notes.size(), value == "wrong" ? 1U : 0U);
  }
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

TEST(Vics, KnownMaterialDoesNotEnterABenignSet) {
  ReadOptions options;
  options.purpose = v1::PURPOSE_BENIGN;
  const MemorySink sink = ReadBytes(Set({Media()}).dump(), "vics", options);
  EXPECT_TRUE(absl::IsFailedPrecondition(sink.status)) << sink.status;
  json harmless = Media();
  harmless["Category"] = 8;
  harmless["MediaSize"] = "1";
  const json nist = {{"odata.metadata", "x/DataModels/1.2.xml#Media"},
                     {"value", json::array({harmless})}};
  EXPECT_THAT(ReadBytes(nist.dump(), "vics", options).entries, SizeIs(1));
}

// A harmless file matched as a known one.
TEST(Vics, WhatIsSurelyHarmlessIsNotTakenForKnown) {
  const std::string nist = "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media";
  const auto taken = [](const std::string& context, const json& category,
                        const std::string& scheme = "") {
    json media = Media();
    media["Category"] = category;
    const json file = {{"odata.metadata", context}, {"value", json::array({media, Media(2)})}};
    ReadOptions options;
    options.scheme = scheme;
    const MemorySink sink = ReadBytes(file.dump(), "vics", options);
    EXPECT_TRUE(sink.status.ok()) << sink.status;
    EXPECT_THAT(sink.problems, IsEmpty());
    const bool told =
        sink.notes.count("record of a non-pertinent category, kept for the way back, not matched");
    EXPECT_EQ(sink.entries.size(), 2);
    EXPECT_EQ(told, sink.entries.at(0).carried_only());
    EXPECT_FALSE(sink.entries.at(1).carried_only());
    return !told;
  };
  EXPECT_FALSE(taken(kUs + "Media", 5));
  EXPECT_FALSE(taken(kUs + "Media", "5"));
  EXPECT_FALSE(taken(nist, 8));
  EXPECT_FALSE(taken("x/1.3.xml#Media", 5, "vics-us"));
  // All else, and what is said of other countries or of none, may be known material.
  for (const json& category : {json(0), json(1), json(2), json(3), json(4), json(8), json()}) {
    EXPECT_TRUE(taken(kUs + "Media", category)) << category;
  }
  for (const int category : {5, 8}) {
    EXPECT_TRUE(taken("x/2.0.xml/UK/$metadata#Media", category));
    EXPECT_TRUE(taken("x/1.3.xml#Media", category));
    EXPECT_TRUE(taken(kUs + "Media", category, "vics-uk"));
  }
  EXPECT_TRUE(taken(nist, 5));
  EXPECT_TRUE(taken(nist, 8, "vics-au"));
}

// Harmless records and those with PhotoDNA alone were left out, and the file came back without
// them.
TEST(Vics, RecordsThatAreNotMatchedComeBackInTheirPlaces) {
  json photodna = Media(100);
  for (const char* name : {"MD5", "SHA1", "AlternativeHashes"}) photodna.erase(name);
  json old = {
      {"MediaID", 101},
      {"AlternativeHashes", {{{"HashName", "PhotoDNA"}, {"HashValue", std::string(192, 'B')}}}}};
  json empty = Media(102);
  empty["MD5"] = "D41D8CD98F00B204E9800998ECF8427E";
  std::vector<json> records = {photodna};
  for (int i = 0; i < 12; ++i) {
    json media = Media(i);
    media["Category"] = i % 6;
    records.push_back(media);
  }
  records.insert(records.end(), {old, empty});
  const MemorySink sink = ReadBytes(Set(records).dump());
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_EQ(sink.entries.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool matched = records[i].contains("Category") && records[i]["Category"] != 5 && i != 0 &&
                         i + 1 < records.size();
    EXPECT_EQ(sink.entries[i].carried_only(), !matched) << i;
  }
  EXPECT_EQ(sink.notes.at("record of a non-pertinent category, kept for the way back, not matched"),
            2);
  EXPECT_EQ(sink.notes.at("record with PhotoDNA alone, kept for the way back, not matched"), 2);
  EXPECT_EQ(json::parse(Written(sink)), Set(records));
  // Of the cases of a file too.
  const json file = {
      {"@odata.context", kUs + "Cases"},
      {"value", json::array({{{"CaseID", "1"}, {"Media", json::array({photodna, Media(1)})}},
                             {{"CaseID", "2"}, {"Media", json::array({records[6]})}}})}};
  EXPECT_EQ(json::parse(Written(ReadBytes(file.dump()))), file);
}

TEST(Vics, WhatNobodyJudgedIsTakenAndTold) {
  json none = Media(1);
  none.erase("Category");
  json null = Media(2);
  null["Category"] = nullptr;
  json zero = Media(3);
  zero["Category"] = 0;
  json five = Media(4);
  five["Category"] = 5;
  const MemorySink sink =
      ReadBytes(json{{"value", json::array({none, null, zero, five, Media(5)})}}.dump(), "vics");
  EXPECT_THAT(sink.entries, SizeIs(5));
  EXPECT_EQ(sink.notes.at("no category or 0: nobody has judged it, taken as known"), 3);
  EXPECT_EQ(sink.notes.at("category 5 of no region, non-pertinent in the US, taken as known: "
                          "--scheme says whose"),
            1);
}

// A harmless file of a list whose region stood at its end was taken for a known one.
TEST(Vics, ARegionBehindItsRecordsIsAskedFor) {
  json harmless = Media();
  harmless["Category"] = 5;
  const std::string records = json::array({harmless}).dump();
  const auto read = [&](const std::string& context, const std::string& scheme) {
    ReadOptions options;
    options.scheme = scheme;
    return ReadBytes("{\"value\":" + records + ",\"@odata.context\":\"" + context + "\"}", "vics",
                     options);
  };
  const MemorySink refused = read(kUs + "Media", "");
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status)) << refused.status;
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("--scheme vics-us"));
  const MemorySink told = read(kUs + "Media", "vics-us");
  EXPECT_TRUE(told.status.ok()) << told.status;
  EXPECT_TRUE(told.entries.at(0).carried_only());
  EXPECT_TRUE(read("x/1.3.xml#Media", "").status.ok());  // says nothing of it
}

// One bad text refused a file of millions.
TEST(Vics, TextsThatAreNoJsonAreMended) {
  const std::string record = "{\"MD5\":\"" + kMd5 + "\",\"Tags\":\"";
  for (const auto& [text, mended] : std::vector<std::pair<std::string, std::string>>{
           {"a\\ud83d", "a\xEF\xBF\xBD"},
           {"\\ude00b",
            "\xEF\xBF\xBD"
            "b"},
           {"\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
           {"\\ud83d\\n", "\xEF\xBF\xBD\n"},
           {"\\\\ud83d", "\\ud83d"},
           {"a\tb\nc", "a b c"},
           {std::string("a\0b", 3), "a b"}}) {
    const MemorySink sink = ReadBytes("[" + record + text + "\"}," + record + "z\"}]", "vics");
    ASSERT_TRUE(sink.status.ok()) << sink.status << text;
    ASSERT_THAT(sink.entries, SizeIs(2)) << text;
    EXPECT_EQ(json::parse(sink.entries[0].carried().data())["Tags"], mended) << text;
    EXPECT_EQ(sink.notes.size(), mended[0] == '\\' ? 1U : 2U) << text;
  }
  // An escape that is cut by the end of what is read at once.
  const std::size_t chunk = 256 * 1024;
  const std::string behind = "\"}," + record;
  const test::Scratch scratch;
  for (std::size_t at = chunk - 20; at < chunk + 2; ++at) {
    const std::string file = "[" + record +
                             std::string(at - 1 - record.size() - behind.size(), 'x') + behind +
                             "\\ud83d\\ude00\\ud83d\"}]";
    auto source = Source::Open(scratch.Write("file.json", file));
    ASSERT_TRUE(source.ok());
    MemorySink sink;
    ASSERT_TRUE(ReadVicsOf(*source, sink).ok());
    ASSERT_THAT(sink.entries, SizeIs(2));
    EXPECT_EQ(json::parse(sink.entries[1].carried().data())["Tags"],
              "\xF0\x9F\x98\x80\xEF\xBF\xBD");
  }
  EXPECT_THAT(std::string(ReadBytes("[" + record + "a\\ud8", "vics").status.message()),
              HasSubstr("cut off"));
}

TEST(Vics, ASeriesIsLinkedWithoutTheBlanksAroundIt) {
  json media = Media();
  media["Series"] = " SYNTH-A ";
  const MemorySink sink = ReadBytes(Set({media}).dump());
  EXPECT_EQ(sink.entries.at(0).series(), "SYNTH-A");
  EXPECT_EQ(sink.notes.at("series with blanks around its name, linked without them"), 1);
  EXPECT_EQ(json::parse(Written(sink)), Set({media}));
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

TEST(Vics, ASha256IsReadUnderBothItsNames) {
  json media = {{"SHA-256", std::string(64, 'A')}};
  const MemorySink sink = ReadBytes(Set({media}).dump());
  EXPECT_EQ(sink.entries.at(0).digests().sha256().size(), 32U);
}

// Records that name a case besides were taken for heads of cases, and were gone.
TEST(Vics, ARecordThatNamesItsCaseIsARecord) {
  const json sha256 = {{"CaseNumber", "7"}, {"SHA256", std::string(64, 'A')}};
  const json pdq = {
      {"CaseID", "7"},
      {"AlternativeHashes", {{{"HashName", "PDQ"}, {"HashValue", std::string(64, '5')}}}}};
  const json photodna = {{"CaseID", "7"}, {"PhotoDNA", std::string(192, 'A')}};
  const json head = {{"CaseID", "7"}, {"ContactName", "x"}};
  const MemorySink sink = ReadBytes(Set({sha256, pdq, photodna, head}).dump());
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  ASSERT_THAT(sink.entries, SizeIs(3));
  EXPECT_TRUE(sink.entries[2].carried_only());
  EXPECT_THAT(sink.problems, IsEmpty());
}

TEST(Vics, NamesOfListsAreReadInEitherCase) {
  for (const char* value : {"value", "Value", "cases"}) {
    for (const char* media : {"Media", "media", "MEDIA"}) {
      const json a_case = {{"CaseID", "1"}, {media, json::array({Media(1), Media(2)})}};
      const json file = {{"@odata.context", kUs + "Cases"}, {value, json::array({a_case})}};
      const MemorySink sink = ReadBytes(file.dump(), "vics");
      ASSERT_TRUE(sink.status.ok()) << sink.status;
      EXPECT_THAT(sink.entries, SizeIs(2)) << value << media;
    }
  }
}

// One alternative hash in another spelling made the whole record bad.
TEST(Vics, AnOddAlternativeHashSpoilsNoRecord) {
  json media = Media();
  media.erase("SHA1");
  media["AlternativeHashes"] = {
      {{"HashName", "SHA1"}, {"HashValue", "AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH"}},
      {{"HashName", "SHA256"}, {"HashValue", "short"}},
      {{"HashName", "SHA-1"}, {"HashValue", kSha1}},
      {{"HashName", "PDQ"}, {"HashValue", std::string(64, '5')}},
      {{"HashName", "PDQ"}, {"HashValue", std::string(64, '6')}}};
  const MemorySink sink = ReadBytes(Set({media}).dump());
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].digests().sha1().size(), 20U);
  EXPECT_EQ(sink.entries[0].digests().sha256(), "");
  EXPECT_EQ(sink.entries[0].codes(0).pdq(), std::string(32, '\x55'));
  EXPECT_EQ(sink.notes.at("alternative hash that has not the digits of its kind, carried only"), 2);
  EXPECT_EQ(sink.notes.at("further PDQ of a record, carried only"), 1);
  EXPECT_EQ(json::parse(Written(sink)), Set({media}));
}

// Beside alternative hashes a SHA-256 of the record's own was lost.
TEST(Vics, ADigestComesBackWhereItStood) {
  const std::string sha256(64, 'A');
  const auto alternative = [](const char* name, const std::string& value) {
    return json{{"HashName", name}, {"HashValue", value}};
  };
  std::vector<json> records;
  for (int i = 0; i < 32; ++i) {
    json media = {{"MediaID", i}, {"MD5", kMd5}};
    if ((i & 1) != 0) media["SHA256"] = sha256;
    if ((i & 2) != 0) media["SHA1"] = kSha1;
    json list = json::array();
    if ((i & 4) != 0) list.push_back(alternative("PDQ", std::string(64, '5')));
    if ((i & 8) != 0) list.push_back(alternative("SHA256", sha256));
    if ((i & 16) != 0) list.push_back(alternative("SHA1", kSha1));
    if (!list.empty()) media["AlternativeHashes"] = list;
    records.push_back(media);
  }
  // Of a name that is none of a digest that is read here, and after its value.
  records.push_back({{"MD5", kMd5},
                     {"SHA1", kSha1},
                     {"SHA256", sha256},
                     {"AlternativeHashes", {alternative("MD5", kMd5), alternative("x", kSha1)}}});
  const MemorySink sink = ReadBytes(Set(records).dump());
  ASSERT_THAT(sink.entries, SizeIs(33));
  EXPECT_EQ(json::parse(Written(sink)), Set(records));
}

TEST(Vics, LimitsHold) {
  std::string deep =
      "[{\"MD5\":\"" + kMd5 + "\",\"x\":" + std::string(40, '[') + std::string(40, ']') + "}]";
  EXPECT_THAT(std::string(ReadBytes(deep, "vics").status.message()), HasSubstr("nested deeper"));
  EXPECT_THAT(std::string(ReadBytes(std::string(100'000, '['), "vics").status.message()),
              HasSubstr("nested deeper"));
  // Of a record that is too long the hashes are taken: one file lay at 600 places, and its hash was
  // lost.
  json fat = Media();
  fat["MediaFiles"] = json::array();
  for (int i = 0; i < 600; ++i) {
    fat["MediaFiles"].push_back({{"MD5", kMd5}, {"FilePath", std::string(300, 'x')}});
  }
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

TEST(Vics, TextThatIsNotUtf8IsKeptVisible) {
  const MemorySink sink =
      ReadBytes("[{\"MD5\":\"" + kMd5 + "\",\"Tags\":\"a\xff\",\"Series\":\"b\xfe\"}]");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].series(), "");
  const json record = json::parse(Written(sink)).at("value").at(0);
  EXPECT_EQ(record.at("Tags"), "a\\xFF");
}

TEST(Vics, ASetOfOurOwnIsWrittenWithItsPdq) {
  MemorySink own;
  Entry& entry = own.entries.emplace_back();
  entry.mutable_digests()->set_md5(std::string(16, '\x12'));
  entry.mutable_digests()->set_sha256(std::string(32, '\x34'));
  entry.add_codes()->set_pdq(std::string(32, '\x5a'));
  entry.mutable_category()->set_scheme("ncmec");
  entry.mutable_category()->set_code("A1");
  const json record = json::parse(Written(own, 17)).at("value").at(0);
  EXPECT_EQ(record.at("MediaID"), 17);
  EXPECT_EQ(record.at("MD5"), std::string(32, '0').replace(0, 32, [] {
    std::string hex;
    for (int i = 0; i < 16; ++i) hex += "12";
    return hex;
  }()));
  EXPECT_EQ(record.at("AlternativeHashes").at(0).at("HashName"), "PDQ");
  EXPECT_FALSE(record.contains("Category"));
  // And is read again as what it was.
  const MemorySink again = ReadBytes(Written(own, 17));
  EXPECT_EQ(again.entries.at(0).codes(0).pdq(), entry.codes(0).pdq());
  EXPECT_EQ(again.entries.at(0).digests().sha256(), entry.digests().sha256());
}

// A code means something else in another country: in one envelope it would change its meaning.
TEST(Vics, ACategoryIsWrittenUnderItsOwnSchemeOnly) {
  const auto read = [](const std::string& region, const json& category,
                       const std::string& scheme = "") {
    json media = Media();
    media["Category"] = category;
    const std::string context =
        region.empty() ? "x/DataModels/1.3.xml#Media" : "x/2.0.xml/" + region + "/$metadata#Media";
    ReadOptions options;
    options.scheme = scheme;
    return ReadBytes(json{{"@odata.context", context}, {"value", json::array({media})}}.dump(),
                     "vics", options);
  };
  std::uint64_t without = 0;
  const auto write = [&](const std::vector<MemorySink>& sinks) {
    return json::parse(WrittenOf(sinks, 1, without));
  };
  const json mixed = write({read("UK", 1), read("US", 2), read("US", "3"), read("UK", 4)});
  EXPECT_EQ(mixed["@odata.context"], "x/2.0.xml/UK/$metadata#Media");
  EXPECT_EQ(mixed["value"][0]["Category"], 1);
  EXPECT_FALSE(mixed["value"][1].contains("Category"));
  EXPECT_FALSE(mixed["value"][2].contains("Category"));
  EXPECT_EQ(mixed["value"][2]["PhotoDNA"], Media()["PhotoDNA"]);
  EXPECT_EQ(mixed["value"][3]["Category"], 4);
  EXPECT_EQ(without, 2U);
  // No region is that of no country, in the old model as in the new one.
  const json none = write({read("", 1), read("Default", 2), read("UK", 3)});
  EXPECT_THAT(none["@odata.context"].get<std::string>(), HasSubstr("/Default/"));
  EXPECT_EQ(none["value"][1]["Category"], 2);
  EXPECT_EQ(without, 1U);
  // What a person said of a file holds in what is written of it.
  const json said = write({read("", 1, "vics-us")});
  EXPECT_THAT(said["@odata.context"].get<std::string>(), HasSubstr("/US/"));
  EXPECT_EQ(said["value"][0]["Category"], 1);
  EXPECT_EQ(ReadBytes(said.dump()).entries.at(0).category().scheme(), "vics-us");
  EXPECT_EQ(
      write({read("CUSTOM", 7, "au")}),
      (json{{"@odata.context", "x/2.0.xml/CUSTOM/$metadata#Media"}, {"value", json::array({[] {
                                                                       json media = Media();
                                                                       media["Category"] = 7;
                                                                       return media;
                                                                     }()})}}));
  EXPECT_EQ(without, 0U);
}

// The program ended on a context that is no text.
TEST(Vics, WhatIsCarriedMayBeOfAnyKind) {
  for (const json& context : {json(), json(7), json::array({1}), json::object()}) {
    json file = Set({Media()});
    file["@odata.context"] = context;
    const MemorySink sink = ReadBytes(file.dump(), "vics");
    ASSERT_THAT(sink.entries, SizeIs(1));
    EXPECT_EQ(json::parse(Written(sink))["value"], file["value"]);
  }
  for (const char* data : {R"({"list":7,"root":[1],"cases":{"a":1},"scheme":null})",
                           R"({"cases":[1,"x"],"list":"cases"})", "{}", "[]", "7", "x"}) {
    MemorySink sink = ReadBytes(Set({Media()}).dump());
    sink.carried.set_format("vics");
    sink.carried.set_data(data);
    EXPECT_TRUE(json::accept(Written(sink))) << data;
  }
  auto writer = FindOutFormat("vics")->make([](std::string_view) { return absl::OkStatus(); }, "");
  Entry entry;
  entry.mutable_carried()->set_format("vics");
  EXPECT_TRUE((*writer)->Begin({}).ok());
  for (const char* data : {"7", "[1]", "\"ab\"", "null", "{"}) {
    entry.mutable_carried()->set_data(data);
    EXPECT_TRUE(absl::IsDataLoss((*writer)->Add(entry))) << data;
  }
}

// Writing what a client had put there recursed 65,000 levels deep, and ended the program.
TEST(Vics, WhatIsCarriedMayNestAsDeepAsItLikes) {
  const auto nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels, '[') + std::string(levels, ']') + R"(,"Category":1})";
  };
  MemorySink sink = ReadBytes(Set({Media()}).dump());
  sink.carried.set_format("vics");
  sink.carried.set_data(nested(500'000));
  EXPECT_TRUE(json::accept(Written(sink)));
  for (const char* format : {"vics", "jsonl"}) {
    std::string text;
    auto writer = FindOutFormat(format)->make(
        [&text](std::string_view bytes) {
          text += bytes;
          return absl::OkStatus();
        },
        "");
    ASSERT_TRUE((*writer)->Begin({}).ok());
    Entry entry;
    entry.mutable_digests()->set_md5(std::string(16, 'm'));
    entry.mutable_category()->set_scheme("other");
    entry.mutable_category()->set_code("7");
    entry.mutable_carried()->set_format("vics");
    entry.mutable_carried()->set_data(nested(20));
    EXPECT_TRUE((*writer)->Add(entry).ok()) << format;
    EXPECT_THAT(text, HasSubstr("[[[[")) << format;
    entry.mutable_carried()->set_data(nested(65'000));
    const absl::Status deep = (*writer)->Add(entry);
    EXPECT_EQ(absl::IsDataLoss(deep), std::string_view(format) == "vics") << deep;
  }
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

// Random members of every kind come back, whatever their order.
TEST(Vics, RandomRecordsComeBack) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto text = [&random] {
    std::string out;
    for (unsigned i = random() % 20; i > 0; --i) out += static_cast<char>(random() % 127 + 1);
    return out;
  };
  for (int round = 0; round < 200; ++round) {
    json media = Media(round);
    for (unsigned i = random() % 6; i > 0; --i) {
      const unsigned kind = random() % 5;
      json value = kind == 0   ? json(text())
                   : kind == 1 ? json(static_cast<std::int64_t>(random()) - 2'000'000'000)
                   : kind == 2 ? json(nullptr)
                   : kind == 3 ? json{{"a", text()}, {"b", {1, text()}}}
                               : json(static_cast<double>(random()) / 8);
      media["k" + std::to_string(random() % 100)] = std::move(value);
    }
    for (const char* name : {"Category", "Series", "SHA1", "VictimIdentified", "MediaID"}) {
      if (random() % 3 == 0) media.erase(name);
    }
    const MemorySink sink = ReadBytes(Set({media}).dump());
    ASSERT_THAT(sink.problems, IsEmpty());
    EXPECT_EQ(json::parse(Written(sink)), Set({media}));
  }
}

}  // namespace
}  // namespace kith::exchange
