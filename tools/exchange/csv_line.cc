// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/csv_line.h"

#include <algorithm>

#include "tools/exchange/internal/entry_fields.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/source.h"

namespace kith::exchange {

bool SplitCsv(std::string_view line, char separator, std::vector<std::string>& fields) {
  fields.clear();
  std::size_t at = 0;
  while (true) {
    if (fields.size() >= kMaxCsvFields) return false;
    std::string& field = fields.emplace_back();
    if (at < line.size() && line[at] == '"') {
      for (++at;; ++at) {
        if (at >= line.size()) return false;
        if (line[at] != '"') {
          field += line[at];
        } else if (at + 1 < line.size() && line[at + 1] == '"') {
          field += line[at++];
        } else {
          break;
        }
      }
      ++at;  // the closing quote; what stands between it and the separator is kept
    }
    const std::size_t end = std::min(line.find(separator, at), line.size());
    field += line.substr(at, end - at);
    if (end == line.size()) return true;
    at = end + 1;
  }
}

bool CsvHeader::Read(std::string_view line, char separator) {
  if (!SplitCsv(line, separator, names_)) return false;
  for (std::string& name : names_) name = std::string(Trimmed(name));
  return true;
}

int CsvHeader::Find(std::string_view name) const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (EqualIgnoringCase(names_[i], name)) return static_cast<int>(i);
  }
  return -1;
}

std::string_view FieldAt(const std::vector<std::string>& fields, int column) {
  if (column < 0 || static_cast<std::size_t>(column) >= fields.size()) return {};
  return Trimmed(fields[static_cast<std::size_t>(column)]);
}

std::string CarriedFields(const CsvHeader& header, const std::vector<std::string>& fields,
                          const std::vector<int>& taken, bool keep_text, Sink& sink) {
  JsonObject object(kMaxRecordBytes, keep_text);
  for (std::size_t i = 0; i < std::min(header.names().size(), fields.size()); ++i) {
    const std::string_view field = FieldAt(fields, static_cast<int>(i));
    if (field.empty()) continue;
    if (std::find(taken.begin(), taken.end(), static_cast<int>(i)) != taken.end()) continue;
    object.Key(header.names()[i]);
    object.Text(field, sink);
  }
  if (object.too_long()) {
    sink.Note("further columns left out: too long");
    return "";
  }
  return object.text().empty() ? "" : "{" + object.text() + "}";
}

std::string_view FirstLine(std::string_view head) {
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = Trimmed(head.substr(0, end));
    if (!line.empty() && line.front() != '#') return line;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return {};
}

}  // namespace kith::exchange
