// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/report_beginning.h"

#include <utility>

#include "tools/kith/engine_link.h"

namespace kith::cli {

absl::StatusOr<ReportBeginning> BeginningOf(v1::CaseService::Stub& stub,
                                            v1::GetReportRequest request) {
  request.set_record(false);
  grpc::ClientContext context;
  const auto stream = stub.GetReport(&context, request);
  ReportBeginning beginning;
  v1::GetReportResponse fragment;
  while (stream->Read(&fragment)) {
    for (const std::string& root : fragment.checked_roots()) beginning.roots.push_back(root);
    if (!fragment.has_report()) continue;
    beginning.scope = std::move(*fragment.mutable_report()->mutable_scope());
    context.TryCancel();
    (void)stream->Finish();
    return beginning;
  }
  if (const grpc::Status status = stream->Finish(); !status.ok()) return ShownStatus(status);
  return beginning;
}

}  // namespace kith::cli
