// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/names.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/utf8.h"

namespace kith::catalog {
namespace {

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
}

}  // namespace

std::string Quoted(std::string_view text) {
  constexpr std::size_t kShown = 60;
  return absl::StrCat("\"", absl::CHexEscape(std::string(text.substr(0, kShown))),
                      text.size() > kShown ? "...\"" : "\"");
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t bytes = server::FirstCharacter(text).bytes;
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

absl::Status CheckOptionalName(std::string_view field, std::string_view text) {
  if (text.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(field), " ", Quoted(text), " has ",
                                                   text.size(), " bytes: at most ", kMaxNameBytes));
  }
  if (!IsUtf8(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " ", Quoted(text), " is not UTF-8"));
  }
  if (HasControl(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " ", Quoted(text), " holds a control character"));
  }
  if (!text.empty() && (text.front() == ' ' || text.back() == ' ')) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " ", Quoted(text), " begins or ends with a blank"));
  }
  return absl::OkStatus();
}

absl::Status CheckName(std::string_view field, std::string_view text) {
  if (text.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " is empty: give 1 to 200 bytes"));
  }
  return CheckOptionalName(field, text);
}

absl::Status CheckText(std::string_view field, std::string_view text) {
  if (text.size() > kMaxTextBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " has ", text.size(), " bytes: at most ", kMaxTextBytes));
  }
  if (!IsUtf8(text) || text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat(std::string(field), " ", Quoted(text), " is not UTF-8 text"));
  }
  return absl::OkStatus();
}

absl::Status CheckAgencyName(std::string_view text) {
  if (auto status = CheckName("agency name", text); !status.ok()) return status;
  if (text.find('/') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("agency name ", Quoted(text),
                     " holds \"/\", which parts agency and number in a case name"));
  }
  return absl::OkStatus();
}

absl::Status CheckDate(std::string_view field, std::string_view text) {
  if (text.empty()) return absl::OkStatus();
  absl::CivilDay day;
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' &&
      absl::ParseCivilTime(std::string(text), &day) &&
      absl::FormatCivilTime(day) == std::string(text)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(field), " ", Quoted(text), " is no day: write YYYY-MM-DD"));
}

absl::Status CheckPastDate(std::string_view field, std::string_view text) {
  if (auto status = CheckDate(field, text); !status.ok() || text.empty()) return status;
  // Somewhere the day is a day ahead of UTC. Days of this form sort as they follow each other.
  const auto last = absl::ToCivilDay(absl::Now(), absl::UTCTimeZone()) + 1;
  if (text <= absl::FormatCivilTime(last)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      std::string(field), " ", Quoted(text), " is yet to come: give the day on which it happened"));
}

absl::Status NothingToChange(std::string_view subject) {
  return absl::InvalidArgumentError(
      absl::StrCat("nothing of ", std::string(subject), " was changed: say what to change"));
}

absl::Status FirstError(std::initializer_list<absl::Status> statuses) {
  for (const absl::Status& status : statuses) {
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string TimeNow() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone());
}

std::string DayOf(std::string_view moment) {
  return std::string(moment.substr(0, std::string_view("YYYY-MM-DD").size()));
}

}  // namespace kith::catalog
