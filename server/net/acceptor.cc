// SPDX-License-Identifier: Apache-2.0
#include "server/net/acceptor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/net/internal/listener.h"

namespace kith::server {
namespace {

namespace asio = boost::asio;

// Counts the connections that others have taken over and will close without telling: an open
// descriptor still names the socket it was accepted as.
class ConnectionTable {
 public:
  explicit ConnectionTable(int max) : max_(static_cast<std::size_t>(max)) {}

  // False when the table is full. A number that comes again means that the old one was closed.
  bool Add(int fd) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const ino_t inode = InodeOf(fd);
    if (open_.size() >= max_ && !open_.contains(fd)) Sweep();
    if (open_.size() >= max_ && !open_.contains(fd)) return false;
    open_[fd] = inode;
    return true;
  }

  int Count() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ForgetClosed();
    return static_cast<int>(open_.size());
  }

 private:
  static ino_t InodeOf(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
  }

  void ForgetClosed() {
    std::erase_if(open_, [](const auto& entry) { return InodeOf(entry.first) != entry.second; });
  }

  // A flood against a full table must not cost a walk of the table a connection.
  void Sweep() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_sweep_ < std::chrono::milliseconds(10)) return;
    last_sweep_ = now;
    ForgetClosed();
  }

  const std::size_t max_;
  std::mutex mutex_;
  std::unordered_map<int, ino_t> open_;
  std::chrono::steady_clock::time_point last_sweep_;
};

bool PeerIsOurs(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

class Acceptor::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(const AcceptorOptions& options, HandOver hand_over)
      : options_(options), hand_over_(std::move(hand_over)), table_(options.max_connections) {}

  void Start() {
    thread_ = std::thread([this] { context_.run(); });
  }

  absl::StatusOr<Address> Listen(const Address& address) {
    Address bound = address;
    absl::StatusOr<int> fd = internal::OpenListener(&bound, options_.backlog);
    if (!fd.ok()) return fd.status();
    auto listener = std::make_shared<Listener>(context_, *fd, bound);
    asio::post(context_, [self = shared_from_this(), listener] {
      self->listeners_.push_back(listener);
      self->Wait(listener);
    });
    return bound;
  }

  int OpenConnections() { return table_.Count(); }

  void Stop() {
    const std::lock_guard<std::mutex> lock(stop_mutex_);
    if (!thread_.joinable()) return;
    asio::post(context_, [this] {
      for (const auto& listener : listeners_) {
        if (listener->address.kind == Address::Kind::kUnix) {
          ::unlink(listener->address.path.c_str());
        }
        listener->timer.cancel();
        boost::system::error_code ignored;
        listener->descriptor.close(ignored);
      }
      listeners_.clear();
      work_.reset();
    });
    thread_.join();
  }

 private:
  struct Listener {
    Listener(asio::io_context& context, int fd, Address where)
        : descriptor(context, fd), timer(context), address(std::move(where)) {}
    asio::posix::stream_descriptor descriptor;
    asio::steady_timer timer;
    Address address;
  };

  void Wait(const std::shared_ptr<Listener>& listener) {
    listener->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [self = shared_from_this(), listener](const boost::system::error_code& error) {
          if (!error) self->AcceptAll(listener);
        });
  }

  // accept4 itself, since Asio's accept leaves a moment in which a program that is being started
  // inherits the connection.
  void AcceptAll(const std::shared_ptr<Listener>& listener) {
    const int listener_fd = listener->descriptor.native_handle();
    // A bounded round, so that a flood on one address leaves the others their turn.
    for (int round = 0; round < 64; ++round) {
      const int fd = ::accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        Take(listener, fd);
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      // This concerns only the one connection that was lost.
      if (errno == ECONNABORTED || errno == EINTR) continue;
      // Out of descriptors or memory, for now: the connection waits in the backlog, and so do we.
      // So too with whatever else may last: at once it would only fail again.
      return WaitABit(listener);
    }
    Wait(listener);
  }

  void WaitABit(const std::shared_ptr<Listener>& listener) {
    listener->timer.expires_after(std::chrono::milliseconds(options_.backoff_ms));
    listener->timer.async_wait(
        [self = shared_from_this(), listener](const boost::system::error_code& error) {
          if (!error) self->Wait(listener);
        });
  }

  void Take(const std::shared_ptr<Listener>& listener, int fd) {
    const bool is_unix = listener->address.kind == Address::Kind::kUnix;
    if ((is_unix && !PeerIsOurs(fd)) || !table_.Add(fd)) {
      ::close(fd);
      return;
    }
    if (!is_unix) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    hand_over_(listener->descriptor.native_handle(), fd);
  }

  const AcceptorOptions options_;
  const HandOver hand_over_;
  ConnectionTable table_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::vector<std::shared_ptr<Listener>> listeners_;  // of the thread
  std::mutex stop_mutex_;
  std::thread thread_;
};

Acceptor::Acceptor(const AcceptorOptions& options, HandOver hand_over)
    : impl_(std::make_shared<Impl>(options, std::move(hand_over))) {
  impl_->Start();
}
Acceptor::~Acceptor() { Stop(); }
absl::StatusOr<Address> Acceptor::Listen(const Address& address) { return impl_->Listen(address); }
int Acceptor::OpenConnections() { return impl_->OpenConnections(); }
void Acceptor::Stop() { impl_->Stop(); }

}  // namespace kith::server
