// SPDX-License-Identifier: Apache-2.0
//
// Purpose: fingerprint files on several threads and keep their order.
//
// Thread-safety: one thread pushes, one pops; Cancel may come from any. The functions beside it may
// be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <tuple>
#include <vector>

#include "hashing/cage/caged_fingerprinter.h"
#include "hashing/fingerprint.h"
#include "tools/scan/walk.h"

namespace kith::scan {

struct HashedFile {
  WalkedFile file;  // its folder is let go
  hashing::Fingerprint fingerprint;
};

struct HashPoolOptions {
  hashing::FingerprintOptions fingerprint;
  // Of an approximate fingerprint, where `fingerprint` asks for fast ones: whether it has to be
  // made again exactly. Called by the threads of the pool, several at once.
  hashing::cage::CagedFingerprinter::NeedsExact needs_exact = {};
  int threads = 1;
  // Files between Push and Pop, the bound of memory and of open folders.
  std::size_t window = 512;
};

// Fingerprints files on several threads and gives them back in the order they came. One thread
// pushes, one pops; they may be the same as long as it pushes no more than `window` ahead.
// Files of one inode (hard links, unchanged in size and time) are read once, where the file system
// numbers its files itself; where a name cannot be read, the next is tried. Each thread has a
// worker of its own that decodes its pictures in a cage. The times of such a fingerprint stand at
// the name that was read, and are zero at the others.
class HashPool {
 public:
  using Cage = hashing::cage::CagedFingerprinter;

  // `cage` is for the first thread, others of its kind for the others.
  HashPool(const HashPoolOptions& options, std::unique_ptr<Cage> cage);
  // Cancels and waits for the files that are being read.
  ~HashPool();
  HashPool(const HashPool&) = delete;
  HashPool& operator=(const HashPool&) = delete;

  // Waits while the window is full. False after Cancel: the file was not taken.
  bool Push(WalkedFile file);
  // No more files will come.
  void Close();
  // Begins no further file, and gives up those of which much is still to be read. What is finished
  // is given back, as far as no file comes before it that is not.
  void Cancel();

  enum class Popped { kFile, kNotYet, kEnd };
  // The next file in order, waiting at most `patience` for it.
  Popped Pop(HashedFile& out, std::chrono::milliseconds patience);

 private:
  struct Slot {
    HashedFile result;
    bool begun = false;
    bool done = false;
    bool given_up = false;  // done, and nothing to give back
  };
  // What is known of an inode with several names; device, inode, size, time of change.
  using LinkKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t>;
  struct Link {
    std::shared_ptr<const hashing::Fingerprint>
        fingerprint;  // of the first name that could be read
    bool being_made = false;
    std::deque<std::shared_ptr<Slot>> waiting;  // while it is being made
    std::uint64_t seen = 0;
  };

  void Work(Cage& cage);
  std::shared_ptr<Slot> NextToDo(std::unique_lock<std::mutex>& lock);
  bool TakeFromLink(const std::shared_ptr<Slot>& slot);
  bool Trusts(const WalkedFile& file);
  void GiveToLink(const LinkKey& walked, std::uint64_t links, const Slot& slot);
  [[nodiscard]] static LinkKey KeyOf(const WalkedFile& file);

  const HashPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable room_;     // a slot was popped, or all is over
  std::condition_variable work_;     // a slot was pushed, or all is over
  std::condition_variable results_;  // a slot is done, or all is over
  std::deque<std::shared_ptr<Slot>> slots_;
  std::size_t next_ = 0;                     // in slots_: the first that no thread has begun
  std::deque<std::shared_ptr<Slot>> again_;  // of slots_: waited in vain for another name
  bool closed_ = false;
  bool cancelled_ = false;
  std::stop_source stop_;  // of the files that are being read
  std::map<LinkKey, Link> links_;
  std::map<std::uint64_t, bool> trusted_;  // by device
  std::vector<std::jthread> threads_;
};

// Whether equal inodes mean one file, by the type of the file system (statfs). Behind FUSE a
// program numbers them, and one that gives all its files one number is allowed; 9p and SMB hand on
// numbers that repeat where the other side exports several disks. Pure.
[[nodiscard]] bool InodesTellFilesApart(std::uint64_t file_system_type);

// The fingerprint of one file, by its kind and, where it is regular, its bytes.
[[nodiscard]] hashing::Fingerprint FingerprintWalked(WalkedFile& file,
                                                     hashing::cage::CagedFingerprinter& cage,
                                                     const HashPoolOptions& options);

}  // namespace kith::scan
