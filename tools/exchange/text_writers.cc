// SPDX-License-Identifier: Apache-2.0
//
// CSV and JSON Lines: one entry a line, in CSV with one PDQ hash: that of the whole picture, else
// the first.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "tools/exchange/internal/csv_line.h"
#include "tools/exchange/internal/json_object.h"
#include "tools/exchange/internal/make_writers.h"
#include "tools/exchange/internal/one_code.h"
#include "tools/exchange/internal/vics_carried.h"
#include "tools/exchange/internal/vics_mapped.h"
#include "tools/report/csv_row.h"
#include "tools/report/path_text.h"
#include "tools/report/words.h"

namespace kith::exchange {
namespace {

// A contract: columns are only added at the end.
constexpr std::string_view kHeader =
    "entry,md5,sha1,sha256,pdq,pdq_quality,pdq_dialect,series,victim_identified,category_scheme,"
    "category,source_ref\r\n";

class CsvWriter final : public Writer {
 public:
  explicit CsvWriter(Output output) : output_(std::move(output)) {}
  absl::Status Begin(const SetFacts& facts) override {
    identified_ = facts.identified;
    return output_(kHeader);
  }
  absl::Status End() override { return absl::OkStatus(); }
  absl::Status Add(const Entry& entry) override {
    const v1::Code* code = CodeForOneColumn(entry);
    if (code == nullptr && !HasDigest(entry)) {
      ++left_out_;
      return absl::OkStatus();
    }
    const auto further = static_cast<std::uint64_t>(std::max(entry.codes_size(), 1)) - 1;
    values_left_out_ += further + CarriedValues(entry);
    report::CsvRow row;
    row.Add(entry.entry_id());
    row.Add(absl::BytesToHexString(entry.digests().md5()));
    row.Add(absl::BytesToHexString(entry.digests().sha1()));
    row.Add(absl::BytesToHexString(entry.digests().sha256()));
    row.Add(code == nullptr ? "" : absl::BytesToHexString(code->pdq()));
    row.Add(code == nullptr || !code->has_quality() ? "" : std::to_string(code->quality()));
    row.Add(code == nullptr ? "" : report::DialectWord(code->dialect()));
    row.Add(report::EscapeText(entry.series()));
    row.Add(report::TriStateWord(VictimOf(entry, identified_)));
    row.Add(report::EscapeText(entry.category().scheme()));
    row.Add(report::EscapeText(entry.category().code()));
    row.Add(report::EscapeText(entry.source_ref()));
    return output_(row.line() + "\r\n");
  }
  [[nodiscard]] std::uint64_t left_out() const override { return left_out_; }
  [[nodiscard]] std::uint64_t values_left_out() const override { return values_left_out_; }

 private:
  Output output_;
  SeriesCodes identified_;
  std::uint64_t left_out_ = 0;
  std::uint64_t values_left_out_ = 0;
};

class JsonLinesWriter final : public Writer {
 public:
  explicit JsonLinesWriter(Output output) : output_(std::move(output)) {}
  absl::Status Begin(const SetFacts& facts) override {
    set_ = facts.hash_set.name();
    identified_ = facts.identified;
    return absl::OkStatus();
  }
  absl::Status End() override { return absl::OkStatus(); }
  absl::Status Add(const Entry& entry) override {
    nlohmann::ordered_json json{
        {"type", "entry"},
        {"entry", entry.entry_id()},
        {"set", set_},
        {"md5", absl::BytesToHexString(entry.digests().md5())},
        {"sha1", absl::BytesToHexString(entry.digests().sha1())},
        {"sha256", absl::BytesToHexString(entry.digests().sha256())},
        {"codes", nlohmann::ordered_json::array()},
        {"series", nullptr},
        {"victim_identified", report::TriStateWord(VictimOf(entry, identified_))},
        {"category", nullptr},
        {"source_ref", entry.source_ref()}};
    for (const v1::Code& code : entry.codes()) {
      nlohmann::ordered_json one{{"pdq", absl::BytesToHexString(code.pdq())},
                                 {"quality", nullptr},
                                 {"view", report::ViewWord(code.view())},
                                 {"dialect", report::DialectWord(code.dialect())}};
      if (code.has_quality()) one["quality"] = code.quality();
      json["codes"].push_back(std::move(one));
    }
    if (!entry.series().empty()) json["series"] = entry.series();
    if (!entry.category().code().empty()) {
      json["category"] = {{"scheme", entry.category().scheme()}, {"code", entry.category().code()}};
    }
    if (entry.has_carried()) {
      auto data = ParseCarried(entry.carried().data());
      json["carried"] = {{"format", entry.carried().format()}, {"part", entry.carried().part()}};
      if (!data.is_discarded()) json["carried"]["data"] = std::move(data);
      if (!entry.carried().series().empty()) json["carried"]["series"] = entry.carried().series();
    }
    if (entry.carried_only()) {
      // No entry, and nothing to be matched with: "entry" is the one before it.
      json["type"] = "carried";
      json["carried_only"] = true;
    } else if (entry.repeats()) {
      json["repeats"] = true;
    }
    return output_(report::JsonText(json) + "\n");
  }

 private:
  Output output_;
  std::string set_;
  SeriesCodes identified_;
};

}  // namespace

std::unique_ptr<Writer> MakeCsvWriter(Output output) {
  return std::make_unique<CsvWriter>(std::move(output));
}

std::unique_ptr<Writer> MakeJsonLinesWriter(Output output) {
  return std::make_unique<JsonLinesWriter>(std::move(output));
}

}  // namespace kith::exchange
