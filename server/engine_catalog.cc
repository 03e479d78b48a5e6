// SPDX-License-Identifier: Apache-2.0
//
// Engine: CatalogService.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/catalog/batch.h"
#include "server/catalog/names.h"
#include "server/internal/engine_impl.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"

namespace kith::server {
namespace {

using catalog::Quoted;

// Names that are looked up at once.
constexpr int kMaxSourceRefs = 10'000;

// Its tokens tell where the next page begins (catalog::ImportedPlace): "imported-7.3.120".
constexpr std::string_view kImported = "imported";

std::string MakeImportedToken(const catalog::ImportedPlace& place) {
  return absl::StrCat(MakePageToken(kImported, place.after), ".", place.block, ".", place.passed);
}

absl::StatusOr<catalog::ImportedPlace> ReadImportedToken(const std::string& token) {
  catalog::ImportedPlace place;
  if (token.empty()) return place;
  const std::vector<std::string> parts = absl::StrSplit(token, '.');
  if (parts.size() == 3) {
    const auto page = ReadPage(kImported, 0, parts[0]);
    if (page.ok()) place.after = page->after;
    if (page.ok() && absl::SimpleAtoi(parts[1], &place.block) &&
        absl::SimpleAtoi(parts[2], &place.passed) && place.block <= kMaxRecordNumber &&
        MakeImportedToken(place) == token) {
      return place;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("page_token ", Quoted(token), " was not given by this list: begin without one"));
}

absl::StatusOr<v1::ListEntriesResponse> ListImported(catalog::Catalog& catalog,
                                                     const std::string& token, std::size_t size,
                                                     std::uint64_t set_id,
                                                     std::uint64_t series_id) {
  const auto place = ReadImportedToken(token);
  if (!place.ok()) return place.status();
  auto found = catalog.ListImported(*place, size, set_id, series_id);
  if (!found.ok()) return found.status();
  v1::ListEntriesResponse response;
  for (v1::Entry& entry : found->entries) *response.add_entries() = std::move(entry);
  if (found->more) response.set_next_page_token(MakeImportedToken(found->next));
  return response;
}

// The entries of a set under names of its source.
absl::StatusOr<v1::ListEntriesResponse> ListNamed(catalog::Catalog& catalog,
                                                  const v1::ListEntriesRequest& request,
                                                  std::size_t size, std::uint64_t series_id) {
  constexpr std::string_view kList = "named";
  const auto hash_set = catalog.directory().hash_sets.ByName(request.set());
  if (!hash_set || series_id != 0 || request.source_refs_size() > kMaxSourceRefs) {
    return absl::InvalidArgumentError(absl::StrCat(
        "source_refs are looked up in one set, not in a series, up to ", kMaxSourceRefs));
  }
  if (auto status = catalog::CheckIdentity(*hash_set, /*by_source_ref=*/true); !status.ok()) {
    return status;
  }
  const auto page = ReadPage(kList, 0, request.page_token());
  if (!page.ok()) return page.status();
  const std::vector<std::string> names(request.source_refs().begin(), request.source_refs().end());
  auto found = catalog.ListNamed(*hash_set, names, page->after, size, request.as_imported());
  if (!found.ok()) return found.status();
  v1::ListEntriesResponse response;
  for (v1::Entry& entry : found->entries) *response.add_entries() = std::move(entry);
  if (found->more) response.set_next_page_token(MakePageToken(kList, found->next.after));
  return response;
}

}  // namespace

absl::StatusOr<v1::AddAgencyResponse> EngineImpl::AddAgency(const v1::AddAgencyRequest& request) {
  return Respond(catalog_->AddAgency(request.agency()), &v1::AddAgencyResponse::mutable_agency);
}

absl::StatusOr<v1::GetAgencyResponse> EngineImpl::GetAgency(const v1::GetAgencyRequest& request) {
  const auto agency = catalog_->directory().agencies.ByName(request.name());
  if (!agency) return absl::NotFoundError(absl::StrCat("no agency ", Quoted(request.name())));
  v1::GetAgencyResponse response;
  *response.mutable_agency() = *agency;
  return response;
}

absl::StatusOr<v1::ListAgenciesResponse> EngineImpl::ListAgencies(
    const v1::ListAgenciesRequest& request) {
  const auto page = ReadPage("agencies", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto found = catalog_->directory().agencies.After(page->after, page->size + 1);
  v1::ListAgenciesResponse response;
  response.set_next_page_token(FillPage(
      "agencies", *page, found, [&](const auto& agency) { *response.add_agencies() = *agency; },
      [](const auto& agency) { return agency->agency_id(); }));
  return response;
}

absl::StatusOr<v1::AddContactResponse> EngineImpl::AddContact(
    const v1::AddContactRequest& request) {
  return Respond(catalog_->AddContact(request.contact()), &v1::AddContactResponse::mutable_contact);
}

absl::StatusOr<v1::GetContactResponse> EngineImpl::GetContact(
    const v1::GetContactRequest& request) {
  const auto contact = catalog_->directory().contacts.ById(request.contact_id());
  if (!contact) return absl::NotFoundError(absl::StrCat("no contact ", request.contact_id()));
  v1::GetContactResponse response;
  *response.mutable_contact() = *contact;
  return response;
}

absl::StatusOr<v1::ListContactsResponse> EngineImpl::ListContacts(
    const v1::ListContactsRequest& request) {
  const auto page = ReadPage("contacts", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  if (!request.agency().empty() &&
      catalog_->directory().agencies.ByName(request.agency()) == nullptr) {
    return absl::NotFoundError(absl::StrCat("no agency ", Quoted(request.agency())));
  }
  const auto found = catalog_->directory().contacts.After(
      page->after, page->size + 1, [&](const v1::Contact& contact) {
        return request.agency().empty() || contact.agency() == request.agency();
      });
  v1::ListContactsResponse response;
  response.set_next_page_token(FillPage(
      "contacts", *page, found, [&](const auto& contact) { *response.add_contacts() = *contact; },
      [](const auto& contact) { return contact->contact_id(); }));
  return response;
}

v1::Series EngineImpl::Told(v1::Series series) const {
  if (const auto agency = catalog_->directory().agencies.ByName(series.agency())) {
    series.set_agency_desk(agency->desk());
  }
  return series;
}

absl::StatusOr<v1::Series> EngineImpl::Told(absl::StatusOr<v1::Series> series) const {
  if (!series.ok()) return series;
  return Told(*std::move(series));
}

absl::StatusOr<v1::AddSeriesResponse> EngineImpl::AddSeries(const v1::AddSeriesRequest& request) {
  return Respond(
      Told(catalog_->AddSeries(request.series(), catalog::SignatureOf(request.signature()))),
      &v1::AddSeriesResponse::mutable_series);
}

absl::StatusOr<v1::GetSeriesResponse> EngineImpl::GetSeries(const v1::GetSeriesRequest& request) {
  const auto series = catalog_->directory().series.ByName(request.code());
  if (!series) return absl::NotFoundError(absl::StrCat("no series ", Quoted(request.code())));
  v1::GetSeriesResponse response;
  *response.mutable_series() = Told(*series);
  response.set_entries(catalog_->SeriesEntries(series->series_id()));
  return response;
}

absl::StatusOr<v1::ListSeriesResponse> EngineImpl::ListSeries(
    const v1::ListSeriesRequest& request) {
  const auto page = ReadPage("series", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto found = catalog_->directory().series.After(page->after, page->size + 1);
  v1::ListSeriesResponse response;
  response.set_next_page_token(FillPage(
      "series", *page, found, [&](const auto& series) { *response.add_series() = Told(*series); },
      [](const auto& series) { return series->series_id(); }));
  return response;
}

absl::StatusOr<v1::AddHashSetResponse> EngineImpl::AddHashSet(
    const v1::AddHashSetRequest& request) {
  v1::HashSet hash_set = request.hash_set();
  if (!hash_set.has_radius_bits()) hash_set.set_radius_bits(kDefaultRadiusBits);
  return Respond(catalog_->AddHashSet(hash_set), &v1::AddHashSetResponse::mutable_hash_set);
}

absl::StatusOr<v1::GetHashSetResponse> EngineImpl::GetHashSet(
    const v1::GetHashSetRequest& request) {
  const auto set = catalog_->directory().hash_sets.ByName(request.name());
  if (!set) return absl::NotFoundError(absl::StrCat("no hash set ", Quoted(request.name())));
  v1::GetHashSetResponse response;
  *response.mutable_hash_set() = *set;
  response.mutable_hash_set()->set_entries(catalog_->SetEntries(set->set_id()));
  return response;
}

absl::StatusOr<v1::ListHashSetsResponse> EngineImpl::ListHashSets(
    const v1::ListHashSetsRequest& request) {
  const auto page = ReadPage("sets", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  const auto found = catalog_->directory().hash_sets.After(page->after, page->size + 1);
  v1::ListHashSetsResponse response;
  const auto add = [&](const auto& set) {
    v1::HashSet& added = *response.add_hash_sets();
    added = *set;
    added.set_entries(catalog_->SetEntries(set->set_id()));
  };
  response.set_next_page_token(
      FillPage("sets", *page, found, add, [](const auto& set) { return set->set_id(); }));
  return response;
}

absl::StatusOr<v1::AddEntriesResponse> EngineImpl::AddEntries(
    const v1::AddEntriesRequest& request) {
  if (static_cast<std::uint32_t>(request.entries_size()) > kMaxRecordsABatch) {
    return absl::ResourceExhaustedError(
        absl::StrCat(request.entries_size(), " entries in one call: at most ", kMaxRecordsABatch));
  }
  const std::vector<const v1::Entry*> entries(request.entries().pointer_begin(),
                                              request.entries().pointer_end());
  const auto added = catalog_->AddEntries(request.set(), request.series(), entries, request.who());
  if (!added.ok()) return added.status();
  v1::AddEntriesResponse response;
  for (const catalog::AddedEntry& one : *added) {
    auto& entry = *response.add_entries();
    entry.set_entry_id(one.entry_id);
    entry.set_already_there(one.already_there);
  }
  *response.mutable_index_version() = catalog_->Version();
  return response;
}

absl::StatusOr<v1::GetEntryResponse> EngineImpl::GetEntry(const v1::GetEntryRequest& request) {
  return Respond(catalog_->GetEntry(request.entry_id()), &v1::GetEntryResponse::mutable_entry);
}

absl::StatusOr<v1::ListEntriesResponse> EngineImpl::ListEntries(
    const v1::ListEntriesRequest& request) {
  const bool own_token = request.as_imported() || !request.source_refs().empty();
  const auto page =
      ReadPage("entries", request.page_size(), own_token ? std::string() : request.page_token());
  if (!page.ok()) return page.status();
  std::uint64_t set_id = 0;
  std::uint64_t series_id = 0;
  if (!request.set().empty()) {
    const auto set = catalog_->directory().hash_sets.ByName(request.set());
    if (!set) return absl::NotFoundError(absl::StrCat("no hash set ", Quoted(request.set())));
    set_id = set->set_id();
  }
  if (!request.series().empty()) {
    const auto series = catalog_->directory().series.ByName(request.series());
    if (!series) return absl::NotFoundError(absl::StrCat("no series ", Quoted(request.series())));
    series_id = series->series_id();
  }
  if (!request.source_refs().empty()) {
    return ListNamed(*catalog_, request, page->size, series_id);
  }
  if (request.as_imported()) {
    return ListImported(*catalog_, request.page_token(), page->size, set_id, series_id);
  }
  const auto found = catalog_->ListEntries(page->after, page->size + 1, set_id, series_id);
  if (!found.ok()) return found.status();
  v1::ListEntriesResponse response;
  response.set_next_page_token(FillPage(
      "entries", *page, *found, [&](const auto& entry) { *response.add_entries() = entry; },
      [](const auto& entry) { return entry.entry_id(); }));
  return response;
}

}  // namespace kith::server
