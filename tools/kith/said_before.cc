// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/said_before.h"

#include <xxhash.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "tools/exchange/formats.h"
#include "tools/kith/listing.h"
#include "tools/report/path_text.h"

namespace kith::cli {
namespace {

constexpr char kMember[] = "taken_back";  // [["name", seconds, said_anew], ...]
constexpr std::size_t kBytesAround = 64;

}  // namespace

SaidBefore::SaidBefore() {
  std::random_device random;
  seed_ = (static_cast<std::uint64_t>(random()) << 32U) | random();
}

SaidBefore::Name SaidBefore::NameOf(std::string_view source_ref) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(source_ref.data(), source_ref.size(), seed_);
  return {hash.high64, hash.low64};
}

absl::Status SaidBefore::Read(v1::ImportService::Stub& stub, const std::string& set) {
  if (std::exchange(read_, true)) return absl::OkStatus();
  v1::ListImportsRequest request;
  request.set_set(set);
  return ForEachPage(
      stub, &v1::ImportService::Stub::ListImports, request,
      [this](const v1::ListImportsResponse& page) {
        for (const v1::ImportRecord& import : page.imports()) {
          const exchange::Format* format = exchange::FindFormat(import.carried().format());
          if (format == nullptr || !format->replaces) continue;
          // A store may hold what another program put there.
          const auto carried = nlohmann::json::parse(import.carried().data(), nullptr, false);
          if (!carried.is_object() || !carried.contains(kMember)) continue;
          for (const nlohmann::json& one : carried[kMember]) {
            if (!one.is_array() || one.size() != 3 || !one[0].is_string() ||
                !one[1].is_number_integer() || !one[2].is_boolean()) {
              continue;
            }
            Take({one[0].get<std::string>(), one[1].get<std::int64_t>(), one[2].get<bool>()});
          }
        }
      });
}

void SaidBefore::Says(std::string_view source_ref, std::int64_t at) {
  if (at == 0) return;
  Times& times = names_[NameOf(source_ref)];
  times.said = std::max(times.said, at);
}

void SaidBefore::TakesBack(std::string_view source_ref, std::int64_t at) {
  Times& times = names_[NameOf(source_ref)];
  times.taken_back = std::max(times.taken_back, at);
}

void SaidBefore::Take(const TakenBack& one) {
  if (one.said_anew) {
    Says(one.source_ref, one.at);
  } else {
    TakesBack(one.source_ref, one.at);
  }
}

std::int64_t SaidBefore::SaidAt(std::string_view source_ref) const {
  const auto found = names_.find(NameOf(source_ref));
  return found == names_.end() ? 0 : found->second.said;
}

bool SaidBefore::Outdates(std::string_view source_ref, std::int64_t at) const {
  const auto found = names_.find(NameOf(source_ref));
  if (at == 0 || found == names_.end()) return false;
  return at < found->second.said || at <= found->second.taken_back;
}

bool SaidBefore::KnowsTakenBack(std::string_view source_ref, std::int64_t at) const {
  const auto found = names_.find(NameOf(source_ref));
  return found != names_.end() && at <= found->second.taken_back;
}

std::vector<v1::Carried> CarriedOf(std::string_view format,
                                   const std::vector<TakenBack>& taken_back,
                                   std::size_t max_bytes) {
  std::vector<v1::Carried> all;
  std::string list;
  const auto put = [&] {
    if (list.empty()) return;
    v1::Carried& carried = all.emplace_back();
    carried.set_format(std::string(format));
    carried.set_data("{\"" + std::string(kMember) + "\":[" + list + "]}");
    list.clear();
  };
  for (const TakenBack& one : taken_back) {
    const std::string item =
        report::JsonText(nlohmann::ordered_json::array({one.source_ref, one.at, one.said_anew}));
    if (list.size() + item.size() + kBytesAround > max_bytes) put();
    if (!list.empty()) list += ',';
    list += item;
  }
  put();
  return all;
}

}  // namespace kith::cli
