// SPDX-License-Identifier: Apache-2.0
//
// Purpose: be the worker of a cage: shut oneself in, then answer for one picture after another
// until the other end of the channel closes.
//
// Thread-safety: the whole life of a process of one thread.
#pragma once

#include <cstdint>
#include <span>

#include "hashing/fingerprint.h"

namespace kith::hashing::worker {

// The descriptor at which the cage hands over its end of the channel.
inline constexpr int kChannel = 3;

using HashFunction = void (*)(std::span<const std::uint8_t> bytes,
                              const FingerprintOptions& options, Fingerprint& print);

// Returns the exit code: 0 when the channel was closed, 2 when what came over it makes no sense
// or a codec does not work inside the cage.
// `hash` is internal::HashPicture, or in tests something that misbehaves.
[[nodiscard]] int Serve(int channel, HashFunction hash);

}  // namespace kith::hashing::worker
