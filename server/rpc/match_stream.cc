// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/match_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/rpc/status.h"
#include "server/rpc/unary.h"

namespace kith::server {

grpc::ServerBidiReactor<v1::MatchStreamRequest, v1::MatchStreamResponse>* MatchStream::Serve(
    CallContext* calls, grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<MatchStream>(calls, context);
  stream->self_ = stream;
  MatchStream* raw = stream.get();
  if (const absl::Status ready = Readiness(*calls); !ready.ok()) {
    raw->Finish(ToGrpc(ready));
    return raw;
  }
  if (calls->open_streams.load() > calls->max_streams && !GiveUpIdle(calls)) {
    raw->Finish(ToGrpc(absl::ResourceExhaustedError(
        absl::StrCat(calls->max_streams,
                     " streams are open, which is the most this service takes; try again"))));
    return raw;
  }
  {
    const std::lock_guard<std::mutex> lock(calls->streams_mutex);
    std::erase_if(calls->streams, [](const auto& other) { return other.expired(); });
    calls->streams.push_back(stream);
  }
  raw->StartRead(&raw->next_);
  return raw;
}

bool MatchStream::GiveUpIdle(CallContext* calls) {
  std::vector<std::weak_ptr<MatchStream>> streams;
  {
    const std::lock_guard<std::mutex> lock(calls->streams_mutex);
    streams = calls->streams;
  }
  return std::any_of(streams.begin(), streams.end(), [](const auto& other) {
    const std::shared_ptr<MatchStream> stream = other.lock();
    return stream != nullptr && stream->GiveUpIfIdle();
  });
}

bool MatchStream::GiveUpIfIdle() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto silence = std::chrono::steady_clock::now() - heard_of_;
    if (at_work_ || silence < std::chrono::milliseconds(calls_->stream_idle_ms)) return false;
    // From here on no other step can end the stream.
    at_work_ = true;
  }
  calls_->pool->Post(Lane::kStream, [this] {
    const std::shared_ptr<MatchStream> keep = self_;
    Close(absl::DeadlineExceededError(
        "nothing was heard of this stream for long, and another needed its place: begin again"));
  });
  return true;
}

MatchStream::MatchStream(CallContext* calls, grpc::CallbackServerContext* context)
    : token_(&calls->running),
      calls_(calls),
      context_(context),
      gate_(calls->write_stall_ms, calls->write_total_ms, [context] { context->TryCancel(); }) {
  calls_->open_streams.fetch_add(1);
}

MatchStream::~MatchStream() { calls_->open_streams.fetch_sub(1); }

void MatchStream::OnReadDone(bool ok) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    message_waits_ = ok;
    reads_ended_ = !ok;
    heard_of_ = std::chrono::steady_clock::now();
  }
  Next();
}

void MatchStream::OnWriteDone(bool ok) {
  gate_.OnWriteDone(ok);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    heard_of_ = std::chrono::steady_clock::now();
  }
  Next();
}

void MatchStream::Next() {
  bool got_message = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // A client that does not read its answers holds up its own stream, never a thread.
    if (at_work_ || !gate_.Idle() || (!message_waits_ && !reads_ended_)) return;
    at_work_ = true;
    got_message = message_waits_;
    if (message_waits_) {
      current_.Swap(&next_);
      message_waits_ = false;
    }
  }
  const auto kind = current_.kind_case();
  // A run that records waits for its commits; one that only looks up never does. The end sends a
  // report, and waits for its reader.
  Lane lane = Lane::kLong;
  if (got_message && kind == v1::MatchStreamRequest::kEnd) lane = Lane::kStream;
  if (got_message && kind == v1::MatchStreamRequest::kOpen && current_.open().case_name().empty()) {
    lane = Lane::kLookUp;
  }
  if (got_message && kind == v1::MatchStreamRequest::kBatch) lane = batch_lane_;
  // The step may end the stream and with it this object, so the read goes out before.
  if (got_message && kind != v1::MatchStreamRequest::kEnd) StartRead(&next_);
  calls_->pool->Post(lane, [this, got_message] { Handle(got_message); });
}

void MatchStream::Handle(bool got_message) {
  // Once the step is over, another may end the stream before this one has returned.
  const std::shared_ptr<MatchStream> keep = self_;
  const absl::Status status = Guarded([&]() -> absl::Status {
    if (context_->IsCancelled()) return ClientGone();
    if (!got_message) {
      return absl::FailedPreconditionError("the stream was closed without an end message");
    }
    return HandleMessage();
  });
  if (!status.ok() || ended_) return Close(status);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    at_work_ = false;
    heard_of_ = std::chrono::steady_clock::now();
  }
  Next();
}

absl::Status MatchStream::HandleMessage() {
  switch (current_.kind_case()) {
    case v1::MatchStreamRequest::kOpen:
      return HandleOpen(current_.open());
    case v1::MatchStreamRequest::kBatch:
      return HandleBatch(current_.batch());
    case v1::MatchStreamRequest::kEnd:
      return HandleEnd(current_.end());
    case v1::MatchStreamRequest::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("a message of the stream is neither open, batch nor end");
}

absl::Status MatchStream::HandleOpen(const v1::MatchStreamOpen& open) {
  if (run_ != nullptr) return absl::FailedPreconditionError("a second open message in one stream");
  absl::StatusOr<std::unique_ptr<CheckRun>> run = calls_->engine.load()->StartCheck(open);
  if (!run.ok()) return run.status();
  run_ = *std::move(run);
  batch_lane_ = open.case_name().empty() ? Lane::kLookUp : Lane::kLong;
  v1::MatchStreamResponse response;
  *response.mutable_opened() = run_->Opened();
  return Answer(std::move(response));
}

absl::Status MatchStream::HandleBatch(const v1::MatchStreamBatch& batch) {
  if (run_ == nullptr) return absl::FailedPreconditionError("a batch before the open message");
  if (static_cast<std::uint32_t>(batch.files_size()) > kMaxQueriesABatch) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a batch of ", batch.files_size(), " files: this service takes at most ",
                     kMaxQueriesABatch, " (GetCapabilities.max_queries_a_batch)"));
  }
  absl::StatusOr<v1::MatchStreamBatchResult> result = run_->Batch(batch);
  if (!result.ok()) return result.status();
  v1::MatchStreamResponse response;
  *response.mutable_batch() = *std::move(result);
  return Answer(std::move(response));
}

absl::Status MatchStream::HandleEnd(const v1::MatchStreamEnd& end) {
  if (run_ == nullptr) return absl::FailedPreconditionError("an end before the open message");
  absl::Status written = absl::OkStatus();
  absl::Status result = run_->End(end, [this, &written](v1::Report fragment) {
    v1::MatchStreamResponse response;
    *response.mutable_report() = std::move(fragment);
    if (written.ok()) written = Answer(std::move(response));
    return written.ok();
  });
  if (!result.ok()) return result;
  if (!written.ok()) return written;
  ended_ = true;
  return absl::OkStatus();
}

absl::Status MatchStream::Answer(v1::MatchStreamResponse response) {
  if (absl::Status size = CheckAnswerSize(response); !size.ok()) return size;
  if (context_->IsCancelled()) return ClientGone();
  const bool alive = gate_.Write([this, &response] {
    response_ = std::move(response);
    StartWrite(&response_);
  });
  return alive ? absl::OkStatus() : ClientGone();
}

void MatchStream::Close(absl::Status status) {
  run_.reset();
  if (!gate_.Flush() && status.ok()) status = ClientGone();
  Finish(ToGrpc(status));
}

}  // namespace kith::server
