// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/report_files.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

// Who confirmed what a person confirmed, when and why.
absl::Status FillGiven(const ReportOptions& options, v1::ReportFile& file) {
  if (!options.opinions) return absl::OkStatus();
  for (v1::ReportMatch& match : *file.mutable_matches()) {
    if (match.opinion() != v1::OPINION_KIND_CONFIRMED) continue;
    const std::string sha256 = absl::HexStringToBytes(file.sha256());
    KITH_ASSIGN(std::vector<v1::Opinion> said, options.opinions(sha256, match.entry_id()));
    std::erase_if(said,
                  [](const v1::Opinion& one) { return one.kind() != v1::OPINION_KIND_CONFIRMED; });
    if (!said.empty()) *match.mutable_given() = std::move(said.back());
  }
  return absl::OkStatus();
}

bool MatchesOneOf(const v1::ReportFile& file, const std::set<std::string>& codes) {
  for (const v1::ReportMatch& match : file.matches()) {
    if (match.purpose() != v1::PURPOSE_BENIGN && !match.held_back() &&
        codes.contains(match.series())) {
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status FillLabels(const ReportOptions& options, v1::ReportFile& file) {
  if (!options.labels || file.matches().empty()) return absl::OkStatus();
  std::vector<std::uint64_t> entries;
  for (const v1::ReportMatch& match : file.matches()) entries.push_back(match.entry_id());
  KITH_ASSIGN(std::vector<catalog::EntryLabel> labels, options.labels(entries));
  auto label = labels.begin();
  for (v1::ReportMatch& match : *file.mutable_matches()) {
    match.set_source_ref(std::move(label->source_ref));
    if (!label->category_code.empty()) {
      match.mutable_category()->set_scheme(std::move(label->category_scheme));
      match.mutable_category()->set_code(std::move(label->category_code));
    }
    ++label;
  }
  return absl::OkStatus();
}

absl::Status EmitFiles(LedgerView& view, const ReportOptions& options, const EmitReport& emit,
                       const std::set<std::string>* codes, bool identified_too) {
  FilePages pages(emit, options.fragment_bytes);
  bool taken = true;
  absl::Status filled;
  KITH_RETURN_IF_ERROR(view.Files(codes != nullptr, [&](v1::ReportFile file) {
    const bool asked = codes == nullptr || MatchesOneOf(file, *codes) ||
                       (identified_too && file.verdict() == v1::VERDICT_IDENTIFIED);
    if (!asked) return true;
    filled = FillLabels(options, file);
    if (filled.ok()) filled = FillGiven(options, file);
    taken = filled.ok() && pages.Add(std::move(file));
    return taken;
  }));
  KITH_RETURN_IF_ERROR(filled);
  if (taken) pages.Flush();
  return absl::OkStatus();
}

}  // namespace kith::casework
