// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <string>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/source.h"

namespace kith::exchange {
namespace {

using test::MemorySink;
using test::ReadBytes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kMd5 = "0123456789abcdef0123456789abcdef";

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

TEST(List, TheEmptyFileIsNoRecord) {
  const MemorySink sink = ReadBytes(
      "d41d8cd98f00b204e9800998ecf8427e\nDA39A3EE5E6B4B0D3255BFEF95601890AFD80709\n" + kMd5);
  EXPECT_THAT(sink.entries, SizeIs(1));
  EXPECT_THAT(sink.problems, IsEmpty());
  EXPECT_EQ(sink.notes.at("record of the empty file"), 2);
}

TEST(Recognise, RefusesWhatIsNoListOfHashes) {
  EXPECT_THAT(std::string(ReadBytes(std::string("\xFF\xFE{\0\"\0", 6)).status.message()),
              HasSubstr("UTF-16"));
  EXPECT_THAT(std::string(ReadBytes("\x1F\x8B\b").status.message()), HasSubstr("unpack"));
  EXPECT_THAT(std::string(ReadBytes(std::string("\x01\0\x02", 3)).status.message()),
              HasSubstr("binary"));
  EXPECT_EQ(ReadBytes("").format, "list");
}

TEST(Lines, GivesEveryLineOfAnyLength) {
  const test::Scratch scratch;
  const std::string huge(700'000, 'y');
  auto source = Source::Open(scratch.Write("list", "one\n\n" + huge + "\nlast without end"));
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->Head()->size(), Source::kHeadBytes);
  Lines lines(*source, 100);
  std::string line;
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line, "one");
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line, "");
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line.size(), 101U);  // cut, and seen to be too long
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line, "last without end");
  EXPECT_EQ(lines.number(), 4U);
  EXPECT_FALSE(*lines.Next(line));
  EXPECT_EQ(source->offset(), source->size());
}

TEST(Source, SaysWhatCannotBeRead) {
  const test::Scratch scratch;
  EXPECT_TRUE(absl::IsNotFound(Source::Open(scratch.At("none")).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Source::Open(scratch.path()).status()));
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
