// SPDX-License-Identifier: Apache-2.0
//
// Catalog: series: added, identified, edited.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

std::string SubjectOf(const v1::Series& series) { return absl::StrCat("series ", series.code()); }

}  // namespace

absl::Status NeedSignature(const Signature& signature, std::string_view what) {
  if (!signature.who.empty() && !signature.why.empty()) return CheckSignature(signature);
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), " is a correction: say who makes it and why"));
}

absl::StatusOr<v1::Series> Catalog::Impl::FindUnmerged(std::string_view code) const {
  const auto found = FindSeries(code);
  if (!found.ok()) return found.status();
  if ((*found)->merged_into().empty()) return **found;
  return absl::FailedPreconditionError(
      absl::StrCat("series ", Quoted((*found)->code()), " is merged into ",
                   Quoted((*found)->merged_into()), ": change that one"));
}

absl::Status Catalog::Impl::TakeIdentifier(std::string_view agency_name, std::uint64_t contact_id,
                                           std::string_view identified_on,
                                           std::string_view jurisdiction,
                                           v1::Series& series) const {
  if (auto status = FirstError({CheckPastDate("identified_on", identified_on),
                                CheckOptionalName("jurisdiction", jurisdiction)});
      !status.ok()) {
    return status;
  }
  std::string name(agency_name);
  series.clear_contact();
  if (contact_id != 0) {
    const auto contact = FindContact(contact_id);
    if (!contact.ok()) return contact.status();
    if (name.empty()) name = (*contact)->agency();
    if ((*contact)->agency() != name) {
      return absl::InvalidArgumentError(absl::StrCat("contact ", contact_id, " is of agency \"",
                                                     (*contact)->agency(), "\", not of \"", name,
                                                     "\""));
    }
    *series.mutable_contact() = **contact;
  }
  const auto agency = FindAgency(name);
  if (!agency.ok()) return agency.status();
  series.set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.set_agency(name);
  // From this day on the victim's side can be told: without one, every task would be late at once.
  series.set_identified_on(identified_on.empty() ? DayOf(TimeNow()) : std::string(identified_on));
  if (!jurisdiction.empty()) series.set_jurisdiction(std::string(jurisdiction));
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> Catalog::Impl::WriteSeries(Transaction& write, ChangeKind kind,
                                                         const v1::Series& series,
                                                         const Signature& signature) {
  const auto change = AddChange(write, kind, SubjectOf(series), signature);
  if (!change.ok()) return change.status();
  std::uint64_t agency_id = 0;
  if (const auto agency = directory.agencies.ByName(series.agency())) {
    agency_id = agency->agency_id();
  }
  std::uint64_t merged_into = 0;
  if (!series.merged_into().empty()) {
    if (const auto into = directory.series.ByName(series.merged_into())) {
      merged_into = into->series_id();
    }
  }
  if (auto status = write.Execute(
          "INSERT INTO series_version (change, series, status, agency, contact, identified_on,"
          " jurisdiction, sensitivity, notification, notification_contact, restitution_contact,"
          " note, merged_into, locator, victims) VALUES (?1, ?2, ?3, nullif(?4, 0), nullif(?5, 0),"
          " ?6, ?7, ?8, ?9, nullif(?10, 0), nullif(?11, 0), ?12, nullif(?13, 0), ?14, ?15)",
          *change, series.series_id(), series.status(), agency_id, series.contact().contact_id(),
          series.identified_on(), series.jurisdiction(), series.sensitivity(),
          series.notification(), series.notification_contact().contact_id(),
          series.restitution_contact().contact_id(), series.note(), merged_into, series.locator(),
          series.victims());
      !status.ok()) {
    return status;
  }
  return *change;
}

absl::StatusOr<v1::Series> Catalog::AddSeries(const v1::Series& series,
                                              const Signature& signature) {
  if (auto status =
          FirstError({CheckName("series code", series.code()), CheckText("note", series.note()),
                      CheckOptionalName("locator", series.locator()), CheckSignature(signature)});
      !status.ok()) {
    return status;
  }
  const bool names_agency = !series.agency().empty() || series.contact().contact_id() != 0;
  const bool identified = series.status() == v1::SERIES_STATUS_IDENTIFIED ||
                          (series.status() == v1::SERIES_STATUS_UNSPECIFIED && names_agency);
  if (!identified && (names_agency || !series.identified_on().empty())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "series \"", series.code(), "\" is not identified, yet says by whom or when: say either"));
  }
  v1::Series added;
  added.set_code(series.code());
  added.set_note(series.note());
  added.set_locator(series.locator());
  added.set_victims(series.victims());
  added.set_status(v1::SERIES_STATUS_UNIDENTIFIED);
  if (identified) {
    if (auto status = impl_->TakeIdentifier(series.agency(), series.contact().contact_id(),
                                            series.identified_on(), series.jurisdiction(), added);
        !status.ok()) {
      return status;
    }
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  // The code or an alias of another one.
  if (impl_->directory.series.ByName(added.code()) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("series ", Quoted(added.code()), " exists already"));
  }
  if (auto status =
          write->Execute("INSERT INTO series (code, note, created_at, who, why)"
                         " VALUES (?1, ?2, ?3, ?4, ?5)",
                         added.code(), added.note(), TimeNow(), signature.who, signature.why);
      !status.ok()) {
    return status;
  }
  added.set_series_id(write->LastInsertId());
  if (added.series_id() > UINT32_MAX) return absl::ResourceExhaustedError("too many series");
  std::uint64_t change = 0;
  if (identified || !added.locator().empty() || added.victims() != 0) {
    const auto written = impl_->WriteSeries(
        *write, identified ? ChangeKind::kIdentified : ChangeKind::kSeriesEdited, added, signature);
    if (!written.ok()) return written.status();
    change = *written;
  }
  const auto put = [&] {
    impl_->PutSeries(added);
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, change, put); !status.ok()) return status;
  return *impl_->directory.series.ById(added.series_id());
}

// Changes the state of a series under a number of its own: `edit` gets the record as the one writer
// sees it, so that two calls cannot both take the same step.
absl::StatusOr<v1::Series> Catalog::ChangeSeries(
    std::string_view code, ChangeKind kind, const Signature& signature,
    const std::function<absl::Status(v1::Series&)>& edit) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto series = kind == ChangeKind::kUnmerged ? impl_->FindAsItIs(code) : impl_->FindUnmerged(code);
  if (!series.ok()) return series.status();
  if (auto status = edit(*series); !status.ok()) return status;
  const auto change = impl_->WriteSeries(*write, kind, *series, signature);
  if (!change.ok()) return change.status();
  const auto put = [&] {
    impl_->PutSeries(*series);
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return *impl_->directory.series.ById(series->series_id());
}

absl::StatusOr<v1::Series> Catalog::Impl::FindAsItIs(std::string_view code) const {
  const auto found = FindSeries(code);
  if (!found.ok()) return found.status();
  return **found;
}

absl::StatusOr<v1::Series> Catalog::IdentifySeries(const v1::IdentifySeriesRequest& request) {
  if (request.agency().empty() && request.contact_id() == 0) {
    return absl::InvalidArgumentError("say which agency identified the series");
  }
  return ChangeSeries(request.code(), ChangeKind::kIdentified, SignatureOf(request.signature()),
                      [&](v1::Series& series) -> absl::Status {
                        if (series.status() == v1::SERIES_STATUS_IDENTIFIED) {
                          return absl::FailedPreconditionError(
                              absl::StrCat("series ", Quoted(series.code()),
                                           " is identified already, by ", Quoted(series.agency())));
                        }
                        return impl_->TakeIdentifier(request.agency(), request.contact_id(),
                                                     request.identified_on(),
                                                     request.jurisdiction(), series);
                      });
}

absl::StatusOr<v1::Series> Catalog::UnidentifySeries(std::string_view code,
                                                     const Signature& signature) {
  if (auto status = NeedSignature(signature, "to take an identification back"); !status.ok()) {
    return status;
  }
  return ChangeSeries(code, ChangeKind::kUnidentified, signature,
                      [](v1::Series& series) -> absl::Status {
                        // Of one that an import named it may be said for the first time.
                        if (series.status() == v1::SERIES_STATUS_UNIDENTIFIED) {
                          return absl::FailedPreconditionError(
                              absl::StrCat("series ", Quoted(series.code()), " is not identified"));
                        }
                        series.set_status(v1::SERIES_STATUS_UNIDENTIFIED);
                        series.clear_agency();
                        series.clear_contact();
                        series.clear_identified_on();
                        return absl::OkStatus();
                      });
}

absl::StatusOr<v1::Series> Catalog::EditSeries(const v1::EditSeriesRequest& request) {
  if (!request.has_note() && !request.has_sensitivity() && !request.has_jurisdiction() &&
      !request.has_notification() && !request.has_notification_contact_id() &&
      !request.has_restitution_contact_id() && !request.has_contact_id() &&
      !request.has_locator() && !request.has_victims()) {
    return NothingToChange(absl::StrCat("series ", Quoted(request.code())));
  }
  if (!v1::Notification_IsValid(request.notification())) {
    return absl::InvalidArgumentError("notification is neither opt-in nor opt-out");
  }
  if (auto status = FirstError({CheckText("note", request.note()),
                                CheckOptionalName("sensitivity", request.sensitivity()),
                                CheckOptionalName("jurisdiction", request.jurisdiction()),
                                CheckOptionalName("locator", request.locator())});
      !status.ok()) {
    return status;
  }
  const auto edit = [&](v1::Series& series) -> absl::Status {
    if (request.has_note()) series.set_note(request.note());
    if (request.has_sensitivity()) series.set_sensitivity(request.sensitivity());
    if (request.has_jurisdiction()) series.set_jurisdiction(request.jurisdiction());
    if (request.has_notification()) series.set_notification(request.notification());
    if (request.has_locator()) series.set_locator(request.locator());
    if (request.has_victims()) series.set_victims(request.victims());
    const auto take = [&](std::uint64_t id, v1::Contact* contact) -> absl::Status {
      contact->Clear();
      if (id == 0) return absl::OkStatus();
      const auto found = impl_->FindContact(id);
      if (found.ok()) *contact = **found;
      return found.status();
    };
    absl::Status status;
    if (request.has_notification_contact_id()) {
      status = take(request.notification_contact_id(), series.mutable_notification_contact());
    }
    if (status.ok() && request.has_restitution_contact_id()) {
      status = take(request.restitution_contact_id(), series.mutable_restitution_contact());
    }
    if (!status.ok() || !request.has_contact_id()) return status;
    if (series.status() != v1::SERIES_STATUS_IDENTIFIED) {
      return absl::FailedPreconditionError(absl::StrCat(
          "series ", Quoted(series.code()), " is not identified: nobody can be called about it"));
    }
    const std::string on = series.identified_on();
    const std::string agency = series.agency();
    status = impl_->TakeIdentifier(agency, request.contact_id(), on, "", series);
    // Older stores know series without a day: whom to call now tells nothing of when it was.
    series.set_identified_on(on);
    return status;
  };
  const bool of_who_is_told = request.has_notification() || request.has_notification_contact_id() ||
                              request.has_restitution_contact_id();
  return ChangeSeries(request.code(), ChangeKind::kSeriesEdited, SignatureOf(request.signature()),
                      [&](v1::Series& series) -> absl::Status {
                        const v1::Series before = series;
                        absl::Status status = edit(series);
                        if (!status.ok() || !of_who_is_told) return status;
                        return impl_->KeepsWhoIsTold(before, series);
                      });
}

}  // namespace kith::catalog
