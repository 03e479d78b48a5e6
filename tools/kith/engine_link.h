// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/embedded.h"
#include "tools/kith/program.h"
#include "tools/scan/grpc_status.h"

namespace kith::cli {

// The settings of this run: flags, environment, file, defaults.
[[nodiscard]] absl::StatusOr<server::Settings> ResolveSettings(const Program& program);

// The folder of the store that ConnectEngine opens, or speaks to the holder of; empty: none, a
// server is asked.
[[nodiscard]] absl::StatusOr<std::string> StoreOnThisMachine(const Program& program);

// The way of a verb to its engine: in this process, or at --server. `verb` names who holds the
// store, for others who find it held. Where the index takes long to build, says so on stderr.
[[nodiscard]] absl::StatusOr<std::unique_ptr<server::Connection>> ConnectEngine(
    const Program& program, const std::string& verb);

using scan::ShownStatus;

// A message of status for people: what, and for some codes what to do.
[[nodiscard]] absl::Status Explained(const absl::Status& status,
                                     const server::Connection& connection);

// One unary call. `method` is &Stub::Name.
template <typename Stub, typename Request, typename Response>
[[nodiscard]] absl::StatusOr<Response> Call(Stub& stub,
                                            grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                         const Request&, Response*),
                                            const Request& request) {
  // Long enough for a commit of millions of entries; short enough not to hang for ever.
  constexpr std::chrono::minutes kDeadline{60};
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return ShownStatus(status);
  return response;
}

// Connects, makes the stub of `Service`, runs `body(stub)` and turns a bad status into exit 2.
// `body` returns absl::Status or absl::StatusOr<int>, the exit code.
template <typename Service, typename Body>
int WithEngine(const Program& program, const std::string& verb, const Body& body) {
  auto connection = ConnectEngine(program, verb);
  if (!connection.ok()) return Fail(connection.status());
  auto stub = Service::NewStub((*connection)->channel());
  const absl::StatusOr<int> code = body(*stub);
  if (!code.ok()) return Fail(Explained(code.status(), **connection));
  return *code;
}

}  // namespace kith::cli
