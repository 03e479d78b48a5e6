// SPDX-License-Identifier: Apache-2.0
//
// Purpose: link the files of all cases that nothing known matches where they lie near each other:
// what is in many cases and in no list may be a child whom nobody has looked for yet.
//
// Thread-safety: pure functions over the ledger and its index. Errors: those of both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/casework/ledger.h"
#include "server/evidence_index.h"

namespace kith::server {

// One content and the cases that hold it.
struct NewFile {
  std::uint64_t file_id = 0;  // its first number
  std::string sha256;
  std::vector<std::string> case_names;  // sorted
  std::vector<std::uint64_t> file_ids;  // its number in each of them
};

struct FileCluster {
  std::uint64_t cluster_id = 0;         // the first number of its files
  std::vector<NewFile> files;           // by number
  std::vector<std::string> case_names;  // sorted, each once
};

// Union-find over one batched join: two files are linked where a code of the one, unturned, lies
// within the widest radius of any code of the other. Those in most cases come first, then those
// with most files, then by number. `alone`: also files that are linked with none and lie in one
// case. O(files) searches. Memory: some 200 bytes a file.
[[nodiscard]] absl::StatusOr<std::vector<FileCluster>> FindClusters(casework::Ledger& ledger,
                                                                    EvidenceIndex& index,
                                                                    bool alone);

}  // namespace kith::server
