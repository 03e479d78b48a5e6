// SPDX-License-Identifier: Apache-2.0
// A check with an engine that does not do as the contract says.
#include "tools/scan/check_run.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proto/kith/v1/match.grpc.pb.h"
#include "tests/tools/scratch.h"

namespace kith::scan {
namespace {

using testing::HasSubstr;

class OddEngine final : public v1::MatchService::Service {
 public:
  grpc::Status refusal;  // at the opening
  int answers_lacking = 0;

  grpc::Status MatchStream(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::MatchStreamResponse, v1::MatchStreamRequest>* stream) override {
    if (!refusal.ok()) return refusal;
    v1::MatchStreamRequest request;
    while (stream->Read(&request)) {
      v1::MatchStreamResponse answer;
      if (request.has_open()) answer.mutable_opened();
      if (request.has_end()) answer.mutable_report()->mutable_scope()->set_complete(true);
      if (request.has_batch()) {
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
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    CheckOptions options;
    options.root = scratch_.path();
    return RunCheck(server->InProcessChannel({}), options, {});
  }

  test::Scratch scratch_;
  OddEngine engine_;
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

TEST_F(CheckRunTest, ARefusalWithoutAWordIsToldByItsCode) {
  engine_.refusal = grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "");
  EXPECT_THAT(std::string(Check().status().message()),
              HasSubstr("the engine gave no reason (PERMISSION_DENIED)"));
}

}  // namespace
}  // namespace kith::scan
