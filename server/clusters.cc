// SPDX-License-Identifier: Apache-2.0
#include "server/clusters.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "server/casework/verdict.h"
#include "server/catalog/bounds.h"
#include "server/catalog/hand_on.h"

namespace kith::server {
namespace {

constexpr int kLinkBits = catalog::kMaxRadiusBits;

class Union {
 public:
  std::size_t Add() {
    parent_.push_back(parent_.size());
    return parent_.size() - 1;
  }
  std::size_t Root(std::size_t at) {
    while (parent_[at] != at) {
      parent_[at] = parent_[parent_[at]];  // halves the way for those who come after
      at = parent_[at];
    }
    return at;
  }
  void Link(std::size_t a, std::size_t b) {
    const std::size_t root_a = Root(a);
    const std::size_t root_b = Root(b);
    parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }

 private:
  std::vector<std::size_t> parent_;
};

void SortUnique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// The codes of a file by which others are looked for.
void AddUnturned(std::uint64_t file_id, const v1::Fingerprint& fingerprint,
                 std::vector<EvidenceIndex::FileCode>& codes) {
  for (const v1::Code& code : fingerprint.codes()) {
    const bool unturned = code.orientation() == v1::ORIENTATION_ORIGINAL ||
                          code.orientation() == v1::ORIENTATION_UNSPECIFIED;
    if (!unturned || !casework::IsUsable(code)) continue;
    EvidenceIndex::FileCode& one = codes.emplace_back();
    one.file_id = file_id;
    std::copy(code.pdq().begin(), code.pdq().end(), one.pdq.begin());
    one.dialect = code.dialect();
  }
}

// What is linked, together, in the order of the header.
std::vector<FileCluster> Cluster(std::vector<NewFile> files, Union& links, bool alone) {
  std::map<std::size_t, FileCluster> by_root;
  for (std::size_t i = 0; i < files.size(); ++i) {
    FileCluster& cluster = by_root[links.Root(i)];
    cluster.case_names.insert(cluster.case_names.end(), files[i].case_names.begin(),
                              files[i].case_names.end());
    cluster.files.push_back(std::move(files[i]));
  }
  std::vector<FileCluster> clusters;
  for (auto& [root, cluster] : by_root) {
    SortUnique(cluster.case_names);
    if (!alone && cluster.files.size() < 2 && cluster.case_names.size() < 2) continue;
    std::sort(cluster.files.begin(), cluster.files.end(),
              [](const NewFile& a, const NewFile& b) { return a.file_id < b.file_id; });
    cluster.cluster_id = cluster.files.front().file_id;
    clusters.push_back(std::move(cluster));
  }
  std::sort(clusters.begin(), clusters.end(), [](const FileCluster& a, const FileCluster& b) {
    if (a.case_names.size() != b.case_names.size()) {
      return a.case_names.size() > b.case_names.size();
    }
    if (a.files.size() != b.files.size()) return a.files.size() > b.files.size();
    return a.cluster_id < b.cluster_id;
  });
  return clusters;
}

}  // namespace

absl::StatusOr<std::vector<FileCluster>> FindClusters(casework::Ledger& ledger,
                                                      EvidenceIndex& index, bool alone) {
  std::vector<NewFile> files;
  std::unordered_map<std::uint64_t, std::size_t> position_of;  // of every number of a content
  std::vector<EvidenceIndex::FileCode> codes;
  Union links;
  // They come by content, so that those of one content follow each other.
  KITH_RETURN_IF_ERROR(ledger.EachUnrecognized([&](casework::Ledger::Unrecognized file) {
    if (files.empty() || files.back().sha256 != file.sha256) {
      files.push_back({.file_id = file.file_id,
                       .sha256 = std::move(file.sha256),
                       .case_names = {},
                       .file_ids = {}});
      links.Add();
    }
    NewFile& content = files.back();
    content.file_id = std::min(content.file_id, file.file_id);
    const auto place =
        std::lower_bound(content.case_names.begin(), content.case_names.end(), file.case_name) -
        content.case_names.begin();
    content.file_ids.insert(content.file_ids.begin() + place, file.file_id);
    content.case_names.insert(content.case_names.begin() + place, std::move(file.case_name));
    position_of[file.file_id] = files.size() - 1;
    AddUnturned(file.file_id, file.codes, codes);
    return absl::OkStatus();
  }));
  KITH_RETURN_IF_ERROR(
      index.NearPairs(codes, kLinkBits, [&](std::uint64_t file, std::uint64_t near) {
        const auto other = position_of.find(near);
        if (other != position_of.end()) links.Link(position_of[file], other->second);
      }));
  return Cluster(std::move(files), links, alone);
}

}  // namespace kith::server
