// SPDX-License-Identifier: Apache-2.0
//
// Purpose: for the tests of the cage: files in memory, the workers, and what this process holds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hashing/cage/caged_fingerprinter.h"
#include "hashing/fingerprint.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing::test {

using cage::CagedFingerprinter;
using cage::CageOptions;

// Of an anonymous file with these bytes, through the cage; in this process.
Fingerprint Caged(CagedFingerprinter& cage, std::span<const std::uint8_t> bytes,
                  const FingerprintOptions& options = {});
Fingerprint Uncaged(std::span<const std::uint8_t> bytes, const FingerprintOptions& options = {});

// kith-decode beside the test, or the one that obeys tests/hashing/hooks.h.
std::unique_ptr<CagedFingerprinter> StartCage(CageOptions options = {});
std::unique_ptr<CagedFingerprinter> StartObedientCage(CageOptions options = {});

// All of a fingerprint but its times, as text that tells two apart bit by bit.
std::string Everything(const Fingerprint& print);

// Open descriptors, and processes begun and not yet waited for, of this process.
int OpenDescriptors();
std::vector<int> Children();

struct NamedFile {
  std::string name;
  Data bytes;
};
// One file of every format and style that is decoded, and some that are not.
std::vector<NamedFile> FilesOfAllKinds();

}  // namespace kith::hashing::test
