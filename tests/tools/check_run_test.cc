// SPDX-License-Identifier: Apache-2.0
// A check with an engine that does not do as the contract says.
#include "tools/scan/check_run.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "proto/kith/v1/admin.grpc.pb.h"
#include "proto/kith/v1/match.grpc.pb.h"
#include "tests/tools/scratch.h"

namespace kith::scan {
namespace {

using testing::HasSubstr;

// Until the client turns away.
void StandStill(grpc::ServerContext* context) {
  while (!context->IsCancelled()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

class OddAdmin final : public v1::AdminService::Service {
 public:
  std::atomic<bool> stands_still = false;
  std::atomic<int> asked = 0;

  grpc::Status GetCapabilities(grpc::ServerContext* context, const v1::GetCapabilitiesRequest*,
                               v1::GetCapabilitiesResponse*) override {
    ++asked;
    if (stands_still) StandStill(context);
    return grpc::Status::OK;
  }
};

class OddEngine final : public v1::MatchService::Service {
 public:
  grpc::Status refusal;  // at the opening
  int answers_lacking = 0;
  std::function<void(grpc::ServerContext*)> before_batch = [](grpc::ServerContext*) {};

  grpc::Status MatchStream(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::MatchStreamResponse, v1::MatchStreamRequest>* stream) override {
    if (!refusal.ok()) return refusal;
    v1::MatchStreamRequest request;
    while (stream->Read(&request)) {
      v1::MatchStreamResponse answer;
      if (request.has_open()) answer.mutable_opened();
      if (request.has_end()) answer.mutable_report()->mutable_scope()->set_complete(true);
      if (request.has_batch()) {
        before_batch(context);
        auto& results = *answer.mutable_batch()->mutable_results();
        for (int i = answers_lacking; i < request.batch().files_size(); ++i) results.Add();
      }
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }
};

class CheckRunTest : public testing::Test {
 protected:
  absl::StatusOr<CheckOutcome> Check() {
    for (const char* name : {"a", "b", "c"}) scratch_.Write(name, name);
    grpc::ServerBuilder builder;
    builder.RegisterService(&engine_);
    builder.RegisterService(&admin_);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    CheckOptions options;
    options.root = scratch_.path();
    options.stop = stop_.get_token();
    options.stop_patience = std::chrono::milliseconds(300);
    return RunCheck(server->InProcessChannel({}), options, {});
  }

  test::Scratch scratch_;
  OddEngine engine_;
  OddAdmin admin_;
  std::stop_source stop_;
};

// What was sent was counted as answered.
TEST_F(CheckRunTest, AFileWithoutAnAnswerIsNoticed) {
  const auto whole = Check();
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_TRUE(whole->sums_agree);
  EXPECT_EQ(whole->progress.files, 3U);
  engine_.answers_lacking = 1;
  const auto lacking = Check();
  ASSERT_TRUE(lacking.ok()) << lacking.status();
  EXPECT_TRUE(lacking->complete);
  EXPECT_FALSE(lacking->sums_agree);
  EXPECT_EQ(lacking->progress.files, 2U);
}

// The first Ctrl-C waited for ever for an engine that stood still.
TEST_F(CheckRunTest, AnEngineThatStandsStillIsGivenUpOnceAskedToStop) {
  engine_.before_batch = [this](grpc::ServerContext* context) {
    admin_.stands_still = true;
    stop_.request_stop();
    StandStill(context);
  };
  const auto outcome = Check();
  EXPECT_TRUE(absl::IsUnavailable(outcome.status())) << outcome.status();
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("stands still"));
}

TEST_F(CheckRunTest, AnEngineThatIsAtWorkIsWaitedForAfterAStop) {
  engine_.before_batch = [this](grpc::ServerContext*) {
    stop_.request_stop();
    while (admin_.asked < 2) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  };
  const auto outcome = Check();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_GE(outcome->progress.files, 1U);
}

TEST_F(CheckRunTest, ARefusalWithoutAWordIsToldByItsCode) {
  engine_.refusal = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "");
  EXPECT_THAT(std::string(Check().status().message()),
              HasSubstr("the engine gave no reason (PERMISSION_DENIED)"));
}

}  // namespace
}  // namespace kith::scan
