// SPDX-License-Identifier: Apache-2.0
// The formats beside VICS, and what others fell into with them.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::MemorySink;
using test::ReadBytes;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Not;
using testing::SizeIs;

const std::string kMd5 = "0123456789abcdef0123456789abcdef";
const std::string kSha1 = "0123456789abcdef0123456789abcdef01234567";
const std::string kSha256 = kMd5 + kMd5;
const std::string kPdq = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";

// NCMEC

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

// ThreatExchange

TEST(ThreatExchange, CsvTakesWhatIsNotNegative) {
  const MemorySink sink = ReadBytes(
      "signal_type,signal_str,collab,category,tags\n"
      "pdq," +
      kPdq +
      ",Sample,POSITIVE_CLASS,a b\n"
      "video_md5," +
      kMd5 +
      ",Sample,INVESTIGATION_SEED,\n"
      "pdq," +
      kPdq +
      ",Sample,NEGATIVE_CLASS,\n"
      "text,some words,Sample,POSITIVE_CLASS,\n"
      "pdq,\"" +
      kPdq +
      "\",\"a, \"\"b\"\"\",DISPUTED,\n"
      "pdq," +
      kPdq.substr(1) +
      ",x,POSITIVE_CLASS,\n"
      "pdq,\"" +
      kPdq + ",x\n");
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "threatexchange");
  ASSERT_THAT(sink.entries, SizeIs(2));
  EXPECT_EQ(sink.entries[0].category().code(), "POSITIVE_CLASS");
  EXPECT_EQ(json::parse(sink.entries[0].carried().data())["tags"], "a b");
  EXPECT_EQ(sink.entries[1].digests().md5().size(), 16U);
  EXPECT_THAT(sink.notes, Contains(Key("signal that is DISPUTED, left out")));
  EXPECT_THAT(sink.problems, SizeIs(2));
  EXPECT_THAT(sink.problems[0], HasSubstr("line 7: a value of 63 characters"));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("NEGATIVE_CLASS"))));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("type text"))));
  ReadOptions benign;
  benign.purpose = v1::PURPOSE_BENIGN;
  EXPECT_THAT(ReadBytes("signal_type,signal_str,collab,category,tags\npdq," + kPdq +
                            ",S,NEGATIVE_CLASS,\npdq," + kPdq + ",S,POSITIVE_CLASS,\n",
                        "threatexchange", benign)
                  .entries,
              SizeIs(1));
}

// "negative_class" was taken for known.
TEST(ThreatExchange, OnlyItsOwnWordsAreTaken) {
  const auto read = [](const std::string& word, v1::Purpose purpose) {
    ReadOptions options;
    options.purpose = purpose;
    return ReadBytes(
        "signal_type,signal_str,collab,category\npdq," + kPdq + ",\"a, \"\"b\"\"\"," + word + "\n",
        "threatexchange", options);
  };
  for (const char* word : {"POSITIVE_CLASS", "positive_class", "Investigation_Seed", ""}) {
    const MemorySink sink = read(word, v1::PURPOSE_KNOWN);
    ASSERT_THAT(sink.entries, SizeIs(1)) << word;
    EXPECT_EQ(sink.entries[0].source_ref(), "a, \"b\"");
    EXPECT_THAT(read(word, v1::PURPOSE_BENIGN).entries, IsEmpty()) << word;
  }
  EXPECT_THAT(read("negative_class", v1::PURPOSE_KNOWN).entries, IsEmpty());
  EXPECT_THAT(read("Negative_Class", v1::PURPOSE_BENIGN).entries, SizeIs(1));
  for (const v1::Purpose purpose : {v1::PURPOSE_KNOWN, v1::PURPOSE_BENIGN}) {
    EXPECT_THAT(read("disputed", purpose).entries, IsEmpty());
    EXPECT_THAT(read("harmless", purpose).entries, IsEmpty());
    EXPECT_THAT(read("harmless", purpose).problems, SizeIs(1));
  }
}

TEST(ThreatExchange, SignalFilesAndPdqLists) {
  const MemorySink signals =
      ReadBytes("pdq " + kPdq + "\nmd5 " + kMd5 + "\nurl https://x.example\npdq zz\n\nnothing\n");
  EXPECT_EQ(signals.format, "signals");
  EXPECT_THAT(signals.entries, SizeIs(2));
  EXPECT_THAT(signals.problems, SizeIs(2));
  const MemorySink list =
      ReadBytes("hash=" + kPdq + ",idx=0\n" + kPdq + ",a picture\n" + kPdq + "\n" + kMd5 + "\n");
  EXPECT_EQ(list.format, "pdq-list");
  ASSERT_THAT(list.entries, SizeIs(3));
  EXPECT_EQ(list.entries[1].source_ref(), "a picture");
  EXPECT_EQ(list.entries[0].digests().sha256(), "");
  EXPECT_THAT(list.problems, SizeIs(1));
  EXPECT_EQ(ReadBytes(kPdq + ",idx=1\n").format, "pdq-list");
  EXPECT_EQ(ReadBytes(kPdq + ",name\n").format, "list");
}

// Lists of digests

TEST(Digests, MdSumBsdAndHashdeep) {
  const MemorySink sums = ReadBytes(kMd5 + "  a b.jpg\n" + kSha1 + " *c.bin\n\\" + kSha256 +
                                    "  d\\ne\nd41d8cd98f00b204e9800998ecf8427e  empty\nrubbish\n");
  EXPECT_EQ(sums.format, "digests");
  ASSERT_THAT(sums.entries, SizeIs(3));
  EXPECT_EQ(sums.entries[0].source_ref(), "a b.jpg");
  EXPECT_EQ(sums.entries[1].digests().sha1().size(), 20U);
  EXPECT_EQ(sums.entries[2].codes_size(), 0);  // what sha256sum prints is no PDQ
  EXPECT_THAT(sums.problems, ElementsAre(HasSubstr("line 5")));
  const MemorySink bsd = ReadBytes("MD5 (a (1).jpg) = " + kMd5 + "\nSHA256 (b) = " + kSha256 +
                                   "\nSHA512 (b) = 00\nMD5 (c) = 12\n");
  EXPECT_EQ(bsd.format, "digests");
  ASSERT_THAT(bsd.entries, SizeIs(2));
  EXPECT_EQ(bsd.entries[0].source_ref(), "a (1).jpg");
  EXPECT_THAT(bsd.problems, SizeIs(1));
  const MemorySink deep =
      ReadBytes("%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## a\n##\n7," + kMd5 + "," +
                kSha256 + ",/x/a, b\n7," + kMd5 + "\n");
  EXPECT_EQ(deep.format, "digests");
  ASSERT_THAT(deep.entries, SizeIs(1));
  EXPECT_EQ(deep.entries[0].source_ref(), "/x/a, b");
  EXPECT_EQ(deep.entries[0].digests().sha256().size(), 32U);
  EXPECT_THAT(deep.problems, SizeIs(1));
}

TEST(Digests, BsdInReverseAndOpenSsl) {
  const MemorySink reverse = ReadBytes(kMd5 + " a b.jpg\n" + kMd5 + " c (1) = d\nno hash\n");
  EXPECT_EQ(reverse.format, "digests");
  ASSERT_THAT(reverse.entries, SizeIs(2));
  EXPECT_EQ(reverse.entries[0].source_ref(), "a b.jpg");
  EXPECT_EQ(reverse.entries[1].source_ref(), "c (1) = d");
  EXPECT_THAT(reverse.problems, SizeIs(1));
  const MemorySink openssl = ReadBytes("MD5(a (1).jpg)= " + kMd5 + "\nSHA2-256(b)= " + kSha256 +
                                       "\nSHA1(c)= " + kSha1 + "\n");
  EXPECT_EQ(openssl.format, "digests");
  ASSERT_THAT(openssl.entries, SizeIs(3));
  EXPECT_EQ(openssl.entries[0].source_ref(), "a (1).jpg");
  EXPECT_EQ(openssl.entries[1].digests().sha256().size(), 32U);
}

// The name of a file may look like a line of BSD's.
TEST(Digests, ANameWithBracketsHidesNoHash) {
  for (const std::string& hash : {kMd5, kSha1, kSha256}) {
    const MemorySink sums = ReadBytes(hash + "  photo (1) = copy.jpg\n\\" + hash + " *a (b) = c\n");
    EXPECT_EQ(sums.format, "digests");
    ASSERT_THAT(sums.entries, SizeIs(2));
    EXPECT_EQ(sums.entries[0].source_ref(), "photo (1) = copy.jpg");
    EXPECT_EQ(sums.entries[1].source_ref(), "a (b) = c");
    EXPECT_THAT(sums.notes, IsEmpty());
  }
}

// StopNCII

std::string StopNcii(const std::string& records, const std::string& more = "false") {
  return "{\"count\":1,\"hasMoreRecords\":" + more +
         ",\"nextSetTimestamp\":1767225600,\"hashRecords\":[" + records + "]}";
}
std::string StopNciiRecord(const std::string& type, const std::string& value,
                           const std::string& state) {
  return "{\"lastModtimestamp\":1767225600,\"signalType\":\"" + type + "\",\"hashValue\":\"" +
         value + "\",\"hashStatus\":\"" + state +
         "\",\"caseNumbers\":{\"c1\":\"Active\"},\"CSPFeedbacks\":[{\"feedbackValue\":\"None\"}]}";
}

TEST(StopNcii, TheStateDecides) {
  const MemorySink sink =
      ReadBytes(StopNcii(StopNciiRecord("ImagePDQ", kPdq, "Active") + "," +
                             StopNciiRecord("ImagePDQ", std::string(64, 'a'), "Withdrawn") + "," +
                             StopNciiRecord("VideoMD5", kMd5, "Deleted") + "," +
                             StopNciiRecord("ImagePDQ", std::string(64, 'b'), "Received") + "," +
                             StopNciiRecord("ImagePDQ", kPdq.substr(4), "Active") + "," +
                             StopNciiRecord("URL", "https://x.example", "Active") + "," +
                             StopNciiRecord("ImagePDQ", kPdq, "Odd"),
                         "true"));
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "stopncii");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_THAT(sink.taken_back, SizeIs(3));
  EXPECT_THAT(sink.taken_back_at, Each("1767225600"));
  EXPECT_THAT(sink.problems, SizeIs(2));
  EXPECT_THAT(sink.problems[0], HasSubstr("60 characters"));
  // The key tells the hash apart and does not tell it.
  EXPECT_THAT(sink.entries[0].source_ref(), HasSubstr("stopncii "));
  EXPECT_THAT(sink.entries[0].source_ref(), Not(HasSubstr(kPdq.substr(0, 8))));
  const json carried = json::parse(sink.entries[0].carried().data());
  EXPECT_EQ(carried["caseNumbers"]["c1"], "Active");
  EXPECT_FALSE(carried.contains("hashValue"));
  EXPECT_THAT(sink.notes, Contains(Key(HasSubstr("one page"))));
  // The same hash in other letters is the same record.
  std::string upper = kPdq;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(ReadBytes(StopNcii(StopNciiRecord("ImagePDQ", upper, "Deleted"))).taken_back.at(0),
            sink.entries[0].source_ref());
}

TEST(StopNcii, RefusesWhatIsCutOff) {
  const std::string whole = StopNcii(StopNciiRecord("ImagePDQ", kPdq, "Active"));
  for (std::size_t size = 0; size < whole.size(); size += 9) {
    EXPECT_FALSE(ReadBytes(whole.substr(0, size), "stopncii").status.ok()) << size;
  }
  EXPECT_FALSE(ReadBytes("[]", "stopncii").status.ok());
  EXPECT_FALSE(ReadBytes("{\"hashRecords\":7}", "stopncii").status.ok());
}

// INTERPOL, HashKeeper, EnCase

TEST(Icse, TakesSeriesAndStates) {
  const MemorySink sink = ReadBytes(
      "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
      "Series name;Number of submissions;File Available;Media Type;Baseline\r\n" +
      kMd5 + ";" + kSha1 + ";;17;true;true;false;SYNTH;41;false;Image;Yes\r\n" + kMd5 +
      ";zz;;18;;;;;;;;\r\n;;;19;;;;;;;;\r\n");
  EXPECT_EQ(sink.format, "icse");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].series(), "SYNTH");
  EXPECT_EQ(sink.entries[0].victim_identified(), v1::TRI_STATE_YES);
  EXPECT_EQ(sink.entries[0].category().code(), "baseline");
  EXPECT_EQ(sink.entries[0].source_ref(), "ICSE 17");
  EXPECT_EQ(json::parse(sink.entries[0].carried().data())["Number of submissions"], "41");
  EXPECT_THAT(sink.problems, SizeIs(2));
  EXPECT_FALSE(ReadBytes("MD5;SHA256\n", "icse").status.ok());
}

TEST(HashKeeper, ReadsItsRows) {
  const MemorySink sink = ReadBytes(
      "\"file_id\",\"hashset_id\",\"file_name\",\"directory\",\"hash\",\"file_size\","
      "\"date_modified\",\"time_modified\",\"time_zone\",\"comments\",\"date_accessed\","
      "\"time_accessed\"\n29294,5,\"A.HLP\",\"C:\\X\",\"" +
      kMd5 +
      "\",34832,7/11/95 0:00:00,12/30/99 9:50:00,\"PST\",,,\n1,5,\"B\",\"\",\"12\",1,,,,,,\n");
  EXPECT_EQ(sink.format, "hashkeeper");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].source_ref(), "C:\\X\\A.HLP");
  EXPECT_THAT(sink.problems, SizeIs(1));
}

TEST(EnCase, ReadsItsRecords) {
  std::string file("HASH\r\n\xFF\0", 8);
  file.resize(1152, '\0');
  file[1032] = 'S';
  file[1034] = 'e';
  const std::string head = file;
  for (char c : {'a', 'b', 'c'}) file += std::string(16, c) + std::string(2, '\0');
  const MemorySink sink = ReadBytes(file);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "encase");
  ASSERT_THAT(sink.entries, SizeIs(3));
  EXPECT_EQ(sink.entries[1].digests().md5(), std::string(16, 'b'));
  EXPECT_EQ(json::parse(sink.carried.data())["name"], "Se");
  EXPECT_FALSE(ReadBytes(file.substr(0, file.size() - 1)).status.ok());
  EXPECT_FALSE(ReadBytes(head.substr(0, 500), "encase").status.ok());
}

// vPDQ

TEST(Vpdq, FramesAreKeptAndSomeAreMatched) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += std::to_string(i * 3) + "," + (i % 4 == 0 ? "20" : "100") + "," + kPdq + "," +
            std::to_string(i) + ".000\n";
  }
  const MemorySink sink = ReadBytes(text + "7,100,zz,0\n");
  EXPECT_EQ(sink.format, "vpdq");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].codes_size(), 64);
  EXPECT_THAT(json::parse(sink.entries[0].carried().data())["frames"], SizeIs(200));
  EXPECT_THAT(sink.problems, SizeIs(1));
  const MemorySink array = ReadBytes("[\"" + kPdq + ",100,0.000\",\"" + kPdq + ",10,1.0\",7]");
  EXPECT_EQ(array.format, "vpdq");
  ASSERT_THAT(array.entries, SizeIs(1));
  EXPECT_EQ(array.entries[0].codes_size(), 1);
  EXPECT_FALSE(ReadBytes("[\"" + kPdq + ",100,0.000\"").status.ok());
}

TEST(Vpdq, ABadFrameMovesNoOther) {
  const std::string frame = kPdq + ",100,";
  const MemorySink sink = ReadBytes("[\"" + frame + "0.0\",\"bad\",\"" + frame + "2.0\"]", "vpdq");
  ASSERT_THAT(sink.entries, SizeIs(1));
  ASSERT_EQ(sink.entries[0].codes_size(), 2);
  EXPECT_EQ(sink.entries[0].codes(1).view().frame(), 2U);
  EXPECT_THAT(sink.problems, ElementsAre(HasSubstr("row 2")));
}

TEST(Vpdq, FramesThatAreNotMatchedAreTold) {
  std::string text;
  for (int i = 0; i < 70; ++i) text += std::to_string(i) + ",100," + kPdq + ",0.000\n";
  const MemorySink sink = ReadBytes(text);
  EXPECT_EQ(sink.entries.at(0).codes_size(), 64);
  EXPECT_EQ(sink.notes.at("frame of a video beyond the 64 that are matched, carried only"), 6);
}

// Frames behind one of a higher number were dropped without a word, and a long video refused.
TEST(Vpdq, FramesAreSortedAndThinnedOut) {
  const MemorySink sink = ReadBytes("9,100," + kPdq + ",0.3\n3,100," + kPdq + ",0.1\n3,90," + kPdq +
                                    ",0.1\n5,100," + kPdq + ",0.2\n");
  ASSERT_THAT(sink.entries, SizeIs(1));
  ASSERT_EQ(sink.entries[0].codes_size(), 3);
  EXPECT_EQ(sink.entries[0].codes(0).view().frame(), 3U);
  EXPECT_EQ(sink.entries[0].codes(0).quality(), 100U);
  EXPECT_EQ(sink.entries[0].codes(2).view().frame(), 9U);
  EXPECT_EQ(sink.notes.at("frame of a video that comes twice, left out"), 1);
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + ",100," + kPdq + ",0.000\n";
  const MemorySink many = ReadBytes(text);
  ASSERT_TRUE(many.status.ok()) << many.status;
  EXPECT_EQ(many.entries.at(0).codes_size(), 64);
  const json frames = json::parse(many.entries.at(0).carried().data())["frames"];
  ASSERT_THAT(frames, SizeIs(1200));
  EXPECT_EQ(frames[1199][0], 2997);
  EXPECT_EQ(many.notes.at("frame of a video beyond the 1,200 that are kept, left out"), 1800);
}

TEST(Vpdq, TheOlderObjectIsRead) {
  const auto frame = [](double time) {
    return json{{"quality", 100}, {"hash", kPdq}, {"timestamp", time}};
  };
  json object = json::object();
  for (const int number : {0, 2, 10}) object[std::to_string(number)] = frame(number / 2.0);
  for (const int indent : {-1, 2}) {
    const MemorySink sink = ReadBytes("\xEF\xBB\xBF" + object.dump(indent));
    ASSERT_TRUE(sink.status.ok()) << sink.status;
    EXPECT_EQ(sink.format, "vpdq");
    ASSERT_THAT(sink.entries, SizeIs(1));
    ASSERT_EQ(sink.entries[0].codes_size(), 3);
    EXPECT_EQ(sink.entries[0].codes(1).view().frame(), 2U);
    EXPECT_EQ(sink.entries[0].codes(2).view().frame(), 10U);
    EXPECT_EQ(sink.entries[0].codes(2).quality(), 100U);
    const json carried = json::parse(sink.entries[0].carried().data());
    EXPECT_EQ(carried["frames"][2], (json{10, 100, kPdq, "5.000"}));
  }
  object["x"] = frame(1);
  object["3"] = {{"quality", "high"}, {"hash", 7}};
  object["4"] = 5;
  const MemorySink sink = ReadBytes(object.dump(), "vpdq");
  EXPECT_EQ(sink.entries.at(0).codes_size(), 3);
  EXPECT_THAT(sink.problems, SizeIs(3));
}

// SQLite

class Database {
 public:
  explicit Database(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &raw_), SQLITE_OK);
  }
  ~Database() { sqlite3_close(raw_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void Run(const std::string& sql) {
    ASSERT_EQ(sqlite3_exec(raw_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(raw_);
  }

 private:
  sqlite3* raw_ = nullptr;
};

MemorySink ReadPath(const std::string& path, v1::Purpose purpose = v1::PURPOSE_BENIGN) {
  MemorySink sink;
  auto source = Source::Open(path);
  EXPECT_TRUE(source.ok()) << source.status();
  const auto format = Recognise(*source->Head());
  EXPECT_TRUE(format.ok());
  ReadOptions options;
  options.purpose = purpose;
  sink.format = std::string((*format)->name);
  sink.status = (*format)->read(*source, options, sink);
  return sink;
}

TEST(Nsrl, FindsItsTable) {
  const test::Scratch scratch;
  for (const char* table : {"METADATA", "FILE", "FILES", "odd \"name\""}) {
    const std::string path = scratch.At(table);
    std::string quoted = table;
    if (quoted[0] == 'o') quoted = "odd \"\"name\"\"";
    {
      Database database(path);
      database.Run("CREATE TABLE other (x TEXT); CREATE TABLE \"" + quoted +
                   "\" (sha256 TEXT, sha1 TEXT, md5 TEXT, file_name TEXT, file_size INTEGER);"
                   "INSERT INTO \"" +
                   quoted + "\" VALUES ('" + kSha256 + "', '" + kSha1 + "', '" + kMd5 +
                   "', 'a.dll', 7), ('" + kSha256 +
                   "', NULL, NULL, 'b', 0),"
                   " ('xx', NULL, NULL, 'c', 7)");
    }
    const MemorySink sink = ReadPath(path);
    ASSERT_TRUE(sink.status.ok()) << sink.status << table;
    EXPECT_EQ(sink.format, "nsrl");
    ASSERT_THAT(sink.entries, SizeIs(1)) << table;
    EXPECT_EQ(sink.entries[0].source_ref(), "a.dll");
    EXPECT_EQ(sink.entries[0].digests().md5().size(), 16U);
    EXPECT_EQ(sink.notes.at("record of the empty file"), 1);
    EXPECT_THAT(sink.problems, ElementsAre("row 3: a digest that is none"));
    // Not every database is a list of benign files.
    const absl::Status known = ReadPath(path, v1::PURPOSE_KNOWN).status;
    EXPECT_EQ(absl::IsFailedPrecondition(known), table[0] != 'o') << known;
    EXPECT_EQ(std::string(known.message()).find("benign") != std::string::npos, table[0] != 'o');
  }
}

// The size, by which the record of the empty file is known, has another name in each version.
TEST(Nsrl, KnowsTheSizeByEachOfItsNames) {
  const test::Scratch scratch;
  for (const std::string size : {"bytes", "file_size", "size", "BYTES"}) {
    const std::string path = scratch.At(size);
    {
      Database database(path);
      database.Run("CREATE TABLE FILE (sha256 TEXT, " + size +
                   " INTEGER);INSERT INTO FILE VALUES ('" + std::string(kSha256) + "', 7), ('" +
                   std::string(64, 'a') + "', 0)");
    }
    const MemorySink sink = ReadPath(path);
    ASSERT_TRUE(sink.status.ok()) << sink.status << size;
    EXPECT_THAT(sink.entries, SizeIs(1)) << size;
    EXPECT_EQ(sink.notes.at("record of the empty file"), 1) << size;
  }
}

// A view would run what the file says; a damaged file is an error and no answer.
TEST(Nsrl, TrustsNothingOfTheFile) {
  const test::Scratch scratch;
  const std::string view = scratch.At("view");
  {
    Database database(view);
    database.Run("CREATE TABLE t (x); CREATE VIEW METADATA AS SELECT hex(randomblob(16)) AS md5");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ReadPath(view).status));
  const std::string whole = scratch.At("whole");
  {
    Database database(whole);
    database.Run("CREATE TABLE FILE (md5 TEXT, name TEXT)");
    for (int i = 0; i < 400; ++i) {
      database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "', '" + std::string(100, 'x') + "')");
    }
  }
  const std::string bytes = test::ReadAll(whole);
  const MemorySink cut = ReadPath(scratch.Write("cut", bytes.substr(0, bytes.size() / 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(cut.status)) << cut.status;
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReadPath(scratch.Write("noise", bytes.substr(0, 100) + std::string(5000, '\x7f'))).status));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(bytes).status) ||
              absl::IsFailedPrecondition(ReadBytes(bytes).status));  // not from a pipe
}

// What lies in a -wal beside the file was left out without a word.
TEST(Nsrl, RowsThatLieBesideTheFileAreNotLost) {
  const test::Scratch scratch;
  const std::string path = scratch.At("live");
  Database database(path);
  database.Run(
      "PRAGMA journal_mode = WAL; CREATE TABLE FILE (md5 TEXT);"
      "PRAGMA wal_checkpoint(TRUNCATE)");
  database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "')");
  const MemorySink sink = ReadPath(path);
  EXPECT_TRUE(absl::IsFailedPrecondition(sink.status)) << sink.status;
  EXPECT_THAT(std::string(sink.status.message()), HasSubstr("live-wal"));
  database.Run("PRAGMA journal_mode = DELETE");
  EXPECT_THAT(ReadPath(path).entries, SizeIs(1));
  const std::string journal = scratch.Write("live-journal", "");
  EXPECT_THAT(ReadPath(path).entries, SizeIs(1));
  scratch.Write("live-journal", "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadPath(path).status));
}

// The pages of a table, each pointed to by one above them. Of a file of 4 KiB pages the 4 bytes at
// 12 of a page of type 5 are the first of its cells' offsets; a cell begins with a page's number.
std::string WithOneLeafForAll(std::string bytes) {
  constexpr std::size_t kPage = 4096;
  for (std::size_t at = kPage; at < bytes.size(); at += kPage) {
    if (bytes[at] != 5) continue;
    const auto number = [&](std::size_t where) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[where])) << 8U |
             static_cast<unsigned char>(bytes[where + 1]);
    };
    const std::size_t first = at + number(at + 12);
    for (std::size_t cell = 1; cell < number(at + 3); ++cell) {
      bytes.replace(at + number(at + 12 + 2 * cell), 4, bytes, first, 4);
    }
  }
  return bytes;
}

TEST(Nsrl, AFileGivesNoMoreThanItHolds) {
  const test::Scratch scratch;
  const std::string whole = scratch.At("whole");
  {
    Database database(whole);
    database.Run("PRAGMA page_size = 4096; CREATE TABLE FILE (md5 TEXT, name TEXT)");
    for (int i = 0; i < 400; ++i) {
      database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "', '" + std::string(100, 'x') + "')");
    }
  }
  EXPECT_THAT(ReadPath(whole).entries, SizeIs(400));
  const MemorySink sink =
      ReadPath(scratch.Write("forged", WithOneLeafForAll(test::ReadAll(whole))));
  EXPECT_TRUE(absl::IsInvalidArgument(sink.status)) << sink.status;
  EXPECT_THAT(std::string(sink.status.message()), HasSubstr("not in their order"));
  EXPECT_THAT(sink.entries, SizeIs(testing::Lt(100)));
}

// A number of a row that is hidden by a column, and a table that has none.
TEST(Nsrl, EveryKindOfTableIsRead) {
  const test::Scratch scratch;
  const std::vector<std::string> tables = {
      "md5 TEXT, rowid TEXT", "md5 TEXT, rowid TEXT, _rowid_ TEXT, oid TEXT",
      "md5 TEXT, rowid TEXT, n INTEGER PRIMARY KEY", "md5 TEXT, rowid TEXT PRIMARY KEY"};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    for (const char* kind : {"", " WITHOUT ROWID"}) {
      if (*kind != 0 && i != 3) continue;
      const std::string path = scratch.At(std::to_string(i) + kind);
      {
        Database database(path);
        database.Run("CREATE TABLE FILE (" + tables[i] + ")" + kind +
                     "; CREATE INDEX x ON FILE (md5);"
                     "INSERT INTO FILE (md5, rowid) VALUES ('" +
                     kMd5 + "', 'z'), ('" + std::string(32, '0') + "', 'a')");
      }
      const MemorySink sink = ReadPath(path);
      EXPECT_TRUE(sink.status.ok()) << sink.status << path;
      EXPECT_THAT(sink.entries, SizeIs(2)) << path;
    }
  }
}

// A hash database whose id is no number of a row was sorted in memory.
TEST(Kdb, IsReadAsItLies) {
  const test::Scratch scratch;
  const std::string path = scratch.At("odd.kdb");
  Database(path).Run(
      "CREATE TABLE db_properties (name TEXT, value TEXT);"
      "CREATE TABLE hashes (id INTEGER, md5 BINARY(16));"
      "INSERT INTO hashes VALUES (9, x'" +
      kMd5 + "'), (1, x'" + std::string(32, '2') + "')");
  const MemorySink sink = ReadPath(path, v1::PURPOSE_KNOWN);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  ASSERT_THAT(sink.entries, SizeIs(2));
  EXPECT_EQ(sink.entries[0].digests().md5()[0], '\x01');
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
    auto writer = FindOutFormat("ncmec-votes")
                      ->make(
                          [&text](std::string_view bytes) {
                            text += bytes;
                            return absl::OkStatus();
                          },
                          "");
    facts.reason = reason;
    EXPECT_TRUE((*writer)->Begin(facts).ok());
    const std::string name = R"({"member_id":"42","id":"a/b \u00e9"})";
    for (std::uint64_t id = 1; id <= 5; ++id) EXPECT_TRUE((*writer)->Add(entry(id, name)).ok());
    EXPECT_TRUE((*writer)->Add(entry(6, "{}")).ok());  // of another exporter: no name to vote on
    EXPECT_TRUE((*writer)->Add(entry(6, R"({"member_id":42,"id":null})")).ok());
    EXPECT_TRUE((*writer)->Add(entry(6, "[1]")).ok());
    Entry repeats = entry(1, name);
    repeats.set_repeats(true);
    EXPECT_TRUE((*writer)->Add(repeats).ok());
    EXPECT_TRUE((*writer)->End().ok());
    left_out = (*writer)->left_out();
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

// Such an entry was written as a record without any hash, and counted as written.
TEST(Writers, AnEntryOfOtherViewsThanTheWholePictureIsWrittenWithTheFirst) {
  Entry entry;
  entry.set_entry_id(7);
  for (const char byte : {'\x55', '\x66'}) {
    v1::Code& code = *entry.add_codes();
    code.set_pdq(std::string(32, byte));
    code.mutable_view()->set_crop(v1::CROP_TRIMMED);
  }
  Entry none;
  none.set_entry_id(8);
  for (const std::string_view format : {"csv", "vics"}) {
    std::string text;
    auto writer = FindOutFormat(format)->make(
        [&text](std::string_view bytes) {
          text += bytes;
          return absl::OkStatus();
        },
        "");
    EXPECT_TRUE((*writer)->Begin({}).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(none).ok());
    EXPECT_TRUE((*writer)->End().ok());
    EXPECT_THAT(text, HasSubstr(std::string(64, '5'))) << format;
    EXPECT_THAT(text, Not(HasSubstr("8"))) << format;
    EXPECT_EQ((*writer)->left_out(), 1U) << format;
  }
}

TEST(Kdb, IsWrittenAndReadAgain) {
  const test::Scratch scratch;
  const std::string path = scratch.At("set.kdb");
  Entry entry;
  entry.mutable_digests()->set_md5(std::string(16, 'm'));
  entry.mutable_digests()->set_sha256(std::string(32, 's'));
  entry.set_series("SYNTH");
  Entry other;
  other.mutable_digests()->set_sha1(std::string(20, 'h'));
  {
    auto writer = FindOutFormat("kdb")->make(nullptr, path);
    ASSERT_TRUE(writer.ok()) << writer.status();
    SetFacts facts;
    facts.hash_set.set_name("s");
    EXPECT_TRUE((*writer)->Begin(facts).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(other).ok());
    EXPECT_TRUE((*writer)->End().ok());
    EXPECT_EQ((*writer)->left_out(), 2U);  // that MD5 stands already, and one without an MD5
  }
  {
    // What a later entry knows of the same file is not lost.
    const std::string merged = scratch.At("merged.kdb");
    auto writer = FindOutFormat("kdb")->make(nullptr, merged);
    ASSERT_TRUE(writer.ok()) << writer.status();
    Entry more = entry;
    more.mutable_digests()->set_sha1(std::string(20, 'a'));
    more.mutable_digests()->set_sha256(std::string(32, 'x'));
    EXPECT_TRUE((*writer)->Begin({}).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(more).ok());
    EXPECT_TRUE((*writer)->End().ok());
    EXPECT_EQ((*writer)->left_out(), 0U);
    const MemorySink read = ReadPath(merged, v1::PURPOSE_KNOWN);
    EXPECT_EQ(read.entries.at(0).digests().sha1(), std::string(20, 'a'));
    EXPECT_EQ(read.entries.at(0).digests().sha256(), std::string(32, 's'));
  }
  EXPECT_FALSE(FindOutFormat("kdb")->make(nullptr, path).ok());
  Database(path).Run(
      "INSERT INTO file_names VALUES ('a.jpg', 1); INSERT INTO comments VALUES ('x', 1)");
  const MemorySink sink = ReadPath(path, v1::PURPOSE_KNOWN);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "kdb");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].digests().md5(), std::string(16, 'm'));
  EXPECT_EQ(sink.entries[0].digests().sha256(), std::string(32, 's'));
  EXPECT_EQ(sink.entries[0].source_ref(), "a.jpg");
}

}  // namespace
}  // namespace kith::exchange
