// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

namespace kith::index {

// Sets KITH_SIMD for a scope and puts back what was there. An index asks for it from threads of its
// own too, so it outlives every index that is made meanwhile.
class ForcedSimd {
 public:
  explicit ForcedSimd(const std::string& value) {
    if (const char* before = std::getenv("KITH_SIMD")) before_ = before;
    ::setenv("KITH_SIMD", value.c_str(), 1);
  }
  ~ForcedSimd() {
    if (before_) {
      ::setenv("KITH_SIMD", before_->c_str(), 1);
    } else {
      ::unsetenv("KITH_SIMD");
    }
  }
  ForcedSimd(const ForcedSimd&) = delete;
  ForcedSimd& operator=(const ForcedSimd&) = delete;

 private:
  std::optional<std::string> before_;
};

}  // namespace kith::index
