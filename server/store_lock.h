// SPDX-License-Identifier: Apache-2.0
//
// Purpose: let one process hold a store, and tell the second one who holds it.
//
// Thread-safety: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace kith::server {

// Who holds a store, as the lock file tells it.
struct StoreHolder {
  int pid = 0;
  std::string program;  // "kithd", "kith check"
  std::string address;  // "unix:PATH"; empty: it has not said yet
};

// For people: "kithd (pid 7)". Whatever else holds the lock has not said who it is: then where to
// look, "a program that has not said who it is (fuser /x/lock tells)".
[[nodiscard]] std::string HolderText(const StoreHolder& holder, const std::string& store_dir);

// The lock of a store: at most one process holds it, and the kernel gives it up when that process
// ends, however it ends. The file STORE/lock (mode 0600) names the holder for whoever comes second.
// Not thread-safe.
class StoreLock {
 public:
  // What came of trying: the lock, or who holds it.
  struct Attempt {
    std::unique_ptr<StoreLock> lock;
    StoreHolder holder = {};  // where `lock` is null
    bool is_new = false;      // there is no store in the folder yet
    // What others than the owner may do to the store, and the remedy; mostly empty.
    std::string open_to_others = {};
  };

  // Tries once, never waits. With `create` a missing folder is made, mode 0700; an empty one that
  // others may enter is closed to them. Without, nothing is written into a folder that is no store;
  // and never is a file changed that merely has the name of the lock.
  // Errors: NOT_FOUND, FAILED_PRECONDITION (no folder, read-only, other files where a store is to
  // be made), PERMISSION_DENIED, RESOURCE_EXHAUSTED for a full disk.
  [[nodiscard]] static absl::StatusOr<Attempt> TryAcquire(const std::string& store_dir, bool create,
                                                          const std::string& program);
  // Gives the store up.
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

  // The store's folder, absolute and without links.
  [[nodiscard]] const std::string& store_dir() const { return store_dir_; }

  // Where the holder can be spoken to: STORE/kith.sock or, where that is too long for a Unix
  // socket, one in a folder of its own (mode 0700) that goes with the lock.
  [[nodiscard]] absl::StatusOr<std::string> SocketPath();

  // Writes where the holder listens into the lock file.
  [[nodiscard]] absl::Status Announce(const std::string& address);

 private:
  StoreLock(int fd, std::string store_dir, std::string program);
  [[nodiscard]] static absl::StatusOr<Attempt> Take(int fd, std::string folder,
                                                    const std::string& program, bool is_new);
  [[nodiscard]] absl::Status Write(const std::string& address);

  int fd_;
  std::string store_dir_;
  std::string program_;
  std::string short_folder_;
};

}  // namespace kith::server
