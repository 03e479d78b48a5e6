// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/hash_pool.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <utility>

namespace kith::scan {
namespace {

// Inodes with several names that are remembered at a time; a farm of more is hashed again, which
// costs time and never an answer.
constexpr std::size_t kMaxLinks = 65'536;

}  // namespace

hashing::Fingerprint FingerprintWalked(WalkedFile& file, hashing::cage::CagedFingerprinter& cage,
                                       const HashPoolOptions& options) {
  Descriptor opened;
  if (file.kind == FileKind::kRegular) opened = OpenFile(file);
  if (file.kind == FileKind::kRegular && options.needs_exact) {
    return cage.OfFile(opened.get(), options.fingerprint, options.needs_exact);
  }
  if (file.kind == FileKind::kRegular) return cage.OfFile(opened.get(), options.fingerprint);
  hashing::Fingerprint fingerprint;
  fingerprint.disposition = file.kind == FileKind::kVanished ? hashing::Disposition::kVanished
                            : file.kind == FileKind::kNotRegular
                                ? hashing::Disposition::kNotRegular
                                : hashing::Disposition::kUnreadable;
  fingerprint.detail = file.detail;
  fingerprint.size_bytes = file.size_bytes;
  return fingerprint;
}

HashPool::HashPool(const HashPoolOptions& options, std::unique_ptr<Cage> cage) : options_(options) {
  for (int i = 1; i < options.threads; ++i) {
    threads_.emplace_back([this, own = cage->Another()] { Work(*own); });
  }
  threads_.emplace_back([this, own = std::move(cage)] { Work(*own); });
}

HashPool::~HashPool() { Cancel(); }

bool HashPool::Push(WalkedFile file) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return cancelled_ || slots_.size() < options_.window; });
  if (cancelled_) return false;
  auto slot = std::make_shared<Slot>();
  slot->result.file = std::move(file);
  slots_.push_back(std::move(slot));
  work_.notify_one();
  return true;
}

void HashPool::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  work_.notify_all();
  results_.notify_all();
}

void HashPool::Cancel() {
  stop_.request_stop();
  const std::lock_guard lock(mutex_);
  closed_ = true;
  cancelled_ = true;
  room_.notify_all();
  work_.notify_all();
  results_.notify_all();
}

HashPool::Popped HashPool::Pop(HashedFile& out, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto at_end = [this] {
    return slots_.empty() ? closed_
                          : cancelled_ && (!slots_.front()->begun || slots_.front()->given_up);
  };
  const auto ready = [&] { return at_end() || (!slots_.empty() && slots_.front()->done); };
  if (!results_.wait_for(lock, patience, ready)) return Popped::kNotYet;
  if (at_end()) return Popped::kEnd;
  out = std::move(slots_.front()->result);
  slots_.pop_front();
  --next_;
  room_.notify_one();
  return Popped::kFile;
}

std::shared_ptr<HashPool::Slot> HashPool::NextToDo(std::unique_lock<std::mutex>& lock) {
  while (true) {
    work_.wait(
        lock, [this] { return cancelled_ || !again_.empty() || next_ < slots_.size() || closed_; });
    if (cancelled_) return nullptr;
    if (!again_.empty()) {
      std::shared_ptr<Slot> slot = std::move(again_.front());
      again_.pop_front();
      slot->begun = true;
      return slot;
    }
    if (next_ == slots_.size()) return nullptr;
    std::shared_ptr<Slot> slot = slots_[next_++];
    slot->begun = true;
    if (!TakeFromLink(slot)) return slot;
  }
}

bool InodesTellFilesApart(std::uint64_t file_system_type) {
  // Some older headers lack these.
  constexpr std::uint64_t kFuse = 0x65735546;
  constexpr std::uint64_t kCifs = 0xFF534D42;
  constexpr std::uint64_t kSmb2 = 0xFE534D42;
  switch (file_system_type & 0xFFFF'FFFFU) {  // where it is signed
    case kFuse:
    case kCifs:
    case kSmb2:
    case SMB_SUPER_MAGIC:
    case V9FS_MAGIC:
      return false;
    default:
      return true;
  }
}

// Another file's fingerprint would be told of this one: what cannot be asked is not trusted.
bool HashPool::Trusts(const WalkedFile& file) {
  const auto found = trusted_.find(file.device);
  if (found != trusted_.end()) return found->second;
  struct statfs info {};
  const int failed = file.folder == nullptr ? ::statfs(file.name.c_str(), &info)
                                            : ::fstatfs(file.folder->get(), &info);
  return trusted_[file.device] =
             failed == 0 && InodesTellFilesApart(static_cast<std::uint64_t>(info.f_type));
}

HashPool::LinkKey HashPool::KeyOf(const WalkedFile& file) {
  return {file.device, file.inode, file.size_bytes, file.mtime_ns};
}

// True when the slot needs no reading: it got, or will get, the fingerprint of another name.
bool HashPool::TakeFromLink(const std::shared_ptr<Slot>& slot) {
  const WalkedFile& file = slot->result.file;
  if (file.kind != FileKind::kRegular || file.links < 2 || !Trusts(file)) return false;
  const LinkKey key = KeyOf(file);
  const auto found = links_.find(key);
  if (found == links_.end()) {
    if (links_.size() >= kMaxLinks) return false;
    Link& link = links_[key];
    link.being_made = true;
    link.seen = 1;
    return false;
  }
  Link& link = found->second;
  ++link.seen;
  if (link.fingerprint == nullptr && !link.being_made) {
    link.being_made = true;
    return false;
  }
  if (link.fingerprint == nullptr) {
    link.waiting.push_back(slot);
    return true;
  }
  slot->result.fingerprint = *link.fingerprint;
  slot->result.file.folder.reset();
  slot->done = true;
  if (link.seen >= file.links) links_.erase(found);
  results_.notify_one();
  return true;
}

// `walked` and `links` are those of the slot before it was read, which brought them up to date.
void HashPool::GiveToLink(const LinkKey& walked, std::uint64_t links, const Slot& slot) {
  const auto found = links_.find(walked);
  if (found == links_.end()) return;
  Link& link = found->second;
  // A name may have vanished since the walk, or stand for something else by now: that says nothing
  // of the other names, and the next one is tried.
  const bool same_file = KeyOf(slot.result.file) == walked;
  if (!same_file || !slot.result.fingerprint.digests.has_value()) {
    link.being_made = !link.waiting.empty();
    if (link.being_made) {
      link.waiting.front()->begun = false;
      again_.push_back(std::move(link.waiting.front()));
      link.waiting.pop_front();
      work_.notify_one();
    } else if (link.seen >= links) {
      links_.erase(found);
    }
    return;
  }
  auto shared = std::make_shared<hashing::Fingerprint>(slot.result.fingerprint);
  shared->times = {};  // spent once, and told by the name that was read
  link.fingerprint = std::move(shared);
  for (const std::shared_ptr<Slot>& other : link.waiting) {
    other->result.fingerprint = *link.fingerprint;
    other->result.file.kind = slot.result.file.kind;
    other->result.file.folder.reset();
    other->done = true;
  }
  link.waiting.clear();
  link.being_made = false;
  if (link.seen >= links) links_.erase(found);
}

void HashPool::Work(Cage& cage) {
  cage.StopWhen(stop_.get_token());
  std::unique_lock lock(mutex_);
  while (const std::shared_ptr<Slot> slot = NextToDo(lock)) {
    WalkedFile& file = slot->result.file;
    const LinkKey walked = KeyOf(file);
    const std::uint64_t links = file.links;
    lock.unlock();
    slot->result.fingerprint = FingerprintWalked(file, cage, options_);
    file.folder.reset();
    lock.lock();
    slot->given_up = cage.gave_up();
    if (links > 1) GiveToLink(walked, links, *slot);
    slot->done = true;
    results_.notify_all();
  }
}

}  // namespace kith::scan
