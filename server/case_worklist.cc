// SPDX-License-Identifier: Apache-2.0
//
// CaseDesk: the files that nothing known matches, as analysts work through them.
#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/case_desk.h"
#include "server/catalog/hand_on.h"
#include "server/catalog/names.h"
#include "server/internal/paging.h"

namespace kith::server {
namespace {

constexpr int kFilesAPiece = 500;

bool Holds(const std::vector<std::string>& sorted, const std::string& name) {
  return name.empty() || std::binary_search(sorted.begin(), sorted.end(), name);
}

bool IsAlone(const FileCluster& cluster) {
  return cluster.files.size() == 1 && cluster.case_names.size() == 1;
}

// Where the file lies: in the case asked about, else in the first that holds it.
std::size_t PlaceIn(const NewFile& file, const std::string& case_name) {
  const auto found = std::lower_bound(file.case_names.begin(), file.case_names.end(), case_name);
  if (found == file.case_names.end() || *found != case_name) return 0;
  return static_cast<std::size_t>(found - file.case_names.begin());
}

// How many files of the cluster the case asked about holds; of all cases, 0.
std::uint64_t FilesOfCase(const FileCluster& cluster, const std::string& case_name) {
  if (case_name.empty()) return 0;
  return static_cast<std::uint64_t>(
      std::count_if(cluster.files.begin(), cluster.files.end(),
                    [&](const NewFile& file) { return Holds(file.case_names, case_name); }));
}

// Where a cluster stands in the list: how many cases, how many files, its number.
struct Place {
  std::uint64_t cases = 0;
  std::uint64_t files = 0;
  std::uint64_t cluster_id = 0;
  // As of FindClusters.
  friend bool operator<(const Place& a, const Place& b) {
    return std::tuple(b.cases, b.files, a.cluster_id) < std::tuple(a.cases, a.files, b.cluster_id);
  }
};

Place PlaceOf(const FileCluster& cluster) {
  return {cluster.case_names.size(), cluster.files.size(), cluster.cluster_id};
}

// Tokens of the list tell the place of the last cluster, which may be gone by the next page:
// "clusters-17.3.240".
std::string TokenOf(const Place& place) {
  return absl::StrCat(MakePageToken("clusters", place.cluster_id), ".", place.cases, ".",
                      place.files);
}

absl::StatusOr<Page> ReadClusterPage(const v1::ListClustersRequest& request, Place& after) {
  const std::vector<std::string> parts = absl::StrSplit(request.page_token(), '.');
  KITH_ASSIGN(const Page page, ReadPage("clusters", request.page_size(), parts[0]));
  after.cluster_id = page.after;
  if (request.page_token().empty()) return page;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &after.cases) ||
      !absl::SimpleAtoi(parts[2], &after.files) || TokenOf(after) != request.page_token()) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token ", catalog::Quoted(request.page_token()),
                     " was not given by this list: begin without one"));
  }
  return page;
}

void Fill(const FileCluster& cluster, v1::Cluster& shown) {
  shown.set_cluster_id(cluster.cluster_id);
  shown.set_files(cluster.files.size());
  for (const std::string& name : cluster.case_names) shown.add_case_names(name);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const std::vector<FileCluster>>> CaseDesk::Clusters() {
  const std::lock_guard lock(clusters_mutex_);
  KITH_ASSIGN(const std::string state, ledger_.UnrecognizedState());
  if (clusters_ == nullptr || state != clusters_state_) {
    KITH_ASSIGN(std::vector<FileCluster> found, FindClusters(ledger_, evidence_, false));
    clusters_ = std::make_shared<const std::vector<FileCluster>>(std::move(found));
    clusters_state_ = state;
  }
  return clusters_;
}

absl::StatusOr<v1::ListClustersResponse> CaseDesk::ListClusters(
    const v1::ListClustersRequest& request) {
  Place after;
  const auto page = ReadClusterPage(request, after);
  if (!page.ok()) return page.status();
  KITH_ASSIGN(const auto clusters, Clusters());
  v1::ListClustersResponse response;
  auto next = clusters->begin();
  if (!request.page_token().empty()) {
    next = std::find_if(next, clusters->end(),
                        [&](const FileCluster& cluster) { return after < PlaceOf(cluster); });
  }
  for (; next != clusters->end(); ++next) {
    if (static_cast<std::size_t>(response.clusters_size()) == page->size) {
      response.set_next_page_token(TokenOf(PlaceOf(*std::prev(next))));
      break;
    }
    Fill(*next, *response.add_clusters());
  }
  return response;
}

absl::StatusOr<v1::GetClusterResponse> CaseDesk::GetCluster(const v1::GetClusterRequest& request) {
  const std::string list = absl::StrCat("cluster", request.cluster_id());
  const auto page = ReadPage(list, request.page_size(), request.page_token());
  if (!page.ok()) return page.status();
  KITH_ASSIGN(const auto clusters, Clusters());
  const auto found = std::find_if(
      clusters->begin(), clusters->end(),
      [&](const FileCluster& cluster) { return cluster.cluster_id == request.cluster_id(); });
  if (found == clusters->end()) {
    return absl::NotFoundError(absl::StrCat("no cluster ", request.cluster_id(),
                                            ": `kith cluster list` shows those of today"));
  }
  v1::GetClusterResponse response;
  Fill(*found, *response.mutable_cluster());
  std::uint64_t last = 0;
  for (const NewFile& file : found->files) {  // by number
    if (file.file_id <= page->after) continue;
    if (static_cast<std::size_t>(response.files_size()) == page->size) {
      response.set_next_page_token(MakePageToken(list, last));
      break;
    }
    v1::ClusterFile& shown = *response.add_files();
    shown.set_sha256(file.sha256);
    for (const std::string& name : file.case_names) shown.add_case_names(name);
    KITH_ASSIGN(*shown.mutable_path(), ledger_.PathOf(file.file_ids.front()));
    last = file.file_id;
  }
  return response;
}

absl::Status CaseDesk::Worklist(const std::string& case_name,
                                const std::function<bool(v1::ReportCluster)>& take) {
  KITH_ASSIGN(std::vector<FileCluster> clusters, FindClusters(ledger_, evidence_, true));
  std::erase_if(clusters,
                [&](const FileCluster& one) { return !Holds(one.case_names, case_name); });
  v1::ReportCluster piece;
  bool wanted = true;
  const auto add = [&](const NewFile& file) -> absl::Status {
    if (piece.listed_size() == kFilesAPiece) {
      v1::ReportCluster rest;
      rest.set_cluster_id(piece.cluster_id());
      rest.set_continued(true);
      wanted = take(std::exchange(piece, std::move(rest)));
    }
    v1::ReportClusterFile& shown = *piece.add_listed();
    shown.set_sha256(absl::BytesToHexString(file.sha256));
    for (const std::string& name : file.case_names) shown.add_case_names(name);
    const std::size_t place = PlaceIn(file, case_name);
    shown.set_path_case(file.case_names[place]);
    KITH_ASSIGN(*shown.mutable_path(), ledger_.PathOf(file.file_ids[place]));
    return absl::OkStatus();
  };
  for (FileCluster& cluster : clusters) {
    if (IsAlone(cluster)) continue;
    piece.Clear();
    piece.set_cluster_id(cluster.cluster_id);
    piece.set_files(cluster.files.size());
    piece.set_files_of_case(FilesOfCase(cluster, case_name));
    // Those of the case asked about first: a long cluster is not shown to its end.
    std::stable_partition(cluster.files.begin(), cluster.files.end(),
                          [&](const NewFile& file) { return Holds(file.case_names, case_name); });
    for (const std::string& name : cluster.case_names) piece.add_case_names(name);
    for (const NewFile& file : cluster.files) {
      KITH_RETURN_IF_ERROR(add(file));
      if (!wanted) return absl::OkStatus();
    }
    if (!take(std::exchange(piece, {}))) return absl::OkStatus();
  }
  piece.Clear();
  piece.set_files(
      static_cast<std::uint64_t>(std::count_if(clusters.begin(), clusters.end(), IsAlone)));
  if (!case_name.empty()) piece.set_files_of_case(piece.files());
  for (const FileCluster& cluster : clusters) {
    if (!IsAlone(cluster)) continue;
    KITH_RETURN_IF_ERROR(add(cluster.files.front()));
    if (!wanted) return absl::OkStatus();
  }
  if (piece.listed_size() > 0) take(std::move(piece));
  return absl::OkStatus();
}

}  // namespace kith::server
