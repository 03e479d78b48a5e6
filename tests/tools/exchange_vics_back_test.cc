// SPDX-License-Identifier: Apache-2.0
// VICS on its way back: what was read is written as it came.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/exchange_vics_fixture.h"
#include "tools/exchange/internal/json_object.h"

namespace kith::exchange {
namespace {

using test::ReadBytes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
    const auto writer = test::WriterTo(text, format);
    ASSERT_TRUE(writer->Begin({}).ok());
    Entry entry;
    entry.mutable_digests()->set_md5(std::string(16, 'm'));
    entry.mutable_category()->set_scheme("other");
    entry.mutable_category()->set_code("7");
    entry.mutable_carried()->set_format("vics");
    entry.mutable_carried()->set_data(nested(20));
    EXPECT_TRUE(writer->Add(entry).ok()) << format;
    EXPECT_THAT(text, HasSubstr("[[[[")) << format;
    entry.mutable_carried()->set_data(nested(65'000));
    const absl::Status deep = writer->Add(entry);
    EXPECT_EQ(absl::IsDataLoss(deep), std::string_view(format) == "vics") << deep;
  }
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
