// SPDX-License-Identifier: Apache-2.0
#include "index/internal/huge_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <limits>
#include <string>

namespace kith::index::internal {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
// For what comes to the process, and to others, while the index is open.
constexpr std::uint64_t kSpareBytes = std::uint64_t{1} << 30;

std::atomic<std::uint64_t> taken_bytes{0};

// Without swapping, the page cache counted as free. All there is where the kernel does not say it.
std::uint64_t AvailableBytes() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::uint64_t kibibytes = 0;
  while (file >> key >> kibibytes) {
    if (key == "MemAvailable:") return kibibytes << 10;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

bool TakeHugePages(std::uint64_t bytes) {
  const std::uint64_t taken = taken_bytes.fetch_add(bytes) + bytes;
  if (taken + kSpareBytes <= AvailableBytes()) return true;
  taken_bytes -= bytes;
  return false;
}

void GiveBackHugePages(std::uint64_t bytes) { taken_bytes -= bytes; }

void* RoomForHugePages(std::size_t bytes) {
  const std::size_t reserved = bytes + kHugePageBytes;
  void* room =
      mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::uint8_t*>(room);
  const std::size_t before =
      (kHugePageBytes - reinterpret_cast<std::uintptr_t>(room) % kHugePageBytes) % kHugePageBytes;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t end = before + (bytes + page - 1) / page * page;
  if (before > 0) munmap(begin, before);
  if (end < reserved) munmap(begin + end, reserved - end);
  return begin + before;
}

}  // namespace kith::index::internal
