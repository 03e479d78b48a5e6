// SPDX-License-Identifier: Apache-2.0
#include "server/internal/check_bounds.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/catalog/names.h"

namespace kith::server {
namespace {

constexpr std::size_t kMaxWalkErrors = 1000;
constexpr int kMaxLibraries = 32;
// What a client says in words, and how much of it is kept: a report must fit its messages.
constexpr std::size_t kMaxFormatBytes = 64;
constexpr std::size_t kMaxWordsBytes = catalog::kMaxTextBytes;

// The first `bytes` bytes of UTF-8, or a few less: no character is cut.
std::string_view Beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

}  // namespace

const v1::EvidenceFile* Bounded(const v1::EvidenceFile& file, std::deque<v1::EvidenceFile>& kept) {
  const v1::Fingerprint& fingerprint = file.fingerprint();
  if (fingerprint.detail().size() <= kMaxWordsBytes &&
      fingerprint.format().size() <= kMaxFormatBytes) {
    return &file;
  }
  v1::Fingerprint& shortened = *kept.emplace_back(file).mutable_fingerprint();
  shortened.set_detail(std::string(Beginning(fingerprint.detail(), kMaxWordsBytes)));
  shortened.set_format(std::string(Beginning(fingerprint.format(), kMaxFormatBytes)));
  return &kept.back();
}

absl::Status CheckFile(const v1::EvidenceFile& file, std::size_t position) {
  std::string fault;
  const v1::Fingerprint& fingerprint = file.fingerprint();
  if (file.path().empty()) fault = "its path is missing";
  if (fingerprint.disposition() == v1::DISPOSITION_UNSPECIFIED ||
      !v1::Disposition_IsValid(fingerprint.disposition())) {
    fault = "it says not what became of reading it (disposition)";
  }
  if (!catalog::IsUtf8(fingerprint.detail()) || !catalog::IsUtf8(fingerprint.format())) {
    fault = "its detail or format is not UTF-8";
  }
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("file ", position, " of the batch: ", fault));
}

absl::Status CheckLibraries(const v1::MatchStreamOpen& open) {
  if (open.libraries_size() > kMaxLibraries) {
    return absl::InvalidArgumentError(
        absl::StrCat(open.libraries_size(), " libraries: at most ", kMaxLibraries));
  }
  for (const std::string& library : open.libraries()) {
    if (auto status = catalog::CheckName("library", library); !status.ok()) return status;
  }
  return absl::OkStatus();
}

std::vector<std::string> WalkErrors(const v1::MatchStreamEnd& end) {
  std::vector<std::string> errors;
  for (const std::string& error : end.walk_errors()) {
    if (errors.size() == kMaxWalkErrors) {
      errors.push_back(absl::StrCat(
          "and ", end.walk_errors_size() - static_cast<int>(errors.size()), " places more"));
      break;
    }
    errors.emplace_back(Beginning(error, kMaxWordsBytes));
  }
  return errors;
}

}  // namespace kith::server
