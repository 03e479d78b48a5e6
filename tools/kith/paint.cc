// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/paint.h"

#include <unistd.h>

namespace kith::cli {

Paint::Paint(const Program& program) : on_(::isatty(STDOUT_FILENO) == 1) {
  const auto value = [&program](const char* name) {
    const auto found = program.environment.find(name);
    return found == program.environment.end() ? std::string() : found->second;
  };
  if (!value("NO_COLOR").empty() || value("TERM") == "dumb" || value("TERM").empty()) on_ = false;
}

std::string Paint::Wrap(const char* code, const std::string& text) const {
  return on_ ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
}

std::string Paint::Line(v1::Verdict verdict, const std::string& text) const {
  switch (verdict) {
    case v1::VERDICT_IDENTIFIED:
      return Wrap("1;36", text);
    case v1::VERDICT_RECOGNIZED:
      return Wrap("33", text);
    case v1::VERDICT_CONFLICT:
      return Wrap("35", text);
    case v1::VERDICT_UNDETERMINED:
      return Wrap("31", text);
    default:
      return text;
  }
}

}  // namespace kith::cli
