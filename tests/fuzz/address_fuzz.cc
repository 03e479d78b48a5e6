// SPDX-License-Identifier: Apache-2.0
// An address that is taken is on this machine, and reads back as it is written.
#include "server/net/address.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto address = kith::server::ParseAddress(std::string(data, data + size));
  if (!address.ok()) return 0;
  const auto again = kith::server::ParseAddress(address->ToString());
  FUZZ_CHECK(again.ok() && again->ToString() == address->ToString());
  if (address->kind == kith::server::Address::Kind::kTcp) {
    FUZZ_CHECK(address->host.starts_with("127.") || address->host == "::1");
  } else {
    FUZZ_CHECK(!address->path.empty() && address->path.size() <= kith::server::kMaxUnixPathBytes);
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {"127.0.0.1:7475", "[::1]:0", "localhost:65535", "unix:/run/kith/kith.sock", "0.0.0.0:1"};
}
