// SPDX-License-Identifier: Apache-2.0
// Where the bytes and the lines of a list come from.
#include "tools/exchange/source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "tests/tools/scratch.h"

namespace kith::exchange {
namespace {

using ::testing::HasSubstr;

TEST(Lines, GivesEveryLineOfAnyLength) {
  const test::Scratch scratch;
  const std::string huge(700'000, 'y');
  auto source = Source::Open(scratch.Write("list", "one\n\n" + huge + "\nlast without end"));
  ASSERT_TRUE(source.ok());
  EXPECT_EQ(source->Head()->size(), Source::kHeadBytes);
  Lines lines(*source, 100, Lines::kEndlessBytes);
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

TEST(Lines, EndWhereALineHasNoEnd) {
  auto source = Source::OfBytes("one\n" + std::string(1001, 'x') + "\nthree\n");
  Lines lines(source, 100, 1000);
  std::string line;
  EXPECT_TRUE(*lines.Next(line));
  EXPECT_TRUE(*lines.Next(line)) << "its end is there";
  EXPECT_TRUE(*lines.Next(line));
  EXPECT_FALSE(*lines.Next(line));
  auto endless = Source::OfBytes("one\n" + std::string(1001, 'x'));
  Lines cut(endless, 100, 1000);
  EXPECT_TRUE(*cut.Next(line));
  const auto more = cut.Next(line);
  EXPECT_TRUE(absl::IsInvalidArgument(more.status()));
  EXPECT_THAT(std::string(more.status().message()), HasSubstr("line 2 has no end"));
}

// Whoever writes one hash and waits for its answer gets it.
TEST(Lines, AreReadyWhereNobodyIsWaitedFor) {
  const test::Scratch scratch;
  const std::string path = scratch.At("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int writer = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  auto source = Source::Open(path);
  ASSERT_TRUE(source.ok());
  Lines lines(*source, 100);
  EXPECT_FALSE(lines.Ready());
  ASSERT_EQ(::write(writer, "one\ntwo\nth", 10), 10);
  EXPECT_TRUE(lines.Ready());
  std::string line;
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_TRUE(lines.Ready());
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line, "two");
  EXPECT_FALSE(lines.Ready());
  ::close(writer);
  EXPECT_TRUE(lines.Ready());
  ASSERT_TRUE(*lines.Next(line));
  EXPECT_EQ(line, "th");
  EXPECT_FALSE(*lines.Next(line));
}

TEST(Source, SaysWhatCannotBeRead) {
  const test::Scratch scratch;
  EXPECT_TRUE(absl::IsNotFound(Source::Open(scratch.At("none")).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Source::Open(scratch.path()).status()));
}

}  // namespace
}  // namespace kith::exchange
