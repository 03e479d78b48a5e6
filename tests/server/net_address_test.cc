// SPDX-License-Identifier: Apache-2.0
#include "server/net/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kith::server {
namespace {

TEST(AddressTest, TakesLoopbackAndUnixSockets) {
  const std::pair<const char*, const char*> good[] = {
      {"127.0.0.1:7475", "127.0.0.1:7475"},
      {"localhost:0", "127.0.0.1:0"},
      {"LOCALHOST:1", "127.0.0.1:1"},
      {"127.9.8.7:65535", "127.9.8.7:65535"},
      {"[::1]:80", "[::1]:80"},
      {"unix:/run/kith.sock", "unix:/run/kith.sock"},
      {"unix:///run/k", "unix:/run/k"},
      {"unix:relative", "unix:relative"},
  };
  for (const auto& [text, written] : good) {
    const auto address = ParseAddress(text);
    ASSERT_TRUE(address.ok()) << address.status();
    EXPECT_EQ(address->ToString(), written);
    EXPECT_EQ(ParseAddress(address->ToString())->ToString(), written);
  }
}

TEST(AddressTest, RefusesAllElseAndSaysWhatWouldBeRight) {
  const std::string bad[] = {"",
                             "7475",
                             ":7475",
                             "0.0.0.0:7475",
                             "[::]:7475",
                             "10.0.0.1:7475",
                             "192.168.1.1:1",
                             "128.0.0.1:1",
                             "example.org:1",
                             "localhost.example.org:1",
                             "[::ffff:10.0.0.1]:1",
                             "::1:80",
                             "127.0.0.1:",
                             "127.0.0.1:65536",
                             "127.0.0.1:-1",
                             "127.0.0.1: 1",
                             "127.0.0.1:1x",
                             "127.1:80",
                             "unix:",
                             "unix:/" + std::string(107, 'x'),
                             std::string("unix:/a\0b", 9),
                             "dns:///example.org:1"};
  for (const std::string& text : bad) {
    const auto address = ParseAddress(text);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(address.status().message()), ::testing::HasSubstr("127.0.0.1:7475"));
  }
  EXPECT_THAT(std::string(ParseAddress("10.0.0.1:1").status().message()),
              ::testing::HasSubstr("mutual TLS"));
}

}  // namespace
}  // namespace kith::server
