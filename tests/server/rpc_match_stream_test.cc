// SPDX-License-Identifier: Apache-2.0
// The stream of a check: order, limits, ends of every kind, several side by side.
#include "server/rpc/match_stream.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/kith/v1/case.grpc.pb.h"
#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/match.grpc.pb.h"
#include "server/rpc/rpc_server.h"
#include "tests/server/fake_engine.h"

namespace kith::server {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using Stream = grpc::ClientReaderWriter<v1::MatchStreamRequest, v1::MatchStreamResponse>;

v1::MatchStreamRequest Open(const std::string& case_name = "") {
  v1::MatchStreamRequest request;
  request.mutable_open()->set_case_name(case_name);
  return request;
}
v1::MatchStreamRequest Batch(const std::string& prefix, int files = 3) {
  v1::MatchStreamRequest request;
  request.mutable_batch();
  for (int i = 0; i < files; ++i) {
    request.mutable_batch()->add_files()->set_path(absl::StrCat(prefix, i));
  }
  return request;
}
v1::MatchStreamRequest End() {
  v1::MatchStreamRequest request;
  request.mutable_end()->set_complete(true);
  return request;
}

class MatchStreamTest : public ::testing::Test {
 protected:
  void SetUp() override { StartServer({.threads = 2}); }
  void StartServer(const RpcServerOptions& options) {
    auto server = RpcServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Serve(&engine_);
    stub_ = v1::MatchService::NewStub(server_->InProcessChannel());
  }

  // Sends all beside reading all, returns how it ended. A client that first sends and then reads
  // would wait for itself: what is sent ahead of the answers is bounded.
  grpc::Status Talk(const std::vector<v1::MatchStreamRequest>& requests) {
    grpc::ClientContext context;
    auto stream = stub_->MatchStream(&context);
    std::thread writer([&] {
      for (const auto& request : requests) stream->Write(request);
      stream->WritesDone();
    });
    v1::MatchStreamResponse response;
    while (stream->Read(&response)) {
    }
    writer.join();
    return stream->Finish();
  }

  // Runs are given up on the pool, a moment after the client has seen the end.
  void ExpectNoRunsLeft() {
    for (int i = 0; i < 5000 && engine_.live_runs.load() != 0; ++i) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_EQ(engine_.live_runs.load(), 0);
  }

  FakeEngine engine_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::MatchService::Stub> stub_;
};

void RunWhole(v1::MatchService::Stub* stub, const std::string& name, int batches) {
  grpc::ClientContext context;
  auto stream = stub->MatchStream(&context);
  ASSERT_TRUE(stream->Write(Open()));
  v1::MatchStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_TRUE(response.has_opened());
  // One batch ahead of the answers, as a client of one thread can be.
  ASSERT_TRUE(stream->Write(Batch(absl::StrCat(name, "-0-"))));
  for (int i = 0; i < batches; ++i) {
    if (i + 1 < batches) {
      ASSERT_TRUE(stream->Write(Batch(absl::StrCat(name, "-", i + 1, "-"))));
    }
    ASSERT_TRUE(stream->Read(&response));
    ASSERT_EQ(response.batch().results_size(), 3);
    EXPECT_EQ(response.batch().results(2).rule(), absl::StrCat(name, "-", i, "-2"));
  }
  ASSERT_TRUE(stream->Write(End()));
  v1::Report report;
  while (stream->Read(&response)) report.MergeFrom(response.report());
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(report.files_size(), 6);
}

TEST_F(MatchStreamTest, AnswersInOrderAndEndsWithTheReport) {
  RunWhole(stub_.get(), "a", 50);
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, SeveralGoOnSideBySide) {
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([this, i] { RunWhole(stub_.get(), absl::StrCat("client", i), 30); });
  }
  for (auto& client : clients) client.join();
  ExpectNoRunsLeft();
  EXPECT_EQ(engine_.batches.load(), 240);
}

TEST_F(MatchStreamTest, MessagesOutOfOrderAreRefused) {
  EXPECT_EQ(Talk({Batch("a")}).error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(Talk({End()}).error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(Talk({Open(), Open()}).error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(Talk({Open(), Batch("a")}).error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(Talk({}).error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(Talk({v1::MatchStreamRequest()}).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(Talk({Open("wrong")}).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_TRUE(Talk({Open(), End()}).ok());
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, ABatchOverTheLimitNamesTheLimit) {
  const grpc::Status status = Talk({Open(), Batch("a", kMaxQueriesABatch + 1)});
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("4096"));
  EXPECT_TRUE(Talk({Open(), Batch("a", kMaxQueriesABatch), End()}).ok());
}

TEST_F(MatchStreamTest, AnExceptionEndsOneStreamOnly) {
  v1::MatchStreamRequest bad = Batch("a", 0);
  bad.mutable_batch()->add_files()->set_path("throw");
  EXPECT_EQ(Talk({Open(), bad, End()}).error_code(), grpc::INTERNAL);
  EXPECT_TRUE(Talk({Open(), Batch("a"), End()}).ok());
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, ALookUpOpensBesideLongCallsThatFillTheirLane) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  std::atomic<int> waiting = 0;
  engine_.on_call = [&](const std::string&) {
    ++waiting;
    released.wait();
    return absl::OkStatus();
  };
  const auto catalog = v1::CatalogService::NewStub(server_->InProcessChannel());
  const auto cases = v1::CaseService::NewStub(server_->InProcessChannel());
  std::vector<std::future<grpc::Status>> calls;
  constexpr int kMoreThanTheLongLaneHas = 24;
  for (int i = 0; i < kMoreThanTheLongLaneHas; ++i) {
    calls.push_back(std::async(std::launch::async, [&catalog] {
      grpc::ClientContext context;
      v1::AddAgencyResponse response;
      return catalog->AddAgency(&context, v1::AddAgencyRequest(), &response);
    }));
  }
  constexpr int kThreadsOfTheLongLane = 8;
  while (waiting.load() < kThreadsOfTheLongLane) std::this_thread::sleep_for(milliseconds(1));
  {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    auto stream = stub_->MatchStream(&context);
    v1::MatchStreamResponse response;
    EXPECT_TRUE(stream->Write(Open()) && stream->Read(&response) && response.has_opened());
    EXPECT_TRUE(stream->Write(Batch("a")) && stream->Read(&response) && response.has_batch());
    context.TryCancel();
    stream->Finish();
    // A large case counts long: it waits its turn among the long ones.
    grpc::ClientContext patience;
    patience.set_deadline(std::chrono::system_clock::now() + milliseconds(200));
    v1::GetCaseResponse response_of_case;
    EXPECT_EQ(cases->GetCase(&patience, v1::GetCaseRequest(), &response_of_case).error_code(),
              grpc::DEADLINE_EXCEEDED);
  }
  release.set_value();
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, AClientThatVanishesFreesItsRun) {
  for (int round = 0; round < 20; ++round) {
    grpc::ClientContext context;
    auto stream = stub_->MatchStream(&context);
    ASSERT_TRUE(stream->Write(Open()));
    if (round % 2 == 0) stream->Write(Batch("a"));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::CANCELLED);
  }
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, ADeadlineEndsTheRun) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + milliseconds(100));
  auto stream = stub_->MatchStream(&context);
  ASSERT_TRUE(stream->Write(Open()));
  v1::MatchStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::DEADLINE_EXCEEDED);
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, AClientThatReadsNothingHoldsNoThread) {
  StartServer({.threads = 1});
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::future<void>> writers;
  // Answers of 4 MiB fill what gRPC buffers; more streams than the lanes have threads.
  for (int i = 0; i < 12; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub_->MatchStream(contexts.back().get()));
    writers.push_back(std::async(std::launch::async, [stream = streams.back().get()] {
      stream->Write(Open());
      for (int batch = 0; batch < 4; ++batch) {
        v1::MatchStreamRequest request;
        request.mutable_batch()->add_files()->set_path(std::string(4U << 20, 'x'));
        if (!stream->Write(request)) return;
      }
    }));
  }
  RunWhole(stub_.get(), "reader", 5);
  for (auto& context : contexts) context->TryCancel();
  for (auto& writer : writers) writer.get();
  for (auto& stream : streams) stream->Finish();
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, AReportThatNobodyReadsIsGivenUp) {
  StartServer({.threads = 1, .write_stall_ms = 100});
  engine_.report_fragments = 1000;
  engine_.path_bytes = 1U << 20;
  grpc::ClientContext context;
  auto stream = stub_->MatchStream(&context);
  ASSERT_TRUE(stream->Write(Open()));
  v1::MatchStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_TRUE(stream->Write(End()));
  ExpectNoRunsLeft();
  EXPECT_LT(engine_.emitted.load(), 50);
  context.TryCancel();
}

TEST_F(MatchStreamTest, MoreStreamsThanTheLimitAreRefused) {
  StartServer({.threads = 1, .max_streams = 2});
  grpc::ClientContext contexts[2];
  std::unique_ptr<Stream> streams[2];
  v1::MatchStreamResponse response;
  for (int i = 0; i < 2; ++i) {
    streams[i] = stub_->MatchStream(&contexts[i]);
    ASSERT_TRUE(streams[i]->Write(Open()));
    ASSERT_TRUE(streams[i]->Read(&response));
  }
  EXPECT_EQ(Talk({Open()}).error_code(), grpc::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(streams[0]->Write(End()));
  while (streams[0]->Read(&response)) {
  }
  EXPECT_TRUE(streams[0]->Finish().ok());
  // The place is free a moment after the client has seen the end.
  grpc::Status status;
  int tries = 0;
  do {
    status = Talk({Open(), End()});
  } while (!status.ok() && ++tries < 1000);
  EXPECT_TRUE(status.ok()) << status.error_message();
  contexts[1].TryCancel();
  streams[1]->Finish();
}

// As many as there are places locked all checks out, for ever.
TEST_F(MatchStreamTest, AStreamThatIsLongSilentMakesRoom) {
  StartServer({.threads = 1, .max_streams = 2, .stream_idle_ms = 50});
  grpc::ClientContext contexts[2];
  std::unique_ptr<Stream> streams[2];
  v1::MatchStreamResponse response;
  for (int i = 0; i < 2; ++i) {
    streams[i] = stub_->MatchStream(&contexts[i]);
    ASSERT_TRUE(streams[i]->Write(Open()));
    ASSERT_TRUE(streams[i]->Read(&response));
  }
  std::this_thread::sleep_for(milliseconds(100));
  const grpc::Status newcomer = Talk({Open(), Batch("a"), End()});
  EXPECT_TRUE(newcomer.ok()) << newcomer.error_message();
  EXPECT_FALSE(streams[0]->Read(&response));
  const grpc::Status given_up = streams[0]->Finish();
  EXPECT_EQ(given_up.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_THAT(given_up.error_message(), HasSubstr("begin again"));
  // Nobody needed the place of the other.
  ASSERT_TRUE(streams[1]->Write(End()));
  while (streams[1]->Read(&response)) {
  }
  EXPECT_TRUE(streams[1]->Finish().ok());
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, ReportsThatNobodyReadsHoldUpNoWrites) {
  engine_.report_fragments = 1000;
  engine_.path_bytes = 1U << 20;
  constexpr int kMoreThanAnyLaneHas = 24;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < kMoreThanAnyLaneHas; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub_->MatchStream(contexts.back().get()));
    ASSERT_TRUE(streams.back()->Write(Open("A/1")));
    v1::MatchStreamResponse opened;
    ASSERT_TRUE(streams.back()->Read(&opened));
    ASSERT_TRUE(streams.back()->Write(End()));
  }
  while (engine_.emitted.load() < 8) std::this_thread::sleep_for(milliseconds(1));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  v1::AddAgencyResponse response;
  const grpc::Status added =
      v1::CatalogService::NewStub(server_->InProcessChannel())->AddAgency(&context, {}, &response);
  EXPECT_TRUE(added.ok()) << added.error_message();
  for (auto& one : contexts) one->TryCancel();
  for (auto& stream : streams) EXPECT_FALSE(stream->Finish().ok());
  ExpectNoRunsLeft();
}

TEST_F(MatchStreamTest, ShutdownCancelsAStreamAtItsDeadline) {
  grpc::ClientContext context;
  auto stream = stub_->MatchStream(&context);
  ASSERT_TRUE(stream->Write(Open()));
  v1::MatchStreamResponse response;
  ASSERT_TRUE(stream->Read(&response));
  server_->Shutdown(50);
  EXPECT_EQ(engine_.live_runs.load(), 0);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace kith::server
