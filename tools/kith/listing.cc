// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/listing.h"

#include <algorithm>

#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::cli {

void Limit::Tell() const {
  if (cut_) {
    Note("The first " + report::Number(taken_) + " are shown; there are more (--limit).");
  }
}

void AddLimitFlag(CLI::App& verb, std::uint64_t& most) {
  verb.add_option("--limit", most, "How many are shown at most (default: all)")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->type_name("N");
}

Facts& Facts::Add(const std::string& name, const std::string& value) {
  if (!value.empty()) facts_.emplace_back(name, value);
  return *this;
}

std::string Facts::Text() const {
  std::size_t width = 0;
  for (const auto& [name, value] : facts_) width = std::max(width, name.size());
  std::string out;
  for (const auto& [name, value] : facts_) {
    out += name + std::string(width - name.size() + 2, ' ') + report::EscapeText(value) + "\n";
  }
  return out;
}

void PrintTable(const Program& program, const Table& table, const std::string& hint) {
  if (program.json) return;
  if (table.empty()) return Note(hint);
  std::string text = table.Text();
  text.pop_back();
  PrintLine(text);
}

void PrintThing(const Program& program, const std::string& type,
                const nlohmann::ordered_json& fields, const Facts& facts) {
  if (program.json) return PrintJson(Typed(type, fields));
  std::string text = facts.Text();
  if (!text.empty()) text.pop_back();
  PrintLine(text);
}

nlohmann::ordered_json Typed(const std::string& type, const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line{{"type", type}};
  line.update(fields);
  return line;
}

}  // namespace kith::cli
