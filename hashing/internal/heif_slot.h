// SPDX-License-Identifier: Apache-2.0
//
// Purpose: keep the decoder of HEIC and AVIF out of every program but kith-decode: libheif brings
// x265 with it, which is under the GPL. kith::heif puts the decoder into this slot where it is
// linked.
//
// Thread-safety: filled once, at the start of a program; read from any thread.
#pragma once

#include <string>
#include <vector>

#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {

using Decoder = DecodeResult (*)(Format format, Bytes bytes, const DecodeLimits& limits,
                                 RowSink& sink);

// `libraries`: what it decodes with, name and version each.
void FillHeifSlot(Decoder decoder, std::vector<std::string> (*libraries)() = nullptr);

// Those; none where the slot is empty.
[[nodiscard]] std::vector<std::string> LibrariesOfSlot();

// HEIC and AVIF through the slot; `unsupported` where it is empty.
[[nodiscard]] DecodeResult DecodeBySlot(Format format, Bytes bytes, const DecodeLimits& limits,
                                        RowSink& sink);

}  // namespace kith::hashing::internal
