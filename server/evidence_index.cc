// SPDX-License-Identifier: Apache-2.0
#include "server/evidence_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/casework/verdict.h"
#include "server/catalog/hand_on.h"

namespace kith::server {
namespace {

constexpr std::size_t kFilesAtOnce = 4096;
constexpr std::size_t kCodesAtOnce = 4096;
// Digests in memory before they go into a file.
constexpr std::size_t kDeltaDigests = std::size_t{1} << 16;

// The index of codes takes names in ascending order, and a file that is read again comes after
// later ones: above the number of the file stands how often the order began anew.
constexpr int kFileBits = 40;
constexpr std::uint64_t kFileMask = (std::uint64_t{1} << kFileBits) - 1;

bool MayBeSame(v1::Dialect a, v1::Dialect b) {
  return a == b || a == v1::DIALECT_UNSPECIFIED || b == v1::DIALECT_UNSPECIFIED;
}

index::Code CodeOf(const v1::Code& code) {
  index::Code bytes = {};
  std::copy_n(code.pdq().begin(), std::min(code.pdq().size(), bytes.size()), bytes.begin());
  return bytes;
}

void SortOut(std::vector<std::uint64_t>& files) {
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
}

// A damaged index answers UNAVAILABLE until it is filled anew, and DATA_LOSS where it notices.
bool IsDamage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDataLoss(status);
}

}  // namespace

// What is told to the indexes at once.
struct EvidenceIndex::Feed {
  std::vector<index::Code> codes;
  std::vector<index::Label> labels;
  std::array<std::vector<std::string>, 3> digests;
  std::array<std::vector<std::uint64_t>, 3> files;

  void Add(const casework::EvidenceFacts& facts, std::uint64_t name) {
    for (const v1::Code& code : facts.fingerprint.codes()) {
      if (!casework::IsUsable(code)) continue;
      codes.push_back(CodeOf(code));
      // Of the view only the dialect is asked for.
      labels.push_back({name, static_cast<std::uint32_t>(code.dialect())});
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

EvidenceIndex::EvidenceIndex(casework::Ledger* ledger, std::string folder)
    : ledger_(ledger), folder_(std::move(folder)) {
  Drop();
}

EvidenceIndex::~EvidenceIndex() { Drop(); }

void EvidenceIndex::Drop() {
  codes_ = nullptr;
  digests_ = nullptr;
  last_file_ = last_replaced_ = last_name_ = 0;
  again_ = {};
  std::error_code error;  // what cannot be removed is removed by the next one
  std::filesystem::remove_all(folder_, error);
}

absl::Status EvidenceIndex::Make() {
  Drop();
  const std::string digests = absl::StrCat(folder_, "/digests");
  // Parts of the folder that cannot be made cost memory, and nothing else.
  const bool in_files = ::mkdir(folder_.c_str(), 0700) == 0 && ::mkdir(digests.c_str(), 0700) == 0;
  if (in_files) {
    auto codes =
        index::HammingIndex::Create({.engine = "mih", .folder = absl::StrCat(folder_, "/codes")});
    auto kept = index::DigestIndex::Open({.folder = digests, .delta_digests = kDeltaDigests});
    if (codes.ok() && kept.ok()) {
      codes_ = *std::move(codes);
      digests_ = *std::move(kept);
      return absl::OkStatus();
    }
  }
  KITH_ASSIGN(codes_, index::HammingIndex::Create({.engine = "mih"}));
  digests_ = index::DigestIndex::Create();
  return absl::OkStatus();
}

std::uint64_t EvidenceIndex::NameOf(std::uint64_t file_id, bool again) {
  std::uint64_t name = (last_name_ & ~kFileMask) | file_id;
  if (name <= last_name_) name += kFileMask + 1;
  last_name_ = name;
  if (again) again_[file_id] = name;
  return name;
}

bool EvidenceIndex::IsNewest(std::uint64_t name) const {
  if (again_.empty()) return true;
  const auto found = again_.find(name & kFileMask);
  return found == again_.end() || found->second == name;
}

absl::Status EvidenceIndex::Tell(const Feed& feed) {
  KITH_RETURN_IF_ERROR(codes_->Add(feed.codes, feed.labels));
  for (std::size_t kind = 0; kind < feed.digests.size(); ++kind) {
    const std::vector<std::string_view> views(feed.digests[kind].begin(), feed.digests[kind].end());
    KITH_RETURN_IF_ERROR(
        digests_->Add(static_cast<index::DigestKind>(kind), views, feed.files[kind]));
  }
  // Nothing is ever recovered by it: what is marked may lie in a file.
  (void)codes_->Reached("told");
  return absl::OkStatus();
}

absl::Status EvidenceIndex::BringUpToDate() {
  if (codes_ == nullptr) KITH_RETURN_IF_ERROR(Make());
  Feed feed;
  std::size_t fed = 0;
  const std::uint64_t known = last_file_;
  auto status = ledger_->NewEvidence(last_file_, last_replaced_,
                                     [&](const casework::EvidenceFacts& facts) -> absl::Status {
                                       const bool again = facts.file_id <= known;
                                       if (again) {
                                         const std::array<std::uint64_t, 1> file = {facts.file_id};
                                         digests_->Withdraw(file);
                                       }
                                       feed.Add(facts, NameOf(facts.file_id, again));
                                       if (++fed % kFilesAtOnce != 0) return absl::OkStatus();
                                       auto told = Tell(feed);
                                       feed = {};
                                       return told;
                                     });
  if (status.ok() && fed % kFilesAtOnce != 0) status = Tell(feed);
  // Half of it would miss files for ever: from the start, at the next need.
  if (!status.ok()) Drop();
  return status;
}

absl::Status EvidenceIndex::With(absl::FunctionRef<absl::Status()> work) {
  const std::lock_guard lock(mutex_);
  if (expunged_.exchange(false)) Drop();
  KITH_RETURN_IF_ERROR(BringUpToDate());
  absl::Status status = work();
  if (!IsDamage(status)) return status;
  Drop();
  KITH_RETURN_IF_ERROR(BringUpToDate());
  status = work();
  if (IsDamage(status)) Drop();
  return status;
}

absl::Status EvidenceIndex::FindFiles(std::span<const v1::Entry> entries, int radius_bits,
                                      std::vector<std::uint64_t>& files) const {
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
      if (MayBeSame(dialects[begin + query], static_cast<v1::Dialect>(label.view)) &&
          IsNewest(label.entry)) {
        files.push_back(label.entry & kFileMask);
      }
      return false;
    };
    KITH_RETURN_IF_ERROR(codes_->Search(part, options).status());
    SortOut(files);
  }
  for (std::size_t kind = 0; kind < digests.size(); ++kind) {
    KITH_ASSIGN(const auto found,
                digests_->Find(static_cast<index::DigestKind>(kind), digests[kind]));
    for (const auto& of_one : found) files.insert(files.end(), of_one.begin(), of_one.end());
  }
  SortOut(files);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::uint64_t>> EvidenceIndex::FilesNear(
    std::span<const v1::Entry> entries, int radius_bits) {
  std::vector<std::uint64_t> files;
  KITH_RETURN_IF_ERROR(With([&] {
    files.clear();
    return FindFiles(entries, radius_bits, files);
  }));
  return files;
}

absl::Status EvidenceIndex::FindPairs(
    std::span<const FileCode> codes, int radius_bits,
    const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair) const {
  index::SearchOptions options;
  options.radius_bits = radius_bits;
  options.limit = 0;
  for (std::size_t begin = 0; begin < codes.size(); begin += kCodesAtOnce) {
    const auto part = codes.subspan(begin, std::min(kCodesAtOnce, codes.size() - begin));
    std::vector<index::Code> queries;
    for (const FileCode& code : part) queries.push_back(code.pdq);
    options.keep = [&](std::size_t query, const index::Label& label, int /*distance_bits*/) {
      const FileCode& code = part[query];
      const std::uint64_t near = label.entry & kFileMask;
      if (near != code.file_id && MayBeSame(code.dialect, static_cast<v1::Dialect>(label.view)) &&
          IsNewest(label.entry)) {
        pair(code.file_id, near);
      }
      return false;
    };
    KITH_RETURN_IF_ERROR(codes_->Search(queries, options).status());
  }
  return absl::OkStatus();
}

absl::Status EvidenceIndex::NearPairs(
    std::span<const FileCode> codes, int radius_bits,
    const std::function<void(std::uint64_t file_id, std::uint64_t near_file_id)>& pair) {
  return With([&] { return FindPairs(codes, radius_bits, pair); });
}

void EvidenceIndex::Forget() {
  // First, so that of those who wait for the mutex too none works with what was expunged.
  expunged_ = true;
  const std::lock_guard lock(mutex_);
  if (expunged_.exchange(false)) Drop();
}

}  // namespace kith::server
