// SPDX-License-Identifier: Apache-2.0
//
// Purpose: decode a picture and hash it: everything of a fingerprint but size and digests. The one
// place where a decoder meets PDQ, within a process or in the cage.
//
// Thread-safety: a pure function. Errors: the disposition of the fingerprint.
#pragma once

#include <cstdint>
#include <span>

#include "hashing/fingerprint.h"

namespace kith::hashing::internal {

// Sets format, disposition, detail, sides, views and times of `print`; `bytes` are the whole file.
void HashPicture(std::span<const std::uint8_t> bytes, const FingerprintOptions& options,
                 Fingerprint& print);

}  // namespace kith::hashing::internal
