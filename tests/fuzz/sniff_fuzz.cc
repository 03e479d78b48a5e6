// SPDX-License-Identifier: Apache-2.0
// The format of any bytes is told by their head alone, and has a name.
#include <algorithm>

#include "hashing/decode.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/mutants.h"

using kith::hashing::Format;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> all(data, size);
  const Format format = kith::hashing::SniffFormat(all);
  const Format of_head =
      kith::hashing::SniffFormat(all.first(std::min(size, kith::hashing::kSniffBytes)));
  FUZZ_CHECK(format == of_head);
  FUZZ_CHECK(kith::hashing::FormatName(format).empty() == (format == Format::kNone));
  // Nothing behind the bytes that are looked at has a say.
  std::vector<std::uint8_t> longer(data, data + size);
  if (size >= kith::hashing::kSniffBytes) longer.insert(longer.end(), 100, 0x47);
  FUZZ_CHECK(kith::hashing::SniffFormat(longer) == format);
  // What is decoded begins with something that its decoder knows: never with zeros alone.
  const bool blank = std::ranges::all_of(all.first(std::min<std::size_t>(size, 16)),
                                         [](auto b) { return b == 0; });
  FUZZ_CHECK(!blank || !kith::hashing::IsDecodable(format));
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds = {"PK\x03\x04 archive", "%PDF-1.7\n",
                                    "<?xml version=\"1.0\"?><svg xmlns=\"x\">", "RIFF....AVI "};
  seeds.emplace_back(
      "\0\0\0\x18"
      "ftypheic\0\0\0\0mif1heic",
      24);
  for (const hashing::test::Data& file : hashing::test::FilesToMutate()) {
    seeds.emplace_back(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min<std::size_t>(file.size(), 256)));
  }
  return seeds;
}
