// SPDX-License-Identifier: Apache-2.0
//
// CaseDesk: alerts.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/case_desk.h"
#include "server/casework/deciding.h"
#include "server/casework/verdict.h"
#include "server/catalog/hand_on.h"
#include "server/catalog/names.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"

namespace kith::server {
namespace {

using catalog::ChangeKind;
using catalog::Statement;
using catalog::Transaction;

constexpr std::size_t kMatchedAtOnce = 256;
constexpr std::size_t kEntriesAtOnce = 4096;
constexpr std::size_t kChangesAtOnce = 1000;

// What a change was about.
struct ChangeFacts {
  ChangeKind kind = ChangeKind::kAdded;
  std::uint64_t first_entry = 0;
  std::uint64_t last_entry = 0;
  std::uint64_t series_id = 0;
  std::uint64_t set_id = 0;
  std::uint64_t moved_to = 0;
  bool is_text = false;  // of a set: its radius is as it was
};

absl::StatusOr<std::optional<ChangeFacts>> ReadFacts(catalog::Database& database,
                                                     std::uint64_t change) {
  KITH_ASSIGN(Transaction read, database.BeginRead());
  Statement row = read.Prepare(absl::StrCat(
      "SELECT c.kind, coalesce(c.first_entry, 0), coalesce(c.last_entry, 0),"
      " coalesce((SELECT max(series) FROM series_version WHERE change = c.number), 0),"
      " coalesce((SELECT max(hash_set) FROM hash_set_version WHERE change = c.number), 0),"
      " coalesce((SELECT hash_set FROM entry WHERE id = c.first_entry), 0),"
      " coalesce((SELECT max(series) FROM entry_moved WHERE change = c.number), 0), NOT ",
      std::string(catalog::kNewRadius), " FROM change c WHERE c.number = ?1"));
  KITH_ASSIGN(const bool found, row.Bind(change).Step());
  if (!found) return std::nullopt;
  ChangeFacts facts;
  facts.kind = static_cast<ChangeKind>(row.Int(0));
  facts.first_entry = row.Id(1);
  facts.last_entry = row.Id(2);
  facts.series_id = row.Id(3);
  facts.set_id = row.Id(4) != 0 ? row.Id(4) : row.Id(5);
  facts.moved_to = row.Id(6);
  facts.is_text = row.Int(7) != 0;
  return facts;
}

// What replaces an entry comes by one change, and the entry goes by another. Both alerts would tell
// the same of a file, which is what holds after both: that of what came is enough.
void TellReplacedOnce(
    std::vector<std::pair<casework::AlertCause, std::vector<casework::AlertedFile>>>& alerts) {
  std::map<std::uint64_t, const casework::AlertedFile*> told;
  for (const auto& [cause, files] : alerts) {
    if (cause.kind != static_cast<int>(ChangeKind::kAdded)) continue;
    for (const casework::AlertedFile& file : files) told[file.file_id] = &file;
  }
  for (auto& [cause, files] : alerts) {
    if (cause.kind != static_cast<int>(ChangeKind::kWithdrawn)) continue;
    std::erase_if(files, [&](const casework::AlertedFile& file) {
      const auto found = told.find(file.file_id);
      return found != told.end() && found->second->before == file.before &&
             found->second->now == file.now && found->second->rule == file.rule;
    });
  }
  std::erase_if(alerts, [](const auto& alert) { return alert.second.empty(); });
}

// A file that nothing known matches is of no more concern for being known as harmless.
bool AreAlike(v1::Verdict verdict, std::string_view rule, const v1::MatchResult& now) {
  return verdict == now.verdict() && casework::DifferByBenignOnly(verdict, rule, now.rule());
}

// Who identified a series: that is no part of a verdict, and whoever was told of the wrong agency
// or contact must hear of the right one.
class Identifier {
 public:
  // Of no series: 0.
  Identifier(catalog::Catalog* catalog, std::uint64_t series_id)
      : catalog_(*catalog), series_(catalog->directory().series.ById(series_id)) {}

  // Whether a file that was matched at this index version matches the series, and somebody else
  // stood there for having identified it, then or later, than stands there now: of whom a report
  // may have told meanwhile without the file being matched again.
  absl::StatusOr<bool> IsAnother(std::uint64_t matched_at, const v1::MatchResult& result) {
    if (series_ == nullptr || !IsMatchedBy(result)) return false;
    const auto [place, is_new] = is_another_.try_emplace(matched_at, false);
    if (is_new) {
      KITH_ASSIGN(place->second, catalog_.WasIdentifiedByAnother(series_->series_id(), matched_at));
    }
    return place->second;
  }

 private:
  [[nodiscard]] bool IsMatchedBy(const v1::MatchResult& result) const {
    const auto kept = casework::KeptOf(result, casework::kMatchesKept);
    return std::any_of(kept.begin(), kept.end(), [this](const v1::Match* match) {
      return match->series() == series_->code() && match->purpose() != v1::PURPOSE_BENIGN &&
             !match->held_back();
    });
  }

  catalog::Catalog& catalog_;
  catalog::RecordMap<v1::Series>::Pointer series_;
  std::map<std::uint64_t, bool> is_another_;  // by index version
};

}  // namespace

absl::Status CaseDesk::GatherNear(std::uint64_t set_id, std::uint64_t first, std::uint64_t last,
                                  std::vector<std::uint64_t>& files) {
  const auto set = catalog_->directory().hash_sets.ById(set_id);
  if (set == nullptr || !set->enabled()) return absl::OkStatus();
  std::vector<v1::Entry> entries;
  const auto join = [&]() -> absl::Status {
    if (entries.empty()) return absl::OkStatus();
    KITH_ASSIGN(const std::vector<std::uint64_t> near,
                evidence_.FilesNear(entries, static_cast<int>(set->radius_bits())));
    files.insert(files.end(), near.begin(), near.end());
    entries.clear();
    return absl::OkStatus();
  };
  KITH_RETURN_IF_ERROR(
      catalog_->ForEachEntry(set_id, first, last, [&](const v1::Entry& entry) -> absl::Status {
        entries.push_back(entry);
        return entries.size() < kEntriesAtOnce ? absl::OkStatus() : join();
      }));
  return join();
}

absl::Status CaseDesk::Gather(std::uint64_t change, Causes& causes,
                              std::optional<casework::AlertCause>& of_record) {
  KITH_ASSIGN(const auto read, ReadFacts(catalog_->database(), change));
  if (!read || !catalog::TouchesVerdict(read->kind)) return absl::OkStatus();
  const ChangeFacts& facts = *read;
  const catalog::Directory& directory = catalog_->directory();
  std::string subject;
  std::vector<std::uint64_t> files;
  switch (facts.kind) {
    case ChangeKind::kAdded: {
      KITH_RETURN_IF_ERROR(GatherNear(facts.set_id, facts.first_entry, facts.last_entry, files));
      break;
    }
    case ChangeKind::kWithdrawn:
    case ChangeKind::kMoved: {
      KITH_ASSIGN(files, ledger_.FilesMet(change, 0, 0));
      break;
    }
    case ChangeKind::kIdentified:
    case ChangeKind::kUnidentified:
    case ChangeKind::kMerged:
    case ChangeKind::kUnmerged: {
      KITH_ASSIGN(files, ledger_.FilesMet(0, facts.series_id, 0));
      break;
    }
    case ChangeKind::kSwitched:
    case ChangeKind::kSetEdited: {
      if (facts.kind == ChangeKind::kSetEdited && facts.is_text) return absl::OkStatus();
      KITH_ASSIGN(files, ledger_.FilesMet(0, 0, facts.set_id));
      KITH_RETURN_IF_ERROR(
          GatherNear(facts.set_id, 1, std::numeric_limits<std::int64_t>::max(), files));
      break;
    }
    default:
      return absl::InternalError("of a change that touches verdicts no files are gathered");
  }
  if (const auto set = directory.hash_sets.ById(facts.set_id)) {
    subject = absl::StrCat("set ", set->name());
  } else if (const auto series =
                 directory.series.ById(facts.series_id != 0 ? facts.series_id : facts.moved_to)) {
    subject = absl::StrCat("series ", series->code());
  } else {
    subject = "entries";
  }
  casework::AlertCause cause{.kind = static_cast<int>(facts.kind),
                             .subject = std::move(subject),
                             .first_change = change,
                             .last_change = change};
  if (facts.kind == ChangeKind::kIdentified) cause.identified = facts.series_id;
  if (facts.kind != ChangeKind::kAdded) of_record = cause;
  if (files.empty()) return absl::OkStatus();
  // Enrolling a folder makes many changes: one alert for all of one kind on one subject.
  if (auto known = causes.extract(cause); !known.empty()) {
    cause.first_change = known.key().first_change;
    files.insert(files.end(), known.mapped().begin(), known.mapped().end());
  }
  causes[cause] = std::move(files);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<casework::AlertedFile>> CaseDesk::Changed(
    const casework::AlertCause& cause, std::vector<std::uint64_t> file_ids) {
  std::sort(file_ids.begin(), file_ids.end());
  file_ids.erase(std::unique(file_ids.begin(), file_ids.end()), file_ids.end());
  std::vector<casework::AlertedFile> changed;
  Identifier identifier(catalog_, cause.identified);
  for (std::size_t begin = 0; begin < file_ids.size(); begin += kMatchedAtOnce) {
    const auto part =
        std::span(file_ids).subspan(begin, std::min(kMatchedAtOnce, file_ids.size() - begin));
    KITH_ASSIGN(std::vector<casework::StoredFile> files, ledger_.ReadFiles(part));
    // What was matched since then is up to date, and was told as it is.
    std::erase_if(files, [&](const casework::StoredFile& file) {
      return file.matched_at >= cause.last_change;
    });
    if (files.empty()) continue;
    KITH_ASSIGN(const Matched now, MatchNow(files));
    for (std::size_t i = 0; i < files.size(); ++i) {
      const v1::MatchResult& result = now.results[i];
      if (AreAlike(files[i].verdict, files[i].rule, result)) {
        KITH_ASSIGN(const std::vector<std::string> before, ledger_.MatchWords(files[i].file_id));
        if (before == ledger_.WordsOf(result)) {
          KITH_ASSIGN(const bool by_another, identifier.IsAnother(files[i].matched_at, result));
          if (!by_another) continue;
        }
      }
      changed.push_back({.file_id = files[i].file_id,
                         .case_id = files[i].case_id,
                         .before = files[i].verdict,
                         .now = result.verdict(),
                         .rule = result.rule()});
    }
  }
  return changed;
}

absl::Status CaseDesk::TellAgain(const casework::AlertCause& cause, Alerts& alerts) {
  std::set<std::uint64_t> told_now;
  for (const auto& [of, files] : alerts) {
    for (const casework::AlertedFile& file : files) told_now.insert(file.file_id);
  }
  KITH_ASSIGN(std::vector<casework::Ledger::ToldFile> told, ledger_.FilesTold());
  std::erase_if(told, [&](const auto& file) { return told_now.contains(file.file_id); });
  std::map<std::uint64_t, const casework::Ledger::ToldFile*> by_id;
  std::vector<std::uint64_t> ids;
  for (const auto& file : told) {
    by_id[file.file_id] = &file;
    ids.push_back(file.file_id);
  }
  std::vector<casework::AlertedFile> changed;
  for (std::size_t begin = 0; begin < ids.size(); begin += kMatchedAtOnce) {
    const auto part = std::span(ids).subspan(begin, std::min(kMatchedAtOnce, ids.size() - begin));
    KITH_ASSIGN(const std::vector<casework::StoredFile> files, ledger_.ReadFiles(part));
    KITH_ASSIGN(const Matched now, MatchNow(files));
    for (std::size_t i = 0; i < files.size(); ++i) {
      const casework::Ledger::ToldFile& last = *by_id.at(files[i].file_id);
      const v1::MatchResult& result = now.results[i];
      if (AreAlike(last.now, last.rule, result)) continue;
      changed.push_back({.file_id = files[i].file_id,
                         .case_id = files[i].case_id,
                         .before = last.now,
                         .now = result.verdict(),
                         .rule = result.rule()});
    }
  }
  if (changed.empty()) return absl::OkStatus();
  const auto same = std::find_if(alerts.begin(), alerts.end(), [&](const auto& alert) {
    return !(alert.first < cause) && !(cause < alert.first);
  });
  if (same == alerts.end()) {
    alerts.emplace_back(cause, std::move(changed));
  } else {
    same->second.insert(same->second.end(), changed.begin(), changed.end());
  }
  return absl::OkStatus();
}

absl::Status CaseDesk::Watch() {
  // Who gives an opinion right now settles it as well.
  if (const std::unique_lock lock(opinion_mutex_, std::try_to_lock); lock.owns_lock()) {
    KITH_RETURN_IF_ERROR(SettleOpinions(nullptr));
  }
  return WatchTo(catalog_->Version().change());
}

absl::Status CaseDesk::WatchTo(std::uint64_t change) {
  const std::lock_guard lock(watch_mutex_);
  KITH_ASSIGN(std::uint64_t seen, ledger_.LastWatched());
  if (seen >= change) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(ledger_.Announce(change));
  if (seen == 0) {
    // The first time: what all files were matched after is nothing new to any of them.
    KITH_ASSIGN(const std::optional<std::uint64_t> least, ledger_.LeastMatchedAt());
    seen = std::min(least.value_or(change), change);
    if (seen == change) return ledger_.AddAlerts(change, {});
  }
  for (std::uint64_t begin = seen + 1; begin <= change; begin += kChangesAtOnce) {
    const std::uint64_t end = std::min<std::uint64_t>(change, begin + kChangesAtOnce - 1);
    Causes causes;
    std::optional<casework::AlertCause> of_record;
    for (std::uint64_t number = begin; number <= end; ++number) {
      KITH_RETURN_IF_ERROR(Gather(number, causes, of_record));
    }
    Alerts alerts;
    for (auto& [cause, files] : causes) {
      KITH_ASSIGN(std::vector<casework::AlertedFile> changed, Changed(cause, std::move(files)));
      if (!changed.empty()) alerts.emplace_back(cause, std::move(changed));
    }
    if (of_record) KITH_RETURN_IF_ERROR(TellAgain(*of_record, alerts));
    TellReplacedOnce(alerts);
    std::sort(alerts.begin(), alerts.end(), [](const auto& a, const auto& b) {
      return a.first.last_change < b.first.last_change;
    });
    KITH_RETURN_IF_ERROR(ledger_.AddAlerts(end, alerts));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListAlertsResponse> CaseDesk::ListAlerts(const v1::ListAlertsRequest& request) {
  const auto page = ReadPage("alerts", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  KITH_RETURN_IF_ERROR(Watch());
  KITH_ASSIGN(const auto found, ledger_.ListAlerts(page->after, page->size + 1, request.case_name(),
                                                   request.closed_too()));
  v1::ListAlertsResponse response;
  response.set_next_page_token(FillPage(
      "alerts", *page, found, [&](const auto& alert) { *response.add_alerts() = alert; },
      [](const auto& alert) { return alert.alert_id(); }));
  return response;
}

absl::StatusOr<v1::GetAlertResponse> CaseDesk::GetAlert(const v1::GetAlertRequest& request) {
  const std::string list = absl::StrCat("alert", request.alert_id());
  const auto page = ReadPage(list, request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  v1::GetAlertResponse response;
  KITH_ASSIGN(*response.mutable_alert(), ledger_.GetAlert(request.alert_id()));
  std::vector<std::uint64_t> ids;
  KITH_ASSIGN(const auto files,
              ledger_.AlertFiles(request.alert_id(), page->after, page->size + 1, ids));
  std::size_t at = 0;
  response.set_next_page_token(FillPage(
      list, *page, files,
      [&](const auto& file) {
        *response.add_files() = file;
        ++at;
      },
      [&](const auto&) { return ids[at - 1]; }));
  return response;
}

absl::StatusOr<v1::CloseAlertResponse> CaseDesk::CloseAlert(const v1::CloseAlertRequest& request) {
  const std::string& who = request.signature().who();
  if (who.empty() || request.signature().why().empty()) {
    return absl::InvalidArgumentError("to close an alert, say who does it and why");
  }
  KITH_RETURN_IF_ERROR(catalog::FirstError(
      {catalog::CheckName("who", who), catalog::CheckText("why", request.signature().why())}));
  KITH_RETURN_IF_ERROR(ledger_.CloseAlert(request.alert_id(), who, request.signature().why()));
  v1::CloseAlertResponse response;
  KITH_ASSIGN(*response.mutable_alert(), ledger_.GetAlert(request.alert_id()));
  return response;
}

}  // namespace kith::server
