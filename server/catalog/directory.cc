// SPDX-License-Identifier: Apache-2.0
//
// Catalog: agencies, contacts, series and hash sets.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

template <typename... Statuses>
absl::Status FirstError(const Statuses&... statuses) {
  absl::Status first;
  ((first.ok() ? void(first = statuses) : void()), ...);
  return first;
}

// A broken UNIQUE as the client knows it.
absl::Status Taken(absl::Status status, std::string_view what, std::string_view name) {
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::AlreadyExistsError(
      absl::StrCat(std::string(what), " ", Quoted(name), " exists already"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<const v1::HashSet>> Catalog::Impl::FindSet(
    std::string_view name) const {
  if (auto found = directory.hash_sets.ByName(name)) return found;
  if (auto status = CheckName("hash set name", name); !status.ok()) return status;
  return absl::NotFoundError(absl::StrCat("no hash set ", Quoted(name), ": add it first"));
}

absl::StatusOr<std::shared_ptr<const v1::Series>> Catalog::Impl::FindSeries(
    std::string_view code) const {
  if (auto found = directory.series.ByName(code)) return found;
  if (auto status = CheckName("series code", code); !status.ok()) return status;
  return absl::NotFoundError(absl::StrCat("no series ", Quoted(code), ": add it first"));
}

absl::StatusOr<std::shared_ptr<const v1::Agency>> Catalog::Impl::FindAgency(
    std::string_view name) const {
  if (auto found = directory.agencies.ByName(name)) return found;
  if (auto status = CheckAgencyName(name); !status.ok()) return status;
  return absl::NotFoundError(absl::StrCat("no agency ", Quoted(name), ": add it first"));
}

absl::StatusOr<v1::Agency> Catalog::AddAgency(const v1::Agency& agency) {
  if (auto status =
          FirstError(CheckAgencyName(agency.name()), CheckOptionalName("country", agency.country()),
                     CheckOptionalName("desk", agency.desk()));
      !status.ok()) {
    return status;
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto status =
      write->Execute("INSERT INTO agency (name, country, desk, created_at) VALUES (?1, ?2, ?3, ?4)",
                     agency.name(), agency.country(), agency.desk(), TimeNow());
  if (!status.ok()) return Taken(std::move(status), "agency", agency.name());
  v1::Agency added = agency;
  added.set_agency_id(write->LastInsertId());
  const auto put = [&] {
    impl_->directory.agencies.Put(added.agency_id(), added.name(), added);
    return absl::OkStatus();
  };
  if (status = impl_->CommitAndApply(*write, 0, put); !status.ok()) return status;
  return added;
}

absl::StatusOr<v1::Contact> Catalog::AddContact(const v1::Contact& contact) {
  if (auto status = FirstError(
          CheckName("contact name", contact.name()), CheckOptionalName("role", contact.role()),
          CheckOptionalName("phone", contact.phone()), CheckOptionalName("email", contact.email()),
          CheckDate("verified_at", contact.verified_at()));
      !status.ok()) {
    return status;
  }
  const auto agency = impl_->FindAgency(contact.agency());
  if (!agency.ok()) return agency.status();
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  if (auto status = write->Execute(
          "INSERT INTO contact (agency, name, role, phone, email, verified_on, created_at)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          (*agency)->agency_id(), contact.name(), contact.role(), contact.phone(), contact.email(),
          contact.verified_at(), TimeNow());
      !status.ok()) {
    return status;
  }
  v1::Contact added = contact;
  added.set_contact_id(write->LastInsertId());
  const auto put = [&] {
    impl_->directory.contacts.Put(added.contact_id(), "", added);
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, 0, put); !status.ok()) return status;
  return added;
}

// Checks who identified a series and writes it into `series`.
absl::StatusOr<std::uint64_t> Catalog::Impl::TakeIdentifier(std::string_view agency_name,
                                                            std::uint64_t contact_id,
                                                            std::string_view identified_on,
                                                            v1::Series& series) const {
  if (auto status = CheckDate("identified_on", identified_on); !status.ok()) return status;
  std::string name(agency_name);
  series.clear_contact();
  if (contact_id != 0) {
    const auto contact = directory.contacts.ById(contact_id);
    if (contact == nullptr) {
      return absl::NotFoundError(absl::StrCat("no contact ", contact_id, ": add it first"));
    }
    if (name.empty()) name = contact->agency();
    if (contact->agency() != name) {
      return absl::InvalidArgumentError(absl::StrCat("contact ", contact_id, " is of agency \"",
                                                     contact->agency(), "\", not of \"", name,
                                                     "\""));
    }
    *series.mutable_contact() = *contact;
  }
  const auto agency = FindAgency(name);
  if (!agency.ok()) return agency.status();
  series.set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.set_agency(name);
  series.set_identified_on(std::string(identified_on));
  return (*agency)->agency_id();
}

absl::StatusOr<std::uint64_t> Catalog::Impl::WriteIdentified(Transaction& write,
                                                             const v1::Series& series,
                                                             std::uint64_t agency_id) {
  auto change = AddChange(write, ChangeKind::kIdentified, "");
  if (!change.ok()) return change.status();
  if (auto status = write.Execute(
          "INSERT INTO series_identified (series, change, agency, contact, identified_on)"
          " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5)",
          series.series_id(), *change, agency_id, series.contact().contact_id(),
          series.identified_on());
      !status.ok()) {
    return status;
  }
  return change;
}

absl::StatusOr<v1::Series> Catalog::AddSeries(const v1::Series& series) {
  if (auto status =
          FirstError(CheckName("series code", series.code()), CheckText("note", series.note()));
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
  added.set_status(v1::SERIES_STATUS_UNIDENTIFIED);
  std::uint64_t agency_id = 0;
  if (identified) {
    const auto agency = impl_->TakeIdentifier(series.agency(), series.contact().contact_id(),
                                              series.identified_on(), added);
    if (!agency.ok()) return agency.status();
    agency_id = *agency;
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto status = write->Execute("INSERT INTO series (code, note, created_at) VALUES (?1, ?2, ?3)",
                               added.code(), added.note(), TimeNow());
  if (!status.ok()) return Taken(std::move(status), "series", added.code());
  added.set_series_id(write->LastInsertId());
  if (added.series_id() > UINT32_MAX) return absl::ResourceExhaustedError("too many series");
  std::uint64_t change = 0;
  if (identified) {
    const auto written = impl_->WriteIdentified(*write, added, agency_id);
    if (!written.ok()) return written.status();
    change = *written;
  }
  const auto put = [&] {
    impl_->directory.series.Put(added.series_id(), added.code(), added);
    return absl::OkStatus();
  };
  if (status = impl_->CommitAndApply(*write, change, put); !status.ok()) return status;
  return added;
}

absl::StatusOr<v1::Series> Catalog::IdentifySeries(std::string_view code, std::string_view agency,
                                                   std::uint64_t contact_id,
                                                   std::string_view identified_on) {
  if (agency.empty() && contact_id == 0) {
    return absl::InvalidArgumentError("say which agency identified the series");
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  // Looked at by the one writer: two calls cannot both identify it.
  const auto found = impl_->FindSeries(code);
  if (!found.ok()) return found.status();
  v1::Series series = **found;
  if (series.status() == v1::SERIES_STATUS_IDENTIFIED) {
    return absl::FailedPreconditionError(absl::StrCat(
        "series ", Quoted(code), " is identified already, by ", Quoted(series.agency())));
  }
  const auto agency_id = impl_->TakeIdentifier(agency, contact_id, identified_on, series);
  if (!agency_id.ok()) return agency_id.status();
  const auto change = impl_->WriteIdentified(*write, series, *agency_id);
  if (!change.ok()) return change.status();
  const auto put = [&] {
    impl_->directory.series.Put(series.series_id(), series.code(), series);
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return series;
}

absl::StatusOr<v1::HashSet> Catalog::AddHashSet(const v1::HashSet& hash_set) {
  if (auto status = FirstError(CheckName("hash set name", hash_set.name()),
                               CheckText("source", hash_set.source()),
                               CheckOptionalName("version", hash_set.version()));
      !status.ok()) {
    return status;
  }
  v1::HashSet added = hash_set;
  if (added.purpose() == v1::PURPOSE_UNSPECIFIED) added.set_purpose(v1::PURPOSE_KNOWN);
  if (!v1::Purpose_IsValid(added.purpose()) || !v1::Dialect_IsValid(added.dialect())) {
    return absl::InvalidArgumentError(
        absl::StrCat("hash set \"", added.name(), "\": unknown purpose or dialect"));
  }
  if (added.radius_bits() > 31) {
    return absl::InvalidArgumentError(absl::StrCat("hash set \"", added.name(), "\": radius ",
                                                   added.radius_bits(), ": it goes from 0 to 31"));
  }
  added.set_enabled(true);
  added.set_entries(0);
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto status = write->Execute(
      "INSERT INTO hash_set (name, source, version, purpose, enabled, radius_bits, dialect,"
      " created_at) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7)",
      added.name(), added.source(), added.version(), added.purpose(), added.radius_bits(),
      added.dialect(), TimeNow());
  if (!status.ok()) return Taken(std::move(status), "hash set", added.name());
  added.set_set_id(write->LastInsertId());
  if (added.set_id() >= EntryTable::kMaxHashSets) {
    return absl::ResourceExhaustedError("too many hash sets");
  }
  const auto put = [&] {
    impl_->PutSet(added);
    return absl::OkStatus();
  };
  if (status = impl_->CommitAndApply(*write, 0, put); !status.ok()) return status;
  return added;
}

absl::StatusOr<v1::HashSet> Catalog::SetHashSetEnabled(std::string_view name, bool enabled) {
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto found = impl_->FindSet(name);
  if (!found.ok()) return found.status();
  v1::HashSet hash_set = **found;
  if (hash_set.enabled() != enabled) {
    const auto change = impl_->AddChange(*write, ChangeKind::kSwitched, "");
    if (!change.ok()) return change.status();
    if (auto status = write->Execute(
            "INSERT INTO hash_set_switched (change, hash_set, enabled) VALUES (?1, ?2, ?3)",
            *change, hash_set.set_id(), enabled);
        !status.ok()) {
      return status;
    }
    hash_set.set_enabled(enabled);
    const auto put = [&] {
      impl_->PutSet(hash_set);
      return absl::OkStatus();
    };
    if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  }
  hash_set.set_entries(SetEntries(hash_set.set_id()));
  return hash_set;
}

}  // namespace kith::catalog
