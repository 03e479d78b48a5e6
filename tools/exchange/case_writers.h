// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what Kith found of a case, back to the tools that review seizures: the files of its
// report of initial comparison, each content once, in formats that these tools load.
//
// What is certain (a match by digest, or a lead that a person confirmed) becomes category, series
// and identification of the file. A lead that nobody confirmed says nothing of that: it stands as
// words, for a person who looks. Nor does anything where the sets contradict each other. A category
// is written only where it is of the scheme that was asked for.
//
// Thread-safety: a writer belongs to one thread. Memory: one file with its paths.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/kith/v1/report.pb.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {

// What became of the files.
struct CaseCounts {
  std::uint64_t written = 0;
  std::uint64_t categorised = 0;       // of them
  std::uint64_t leads = 0;             // of them: told as leads that nobody confirmed
  std::uint64_t contradicted = 0;      // of them, without a category: sets say different ones
  std::uint64_t without_category = 0;  // of them: it is of another scheme, or no number
  std::uint64_t unreadable = 0;        // not written: without a digest
  std::uint64_t without_md5 = 0;       // not written: the format tells files by it
  std::uint64_t no_media = 0;          // not written: neither picture nor video
};

// What is told of one file.
struct CaseFile {
  std::string category;  // "" : none
  std::string category_set;
  std::string series;
  v1::TriState victim_identified = v1::TRI_STATE_UNSPECIFIED;
  // The nearest, where nothing is certain; where only a lead says identified, the nearest of these.
  const v1::ReportMatch* lead = nullptr;
  bool conflict = false;
  bool contradicted = false;
  bool other_scheme = false;
};
// Points into `file`.
[[nodiscard]] CaseFile CaseFileOf(const v1::ReportFile& file, std::string_view scheme);

// Begin, Add for each file, End. Errors: those of the output.
class CaseWriter {
 public:
  CaseWriter(Output output, std::string case_name, std::string scheme);
  virtual ~CaseWriter();
  CaseWriter(const CaseWriter&) = delete;
  CaseWriter& operator=(const CaseWriter&) = delete;

  [[nodiscard]] virtual absl::Status Begin() { return absl::OkStatus(); }
  [[nodiscard]] absl::Status Add(const v1::ReportFile& file);
  [[nodiscard]] virtual absl::Status End() { return absl::OkStatus(); }
  [[nodiscard]] const CaseCounts& counts() const { return counts_; }

 protected:
  [[nodiscard]] virtual absl::Status Write(const v1::ReportFile& file, const CaseFile& told) = 0;
  [[nodiscard]] virtual bool needs_md5() const { return false; }
  [[nodiscard]] absl::Status Put(std::string_view bytes) const { return output_(bytes); }
  [[nodiscard]] const std::string& case_name() const { return case_name_; }
  [[nodiscard]] const std::string& scheme() const { return scheme_; }

 private:
  Output output_;
  std::string case_name_;
  std::string scheme_;
  CaseCounts counts_;
};

// Names of formats, as in --format.
[[nodiscard]] std::span<const std::string_view> CaseFormats();
// Null where there is none of this name.
[[nodiscard]] std::unique_ptr<CaseWriter> MakeCaseWriter(std::string_view format, Output output,
                                                         const std::string& case_name,
                                                         const std::string& scheme);

}  // namespace kith::exchange
