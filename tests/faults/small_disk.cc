// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/small_disk.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace kith::faults {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFillerBytes = 3 * SmallDisk::kSizeBytes;

// A name space of mounts of our own: as root, else as the root of a name space of users of our own.
bool EnterOwnMounts() {
  if (::unshare(CLONE_NEWNS) == 0) return true;
  const auto uid = ::getuid();
  const auto gid = ::getgid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
  std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  return true;
}

}  // namespace

SmallDisk::SmallDisk(const fs::path& folder) : folder_(folder) {
  fs::create_directories(folder_);
  if (EnterOwnMounts() && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) {
    const std::string size = "size=" + std::to_string(kSizeBytes + kFillerBytes) + ",mode=0700";
    is_mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  // Most of the room is taken by what MakeRoom takes away.
  if (is_mounted_) {
    std::ofstream(folder_ / "filler", std::ios::binary) << std::string(kFillerBytes, 'x');
  }
}

SmallDisk::~SmallDisk() {
  if (is_mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
}

end_to_end::Command SmallDisk::Limited(end_to_end::Command command) const {
  if (is_mounted_) return command;
  // A write beyond the limit is to fail, as on a full disk, and not to end the program.
  const std::vector<std::string> limit = {"env", "--ignore-signal=XFSZ", "prlimit",
                                          "--fsize=" + std::to_string(kSizeBytes) + ":unlimited",
                                          "--"};
  command.arguments.insert(command.arguments.begin(), limit.begin(), limit.end());
  return command;
}

void SmallDisk::MakeRoom(pid_t process) const {
  if (is_mounted_) {
    fs::remove(folder_ / "filler");
    return;
  }
  const rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  ::prlimit(process, RLIMIT_FSIZE, &unlimited, nullptr);
}

bool SmallDisk::MakeReadOnly() const {
  return is_mounted_ &&
         ::mount(nullptr, folder_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

}  // namespace kith::faults
