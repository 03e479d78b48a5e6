// SPDX-License-Identifier: Apache-2.0
#include "tools/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace kith::report {
namespace {

// The name of an enum value without its prefix; `unset` for the value 0.
template <typename Enum>
std::string Word(Enum value, const std::string& name, std::string_view prefix,
                 std::string_view unset) {
  if (static_cast<int>(value) == 0) return std::string(unset);
  if (name.size() <= prefix.size()) return std::to_string(static_cast<int>(value));
  return name.substr(prefix.size());
}

}  // namespace

std::string VerdictWord(v1::Verdict verdict) {
  return Word(verdict, v1::Verdict_Name(verdict), "VERDICT_", "UNDETERMINED");
}
std::string DispositionWord(v1::Disposition disposition) {
  return absl::AsciiStrToLower(
      Word(disposition, v1::Disposition_Name(disposition), "DISPOSITION_", "unreadable"));
}
std::string DialectWord(v1::Dialect dialect) {
  return absl::AsciiStrToLower(Word(dialect, v1::Dialect_Name(dialect), "DIALECT_", "unknown"));
}
std::string OrientationWord(v1::Orientation orientation) {
  return absl::AsciiStrToLower(
      Word(orientation, v1::Orientation_Name(orientation), "ORIENTATION_", ""));
}
std::string PurposeWord(v1::Purpose purpose) {
  return absl::AsciiStrToLower(Word(purpose, v1::Purpose_Name(purpose), "PURPOSE_", ""));
}
std::string StatusWord(v1::SeriesStatus status) {
  return absl::AsciiStrToLower(Word(status, v1::SeriesStatus_Name(status), "SERIES_STATUS_", ""));
}
std::string CaseStateWord(v1::CaseState state) {
  std::string word =
      absl::AsciiStrToLower(Word(state, v1::CaseState_Name(state), "CASE_STATE_", ""));
  std::replace(word.begin(), word.end(), '_', '-');
  return word;
}
std::string NotificationWord(v1::Notification notification) {
  switch (notification) {
    case v1::NOTIFICATION_OPT_IN:
      return "opt-in";
    case v1::NOTIFICATION_OPT_OUT:
      return "opt-out";
    default:
      return "";
  }
}
std::string OpinionWord(v1::OpinionKind kind) {
  return absl::AsciiStrToLower(Word(kind, v1::OpinionKind_Name(kind), "OPINION_KIND_", ""));
}
std::string TriStateWord(v1::TriState state) {
  return absl::AsciiStrToLower(Word(state, v1::TriState_Name(state), "TRI_STATE_", ""));
}
std::string ViewWord(const v1::View& view) {
  const bool trimmed = view.crop() == v1::CROP_TRIMMED;
  if (view.frame() == 0) return trimmed ? "trimmed" : "original";
  return fmt::format("{}:{}", trimmed ? "trimmed" : "frame", view.frame());
}

bool IsLeadsOnly(const v1::NotificationTask& task) {
  return task.files() > 0 && task.files_by_digest() + task.files_confirmed() == 0;
}

std::string RestsOnWords(const v1::NotificationTask& task) {
  if (task.files() == 0) return "no file on record";
  if (IsLeadsOnly(task)) return "leads only: confirm first";
  return Number(task.files_by_digest() + task.files_confirmed()) + " certain";
}

v1::Dialect DialectOfWord(std::string_view word) {
  if (word == "full") return v1::DIALECT_FULL;
  if (word == "cli512") return v1::DIALECT_CLI512;
  return v1::DIALECT_UNSPECIFIED;
}

v1::CaseState CaseStateOfWord(std::string_view word) {
  for (int number = 1; number <= v1::CaseState_MAX; ++number) {
    const auto state = static_cast<v1::CaseState>(number);
    if (CaseStateWord(state) == word) return state;
  }
  return v1::CASE_STATE_UNSPECIFIED;
}

std::string_view VerdictMeaning(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_IDENTIFIED:
      return "Matches a series whose children have been identified.";
    case v1::VERDICT_RECOGNIZED:
      return "Matches known files; nobody has identified the children yet.";
    case v1::VERDICT_CONFLICT:
      return "The hash sets contradict each other: a person must decide.";
    case v1::VERDICT_UNRECOGNIZED:
      return "Could be compared and matches nothing known.";
    case v1::VERDICT_UNDETERMINED:
      return "Could not be compared: look at these by hand.";
    case v1::VERDICT_NOT_APPLICABLE:
      return "Neither picture nor video.";
    default:
      return "";
  }
}

std::string_view DispositionMeaning(v1::Disposition disposition) {
  switch (disposition) {
    case v1::DISPOSITION_HASHED:
      return "read whole and fingerprinted";
    case v1::DISPOSITION_LOW_QUALITY:
      return "read, but too flat for a usable PDQ hash; compared by digest only";
    case v1::DISPOSITION_PARTIAL:
      return "damaged or cut off; fingerprinted as far as it goes";
    case v1::DISPOSITION_NOT_MEDIA:
      return "neither picture nor video by its content; compared by digest only";
    case v1::DISPOSITION_EMPTY:
      return "holds no bytes";
    case v1::DISPOSITION_UNSUPPORTED:
      return "media of a format that is not looked into; compared by digest only";
    case v1::DISPOSITION_UNREADABLE:
      return "could not be read";
    case v1::DISPOSITION_VANISHED:
      return "was there, then was not";
    case v1::DISPOSITION_OVER_LIMIT:
      return "larger than the limits allow";
    case v1::DISPOSITION_DECODER_CRASH:
      return "the decoder failed on it";
    case v1::DISPOSITION_DECODER_TIMEOUT:
      return "the decoder took too long";
    case v1::DISPOSITION_NOT_REGULAR:
      return "link, pipe, device or socket: no file";
    default:
      return "";
  }
}

std::string_view StatusMeaning(v1::SeriesStatus status) {
  if (status == v1::SERIES_STATUS_IDENTIFIED) return "identified";
  return status == v1::SERIES_STATUS_UNSPECIFIED ? "nobody here has said" : "not identified";
}

std::string Number(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string Counted(std::uint64_t value, std::string_view noun) {
  return fmt::format("{} {}{}", Number(value), noun, value == 1 ? "" : "s");
}

std::string Counted(std::uint64_t value, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", Number(value), value == 1 ? one : many);
}

std::string Size(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB",
                                                             "TiB", "PiB", "EiB"};
  if (bytes < 1024) return Counted(bytes, "byte");
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1023.95 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace kith::report
