// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/kith/engine_link.h"
#include "tools/kith/table.h"

namespace kith::cli {

// Reads all pages of a list and hands each response to `take`. `method` is &Stub::ListX.
template <typename Stub, typename Request, typename Response, typename Take>
[[nodiscard]] absl::Status ForEachPage(Stub& stub,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       Request request, const Take& take) {
  while (true) {
    const absl::StatusOr<Response> page = Call(stub, method, request);
    if (!page.ok()) return page.status();
    take(*page);
    if (page->next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(page->next_page_token());
  }
}

// Facts of one thing for people: "name  value", values escaped, empty ones left out.
class Facts {
 public:
  Facts& Add(const std::string& name, const std::string& value);
  [[nodiscard]] std::string Text() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
};

// Prints a list: the table, or where it is empty a hint on stderr. Nothing with --json, whose lines
// were printed one by one.
void PrintTable(const Program& program, const Table& table, const std::string& hint);
// Prints one thing, as a JSON line or as facts.
void PrintThing(const Program& program, const std::string& type,
                const nlohmann::ordered_json& fields, const Facts& facts);

// The JSON line of a thing: {"type":TYPE, then its fields}.
[[nodiscard]] nlohmann::ordered_json Typed(const std::string& type,
                                           const nlohmann::ordered_json& fields);

}  // namespace kith::cli
