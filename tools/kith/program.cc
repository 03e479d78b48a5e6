// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/program.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

void Write(FILE* stream, const std::string& line) {
  // A failed write is found by main, which asks the stream at the end.
  (void)std::fwrite(line.data(), 1, line.size(), stream);
}

}  // namespace

int Fail(const absl::Status& status) {
  (void)std::fflush(stdout);
  const auto message = status.message();
  // Libraries and servers put names into their messages as they are.
  Write(stderr, "kith: " + report::EscapeMessage({message.data(), message.size()}) + "\n");
  return kExitError;
}

void Note(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += report::EscapeMessage(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  Write(stderr, out);
}

void PrintLine(const std::string& line) { Write(stdout, line + "\n"); }

void PrintJson(const nlohmann::ordered_json& value) { PrintLine(report::JsonText(value)); }

}  // namespace kith::cli
