// SPDX-License-Identifier: Apache-2.0
#include "tools/report/path_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace kith::report {
namespace {

TEST(EscapeText, LeavesReadableTextAlone) {
  EXPECT_EQ(EscapeText("DCIM/100/IMG 1.jpg"), "DCIM/100/IMG 1.jpg");
  EXPECT_EQ(EscapeText("Ångström/写真/мама.png"), "Ångström/写真/мама.png");
  EXPECT_EQ(EscapeText("😀"), "😀");
}

TEST(EscapeText, NamesWhatCannotBeShown) {
  EXPECT_EQ(EscapeText("a\tb\nc\rd\\e"), "a\\tb\\nc\\rd\\\\e");
  EXPECT_EQ(EscapeText(std::string("\x1b[31m\x7f\0", 7)), "\\x1B[31m\\x7F\\x00");
  EXPECT_EQ(EscapeText("\xff\xfe.jpg"), "\\xFF\\xFE.jpg");
}

TEST(EscapeText, NamesWhatHidesOrTurnsText) {
  EXPECT_EQ(EscapeText("a\u202Egpj.exe"), "a\\u{202E}gpj.exe");
  EXPECT_EQ(EscapeText("a\u200Bb\uFEFF"), "a\\u{200B}b\\u{FEFF}");
  EXPECT_EQ(EscapeText("\u009B31m"), "\\u{9B}31m");  // a terminal may take it for ESC [
  EXPECT_EQ(EscapeText("\u2028"), "\\u{2028}");
}

TEST(EscapeText, RefusesMalformedUtf8ByteByByte) {
  EXPECT_EQ(EscapeText("\xC0\xAF"), "\\xC0\\xAF");                    // overlong "/"
  EXPECT_EQ(EscapeText("\xE0\x80\xAF"), "\\xE0\\x80\\xAF");           // overlong
  EXPECT_EQ(EscapeText("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // a surrogate
  EXPECT_EQ(EscapeText("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(EscapeText("\xE5\x86"), "\\xE5\\x86");                    // cut off
}

TEST(EscapeText, GivesOneSafeLineForAnyBytes) {
  const unsigned seed = 20261123;
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = EscapeText(bytes);
    EXPECT_TRUE(IsUtf8(text));
    for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << text;
    EXPECT_EQ(text.find('\x7f'), std::string::npos);
  }
}

TEST(EscapeMessage, EscapesNothingTwice) {
  const std::string hostile = "a\x1b[31m\n\\\xff\u202E";
  EXPECT_EQ(EscapeMessage("no file " + hostile), "no file a\\x1B[31m\\n\\\\xFF\\u{202E}");
  EXPECT_EQ(EscapeMessage(EscapeText(hostile)), EscapeText(hostile));
}

TEST(WhyNoText, TellsWhatIsWrong) {
  EXPECT_EQ(WhyNoText(""), "");
  EXPECT_EQ(WhyNoText("Größe \\ 写真 \u202E"), "");
  EXPECT_EQ(WhyNoText("bro\xff"), "is not UTF-8");
  EXPECT_EQ(WhyNoText("\x1b\xff"), "is not UTF-8");
  for (const char* text : {"a\x1b[31m", "a\nb", "\x7f", "\u0085"}) {
    EXPECT_EQ(WhyNoText(text), "holds a control character");
  }
}

TEST(EscapeHtml, CannotLeaveItsElement) {
  EXPECT_EQ(EscapeHtml("<script>alert('x') & \"y\"</script>"),
            "&lt;script&gt;alert(&#39;x&#39;) &amp; &quot;y&quot;&lt;/script&gt;");
}

TEST(PutBytes, KeepsUtf8AsItIs) {
  nlohmann::ordered_json object;
  PutBytes(object, "path", "a\u202E\n.jpg");
  EXPECT_EQ(object["path"], "a\u202E\n.jpg");
  EXPECT_FALSE(object.contains("path_base64"));
  // Shown, it is harmless: JSON's own escapes stand for what a terminal would obey.
  EXPECT_EQ(JsonText(object), R"({"path":"a\u202e\n.jpg"})");
}

TEST(PutBytes, AddsTheBytesWhereTheyAreNotUtf8) {
  nlohmann::ordered_json object;
  PutBytes(object, "path", "a\xff");
  EXPECT_EQ(object["path"], "a\\xFF");
  EXPECT_EQ(object["path_base64"], "Yf8=");
}

TEST(ToUtf8, KeepsWhateverIsUtf8) {
  EXPECT_EQ(ToUtf8("Größe \\ 1"), "Größe \\ 1");
  EXPECT_EQ(ToUtf8("a\nb\x1b[31m\u202E"), "a\nb\x1b[31m\u202E");
  EXPECT_EQ(ToUtf8("a\\\xff"
                   "b\xE5\x86"),
            "a\\\\xFF"
            "b\\xE5\\x86");
}

}  // namespace
}  // namespace kith::report
