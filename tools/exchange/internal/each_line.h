// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the loops over the lines of a file, and over the rows below its header.
//
// Thread-safety: belongs to one thread.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/exchange/hash_text.h"
#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/cut_off.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/record.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

// Calls `take(line, place)` with each line that is not blank, until it returns an error. Errors:
// that one, DATA_LOSS when reading fails.
template <typename Take>
absl::Status ForEachLine(Lines& lines, const Take& take) {
  std::string text;
  while (true) {
    const auto more = lines.Next(text);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
    if (Trimmed(text).empty()) continue;
    const Place place{Place::Unit::kLine, lines.number()};
    if (absl::Status status = take(std::string_view(text), place); !status.ok()) return status;
  }
}

// Calls `row(fields, place)` with each line behind the header, split. Errors: those of `row`,
// INVALID_ARGUMENT when the first line lacks one of the columns, or the file is cut off.
template <typename Row>
absl::Status ForEachRow(Source& source, char separator, std::initializer_list<const char*> columns,
                        CsvHeader& header, Sink& sink, const Row& row) {
  Lines lines(source, kMaxCsvLineBytes);
  CutOff cut_off(lines);
  std::vector<std::string> fields;
  return ForEachLine(lines, [&](std::string_view text, const Place& place) {
    if (header.names().empty()) {
      const bool read = header.Read(text, separator);
      for (const char* column : columns) {
        if (!read || header.Find(column) < 0) {
          return absl::InvalidArgumentError(
              fmt::format("the first line names no column \"{}\"", column));
        }
      }
      return absl::OkStatus();
    }
    const bool good = text.size() <= kMaxCsvLineBytes && SplitCsv(text, separator, fields);
    if (auto status = cut_off.Look(good ? fields.size() : 1); !status.ok()) return status;
    return good ? row(fields, place)
                : sink.Problem(place, "too long, or a quote that is not closed");
  });
}

}  // namespace kith::exchange
