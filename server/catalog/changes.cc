// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the change sequence, and what is changed of contacts and hash sets.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/bounds.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {

std::string_view NameOf(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kAdded:
      return "entries added";
    case ChangeKind::kWithdrawn:
      return "entries withdrawn";
    case ChangeKind::kIdentified:
      return "series identified";
    case ChangeKind::kSwitched:
      return "hash set switched";
    case ChangeKind::kUnidentified:
      return "identification taken back";
    case ChangeKind::kSeriesEdited:
      return "series edited";
    case ChangeKind::kMerged:
      return "series merged";
    case ChangeKind::kUnmerged:
      return "merge taken back";
    case ChangeKind::kAliased:
      return "series alias changed";
    case ChangeKind::kMoved:
      return "entries moved";
    case ChangeKind::kContact:
      return "contact changed";
    case ChangeKind::kSetEdited:
      return "hash set edited";
    case ChangeKind::kOpinion:
      return "opinion given";
    case ChangeKind::kPurged:
      return "case purged";
    case ChangeKind::kAgencyEdited:
      return "agency edited";
    case ChangeKind::kKept:
      return "records kept";
    case ChangeKind::kHolidays:
      return "holidays set";
  }
  return "change";
}

absl::Status CheckSignature(const Signature& signature) {
  return FirstError({CheckOptionalName("who", signature.who), CheckText("why", signature.why)});
}

Signature SignatureOf(const v1::Signature& signature) {
  return {.who = signature.who(), .why = signature.why()};
}

void ReadChange(const Statement& row, v1::Change& change) {
  change.set_number(row.Id(0));
  change.set_at(std::string(row.Text(1)));
  change.set_what(std::string(NameOf(static_cast<ChangeKind>(row.Int(2)))));
  change.set_subject(std::string(row.Text(3)));
  change.set_who(std::string(row.Text(4)));
  change.set_why(std::string(row.Text(5)));
}

absl::StatusOr<std::uint64_t> Catalog::Impl::AddChange(Transaction& write, ChangeKind kind,
                                                       std::string_view subject,
                                                       const Signature& signature) {
  if (auto status = write.Execute(
          "INSERT INTO change (at, kind, subject, who, note) VALUES (?1, ?2, ?3, ?4, ?5)",
          TimeNow(), kind, subject, signature.who, signature.why);
      !status.ok()) {
    return status;
  }
  return write.LastInsertId();
}

absl::StatusOr<std::uint64_t> Catalog::LastVerdictChange(std::uint64_t up_to) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  std::string kinds;
  for (const ChangeKind kind : kVerdictKinds) {
    absl::StrAppend(&kinds, kinds.empty() ? "" : ", ", static_cast<int>(kind));
  }
  Statement row = read->Prepare(absl::StrCat(
      "SELECT number FROM change c WHERE number <= ?1"
      " AND kind IN (",
      kinds, ") AND (kind <> ?2 OR ", std::string(kNewRadius), ") ORDER BY number DESC LIMIT 1"));
  row.Bind(up_to, ChangeKind::kSetEdited);
  const auto found = row.Step();
  if (!found.ok()) return found.status();
  return *found ? row.Id(0) : 0;
}

absl::StatusOr<std::uint64_t> Catalog::LastSetEdit(std::uint64_t behind, std::uint64_t up_to) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  Statement row = read->Prepare(
      "SELECT coalesce(max(number), 0) FROM change WHERE number > ?1 AND number <= ?2"
      " AND kind = ?3");
  if (const auto found = row.Bind(behind, up_to, ChangeKind::kSetEdited).Step(); !found.ok()) {
    return found.status();
  }
  return row.Id(0);
}

absl::StatusOr<std::vector<v1::Change>> Catalog::ListChanges(std::uint64_t after,
                                                             std::size_t limit) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  Statement rows = read->Prepare(
      "SELECT number, at, kind, subject, who, note FROM change WHERE number > ?1"
      " ORDER BY number LIMIT ?2");
  rows.Bind(after, limit);
  std::vector<v1::Change> changes;
  while (true) {
    const auto row = rows.Step();
    if (!row.ok()) return row.status();
    if (!*row) return changes;
    ReadChange(rows, changes.emplace_back());
  }
}

absl::Status Catalog::Change(ChangeKind kind, std::string_view subject, const Signature& signature,
                             const std::function<absl::Status(Transaction&, std::uint64_t)>& record,
                             const std::function<absl::Status()>& apply) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto change = impl_->AddChange(*write, kind, subject, signature);
  if (!change.ok()) return change.status();
  if (auto status = record(*write, *change); !status.ok()) return status;
  return impl_->CommitAndApply(*write, *change, apply);
}

absl::StatusOr<std::shared_ptr<const v1::Contact>> Catalog::Impl::FindContact(
    std::uint64_t id) const {
  if (auto found = directory.contacts.ById(id)) return found;
  return absl::NotFoundError(absl::StrCat("no contact ", id, ": add it first"));
}

absl::StatusOr<std::uint64_t> Catalog::Impl::WriteContact(Transaction& write,
                                                          const v1::Contact& contact,
                                                          const Signature& signature) {
  const auto change = AddChange(
      write, ChangeKind::kContact,
      absl::StrCat("contact ", contact.contact_id(), " of ", contact.agency()), signature);
  if (!change.ok()) return change.status();
  if (auto status = write.Execute(
          "INSERT INTO contact_version (change, contact, verified_on, superseded_by, retired)"
          " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5)",
          *change, contact.contact_id(), contact.verified_at(), contact.superseded_by(),
          contact.retired());
      !status.ok()) {
    return status;
  }
  return *change;
}

// `edit` gets the contact as the one writer sees it.
absl::StatusOr<v1::Contact> Catalog::ChangeContact(
    std::uint64_t contact_id, const Signature& signature,
    const std::function<absl::Status(v1::Contact&)>& edit) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto found = impl_->FindContact(contact_id);
  if (!found.ok()) return found.status();
  v1::Contact contact = **found;
  if (auto status = edit(contact); !status.ok()) return status;
  const auto change = impl_->WriteContact(*write, contact, signature);
  if (!change.ok()) return change.status();
  const auto put = [&] {
    impl_->directory.contacts.Put(contact_id, "", contact);
    // Series carry their contacts: whom an answer names from now on is who stands there now.
    for (const auto& series : impl_->directory.series.After(0, SIZE_MAX)) {
      const auto names = [&](const v1::Contact& one) { return one.contact_id() == contact_id; };
      if (names(series->contact()) || names(series->notification_contact()) ||
          names(series->restitution_contact())) {
        impl_->PutSeries(*series);
      }
    }
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return contact;
}

absl::StatusOr<v1::Contact> Catalog::SupersedeContact(std::uint64_t contact_id,
                                                      std::uint64_t by_contact_id,
                                                      const Signature& signature) {
  return ChangeContact(contact_id, signature, [&](v1::Contact& contact) -> absl::Status {
    if (contact.superseded_by() != 0 || contact.retired()) {
      return absl::FailedPreconditionError(
          absl::StrCat("contact ", contact_id, " is superseded already",
                       contact.retired() ? "" : absl::StrCat(", by ", contact.superseded_by())));
    }
    if (by_contact_id == 0) {
      contact.set_retired(true);
      return absl::OkStatus();
    }
    if (by_contact_id == contact_id) {
      return absl::FailedPreconditionError(absl::StrCat(
          "contact ", contact_id, " cannot stand in its own place: name who is to be called"));
    }
    const auto by = impl_->FindContact(by_contact_id);
    if (!by.ok()) return by.status();
    if ((*by)->agency() != contact.agency()) {
      return absl::InvalidArgumentError(absl::StrCat("contact ", by_contact_id, " is of agency \"",
                                                     (*by)->agency(), "\", not of \"",
                                                     contact.agency(), "\""));
    }
    // A contact that is not superseded ends every chain that leads to it.
    const auto end = impl_->directory.CurrentContact(by_contact_id);
    if (end == nullptr || end->contact_id() == contact_id) {
      return absl::FailedPreconditionError(absl::StrCat(
          "contact ", by_contact_id, " is superseded itself: name who stands in its place"));
    }
    contact.set_superseded_by(by_contact_id);
    return absl::OkStatus();
  });
}

absl::StatusOr<v1::Contact> Catalog::VerifyContact(std::uint64_t contact_id,
                                                   std::string_view verified_at,
                                                   const Signature& signature) {
  if (verified_at.empty()) return absl::InvalidArgumentError("say on which day it was verified");
  if (auto status = CheckPastDate("verified_at", verified_at); !status.ok()) return status;
  return ChangeContact(contact_id, signature, [&](v1::Contact& contact) {
    contact.set_verified_at(std::string(verified_at));
    return absl::OkStatus();
  });
}

absl::StatusOr<std::uint64_t> Catalog::Impl::WriteSet(Transaction& write, ChangeKind kind,
                                                      const v1::HashSet& hash_set,
                                                      const Signature& signature) {
  const std::string subject =
      kind == ChangeKind::kSwitched
          ? absl::StrCat("set ", hash_set.name(), hash_set.enabled() ? ", on" : ", off")
          : absl::StrCat("set ", hash_set.name());
  const auto change = AddChange(write, kind, subject, signature);
  if (!change.ok()) return change.status();
  if (auto status = write.Execute(
          "INSERT INTO hash_set_version (change, hash_set, source, handling, version, radius_bits,"
          " enabled) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          *change, hash_set.set_id(), hash_set.source(), hash_set.handling(), hash_set.version(),
          hash_set.radius_bits(), hash_set.enabled());
      !status.ok()) {
    return status;
  }
  return *change;
}

absl::StatusOr<v1::HashSet> Catalog::SetHashSetEnabled(std::string_view name, bool enabled,
                                                       const Signature& signature) {
  return ChangeSet(name, ChangeKind::kSwitched, signature, [&](v1::HashSet& hash_set) {
    const bool changes = hash_set.enabled() != enabled;
    hash_set.set_enabled(enabled);
    return changes;
  });
}

absl::StatusOr<v1::HashSet> Catalog::EditHashSet(const v1::EditHashSetRequest& request) {
  if (!request.has_source() && !request.has_version() && !request.has_handling() &&
      !request.has_radius_bits()) {
    return NothingToChange(absl::StrCat("hash set ", Quoted(request.name())));
  }
  if (auto status = FirstError({CheckText("source", request.source()),
                                CheckOptionalName("version", request.version()),
                                CheckText("handling", request.handling())});
      !status.ok()) {
    return status;
  }
  if (request.radius_bits() > kMaxRadiusBits) {
    return absl::InvalidArgumentError(absl::StrCat("hash set ", Quoted(request.name()), ": radius ",
                                                   request.radius_bits(), ": it goes from 0 to ",
                                                   kMaxRadiusBits));
  }
  return ChangeSet(request.name(), ChangeKind::kSetEdited, SignatureOf(request.signature()),
                   [&](v1::HashSet& hash_set) {
                     if (request.has_source()) hash_set.set_source(request.source());
                     if (request.has_version()) hash_set.set_version(request.version());
                     if (request.has_handling()) hash_set.set_handling(request.handling());
                     if (request.has_radius_bits()) hash_set.set_radius_bits(request.radius_bits());
                     return true;
                   });
}

// `edit` gets the set as the one writer sees it; false: there is nothing to change.
absl::StatusOr<v1::HashSet> Catalog::ChangeSet(std::string_view name, ChangeKind kind,
                                               const Signature& signature,
                                               const std::function<bool(v1::HashSet&)>& edit) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto found = impl_->FindSet(name);
  if (!found.ok()) return found.status();
  v1::HashSet hash_set = **found;
  if (edit(hash_set)) {
    const auto change = impl_->WriteSet(*write, kind, hash_set, signature);
    if (!change.ok()) return change.status();
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
