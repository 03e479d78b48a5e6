// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/report_words.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace kith::casework {
namespace {

// "1 file", "2 files".
std::string Count(std::uint64_t count, const char* noun_one, const char* noun_many) {
  return absl::StrCat(count, " ", count == 1 ? noun_one : noun_many);
}

// What is said of each run or place, as long as it fits into the head of a report, which is one
// message however many of them a case has.
class BoundedWords {
 public:
  explicit BoundedWords(std::vector<std::string>& words) : words_(words) {}

  void Add(std::string sentence) {
    bytes_ += sentence.size();
    if (bytes_ > kMaxBytes) {
      ++left_out_;
    } else {
      words_.push_back(std::move(sentence));
    }
  }
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 20;

  std::vector<std::string>& words_;
  std::size_t bytes_ = 0;
  std::uint64_t left_out_ = 0;
};

void WarnOfRun(const RunRecord& run, bool recorded, BoundedWords& warnings) {
  if (!run.ended) {
    warnings.Add(
        "The last run did not end: it was killed, or is still going on. Files that it did not come "
        "to are missing here.");
    return;
  }
  if (run.interrupted) {
    warnings.Add(
        recorded ? "The last run was interrupted. Files that it did not come to are missing here; "
                   "run the check again, it goes on where it was."
                 : "The look-up was interrupted. Files that it did not come to are missing here. "
                   "Nothing of it is recorded: run again, it begins from the start.");
  } else if (run.entries_walked != run.entries_sent + run.entries_resumed) {
    warnings.Add(absl::StrCat("The sums do not agree: the walk met ",
                              Count(run.entries_walked, "entry", "entries"), ", but ",
                              run.entries_sent, " were read in this run and ", run.entries_resumed,
                              " were on record unchanged. Run the check again."));
  }
  if (run.entries_unseen < 0) {
    warnings.Add(absl::StrCat(
        "The sums do not agree: the run took more entries for recorded than are on record, by ",
        -run.entries_unseen, ". Run the check again."));
  }
  if (run.entries_kept > 0) {
    warnings.Add(absl::StrCat(
        Count(run.entries_kept, "path", "paths"),
        " that an earlier run read could not be read by the last one. They are counted here as "
        "they were found."));
  }
}

// "alert 1", "alerts 1, 4 and 6"; of many the first.
std::string Named(const std::vector<std::uint64_t>& alerts) {
  constexpr std::size_t kNamed = 10;
  const std::size_t named = std::min(alerts.size(), kNamed);
  std::string out = alerts.size() == 1 ? "alert " : "alerts ";
  for (std::size_t i = 0; i < named; ++i) {
    if (i > 0) out += i + 1 == alerts.size() ? " and " : ", ";
    absl::StrAppend(&out, alerts[i]);
  }
  if (named < alerts.size()) absl::StrAppend(&out, " and ", alerts.size() - named, " more");
  return out;
}

// As a shell takes it for one word.
std::string ShellWord(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '/' || c == '-' || c == '_' || c == '.';
  });
  return plain ? text : absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// The files are not read again for it, so what brings them up to date is a refresh of the case; a
// look-up has none.
void WarnOfKnowledge(const Doubts& doubts, std::vector<std::string>& warnings) {
  const MatchedAt& matched = doubts.matched;
  const bool recorded = !doubts.case_name.empty();
  const std::string how =
      recorded ? absl::StrCat("run `kith case refresh ", ShellWord(doubts.case_name), "`")
               : std::string("run the check again");
  if (matched.older_files > 0) {
    warnings.push_back(
        absl::StrCat(Count(matched.older_files, "file was", "files were"),
                     " compared with an older state of the hash sets (index version ",
                     matched.oldest, " or later) than the rest (index version ", matched.newest,
                     "). To bring them up to date, ", how, "."));
  }
  if (doubts.known_otherwise.files > 0) {
    warnings.push_back(absl::StrCat(
        Count(doubts.known_otherwise.files, "file is", "files are"),
        " known otherwise now: ", Named(doubts.known_otherwise.alerts),
        ". The counts and verdicts here are those of index version ", matched.newest,
        "; series and contacts are told as they are now. To bring the answer up to date, ", how,
        "."));
  } else if (doubts.files > 0 && matched.newest < doubts.verdict_change) {
    warnings.push_back(absl::StrCat(
        "What is known has changed since these files were compared (index version ", matched.newest,
        ", now ", doubts.current_change, "). To bring the answer up to date, ", how, "."));
  }
  if (matched.radii > 1) {
    warnings.push_back(absl::StrCat(
        "Files of this case were compared within different radii. To compare all within one, ", how,
        "."));
  }
}

}  // namespace

std::vector<std::string> Warnings(const Doubts& doubts) {
  std::vector<std::string> warnings;
  BoundedWords of_runs(warnings);
  BoundedWords of_places(warnings);
  for (const RunRecord& run : doubts.runs) {
    WarnOfRun(run, !doubts.case_name.empty(), of_runs);
    // A run that did not end has told of no places.
    for (const std::string& error : run.walk_errors) {
      of_places.Add(absl::StrCat("Not looked into: ", error));
    }
  }
  if (of_runs.left_out() > 0) {
    warnings.push_back(absl::StrCat("There are ", Count(of_runs.left_out(), "warning", "warnings"),
                                    " more on runs of this case than fit into a report."));
  }
  if (of_places.left_out() > 0) {
    // One of them may stand for many: of a run only so many are kept.
    warnings.push_back(absl::StrCat("Not looked into: at least ", of_places.left_out(),
                                    " places more, too many to be named in a report."));
  }
  if (!doubts.complete && warnings.empty()) {
    warnings.emplace_back("An earlier run over these files was not complete; run the check again.");
  }
  if (doubts.nothing_known) {
    warnings.emplace_back(
        "No enabled hash set of known files has an active entry: there is nothing to compare with, "
        "and that nothing is recognized tells nothing. Look whether this is the right store, "
        "import or enable a set, and run the check again.");
  }
  WarnOfKnowledge(doubts, warnings);
  return warnings;
}

std::string WarningOfCases(const CaseDoubts& doubts) {
  if (doubts.cases == 0 && doubts.others == 0) return "";
  std::string out;
  if (doubts.cases > 0) {
    out = absl::StrCat("What is told of ", Count(doubts.cases, "case", "cases"), " is in doubt: ");
    if (doubts.alerted > 0) {
      absl::StrAppend(&out, Count(doubts.alerted, "has", "have"), " open alerts",
                      doubts.incomplete > 0 ? ", " : ". ");
    }
    if (doubts.incomplete > 0) {
      absl::StrAppend(&out, Count(doubts.incomplete, "was", "were"), " not checked to the end. ");
    }
  }
  if (doubts.others > 0) {
    absl::StrAppend(&out, Count(doubts.others, "other case has", "other cases have"),
                    " open alerts that may concern this series. ");
  }
  return absl::StrCat(out,
                      "`kith alert list` and `kith case list` name them; `kith case refresh` "
                      "brings a case up to date, the check run again completes it.");
}

std::vector<std::string> Remarks(const Doubts& doubts) {
  std::vector<std::string> remarks;
  BoundedWords of_runs(remarks);
  for (const RunRecord& run : doubts.runs) {
    if (!run.ended || run.interrupted || run.entries_unseen <= 0) continue;
    of_runs.Add(absl::StrCat(
        Count(static_cast<std::uint64_t>(run.entries_unseen), "path of an earlier run is",
              "paths of earlier runs are"),
        " counted here as found then: the last run did not meet the same content there (removed, "
        "renamed, changed or not readable any more)."));
  }
  if (of_runs.left_out() > 0) {
    remarks.push_back(absl::StrCat("There are ", Count(of_runs.left_out(), "remark", "remarks"),
                                   " more on runs of this case than fit into a report."));
  }
  if (doubts.matched.truncated_files > 0) {
    remarks.push_back(
        absl::StrCat(Count(doubts.matched.truncated_files, "file has", "files have"),
                     " more matches than are kept; the nearest are listed, the verdict saw all."));
  }
  return remarks;
}

std::string PurgedRemark(std::string_view purged_at) {
  return absl::StrCat("The files of this case were expunged on ",
                      std::string(purged_at.substr(0, 10)),
                      ": the numbers of files are those of that day, and how many of them were "
                      "certain is not on record any more.");
}

std::string HolidaysRemark(const std::set<std::string>& holidays) {
  if (holidays.empty()) {
    return "No holidays are known: a due day with a holiday before it is told too early.";
  }
  return absl::StrCat("Due days are reckoned with ", Count(holidays.size(), "holiday", "holidays"),
                      ", known up to ", *holidays.rbegin(),
                      ": a due day with a later holiday before it is told too early.");
}

std::string Method(std::optional<std::uint32_t> radius_bits) {
  const std::string radius =
      radius_bits
          ? absl::StrCat("at most ", *radius_bits,
                         " of 256 bits (or fewer, where the radius of a set is smaller)")
          : "no more of 256 bits than the radius of the entry's set, which is listed with it";
  return absl::StrCat(
      "Each regular file was read once. Its MD5, SHA-1 and SHA-256 digests were computed and, "
      "where "
      "it is a picture that could be decoded, its PDQ perceptual hashes, in eight orientations. "
      "They were compared with every active entry of every enabled hash set listed here, exactly "
      "and without sampling, as of the index version given. "
      "A match by digest means that the two files have the same content; it is certain. "
      "A match by PDQ means that two hashes differ in ",
      radius,
      ". Such pictures nearly always show the same, but different pictures can lie as near: a PDQ "
      "match is a lead at every distance, 0 too, until a person has looked and confirmed it. "
      "What a person confirmed counts as certain; what a person rejected is left out and counted, "
      "and a file whose only leads were rejected says so. "
      "A known entry found by PDQ only is held back where a benign entry lies nearer; such files "
      "are marked. "
      "Pictures of too little detail (PDQ quality below 50) are compared by digest only, as is "
      "media that is not looked into. "
      "A file of which a digest stands in a benign set, and which nothing known matches, is known "
      "to "
      "be harmless and counted apart. "
      "A file that matches nothing is not thereby harmless or new: crops, overlays and strong "
      "edits "
      "can escape PDQ.");
}

}  // namespace kith::casework
