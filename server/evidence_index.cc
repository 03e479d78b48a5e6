// SPDX-License-Identifier: Apache-2.0
#include "server/evidence_index.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "server/casework/verdict.h"
#include "server/catalog/hand_on.h"

namespace kith::server {
namespace {

constexpr std::size_t kFilesAtOnce = 4096;
constexpr std::size_t kCodesAtOnce = 4096;

bool MayBeSame(v1::Dialect a, v1::Dialect b) {
  return a == b || a == v1::DIALECT_UNSPECIFIED || b == v1::DIALECT_UNSPECIFIED;
}

index::Code CodeOf(const v1::Code& code) {
  index::Code bytes = {};
  std::copy_n(code.pdq().begin(), std::min(code.pdq().size(), bytes.size()), bytes.begin());
  return bytes;
}

// What is told to the indexes at once.
struct Feed {
  std::vector<index::Code> codes;
  std::vector<index::Label> labels;
  std::array<std::vector<std::string>, 3> digests;
  std::array<std::vector<std::uint64_t>, 3> files;

  void Add(const casework::EvidenceFacts& facts) {
    for (const v1::Code& code : facts.fingerprint.codes()) {
      if (!casework::IsUsable(code)) continue;
      codes.push_back(CodeOf(code));
      // Of the view only the dialect is asked for.
      labels.push_back({facts.file_id, static_cast<std::uint32_t>(code.dialect())});
    }
    const v1::Digests& own = facts.fingerprint.digests();
    const std::array<const std::string*, 3> all = {&own.md5(), &own.sha1(), &own.sha256()};
    for (std::size_t kind = 0; kind < all.size(); ++kind) {
      if (all[kind]->size() != index::DigestBytes(static_cast<index::DigestKind>(kind))) continue;
      digests[kind].push_back(*all[kind]);
      files[kind].push_back(facts.file_id);
    }
  }
};

absl::Status Tell(const Feed& feed, index::HammingIndex& codes, index::DigestIndex& digests) {
  if (auto status = codes.Add(feed.codes, feed.labels); !status.ok()) return status;
  for (std::size_t kind = 0; kind < feed.digests.size(); ++kind) {
    const std::vector<std::string_view> views(feed.digests[kind].begin(), feed.digests[kind].end());
    if (auto status = digests.Add(static_cast<index::DigestKind>(kind), views, feed.files[kind]);
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EvidenceIndex::Make() {
  KITH_ASSIGN(codes_, index::HammingIndex::Create({.engine = "mih"}));
  digests_ = index::DigestIndex::Create();
  last_file_ = 0;
  last_replaced_ = 0;
  return absl::OkStatus();
}

absl::Status EvidenceIndex::BringUpToDate() {
  if (codes_ == nullptr) KITH_RETURN_IF_ERROR(Make());
  Feed feed;
  std::size_t fed = 0;
  const std::uint64_t known = last_file_;
  auto status = ledger_->NewEvidence(last_file_, last_replaced_,
                                     [&](const casework::EvidenceFacts& facts) -> absl::Status {
                                       if (facts.file_id <= known) {
                                         const std::array<std::uint64_t, 1> again = {facts.file_id};
                                         KITH_RETURN_IF_ERROR(codes_->Withdraw(again).status());
                                         digests_->Withdraw(again);
                                       }
                                       feed.Add(facts);
                                       if (++fed % kFilesAtOnce != 0) return absl::OkStatus();
                                       auto told = Tell(feed, *codes_, *digests_);
                                       feed = {};
                                       return told;
                                     });
  if (status.ok()) status = Tell(feed, *codes_, *digests_);
  // Half of it would miss files for ever: from the start, at the next need.
  if (!status.ok()) codes_ = nullptr;
  return status;
}

absl::StatusOr<std::vector<std::uint64_t>> EvidenceIndex::FilesNear(
    std::span<const v1::Entry> entries, int radius_bits) {
  const std::lock_guard lock(mutex_);
  KITH_RETURN_IF_ERROR(BringUpToDate());
  std::vector<std::uint64_t> files;
  std::vector<index::Code> queries;
  std::vector<v1::Dialect> dialects;
  std::array<std::vector<std::string_view>, 3> digests;
  for (const v1::Entry& entry : entries) {
    for (const v1::Code& code : entry.codes()) {
      queries.push_back(CodeOf(code));
      dialects.push_back(code.dialect());
    }
    const v1::Digests& own = entry.digests();
    if (!own.md5().empty()) digests[0].push_back(own.md5());
    if (!own.sha1().empty()) digests[1].push_back(own.sha1());
    if (!own.sha256().empty()) digests[2].push_back(own.sha256());
  }
  index::SearchOptions options;
  options.radius_bits = radius_bits;
  options.limit = 0;
  for (std::size_t begin = 0; begin < queries.size(); begin += kCodesAtOnce) {
    const auto part =
        std::span(queries).subspan(begin, std::min(kCodesAtOnce, queries.size() - begin));
    options.keep = [&](std::size_t query, const index::Label& label, int /*distance_bits*/) {
      if (MayBeSame(dialects[begin + query], static_cast<v1::Dialect>(label.view))) {
        files.push_back(label.entry);
      }
      return false;
    };
    KITH_RETURN_IF_ERROR(codes_->Search(part, options).status());
    std::sort(files.begin(), files.end());
    files.erase(std::unique(files.begin(), files.end()), files.end());
  }
  for (std::size_t kind = 0; kind < digests.size(); ++kind) {
    KITH_ASSIGN(const auto found,
                digests_->Find(static_cast<index::DigestKind>(kind), digests[kind]));
    for (const auto& of_one : found) files.insert(files.end(), of_one.begin(), of_one.end());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

absl::Status EvidenceIndex::NearPairs(
    std::span<const FileCode> codes, int radius_bits,
    const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair) {
  const std::lock_guard lock(mutex_);
  KITH_RETURN_IF_ERROR(BringUpToDate());
  index::SearchOptions options;
  options.radius_bits = radius_bits;
  options.limit = 0;
  for (std::size_t begin = 0; begin < codes.size(); begin += kCodesAtOnce) {
    const auto part = codes.subspan(begin, std::min(kCodesAtOnce, codes.size() - begin));
    std::vector<index::Code> queries;
    for (const FileCode& code : part) queries.push_back(code.pdq);
    options.keep = [&](std::size_t query, const index::Label& label, int /*distance_bits*/) {
      const FileCode& code = part[query];
      if (label.entry != code.file_id &&
          MayBeSame(code.dialect, static_cast<v1::Dialect>(label.view))) {
        pair(code.file_id, label.entry);
      }
      return false;
    };
    KITH_RETURN_IF_ERROR(codes_->Search(queries, options).status());
  }
  return absl::OkStatus();
}

void EvidenceIndex::Forget(std::span<const std::uint64_t> file_ids) {
  const std::lock_guard lock(mutex_);
  if (codes_ == nullptr) return;
  digests_->Withdraw(file_ids);
  if (!codes_->Withdraw(file_ids).ok()) codes_ = nullptr;  // built anew at the next need
}

}  // namespace kith::server
