// SPDX-License-Identifier: Apache-2.0
// The program kith-decode: started by the cage, useless by hand.
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "hashing/internal/hash_picture.h"
#include "hashing/worker/serve.h"

int main() {
  int type = 0;
  socklen_t size = sizeof(type);
  if (getsockopt(kith::hashing::worker::kChannel, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    static constexpr char kWhat[] =
        "kith-decode decodes pictures for kith, which starts it; it is of no use by hand\n";
    (void)!write(STDERR_FILENO, kWhat, std::strlen(kWhat));
    return 2;
  }
  // No destructors of libraries: some of them would want what the cage forbids.
  _exit(kith::hashing::worker::Serve(kith::hashing::worker::kChannel,
                                     kith::hashing::internal::HashPicture));
}
