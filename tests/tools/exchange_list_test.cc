// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <string>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/source.h"

namespace kith::exchange {
namespace {

using test::kMd5;
using test::MemorySink;
using test::ReadBytes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(List, GoodLinesAreTakenAndBadOnesTold) {
  const MemorySink sink =
      ReadBytes("\xEF\xBB\xBF# a list\n" + kMd5 + ",one\r\nxyz\n\n" + std::string(40, 'a') + "\n" +
                std::string(5000, 'b') + "\n" + std::string(64, 'c'));
  ASSERT_TRUE(sink.status.ok());
  EXPECT_EQ(sink.format, "list");
  ASSERT_THAT(sink.entries, SizeIs(3));
  EXPECT_THAT(sink.places, ElementsAre("line 2", "line 5", "line 7"));
  EXPECT_EQ(sink.entries[0].source_ref(), "one");
  EXPECT_EQ(sink.entries[2].codes(0).pdq(), sink.entries[2].digests().sha256());
  EXPECT_THAT(sink.problems, ElementsAre("line 3: character 1 is no hexadecimal digit",
                                         "line 6: longer than 4096 bytes"));
}

// A list without a record was read to its end, and /dev/zero has none.
TEST(List, AReaderEndsWhenItsSourceIsToStop) {
  for (const Format& format : Formats()) {
    auto source = Source::Open("/dev/zero");
    ASSERT_TRUE(source.ok()) << source.status();
    int asked = 0;
    source->StopWhen([&asked] { return ++asked > 3; });
    MemorySink sink;
    EXPECT_FALSE(format.read(*source, {}, sink).ok()) << format.name;
    EXPECT_THAT(sink.entries, IsEmpty());
  }
  auto source = Source::Open("/dev/zero");
  ASSERT_TRUE(source.ok());
  source->StopWhen([] { return true; });
  MemorySink sink;
  EXPECT_TRUE(absl::IsCancelled(FindFormat("list")->read(*source, {}, sink)));
}

TEST(List, TheEmptyFileIsNoRecord) {
  const MemorySink sink = ReadBytes(
      "d41d8cd98f00b204e9800998ecf8427e\nDA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n" + kMd5);
  EXPECT_THAT(sink.entries, SizeIs(1));
  EXPECT_THAT(sink.problems, IsEmpty());
  EXPECT_EQ(sink.notes.at("record of the empty file"), 2);
}

// A harmless file entered a set of known ones, and a known one a set of benign ones; later a list
// of which every other line was harmless was refused as bad.
TEST(List, ACategoryDecidesAsItDoesInVics) {
  ReadOptions options;
  options.scheme = "vics-us";
  const std::string list = kMd5 + ",1\n" + kMd5 + ",5\n" + kMd5 + ",0,a\n";
  const MemorySink known = ReadBytes(list, "list", options);
  ASSERT_THAT(known.entries, SizeIs(3));
  EXPECT_FALSE(known.entries[0].carried_only());
  EXPECT_TRUE(known.entries[1].carried_only());
  EXPECT_FALSE(known.entries[2].carried_only());
  EXPECT_THAT(known.problems, IsEmpty());
  EXPECT_EQ(
      known.notes.at("record of a non-pertinent category, kept for the way back, not matched"), 1);
  EXPECT_EQ(known.notes.at("no category or 0: nobody has judged it, taken as known"), 1);
  options.purpose = v1::PURPOSE_BENIGN;
  const MemorySink benign = ReadBytes(list, "list", options);
  ASSERT_THAT(benign.entries, SizeIs(1));
  EXPECT_EQ(benign.entries[0].category().code(), "5");
  EXPECT_THAT(benign.problems, ElementsAre(HasSubstr("line 1"), HasSubstr("line 3")));
}

// A PDQ behind an MD5 was kept as text, shown whole and matched by nobody.
TEST(List, AHashBehindAHashIsOfTheSameFile) {
  const std::string pdq(64, '5');
  const std::string sha1(40, '1');
  ReadOptions options;
  options.kind64 = Kind64::kPdq;
  const MemorySink sink =
      ReadBytes(kMd5 + "," + pdq + "\n" + kMd5 + ", " + sha1 + ", a, b\n" + kMd5 + ",c," + pdq +
                    "\n" + kMd5 + "," + kMd5 + ",d\n" + kMd5 + "," + std::string(32, '2') + "\n",
                "list", options);
  ASSERT_THAT(sink.entries, SizeIs(4));
  EXPECT_EQ(sink.entries[0].codes_size(), 1);
  EXPECT_EQ(sink.entries[0].source_ref(), "");
  EXPECT_EQ(sink.entries[1].digests().sha1().size(), 20U);
  EXPECT_EQ(sink.entries[1].source_ref(), "a, b");
  EXPECT_EQ(sink.entries[2].codes_size(), 1);
  EXPECT_EQ(sink.entries[2].source_ref(), "c");
  EXPECT_EQ(sink.entries[3].source_ref(), "d");
  EXPECT_THAT(sink.problems, ElementsAre("line 5: two hashes of one kind that differ"));
}

// Half of a SHA-256 is as long as an MD5.
TEST(List, AListThatIsCutInsideItsLastLineIsAnError) {
  const std::string whole(64, 'a');
  for (const std::size_t size : {1U, 32U, 40U, 63U}) {
    const MemorySink sink = ReadBytes(whole + ",x\n" + whole + "\n" + whole.substr(0, size));
    EXPECT_TRUE(absl::IsInvalidArgument(sink.status)) << size;
    EXPECT_THAT(std::string(sink.status.message()), HasSubstr("in line 3: it is cut off"));
  }
  EXPECT_TRUE(ReadBytes(whole + "\n" + whole).status.ok());
  EXPECT_TRUE(ReadBytes(whole + "\n" + whole.substr(32) + "\n").status.ok());  // it has an end
  EXPECT_TRUE(ReadBytes(whole + "\n" + kMd5 + "\n" + std::string(40, 'b')).status.ok());  // mixed
  EXPECT_FALSE(ReadBytes("hash=" + whole + "\n" + whole.substr(9)).status.ok());
  EXPECT_FALSE(ReadBytes(whole + "  a\n" + whole.substr(32) + "  a").status.ok());
  EXPECT_FALSE(ReadBytes("sha256 " + whole + "\nmd5 " + whole.substr(32)).status.ok());
  const std::string csv = "signal_type,signal_str,category\nmd5," + kMd5 + ",POSITIVE_CLASS\n";
  EXPECT_TRUE(ReadBytes(csv + "md5," + kMd5 + ",").status.ok());
  EXPECT_FALSE(ReadBytes(csv + "md5," + kMd5).status.ok());
}

// A PDQ of a flat picture is near to those of all others.
TEST(List, ThePdqOfAFlatPictureIsLeftOut) {
  const std::string pdq(64, '5');
  ReadOptions options;
  options.kind64 = Kind64::kPdq;
  const std::string note = "PDQ of a quality below 50, left out";
  for (const std::string line : {",", ",quality=", "\t"}) {
    const bool named = line.size() > 1;
    const std::string hash = named ? "hash=" + pdq : pdq;
    const std::string end = line == "\t" ? "\tfull\t640\t480\ta, b.jpg\n" : ",a.jpg\n";
    const MemorySink sink =
        ReadBytes(hash + line + "3" + end + hash + line + "97" + end, "", options);
    ASSERT_TRUE(sink.status.ok()) << sink.status;
    EXPECT_EQ(sink.format, named ? "pdq-list" : "list");
    EXPECT_THAT(sink.problems, IsEmpty());
    ASSERT_THAT(sink.entries, SizeIs(1)) << line;
    ASSERT_EQ(sink.entries[0].codes_size(), 1);
    EXPECT_EQ(sink.entries[0].codes(0).quality(), 97U);
    EXPECT_EQ(sink.notes.at(note), 1);
  }
  const MemorySink told =
      ReadBytes(pdq + "\t97\tcli512\t640\t480\ta.jpg\n-\tnot_media\tfull\t0\t0\tb\n" + pdq +
                "\t97\tfull\tmirrored\t6\t4\tc\n");
  ASSERT_THAT(told.entries, SizeIs(1));
  EXPECT_EQ(told.entries[0].codes(0).dialect(), v1::DIALECT_CLI512);
  EXPECT_EQ(told.entries[0].digests().sha256(), "");
  EXPECT_EQ(told.entries[0].source_ref(), "a.jpg");
  EXPECT_EQ(told.notes.size(), 2U);
  // Where it may be a SHA-256 as well, it is that.
  const MemorySink either = ReadBytes(pdq + ",3,a.jpg\n");
  ASSERT_THAT(either.entries, SizeIs(1));
  EXPECT_EQ(either.entries[0].codes_size(), 0);
  EXPECT_EQ(either.entries[0].digests().sha256().size(), 32U);
}

TEST(Recognise, RefusesWhatIsNoListOfHashes) {
  EXPECT_THAT(std::string(ReadBytes(std::string("\xFF\xFE{\0\"\0", 6)).status.message()),
              HasSubstr("UTF-16"));
  EXPECT_THAT(std::string(ReadBytes("\x1F\x8B\b").status.message()), HasSubstr("unpack"));
  EXPECT_THAT(std::string(ReadBytes(std::string("\x01\0\x02", 3)).status.message()),
              HasSubstr("binary"));
  EXPECT_EQ(ReadBytes("").format, "list");
}

// Of some lists a category stands behind the hash, behind a comma or a tab.
TEST(List, ANumberBehindAHashIsACategoryWhereItsSchemeIsSaid) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  for (const std::string between : {",", "\t", " , "}) {
    const std::string list = md5 + between + "1\n" + md5 + between + "2" + between + "a, b\n" +
                             md5 + between + "12345\n" + md5 + between + "name\n" + md5 + "\n";
    const test::MemorySink plain = test::ReadBytes(list, "list");
    EXPECT_TRUE(plain.problems.empty());
    ASSERT_EQ(plain.entries.size(), 5U);
    EXPECT_EQ(plain.entries[0].source_ref(), "1");
    EXPECT_FALSE(plain.entries[0].has_category());
    EXPECT_EQ(plain.notes.begin()->second, 2);
    ReadOptions options;
    options.scheme = "vics-us";
    const test::MemorySink told = test::ReadBytes(list, "list", options);
    ASSERT_EQ(told.entries.size(), 5U);
    EXPECT_EQ(told.entries[0].category().scheme(), "vics-us");
    EXPECT_EQ(told.entries[0].category().code(), "1");
    EXPECT_EQ(told.entries[0].source_ref(), "");
    EXPECT_EQ(told.entries[1].category().code(), "2");
    EXPECT_EQ(told.entries[1].source_ref(), "a, b");
    EXPECT_EQ(told.entries[2].source_ref(), "12345");
    EXPECT_EQ(told.entries[3].source_ref(), "name");
    EXPECT_TRUE(told.notes.empty());
  }
}

}  // namespace
}  // namespace kith::exchange
