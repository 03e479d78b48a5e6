// SPDX-License-Identifier: Apache-2.0
//
// Purpose: how our own programs reach a service.
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "server/net/address.h"

namespace kith::server {

// Keeps gRPC up until the process ends. A write that had to wait leaves a poller of gRPC 1.51
// behind for ten seconds, and whoever lets the last channel or server go would wait for it: a long
// import, and a service that had sent a large report, seemed to hang at their end.
void KeepGrpcUp();

// How our own clients speak to a service: messages as large as it takes, no proxy between.
[[nodiscard]] grpc::ChannelArguments ClientArguments();

[[nodiscard]] std::shared_ptr<grpc::Channel> OpenChannel(const Address& address);

// Asks the service's health once. OK when it serves; UNAVAILABLE, with the reason, when nobody
// answers until the deadline or the service is still starting.
[[nodiscard]] absl::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel,
                                       std::chrono::system_clock::time_point deadline);

}  // namespace kith::server
