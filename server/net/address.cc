// SPDX-License-Identifier: Apache-2.0
#include "server/net/address.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace kith::server {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";

absl::Status Refuse(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", absl::CEscape({text.data(), text.size()}),
                   "\": ", absl::string_view(why.data(), why.size()),
                   "; give HOST:PORT on loopback, as 127.0.0.1:7475, or unix:PATH"));
}

absl::StatusOr<Address> ParseUnix(std::string_view text) {
  Address address;
  address.kind = Address::Kind::kUnix;
  address.path = text.substr(kUnixPrefix.size());
  // gRPC's own spelling of an absolute path is unix:///x.
  if (address.path.rfind("///", 0) == 0) address.path.erase(0, 2);
  if (address.path.empty()) return Refuse(text, "no path after unix:");
  if (address.path.find('\0') != std::string::npos) return Refuse(text, "a path holds no zero");
  if (address.path.size() > kMaxUnixPathBytes) {
    return Refuse(text, "the path is longer than the 107 bytes of a Unix socket");
  }
  return address;
}

// The host as a number when it is loopback, else empty.
std::string LoopbackNumber(const std::string& host) {
  if (absl::AsciiStrToLower(host) == "localhost") return "127.0.0.1";
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127 ? host : "";
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    static constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                               0, 0, 0, 0, 0, 0, 0, 1};
    for (std::size_t i = 0; i < kLoopback.size(); ++i) {
      if (v6.s6_addr[i] != kLoopback[i]) return "";
    }
    return "::1";
  }
  return "";
}

}  // namespace

std::string Address::ToString() const {
  if (kind == Kind::kUnix) return absl::StrCat("unix:", path);
  if (host.find(':') != std::string::npos) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  if (text.substr(0, kUnixPrefix.size()) == kUnixPrefix) return ParseUnix(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Refuse(text, "no port");
  std::string host(text.substr(0, colon));
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return Refuse(text, "an IPv6 address stands in brackets, as [::1]:7475");
  }
  if (host.empty()) return Refuse(text, "no host");
  const std::string_view digits = text.substr(colon + 1);
  Address address;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return Refuse(text, "a port is a number from 0 to 65535");
  }
  address.host = LoopbackNumber(host);
  if (address.host.empty()) {
    return Refuse(text,
                  "only loopback (127.0.0.0/8, ::1, localhost) and Unix sockets are spoken over "
                  "until there is mutual TLS");
  }
  return address;
}

}  // namespace kith::server
