// SPDX-License-Identifier: Apache-2.0
//
// Purpose: HEVC for libheif by libde265 on the calling thread. libheif's own plugin of libde265
// wants a thread beside it, and waits for ever where there is none, as in the cage.
//
// Thread-safety: the plugin has no state beyond each decoder.
#pragma once

#include <libheif/heif_plugin.h>

namespace kith::hashing::internal {

// The name under which libheif is to look for it.
inline constexpr char kHevcDecoder[] = "kith-hevc";

[[nodiscard]] const heif_decoder_plugin& HevcPlugin();

}  // namespace kith::hashing::internal
