// SPDX-License-Identifier: Apache-2.0
// What sources of other formats said comes back as far as a format holds it; the rest is counted.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::kMd5;
using test::kSha1;
using test::MemorySink;
using test::ReadBytes;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kPhotoDna(192, 'P');

struct Out {
  std::string text;
  std::uint64_t values_left_out = 0;
};
Out Write(const MemorySink& sink, const std::string& format, const std::string& path = "") {
  Out out;
  const auto writer = test::WriterTo(out.text, format, path);
  EXPECT_TRUE(writer->Begin({}).ok());
  std::uint64_t number = 0;
  for (Entry entry : sink.entries) {
    entry.set_entry_id(++number);
    EXPECT_TRUE(writer->Add(entry).ok());
  }
  EXPECT_TRUE(writer->End().ok());
  out.values_left_out = writer->values_left_out();
  return out;
}

json VicsOf(const MemorySink& sink, std::uint64_t& values_left_out) {
  const Out out = Write(sink, "vics");
  values_left_out = out.values_left_out;
  return json::parse(out.text).at("value").at(0);
}

// PhotoDNA and the flags of an ICSE export were lost without a word.
TEST(Losses, VicsHoldsWhatIcseSaid) {
  const MemorySink sink = ReadBytes(
      "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
      "Series name;Number of submissions;File Available;Media Type;Baseline\r\n" +
      kMd5 + ";" + kSha1 + ";" + kPhotoDna + ";17;true;true;No;SYNTH;41;;image/jpeg;\r\n");
  ASSERT_THAT(sink.entries, SizeIs(1));
  std::uint64_t left_out = 0;
  const json record = VicsOf(sink, left_out);
  EXPECT_EQ(record["PhotoDNA"], kPhotoDna);
  EXPECT_EQ(record["IsDistributed"], "true");
  EXPECT_EQ(record["OffenderIdentified"], "false");
  EXPECT_EQ(record["VictimIdentified"], "true");
  EXPECT_EQ(record["MimeType"], "image/jpeg");
  EXPECT_EQ(record["Series"], "SYNTH");
  EXPECT_EQ(left_out, 2U) << "its number, and how often it was submitted";
}

TEST(Losses, VicsHoldsWhatNcmecSaid) {
  const std::string pdq(64, '5');
  const std::string other(64, '6');
  const MemorySink sink = ReadBytes(
      R"(<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images><image>)"
      R"(<member id="42">m</member><timestamp>2026-01-01T10:00:00Z</timestamp><id>i</id>)"
      "<fingerprints><md5>" +
      kMd5 + "</md5><pdna>" + kPhotoDna + "</pdna><pdq>" + pdq + "</pdq><pdq>" + other +
      R"(</pdq><videntifier href="/x"/></fingerprints></image></images></queryResult>)");
  ASSERT_THAT(sink.entries, SizeIs(1));
  std::uint64_t left_out = 0;
  const json record = VicsOf(sink, left_out);
  EXPECT_EQ(record["PhotoDNA"], kPhotoDna);
  EXPECT_EQ(record["DateUpdated"], "2026-01-01T10:00:00Z");
  ASSERT_THAT(record["AlternativeHashes"], SizeIs(2));
  EXPECT_EQ(record["AlternativeHashes"][0]["HashValue"], pdq);
  EXPECT_EQ(record["AlternativeHashes"][1]["HashValue"], other);
  // Its name as Kith writes it, that of its source in three parts, its kind, and a link.
  EXPECT_EQ(left_out, 6U);
}

// Of the frames of a video one hash was left.
TEST(Losses, VicsHoldsAllPdqHashesOfAnEntry) {
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  const MemorySink sink =
      ReadBytes("0,100," + a + ",0.000\n1,90," + b + ",1.000\n2,10," + a + ",2.000\n", "vpdq");
  ASSERT_THAT(sink.entries, SizeIs(1));
  std::uint64_t left_out = 0;
  const json record = VicsOf(sink, left_out);
  ASSERT_THAT(record["AlternativeHashes"], SizeIs(2));
  EXPECT_EQ(record["AlternativeHashes"][0]["HashValue"], a);
  EXPECT_EQ(record["AlternativeHashes"][1]["HashValue"], b);
  EXPECT_EQ(left_out, 2U) << "a frame that is not matched, and the name";
  const Out csv = Write(sink, "csv");
  EXPECT_THAT(csv.text, HasSubstr(a));
  EXPECT_EQ(csv.values_left_out, 2U) << "one PDQ, and a frame that is not matched";
  EXPECT_EQ(Write(sink, "jsonl").values_left_out, 0U);
}

// Read by somebody else, the entries of an identified series were of children that nobody knows.
TEST(Losses, ThatASeriesIsIdentifiedGoesOutWithItsEntries) {
  Entry entry;
  entry.set_entry_id(1);
  entry.mutable_digests()->set_md5(std::string(16, 'm'));
  entry.set_series("KNOWN");
  const auto victim = [&](const std::string& format, const json& none) {
    std::string text;
    const auto writer = test::WriterTo(text, format);
    SetFacts facts;
    facts.identified = {"KNOWN"};
    EXPECT_TRUE(writer->Begin(facts).ok());
    EXPECT_TRUE(writer->Add(entry).ok());
    EXPECT_TRUE(writer->End().ok());
    json record = json::parse(text);
    if (format == "vics") record = json(record.at("value").at(0));
    return record.value(format == "vics" ? "VictimIdentified" : "victim_identified", none);
  };
  EXPECT_EQ(victim("vics", nullptr), "true");
  EXPECT_EQ(victim("jsonl", nullptr), "yes");
  // A source that was silent in its own way.
  entry.mutable_carried()->set_format("vics");
  entry.mutable_carried()->set_data(R"({"VictimIdentified":null,"Tags":"t"})");
  EXPECT_EQ(victim("vics", nullptr), "true");
  // What the source says itself stays, and nobody's silence is a no.
  entry.clear_carried();
  entry.set_victim_identified(v1::TRI_STATE_NO);
  EXPECT_EQ(victim("vics", nullptr), "false");
  entry.clear_victim_identified();
  entry.set_series("OTHER");
  EXPECT_EQ(victim("vics", "silent"), "silent");
  EXPECT_EQ(victim("jsonl", nullptr), "");
}

TEST(Losses, TheDatabaseOfAutopsyCountsWhatItHasNoPlaceFor) {
  const test::Scratch scratch;
  const MemorySink sink = ReadBytes(kMd5 + "  name\n", "digests");
  EXPECT_EQ(Write(sink, "kdb", scratch.At("a.kdb")).values_left_out, 1U);
  EXPECT_EQ(Write(sink, "csv").values_left_out, 0U);
}

TEST(Losses, OfWhatVicsSaidNothingIsLost) {
  const MemorySink sink = ReadBytes(
      json::array({{{"MD5", kMd5}, {"PhotoDNA", kPhotoDna}, {"MediaID", 3}, {"Tags", "x"}}}).dump(),
      "vics");
  std::uint64_t left_out = 9;
  EXPECT_EQ(VicsOf(sink, left_out)["Tags"], "x");
  EXPECT_EQ(left_out, 0U);
  // PhotoDNA and the tag; the digest is carried for its small letters, and has a column.
  EXPECT_EQ(Write(sink, "csv").values_left_out, 2U);
}

}  // namespace
}  // namespace kith::exchange
