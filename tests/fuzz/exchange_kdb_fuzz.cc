// SPDX-License-Identifier: Apache-2.0
// Whatever a hash database of Autopsy holds, its reader ends, and what it hands over is sound.
#include "tests/fuzz/exchange_fuzz.h"
#include "tools/exchange/writers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return kith::fuzz::ReadFileAs("kdb", data, size);
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {BytesOfFile([](const std::string& path) {
    auto writer = kith::exchange::FindOutFormat("kdb")->make(nullptr, path);
    FUZZ_CHECK(writer.ok() && (*writer)->Begin({}).ok());
    for (char c = 'a'; c < 'e'; ++c) {
      kith::exchange::Entry entry;
      entry.mutable_digests()->set_md5(std::string(16, c));
      entry.mutable_digests()->set_sha1(std::string(20, c));
      FUZZ_CHECK((*writer)->Add(entry).ok());
    }
    FUZZ_CHECK((*writer)->End().ok());
  })};
}
