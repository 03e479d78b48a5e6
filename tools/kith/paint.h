// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proto/kith/v1/common.pb.h"
#include "tools/kith/program.h"

namespace kith::cli {

// Colour on standard output: on a terminal that is not dumb, unless NO_COLOR is set. Every word
// that is painted says the same without colour.
class Paint {
 public:
  explicit Paint(const Program& program);
  [[nodiscard]] std::string Bold(const std::string& text) const { return Wrap("1", text); }
  [[nodiscard]] std::string Soft(const std::string& text) const { return Wrap("2", text); }
  [[nodiscard]] std::string Alarm(const std::string& text) const { return Wrap("1;31", text); }
  [[nodiscard]] std::string Good(const std::string& text) const { return Wrap("32", text); }
  // A line that tells of files of one verdict.
  [[nodiscard]] std::string Line(v1::Verdict verdict, const std::string& text) const;

 private:
  [[nodiscard]] std::string Wrap(const char* code, const std::string& text) const;
  bool on_ = false;
};

}  // namespace kith::cli
