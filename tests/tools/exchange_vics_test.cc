// SPDX-License-Identifier: Apache-2.0
// VICS in its dialects, and what others fell into.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/exchange_vics_fixture.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using test::ReadBytes;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::SizeIs;

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

}  // namespace
}  // namespace kith::exchange
