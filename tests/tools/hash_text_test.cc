// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/hash_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kith::cli {
namespace {

using exchange::Kind64;
using exchange::ParseHash;
using exchange::ParseListLine;
using testing::HasSubstr;
using testing::Not;

std::string Digits(std::size_t count) { return std::string(count, 'a'); }

TEST(ParseHash, TellsTheKindByTheLength) {
  EXPECT_EQ(ParseHash(Digits(32), Kind64::kEither)->digests.md5(), std::string(16, '\xaa'));
  EXPECT_EQ(ParseHash(Digits(40), Kind64::kEither)->digests.sha1(), std::string(20, '\xaa'));
  const auto both = ParseHash(Digits(64), Kind64::kEither);
  EXPECT_EQ(both->digests.sha256(), std::string(32, '\xaa'));
  EXPECT_EQ(both->pdq, std::string(32, '\xaa'));
  EXPECT_EQ(ParseHash(Digits(64), Kind64::kPdq)->digests.sha256(), "");
  EXPECT_EQ(ParseHash(Digits(64), Kind64::kSha256)->pdq, "");
}

TEST(ParseHash, TakesBothCases) {
  EXPECT_EQ(ParseHash("0123456789abcdef0123456789ABCDEF", Kind64::kEither)->digests.md5(),
            "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef");
}

TEST(ParseHash, RefusesEveryOtherLength) {
  for (std::size_t length = 0; length < 140; ++length) {
    const bool right = length == 32 || length == 40 || length == 64;
    EXPECT_EQ(ParseHash(Digits(length), Kind64::kEither).ok(), right) << length;
  }
}

TEST(ParseHash, NamesThePlaceAndNeverTheHash) {
  std::string text = "deadbeef" + Digits(56);
  text[40] = 'g';
  const auto hash = ParseHash(text, Kind64::kEither);
  EXPECT_EQ(hash.status().message(), "character 41 is no hexadecimal digit");
  const auto cut = ParseHash("deadbeef" + Digits(55), Kind64::kEither);
  EXPECT_THAT(std::string(cut.status().message()), HasSubstr("63 digits"));
  EXPECT_THAT(std::string(cut.status().message()), Not(HasSubstr("dead")));
}

TEST(ParseListLine, KeepsTheTextAfterTheFirstComma) {
  const auto line = ParseListLine(Digits(32) + " ,  a, b  \r", Kind64::kEither, false);
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->text, "a, b");
  EXPECT_EQ(ParseListLine(Digits(32) + ",", Kind64::kEither, false)->text, "");
}

TEST(ParseListLine, SkipsBlanksCommentsAndTheByteOrderMark) {
  for (const char* blank : {"", "  ", "\r", "# a list", "\t# x"}) {
    const auto line = ParseListLine(blank, Kind64::kEither, false);
    ASSERT_TRUE(line.ok());
    EXPECT_TRUE(line->blank) << blank;
  }
  EXPECT_TRUE(ParseListLine("\xEF\xBB\xBF" + Digits(40), Kind64::kEither, true).ok());
  EXPECT_FALSE(ParseListLine("\xEF\xBB\xBF" + Digits(40), Kind64::kEither, false).ok());
}

TEST(ParseListLine, RefusesWhatIsTooLong) {
  EXPECT_TRUE(
      ParseListLine(Digits(32) + "," + std::string(2000, 'x'), Kind64::kEither, false).ok());
  EXPECT_FALSE(
      ParseListLine(Digits(32) + "," + std::string(2001, 'x'), Kind64::kEither, false).ok());
  EXPECT_FALSE(ParseListLine(std::string(5000, ' '), Kind64::kEither, false).ok());
}

TEST(ParseListLine, KeepsTheTextOfTheLine) {
  const auto text = [](const std::string& bytes) {
    return ParseListLine(Digits(32) + "," + bytes, Kind64::kEither, false)->text;
  };
  EXPECT_EQ(text("a\tb\x1b[31m\u202E\\"), "a\tb\x1b[31m\u202E\\");
  EXPECT_EQ(text("a\x1b\xff"), "a\x1b\\xFF");
  EXPECT_FALSE(
      ParseListLine(Digits(32) + "," + std::string("a\0b", 3), Kind64::kEither, false).ok());
}

}  // namespace
}  // namespace kith::cli
