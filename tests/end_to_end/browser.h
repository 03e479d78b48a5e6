// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {

// A page as a browser shows it.
struct ShownPage {
  std::string title;
  std::string text;   // all of it, charts too
  int requests = -1;  // what it asked for beside itself
  int elements = 0;   // of the document
  int scripts = 0;
  bool wider_than_window = false;  // at 1280 pixels
};

struct Shown {
  std::vector<ShownPage> pages;      // one each, in order
  std::vector<std::string> console;  // what the browser complained of
  std::string log;                   // all it said, for a failed test
};

// Opens files in one start of Debian's headless Chromium, each in a frame 1280 pixels wide.
[[nodiscard]] Shown OpenInBrowser(const World& world,
                                  const std::vector<std::filesystem::path>& files);

}  // namespace kith::end_to_end
