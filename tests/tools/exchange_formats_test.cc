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
using test::kMd5;
using test::kPdq;
using test::kSha1;
using test::kSha256;
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
    const auto writer = test::WriterTo(text, format);
    EXPECT_TRUE(writer->Begin({}).ok());
    EXPECT_TRUE(writer->Add(entry).ok());
    EXPECT_TRUE(writer->Add(none).ok());
    EXPECT_TRUE(writer->End().ok());
    EXPECT_THAT(text, HasSubstr(std::string(64, '5'))) << format;
    EXPECT_THAT(text, Not(HasSubstr("8"))) << format;
    EXPECT_EQ(writer->left_out(), 1U) << format;
  }
}

}  // namespace
}  // namespace kith::exchange
