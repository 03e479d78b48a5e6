// SPDX-License-Identifier: Apache-2.0
//
// Catalog: series: other names, merges, and what happened to one.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

// That it was added, which is no change: under number 0.
absl::StatusOr<v1::SeriesEvent> ReadAddition(Transaction& read, const v1::Series& series) {
  Statement row =
      read.Prepare("SELECT created_at, who, why, note, unsaid FROM series WHERE id = ?1");
  if (const auto found = row.Bind(series.series_id()).Step(); !found.ok()) return found.status();
  v1::SeriesEvent event;
  v1::Change& change = *event.mutable_change();
  change.set_at(std::string(row.Text(0)));
  change.set_what("series added");
  change.set_subject(absl::StrCat("series ", series.code()));
  change.set_who(std::string(row.Text(1)));
  change.set_why(std::string(row.Text(2)));
  v1::Series& state = *event.mutable_series();
  state.set_series_id(series.series_id());
  state.set_code(series.code());
  state.set_note(std::string(row.Text(3)));
  if (row.Int(4) == 0) state.set_status(v1::SERIES_STATUS_UNIDENTIFIED);
  return event;
}

}  // namespace

absl::StatusOr<v1::Series> Catalog::SetSeriesAlias(std::string_view code,
                                                   const v1::SeriesAlias& alias,
                                                   const Signature& signature) {
  if (auto status =
          FirstError({CheckName("alias", alias.alias()),
                      CheckOptionalName("scheme", alias.scheme()), CheckSignature(signature)});
      !status.ok()) {
    return status;
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  const auto holder = impl_->directory.series.ByName(alias.alias());
  const bool removes = code.empty();
  if (removes && (!holder || holder->code() == alias.alias())) {
    return absl::NotFoundError(absl::StrCat("no alias ", Quoted(alias.alias())));
  }
  if (!removes && holder) {
    return absl::AlreadyExistsError(
        absl::StrCat(Quoted(alias.alias()), " already names series ", Quoted(holder->code())));
  }
  auto series = impl_->FindAsItIs(removes ? holder->code() : code);
  if (!series.ok()) return series.status();
  const auto change = impl_->AddChange(
      *write, ChangeKind::kAliased,
      absl::StrCat("series ", series->code(), removes ? ", no longer " : ", also ", alias.alias()),
      signature);
  if (!change.ok()) return change.status();
  if (auto status =
          write->Execute("INSERT INTO series_alias (change, alias, scheme, series)"
                         " VALUES (?1, ?2, ?3, nullif(?4, 0))",
                         *change, alias.alias(), alias.scheme(), removes ? 0 : series->series_id());
      !status.ok()) {
    return status;
  }
  auto& aliases = *series->mutable_aliases();
  if (removes) {
    aliases.erase(
        std::remove_if(aliases.begin(), aliases.end(),
                       [&](const v1::SeriesAlias& one) { return one.alias() == alias.alias(); }),
        aliases.end());
  } else {
    *aliases.Add() = alias;
    std::sort(aliases.begin(), aliases.end(),
              [](const auto& a, const auto& b) { return a.alias() < b.alias(); });
  }
  const auto put = [&] {
    impl_->PutSeries(*series);
    if (removes) {
      impl_->directory.series.RemoveName(alias.alias());
    } else {
      impl_->directory.series.PutName(series->series_id(), alias.alias());
    }
    return absl::OkStatus();
  };
  if (auto status = impl_->CommitAndApply(*write, *change, put); !status.ok()) return status;
  return *impl_->directory.series.ById(series->series_id());
}

// Who would not be told any more, in words, were `target` to stand for `series`: what the one that
// stands for both says holds for both. Empty: nobody.
std::string Catalog::Impl::WhoIsLost(const v1::Series& series, const v1::Series& target) const {
  const std::string from = Quoted(series.code());
  const std::string to = Quoted(target.code());
  if (series.notification() == v1::NOTIFICATION_OPT_IN &&
      target.notification() != v1::NOTIFICATION_OPT_IN) {
    return absl::StrCat("the victim's side of series ", from,
                        " wants to be told of new cases, which would end, as ", to,
                        target.notification() == v1::NOTIFICATION_OPT_OUT ? " says they do not"
                                                                          : " does not say so");
  }
  const auto current = [&](const v1::Contact& contact) {
    const auto found = directory.CurrentContact(contact.contact_id());
    return found ? found->contact_id() : 0;
  };
  const auto lost = [&](const v1::Contact& own, const v1::Contact& other, std::string_view what) {
    const std::uint64_t id = current(own);
    if (id == 0 || id == current(other)) return std::string();
    return absl::StrCat("contact ", id, ", ", std::string(what), " series ", from,
                        ", would be lost, as ", to,
                        current(other) == 0 ? " names nobody" : " names another");
  };
  std::string words = lost(series.notification_contact(), target.notification_contact(),
                           "to be told of new cases of");
  if (words.empty()) {
    words = lost(series.restitution_contact(), target.restitution_contact(),
                 "to be asked about restitution for");
  }
  return words;
}

// Whether an edit loses nobody who is to be told of a series that was merged into this one. What
// was lost before it, by a merge of an earlier version, is no reason to refuse it.
absl::Status Catalog::Impl::KeepsWhoIsTold(const v1::Series& before,
                                           const v1::Series& after) const {
  for (const std::uint64_t id : directory.SeriesCountedAs(after.series_id())) {
    const auto merged = directory.series.ById(id);
    if (!merged || id == after.series_id()) continue;
    const std::string lost = WhoIsLost(*merged, after);
    if (lost.empty() || lost == WhoIsLost(*merged, before)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(lost,
                     ": it is merged into that one; take the merge back first, with kith "
                     "series unmerge, set both alike and merge them again"));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Series> Catalog::MergeSeries(std::string_view code, std::string_view into,
                                                const Signature& signature) {
  const auto merged =
      ChangeSeries(code, ChangeKind::kMerged, signature, [&](v1::Series& series) -> absl::Status {
        const auto found = impl_->FindSeries(into);
        if (!found.ok()) return found.status();
        const auto target = impl_->directory.CurrentSeries((*found)->series_id());
        if (!target || target->series_id() == series.series_id()) {
          return absl::FailedPreconditionError(absl::StrCat(
              "series ", Quoted(series.code()), " and ", Quoted(into), " are one already"));
        }
        if (series.status() == v1::SERIES_STATUS_IDENTIFIED &&
            target->status() != v1::SERIES_STATUS_IDENTIFIED) {
          return absl::FailedPreconditionError(
              absl::StrCat("series ", Quoted(series.code()), " is identified and ",
                           Quoted(target->code()), " is not: merge them the other way round"));
        }
        if (series.status() == v1::SERIES_STATUS_IDENTIFIED &&
            target->agency() != series.agency()) {
          return absl::FailedPreconditionError(absl::StrCat(
              "series ", Quoted(series.code()), " was identified by ", Quoted(series.agency()),
              " and ", Quoted(target->code()), " by ", Quoted(target->agency()),
              ": whom to call would be lost; let the two agencies agree first"));
        }
        if (const std::string lost = impl_->WhoIsLost(series, *target); !lost.empty()) {
          return absl::FailedPreconditionError(
              absl::StrCat(lost, ": set both alike first, with kith series edit"));
        }
        series.set_merged_into(target->code());
        return absl::OkStatus();
      });
  if (!merged.ok()) return merged.status();
  return *impl_->directory.CurrentSeries(merged->series_id());
}

absl::StatusOr<v1::Series> Catalog::UnmergeSeries(std::string_view code,
                                                  const Signature& signature) {
  if (auto status = NeedSignature(signature, "to take a merge back"); !status.ok()) return status;
  return ChangeSeries(
      code, ChangeKind::kUnmerged, signature, [](v1::Series& series) -> absl::Status {
        if (series.merged_into().empty()) {
          return absl::FailedPreconditionError(
              absl::StrCat("series ", Quoted(series.code()), " is not merged into another"));
        }
        series.clear_merged_into();
        return absl::OkStatus();
      });
}

absl::StatusOr<std::vector<v1::SeriesEvent>> Catalog::SeriesHistory(std::string_view code) {
  const auto series = impl_->FindSeries(code);
  if (!series.ok()) return series.status();
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  auto addition = ReadAddition(*read, **series);
  if (!addition.ok()) return addition.status();
  std::vector<v1::SeriesEvent> events = {*std::move(addition)};
  // Aliases and moved entries change no state of their own: told by the words of the change.
  Statement rows = read->Prepare(absl::StrCat(
      "SELECT c.number, c.at, c.kind, c.subject, c.who, c.note, v.change, ",
      std::string(kSeriesColumns),
      " FROM change c LEFT JOIN series_version v ON v.change = c.number AND v.series = ?1"
      " WHERE v.change IS NOT NULL OR c.number IN (SELECT change FROM series_alias WHERE series = "
      "?1"
      " UNION SELECT change FROM entry_moved WHERE series = ?1) ORDER BY c.number"));
  rows.Bind((*series)->series_id());
  while (true) {
    const auto row = rows.Step();
    if (!row.ok()) return row.status();
    if (!*row) return events;
    v1::SeriesEvent& event = events.emplace_back();
    ReadChange(rows, *event.mutable_change());
    v1::Series& state = *event.mutable_series();
    if (rows.IsNull(6)) {
      state = events[events.size() - 2].series();
    } else {
      ReadSeries(rows, 7, impl_->directory, state);
    }
    state.set_series_id((*series)->series_id());
    state.set_code((*series)->code());
  }
}

absl::StatusOr<bool> Catalog::WasIdentifiedByAnother(std::uint64_t series_id, std::uint64_t since) {
  auto read = impl_->database->BeginRead();
  if (!read.ok()) return read.status();
  // The version that was in force then, and those that came since.
  Statement row = read->Prepare(
      "WITH now AS (SELECT status, agency, contact FROM series_version WHERE series = ?1"
      " ORDER BY change DESC LIMIT 1)"
      " SELECT EXISTS (SELECT 1 FROM series_version v, now WHERE v.series = ?1"
      " AND v.change >= (SELECT coalesce(max(change), 0) FROM series_version"
      " WHERE series = ?1 AND change <= ?2)"
      " AND now.status = ?3 AND v.status = ?3"
      " AND (v.agency IS NOT now.agency OR v.contact IS NOT now.contact))");
  const auto found =
      row.Bind(series_id, since, static_cast<int>(v1::SERIES_STATUS_IDENTIFIED)).Step();
  if (!found.ok()) return found.status();
  return row.Id(0) != 0;
}

}  // namespace kith::catalog
