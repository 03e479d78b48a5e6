// SPDX-License-Identifier: Apache-2.0
//
// What is told of one file of a case.
#include <algorithm>

#include "tools/exchange/case_writers.h"
#include "tools/exchange/internal/vics_scheme.h"
#include "tools/report/deciding.h"

namespace kith::exchange {
namespace {

bool IsCertain(const v1::ReportMatch& match) {
  return match.by() != "pdq" || match.opinion() == v1::OPINION_KIND_CONFIRMED;
}

bool IsOfScheme(const v1::Category& category, std::string_view scheme) {
  return category.scheme() == scheme || (IsOfNoRegion(category.scheme()) && IsOfNoRegion(scheme));
}

// The categories of the matches that are certain; of a benign one only a harmless one.
void TakeCategory(const v1::ReportMatch& match, std::string_view scheme, CaseFile& told) {
  const v1::Category& category = match.category();
  // 0 is no judgement.
  if (category.code().empty() || category.code() == "0") return;
  if (match.purpose() == v1::PURPOSE_BENIGN && !IsHarmless(category)) return;
  const bool number = std::all_of(category.code().begin(), category.code().end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  if (!number || category.code().size() > 9 || !IsOfScheme(category, scheme)) {
    told.other_scheme = true;
  } else if (told.category.empty()) {
    told.category = category.code();
    told.category_set = match.set();
  } else if (told.category != category.code()) {
    told.contradicted = true;
  }
}

}  // namespace

CaseFile CaseFileOf(const v1::ReportFile& file, std::string_view scheme) {
  CaseFile told;
  told.conflict = file.verdict() == v1::VERDICT_CONFLICT;
  const v1::ReportMatch* known = nullptr;       // certain
  const v1::ReportMatch* identified = nullptr;  // certain
  const v1::ReportMatch* call = nullptr;        // the nearest lead that says identified
  for (const v1::ReportMatch& match : file.matches()) {
    if (IsCertain(match)) TakeCategory(match, scheme, told);
    if (!report::Counts(match)) continue;
    if (!IsCertain(match)) {
      if (told.lead == nullptr || match.distance_bits() < told.lead->distance_bits()) {
        told.lead = &match;
      }
      if (report::SaysIdentified(match) &&
          (call == nullptr || match.distance_bits() < call->distance_bits())) {
        call = &match;
      }
      continue;
    }
    if (known == nullptr) known = &match;
    if (identified == nullptr && report::SaysIdentified(match)) identified = &match;
  }
  if (file.verdict() == v1::VERDICT_IDENTIFIED && identified == nullptr && call != nullptr) {
    // What is certain does not say whom to call: the verdict rests on the lead.
    told.lead = call;
  } else if (known != nullptr) {
    told.lead = nullptr;
  }
  if (told.conflict || told.contradicted) {
    told.contradicted = told.contradicted || !told.category.empty();
    told.category.clear();
    told.category_set.clear();
  }
  if (!told.category.empty()) told.other_scheme = false;
  if (told.conflict || known == nullptr) return told;
  if (file.verdict() == v1::VERDICT_IDENTIFIED && identified != nullptr) {
    told.victim_identified = v1::TRI_STATE_YES;
    known = identified;
  } else if (file.verdict() == v1::VERDICT_RECOGNIZED) {
    told.victim_identified = v1::TRI_STATE_NO;
  }
  told.series = known->series();
  return told;
}

CaseWriter::CaseWriter(Output output, std::string case_name, std::string scheme)
    : output_(std::move(output)), case_name_(std::move(case_name)), scheme_(std::move(scheme)) {}

CaseWriter::~CaseWriter() = default;

absl::Status CaseWriter::Add(const v1::ReportFile& file) {
  std::uint64_t* left_out = nullptr;
  if (file.md5().empty() && file.sha1().empty() && file.sha256().empty()) {
    left_out = &counts_.unreadable;
  } else if (file.verdict() == v1::VERDICT_NOT_APPLICABLE) {
    left_out = &counts_.no_media;
  } else if (needs_md5() && file.md5().empty()) {
    left_out = &counts_.without_md5;
  }
  if (left_out != nullptr) {
    ++*left_out;
    return absl::OkStatus();
  }
  const CaseFile told = CaseFileOf(file, scheme_);
  ++counts_.written;
  if (!told.category.empty()) ++counts_.categorised;
  if (told.lead != nullptr) ++counts_.leads;
  if (told.contradicted) ++counts_.contradicted;
  if (told.other_scheme && !told.contradicted) ++counts_.without_category;
  return Write(file, told);
}

}  // namespace kith::exchange
