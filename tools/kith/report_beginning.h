// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a report is of, and where it must not be written, before it is given out.
//
// Thread-safety: pure but for the call.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/kith/v1/case.grpc.pb.h"

namespace kith::cli {

// The folders that were checked, and what the report is of, which are told at its beginning.
struct ReportBeginning {
  std::vector<std::string> roots;
  v1::ReportScope scope;
};

// Asks for the report without having it recorded, and leaves at its head. To leave a recorded one
// instead would not do: through a socket the service has often sent all of a small report by then,
// and it stands on record as given out.
[[nodiscard]] absl::StatusOr<ReportBeginning> BeginningOf(v1::CaseService::Stub& stub,
                                                          v1::GetReportRequest request);

}  // namespace kith::cli
