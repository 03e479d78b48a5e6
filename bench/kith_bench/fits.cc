// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/fits.h"

#include <fmt/core.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace kith::bench {
namespace {

// Of each engine in memory, the most bytes a code that a run had resident (peak_bytes), with the
// codes and labels as they were handed over, rounded up.
struct InMemory {
  std::string_view engine;
  std::size_t bytes_per_code;
};
constexpr InMemory kInMemory[] = {{"scan", 150},
                                  {"mih", 260},
                                  {"mih-batch", 260},
                                  {"faiss-flat", 150},
                                  {"faiss-multihash", 480},
                                  {"faiss-hnsw", 480}};

// Of a segment file: rows on their way into it, which are gone when the last part is written.
constexpr std::size_t kSpooledBytes = 48;
// The whole file, more than FORMAT.md promises.
std::size_t FileBytes(std::size_t count) {
  constexpr std::size_t kSizePromisedFrom = 100000000;
  return count >= kSizePromisedFrom ? 73 : 140;
}

// Beyond it a run of all engines in memory takes hours, most of them for FAISS.
constexpr std::size_t kInFileFrom = 50000000;
// The rest is for the queries, their answers and the kernel.
constexpr double kUsableShare = 0.9;

double Gigabytes(std::uint64_t bytes) { return 1e-9 * static_cast<double>(bytes); }

}  // namespace

Room Room::Now(const std::string& dir) {
  Room room;
  std::ifstream memory("/proc/meminfo");
  for (std::string line; std::getline(memory, line);) {
    std::istringstream words(line);
    std::string key;
    std::uint64_t kibibytes = 0;
    words >> key >> kibibytes;
    if (key == "MemAvailable:") room.memory_bytes = kibibytes << 10;
  }
  struct statvfs disk {};
  if (::statvfs(dir.c_str(), &disk) == 0) {
    room.disk_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  }
  return room;
}

Need NeedOf(std::string_view engine, std::size_t count, std::size_t memory_bytes) {
  const auto* const known = std::find_if(std::begin(kInMemory), std::end(kInMemory),
                                         [&](const InMemory& one) { return one.engine == engine; });
  if (known != std::end(kInMemory)) {
    return {.memory_bytes = count * known->bytes_per_code, .disk_bytes = 0};
  }
  Need need{.memory_bytes = memory_bytes,
            .disk_bytes = count * std::max(kSpooledBytes, FileBytes(count))};
  // The file is read into memory as a whole once it is written.
  if (engine == "mih-file-resident") {
    need.memory_bytes = std::max<std::uint64_t>(need.memory_bytes, count * FileBytes(count));
  }
  return need;
}

absl::Status CheckRoom(std::string_view engine, std::size_t count, const Need& need,
                       const Room& room, const std::string& dir) {
  // A small run needs no leave: the numbers above are for large ones.
  constexpr std::size_t kSmall = 1000000;
  if (count <= kSmall) return absl::OkStatus();
  if (static_cast<double>(need.memory_bytes) >
      kUsableShare * static_cast<double>(room.memory_bytes)) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} of {} codes takes some {:.1f} GB of memory and {:.1f} GB are free; use mih-file, which "
        "keeps them in a file, or fewer codes",
        engine, count, Gigabytes(need.memory_bytes), Gigabytes(room.memory_bytes)));
  }
  if (need.disk_bytes > room.disk_bytes) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} of {} codes takes some {:.1f} GB in {} and {:.1f} GB are free; give another folder "
        "with --dir, or fewer codes",
        engine, count, Gigabytes(need.disk_bytes), dir, Gigabytes(room.disk_bytes)));
  }
  return absl::OkStatus();
}

std::vector<std::string> DefaultEngines(std::size_t count) {
  if (count >= kInFileFrom) return {"mih-file"};
  return {"scan", "mih", "mih-batch", "faiss-flat", "faiss-multihash"};
}

}  // namespace kith::bench
