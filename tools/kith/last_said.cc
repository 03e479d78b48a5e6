// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/last_said.h"

#include <xxhash.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string_view>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace kith::cli {

LastSaid::LastSaid() {
  std::random_device random;
  seed_ = (static_cast<std::uint64_t>(random()) << 32U) | random();
}

LastSaid::Said LastSaid::SaidOf(const std::string& source_ref) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(source_ref.data(), source_ref.size(), seed_);
  Said said;
  said.high = hash.high64;
  said.low = hash.low64;
  return said;
}

std::uint64_t LastSaid::MatchedBy(const v1::Entry& entry) const {
  std::string text;
  const v1::Digests& digests = entry.digests();
  for (const std::string* digest : {&digests.md5(), &digests.sha1(), &digests.sha256()}) {
    text += static_cast<char>(digest->size());
    text += *digest;
  }
  // Their dialect is left out: the service gives that of the set to those that have none.
  std::vector<std::string_view> hashes;
  for (const v1::Code& code : entry.codes()) hashes.emplace_back(code.pdq());
  std::sort(hashes.begin(), hashes.end());
  for (const std::string_view hash : hashes) text += hash;
  return XXH3_64bits_withSeed(text.data(), text.size(), seed_);
}

namespace {

// When its source said a record, where what is carried tells it: in the words of NCMEC, or of
// StopNCII.
std::int64_t SaidAt(const v1::Entry& entry) {
  const auto carried = nlohmann::json::parse(entry.carried().data(), nullptr, false);
  if (!carried.is_object()) return 0;
  for (const char* name : {"timestamp", "lastModtimestamp"}) {
    const auto timestamp = carried.find(name);
    if (timestamp == carried.end()) continue;
    if (timestamp->is_string()) return LastSaid::SecondsOf(timestamp->get<std::string>());
    // What nests is not written again: it may be as deep as it likes.
    return timestamp->is_number() ? LastSaid::SecondsOf(timestamp->dump()) : 0;
  }
  return 0;
}

}  // namespace

std::int64_t LastSaid::SecondsOf(const std::string& timestamp) {
  std::int64_t seconds = 0;
  if (absl::SimpleAtoi(timestamp, &seconds)) return seconds;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, timestamp, &time, &error)) return 0;
  return absl::ToUnixSeconds(time);
}

absl::StatusOr<std::size_t> LastSaid::Add(Said said) {
  if (said_.size() >= kMaxRecords) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the file holds more than ", kMaxRecords, " records: divide it"));
  }
  said.number = static_cast<std::uint32_t>(said_.size());
  const auto [last, first] = names_.try_emplace(said.low, said.number);
  again_ = !first;
  outdated_ = again_ && said_[last->second].high == said.high && said.at != 0 &&
              said.at < said_[last->second].at;
  if (outdated_) {
    said.kind = Kind::kOutdated;
  } else {
    last->second = said.number;
  }
  said_.push_back(said);
  return said_.size() - 1;
}

LastSaid::Heard LastSaid::HeardOf(const v1::Entry& entry) const {
  Heard heard = SaidOf(entry.source_ref());
  heard.matched_by = MatchedBy(entry);
  heard.at = SaidAt(entry);
  return heard;
}

absl::StatusOr<std::size_t> LastSaid::Says(const v1::Entry& record) {
  return Add(Said{HeardOf(record)});
}

bool LastSaid::LastOutdates(std::size_t number) const {
  return Judge(said_.back(), said_[number]) != Fate::kStands;
}

absl::Status LastSaid::TakesBack(const std::string& source_ref, const std::string& timestamp) {
  Said said = SaidOf(source_ref);
  said.at = SecondsOf(timestamp);
  said.kind = Kind::kTakenBack;
  return Add(said).status();
}

void LastSaid::Finish() {
  std::erase_if(said_, [](const Said& one) { return one.kind == Kind::kOutdated; });
  std::sort(said_.begin(), said_.end(), [](const Said& a, const Said& b) {
    return std::tie(a.high, a.low, a.number) < std::tie(b.high, b.low, b.number);
  });
  // Of each name the last holds.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < said_.size(); ++i) {
    const bool last = i + 1 == said_.size() || said_[i + 1].high != said_[i].high ||
                      said_[i + 1].low != said_[i].low;
    if (last) said_[kept++] = said_[i];
  }
  said_.resize(kept);
}

LastSaid::Fate LastSaid::Judge(const Said& said, const Heard& heard) {
  const bool same = said.kind == Kind::kRecord && said.matched_by == heard.matched_by;
  if (said.kind == Kind::kDoubt || same) return Fate::kStands;
  if (said.at != 0 && heard.at > said.at) return Fate::kStands;
  return said.kind == Kind::kTakenBack ? Fate::kTakenBack : Fate::kReplaced;
}

const LastSaid::Said* LastSaid::Find(const Heard& name) const {
  const auto found =
      std::lower_bound(said_.begin(), said_.end(), name, [](const Said& a, const Heard& b) {
        return std::tie(a.high, a.low) < std::tie(b.high, b.low);
      });
  const bool there = found != said_.end() && found->high == name.high && found->low == name.low;
  return there ? &*found : nullptr;
}

LastSaid::Fate LastSaid::Of(const Heard& heard) const {
  const Said* said = Find(heard);
  return said == nullptr ? Fate::kStands : Judge(*said, heard);
}

bool LastSaid::EndsTakenBack(const std::string& source_ref) const {
  const Said* said = Find(SaidOf(source_ref));
  return said != nullptr && said->kind == Kind::kTakenBack;
}

std::int64_t LastSaid::LastAt(const std::string& source_ref) const {
  const Said* said = Find(SaidOf(source_ref));
  return said == nullptr ? 0 : said->at;
}

}  // namespace kith::cli
