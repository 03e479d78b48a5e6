// SPDX-License-Identifier: Apache-2.0
//
// Catalog: agencies, contacts, series and hash sets.
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/bounds.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

// A broken UNIQUE as the client knows it.
absl::Status Taken(absl::Status status, std::string_view what, std::string_view name) {
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::AlreadyExistsError(
      absl::StrCat(std::string(what), " ", Quoted(name), " exists already"));
}

// Of a new name. One that differs from another in upper and lower case only is a slip, which would
// part the cases of one agency.
absl::Status CheckLetters(const Directory& directory, std::string_view name) {
  if (directory.agencies.ByName(name) != nullptr) return absl::OkStatus();
  const auto alike = directory.agencies.After(0, 1, [name](const v1::Agency& agency) {
    return absl::EqualsIgnoreCase(agency.name(), absl::string_view(name.data(), name.size()));
  });
  if (alike.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("no agency ", Quoted(name),
                                               ", but one in other letters: did you mean ",
                                               Quoted(alike.front()->name()), "?"));
}

absl::Status CheckAgency(const v1::Agency& agency) {
  return FirstError(
      {CheckOptionalName("country", agency.country()), CheckOptionalName("desk", agency.desk()),
       CheckOptionalName("ORI", agency.ori()), CheckOptionalName("type", agency.type())});
}

}  // namespace

RecordMap<v1::Series>::Pointer Directory::CurrentSeries(std::uint64_t id) const {
  auto found = series.ById(id);
  for (int i = 0; found && !found->merged_into().empty() && i < kLongestChain; ++i) {
    found = series.ByName(found->merged_into());
  }
  return found;
}

RecordMap<v1::Series>::Pointer Directory::CurrentSeriesNamed(std::string_view name) const {
  const auto named = series.ByName(name);
  return named ? CurrentSeries(named->series_id()) : nullptr;
}

std::vector<std::uint64_t> Directory::SeriesCountedAs(std::uint64_t id) const {
  std::vector<std::uint64_t> ids;
  for (const auto& one : series.After(0, SIZE_MAX)) {
    if (one->series_id() == id) {
      ids.push_back(id);
    } else if (!one->merged_into().empty()) {
      const auto current = CurrentSeries(one->series_id());
      if (current && current->series_id() == id) ids.push_back(one->series_id());
    }
  }
  return ids;
}

RecordMap<v1::Contact>::Pointer Directory::CurrentContact(std::uint64_t id) const {
  auto found = contacts.ById(id);
  for (int i = 0; found && found->superseded_by() != 0 && i < kLongestChain; ++i) {
    found = contacts.ById(found->superseded_by());
  }
  return found && found->retired() ? nullptr : found;
}

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
  auto status = FirstError({CheckAgencyName(agency.name()), CheckAgency(agency)});
  if (!status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  if (status = CheckLetters(impl_->directory, agency.name()); !status.ok()) return status;
  status = write->Execute(
      "INSERT INTO agency (name, country, desk, ori, type, created_at)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      agency.name(), agency.country(), agency.desk(), agency.ori(), agency.type(), TimeNow());
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

absl::StatusOr<v1::Agency> Catalog::EditAgency(const v1::EditAgencyRequest& request) {
  if (!request.has_country() && !request.has_desk() && !request.has_ori() && !request.has_type()) {
    return NothingToChange(absl::StrCat("agency ", Quoted(request.name())));
  }
  const Signature signature = SignatureOf(request.signature());
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto found = impl_->FindAgency(request.name());
  if (!found.ok()) return found.status();
  v1::Agency agency = **found;
  if (request.has_country()) agency.set_country(request.country());
  if (request.has_desk()) agency.set_desk(request.desk());
  if (request.has_ori()) agency.set_ori(request.ori());
  if (request.has_type()) agency.set_type(request.type());
  if (auto status = CheckAgency(agency); !status.ok()) return status;
  const auto change = impl_->AddChange(*write, ChangeKind::kAgencyEdited,
                                       absl::StrCat("agency ", agency.name()), signature);
  if (!change.ok()) return change.status();
  auto status = write->Execute(
      "INSERT INTO agency_version (change, agency, country, desk, ori, type)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      *change, agency.agency_id(), agency.country(), agency.desk(), agency.ori(), agency.type());
  if (!status.ok()) return status;
  const auto put = [&] {
    impl_->directory.agencies.Put(agency.agency_id(), agency.name(), agency);
    return absl::OkStatus();
  };
  if (status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return agency;
}

absl::StatusOr<v1::Contact> Catalog::AddContact(const v1::Contact& contact) {
  if (auto status = FirstError(
          {CheckName("contact name", contact.name()), CheckOptionalName("role", contact.role()),
           CheckOptionalName("phone", contact.phone()), CheckOptionalName("email", contact.email()),
           CheckPastDate("verified_at", contact.verified_at())});
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
  added.clear_superseded_by();
  added.clear_retired();
  added.set_contact_id(write->LastInsertId());
  const auto put = [&] {
    impl_->directory.contacts.Put(added.contact_id(), "", added);
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, 0, put); !status.ok()) return status;
  return added;
}

absl::StatusOr<v1::HashSet> Catalog::AddHashSet(const v1::HashSet& hash_set) {
  if (auto status = FirstError({CheckName("hash set name", hash_set.name()),
                                CheckText("source", hash_set.source()),
                                CheckOptionalName("version", hash_set.version()),
                                CheckText("handling", hash_set.handling())});
      !status.ok()) {
    return status;
  }
  v1::HashSet added = hash_set;
  if (added.purpose() == v1::PURPOSE_UNSPECIFIED) added.set_purpose(v1::PURPOSE_KNOWN);
  if (!v1::Purpose_IsValid(added.purpose()) || !v1::Dialect_IsValid(added.dialect())) {
    return absl::InvalidArgumentError(
        absl::StrCat("hash set \"", added.name(), "\": unknown purpose or dialect"));
  }
  if (added.radius_bits() > kMaxRadiusBits) {
    return absl::InvalidArgumentError(absl::StrCat("hash set \"", added.name(), "\": radius ",
                                                   added.radius_bits(), ": it goes from 0 to ",
                                                   kMaxRadiusBits));
  }
  added.set_enabled(true);
  added.set_entries(0);
  added.clear_entry_identity();
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto status = write->Execute(
      "INSERT INTO hash_set (name, source, version, purpose, enabled, radius_bits, dialect,"
      " created_at, handling) VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
      added.name(), added.source(), added.version(), added.purpose(), added.radius_bits(),
      added.dialect(), TimeNow(), added.handling());
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

absl::StatusOr<std::vector<v1::HashSet>> Catalog::HashSetsAt(std::uint64_t change) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  Statement rows = read->Prepare(
      "SELECT h.id, coalesce(v.version, h.version), coalesce(v.radius_bits, h.radius_bits),"
      " coalesce(v.enabled, h.enabled) FROM hash_set h LEFT JOIN hash_set_version v"
      " ON v.hash_set = h.id AND v.change = (SELECT max(change) FROM hash_set_version"
      " WHERE hash_set = h.id AND change <= ?1) ORDER BY h.id");
  rows.Bind(change);
  std::vector<v1::HashSet> sets;
  while (true) {
    const auto row = rows.Step();
    if (!row.ok()) return row.status();
    if (!*row) return sets;
    // Whom to ask and how it is to be handled are told as they are; name, purpose and dialect never
    // change.
    const auto now = impl_->directory.hash_sets.ById(rows.Id(0));
    if (now == nullptr) continue;  // made this moment
    v1::HashSet& set = sets.emplace_back(*now);
    set.set_version(std::string(rows.Text(1)));
    set.set_radius_bits(static_cast<std::uint32_t>(rows.Int(2)));
    set.set_enabled(rows.Int(3) != 0);
  }
}

}  // namespace kith::catalog
