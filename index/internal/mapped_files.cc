// SPDX-License-Identifier: Apache-2.0
#include "index/internal/mapped_files.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <climits>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string_view>

#include "index/unreadable_pages.h"

namespace kith::index {
namespace internal {
namespace {

constexpr std::string_view kSuspect = ".suspect";

// `begin` is set last and cleared first: who sees it sees the rest.
struct Slot {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};
  std::array<char, PATH_MAX> mark{};  // the path of the mark
};

constexpr int kSlots = 512;
std::array<Slot, kSlots> slots;  // pages that no file needs are never touched
std::mutex slots_mutex;          // of those who write
struct sigaction earlier;        // who had the signal before

void Say(std::string_view text) {
  // Nothing is to be done about a failure: the process is about to end.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

// Only what a signal handler may do.
void Mark(const Slot& slot) {
  const std::string_view mark(slot.mark.data());
  Say("kith: ");
  Say(mark.substr(0, mark.size() - kSuspect.size()));
  Say(": the disk did not give a page of it. The next start reads it whole, and makes it anew from"
      " the catalog if it cannot be read.\n");
  const int fd = ::open(slot.mark.data(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  // The machine may be the next to end.
  ::fsync(fd);
  ::close(fd);
}

void OnBusError(int signal, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  // Positive: of the kernel, about an address.
  for (const Slot& slot : slots) {
    if (info->si_code <= 0) break;
    const std::uintptr_t begin = slot.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin || address >= slot.end.load(std::memory_order_relaxed)) {
      continue;
    }
    Mark(slot);
    break;
  }
  // The instruction is tried again, and meets who had the signal before.
  ::sigaction(SIGBUS, &earlier, nullptr);
  if (info->si_code <= 0) ::raise(signal);
}

}  // namespace

MappedFile::MappedFile(const void* data, std::size_t bytes, const std::string& path) {
  if (data == nullptr || bytes == 0 || path.size() + kSuspect.size() >= PATH_MAX) return;
  const std::lock_guard lock(slots_mutex);
  for (int i = 0; i < kSlots; ++i) {
    Slot& slot = slots[static_cast<std::size_t>(i)];
    if (slot.begin.load(std::memory_order_relaxed) != 0) continue;
    std::memcpy(slot.mark.data(), path.data(), path.size());
    std::memcpy(slot.mark.data() + path.size(), kSuspect.data(), kSuspect.size());
    slot.mark[path.size() + kSuspect.size()] = '\0';
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    slot.end.store(begin + bytes, std::memory_order_relaxed);
    slot.begin.store(begin, std::memory_order_release);
    slot_ = i;
    return;
  }
}

MappedFile::~MappedFile() {
  if (slot_ < 0) return;
  const std::lock_guard lock(slots_mutex);
  slots[static_cast<std::size_t>(slot_)].begin.store(0, std::memory_order_release);
}

std::string SuspectMark(const std::string& path) { return path + std::string(kSuspect); }

bool IsSuspect(const std::string& path) { return ::access(SuspectMark(path).c_str(), F_OK) == 0; }

void ForgetSuspect(const std::string& path) { (void)::unlink(SuspectMark(path).c_str()); }

}  // namespace internal

void MarkUnreadableFiles() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = internal::OnBusError;
    action.sa_flags = SA_SIGINFO;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(SIGBUS, &action, &internal::earlier);
  });
}

}  // namespace kith::index
