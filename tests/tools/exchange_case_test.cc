// SPDX-License-Identifier: Apache-2.0
// A case goes back to the tools that review seizures: what is certain as members, what is a lead in
// words.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/exchange_sink.h"
#include "tools/exchange/case_writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::MemorySink;
using test::ReadBytes;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

v1::ReportFile File(char digit, v1::Verdict verdict) {
  v1::ReportFile file;
  file.set_md5(std::string(32, digit));
  file.set_sha1(std::string(40, digit));
  file.set_sha256(std::string(64, digit));
  file.set_size_bytes(2048);
  file.set_format("jpeg");
  file.set_verdict(verdict);
  file.add_paths("DCIM/a.jpg");
  return file;
}

v1::ReportMatch& Match(v1::ReportFile& file, const std::string& by, const std::string& set,
                       const std::string& scheme, const std::string& code) {
  v1::ReportMatch& match = *file.add_matches();
  match.set_entry_id(7);
  match.set_by(by);
  match.set_set(set);
  match.set_purpose(v1::PURPOSE_KNOWN);
  if (by == "pdq") match.set_distance_bits(12);
  match.mutable_category()->set_scheme(scheme);
  match.mutable_category()->set_code(code);
  return match;
}

struct Written {
  std::string text;
  CaseCounts counts;
};
Written Write(const std::string& format, const std::vector<v1::ReportFile>& files,
              const std::string& scheme = "vics-us") {
  Written written;
  const auto writer = MakeCaseWriter(
      format,
      [&written](std::string_view bytes) {
        written.text += bytes;
        return absl::OkStatus();
      },
      "Dover, PD/1", scheme);
  EXPECT_NE(writer, nullptr);
  EXPECT_TRUE(writer->Begin().ok());
  for (const v1::ReportFile& file : files) EXPECT_TRUE(writer->Add(file).ok());
  EXPECT_TRUE(writer->End().ok());
  written.counts = writer->counts();
  return written;
}
json Record(const v1::ReportFile& file) {
  return json::parse(Write("vics", {file}).text)["value"][0];
}

TEST(CaseWriters, ACaseIsAVicsFile) {
  v1::ReportFile known = File('a', v1::VERDICT_IDENTIFIED);
  v1::ReportMatch& match = Match(known, "md5", "projectvic", "vics-us", "1");
  match.set_series("SYNTH-A");
  match.set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  known.add_paths("b.jpg");
  const v1::ReportFile unknown = File('b', v1::VERDICT_UNRECOGNIZED);
  const Written written = Write("vics", {known, unknown});
  const std::string a(32, 'A');
  const std::string b(32, 'B');
  const json expected = {
      {"@odata.context",
       "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"},
      {"value",
       {{{"MediaID", 1},
         {"Category", 1},
         {"MD5", a},
         {"SHA1", std::string(40, 'A')},
         {"MediaSize", 2048},
         {"MimeType", "image/jpeg"},
         {"Series", "SYNTH-A"},
         {"VictimIdentified", "true"},
         {"IsPrecategorized", "true"},
         {"PrecategorizationSource", "projectvic"},
         {"AlternativeHashes",
          json::array({{{"MD5", a}, {"HashName", "SHA256"}, {"HashValue", std::string(64, 'a')}}})},
         {"MediaFiles", json::array({{{"MD5", a}, {"FileName", "a.jpg"}, {"FilePath", "DCIM"}},
                                     {{"MD5", a}, {"FileName", "b.jpg"}, {"FilePath", ""}}})}},
        {{"MediaID", 2},
         {"Category", 0},
         {"MD5", b},
         {"SHA1", std::string(40, 'B')},
         {"MediaSize", 2048},
         {"MimeType", "image/jpeg"},
         {"IsPrecategorized", "false"},
         {"AlternativeHashes",
          json::array({{{"MD5", b}, {"HashName", "SHA256"}, {"HashValue", std::string(64, 'b')}}})},
         {"MediaFiles",
          json::array({{{"MD5", b}, {"FileName", "a.jpg"}, {"FilePath", "DCIM"}}})}}}}};
  EXPECT_EQ(json::parse(written.text), expected);
  EXPECT_EQ(written.counts.written, 2U);
  EXPECT_EQ(written.counts.categorised, 1U);
  // And is read as such a file.
  const MemorySink read = ReadBytes(written.text);
  EXPECT_EQ(read.format, "vics");
  ASSERT_THAT(read.entries, SizeIs(2));
  EXPECT_THAT(read.problems, IsEmpty());
  EXPECT_EQ(read.entries[0].category().scheme(), "vics-us");
  EXPECT_EQ(read.entries[0].category().code(), "1");
  EXPECT_EQ(read.entries[0].series(), "SYNTH-A");
  EXPECT_EQ(read.entries[0].victim_identified(), v1::TRI_STATE_YES);
  EXPECT_EQ(read.entries[0].digests().sha256(), std::string(32, '\xaa'));
}

// A lead at whatever distance is no identification until a person has looked.
TEST(CaseWriters, ALeadIsToldInWordsOnly) {
  v1::ReportFile file = File('a', v1::VERDICT_IDENTIFIED);
  v1::ReportMatch& match = Match(file, "pdq", "projectvic", "vics-us", "1");
  match.set_series("SYNTH-A");
  match.set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  json record = Record(file);
  EXPECT_EQ(record["Category"], 0);
  EXPECT_EQ(record["IsPrecategorized"], "false");
  EXPECT_EQ(record["Tags"], "kith-lead");
  EXPECT_THAT(record["Comments"].get<std::string>(), HasSubstr("12 bits from entry 7"));
  for (const char* member : {"PrecategorizationSource", "Series", "VictimIdentified"}) {
    EXPECT_FALSE(record.contains(member)) << member;
  }
  EXPECT_EQ(Write("vics", {file}).counts.leads, 1U);
  match.set_opinion(v1::OPINION_KIND_CONFIRMED);
  record = Record(file);
  EXPECT_EQ(record["Category"], 1);
  EXPECT_EQ(record["IsPrecategorized"], "true");
  EXPECT_EQ(record["VictimIdentified"], "true");
  EXPECT_FALSE(record.contains("Tags"));
  // A lead that a nearer harmless picture holds back is none.
  match.set_opinion(v1::OPINION_KIND_UNSPECIFIED);
  match.set_held_back(true);
  EXPECT_FALSE(Record(file).contains("Tags"));
}

// A lead says that the child is identified, the digest alone does not.
TEST(CaseWriters, WhatALeadAddsToADigestIsNotCertain) {
  v1::ReportFile file = File('a', v1::VERDICT_IDENTIFIED);
  Match(file, "sha1", "national", "vics-us", "2").set_series("OWN");
  Match(file, "pdq", "leads", "vics-us", "1").set_distance_bits(3);
  v1::ReportMatch& lead = Match(file, "pdq", "projectvic", "vics-us", "1");
  lead.set_series("SYNTH-A");
  lead.set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  const Written written = Write("vics", {file});
  const json record = json::parse(written.text)["value"][0];
  EXPECT_EQ(record["Category"], 2);
  EXPECT_EQ(record["PrecategorizationSource"], "national");
  EXPECT_EQ(record["Series"], "OWN");
  EXPECT_FALSE(record.contains("VictimIdentified"));
  // It is the one that says whom to call, so it is not lost behind the digest.
  EXPECT_EQ(record["Tags"], "kith-lead");
  EXPECT_EQ(record["Comments"],
            "Kith: a lead that nobody has confirmed, 12 bits from entry 7 of set projectvic, "
            "series SYNTH-A, identified; a person must look");
  EXPECT_EQ(written.counts.leads, 1U);
  // Where a digest says so too, no lead is needed; nor of a file that is only known.
  v1::ReportFile certain = file;
  certain.mutable_matches(0)->set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  EXPECT_FALSE(Record(certain).contains("Tags"));
  v1::ReportFile known = File('a', v1::VERDICT_RECOGNIZED);
  Match(known, "sha1", "national", "vics-us", "2");
  Match(known, "pdq", "projectvic", "vics-us", "2");
  EXPECT_FALSE(Record(known).contains("Tags"));
}

TEST(CaseWriters, ACodeOfAnotherSchemeIsNone) {
  v1::ReportFile file = File('a', v1::VERDICT_RECOGNIZED);
  Match(file, "md5", "caid", "vics-uk", "1");
  const Written written = Write("vics", {file});
  const json record = json::parse(written.text)["value"][0];
  EXPECT_EQ(record["Category"], 0);
  EXPECT_EQ(record["IsPrecategorized"], "false");
  EXPECT_EQ(record["VictimIdentified"], "false");
  EXPECT_EQ(written.counts.without_category, 1U);
  EXPECT_THAT(written.text, HasSubstr("/US/"));
  const Written uk = Write("vics", {file}, "vics-uk");
  EXPECT_EQ(json::parse(uk.text)["value"][0]["Category"], 1);
  EXPECT_THAT(uk.text, HasSubstr("/UK/"));
  EXPECT_EQ(uk.counts.without_category, 0U);
  v1::ReportFile ncmec = File('a', v1::VERDICT_RECOGNIZED);
  Match(ncmec, "md5", "ncmec", "ncmec", "A1");
  EXPECT_EQ(json::parse(Write("vics", {ncmec}, "ncmec").text)["value"][0]["Category"], 0);
}

TEST(CaseWriters, WhereSetsDisagreeThereIsNoCategory) {
  v1::ReportFile file = File('a', v1::VERDICT_RECOGNIZED);
  Match(file, "md5", "one", "vics-us", "1");
  Match(file, "sha1", "two", "vics-us", "2");
  Written written = Write("vics", {file});
  EXPECT_EQ(json::parse(written.text)["value"][0]["Category"], 0);
  EXPECT_THAT(written.text, HasSubstr("different categories"));
  EXPECT_EQ(written.counts.contradicted, 1U);
  v1::ReportFile conflict = File('a', v1::VERDICT_CONFLICT);
  Match(conflict, "md5", "one", "vics-us", "1").set_series("S");
  Match(conflict, "sha1", "harmless", "", "").set_purpose(v1::PURPOSE_BENIGN);
  written = Write("vics", {conflict});
  const json record = json::parse(written.text)["value"][0];
  EXPECT_EQ(record["Category"], 0);
  EXPECT_FALSE(record.contains("Series"));
  EXPECT_FALSE(record.contains("VictimIdentified"));
  EXPECT_EQ(written.counts.contradicted, 1U);
  // What is harmless by its own set is told as such.
  v1::ReportFile harmless = File('a', v1::VERDICT_UNRECOGNIZED);
  Match(harmless, "md5", "good", "vics-us", "5").set_purpose(v1::PURPOSE_BENIGN);
  EXPECT_EQ(Record(harmless)["Category"], 5);
  EXPECT_FALSE(Record(harmless).contains("VictimIdentified"));
}

TEST(CaseWriters, WhatHasNoPlaceIsCounted) {
  v1::ReportFile unreadable = File('a', v1::VERDICT_UNDETERMINED);
  unreadable.clear_md5();
  v1::ReportFile without_md5 = unreadable;
  unreadable.clear_sha1();
  unreadable.clear_sha256();
  const std::vector<v1::ReportFile> files = {unreadable, without_md5,
                                             File('c', v1::VERDICT_NOT_APPLICABLE)};
  const Written vics = Write("vics", files);
  EXPECT_EQ(json::parse(vics.text)["value"], json::array());
  EXPECT_EQ(vics.counts.unreadable, 1U);
  EXPECT_EQ(vics.counts.without_md5, 1U);
  EXPECT_EQ(vics.counts.no_media, 1U);
  EXPECT_EQ(vics.counts.written, 0U);
  const Written csv = Write("csv", files);
  EXPECT_EQ(csv.counts.written, 1U);
  EXPECT_THAT(csv.text, HasSubstr("\r\n\"Dover, PD/1\",," + std::string(40, 'a') + ","));
}

TEST(CaseWriters, LinesForSpreadsheetsAndPrograms) {
  v1::ReportFile file = File('a', v1::VERDICT_RECOGNIZED);
  Match(file, "md5", "=set", "vics-us", "2").set_series("S");
  file.add_paths("b\xff.jpg");
  const std::string csv = Write("csv", {file}).text;
  EXPECT_THAT(csv, HasSubstr("2048,jpeg,RECOGNIZED,vics-us,2,'=set,S,no,,2,DCIM/a.jpg\r\n"));
  const json line = json::parse(Write("jsonl", {file}).text);
  EXPECT_EQ(line["type"], "case_file");
  EXPECT_EQ(line["category"], (json{{"scheme", "vics-us"}, {"code", "2"}}));
  EXPECT_EQ(line["category_set"], "=set");
  EXPECT_EQ(line["series"], "S");
  EXPECT_EQ(line["sha1"], std::string(40, 'a'));
  ASSERT_THAT(line["paths"], SizeIs(2));
  EXPECT_EQ(line["paths"][1]["path_base64"], "Yv8uanBn");
  EXPECT_THAT(csv, Not(HasSubstr("\xff")));
  EXPECT_EQ(MakeCaseWriter("kdb", nullptr, "a/1", "vics-us"), nullptr);
}

}  // namespace
}  // namespace kith::exchange
