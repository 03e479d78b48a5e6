// SPDX-License-Identifier: Apache-2.0
//
// Votes for NCMEC's hash sharing: what people here said of leads to its entries. Each line is one
// request: its method, its path below the service's address, and its body. Nothing is sent.
//
// An entry that somebody confirmed is voted for, one that somebody rejected against, under the
// reason that the caller names; one of which people think differently is left out. Opinions are on
// leads, so the votes are on the PDQ.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/exchange/internal/make_writers.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

constexpr std::string_view kBegin =
    "<feedbackSubmission xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\">";
constexpr std::string_view kEnd = "</feedbackSubmission>";
constexpr std::size_t kGuidBytes = 36;

// A part of a path: all but letters, digits, '-', '.', '_', '~' as %XX.
std::string InPath(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string path;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '~' || (c == '.' && text.size() > 2);
    if (plain) {
      path += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      path += '%';
      path += kDigits[byte >> 4U];
      path += kDigits[byte & 15U];
    }
  }
  return path;
}

bool IsGuid(std::string_view text) {
  return text.size() == kGuidBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                  (c >= 'A' && c <= 'F');
         });
}

// A store may hold what another program put there.
bool IsText(const nlohmann::json& carried, const char* name) {
  return carried.is_object() && carried.contains(name) && carried[name].is_string();
}

class NcmecVotesWriter final : public Writer {
 public:
  explicit NcmecVotesWriter(Output output) : output_(std::move(output)) {}

  absl::Status Begin(const SetFacts& facts) override {
    reason_ = facts.reason;
    if (!reason_.empty() && !IsGuid(reason_)) {
      return absl::InvalidArgumentError(
          "the reason of votes against entries is a GUID, as the service lists it");
    }
    // The last opinion on a pair holds.
    std::map<std::pair<std::uint64_t, std::string_view>, v1::OpinionKind> last;
    for (const v1::Opinion& opinion : facts.opinions) {
      last[{opinion.entry_id(), opinion.sha256()}] = opinion.kind();
    }
    for (const auto& [pair, kind] : last) {
      Said& said = said_[pair.first];
      said.confirmed |= kind == v1::OPINION_KIND_CONFIRMED;
      said.rejected |= kind == v1::OPINION_KIND_REJECTED;
    }
    return absl::OkStatus();
  }

  absl::Status Add(const Entry& entry) override {
    if (entry.repeats()) {  // its entry has the vote
      ++left_out_;
      return absl::OkStatus();
    }
    const auto found = said_.find(entry.entry_id());
    const Said said = found == said_.end() ? Said() : found->second;
    const auto carried = nlohmann::json::parse(entry.carried().data(), nullptr, false);
    const bool against = said.rejected && !reason_.empty();
    if (said.confirmed == said.rejected || (said.rejected && !against) ||
        entry.carried().format() != "ncmec" || !IsText(carried, "member_id") ||
        !IsText(carried, "id")) {
      ++left_out_;
      return absl::OkStatus();
    }
    const std::string vote = against ? absl::StrCat("<negative><reasonIds><guid>", reason_,
                                                    "</guid></reasonIds></negative>")
                                     : "<affirmative/>";
    const nlohmann::ordered_json line{
        {"type", "vote"},
        {"entry", entry.entry_id()},
        {"vote", against ? "down" : "up"},
        {"method", "PUT"},
        {"path", absl::StrCat("/v2/entries/", InPath(carried.value("member_id", "")), "/",
                              InPath(carried.value("id", "")), "/PDQ/feedback")},
        {"body", absl::StrCat(std::string(kBegin), vote, std::string(kEnd))}};
    return output_(report::JsonText(line) + "\n");
  }
  absl::Status End() override { return absl::OkStatus(); }
  [[nodiscard]] std::uint64_t left_out() const override { return left_out_; }

 private:
  struct Said {
    bool confirmed = false;
    bool rejected = false;
  };

  Output output_;
  std::string reason_;
  std::map<std::uint64_t, Said> said_;  // by entry
  std::uint64_t left_out_ = 0;
};

}  // namespace

std::unique_ptr<Writer> MakeNcmecVotesWriter(Output output) {
  return std::make_unique<NcmecVotesWriter>(std::move(output));
}

}  // namespace kith::exchange
