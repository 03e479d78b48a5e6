// SPDX-License-Identifier: Apache-2.0
// The list of the runs of digests is refused, or read and written back the same. What is fuzzed is
// what stands in its sections; that they lie within the file is the business of digest_run_fuzz.cc.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <system_error>

#include "index/internal/digest_manifest.h"
#include "tests/fuzz/fuzz.h"

namespace {

using kith::index::internal::DigestManifest;
using kith::index::internal::FileKind;
using kith::index::internal::ManifestPath;
using kith::index::internal::ReadManifest;
using kith::index::internal::SectionFile;
using kith::index::internal::SectionFileWriter;
using kith::index::internal::WriteManifest;

constexpr FileKind kKind = {.magic = "KithDigM", .version = 2};
constexpr std::size_t kStateBytes = 24;

// A folder that is gone when the process ends.
class TempFolder {
 public:
  TempFolder() { FUZZ_CHECK(::mkdtemp(path_.data()) != nullptr); }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/dev/shm/kith_digest_manifest_fuzz.XXXXXX";
};

const std::string& Folder() {
  static const TempFolder folder;
  return folder.path();
}

std::string FileNow() {
  std::ifstream file(ManifestPath(Folder()), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The state, then of the marks and the runs the length in a byte before each, then the notes.
void WriteSections(std::span<const std::uint8_t> bytes) {
  const auto take = [&bytes](std::size_t length) {
    const auto piece = bytes.first(std::min(length, bytes.size()));
    bytes = bytes.subspan(piece.size());
    return piece;
  };
  auto file = SectionFileWriter::Create(ManifestPath(Folder()), kKind);
  FUZZ_CHECK(file.ok());
  const auto write = [&](const char* name, std::span<const std::uint8_t> piece) {
    FUZZ_CHECK((*file)->Begin(name).ok() && (*file)->Append(piece).ok());
  };
  write("state", take(kStateBytes));
  for (const char* name : {"mark", "touched", "runs"}) {
    const auto length = take(1);
    write(name, take(length.empty() ? 0 : length.front()));
  }
  write("withdrawn", bytes);
  FUZZ_CHECK((*file)->Finish().ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  WriteSections({data, size});
  const auto manifest = ReadManifest(Folder());
  if (manifest.ok()) {
    FUZZ_CHECK(WriteManifest(Folder(), *manifest).ok());
    const std::string once = FileNow();
    const auto again = ReadManifest(Folder());
    FUZZ_CHECK(again.ok() && WriteManifest(Folder(), *again).ok() && FileNow() == once);
  } else {
    FUZZ_CHECK(manifest.status().message().find(Folder()) != std::string_view::npos);
  }
  std::filesystem::remove(ManifestPath(Folder()));
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (const DigestManifest& manifest :
       {DigestManifest{}, DigestManifest{.change = 9,
                          .mark = "9 ab",
                          .touched_mark = "8 cd",
                          .next_number = 5,
                          .epoch = 2,
                          .runs = {{.number = 1, .rows = 3, .checked = {}, .kind = 0, .epoch = 1},
                                   {.number = 4, .rows = 7, .checked = {}, .kind = 2, .epoch = 2}},
                          .withdrawn = {{.entry = 3, .live_since = 1}}}}) {
    FUZZ_CHECK(WriteManifest(Folder(), manifest).ok());
    const auto file = SectionFile::Open(ManifestPath(Folder()), kKind);
    FUZZ_CHECK(file.ok());  // of the version that is written above
    std::string seed;
    for (const char* name : {"state", "mark", "touched", "runs", "withdrawn"}) {
      const auto section = (*file)->Section(name);
      FUZZ_CHECK(section.ok());
      const bool told = std::string_view(name) != "state" && std::string_view(name) != "withdrawn";
      if (told) seed += static_cast<char>(section->size());
      seed.append(section->begin(), section->end());
    }
    seeds.push_back(seed);
  }
  std::filesystem::remove(ManifestPath(Folder()));
  return seeds;
}
