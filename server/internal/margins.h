// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a look-up has to remember of files that were sent with approximate codes.
//
// Thread-safety: one thread at a time. Memory: some 100 bytes a content.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "proto/kith/v1/common.pb.h"
#include "server/casework/ledger.h"
#include "server/check_run.h"

namespace kith::server {

class Margins {
 public:
  // `recorded`: of a run with a case. Such a run takes exact codes only, as it is matched again
  // when lists come that nobody knows today. `kept`: of a run whose files will be matched again;
  // one without may go on for ever.
  Margins(bool recorded, bool kept) : recorded_(recorded), kept_(kept) {}

  // Errors: INVALID_ARGUMENT (names the file by its position) for a margin in a recorded run.
  [[nodiscard]] absl::Status Note(const v1::Fingerprint& fingerprint, std::size_t position);

  // Gives files that the ledger kept their margins back.
  void SetOn(std::vector<casework::StoredFile>& files) const;

  // Takes the files out that want exact codes, with their answers; returns how many these were.
  static std::uint64_t TakeUnsettledOut(std::vector<casework::StoredFile>& files, Matched& matched);

 private:
  const bool recorded_;
  const bool kept_;
  std::unordered_map<std::string, std::uint32_t> margin_of_;  // by SHA-256
};

}  // namespace kith::server
