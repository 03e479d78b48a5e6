// SPDX-License-Identifier: Apache-2.0
#include "hashing/cage/internal/worker_path.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kith::hashing::cage::internal {
namespace {

constexpr char kName[] = "kith-decode";

bool CanRun(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

absl::StatusOr<std::string> FindWorkerOf(const std::string& program) {
  const std::filesystem::path folder = std::filesystem::path(program).parent_path();
  const std::filesystem::path beside = folder / kName;
  if (CanRun(beside)) return beside.string();
  const std::filesystem::path elsewhere = folder.parent_path() / "libexec" / "kith" / kName;
  if (CanRun(elsewhere)) return elsewhere.string();
  return absl::NotFoundError(absl::StrCat("the program that decodes pictures is missing: neither ",
                                          beside.string(), " nor ", elsewhere.string(),
                                          " can be run; install Kith whole"));
}

absl::StatusOr<std::string> FindWorker() {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) {
    return absl::NotFoundError("cannot tell where this program lies, to find " +
                               std::string(kName) +
                               " beside it: /proc/self/exe: " + error.message());
  }
  return FindWorkerOf(self.string());
}

}  // namespace kith::hashing::cage::internal
