// SPDX-License-Identifier: Apache-2.0
//
// Purpose: whether a file of lines was cut off inside its last one, where half a SHA-256 looks like
// an MD5.
//
// Thread-safety: belongs to one thread.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

class CutOff {
 public:
  explicit CutOff(const Lines& lines) : lines_(lines) {}

  // Of each line, after Lines::Next: how many digits its hash has, or how many columns it. Errors:
  // INVALID_ARGUMENT where the line has no end and less of that than all before it.
  [[nodiscard]] absl::Status Look(std::size_t measure);

 private:
  const Lines& lines_;
  std::size_t measure_ = 0;  // of all lines until now; 0: there was none
  bool mixed_ = false;
};

}  // namespace kith::exchange
