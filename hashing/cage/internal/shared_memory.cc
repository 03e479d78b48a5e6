// SPDX-License-Identifier: Apache-2.0
#include "hashing/cage/internal/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

namespace kith::hashing::cage::internal {
namespace {

// Of Linux 6.3: never to be executed. An older kernel does not know it.
constexpr unsigned kNoExecSeal = 0x0008U;

int MakeDescriptor() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int descriptor = memfd_create("kith-picture", kFlags | kNoExecSeal);
  return descriptor >= 0 ? descriptor : memfd_create("kith-picture", kFlags);
}

// Reserves the memory now: where there is none, writing to it later would end this process.
bool Reserve(int descriptor, off_t size) {
  int result = 0;
  do {
    result = fallocate(descriptor, 0, 0, size);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

constexpr int kFixedSize = F_SEAL_SHRINK | F_SEAL_GROW;

// The mapping of this process stays writable; Linux before 5.1 cannot do that.
bool SealForWriting(int descriptor) {
  return fcntl(descriptor, F_ADD_SEALS, kFixedSize | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}
bool SealSize(int descriptor) {
  return fcntl(descriptor, F_ADD_SEALS, kFixedSize | F_SEAL_SEAL) == 0;
}

}  // namespace

std::unique_ptr<SharedMemory> SharedMemory::Make(std::uint64_t size) {
  const int descriptor = MakeDescriptor();
  if (descriptor < 0) return nullptr;
  void* memory = MAP_FAILED;
  if (Reserve(descriptor, static_cast<off_t>(size))) {
    memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  }
  const bool read_only = memory != MAP_FAILED && SealForWriting(descriptor);
  if (memory == MAP_FAILED || (!read_only && !SealSize(descriptor))) {
    if (memory != MAP_FAILED) munmap(memory, size);
    close(descriptor);
    return nullptr;
  }
  // Evidence is not for core dumps.
  madvise(memory, size, MADV_DONTDUMP);
  return std::make_unique<SharedMemory>(
      descriptor, std::span(static_cast<std::uint8_t*>(memory), static_cast<std::size_t>(size)),
      read_only);
}

SharedMemory::~SharedMemory() {
  munmap(bytes_.data(), bytes_.size());
  close(descriptor_);
}

}  // namespace kith::hashing::cage::internal
