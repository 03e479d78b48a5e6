// SPDX-License-Identifier: Apache-2.0
//
// Purpose: small files of every decoded format, and ways to damage them.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

std::vector<Data> FilesToMutate();

// Cuts off, flips bits, changes bytes of the head, or copies a piece over another.
Data Mutate(Data bytes, std::mt19937& random);

// An empty folder of its own that is TMPDIR as long as the object lives: where decoders that write
// temporary files would write them.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  // Names of what lies there now.
  [[nodiscard]] std::vector<std::string> Entries() const;

 private:
  std::string before_;
  std::string path_;
};

}  // namespace kith::hashing::test
