// SPDX-License-Identifier: Apache-2.0
#include "server/casework/business_days.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/catalog/names.h"

namespace kith::casework {
namespace {

std::string TextOf(std::chrono::year_month_day day) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

}  // namespace

absl::StatusOr<std::string> BusinessDaysAfter(std::string_view day, int count,
                                              const std::set<std::string>& holidays) {
  const std::string text(day);
  int year = 0;
  int month = 0;
  int of_month = 0;
  if (text.empty() || !catalog::CheckDate("day", text).ok() ||
      !absl::SimpleAtoi(text.substr(0, 4), &year) || !absl::SimpleAtoi(text.substr(5, 2), &month) ||
      !absl::SimpleAtoi(text.substr(8, 2), &of_month)) {
    return absl::InvalidArgumentError(absl::StrCat(catalog::Quoted(day), " is no day"));
  }
  std::chrono::sys_days at = std::chrono::year_month_day(
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
      std::chrono::day(static_cast<unsigned>(of_month)));
  while (count > 0) {
    at += std::chrono::days(1);
    const std::chrono::weekday weekday(at);
    if (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday) continue;
    if (holidays.contains(TextOf(at))) continue;
    --count;
  }
  return TextOf(at);
}

}  // namespace kith::casework
