// SPDX-License-Identifier: Apache-2.0
//
// ImportRun: what it tells of an import that is done.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tools/kith/import_run.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {

// Records a second, from the first byte until all of it was durable.
double ImportRun::Rate() const {
  const auto records = static_cast<double>(taken_ + taken_back_ + bad_);
  return seconds_ > 0 ? std::round(records / seconds_) : 0;
}

void ImportRun::Summary(const v1::CommitImportResponse& done) const {
  if (!program_.json) return SummaryForPeople(done);
  nlohmann::ordered_json notes = nlohmann::ordered_json::object();
  for (const auto& [what, count] : notes_) notes[what] = count;
  nlohmann::ordered_json line{{"type", "import"},
                              {"set", flags_.set},
                              {"format", parts_.format.name},
                              {"added", done.added()},
                              {"already_there", done.already_there()},
                              {"repeats", done.repeats()},
                              {"kept_unmatched", done.carried_only()},
                              {"other_category", done.other_category()},
                              {"still_matched", done.still_matched()},
                              {"other_victim", done.other_victim()},
                              {"series_added", done.series_added()},
                              {"withdrawn", withdrawn_.taken_back + withdrawn_.replaced},
                              {"replaced", withdrawn_.replaced},
                              {"bad_lines", bad_},
                              {"notes", std::move(notes)},
                              {"pdq_or_sha256", either_},
                              {"records_per_second", static_cast<std::uint64_t>(Rate())},
                              {"change", done.index_version().change()}};
  report::PutBytes(line, "file", file_);
  PrintJson(line);
}

void ImportRun::SummaryForPeople(const v1::CommitImportResponse& done) const {
  std::string text = fmt::format(
      "{} added to {}, {} already there", report::Counted(done.added(), "entry", "entries"),
      report::EscapeText(flags_.set), report::Number(done.already_there()));
  if (withdrawn_.replaced > 0) text += ", " + report::Number(withdrawn_.replaced) + " replaced";
  if (withdrawn_.taken_back > 0) {
    text += ", " + report::Number(withdrawn_.taken_back) + " withdrawn";
  }
  if (done.carried_only() > 0) {
    text += ", " + report::Number(done.carried_only()) + " kept for the way back, not matched";
  }
  if (done.series_added() > 0) {
    text += ", " + report::Counted(done.series_added(), "new series", "new series") + " named";
  }
  if (bad_ > 0) text += ", " + report::Counted(bad_, "bad " + Unit()) + " left out";
  text += fmt::format("; {} records/s.", report::Number(static_cast<std::uint64_t>(Rate())));
  PrintLine(flags_.files.size() > 1 ? report::EscapeText(file_) + ": " + text : text);
  RemarksForPeople(done);
}

void ImportRun::RemarksForPeople(const v1::CommitImportResponse& done) const {
  if (taken_ + taken_back_ == 0) {
    cli::Note(fmt::format("nothing in it: {} without a record that changes the set",
                          parts_.format.describe));
  }
  for (const auto& [what, count] : notes_) {
    cli::Note(fmt::format("{}: {}", what, report::Number(count)));
  }
  if (done.repeats() > 0) {
    cli::Note(
        fmt::format("{} of those already there say something else of a file of this import: "
                    "kept beside its entry",
                    report::Number(done.repeats())));
  }
  if (done.other_category() > 0) {
    cli::Note(fmt::format(
        "{} of those already there have another category than here, which stays; to change it, "
        "kith entry withdraw them and import the file again",
        report::Number(done.other_category())));
  }
  if (done.still_matched() > 0) {
    cli::Note(fmt::format(
        "{} not to be matched by what this file says {} in the set as an entry of before, which "
        "matches on: see kith match, and kith entry withdraw",
        report::Counted(done.still_matched(), "record"), done.still_matched() == 1 ? "is" : "are"));
  }
  if (done.other_victim() > 0) {
    cli::Note(fmt::format(
        "{} otherwise of the victim than the set: an entry of before goes on saying it too; see "
        "kith match, and kith entry withdraw the one that is wrong",
        report::Counted(done.other_victim(), "record says", "records say")));
  }
  if (either_ > 0) {
    cli::Note(
        fmt::format("{} of 64 digits taken as PDQ and as SHA-256, since the length does not "
                    "tell; --kind pdq or --kind sha256 says which.",
                    report::Counted(either_, "value")));
  }
}

}  // namespace kith::cli
