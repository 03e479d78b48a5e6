// SPDX-License-Identifier: Apache-2.0
//
// Engine: ImportService.
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/names.h"
#include "server/internal/engine_impl.h"
#include "server/internal/paging.h"

namespace kith::server {
namespace {

// A page of what files said beside their records: one may be a MiB.
constexpr std::size_t kMaxImportsPageBytes = std::size_t{2} << 20;

}  // namespace

absl::StatusOr<v1::BeginImportResponse> EngineImpl::BeginImport(
    const v1::BeginImportRequest& request) {
  auto id = imports_.Begin(request.set(), request.series(),
                           {.who = request.who(), .why = request.source()}, request.series_names(),
                           request.by_source_ref());
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
  std::vector<catalog::Withdrawal> withdraw;
  for (const v1::ImportWithdrawal& one : request.withdraw()) {
    withdraw.push_back(
        {.entries = {one.entry_ids().begin(), one.entry_ids().end()}, .why = one.why()});
  }
  const auto imported =
      imports_.Commit(request.import_id(), request.batches(), request.carried(), withdraw);
  if (!imported.ok()) return imported.status();
  v1::CommitImportResponse response;
  response.set_added(imported->added);
  response.set_already_there(imported->already_there);
  response.set_refused(imported->refused);
  response.set_repeats(imported->repeats);
  response.set_series_added(imported->series_added);
  response.set_withdrawn(imported->withdrawn);
  response.set_first_entry(imported->first_entry);
  response.set_carried_only(imported->carried_only);
  response.set_other_category(imported->other_category);
  response.set_still_matched(imported->still_matched);
  response.set_other_victim(imported->other_victim);
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<v1::AbortImportResponse> EngineImpl::AbortImport(
    const v1::AbortImportRequest& request) {
  if (auto status = imports_.Abort(request.import_id()); !status.ok()) return status;
  return v1::AbortImportResponse();
}

absl::StatusOr<v1::ListImportsResponse> EngineImpl::ListImports(
    const v1::ListImportsRequest& request) {
  const auto page = ReadPage("imports", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto set = catalog_->directory().hash_sets.ByName(request.set());
  if (!set) {
    return absl::NotFoundError(absl::StrCat("no hash set ", catalog::Quoted(request.set())));
  }
  auto found =
      catalog_->ListImports(set->set_id(), page->after, page->size + 1, kMaxImportsPageBytes);
  if (!found.ok()) return found.status();
  v1::ListImportsResponse response;
  std::size_t bytes = 0;
  for (v1::ImportRecord& record : *found) {
    bytes += record.ByteSizeLong();
    const auto taken = static_cast<std::size_t>(response.imports_size());
    if (taken == page->size || (taken > 0 && bytes > kMaxImportsPageBytes)) {
      response.set_next_page_token(
          MakePageToken("imports", response.imports(response.imports_size() - 1).change()));
      break;
    }
    *response.add_imports() = std::move(record);
  }
  return response;
}

}  // namespace kith::server
