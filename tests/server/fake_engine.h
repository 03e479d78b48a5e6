// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/engine.h"

namespace kith::server {

// Every call of the contract, none of them implemented.
class UnimplementedEngine : public Engine {
 public:
#define KITH_CALL(Name, lane)                                                  \
  absl::StatusOr<v1::Name##Response> Name(const v1::Name##Request&) override { \
    return absl::UnimplementedError(#Name);                                    \
  }
  KITH_ALL_CALLS(KITH_CALL)
#undef KITH_CALL
#define KITH_STREAM(Name)                                                                     \
  absl::Status Name(const v1::Name##Request&, const std::function<bool(v1::Name##Response)>&) \
      override {                                                                              \
    return absl::UnimplementedError(#Name);                                                   \
  }
  KITH_ALL_STREAMS(KITH_STREAM)
#undef KITH_STREAM
};

// An engine without store or index, whose answers tell the tests of the wire what went through it.
class FakeEngine : public UnimplementedEngine {
 public:
  // Called by AddAgency (on the long lane) and GetAgency (on the look-up lane) with the name.
  std::function<absl::Status(const std::string& name)> on_call = [](const std::string&) {
    return absl::OkStatus();
  };
  // What ListRecordedPaths emits: messages of so many bytes.
  int path_messages = 3;
  std::size_t path_bytes = 16;
  int report_fragments = 3;
  std::atomic<int> emitted = 0;
  std::atomic<int> given_up = 0;  // calls of ListRecordedPaths whose client was
  std::atomic<int> live_runs = 0;
  std::atomic<int> batches = 0;

  absl::StatusOr<v1::AddAgencyResponse> AddAgency(const v1::AddAgencyRequest& request) override {
    if (absl::Status status = on_call(request.agency().name()); !status.ok()) return status;
    return v1::AddAgencyResponse();
  }
  absl::StatusOr<v1::GetAgencyResponse> GetAgency(const v1::GetAgencyRequest& request) override {
    if (absl::Status status = on_call(request.name()); !status.ok()) return status;
    v1::GetAgencyResponse response;
    response.mutable_agency()->set_name(request.name());
    return response;
  }
  absl::StatusOr<v1::GetCapabilitiesResponse> GetCapabilities(
      const v1::GetCapabilitiesRequest&) override {
    v1::GetCapabilitiesResponse response;
    response.set_version("fake");
    return response;
  }
  // One result a query; its rule is the detail of the query.
  absl::StatusOr<v1::MatchResponse> Match(const v1::MatchRequest& request) override {
    v1::MatchResponse response;
    for (const v1::Fingerprint& query : request.queries()) {
      response.add_results()->set_rule(query.detail());
    }
    return response;
  }

  class Run : public CheckRun {
   public:
    explicit Run(FakeEngine* engine) : engine_(engine) { ++engine_->live_runs; }
    ~Run() override { --engine_->live_runs; }
    const v1::MatchStreamOpened& Opened() const override { return opened_; }
    absl::StatusOr<v1::MatchStreamBatchResult> Batch(const v1::MatchStreamBatch& batch) override {
      ++engine_->batches;
      v1::MatchStreamBatchResult result;
      for (const v1::EvidenceFile& file : batch.files()) {
        if (file.path() == "throw") throw std::runtime_error("thrown on purpose");
        result.add_results()->set_rule(file.path());
      }
      return result;
    }
    absl::Status End(const v1::MatchStreamEnd&,
                     const std::function<bool(v1::Report)>& emit) override {
      for (int i = 0; i < engine_->report_fragments; ++i) {
        v1::Report fragment;
        fragment.add_files()->set_rule(absl::StrCat(i));
        fragment.add_files()->add_paths(std::string(engine_->path_bytes, 'x'));
        ++engine_->emitted;
        if (!emit(std::move(fragment))) return absl::CancelledError("the client is gone");
      }
      return absl::OkStatus();
    }

   private:
    FakeEngine* const engine_;
    v1::MatchStreamOpened opened_;
  };

  absl::StatusOr<std::unique_ptr<CheckRun>> StartCheck(const v1::MatchStreamOpen& open) override {
    if (open.case_name() == "wrong") return absl::InvalidArgumentError("a case is AGENCY/NUMBER");
    return std::make_unique<Run>(this);
  }
  absl::Status ListRecordedPaths(
      const v1::ListRecordedPathsRequest& request,
      const std::function<bool(v1::ListRecordedPathsResponse)>& emit) override {
    if (request.case_name() == "none") return absl::NotFoundError("no such case: none");
    for (int i = 0; i < path_messages; ++i) {
      v1::ListRecordedPathsResponse response;
      response.add_paths()->set_path(std::string(path_bytes, 'x'));
      response.mutable_paths(0)->set_inode(static_cast<std::uint64_t>(i));
      ++emitted;
      if (!emit(std::move(response))) {
        ++given_up;
        return absl::CancelledError("the client is gone");
      }
    }
    return absl::OkStatus();
  }
  absl::Status GetReport(const v1::GetReportRequest&,
                         const std::function<bool(v1::GetReportResponse)>&) override {
    throw std::runtime_error("thrown on purpose");
  }
};

}  // namespace kith::server
