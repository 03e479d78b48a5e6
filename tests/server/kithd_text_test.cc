// SPDX-License-Identifier: Apache-2.0
#include "server/kithd_text.h"

#include <gtest/gtest.h>

namespace kith::server {
namespace {

TEST(ShownText, LeavesWhatPeopleRead) {
  EXPECT_EQ(ShownText(""), "");
  EXPECT_EQ(ShownText("store /srv/kith: a\\b \"c\""), "store /srv/kith: a\\b \"c\"");
  EXPECT_EQ(ShownText("/srv/gr\xC3\xB6\xC3\x9F"
                      "er/\xE2\x82\xAC/\xF0\x9F\x93\xB7"),
            "/srv/gr\xC3\xB6\xC3\x9F"
            "er/\xE2\x82\xAC/\xF0\x9F\x93\xB7");
}

TEST(ShownText, ObeysNothingThatIsMeantForATerminal) {
  EXPECT_EQ(ShownText("/tmp/q\x1B[31m/x"), "/tmp/q\\x1B[31m/x");
  EXPECT_EQ(ShownText("a\tb\nc\rd\x7F"), "a\\tb\\nc\\rd\\x7F");
  EXPECT_EQ(ShownText("a\xC2\x9B"
                      "2J"),
            "a\\u{9B}2J");
  EXPECT_EQ(ShownText("\xE2\x80\xAE"
                      "gpj.exe"),
            "\\u{202E}gpj.exe");
}

TEST(ShownText, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(ShownText("\x9B"
                      "2J"),
            "\\x9B2J");
  EXPECT_EQ(ShownText("a\xC3"), "a\\xC3");
  EXPECT_EQ(ShownText("\xC0\xAF"), "\\xC0\\xAF");                    // overlong
  EXPECT_EQ(ShownText("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // half of a pair
  EXPECT_EQ(ShownText("\xF5\x80\x80\x80"), "\\xF5\\x80\\x80\\x80");  // above the last
}

}  // namespace
}  // namespace kith::server
