// SPDX-License-Identifier: Apache-2.0
//
// Engine: ImportService.
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/internal/engine_impl.h"

namespace kith::server {

absl::StatusOr<v1::BeginImportResponse> EngineImpl::BeginImport(
    const v1::BeginImportRequest& request) {
  auto id = imports_.Begin(request.set(), request.series(), request.source());
  if (!id.ok()) return id.status();
  v1::BeginImportResponse response;
  response.set_import_id(*std::move(id));
  return response;
}

absl::StatusOr<v1::AddImportRecordsResponse> EngineImpl::AddImportRecords(
    const v1::AddImportRecordsRequest& request) {
  if (static_cast<std::uint32_t>(request.records_size()) > kMaxRecordsABatch) {
    return absl::ResourceExhaustedError(
        absl::StrCat(request.records_size(), " records in one batch: at most ", kMaxRecordsABatch));
  }
  const std::vector<const v1::Entry*> records(request.records().pointer_begin(),
                                              request.records().pointer_end());
  const auto staged = imports_.Add(request.import_id(), request.batch(), records);
  if (!staged.ok()) return staged.status();
  v1::AddImportRecordsResponse response;
  response.set_staged(staged->staged);
  for (const auto& [item, reason] : staged->refused) {
    v1::ItemError& error = *response.add_refused();
    error.set_item(item);
    error.set_reason(reason);
  }
  return response;
}

absl::StatusOr<v1::CommitImportResponse> EngineImpl::CommitImport(
    const v1::CommitImportRequest& request) {
  const auto imported = imports_.Commit(request.import_id(), request.batches());
  if (!imported.ok()) return imported.status();
  v1::CommitImportResponse response;
  response.set_added(imported->added);
  response.set_already_there(imported->already_there);
  response.set_refused(imported->refused);
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<v1::AbortImportResponse> EngineImpl::AbortImport(
    const v1::AbortImportRequest& request) {
  if (auto status = imports_.Abort(request.import_id()); !status.ok()) return status;
  return v1::AbortImportResponse();
}

}  // namespace kith::server
