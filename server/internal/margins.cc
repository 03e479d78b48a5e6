// SPDX-License-Identifier: Apache-2.0
#include "server/internal/margins.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::server {

absl::Status CheckMargin(const v1::Fingerprint& fingerprint, bool recorded, std::size_t position) {
  if (!recorded || fingerprint.margin_bits() == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("file ", position, " of the batch has codes with a margin: what is recorded ",
                   "in a case is hashed exactly"));
}

void KeepMatchable(std::vector<casework::StoredFile>& files) {
  for (casework::StoredFile& file : files) {
    if (file.fingerprint.margin_bits() == 0) continue;
    v1::Fingerprint near = file.fingerprint;
    near.clear_codes();
    for (v1::Code& code : *file.fingerprint.mutable_codes()) {
      if (code.dialect() == v1::DIALECT_FULL) *near.add_codes() = std::move(code);
    }
    file.fingerprint = std::move(near);
  }
}

std::uint64_t TakeUnsettledOut(std::vector<casework::StoredFile>& files, Matched& matched) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (matched.results[i].exact_wanted()) continue;
    if (kept != i) {
      files[kept] = std::move(files[i]);
      matched.results[kept] = std::move(matched.results[i]);
    }
    ++kept;
  }
  const std::uint64_t taken_out = files.size() - kept;
  files.resize(kept);
  matched.results.resize(kept);
  return taken_out;
}

}  // namespace kith::server
