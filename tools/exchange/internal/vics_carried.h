// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a store carries of VICS files, as the writer needs it. A store may hold what
// another program put there, so no kind of a value is taken for granted.
//
// Thread-safety: as any value; pure functions.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kith::exchange {

// What is carried, as JSON. Discarded where it is none, or nests deeper than any reader here keeps
// (kMaxNesting, and the envelope around it): to write it again would recurse as deep.
[[nodiscard]] nlohmann::ordered_json ParseCarried(const std::string& data);

// The names of a record's own level, and the SHA digests among its alternative hashes; in upper
// case.
class CarriedMembers {
 public:
  // False: `data` is no JSON object, or one that ParseCarried would discard.
  [[nodiscard]] bool Read(const std::string& data);
  [[nodiscard]] bool Has(std::string_view name) const;
  [[nodiscard]] bool HasAlternative(std::string_view value) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> alternatives_;
};

// An object without the members of this name, which is in upper case, in whatever case theirs are.
[[nodiscard]] std::string WithoutMember(const std::string& object, std::string_view name);

// The member if it is of the kind of `empty`, else `empty`.
[[nodiscard]] nlohmann::ordered_json Part(const nlohmann::ordered_json& whole, const char* name,
                                          const nlohmann::ordered_json& empty);
[[nodiscard]] std::string TextPart(const nlohmann::ordered_json& whole, const char* name);

}  // namespace kith::exchange
