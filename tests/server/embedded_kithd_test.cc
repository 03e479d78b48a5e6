// SPDX-License-Identifier: Apache-2.0
// kithd as a process: its start and end, its errors, and its port under attack.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "server/connect.h"
#include "server/rpc/channel.h"
#include "tests/server/child_process.h"

namespace kith::server {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<Engine>> NoEngine(const EngineOptions&) {
  return absl::InternalError("this test opens no store itself");
}

class KithdTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = "/tmp/kith-kithd-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> Command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command = {KITH_FAKE_KITHD, "--store", folder_ + "/store", "--listen",
                                        "127.0.0.1:0"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  // Starts it and connects to the port it names.
  void Start(const std::vector<std::string>& more = {}, rlim_t max_files = 0) {
    kithd_ = std::make_unique<ChildProcess>(Command(more), max_files);
    ASSERT_TRUE(kithd_->WaitFor("listening on")) << kithd_->output();
    ASSERT_TRUE(kithd_->WaitFor("\n"));
    address_ = kithd_->After("listening on ", ",");
    ConnectOptions options;
    options.server = address_;
    auto connection = ConnectWith(options, NoEngine);
    ASSERT_TRUE(connection.ok()) << connection.status();
    connection_ = *std::move(connection);
  }

  grpc::Status GetAgency(const std::string& name, int timeout_ms = 20'000) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + milliseconds(timeout_ms));
    v1::GetAgencyRequest request;
    request.set_name(name);
    v1::GetAgencyResponse response;
    return v1::CatalogService::NewStub(connection_->channel())
        ->GetAgency(&context, request, &response);
  }

  int ConnectRaw() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(ParseAddress(address_)->port);
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* address = &name;
    EXPECT_EQ(::connect(fd, static_cast<const sockaddr*>(address), sizeof(name)), 0);
    return fd;
  }

  // A client of its own connection: what somebody new sees.
  bool ANewClientIsAnswered() const {
    ConnectOptions options;
    options.server = address_;
    return ConnectWith(options, NoEngine).ok();
  }

  std::string folder_;
  std::unique_ptr<ChildProcess> kithd_;
  std::string address_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(KithdTest, NamesItsAddressesServesAndEndsInOrder) {
  Start({"--unix", folder_ + "/other.sock"});
  EXPECT_THAT(kithd_->output(), HasSubstr("unix:" + folder_ + "/other.sock"));
  EXPECT_THAT(kithd_->output(), HasSubstr("unix:" + folder_ + "/store/kith.sock"));
  // A mistyped --store would recognize nothing for ever.
  EXPECT_THAT(kithd_->output(), HasSubstr("making a new, empty store at " + folder_ + "/store"));
  EXPECT_TRUE(GetAgency("x").ok());
  kithd_->Signal(SIGTERM);
  EXPECT_EQ(kithd_->Exit(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/other.sock"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/store/kith.sock"));
}

TEST_F(KithdTest, ARunningCallEndsBeforeIt) {
  Start();
  auto call = std::async(std::launch::async, [this] { return GetAgency("500"); });
  ASSERT_TRUE(kithd_->WaitFor("begun: 500")) << kithd_->output();
  kithd_->Signal(SIGINT);
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(kithd_->Exit(), 0);
}

TEST_F(KithdTest, TheSecondSignalEndsItAtOnce) {
  Start();
  auto call = std::async(std::launch::async, [this] { return GetAgency("15000"); });
  ASSERT_TRUE(kithd_->WaitFor("begun: 15000")) << kithd_->output();
  kithd_->Signal(SIGTERM);
  ASSERT_TRUE(kithd_->WaitFor("letting running calls end")) << kithd_->output();
  kithd_->Signal(SIGTERM);
  EXPECT_EQ(kithd_->Exit(), 130);
  EXPECT_EQ(call.get().error_code(), grpc::UNAVAILABLE);
}

TEST_F(KithdTest, ASignalWhileLoadingEndsIt) {
  ChildProcess kithd({KITH_FAKE_KITHD, "--store", folder_ + "/slow-load", "--listen", ""});
  ASSERT_TRUE(kithd.WaitFor("loading: ")) << kithd.output();
  kithd.Signal(SIGTERM);
  EXPECT_EQ(kithd.Exit(), 0);
}

TEST_F(KithdTest, SetUpErrorsExitWithTwoAndSayWhy) {
  Start();
  const struct {
    std::vector<std::string> more;
    const char* says;
  } cases[] = {
      {{"--lissten", "x"}, "--help"},
      {{"--listen", "0.0.0.0:1"}, "mutual TLS"},
      {{"--threads", "many"}, "whole number"},
      {{"--config", "/none.toml"}, "/none.toml"},
      {{}, "held by fake_kithd"},
      {{"--store", folder_ + "/second", "--listen", address_}, "in use"},
      {{"--store", folder_ + "/broken"}, "the store is broken"},
      {{"--store", "/proc/none"}, "/proc/none"},
  };
  for (const auto& one : cases) {
    std::vector<std::string> command = {KITH_FAKE_KITHD, "--store", folder_ + "/store", "--listen",
                                        "127.0.0.1:0"};
    // A later value of an option takes the place of an earlier one.
    for (std::size_t i = 0; i + 1 < one.more.size(); i += 2) {
      if (one.more[i] == "--store")
        command[2] = one.more[i + 1];
      else if (one.more[i] == "--listen")
        command[4] = one.more[i + 1];
      else
        command.insert(command.end(), {one.more[i], one.more[i + 1]});
    }
    ChildProcess kithd(command);
    EXPECT_EQ(kithd.Exit(), 2) << one.says;
    EXPECT_THAT(kithd.output(), HasSubstr(one.says));
  }
}

TEST_F(KithdTest, LogsJsonAndTellsADescriptorThatItIsReady) {
  kithd_ = std::make_unique<ChildProcess>(
      Command({"--log-format", "json", "--log-level", "error", "--ready-fd", "2"}));
  ASSERT_TRUE(kithd_->WaitFor("unix:" + folder_ + "/store/kith.sock\n")) << kithd_->output();
  const std::string line = kithd_->output().substr(0, kithd_->output().find('\n'));
  const auto json = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(json.is_object()) << line;
  EXPECT_EQ(json["level"], "info");
  EXPECT_THAT(json["message"].get<std::string>(), HasSubstr("listening on 127.0.0.1:"));
}

// They went into the log and onto the terminal as they were.
TEST_F(KithdTest, PrintsNoEscapeCodes) {
  for (const char* format : {"text", "json"}) {
    std::vector<std::string> command = Command({"--log-format", format});
    command[2] = folder_ + "/q\x1b[31m";
    ChildProcess kithd(command);
    ASSERT_TRUE(kithd.WaitFor("listening on")) << kithd.output();
    ChildProcess second(command);
    EXPECT_EQ(second.Exit(), 2);
    EXPECT_THAT(second.output(), HasSubstr("q\\x1B[31m is held by"));
    EXPECT_EQ(second.output().find('\x1b'), std::string::npos) << second.output();
    kithd.Signal(SIGTERM);
    EXPECT_EQ(kithd.Exit(), 0);
    EXPECT_EQ(kithd.output().find('\x1b'), std::string::npos) << kithd.output();
    EXPECT_THAT(kithd.output(),
                HasSubstr(format == std::string("text") ? "loading store " + folder_ + "/q\\x1B[31m"
                                                        : "q\\u001b[31m"));
  }
  std::vector<std::string> flag = Command({"--x\x1b[31m"});
  ChildProcess kithd(flag);
  EXPECT_EQ(kithd.Exit(), 2);
  EXPECT_EQ(kithd.output().find('\x1b'), std::string::npos) << kithd.output();
}

// CVE-2023-4785: gRPC's own listener never accepts again once descriptors have run out.
TEST_F(KithdTest, AFloodOfConnectionsIsSurvived) {
  Start({}, 64);
  std::vector<int> flood;
  for (int i = 0; i < 200; ++i) flood.push_back(ConnectRaw());
  // The client that was there goes on.
  EXPECT_TRUE(GetAgency("x").ok());
  for (const int fd : flood) ::close(fd);
  EXPECT_TRUE(ANewClientIsAnswered());
  EXPECT_TRUE(GetAgency("x").ok());
}

TEST_F(KithdTest, GarbageHalfOpenAndIdleConnectionsHurtNobody) {
  Start();
  std::vector<int> raw;
  for (int i = 0; i < 100; ++i) {
    const int fd = ConnectRaw();
    const std::string garbage = i % 3 == 0   ? std::string(10'000, '\xff')
                                : i % 3 == 1 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                             : "PRI * HTTP/2.0\r\n\r\nSM\r\n";
    ::send(fd, garbage.data(), garbage.size(), MSG_NOSIGNAL);
    if (i % 2 == 0) ::shutdown(fd, SHUT_WR);
    raw.push_back(fd);
    // Some end with a reset.
    if (i % 5 == 0) {
      const linger at_once{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      ::close(fd);
      raw.pop_back();
    }
  }
  for (int i = 0; i < 20; ++i) raw.push_back(ConnectRaw());
  EXPECT_TRUE(GetAgency("x").ok());
  EXPECT_TRUE(ANewClientIsAnswered());
  for (const int fd : raw) ::close(fd);
  EXPECT_TRUE(GetAgency("x").ok());
}

}  // namespace
}  // namespace kith::server
