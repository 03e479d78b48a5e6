// SPDX-License-Identifier: Apache-2.0
// A run of digests is taken or refused by name, and what is taken unchecked is read within its
// bounds.
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "index/internal/digest_run.h"
#include "tests/fuzz/fuzz.h"

namespace {

using kith::index::DigestKind;
using kith::index::internal::DigestRow;
using kith::index::internal::DigestRun;
using kith::index::internal::DigestRunWriter;
using kith::index::internal::RunCursor;

// Everything that is done with a run; its answers may be nonsense, its reads not.
void Read(const DigestRun& run) {
  const std::array<std::string_view, 3> digests = {
      std::string_view("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
      std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
                       "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
      std::string_view("\x01zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")};
  std::uint64_t sum = 0;
  run.Find(digests, [&](std::size_t query, std::uint64_t entry) { sum += query + entry; });
  RunCursor cursor(run);
  DigestRow row;
  std::uint64_t rows = 0;
  while (cursor.Next(row)) ++rows;
  FUZZ_CHECK(rows == run.rows() && sum + 1 != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // With the checksum of its header put right, so that what is behind it is reached, too.
  constexpr std::size_t kChecksumAt = 4088;
  std::string file(reinterpret_cast<const char*>(data), size);
  if (size > kChecksumAt + sizeof(std::uint64_t) && size % 2 == 0) {
    const std::uint64_t right = XXH3_64bits(file.data(), kChecksumAt);
    std::memcpy(file.data() + kChecksumAt, &right, sizeof(right));
  }
  // A file of a name, as a link such as /proc/self/fd/N is not followed.
  static const std::string path = "/dev/shm/kith_digest_run_fuzz." + std::to_string(::getpid());
  std::ofstream(path, std::ios::binary) << file;
  for (const bool verify : {false, true}) {
    const auto run = DigestRun::Open(path, verify);
    if (run.ok()) {
      Read(**run);
    } else {
      FUZZ_CHECK(run.status().message().find(path) != std::string_view::npos);
    }
  }
  ::unlink(path.c_str());
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds;
  const std::string path = "/dev/shm/kith_digest_run_seed." + std::to_string(::getpid());
  for (const std::uint64_t rows : {0, 3, 40, 200}) {
    for (const DigestKind kind : {DigestKind::kMd5, DigestKind::kSha256}) {
      const auto writer = DigestRunWriter::Create(path, kind, 16, rows, 3 * rows);
      FUZZ_CHECK(writer.ok());
      DigestRow row;
      for (row.entry = 0; row.entry < rows; ++row.entry) {
        row.digest[0] = row.entry < 100 ? 'a' : static_cast<std::uint8_t>(row.entry);
        FUZZ_CHECK((*writer)->Append(row).ok());
      }
      FUZZ_CHECK((*writer)->Finish().ok());
      std::ifstream file(path, std::ios::binary);
      seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  ::unlink(path.c_str());
  return seeds;
}
