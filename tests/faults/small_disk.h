// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/process.h"

namespace kith::faults {

// A folder that fills up. Where the system lets us, a tmpfs of its own, seen by this process and
// its children only; else a limit on the size of files, at which writing fails in the same places.
class SmallDisk {
 public:
  static constexpr std::size_t kSizeBytes = 5U << 20;

  // Mounts on `folder`, which is made. Call before any thread is started.
  explicit SmallDisk(const std::filesystem::path& folder);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // The command line of a program that is to feel the limit.
  [[nodiscard]] end_to_end::Command Limited(end_to_end::Command command) const;
  // Makes room again, three times as much, for a process that runs, too.
  void MakeRoom(pid_t process) const;
  // From now on nothing can be written to it. False where nothing could be mounted.
  [[nodiscard]] bool MakeReadOnly() const;

 private:
  const std::filesystem::path folder_;
  bool is_mounted_ = false;
};

}  // namespace kith::faults
