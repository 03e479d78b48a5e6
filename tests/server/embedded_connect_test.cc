// SPDX-License-Identifier: Apache-2.0
// The ways to an engine: in this process, in another that holds the store, behind an address.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/match.grpc.pb.h"
#include "server/connect.h"
#include "tests/server/child_process.h"
#include "tests/server/fake_engine.h"

namespace kith::server {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

grpc::Status GetAgency(const Connection& connection, const std::string& name) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::GetAgencyRequest request;
  request.set_name(name);
  v1::GetAgencyResponse response;
  return v1::CatalogService::NewStub(connection.channel())->GetAgency(&context, request, &response);
}

class ConnectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = "/tmp/kith-connect-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    options_.store_dir = folder_ + "/store";
    options_.program = "test";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  EngineFactory Fakes() {
    return [this](const EngineOptions&) -> absl::StatusOr<std::unique_ptr<Engine>> {
      ++opened_;
      auto engine = std::make_unique<FakeEngine>();
      engine->on_call = on_call_;
      return engine;
    };
  }

  std::string folder_;
  ConnectOptions options_;
  std::atomic<int> opened_ = 0;
  std::function<absl::Status(const std::string&)> on_call_ = [](const std::string&) {
    return absl::OkStatus();
  };
};

TEST_F(ConnectTest, TheFirstHoldsTheStoreAndTheSecondSpeaksToIt) {
  auto first = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE((*first)->is_holder());
  EXPECT_THAT((*first)->description(), HasSubstr(folder_));
  auto second = ConnectWith(options_, Fakes());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_FALSE((*second)->is_holder());
  EXPECT_THAT((*second)->description(),
              HasSubstr("held by test (pid " + std::to_string(::getpid()) + ")"));
  EXPECT_EQ(opened_.load(), 1);
  EXPECT_TRUE(GetAgency(**first, "x").ok());
  EXPECT_TRUE(GetAgency(**second, "x").ok());
  first->reset();
  EXPECT_EQ(GetAgency(**second, "x").error_code(), grpc::UNAVAILABLE);
  EXPECT_FALSE(std::filesystem::exists(options_.store_dir + "/kith.sock"));
  auto third = ConnectWith(options_, Fakes());
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_TRUE((*third)->is_holder());
}

TEST_F(ConnectTest, AStoreWithALongPathIsSharedToo) {
  options_.store_dir = folder_ + "/" + std::string(150, 'x');
  auto first = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = ConnectWith(options_, Fakes());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(GetAgency(**second, "x").ok());
}

TEST_F(ConnectTest, WhoComesWhileItLoadsWaits) {
  std::promise<void> loading;
  std::promise<void> release;
  auto slow = [&](const EngineOptions& options) {
    loading.set_value();
    release.get_future().wait();
    return Fakes()(options);
  };
  auto first = std::async(std::launch::async, [&] { return ConnectWith(options_, slow); });
  loading.get_future().wait();
  ConnectOptions hasty = options_;
  hasty.timeout_ms = 2000;
  const auto too_early = ConnectWith(hasty, Fakes());
  EXPECT_EQ(too_early.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(too_early.status().message()), HasSubstr("loading"));
  auto second = std::async(std::launch::async, [&] { return ConnectWith(options_, Fakes()); });
  EXPECT_EQ(second.wait_for(milliseconds(100)), std::future_status::timeout);
  release.set_value();
  const auto held = first.get();
  ASSERT_TRUE(held.ok()) << held.status();
  const auto waited = second.get();
  ASSERT_TRUE(waited.ok()) << waited.status();
  EXPECT_FALSE((*waited)->is_holder());
}

TEST_F(ConnectTest, OfManyAtOnceOneHoldsAndAllAreAnswered) {
  std::vector<std::future<int>> clients;
  std::promise<void> all_connected;
  const std::shared_future<void> done = all_connected.get_future().share();
  std::atomic<int> connected = 0;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::async(std::launch::async, [&] {
      auto connection = ConnectWith(options_, Fakes());
      EXPECT_TRUE(connection.ok()) << connection.status();
      EXPECT_TRUE(GetAgency(**connection, "x").ok());
      if (++connected == 8) all_connected.set_value();
      done.wait();
      return (*connection)->is_holder() ? 1 : 0;
    }));
  }
  int holders = 0;
  for (auto& client : clients) holders += client.get();
  EXPECT_EQ(holders, 1);
  EXPECT_EQ(opened_.load(), 1);
}

TEST_F(ConnectTest, TheHolderEndsAfterTheCallsOfOthers) {
  std::promise<void> begun;
  on_call_ = [&begun](const std::string&) {
    begun.set_value();
    std::this_thread::sleep_for(milliseconds(300));
    return absl::OkStatus();
  };
  auto first = ConnectWith(options_, Fakes());
  auto second = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok() && second.ok());
  auto call = std::async(std::launch::async, [&] { return GetAgency(**second, "x"); });
  begun.get_future().wait();
  first->reset();
  EXPECT_TRUE(call.get().ok());
}

TEST_F(ConnectTest, TheHolderEndsAfterTheConnectionsOfOthers) {
  std::promise<void> waits;
  ConnectOptions staying = options_;
  staying.others_wait = [&waits] { waits.set_value(); };
  auto first = ConnectWith(staying, Fakes());
  auto second = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(GetAgency(**second, "x").ok());
  auto end = std::async(std::launch::async, [&] { first->reset(); });
  // No call runs now.
  ASSERT_EQ(waits.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  EXPECT_TRUE(GetAgency(**second, "x").ok());
  auto third = ConnectWith(options_, Fakes());
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_FALSE((*third)->is_holder());
  second->reset();
  EXPECT_TRUE(GetAgency(**third, "x").ok());
  third->reset();
  end.get();
  EXPECT_EQ(opened_.load(), 1);
  auto fourth = ConnectWith(options_, Fakes());
  ASSERT_TRUE(fourth.ok()) << fourth.status();
  EXPECT_TRUE((*fourth)->is_holder());
}

TEST_F(ConnectTest, WithNobodyElseTheHolderEndsAtOnce) {
  options_.others_wait = [] { ADD_FAILURE() << "there is nobody to wait for"; };
  auto first = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(GetAgency(**first, "x").ok());
  first->reset();
  EXPECT_FALSE(std::filesystem::exists(options_.store_dir + "/kith.sock"));
}

TEST_F(ConnectTest, AHolderThatIsKilledIsSucceeded) {
  ChildProcess holder({KITH_FAKE_KITHD, "--store", options_.store_dir, "--listen", ""});
  ASSERT_TRUE(holder.WaitFor("listening on")) << holder.output();
  auto first = ConnectWith(options_, Fakes());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_FALSE((*first)->is_holder());
  holder.Signal(SIGKILL);
  auto second = ConnectWith(options_, Fakes());
  ASSERT_TRUE(second.ok()) << second.status();
  // The connection that was there may still be answered by nobody; the new one holds the store.
  EXPECT_TRUE((*second)->is_holder());
  EXPECT_TRUE(GetAgency(**second, "x").ok());
}

// It was told as "another process (pid 0)".
TEST_F(ConnectTest, ALockThatNoKithHoldsSaysHowToFindWhoDoes) {
  std::filesystem::create_directory(options_.store_dir);
  const std::string path = options_.store_dir + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  options_.timeout_ms = 50;
  const auto connection = ConnectWith(options_, Fakes());
  EXPECT_EQ(connection.status().code(), absl::StatusCode::kUnavailable);
  const std::string said(connection.status().message());
  EXPECT_THAT(said, HasSubstr("fuser " + path));
  EXPECT_THAT(said, Not(HasSubstr("pid 0")));
  ::close(lock);
}

TEST_F(ConnectTest, AStoreThatCannotBeOpenedIsGivenUpAgain) {
  const auto broken = ConnectWith(options_, [](const EngineOptions&) {
    return absl::StatusOr<std::unique_ptr<Engine>>(absl::DataLossError("a torn page"));
  });
  EXPECT_EQ(broken.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(ConnectWith(options_, Fakes()).ok());
}

TEST_F(ConnectTest, AServerThatIsNotThereIsNamed) {
  options_.timeout_ms = 300;
  for (const std::string address : {"127.0.0.1:1", "unix:/tmp/kith-none.sock"}) {
    options_.server = address;
    const auto connection = ConnectWith(options_, Fakes());
    EXPECT_EQ(connection.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(connection.status().message()), HasSubstr(address));
  }
  options_.server = "example.org:1";
  EXPECT_EQ(ConnectWith(options_, Fakes()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kith::server
