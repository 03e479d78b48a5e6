// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a descriptor of a file or socket that is closed unless it is released.
//
// Thread-safety: one thread at a time.
#pragma once

#include <unistd.h>

#include <utility>

namespace kith::server {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace kith::server
