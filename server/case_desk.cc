// SPDX-License-Identifier: Apache-2.0
#include "server/case_desk.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/hand_on.h"
#include "server/catalog/names.h"
#include "server/internal/paging.h"
#include "server/internal/respond.h"
#include "server/internal/stale.h"
#include "server/store_names.h"

namespace kith::server {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kMatchedAtOnce = 256;
constexpr int kMatchRounds = 100;

// Of a digest what tells it apart in a message.
std::string StartOf(const std::string& sha256) {
  return absl::BytesToHexString(sha256.substr(0, 6));
}

}  // namespace

CaseDesk::CaseDesk(catalog::Catalog* catalog, casework::Opinions* opinions, MatchFunction match)
    : catalog_(catalog),
      opinions_(opinions),
      match_(std::move(match)),
      ledger_(&catalog->database(), &catalog->directory(), true),
      evidence_(&ledger_, absl::StrCat(catalog->store_dir(), "/", kIndexDirName, "/evidence")) {}

absl::StatusOr<Matched> CaseDesk::MatchNow(std::span<const casework::StoredFile> files) const {
  constexpr int kRounds = 8;
  Matched all;
  all.results.resize(files.size());
  // One call has one radius.
  std::map<std::optional<std::uint32_t>, std::vector<std::size_t>> by_radius;
  for (std::size_t i = 0; i < files.size(); ++i) by_radius[files[i].radius_bits].push_back(i);
  for (int round = 1;; ++round) {
    bool first = true;
    bool alike = true;
    for (const auto& [radius_bits, positions] : by_radius) {
      std::vector<const v1::Fingerprint*> queries;
      for (const std::size_t i : positions) queries.push_back(&files[i].fingerprint);
      v1::MatchOptions options;
      if (radius_bits) options.set_radius_bits(*radius_bits);
      options.set_limit(casework::kMatchesKept);
      auto matched = match_(queries, options);
      if (!matched.ok()) return matched.status();
      // The least of what they saw: none of them is claimed to know more than it does.
      alike = alike && (first || matched->change == all.change);
      all.change = first ? matched->change : std::min(all.change, matched->change);
      first = false;
      for (std::size_t k = 0; k < positions.size(); ++k) {
        all.results[positions[k]] = std::move(matched->results[k]);
      }
    }
    // One that saw more than is claimed would come on record before the alerts of that change.
    if (alike || round == kRounds) return all;
  }
}

absl::StatusOr<std::vector<CaseDesk::Recorded>> CaseDesk::RecordNow(
    std::span<const casework::StoredFile> files) {
  // One transaction a case and radius.
  std::map<std::pair<std::string, std::optional<std::uint32_t>>, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < files.size(); ++i) {
    groups[{files[i].case_name, files[i].radius_bits}].push_back(i);
  }
  const auto record = [&](Matched& matched) -> absl::StatusOr<std::vector<Recorded>> {
    std::vector<Recorded> recorded;
    for (const auto& [key, positions] : groups) {
      auto run = ledger_.LastRun(key.first);
      if (absl::IsFailedPrecondition(run.status())) continue;  // purged: nothing is left of it
      if (!run.ok()) return run.status();
      run->radius_bits = key.second;
      std::vector<casework::StoredFile> group;
      std::vector<v1::MatchResult> results;
      for (const std::size_t i : positions) {
        group.push_back(files[i]);
        results.push_back(matched.results[i]);
      }
      const auto status = ledger_.RecordAgain(*run, group, results, matched.change);
      if (absl::IsFailedPrecondition(status)) continue;  // the same, a moment later
      KITH_RETURN_IF_ERROR(status);
      for (std::size_t i = 0; i < results.size(); ++i) {
        recorded.push_back({.file = positions[i], .result = std::move(results[i])});
      }
    }
    return recorded;
  };
  for (int round = 1;; ++round) {
    auto matched = MatchNow(files);
    if (!matched.ok()) return matched.status();
    // Whoever has the report with the verdicts of before is told first.
    KITH_RETURN_IF_ERROR(WatchTo(matched->change));
    auto recorded = record(*matched);
    // ABORTED: alerts of a later change were raised meanwhile.
    if (!absl::IsAborted(recorded.status()) || round == kMatchRounds) return recorded;
  }
}

absl::StatusOr<v1::GiveOpinionResponse> CaseDesk::GiveOpinion(
    const v1::GiveOpinionRequest& request) {
  const std::string& sha256 = request.sha256();
  const catalog::Signature signature = catalog::SignatureOf(request.signature());
  if (sha256.size() != kSha256Bytes) return absl::InvalidArgumentError("a SHA-256 has 32 bytes");
  if (request.kind() == v1::OPINION_KIND_UNSPECIFIED || !v1::OpinionKind_IsValid(request.kind())) {
    return absl::InvalidArgumentError("say whether the match is confirmed or rejected");
  }
  if (signature.who.empty() || signature.why.empty()) {
    return absl::InvalidArgumentError("say whose opinion it is, and why");
  }
  const std::string start = StartOf(sha256);
  KITH_ASSIGN(const casework::Met met, ledger_.HowMet(sha256, request.entry_id()));
  if (met == casework::Met::kNever) {
    return absl::NotFoundError(absl::StrCat("no case on record has a match of file ", start,
                                            "... with entry ", request.entry_id()));
  }
  if (met == casework::Met::kByDigest) {
    return absl::FailedPreconditionError(
        absl::StrCat("file ", start, "... and entry ", request.entry_id(),
                     " are the same by digest, which is certain; if the entry is wrong, withdraw "
                     "it: kith entry withdraw ",
                     request.entry_id()));
  }
  KITH_RETURN_IF_ERROR(Watch());
  const std::lock_guard lock(opinion_mutex_);
  v1::GiveOpinionResponse response;
  v1::Opinion& opinion = *response.mutable_opinion();
  opinion.set_sha256(sha256);
  opinion.set_entry_id(request.entry_id());
  opinion.set_kind(request.kind());
  opinion.set_at(catalog::TimeNow());
  opinion.set_who(signature.who);
  opinion.set_why(signature.why);
  KITH_RETURN_IF_ERROR(catalog_->Change(
      catalog::ChangeKind::kOpinion,
      absl::StrCat("file ", start, "..., entry ", request.entry_id(),
                   request.kind() == v1::OPINION_KIND_CONFIRMED  ? ", confirmed"
                   : request.kind() == v1::OPINION_KIND_REJECTED ? ", rejected"
                                                                 : ", withdrawn"),
      signature,
      [&](catalog::Transaction& write, std::uint64_t change) {
        opinion.set_change(change);
        return write.Execute(
            "INSERT INTO opinion (change, sha256, entry, kind, at, who, why)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            change, catalog::BlobView{sha256}, request.entry_id(), request.kind(), opinion.at(),
            signature.who, signature.why);
      },
      [&] {
        opinions_->Put(sha256, request.entry_id(), request.kind());
        return absl::OkStatus();
      }));
  KITH_RETURN_IF_ERROR(SettleOpinions(&response));
  return response;
}

absl::Status CaseDesk::Settle(const v1::Opinion& opinion, v1::GiveOpinionResponse* response) {
  KITH_ASSIGN(const std::vector<casework::StoredFile> files, ledger_.FilesOf(opinion.sha256()));
  for (std::size_t begin = 0; begin < files.size(); begin += kMatchedAtOnce) {
    const auto part =
        std::span(files).subspan(begin, std::min(kMatchedAtOnce, files.size() - begin));
    KITH_ASSIGN(const std::vector<Recorded> recorded, RecordNow(part));
    if (response == nullptr) continue;
    for (const Recorded& one : recorded) {
      v1::VerdictChange& verdict = *response->add_verdicts();
      verdict.set_case_name(part[one.file].case_name);
      verdict.set_sha256(opinion.sha256());
      verdict.set_before(part[one.file].verdict);
      verdict.set_now(one.result.verdict());
      verdict.set_rule(one.result.rule());
    }
  }
  return absl::OkStatus();
}

void CaseDesk::TellUnsettled(const v1::Opinion& opinion, const absl::Status& why) {
  if (!told_unsettled_.insert(opinion.change()).second) return;
  catalog_->Alarm(
      absl::StrCat("the opinion on file ", StartOf(opinion.sha256()), "... and entry ",
                   opinion.entry_id(), " (change ", opinion.change(),
                   ") is on record and could not be applied to all cases: ", why.message()));
}

absl::Status CaseDesk::SettleOpinions(v1::GiveOpinionResponse* response) {
  KITH_ASSIGN(const std::vector<v1::Opinion> opinions, ledger_.UnsettledOpinions());
  if (opinions.empty()) return absl::OkStatus();
  // From here on no file comes on record that was matched without them.
  KITH_RETURN_IF_ERROR(WatchTo(opinions.back().change()));
  absl::Status of_own;
  std::uint64_t settled = 0;
  bool all = true;
  for (const v1::Opinion& opinion : opinions) {
    const std::uint64_t change = opinion.change();
    if (!settled_.contains(change)) {
      const bool own = response != nullptr && response->opinion().change() == change;
      const absl::Status status = Settle(opinion, own ? response : nullptr);
      // A damaged file must not keep the opinions on others waiting, nor their alerts.
      if (absl::IsDataLoss(status)) {
        TellUnsettled(opinion, status);
        if (own) of_own = status;
        all = false;
        continue;
      }
      KITH_RETURN_IF_ERROR(status);
    }
    if (all) {
      settled = change;
      settled_.erase(change);
      told_unsettled_.erase(change);
    } else {
      settled_.insert(change);
    }
  }
  if (settled != 0) KITH_RETURN_IF_ERROR(ledger_.SettleOpinions(settled));
  return of_own;
}

absl::StatusOr<v1::ListOpinionsResponse> CaseDesk::ListOpinions(
    const v1::ListOpinionsRequest& request) {
  if (!request.sha256().empty() && request.sha256().size() != kSha256Bytes) {
    return absl::InvalidArgumentError("a SHA-256 has 32 bytes");
  }
  const auto page = ReadPage("opinions", request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  KITH_ASSIGN(const auto found, ledger_.ListOpinions(page->after, page->size + 1, request.sha256(),
                                                     request.entry_id()));
  v1::ListOpinionsResponse response;
  response.set_next_page_token(FillPage(
      "opinions", *page, found, [&](const auto& opinion) { *response.add_opinions() = opinion; },
      [](const auto& opinion) { return opinion.change(); }));
  return response;
}

absl::StatusOr<v1::RefreshCaseResponse> CaseDesk::RefreshCase(
    const v1::RefreshCaseRequest& request) {
  KITH_ASSIGN(const casework::Run run, ledger_.LastRun(request.name()));
  KITH_RETURN_IF_ERROR(Watch());
  v1::RefreshCaseResponse response;
  *response.mutable_index_version() = catalog_->Version();
  KITH_ASSIGN(const std::uint64_t change,
              StaleBefore(*catalog_, ledger_, response.index_version().change()));
  std::uint64_t after = 0;
  while (true) {
    KITH_ASSIGN(std::vector<casework::StoredFile> files,
                ledger_.StaleFiles(run, change, after, kMatchedAtOnce));
    if (files.empty()) return response;
    after = files.back().file_id;
    // As a check would: of one radius.
    for (casework::StoredFile& file : files) file.radius_bits = run.radius_bits;
    KITH_ASSIGN(const std::vector<Recorded> recorded, RecordNow(files));
    for (const Recorded& one : recorded) {
      response.set_files(response.files() + 1);
      if (files[one.file].verdict != one.result.verdict()) {
        response.set_changed(response.changed() + 1);
      }
    }
  }
}

}  // namespace kith::server
