// SPDX-License-Identifier: Apache-2.0
// Whatever a file is called, what is shown of it is one line of UTF-8 that moves no cursor.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tools/report/path_text.h"

namespace report = kith::report;

namespace {

bool IsHarmless(const std::string& text) {
  return report::IsUtf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
         });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  FUZZ_CHECK(IsHarmless(report::EscapeText(bytes)));
  FUZZ_CHECK(IsHarmless(report::EscapeMessage(bytes)));
  FUZZ_CHECK(report::IsUtf8(report::ToUtf8(bytes)));
  const std::string html = report::EscapeHtml(bytes);
  FUZZ_CHECK(IsHarmless(html));
  FUZZ_CHECK(html.find_first_of("<>\"'") == std::string::npos);
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {"holiday/IMG 1.jpg", "a\nb\tc\\d", "\u202Egpj.exe", "\xC3\xA4\xFF\x1B[2J", "<b>&\"'"};
}
