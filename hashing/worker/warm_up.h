// SPDX-License-Identifier: Apache-2.0
//
// Purpose: let every codec do once what it does at its first use only.
//
// Thread-safety: a worker has one thread.
#pragma once

namespace kith::hashing::worker {

// Hashes a tiny picture of each format, whole and cut off. False if a whole one gives no hash.
// Complexity: constant, a few ms at the first call, below one later.
[[nodiscard]] bool WarmUpCodecs();

}  // namespace kith::hashing::worker
