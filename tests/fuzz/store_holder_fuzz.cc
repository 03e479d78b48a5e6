// SPDX-License-Identifier: Apache-2.0
// Whatever stands in the lock of a store that is held: it is read as somebody, and the lock stays
// his.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "server/store_lock.h"
#include "tests/fuzz/fuzz.h"

namespace {

// A store that is held for as long as the process lives.
class HeldStore {
 public:
  HeldStore() {
    FUZZ_CHECK(::mkdtemp(folder_.data()) != nullptr);
    fd_ = ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    FUZZ_CHECK(fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0);
  }
  ~HeldStore() {
    ::unlink((folder_ + "/lock").c_str());
    ::rmdir(folder_.c_str());
  }
  HeldStore(const HeldStore&) = delete;
  HeldStore& operator=(const HeldStore&) = delete;

  void Say(const std::uint8_t* data, std::size_t size) const {
    FUZZ_CHECK(::ftruncate(fd_, 0) == 0);
    FUZZ_CHECK(::pwrite(fd_, data, size, 0) == static_cast<ssize_t>(size));
  }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::string folder_ = "/dev/shm/kith_store_holder_fuzz.XXXXXX";
  int fd_ = -1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const HeldStore store;
  store.Say(data, size);
  const auto attempt = kith::server::StoreLock::TryAcquire(store.folder(), false, "fuzz");
  FUZZ_CHECK(attempt.ok() && attempt->lock == nullptr);
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::string& said : {attempt->holder.program, attempt->holder.address}) {
    FUZZ_CHECK(said.find('\n') == std::string::npos && text.find(said) != std::string::npos);
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {"pid 7\nprogram kithd\naddress unix:/srv/kith/kith.sock\n", "pid 7\nprogram kith check\n",
          "pid -99999999999999999999\naddress \n", ""};
}
