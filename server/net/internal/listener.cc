// SPDX-License-Identifier: Apache-2.0
#include "server/net/internal/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/net/descriptor.h"

namespace kith::server::internal {
namespace {

absl::Status Failed(const Address& address, int error) {
  const std::string where = absl::StrCat("listen on ", address.ToString());
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(
          where, ": the address is in use by another program; end it or give another address"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat(where, ": ", std::strerror(error)));
    default:
      return absl::FailedPreconditionError(absl::StrCat(where, ": ", std::strerror(error)));
  }
}

// Sockets are addressed through the one type sockaddr.
const sockaddr* AsSockaddr(const void* address) { return static_cast<const sockaddr*>(address); }

absl::StatusOr<int> OpenTcp(Address* address, int backlog) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const bool is_v4 = ::inet_pton(AF_INET, address->host.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, address->host.c_str(), &v6.sin6_addr) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address->host, "\" is no IP address"));
  }
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address->port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address->port);
  Descriptor fd(
      ::socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return Failed(*address, errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const int bound = is_v4 ? ::bind(fd.get(), AsSockaddr(&v4), sizeof(v4))
                          : ::bind(fd.get(), AsSockaddr(&v6), sizeof(v6));
  if (bound != 0 || ::listen(fd.get(), backlog) != 0) return Failed(*address, errno);
  socklen_t size = is_v4 ? sizeof(v4) : sizeof(v6);
  void* actual = is_v4 ? static_cast<void*>(&v4) : static_cast<void*>(&v6);
  if (::getsockname(fd.get(), static_cast<sockaddr*>(actual), &size) != 0) {
    return Failed(*address, errno);
  }
  address->port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
  return fd.Release();
}

sockaddr_un UnixAddress(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  return name;
}

// Removes what an earlier run left at the path, and nothing else.
absl::Status RemoveStale(const Address& address) {
  struct stat status {};
  if (::lstat(address.path.c_str(), &status) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(address, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "listen on ", address.ToString(), ": there is a file that is no socket; remove it first"));
  }
  if (status.st_uid != ::geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("listen on ", address.ToString(), ": the socket there is another user's"));
  }
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) return Failed(address, errno);
  const sockaddr_un name = UnixAddress(address.path);
  // A full backlog (EAGAIN) is somebody's too; only a refused connection tells of a dead one.
  if (::connect(probe.get(), AsSockaddr(&name), sizeof(name)) == 0 || errno != ECONNREFUSED) {
    return Failed(address, EADDRINUSE);
  }
  if (::unlink(address.path.c_str()) != 0 && errno != ENOENT) return Failed(address, errno);
  return absl::OkStatus();
}

absl::StatusOr<int> OpenUnix(const Address& address, int backlog) {
  if (address.path.empty() || address.path.size() > kMaxUnixPathBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        address.ToString(), ": a Unix socket's path has 1 to ", kMaxUnixPathBytes, " bytes"));
  }
  if (absl::Status status = RemoveStale(address); !status.ok()) return status;
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return Failed(address, errno);
  const sockaddr_un name = UnixAddress(address.path);
  if (::bind(fd.get(), AsSockaddr(&name), sizeof(name)) != 0) return Failed(address, errno);
  // Before listen(), so that nobody gets in with the mode that the umask gave.
  if (::chmod(address.path.c_str(), 0600) != 0 || ::listen(fd.get(), backlog) != 0) {
    const int error = errno;
    ::unlink(address.path.c_str());
    return Failed(address, error);
  }
  return fd.Release();
}

}  // namespace

absl::StatusOr<int> OpenListener(Address* address, int backlog) {
  return address->kind == Address::Kind::kUnix ? OpenUnix(*address, backlog)
                                               : OpenTcp(address, backlog);
}

}  // namespace kith::server::internal
