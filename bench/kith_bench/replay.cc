// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/replay.h"

#include <fmt/core.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "proto/kith/v1/match.grpc.pb.h"

namespace kith::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::MatchStreamRequest, v1::MatchStreamResponse>;

absl::Status EndOf(Stream& stream) {
  const grpc::Status status = stream.Finish();
  if (status.ok()) return absl::InternalError("the engine left a batch without an answer");
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// Seconds from sending to the answer, of each batch.
absl::StatusOr<std::vector<double>> Send(const std::shared_ptr<grpc::Channel>& channel,
                                         const std::vector<v1::MatchStreamBatch>& batches,
                                         const v1::MatchStreamOpen& open,
                                         const std::stop_token& stop) {
  const auto stub = v1::MatchService::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->MatchStream(&context);
  v1::MatchStreamRequest request;
  v1::MatchStreamResponse response;
  *request.mutable_open() = open;
  if (!stream->Write(request) || !stream->Read(&response)) return EndOf(*stream);
  std::uint64_t files = 0;
  std::vector<double> seconds;
  for (const v1::MatchStreamBatch& batch : batches) {
    if (stop.stop_requested()) {
      context.TryCancel();
      (void)stream->Finish();  // cancelled: there is nothing to learn
      return absl::CancelledError("interrupted");
    }
    *request.mutable_batch() = batch;
    files += static_cast<std::uint64_t>(batch.files_size());
    const Clock::time_point begun = Clock::now();
    if (!stream->Write(request) || !stream->Read(&response)) return EndOf(*stream);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begun).count());
  }
  v1::MatchStreamEnd& end = *request.mutable_end();
  end.set_complete(true);
  end.set_entries_walked(files);
  if (!stream->Write(request)) return EndOf(*stream);
  while (stream->Read(&response)) continue;
  const grpc::Status status = stream->Finish();
  if (!status.ok()) {
    return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  }
  return seconds;
}

void KeepLeast(const std::vector<double>& seconds, std::vector<double>& least) {
  if (least.empty()) least = seconds;
  std::transform(seconds.begin(), seconds.end(), least.begin(), least.begin(),
                 [](double one, double other) { return std::min(one, other); });
}

}  // namespace

absl::StatusOr<ReplaySeconds> Replay(const std::shared_ptr<grpc::Channel>& channel,
                                     const std::vector<v1::MatchStreamBatch>& batches,
                                     const ReplayOptions& options) {
  std::vector<double> least_matched;
  std::vector<double> least_recorded;
  for (int round = 1; round <= options.rounds; ++round) {
    // Without case and report the engine keeps nothing at all: it only matches.
    v1::MatchStreamOpen open;
    open.set_root(options.root);
    const auto matched = Send(channel, batches, open, options.stop);
    if (!matched.ok()) return matched.status();
    open.set_want_report(true);
    if (options.with_case) open.set_case_name(fmt::format("BENCH/replay-{}", round));
    const auto recorded = Send(channel, batches, open, options.stop);
    if (!recorded.ok()) return recorded.status();
    KeepLeast(*matched, least_matched);
    KeepLeast(*recorded, least_recorded);
  }
  return ReplaySeconds{std::accumulate(least_matched.begin(), least_matched.end(), 0.0),
                       std::accumulate(least_recorded.begin(), least_recorded.end(), 0.0)};
}

}  // namespace kith::bench
