// SPDX-License-Identifier: Apache-2.0
#include "hashing/digest.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace kith::hashing {
namespace {

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// RFC 1321 and FIPS 180-4.
TEST(Digest, KnownValues) {
  const Digests none = DigestsOf({});
  EXPECT_EQ(DigestHex(none.md5), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(DigestHex(none.sha1), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(DigestHex(none.sha256),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const Digests abc = DigestsOf(Bytes("abc"));
  EXPECT_EQ(DigestHex(abc.md5), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(DigestHex(abc.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(DigestHex(abc.sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const Digests million = DigestsOf(std::vector<std::uint8_t>(1000000, 'a'));
  EXPECT_EQ(DigestHex(million.sha256),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, PiecesOfAnyLengthGiveTheSame) {
  std::vector<std::uint8_t> bytes(200001);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i >> 3);
  Digester digester;
  for (std::size_t at = 0, step = 1; at < bytes.size(); step = step * 3 + 1) {
    const std::size_t count = std::min(step, bytes.size() - at);
    digester.Update(std::span(bytes).subspan(at, count));
    at += count;
  }
  EXPECT_EQ(digester.Finish(), DigestsOf(bytes));
  // And then anew.
  digester.Update(Bytes("abc"));
  EXPECT_EQ(digester.Finish(), DigestsOf(Bytes("abc")));
}

}  // namespace
}  // namespace kith::hashing
