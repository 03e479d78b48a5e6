// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace kith::cli {
namespace {

void WriteError(const std::string& text) {
  // Nobody can be told that progress cannot be shown.
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
  (void)std::fflush(stderr);
}

std::size_t TerminalWidth() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

Progress::Progress(const Program& program)
    : wanted_(program.progress == "always"), terminal_(::isatty(STDERR_FILENO) == 1) {
  const auto term = program.environment.find("TERM");
  if (term != program.environment.end() && term->second == "dumb") terminal_ = false;
  if (program.progress == "auto") wanted_ = terminal_;
}

void Progress::Show(const std::string& line) {
  if (!wanted_) return;
  const auto now = std::chrono::steady_clock::now();
  const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(5);
  if (last_.time_since_epoch().count() != 0 && now - last_ < pause) return;
  last_ = now;
  if (!terminal_) return WriteError(line + "\n");
  // Progress lines are ASCII: bytes are columns.
  WriteError("\r\x1b[K" + line.substr(0, TerminalWidth() - 1));
  shown_ = true;
}

void Progress::Clear() {
  if (shown_) WriteError("\r\x1b[K");
  shown_ = false;
}

std::string Duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::string Bar(double share, int width) {
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * width);
  return fmt::format("[{}{}]", std::string(static_cast<std::size_t>(full), '#'),
                     std::string(static_cast<std::size_t>(width - full), '.'));
}

}  // namespace kith::cli
