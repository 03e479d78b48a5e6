// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one line of separated values, and the columns that a header names.
//
// Thread-safety: as any value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kith::exchange {

inline constexpr std::size_t kMaxCsvLineBytes = 64 << 10;
inline constexpr std::size_t kMaxCsvFields = 256;

// Fields in quotes may hold the separator, and a quote twice. False: a quote is not closed on the
// line, or there are more than kMaxCsvFields.
[[nodiscard]] bool SplitCsv(std::string_view line, char separator,
                            std::vector<std::string>& fields);

class CsvHeader {
 public:
  // Names are compared without regard to case and outer blanks.
  [[nodiscard]] bool Read(std::string_view line, char separator);
  // -1: there is none.
  [[nodiscard]] int Find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

// The field of that column; "" where the line has none.
[[nodiscard]] std::string_view FieldAt(const std::vector<std::string>& fields, int column);

// One JSON object of the fields that `take` does not name, with the limits and the omissions of
// JsonObject; "" where none is left.
class Sink;
[[nodiscard]] std::string CarriedFields(const CsvHeader& header,
                                        const std::vector<std::string>& fields,
                                        const std::vector<int>& taken, bool keep_text, Sink& sink);

// The first line that is neither blank nor a comment.
[[nodiscard]] std::string_view FirstLine(std::string_view head);

}  // namespace kith::exchange
