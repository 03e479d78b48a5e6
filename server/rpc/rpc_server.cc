// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/rpc_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "server/rpc/call_context.h"
#include "server/rpc/channel.h"
#include "server/rpc/services.h"
#include "server/rpc/work_pool.h"

namespace kith::server {
namespace {

constexpr int kMaxMetadataBytes = 16 << 10;
constexpr int kMaxStreamsAConnection = 128;
constexpr int kMinuteMs = 60'000;
constexpr std::size_t kBufferedBytes = std::size_t{1} << 30;

void SetLimits(const RpcServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(static_cast<int>(kMaxMessageBytes));
  builder->SetMaxSendMessageSize(static_cast<int>(kMaxMessageBytes));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsAConnection);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, options.handshake_ms);
  // A peer that has silently gone is noticed, and one that does nothing makes room.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 2 * kMinuteMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kMinuteMs / 3);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, options.connection_idle_ms);
  // A client may ask whether we are there, more often than every five minutes while a call works.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kMinuteMs / 12);
  grpc::ResourceQuota quota("kith");
  quota.Resize(kBufferedBytes);
  // Only reflection still uses threads of gRPC's own.
  quota.SetMaxThreads(16);
  builder->SetResourceQuota(quota);
  builder->SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
}

}  // namespace

class RpcServer::Impl {
 public:
  explicit Impl(const RpcServerOptions& options)
      : pool_({.look_up_threads = options.threads, .max_waiting = options.max_waiting_calls}) {
    calls_.pool = &pool_;
    calls_.max_streams = options.max_streams;
    calls_.write_stall_ms = options.write_stall_ms;
    calls_.write_total_ms = options.write_total_ms;
    calls_.stream_idle_ms = options.stream_idle_ms;
  }

  absl::Status Start(const RpcServerOptions& options) {
    grpc::EnableDefaultHealthCheckService(true);
    if (options.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    SetLimits(options, &builder);
    services_ = MakeServices(&calls_);
    for (const auto& service : services_) builder.RegisterService(service.get());
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("the gRPC server could not be started");
    SetHealth(false);
    return absl::OkStatus();
  }

  void Serve(Engine* engine) {
    calls_.engine.store(engine);
    SetHealth(true);
  }

  void AnnounceStop() { SetHealth(false); }

  void Shutdown(int deadline_ms) {
    const std::lock_guard<std::mutex> lock(shutdown_mutex_);
    if (server_ == nullptr || is_shut_down_) return;
    is_shut_down_ = true;
    SetHealth(false);
    calls_.ending.store(true);
    calls_.running.WaitForNone(std::chrono::milliseconds(deadline_ms));
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    calls_.engine.store(nullptr);
  }

  std::shared_ptr<grpc::Channel> InProcessChannel() {
    return server_->InProcessChannel(ClientArguments());
  }

  void Adopt(int listener_fd, int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = listener_fd;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  }

 private:
  void SetHealth(bool serving) {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    for (const std::string& name : ServiceNames()) health->SetServingStatus(name, serving);
    health->SetServingStatus(serving);
  }

  CallContext calls_;
  WorkPool pool_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
  std::mutex shutdown_mutex_;
  bool is_shut_down_ = false;
};

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Start(const RpcServerOptions& options) {
  KeepGrpcUp();
  auto impl = std::make_unique<Impl>(options);
  if (absl::Status status = impl->Start(options); !status.ok()) return status;
  // The constructor is private.
  return std::unique_ptr<RpcServer>(new RpcServer(std::move(impl)));
}

RpcServer::RpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RpcServer::~RpcServer() { Shutdown(0); }
void RpcServer::Serve(Engine* engine) { impl_->Serve(engine); }
void RpcServer::AnnounceStop() { impl_->AnnounceStop(); }
void RpcServer::Shutdown(int deadline_ms) { impl_->Shutdown(deadline_ms); }
std::shared_ptr<grpc::Channel> RpcServer::InProcessChannel() { return impl_->InProcessChannel(); }
void RpcServer::Adopt(int listener_fd, int fd) { impl_->Adopt(listener_fd, fd); }

}  // namespace kith::server
