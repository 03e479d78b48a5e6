// SPDX-License-Identifier: Apache-2.0
// NCMEC hash sharing, and the votes that go back.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/exchange_sink.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::kMd5;
using test::kPdq;
using test::kSha1;
using test::MemorySink;
using test::ReadBytes;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;

std::string Ncmec(const std::string& images, const std::string& paging = "") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<queryResult "
         "xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\">\n<images count=\"1\" "
         "maxTimestamp=\"2026-01-02T00:00:00Z\">" +
         images + "</images><videos count=\"0\"/>" + paging + "</queryResult>";
}

std::string NcmecImage(const std::string& id, const std::string& prints,
                       const std::string& feedback = "<feedback/>") {
  return "<image><member id=\"42\">Example Member</member><timestamp>2026-01-01T10:00:00Z"
         "</timestamp><id>" +
         id + "</id><classification>A1</classification><fingerprints>" + prints +
         "</fingerprints>" + feedback + "</image>";
}

TEST(Ncmec, TakesRecordsTombstonesAndVotes) {
  const std::string votes =
      "<feedback lastUpdateTimestamp=\"2026-01-03T00:00:00Z\"><affirmativeFeedback type=\"MD5\">"
      "<members><member id=\"7\">Other</member></members></affirmativeFeedback>"
      "<negativeFeedback type=\"PDQ\"><reasons><reason guid=\"g-1\" name=\"Not it\" type=\"PDQ\"/>"
      "<members><member id=\"8\">Third</member></members></reasons></negativeFeedback></feedback>";
  const MemorySink sink = ReadBytes(Ncmec(
      NcmecImage("img1", "<md5>" + kMd5 + "</md5><pdq>" + kPdq + "</pdq><pdna>AAAA</pdna>", votes) +
      "<deletedImage><member id=\"43\">Other</member><id>img4</id>"
      "<timestamp>2026-01-01T11:00:00Z</timestamp></deletedImage>" +
      "<video><member id=\"42\">x</member><id>v1</id><fingerprints><sha1>" + kSha1 +
      "</sha1><tmk-pdqf rel=\"self\" href=\"/v2/entries/1/fingerprints/TMK_PDQF\"/>"
      "</fingerprints></video>"));
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "ncmec");
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_THAT(sink.entries, SizeIs(2));
  const Entry& entry = sink.entries[0];
  EXPECT_EQ(entry.source_ref(), "ncmec 42/img1");
  EXPECT_EQ(entry.category().scheme(), "ncmec");
  EXPECT_EQ(entry.category().code(), "A1");
  EXPECT_EQ(entry.codes_size(), 1);
  const json carried = json::parse(entry.carried().data());
  EXPECT_EQ(carried["pdna"], "AAAA");
  EXPECT_EQ(carried["member"], "Example Member");
  ASSERT_THAT(carried["feedback"], SizeIs(2));
  EXPECT_EQ(carried["feedback"][0]["vote"], "up");
  EXPECT_EQ(carried["feedback"][1]["given"][0]["guid"], "g-1");
  EXPECT_EQ(carried["feedback"][1]["given"][1]["text"], "Third");
  EXPECT_THAT(sink.taken_back, ElementsAre("ncmec 43/img4"));
  EXPECT_EQ(json::parse(sink.entries[1].carried().data())["tmk-pdqf"],
            "/v2/entries/1/fingerprints/TMK_PDQF");
}

TEST(Ncmec, BadRecordsAreToldByLine) {
  const MemorySink sink =
      ReadBytes(Ncmec("\n" + NcmecImage("a", "<md5>" + kMd5.substr(1) + "</md5>") + "\n" +
                          NcmecImage("", "<md5>" + kMd5 + "</md5>") + NcmecImage("c", "") +
                          NcmecImage("d", "<pdna>AAAA</pdna>") +
                          NcmecImage("e", "<md5>d41d8cd98f00b204e9800998ecf8427e</md5>") +
                          NcmecImage("f", "<md5>" + kMd5 + "</md5>"),
                      "<paging><next>/v2/entries?from=x&amp;to=y&amp;start=1001</next></paging>"));
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_THAT(sink.entries, SizeIs(1));
  ASSERT_THAT(sink.problems, SizeIs(3));
  EXPECT_THAT(sink.problems[0], HasSubstr("line 4: md5 of 31 characters"));
  EXPECT_THAT(sink.problems[1], HasSubstr("no id"));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("one page"))));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("not matched only"))));
}

TEST(Ncmec, RefusesWhatIsCutOffOrDeclaresEntities) {
  const std::string whole = Ncmec(NcmecImage("a", "<md5>" + kMd5 + "</md5>"));
  for (std::size_t size = 0; size < whole.size(); size += 11) {
    EXPECT_FALSE(ReadBytes(whole.substr(0, size), "ncmec").status.ok()) << size;
  }
  const std::string bomb =
      "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>" + whole.substr(39);
  EXPECT_THAT(std::string(ReadBytes(bomb, "ncmec").status.message()), HasSubstr("DOCTYPE"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  EXPECT_THAT(std::string(ReadBytes(deep, "ncmec").status.message()), HasSubstr("nested deeper"));
  EXPECT_FALSE(ReadBytes("<other/>", "ncmec").status.ok());
  ReadOptions options;
  options.purpose = v1::PURPOSE_BENIGN;
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadBytes(whole, "ncmec", options).status));
}

// What a pretty printer puts around a text was taken for a part of it.
TEST(Ncmec, EndsOfLinesAroundATextAreNoneOfIt) {
  const MemorySink sink = ReadBytes(
      "<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images><image>\n"
      "<member id=\"42\">\n Example\n</member>\n<id>\n\ta\n</id>\n<fingerprints>\n<md5>\r\n  " +
      kMd5 + "\n</md5></fingerprints></image></images></queryResult>");
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].source_ref(), "ncmec 42/a");
  EXPECT_EQ(json::parse(sink.entries[0].carried().data())["member"], "Example");
}

// A record with many votes lost its hash.
TEST(Ncmec, OfALongRecordTheHashesAreKept) {
  std::string feedback;
  for (int i = 0; i < 3000; ++i) feedback += "<reason guid=\"" + std::string(60, 'g') + "\"/>";
  const MemorySink sink = ReadBytes(
      "<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images><image><member "
      "id=\"42\">M</member><timestamp>2026-01-01T10:00:00Z</timestamp><id>a</"
      "id><fingerprints><md5>" +
      kMd5 + "</md5></fingerprints><feedback><negativeFeedback type=\"MD5\"><reasons>" + feedback +
      "</reasons></negativeFeedback></feedback></image></images></queryResult>");
  EXPECT_THAT(sink.problems, IsEmpty());
  ASSERT_THAT(sink.entries, SizeIs(1));
  const json carried = json::parse(sink.entries[0].carried().data());
  EXPECT_EQ(carried["timestamp"], "2026-01-01T10:00:00Z");
  EXPECT_EQ(carried["id"], "a");
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("more than 128 KiB"))));
}

// A record stands for all that its source says under its name.
TEST(Ncmec, ARecordWithoutWhatIsMatchedTakesItsDigestsBack) {
  const MemorySink sink = ReadBytes(Ncmec(NcmecImage("d", "<pdna>AAAA</pdna>")));
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_THAT(sink.entries, IsEmpty());
  EXPECT_THAT(sink.taken_back, ElementsAre("ncmec 42/d"));
}

TEST(Ncmec, TheFirstHashOfAKindHoldsAndTheOthersAreTold) {
  const std::string other(64, 'a');
  const MemorySink sink =
      ReadBytes(Ncmec(NcmecImage("a", "<pdq>" + kPdq + "</pdq><pdq>" + other + "</pdq><md5>" +
                                          kMd5 + "</md5><md5>" + std::string(32, 'b') + "</md5>")));
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].codes_size(), 1);
  EXPECT_EQ(sink.entries[0].digests().md5()[0], '\x01');
  EXPECT_EQ(json::parse(sink.entries[0].carried().data())["pdq"], other);
  EXPECT_EQ(sink.notes.at("further hash of its kind of a record, carried only"), 2);
}

TEST(NcmecVotes, TellWhatPeopleSaidOfLeads) {
  const auto entry = [](std::uint64_t id, const std::string& data) {
    Entry one;
    one.set_entry_id(id);
    one.mutable_carried()->set_format("ncmec");
    one.mutable_carried()->set_data(data);
    return one;
  };
  const auto opinion = [](std::uint64_t id, const std::string& file, v1::OpinionKind kind) {
    v1::Opinion one;
    one.set_entry_id(id);
    one.set_sha256(file);
    one.set_kind(kind);
    return one;
  };
  SetFacts facts;
  facts.opinions = {opinion(1, "a", v1::OPINION_KIND_REJECTED),
                    opinion(1, "a", v1::OPINION_KIND_CONFIRMED),  // the last one holds
                    opinion(2, "a", v1::OPINION_KIND_REJECTED),
                    opinion(3, "a", v1::OPINION_KIND_REJECTED),
                    opinion(3, "b", v1::OPINION_KIND_CONFIRMED),
                    opinion(4, "a", v1::OPINION_KIND_WITHDRAWN),
                    opinion(6, "a", v1::OPINION_KIND_CONFIRMED)};
  const auto write = [&](const std::string& reason, std::uint64_t& left_out) {
    std::string text;
    const auto writer = test::WriterTo(text, "ncmec-votes");
    facts.reason = reason;
    EXPECT_TRUE(writer->Begin(facts).ok());
    const std::string name = R"({"member_id":"42","id":"a/b \u00e9"})";
    for (std::uint64_t id = 1; id <= 5; ++id) EXPECT_TRUE(writer->Add(entry(id, name)).ok());
    EXPECT_TRUE(writer->Add(entry(6, "{}")).ok());  // of another exporter: no name to vote on
    EXPECT_TRUE(writer->Add(entry(6, R"({"member_id":42,"id":null})")).ok());
    EXPECT_TRUE(writer->Add(entry(6, "[1]")).ok());
    Entry repeats = entry(1, name);
    repeats.set_repeats(true);
    EXPECT_TRUE(writer->Add(repeats).ok());
    EXPECT_TRUE(writer->End().ok());
    left_out = writer->left_out();
    return text;
  };
  std::uint64_t left_out = 0;
  const std::string begin =
      "<feedbackSubmission xmlns=\\\"https://hashsharing.ncmec.org/hashsharing/v2\\\">";
  const std::string path = R"("path":"/v2/entries/42/a%2Fb%20%C3%A9/PDQ/feedback")";
  const std::string up = write("", left_out);
  EXPECT_EQ(std::count(up.begin(), up.end(), '\n'), 1);
  EXPECT_THAT(up, HasSubstr(path));
  EXPECT_THAT(up, HasSubstr(begin + "<affirmative/></feedbackSubmission>"));
  EXPECT_EQ(left_out, 8U);  // 9 records and 1 vote
  const std::string both = write("01234567-89ab-cdef-0123-456789abcdef", left_out);
  EXPECT_EQ(std::count(both.begin(), both.end(), '\n'), 2);
  EXPECT_THAT(both, HasSubstr("<negative><reasonIds><guid>01234567-89ab-cdef-0123-456789abcdef"
                              "</guid></reasonIds></negative>"));
  EXPECT_EQ(left_out, 7U);
  facts.reason = "<x/>";
  auto writer =
      FindOutFormat("ncmec-votes")->make([](std::string_view) { return absl::OkStatus(); }, "");
  EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Begin(facts)));
}

}  // namespace
}  // namespace kith::exchange
