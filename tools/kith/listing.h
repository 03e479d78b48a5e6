// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "tools/kith/engine_link.h"
#include "tools/kith/table.h"

namespace kith::cli {

// How many things of a list are shown: --limit, 0 for all.
class Limit {
 public:
  explicit Limit(std::uint64_t most) : most_(most) {}
  // Whether one more is shown.
  [[nodiscard]] bool Take() {
    cut_ = most_ != 0 && taken_ == most_;
    if (!cut_) ++taken_;
    return !cut_;
  }
  // False once one was not shown: no further page need be asked for.
  [[nodiscard]] bool goes_on() const { return !cut_; }
  // Says on stderr that there is more.
  void Tell() const;

 private:
  std::uint64_t most_;
  std::uint64_t taken_ = 0;
  bool cut_ = false;
};
void AddLimitFlag(CLI::App& verb, std::uint64_t& most);

// Reads all pages of a list and hands each response to `take`, which may end it by `false`.
// `method` is &Stub::ListX.
template <typename Stub, typename Request, typename Response, typename Take>
[[nodiscard]] absl::Status ForEachPage(Stub& stub,
                                       grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                                       Request request, const Take& take) {
  while (true) {
    const absl::StatusOr<Response> page = Call(stub, method, request);
    if (!page.ok()) return page.status();
    if constexpr (std::is_same_v<std::invoke_result_t<Take, const Response&>, bool>) {
      if (!take(*page)) return absl::OkStatus();
    } else {
      take(*page);
    }
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
