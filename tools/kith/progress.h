// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "tools/kith/program.h"

namespace kith::cli {

// One line on stderr that is written over, for people who wait: on a terminal, or with
// --progress=always (where stderr is no terminal: a line every 5 seconds). Not thread-safe.
class Progress {
 public:
  explicit Progress(const Program& program);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  [[nodiscard]] bool wanted() const { return wanted_; }
  // Shows a line, at most ten times a second; it is cut to the width of the terminal.
  void Show(const std::string& line);
  // Takes the line away, before other text is written.
  void Clear();

 private:
  bool wanted_ = false;
  bool terminal_ = false;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

// "12 s", "3 min 05 s", "2 h 10 min".
[[nodiscard]] std::string Duration(double seconds);

// "[#####.....]" of `width` places.
[[nodiscard]] std::string Bar(double share, int width);

}  // namespace kith::cli
