// SPDX-License-Identifier: Apache-2.0
// A configuration file is taken whole or refused with a reason that can be shown.
#include <sys/mman.h>
#include <unistd.h>

#include "server/settings.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = memfd_create("kith.toml", MFD_CLOEXEC);
  FUZZ_CHECK(fd >= 0);
  FUZZ_CHECK(write(fd, data, size) == static_cast<ssize_t>(size));
  const auto settings = kith::server::Settings::Resolve(
      {{"KITH_CONFIG", "/proc/self/fd/" + std::to_string(fd)}, {"HOME", "/nonexistent"}}, {});
  close(fd);
  if (settings.ok()) {
    for (const auto& spec : kith::server::AllSettings()) {
      FUZZ_CHECK(!settings->Get(spec.name).origin.empty());
    }
  } else {
    FUZZ_CHECK(!settings.status().message().empty());
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {"[store]\ndir = \"/var/lib/kith\"\n[server]\nlisten = [\"127.0.0.1:7475\"]\n",
          "store.dir = '~/x' # where\n", "[index]\nengine = \"mih\"\n",
          "a = {b = [1, 2.5, 1979-05-27]}"};
}
