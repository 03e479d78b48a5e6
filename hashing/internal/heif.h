// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the decoder of HEIC and AVIF, for kith-decode and the tests; see heif_slot.h.
#pragma once

namespace kith::hashing::internal {

// Makes hashing::Decode decode HEIC and AVIF in this program.
void UseHeif();

}  // namespace kith::hashing::internal
