// SPDX-License-Identifier: Apache-2.0
// Calls over the wire, against an engine that is not there: what goes through, and how it fails.
#include "server/rpc/rpc_server.h"

#include <gmock/gmock.h>
#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "proto/kith/v1/admin.grpc.pb.h"
#include "proto/kith/v1/case.grpc.pb.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/match.grpc.pb.h"
#include "server/rpc/channel.h"
#include "server/rpc/services.h"
#include "tests/server/fake_engine.h"

namespace kith::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using ::testing::HasSubstr;

class RpcServerTest : public ::testing::Test {
 protected:
  void StartServer(const RpcServerOptions& options) {
    auto server = RpcServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Serve(&engine_);
    channel_ = server_->InProcessChannel();
  }
  void SetUp() override { StartServer({.threads = 2}); }

  grpc::Status GetAgency(const std::string& name, int timeout_ms = 20'000) {
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + milliseconds(timeout_ms));
    v1::GetAgencyRequest request;
    request.set_name(name);
    v1::GetAgencyResponse response;
    return v1::CatalogService::NewStub(channel_)->GetAgency(&context, request, &response);
  }

  FakeEngine engine_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(RpcServerTest, CarriesTheAnswer) {
  grpc::ClientContext context;
  v1::MatchRequest request;
  for (const char* text : {"a", "b", "c"}) request.add_queries()->set_detail(text);
  v1::MatchResponse response;
  ASSERT_TRUE(v1::MatchService::NewStub(channel_)->Match(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(2).rule(), "c");
}

// Who ends gRPC waits ten seconds for a poller that a large answer over a socket has left: kithd
// seemed to hang at its end.
TEST_F(RpcServerTest, DoesNotEndGrpcWithItself) {
  ASSERT_TRUE(GetAgency("x").ok());
  channel_.reset();
  server_.reset();
  EXPECT_NE(grpc_is_initialized(), 0);
}

TEST_F(RpcServerTest, CarriesEveryCodeAndMessage) {
  for (int code = 1; code <= 16; ++code) {
    engine_.on_call = [code](const std::string&) {
      return absl::Status(static_cast<absl::StatusCode>(code), "what, and what to do");
    };
    const grpc::Status status = GetAgency("x");
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_EQ(status.error_message(), "what, and what to do");
  }
}

TEST_F(RpcServerTest, AnExceptionEndsOneCallOnly) {
  engine_.on_call = [](const std::string& name) -> absl::Status {
    if (name == "bad_alloc") throw std::bad_alloc();
    if (name == "int") throw 7;
    throw std::runtime_error("thrown on purpose");
  };
  EXPECT_EQ(GetAgency("bad_alloc").error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(GetAgency("int").error_code(), grpc::INTERNAL);
  EXPECT_THAT(GetAgency("other").error_message(), HasSubstr("thrown on purpose"));
  engine_.on_call = [](const std::string&) { return absl::OkStatus(); };
  EXPECT_TRUE(GetAgency("x").ok());
}

TEST_F(RpcServerTest, AnAnswerOverTheLimitIsNamed) {
  grpc::ClientContext context;
  v1::MatchRequest request;
  // 20 MiB in, and as much out; a second field of the answer brings it over the limit.
  request.add_queries()->set_detail(std::string(20U << 20, 'x'));
  v1::MatchResponse response;
  ASSERT_TRUE(v1::MatchService::NewStub(channel_)->Match(&context, request, &response).ok());
  engine_.path_messages = 1;
  engine_.path_bytes = kMaxMessageBytes;
  grpc::ClientContext list_context;
  auto reader = v1::CaseService::NewStub(channel_)->ListRecordedPaths(&list_context, {});
  v1::ListRecordedPathsResponse paths;
  EXPECT_FALSE(reader->Read(&paths));
  EXPECT_EQ(reader->Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
}

TEST_F(RpcServerTest, ARequestOverTheLimitIsRefused) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  grpc::ClientContext context;
  v1::MatchRequest request;
  request.add_queries()->set_detail(std::string(kMaxMessageBytes, 'x'));
  v1::MatchResponse response;
  EXPECT_EQ(v1::MatchService::NewStub(channel_)->Match(&context, request, &response).error_code(),
            grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(GetAgency("x").ok());
}

TEST_F(RpcServerTest, AFullQueueIsSaidAndLookUpsGoOnBesideIt) {
  StartServer({.threads = 1, .max_waiting_calls = 4});
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  engine_.on_call = [released](const std::string& name) {
    if (name == "slow") released.wait();
    return absl::OkStatus();
  };
  auto stub = v1::CatalogService::NewStub(channel_);
  std::vector<std::future<grpc::StatusCode>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::async(std::launch::async, [&stub] {
      grpc::ClientContext context;
      v1::AddAgencyRequest request;
      request.mutable_agency()->set_name("slow");
      v1::AddAgencyResponse response;
      return stub->AddAgency(&context, request, &response).error_code();
    }));
  }
  int refused = 0;
  // 8 at work, 4 waiting: the other 28 come back at once.
  while (refused < 28) {
    for (auto& call : slow) {
      if (!call.valid() || call.wait_for(milliseconds(1)) != std::future_status::ready) continue;
      EXPECT_EQ(call.get(), grpc::RESOURCE_EXHAUSTED);
      ++refused;
    }
  }
  EXPECT_TRUE(GetAgency("x").ok());
  release.set_value();
  for (auto& call : slow) {
    if (call.valid()) {
      EXPECT_EQ(call.get(), grpc::OK);
    }
  }
}

TEST_F(RpcServerTest, ACallWhoseDeadlineHasPassedIsNotWorkedOn) {
  StartServer({.threads = 1});
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::promise<void> begun;
  std::atomic<int> worked = 0;
  engine_.on_call = [released, &begun, &worked](const std::string& name) {
    if (name == "slow") {
      begun.set_value();
      released.wait();
    }
    ++worked;
    return absl::OkStatus();
  };
  auto slow = std::async(std::launch::async, [this] { return GetAgency("slow"); });
  begun.get_future().wait();
  EXPECT_EQ(GetAgency("late", 50).error_code(), grpc::DEADLINE_EXCEEDED);
  // The server has its own clock for the deadline; let it pass there too.
  std::this_thread::sleep_for(milliseconds(100));
  release.set_value();
  EXPECT_TRUE(slow.get().ok());
  EXPECT_TRUE(GetAgency("last").ok());
  EXPECT_EQ(worked.load(), 2);
}

TEST_F(RpcServerTest, HealthFollowsTheIndex) {
  auto server = RpcServer::Start({.threads = 1});
  ASSERT_TRUE(server.ok());
  const auto channel = (*server)->InProcessChannel();
  const auto soon = [] { return system_clock::now() + milliseconds(10'000); };
  EXPECT_EQ(CheckHealth(channel, soon()).code(), absl::StatusCode::kUnavailable);
  grpc::ClientContext context;
  v1::GetCapabilitiesResponse response;
  const grpc::Status loading =
      v1::AdminService::NewStub(channel)->GetCapabilities(&context, {}, &response);
  EXPECT_EQ(loading.error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(loading.error_message(), HasSubstr("loaded"));
  (*server)->Serve(&engine_);
  EXPECT_TRUE(CheckHealth(channel, soon()).ok());
  (*server)->AnnounceStop();
  EXPECT_FALSE(CheckHealth(channel, soon()).ok());
}

TEST_F(RpcServerTest, ShutdownLetsARunningCallEnd) {
  std::promise<void> begun;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  engine_.on_call = [&begun, released](const std::string&) {
    begun.set_value();
    released.wait();
    return absl::OkStatus();
  };
  auto call = std::async(std::launch::async, [this] { return GetAgency("x"); });
  begun.get_future().wait();
  auto shutdown = std::async(std::launch::async, [this] { server_->Shutdown(30'000); });
  EXPECT_EQ(shutdown.wait_for(milliseconds(50)), std::future_status::timeout);
  release.set_value();
  EXPECT_TRUE(call.get().ok());
  shutdown.get();
}

TEST_F(RpcServerTest, StreamsAnswersInOrder) {
  engine_.path_messages = 100;
  grpc::ClientContext context;
  auto reader = v1::CaseService::NewStub(channel_)->ListRecordedPaths(&context, {});
  v1::ListRecordedPathsResponse response;
  std::uint64_t next = 0;
  while (reader->Read(&response)) EXPECT_EQ(response.paths(0).inode(), next++);
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(next, 100U);
}

TEST_F(RpcServerTest, AStreamThatFailsSaysWhy) {
  auto stub = v1::CaseService::NewStub(channel_);
  v1::ListRecordedPathsRequest request;
  request.set_case_name("none");
  grpc::ClientContext context;
  auto reader = stub->ListRecordedPaths(&context, request);
  v1::ListRecordedPathsResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::NOT_FOUND);
  grpc::ClientContext report_context;
  auto report = stub->GetReport(&report_context, {});
  v1::GetReportResponse fragment;
  EXPECT_FALSE(report->Read(&fragment));
  EXPECT_EQ(report->Finish().error_code(), grpc::INTERNAL);
}

TEST_F(RpcServerTest, AStreamIsMadeNoFasterThanItIsRead) {
  engine_.path_messages = 1000;
  engine_.path_bytes = 1U << 20;
  grpc::ClientContext context;
  auto reader = v1::CaseService::NewStub(channel_)->ListRecordedPaths(&context, {});
  v1::ListRecordedPathsResponse response;
  ASSERT_TRUE(reader->Read(&response));
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_LT(engine_.emitted.load(), 50);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
}

TEST_F(RpcServerTest, AClientThatStopsReadingIsGivenUp) {
  StartServer({.threads = 1, .write_stall_ms = 100});
  engine_.path_messages = 1000;
  engine_.path_bytes = 1U << 20;
  grpc::ClientContext context;
  auto reader = v1::CaseService::NewStub(channel_)->ListRecordedPaths(&context, {});
  // No thread of the server is held any more, though the client keeps the call.
  const auto patience = system_clock::now() + milliseconds(20'000);
  while (engine_.given_up.load() == 0 && system_clock::now() < patience) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_EQ(engine_.given_up.load(), 1);
  EXPECT_LT(engine_.emitted.load(), 50);
  v1::ListRecordedPathsResponse response;
  while (reader->Read(&response)) continue;
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
}

// One that took each message just in time held a thread for days.
TEST_F(RpcServerTest, AClientThatReadsForEverIsGivenUp) {
  StartServer({.threads = 1, .write_total_ms = 200});
  engine_.path_messages = 1000;
  engine_.path_bytes = 1U << 20;
  grpc::ClientContext context;
  auto reader = v1::CaseService::NewStub(channel_)->ListRecordedPaths(&context, {});
  v1::ListRecordedPathsResponse response;
  int read = 0;
  while (reader->Read(&response)) {
    ++read;
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  EXPECT_LT(read, 1000);
}

// Eight of them kept every commit waiting.
TEST_F(RpcServerTest, SlowReadersHoldUpNoWrites) {
  engine_.path_messages = 1000;
  engine_.path_bytes = 1U << 20;
  auto stub = v1::CaseService::NewStub(channel_);
  constexpr int kMoreThanAnyLaneHas = 24;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::ListRecordedPathsResponse>>> readers;
  for (int i = 0; i < kMoreThanAnyLaneHas; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(stub->ListRecordedPaths(contexts.back().get(), {}));
  }
  while (engine_.emitted.load() < 8) std::this_thread::sleep_for(milliseconds(1));
  grpc::ClientContext context;
  context.set_deadline(system_clock::now() + milliseconds(20'000));
  v1::AddAgencyResponse response;
  const grpc::Status added =
      v1::CatalogService::NewStub(channel_)->AddAgency(&context, {}, &response);
  EXPECT_TRUE(added.ok()) << added.error_message();
  for (auto& one : contexts) one->TryCancel();
  for (auto& reader : readers) EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
}

TEST(ServiceNamesTest, AreThoseOfTheContract) {
  CallContext calls;
  const std::set<std::string> names(ServiceNames().begin(), ServiceNames().end());
  const std::set<std::string> contract = {v1::AdminService::service_full_name(),
                                          v1::CaseService::service_full_name(),
                                          v1::CatalogService::service_full_name(),
                                          "kith.v1.CaseworkService",
                                          "kith.v1.ImportService",
                                          v1::MatchService::service_full_name()};
  EXPECT_EQ(names, contract);
}

}  // namespace
}  // namespace kith::server
