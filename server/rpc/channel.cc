// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/channel.h"

#include <grpc/grpc.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include <condition_variable>
#include <limits>
#include <mutex>
#include <string>

#include "server/engine.h"
#include "server/rpc/status.h"

namespace kith::server {
namespace {

// grpc.health.v1.HealthCheckResponse { status: SERVING }, the whole message: field 1, varint 1. The
// message's own class is not in Debian's packages.
constexpr std::string_view kServing = "\x08\x01";

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace

void KeepGrpcUp() {
  static const bool up = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(up);
}

grpc::ChannelArguments ClientArguments() {
  constexpr int kKeepaliveMs = 20'000;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  arguments.SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  // http_proxy in the environment must not send loopback traffic through a proxy.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A service that is just being started is found soon.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // A service that stands still, or a machine that has gone, is noticed while a call waits: some
  // calls are silent for minutes while they work. The server takes that many (rpc_server.cc).
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // no limit
  // Who holds a store for others sees by the connection that one of them is still there.
  arguments.SetInt(GRPC_ARG_CLIENT_IDLE_TIMEOUT_MS, std::numeric_limits<int>::max());
  // Channels to the same address share a connection otherwise, also one that has just failed.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return arguments;
}

std::shared_ptr<grpc::Channel> OpenChannel(const Address& address) {
  KeepGrpcUp();
  return grpc::CreateCustomChannel(address.ToString(), grpc::InsecureChannelCredentials(),
                                   ClientArguments());
}

absl::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                         std::chrono::system_clock::time_point deadline) {
  grpc::ClientContext context;
  context.set_deadline(deadline);
  grpc::GenericStub stub(channel);
  const grpc::ByteBuffer request(nullptr, 0);
  grpc::ByteBuffer response;
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  grpc::Status status;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status result) {
                   const std::lock_guard<std::mutex> lock(mutex);
                   status = std::move(result);
                   done = true;
                   answered.notify_one();
                 });
  std::unique_lock<std::mutex> lock(mutex);
  answered.wait(lock, [&] { return done; });
  if (!status.ok()) return FromGrpc(status);
  if (Bytes(response) == kServing) return absl::OkStatus();
  return absl::UnavailableError("it is still loading its index or about to end");
}

}  // namespace kith::server
