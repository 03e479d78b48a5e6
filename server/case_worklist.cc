// SPDX-License-Identifier: Apache-2.0
//
// CaseDesk: the files that nothing known matches, as analysts work through them.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/case_desk.h"
#include "server/catalog/hand_on.h"

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

}  // namespace

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
  for (const FileCluster& cluster : clusters) {
    if (IsAlone(cluster)) continue;
    piece.Clear();
    piece.set_cluster_id(cluster.cluster_id);
    piece.set_files(cluster.files.size());
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
  for (const FileCluster& cluster : clusters) {
    if (!IsAlone(cluster)) continue;
    KITH_RETURN_IF_ERROR(add(cluster.files.front()));
    if (!wanted) return absl::OkStatus();
  }
  if (piece.listed_size() > 0) take(std::move(piece));
  return absl::OkStatus();
}

}  // namespace kith::server
