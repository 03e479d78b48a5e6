// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/vics_carried.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "tools/exchange/internal/json_marks.h"
#include "tools/exchange/record.h"

namespace kith::exchange {
namespace {

using nlohmann::ordered_json;

constexpr int kMaxCarriedNesting = kMaxNesting + 8;

bool NestsTooDeep(std::string_view text) {
  int deepest = 0;
  ForEachMark(text, [&](std::size_t, int depth) { deepest = std::max(deepest, depth); });
  return deepest > kMaxCarriedNesting;
}

bool Contains(const std::vector<std::string>& list, std::string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

class MemberReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  MemberReader(std::vector<std::string>& names, std::vector<std::string>& alternatives)
      : names_(names), alternatives_(alternatives) {}

  bool null() override { return depth_ > 0; }
  bool boolean(bool) override { return depth_ > 0; }
  bool number_integer(number_integer_t) override { return depth_ > 0; }
  bool number_unsigned(number_unsigned_t) override { return depth_ > 0; }
  bool number_float(number_float_t, const string_t&) override { return depth_ > 0; }
  bool binary(binary_t&) override { return depth_ > 0; }
  bool start_object(std::size_t) override {
    if (++depth_ == 3) {
      name_.clear();
      value_.clear();
    }
    return true;
  }
  bool end_object() override {
    // As the reader takes them for digests of the record.
    const bool sha = name_ == "SHA1" || name_ == "SHA-1" || name_ == "SHA256" || name_ == "SHA-256";
    if (InAlternative() && sha) alternatives_.push_back(value_);
    return --depth_ >= 0;
  }
  // The record itself is none.
  bool start_array(std::size_t) override { return ++depth_ > 1; }
  bool end_array() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
  bool key(string_t& name) override {
    if (depth_ == 1) names_.push_back(absl::AsciiStrToUpper(name));
    const std::string upper = InAlternative() ? absl::AsciiStrToUpper(name) : "";
    is_name_ = upper == "HASHNAME";
    is_value_ = upper == "HASHVALUE";
    return true;
  }
  bool string(string_t& value) override {
    if (std::exchange(is_name_, false)) name_ = absl::AsciiStrToUpper(value);
    if (std::exchange(is_value_, false)) value_ = absl::AsciiStrToUpper(value);
    return depth_ > 0;
  }

 private:
  [[nodiscard]] bool InAlternative() const {
    return depth_ == 3 && names_.back() == "ALTERNATIVEHASHES";
  }

  std::vector<std::string>& names_;
  std::vector<std::string>& alternatives_;
  int depth_ = 0;
  bool is_name_ = false;
  bool is_value_ = false;
  std::string name_, value_;  // of the alternative hash that is open
};

}  // namespace

ordered_json ParseCarried(const std::string& data) {
  if (NestsTooDeep(data)) return ordered_json(ordered_json::value_t::discarded);
  return ordered_json::parse(data, nullptr, false);
}

bool CarriedMembers::Read(const std::string& data) {
  if (NestsTooDeep(data)) return false;
  MemberReader reader(names_, alternatives_);
  return nlohmann::json::sax_parse(data, &reader);
}

bool CarriedMembers::Has(std::string_view name) const { return Contains(names_, name); }

bool CarriedMembers::HasAlternative(std::string_view value) const {
  return Contains(alternatives_, value);
}

std::string WithoutMember(const std::string& object, std::string_view name) {
  auto parsed = ParseCarried(object);
  if (!parsed.is_object()) return object;
  std::vector<std::string> names;
  for (const auto& [key, value] : parsed.items()) {
    if (absl::AsciiStrToUpper(key) == name) names.push_back(key);
  }
  for (const std::string& key : names) parsed.erase(key);
  return parsed.dump();
}

ordered_json Part(const ordered_json& whole, const char* name, const ordered_json& empty) {
  const auto found = whole.find(name);
  return found != whole.end() && found->type() == empty.type() ? *found : empty;
}

std::string TextPart(const ordered_json& whole, const char* name) {
  return Part(whole, name, "").get<std::string>();
}

}  // namespace kith::exchange
