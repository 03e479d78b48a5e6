// SPDX-License-Identifier: Apache-2.0
//
// Catalog: series: from the tables to the directory.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {
namespace {

void NameContact(const Statement& row, int column, const Directory& directory,
                 v1::Contact* (v1::Series::*contact)(), v1::Series& series) {
  if (row.IsNull(column)) return;
  if (const auto found = directory.contacts.ById(row.Id(column))) *(series.*contact)() = *found;
}

}  // namespace

void ReadSeries(const Statement& row, int first, const Directory& directory, v1::Series& series) {
  series.set_status(static_cast<v1::SeriesStatus>(row.Int(first)));
  if (!row.IsNull(first + 1)) {
    if (const auto agency = directory.agencies.ById(row.Id(first + 1))) {
      series.set_agency(agency->name());
    }
  }
  // Whom they name, not who stands in their place today: PutSeries looks for that.
  NameContact(row, first + 2, directory, &v1::Series::mutable_contact, series);
  series.set_identified_on(std::string(row.Text(first + 3)));
  series.set_jurisdiction(std::string(row.Text(first + 4)));
  series.set_sensitivity(std::string(row.Text(first + 5)));
  series.set_notification(static_cast<v1::Notification>(row.Int(first + 6)));
  NameContact(row, first + 7, directory, &v1::Series::mutable_notification_contact, series);
  NameContact(row, first + 8, directory, &v1::Series::mutable_restitution_contact, series);
  series.set_note(std::string(row.Text(first + 9)));
  if (!row.IsNull(first + 10)) {
    if (const auto into = directory.series.ById(row.Id(first + 10))) {
      series.set_merged_into(into->code());
    }
  }
  series.set_locator(std::string(row.Text(first + 11)));
  series.set_victims(static_cast<std::uint32_t>(row.Int(first + 12)));
}

void Catalog::Impl::PutSeries(v1::Series series) {
  const auto call = directory.CurrentContact(series.contact().contact_id());
  const auto tell = directory.CurrentContact(series.notification_contact().contact_id());
  const auto restitution = directory.CurrentContact(series.restitution_contact().contact_id());
  series.clear_contact();
  series.clear_notification_contact();
  series.clear_restitution_contact();
  if (call) *series.mutable_contact() = *call;
  if (tell) *series.mutable_notification_contact() = *tell;
  if (restitution) *series.mutable_restitution_contact() = *restitution;
  const std::uint64_t id = series.series_id();
  const std::string code = series.code();
  directory.series.Put(id, code, std::move(series));
}

absl::Status Catalog::Impl::LoadSeries(Transaction& read) {
  // First all by code: they name each other.
  Statement names = read.Prepare("SELECT id, code FROM series ORDER BY id");
  while (true) {
    const auto row = names.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    v1::Series series;
    series.set_series_id(names.Id(0));
    series.set_code(std::string(names.Text(1)));
    directory.series.Put(series.series_id(), series.code(), series);
  }
  Statement aliases = read.Prepare(
      "SELECT a.alias, a.scheme, a.series FROM series_alias a WHERE a.series IS NOT NULL AND"
      " a.change = (SELECT max(change) FROM series_alias WHERE alias = a.alias) ORDER BY a.alias");
  std::unordered_map<std::uint64_t, std::vector<v1::SeriesAlias>> aliases_of;
  while (true) {
    const auto row = aliases.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    v1::SeriesAlias& alias = aliases_of[aliases.Id(2)].emplace_back();
    alias.set_alias(std::string(aliases.Text(0)));
    alias.set_scheme(std::string(aliases.Text(1)));
  }
  Statement states = read.Prepare(
      absl::StrCat("SELECT s.id, s.code, s.note, v.change, s.unsaid, ", std::string(kSeriesColumns),
                   " FROM series s LEFT JOIN series_version v ON v.series = s.id AND v.change ="
                   " (SELECT max(change) FROM series_version WHERE series = s.id) ORDER BY s.id"));
  while (true) {
    const auto row = states.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    v1::Series series;
    series.set_series_id(states.Id(0));
    series.set_code(std::string(states.Text(1)));
    series.set_note(std::string(states.Text(2)));
    if (states.Int(4) == 0) series.set_status(v1::SERIES_STATUS_UNIDENTIFIED);
    if (!states.IsNull(3)) ReadSeries(states, 5, directory, series);
    for (const v1::SeriesAlias& alias : aliases_of[series.series_id()]) {
      *series.add_aliases() = alias;
      directory.series.PutName(series.series_id(), alias.alias());
    }
    PutSeries(std::move(series));
  }
}

}  // namespace kith::catalog
