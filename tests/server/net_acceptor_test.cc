// SPDX-License-Identifier: Apache-2.0
// The listener under attack. What was handed over is closed, or kept, by the test itself.
#include "server/net/acceptor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace kith::server {
namespace {

using std::chrono::milliseconds;

int ConnectTcp(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* address = &name;
  EXPECT_EQ(::connect(fd, static_cast<const sockaddr*>(address), sizeof(name)), 0);
  return fd;
}

int ConnectUnix(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const void* address = &name;
  EXPECT_EQ(::connect(fd, static_cast<const sockaddr*>(address), sizeof(name)), 0);
  return fd;
}

bool Soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return false;
}

// True when the other side has closed.
bool IsClosed(int fd) {
  char byte = 0;
  timeval patience{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  return ::recv(fd, &byte, 1, 0) <= 0;
}

// Keeps what is handed over.
class Taker {
 public:
  ~Taker() { CloseAll(); }
  Acceptor::HandOver HandOver() {
    return [this](int, int fd) {
      const std::lock_guard<std::mutex> lock(mutex_);
      fds_.push_back(fd);
    };
  }
  std::size_t size() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return fds_.size();
  }
  std::vector<int> fds() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return fds_;
  }
  std::size_t CloseAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : fds_) ::close(fd);
    const std::size_t count = fds_.size();
    fds_.clear();
    return count;
  }

 private:
  std::mutex mutex_;
  std::vector<int> fds_;
};

Address AnyPort() {
  Address address;
  address.host = "127.0.0.1";
  return address;
}
Address Unix(const std::string& path) {
  Address address;
  address.kind = Address::Kind::kUnix;
  address.path = path;
  return address;
}

class AcceptorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = "/tmp/kith-acceptor-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(AcceptorTest, HandsOverWhatDoesNotBlockAndIsNotInherited) {
  Taker taker;
  Acceptor acceptor({}, taker.HandOver());
  const auto tcp = acceptor.Listen(AnyPort());
  ASSERT_TRUE(tcp.ok()) << tcp.status();
  EXPECT_NE(tcp->port, 0);
  const auto in_folder = acceptor.Listen(Unix(folder_ + "/s"));
  ASSERT_TRUE(in_folder.ok()) << in_folder.status();
  const int a = ConnectTcp(tcp->port);
  const int b = ConnectUnix(folder_ + "/s");
  ASSERT_TRUE(Soon([&] { return taker.size() == 2; }));
  for (const int fd : taker.fds()) {
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
  ::close(a);
  ::close(b);
}

TEST_F(AcceptorTest, OneMoreThanTheCapIsClosedAndAClosedOneMakesRoom) {
  Taker taker;
  Acceptor acceptor({.max_connections = 3}, taker.HandOver());
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  std::vector<int> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(ConnectTcp(address->port));
  ASSERT_TRUE(Soon([&] { return taker.size() == 3; }));
  const int refused = ConnectTcp(address->port);
  EXPECT_TRUE(IsClosed(refused));
  taker.CloseAll();
  // Whether some were closed is not looked at for each connection.
  EXPECT_TRUE(Soon([&] {
    clients.push_back(ConnectTcp(address->port));
    return taker.size() >= 1;
  }));
  for (const int fd : clients) ::close(fd);
  ::close(refused);
}

TEST_F(AcceptorTest, CountsTheConnectionsThatAreOpen) {
  Taker taker;
  Acceptor acceptor({}, taker.HandOver());
  const auto address = acceptor.Listen(Unix(folder_ + "/s"));
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(acceptor.OpenConnections(), 0);
  const int a = ConnectUnix(folder_ + "/s");
  const int b = ConnectUnix(folder_ + "/s");
  ASSERT_TRUE(Soon([&] { return taker.size() == 2; }));
  EXPECT_EQ(acceptor.OpenConnections(), 2);
  // The number of a closed one may be that of another file soon.
  const int closed = taker.fds().front();
  ASSERT_EQ(::dup2(STDERR_FILENO, closed), closed);
  EXPECT_EQ(acceptor.OpenConnections(), 1);
  acceptor.Stop();
  EXPECT_EQ(acceptor.OpenConnections(), 1);
  taker.CloseAll();
  EXPECT_EQ(acceptor.OpenConnections(), 0);
  ::close(a);
  ::close(b);
}

TEST_F(AcceptorTest, ANumberThatComesAgainCountsOnce) {
  std::atomic<int> taken = 0;
  Acceptor acceptor({.max_connections = 2}, [&taken](int, int fd) {
    ::close(fd);
    ++taken;
  });
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  for (int i = 1; i <= 100; ++i) {
    const int fd = ConnectTcp(address->port);
    ASSERT_TRUE(Soon([&] { return taken.load() == i; }));
    ::close(fd);
  }
}

TEST_F(AcceptorTest, APortInUseIsSaid) {
  Taker taker;
  Acceptor acceptor({}, taker.HandOver());
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  const auto again = acceptor.Listen(*address);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(std::string(again.status().message()).find(address->ToString()), std::string::npos);
}

TEST_F(AcceptorTest, AUnixSocketIsForThisUserOnly) {
  const mode_t old = ::umask(0);
  Taker taker;
  Acceptor acceptor({}, taker.HandOver());
  const std::string path = folder_ + "/s";
  ASSERT_TRUE(acceptor.Listen(Unix(path)).ok());
  ::umask(old);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  acceptor.Stop();
  EXPECT_NE(::stat(path.c_str(), &status), 0);
}

TEST_F(AcceptorTest, OnlyADeadSocketIsReplaced) {
  const std::string path = folder_ + "/s";
  Taker taker;
  {
    // Bound and closed: what a killed process leaves.
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, path.data(), path.size());
    const void* address = &name;
    ASSERT_EQ(::bind(fd, static_cast<const sockaddr*>(address), sizeof(name)), 0);
    ::close(fd);
  }
  Acceptor first({}, taker.HandOver());
  ASSERT_TRUE(first.Listen(Unix(path)).ok());
  Acceptor second({}, taker.HandOver());
  EXPECT_EQ(second.Listen(Unix(path)).status().code(), absl::StatusCode::kAlreadyExists);
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "evidence";
  EXPECT_EQ(second.Listen(Unix(file)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
}

// After accept() has failed for want of descriptors, the connections that waited are taken as soon
// as there are some again.
TEST_F(AcceptorTest, GoesOnAfterDescriptorsHaveRunOut) {
  Taker taker;
  Acceptor acceptor({.backoff_ms = 10}, taker.HandOver());
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  constexpr std::size_t kClients = 30;
  std::vector<int> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(::socket(AF_INET, SOCK_STREAM, 0));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // Five more than what is open now.
  const rlimit tight{static_cast<rlim_t>(clients.back()) + 6, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(address->port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const void* where = &name;
  for (const int fd : clients) {
    EXPECT_EQ(::connect(fd, static_cast<const sockaddr*>(where), sizeof(name)), 0);
  }
  EXPECT_TRUE(Soon([&] { return taker.size() >= 5; }));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(taker.size(), kClients);
  std::size_t taken = 0;
  EXPECT_TRUE(Soon([&] {
    taken += taker.CloseAll();
    return taken >= kClients;
  }));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  for (const int fd : clients) ::close(fd);
}

// A listener whose accept() always fails, and which always looks as if somebody waited.
TEST_F(AcceptorTest, AnErrorThatLastsDoesNotTurnInCircles) {
  std::atomic<int> listener = -1;
  Acceptor acceptor({}, [&listener](int listener_fd, int fd) {
    ::close(fd);
    listener = listener_fd;
  });
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  const int client = ConnectTcp(address->port);
  ASSERT_TRUE(Soon([&] { return listener.load() >= 0; }));
  ASSERT_EQ(::shutdown(listener.load(), SHUT_RD), 0);  // accept() says EINVAL from now on
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
  };
  const auto before = used();
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(used() - before, 50);  // of a processor, not of the clock: load does not add to it
  ::close(client);
}

TEST_F(AcceptorTest, StopEndsTheListeningOnly) {
  Taker taker;
  Acceptor acceptor({}, taker.HandOver());
  const auto address = acceptor.Listen(AnyPort());
  ASSERT_TRUE(address.ok());
  const int client = ConnectTcp(address->port);
  ASSERT_TRUE(Soon([&] { return taker.size() == 1; }));
  acceptor.Stop();
  acceptor.Stop();
  EXPECT_EQ(::send(taker.fds()[0], "x", 1, MSG_NOSIGNAL), 1);
  char byte = 0;
  EXPECT_EQ(::recv(client, &byte, 1, 0), 1);
  Acceptor next({}, taker.HandOver());
  EXPECT_TRUE(next.Listen(*address).ok());
  ::close(client);
}

}  // namespace
}  // namespace kith::server
