// SPDX-License-Identifier: Apache-2.0
#include "server/internal/margins.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::server {

absl::Status Margins::Note(const v1::Fingerprint& fingerprint, std::size_t position) {
  if (fingerprint.margin_bits() == 0) return absl::OkStatus();
  if (recorded_) {
    return absl::InvalidArgumentError(
        absl::StrCat("file ", position, " of the batch has codes with a margin: what is recorded ",
                     "in a case is hashed exactly"));
  }
  if (kept_) margin_of_[fingerprint.digests().sha256()] = fingerprint.margin_bits();
  return absl::OkStatus();
}

void Margins::SetOn(std::vector<casework::StoredFile>& files) const {
  for (casework::StoredFile& file : files) {
    const auto found = margin_of_.find(file.fingerprint.digests().sha256());
    if (found == margin_of_.end()) continue;
    v1::Fingerprint near = file.fingerprint;
    near.clear_codes();
    near.set_margin_bits(found->second);
    for (v1::Code& code : *file.fingerprint.mutable_codes()) {
      if (code.dialect() == v1::DIALECT_FULL) *near.add_codes() = std::move(code);
    }
    file.fingerprint = std::move(near);
  }
}

std::uint64_t Margins::TakeUnsettledOut(std::vector<casework::StoredFile>& files,
                                        Matched& matched) {
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
