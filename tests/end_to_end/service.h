// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {

// A kithd over a store of a world, on a free port of loopback and on the socket in the store. It
// has answered that it is ready when the constructor returns; it is ended with SIGTERM, or killed.
class Service {
 public:
  Service(const World& world, const std::filesystem::path& store);
  // Of a command line that says `--ready-fd 1`.
  explicit Service(const Command& command);
  ~Service();

  [[nodiscard]] const std::string& Tcp() const { return tcp_; }
  [[nodiscard]] const std::string& Unix() const { return unix_; }
  [[nodiscard]] Child& Process() { return child_; }

 private:
  Child child_;
  std::string tcp_;
  std::string unix_;
};

}  // namespace kith::end_to_end
