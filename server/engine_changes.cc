// SPDX-License-Identifier: Apache-2.0
//
// Engine: CatalogService, what is changed of what is known.
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/internal/engine_impl.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"

namespace kith::server {
namespace {

// With the index version that has the change.
template <typename Response>
absl::StatusOr<Response> At(absl::StatusOr<Response> response, const catalog::Catalog& catalog) {
  if (response.ok()) *response->mutable_index_version() = catalog.Version();
  return response;
}

absl::StatusOr<std::vector<std::uint64_t>> EntryIds(
    const google::protobuf::RepeatedField<std::uint64_t>& ids) {
  if (ids.empty()) return absl::InvalidArgumentError("say which entries");
  if (static_cast<std::uint32_t>(ids.size()) > kMaxRecordsABatch) {
    return absl::InvalidArgumentError(
        absl::StrCat(ids.size(), " entries in one call: at most ", kMaxRecordsABatch));
  }
  return std::vector<std::uint64_t>(ids.begin(), ids.end());
}

}  // namespace

absl::StatusOr<v1::EditAgencyResponse> EngineImpl::EditAgency(
    const v1::EditAgencyRequest& request) {
  return Respond(catalog_->EditAgency(request), &v1::EditAgencyResponse::mutable_agency);
}

absl::StatusOr<v1::SupersedeContactResponse> EngineImpl::SupersedeContact(
    const v1::SupersedeContactRequest& request) {
  return Respond(catalog_->SupersedeContact(request.contact_id(), request.by_contact_id(),
                                            catalog::SignatureOf(request.signature())),
                 &v1::SupersedeContactResponse::mutable_contact);
}

absl::StatusOr<v1::VerifyContactResponse> EngineImpl::VerifyContact(
    const v1::VerifyContactRequest& request) {
  return Respond(catalog_->VerifyContact(request.contact_id(), request.verified_at(),
                                         catalog::SignatureOf(request.signature())),
                 &v1::VerifyContactResponse::mutable_contact);
}

absl::StatusOr<v1::IdentifySeriesResponse> EngineImpl::IdentifySeries(
    const v1::IdentifySeriesRequest& request) {
  return At(
      Respond(Told(catalog_->IdentifySeries(request)), &v1::IdentifySeriesResponse::mutable_series),
      *catalog_);
}

absl::StatusOr<v1::UnidentifySeriesResponse> EngineImpl::UnidentifySeries(
    const v1::UnidentifySeriesRequest& request) {
  return At(Respond(Told(catalog_->UnidentifySeries(request.code(),
                                                    catalog::SignatureOf(request.signature()))),
                    &v1::UnidentifySeriesResponse::mutable_series),
            *catalog_);
}

absl::StatusOr<v1::EditSeriesResponse> EngineImpl::EditSeries(
    const v1::EditSeriesRequest& request) {
  return Respond(Told(catalog_->EditSeries(request)), &v1::EditSeriesResponse::mutable_series);
}

absl::StatusOr<v1::SetSeriesAliasResponse> EngineImpl::SetSeriesAlias(
    const v1::SetSeriesAliasRequest& request) {
  return Respond(Told(catalog_->SetSeriesAlias(request.code(), request.alias(),
                                               catalog::SignatureOf(request.signature()))),
                 &v1::SetSeriesAliasResponse::mutable_series);
}

absl::StatusOr<v1::MergeSeriesResponse> EngineImpl::MergeSeries(
    const v1::MergeSeriesRequest& request) {
  return At(Respond(Told(catalog_->MergeSeries(request.code(), request.into(),
                                               catalog::SignatureOf(request.signature()))),
                    &v1::MergeSeriesResponse::mutable_series),
            *catalog_);
}

absl::StatusOr<v1::UnmergeSeriesResponse> EngineImpl::UnmergeSeries(
    const v1::UnmergeSeriesRequest& request) {
  return At(Respond(Told(catalog_->UnmergeSeries(request.code(),
                                                 catalog::SignatureOf(request.signature()))),
                    &v1::UnmergeSeriesResponse::mutable_series),
            *catalog_);
}

absl::StatusOr<v1::GetSeriesHistoryResponse> EngineImpl::GetSeriesHistory(
    const v1::GetSeriesHistoryRequest& request) {
  auto events = catalog_->SeriesHistory(request.code());
  if (!events.ok()) return events.status();
  v1::GetSeriesHistoryResponse response;
  for (v1::SeriesEvent& event : *events) *response.add_events() = std::move(event);
  return response;
}

absl::StatusOr<v1::SetHashSetEnabledResponse> EngineImpl::SetHashSetEnabled(
    const v1::SetHashSetEnabledRequest& request) {
  return At(Respond(catalog_->SetHashSetEnabled(request.name(), request.enabled(),
                                                catalog::SignatureOf(request.signature())),
                    &v1::SetHashSetEnabledResponse::mutable_hash_set),
            *catalog_);
}

absl::StatusOr<v1::EditHashSetResponse> EngineImpl::EditHashSet(
    const v1::EditHashSetRequest& request) {
  return At(Respond(catalog_->EditHashSet(request), &v1::EditHashSetResponse::mutable_hash_set),
            *catalog_);
}

absl::StatusOr<v1::WithdrawEntriesResponse> EngineImpl::WithdrawEntries(
    const v1::WithdrawEntriesRequest& request) {
  const auto ids = EntryIds(request.entry_ids());
  if (!ids.ok()) return ids.status();
  const auto withdrawn = catalog_->Withdraw(*ids, catalog::SignatureOf(request.signature()));
  if (!withdrawn.ok()) return withdrawn.status();
  v1::WithdrawEntriesResponse response;
  response.set_withdrawn(*withdrawn);
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<v1::MoveEntriesResponse> EngineImpl::MoveEntries(
    const v1::MoveEntriesRequest& request) {
  const auto ids = EntryIds(request.entry_ids());
  if (!ids.ok()) return ids.status();
  const auto moved =
      catalog_->MoveEntries(*ids, request.series(), catalog::SignatureOf(request.signature()));
  if (!moved.ok()) return moved.status();
  v1::MoveEntriesResponse response;
  response.set_moved(*moved);
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<v1::ListChangesResponse> EngineImpl::ListChanges(
    const v1::ListChangesRequest& request) {
  const auto page = ReadPage("changes", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto found = catalog_->ListChanges(page->after, page->size + 1);
  if (!found.ok()) return found.status();
  v1::ListChangesResponse response;
  response.set_next_page_token(FillPage(
      "changes", *page, *found, [&](const auto& change) { *response.add_changes() = change; },
      [](const auto& change) { return change.number(); }));
  return response;
}

}  // namespace kith::server
