// SPDX-License-Identifier: Apache-2.0
#include "index/internal/huge_array.h"

#include <sys/mman.h>

#include <new>

namespace kith::index::internal {

HugeMemory::HugeMemory(std::size_t bytes) : bytes_(bytes) {
  // The largest page that Linux gives for the asking on x86-64 and arm64 with 4 KiB pages.
  constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
  if (bytes == 0) return;
  data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data_ == MAP_FAILED) {
    data_ = nullptr;
    throw std::bad_alloc();
  }
  // A wish: without huge pages everything works, only slower.
  if (bytes >= kHugePageBytes) (void)madvise(data_, bytes, MADV_HUGEPAGE);
}

HugeMemory::~HugeMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

}  // namespace kith::index::internal
