// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/heif_slot.h"

#include <atomic>
#include <string>
#include <utility>

namespace kith::hashing::internal {
namespace {

std::atomic<Decoder> slot = nullptr;
std::atomic<std::vector<std::string> (*)()> libraries_of_slot = nullptr;

}  // namespace

void FillHeifSlot(Decoder decoder, std::vector<std::string> (*libraries)()) {
  slot = decoder;
  libraries_of_slot = libraries;
}

std::vector<std::string> LibrariesOfSlot() {
  const auto libraries = libraries_of_slot.load();
  return libraries == nullptr ? std::vector<std::string>() : libraries();
}

DecodeResult DecodeBySlot(Format format, Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  if (const Decoder decoder = slot) return decoder(format, bytes, limits, sink);
  DecodeResult result;
  result.format = format;
  return Failure(std::move(result), Disposition::kUnsupported,
                 std::string(FormatName(format)) + " is decoded by kith-decode only");
}

}  // namespace kith::hashing::internal
