// SPDX-License-Identifier: Apache-2.0
//
// Purpose: a Status of ours as one of gRPC, and back; and no exception of one call ends the service
// of all.
//
// Thread-safety: pure functions.
#pragma once

#include <grpcpp/support/status.h>

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kith::server {

// The codes of the two are the same numbers; messages go over unchanged.
[[nodiscard]] inline grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

[[nodiscard]] inline absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

// Runs `work`, which returns a Status, and turns what it throws into one: an exception of one call
// must not end the service of all.
template <typename Work>
[[nodiscard]] absl::Status Guarded(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory; send less at a time");
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("unexpected failure: ", error.what()));
  } catch (...) {
    return absl::InternalError("unexpected failure of an unknown kind");
  }
}

}  // namespace kith::server
