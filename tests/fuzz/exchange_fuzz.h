// SPDX-License-Identifier: Apache-2.0
//
// What the fuzzers of the readers share: the bytes as a file of one format, and what must hold of
// all that a reader hands over.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/tools/exchange_samples.h"
#include "tools/exchange/formats.h"

namespace kith::fuzz {

class CheckingSink final : public exchange::Sink {
 public:
  absl::Status Take(exchange::Entry entry, const exchange::Place& place) override {
    (void)exchange::PlaceText(place);
    const v1::Digests& digests = entry.digests();
    FUZZ_CHECK(digests.md5().empty() || digests.md5().size() == 16);
    FUZZ_CHECK(digests.sha1().empty() || digests.sha1().size() == 20);
    FUZZ_CHECK(digests.sha256().empty() || digests.sha256().size() == 32);
    FUZZ_CHECK(entry.codes_size() <= 64);
    for (const v1::Code& code : entry.codes()) FUZZ_CHECK(code.pdq().size() == 32);
    FUZZ_CHECK(entry.carried().data().size() <= exchange::kMaxRecordBytes);
    return absl::OkStatus();
  }
  absl::Status TakeBack(const std::string& source_ref, const std::string&,
                        const exchange::Place&) override {
    FUZZ_CHECK(!source_ref.empty());
    return absl::OkStatus();
  }
  absl::Status Problem(const exchange::Place&, std::string reason) override {
    FUZZ_CHECK(!reason.empty());
    return absl::OkStatus();
  }
  void Note(std::string_view what) override { FUZZ_CHECK(!what.empty()); }
  void Carry(exchange::Carried carried) override {
    FUZZ_CHECK(carried.data().size() <= exchange::kMaxFileCarriedBytes);
  }
};

inline int ReadAs(const char* format, const std::uint8_t* data, std::size_t size) {
  CheckingSink sink;
  auto source = exchange::Source::OfBytes(std::string(reinterpret_cast<const char*>(data), size));
  const auto head = source.Head();
  if (head.ok()) (void)exchange::Recognise(*head);
  exchange::ReadOptions options;
  options.purpose = size % 2 == 0 ? v1::PURPOSE_KNOWN : v1::PURPOSE_BENIGN;
  (void)exchange::FindFormat(format)->read(source, options, sink);
  return 0;
}

// For formats whose library opens the file by itself.
inline int ReadFileAs(const char* format, const std::uint8_t* data, std::size_t size) {
  std::string path = "/tmp/kith-fuzz-XXXXXX";
  const int file = ::mkstemp(path.data());
  if (file < 0) return 0;
  const bool written = ::write(file, data, size) == static_cast<ssize_t>(size);
  ::close(file);
  if (written) {
    CheckingSink sink;
    exchange::ReadOptions options;
    options.purpose = v1::PURPOSE_BENIGN;
    auto source = exchange::Source::Open(path);
    if (source.ok()) (void)exchange::FindFormat(format)->read(*source, options, sink);
  }
  ::unlink(path.c_str());
  return 0;
}

// The samples of a format.
inline std::vector<std::string> SeedsOf(const std::string& format) {
  std::vector<std::string> seeds;
  for (test::Sample& sample : test::Samples()) {
    if (sample.format == format) seeds.push_back(std::move(sample.bytes));
  }
  return seeds;
}

// The bytes of the file that `make` makes under the name that it is given.
template <typename Make>
std::string BytesOfFile(const Make& make) {
  std::string folder = "/tmp/kith-seed-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return "";
  const std::string path = folder + "/seed";
  make(path);
  std::string bytes;
  {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
  return bytes;
}

}  // namespace kith::fuzz
