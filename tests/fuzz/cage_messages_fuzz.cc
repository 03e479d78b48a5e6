// SPDX-License-Identifier: Apache-2.0
// A worker that was taken over may send anything: what is taken must be exactly what a message
// says, and what is refused must leave nothing behind.
#include "hashing/internal/cage_messages.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/mutants.h"

namespace internal = kith::hashing::internal;
using kith::hashing::Fingerprint;

namespace {

// The first byte chooses the question; the rest is the worker's answer to it.
internal::CageRequest RequestOf(std::uint8_t choice) {
  internal::CageRequest request;
  request.sequence = 7;
  request.size_bytes = 1000;
  request.options.full = (choice & 1) != 0;
  request.options.cli512 = (choice & 2) != 0;
  request.options.orientations = (choice & 4) != 0;
  request.options.fast = (choice & 8) != 0;
  return request;
}

std::string Text(const internal::Message& message) { return {message.begin(), message.end()}; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> all(data, size);
  if (const auto hello = internal::ReadHello(all)) {
    FUZZ_CHECK(internal::ReadHello(internal::WriteHello(*hello)) == hello);
  }
  if (const auto request = internal::ReadRequest(all)) {
    const internal::Message again = internal::WriteRequest(*request);
    FUZZ_CHECK(Text(again) == std::string(all.begin(), all.end()));
  }
  if (size == 0) return 0;
  const internal::CageRequest request = RequestOf(data[0]);
  Fingerprint print;
  // Only of a JPEG an answer may be approximate.
  print.format = request.options.fast ? kith::hashing::Format::kJpeg : kith::hashing::Format::kPng;
  print.size_bytes = request.size_bytes;
  if (!internal::ReadAnswer(all.subspan(1), request, print)) {
    FUZZ_CHECK(print.views.empty() && print.width == 0 && print.detail.empty());
    return 0;
  }
  FUZZ_CHECK(print.views.size() <= kith::hashing::kMaxViews);
  FUZZ_CHECK(print.detail.size() <= internal::kMaxDetailBytes);
  FUZZ_CHECK(!print.approximate || (request.options.fast && print.views.size() == 1));
  Fingerprint again;
  again.format = print.format;
  again.size_bytes = print.size_bytes;
  FUZZ_CHECK(internal::ReadAnswer(internal::WriteAnswer(request.sequence, print), request, again));
  FUZZ_CHECK(again.disposition == print.disposition && again.views.size() == print.views.size());
  FUZZ_CHECK(again.approximate == print.approximate);
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds = {Text(internal::WriteHello({.measures = 5})),
                                    Text(internal::WriteRequest(RequestOf(7)))};
  for (const hashing::test::Data& file : hashing::test::FilesToMutate()) {
    for (const std::uint8_t choice : {1, 3, 7, 9, 15}) {
      const internal::CageRequest request = RequestOf(choice);
      const Fingerprint print = hashing::FingerprintBytes(file, request.options);
      seeds.push_back(static_cast<char>(choice) + Text(internal::WriteAnswer(7, print)));
    }
  }
  return seeds;
}
