// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/recurring_digests.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {
namespace {

constexpr std::uint64_t kKeysAPart = std::uint64_t{4} << 20;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Unknown to whoever makes a list, so that no list has keys that are alike.
std::uint64_t RandomSeed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

// The kinds are kept apart: an MD5 and an identity have the same length.
enum class Kind : std::uint8_t { kMd5, kSha1, kSha256, kIdentity };

std::uint64_t KeyOf(Kind kind, std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed + static_cast<std::uint64_t>(kind));
}

std::uint64_t KeyOfIdentity(const EntryRecord& record, std::uint64_t seed) {
  const auto identity = IdentityOf(record, seed);
  return KeyOf(Kind::kIdentity, {identity.data(), identity.size()}, seed);
}

absl::Status SpoolFailed(const char* what) {
  const std::string why = absl::StrCat("the file of an import's digests: ", what);
  return errno == ENOSPC || errno == EDQUOT
             ? absl::ResourceExhaustedError(absl::StrCat(why, ": the disk is full"))
             : absl::ErrnoToStatus(errno, why);
}

// Appends what stands more than once in `keys`, which is put in order.
void AppendRepeated(std::vector<std::uint64_t>& keys, std::vector<std::uint64_t>& repeated) {
  std::sort(keys.begin(), keys.end());
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i] == keys[i - 1] && (i == 1 || keys[i] != keys[i - 2])) repeated.push_back(keys[i]);
  }
}

}  // namespace

void AppendKeys(const EntryRecord& record, std::uint64_t seed, std::vector<std::uint64_t>& keys) {
  const std::size_t before = keys.size();
  if (!record.md5.empty()) keys.push_back(KeyOf(Kind::kMd5, record.md5, seed));
  if (!record.sha1.empty()) keys.push_back(KeyOf(Kind::kSha1, record.sha1, seed));
  if (!record.sha256.empty()) keys.push_back(KeyOf(Kind::kSha256, record.sha256, seed));
  if (keys.size() == before) keys.push_back(KeyOfIdentity(record, seed));
}

std::uint64_t WantedKey(const EntryRecord& record, std::uint64_t seed) {
  if (!record.sha256.empty()) return KeyOf(Kind::kSha256, record.sha256, seed);
  if (!record.sha1.empty()) return KeyOf(Kind::kSha1, record.sha1, seed);
  if (!record.md5.empty()) return KeyOf(Kind::kMd5, record.md5, seed);
  return KeyOfIdentity(record, seed);
}

RecurringDigests RecurringDigests::Of(std::span<const EntryRecord> records) {
  RecurringDigests recurring{.seed = RandomSeed(), .keys = {}};
  std::vector<std::uint64_t> keys;
  for (const EntryRecord& record : records) AppendKeys(record, recurring.seed, keys);
  AppendRepeated(keys, recurring.keys);
  return recurring;
}

absl::StatusOr<KeySpool> KeySpool::Create(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w+be");
  if (file == nullptr) return SpoolFailed("cannot be made");
  return KeySpool(file, RandomSeed());
}

absl::Status KeySpool::Append(std::span<const std::uint64_t> keys) {
  if (keys.empty()) return absl::OkStatus();  // without a place, which fwrite must not be given
  // What an earlier call wrote in part is written over.
  if (std::fseek(file_.get(), static_cast<long>(size_ * sizeof(std::uint64_t)), SEEK_SET) != 0 ||
      std::fwrite(keys.data(), sizeof(std::uint64_t), keys.size(), file_.get()) != keys.size() ||
      std::fflush(file_.get()) != 0) {
    absl::Status status = SpoolFailed("cannot be written");
    std::clearerr(file_.get());
    return status;
  }
  size_ += keys.size();
  return absl::OkStatus();
}

absl::StatusOr<RecurringDigests> KeySpool::Recurring() const {
  RecurringDigests recurring{.seed = seed_, .keys = {}};
  // Keys are hashes, so parts of equal range have about as many keys each.
  const std::uint64_t parts = size_ / kKeysAPart + 1;
  const std::uint64_t range = std::numeric_limits<std::uint64_t>::max() / parts + 1;
  std::vector<std::uint64_t> keys;
  std::array<std::uint64_t, 8192> block = {};
  for (std::uint64_t part = 0; part < parts; ++part) {
    keys.clear();
    if (std::fseek(file_.get(), 0, SEEK_SET) != 0) return SpoolFailed("cannot be read");
    for (std::uint64_t left = size_; left > 0;) {
      const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left, block.size()));
      if (std::fread(block.data(), sizeof(std::uint64_t), wanted, file_.get()) != wanted) {
        return SpoolFailed("cannot be read");
      }
      for (const std::uint64_t key : std::span(block).first(wanted)) {
        if (parts == 1 || key / range == part) keys.push_back(key);
      }
      left -= wanted;
    }
    AppendRepeated(keys, recurring.keys);
  }
  return recurring;
}

TakenDigests::TakenDigests(RecurringDigests recurring)
    : recurring_(std::move(recurring)), first_(recurring_.keys.size(), kNone) {}

std::optional<std::size_t> TakenDigests::PlaceOf(std::uint64_t key) const {
  const auto found = std::lower_bound(recurring_.keys.begin(), recurring_.keys.end(), key);
  if (found == recurring_.keys.end() || *found != key) return std::nullopt;
  return static_cast<std::size_t>(found - recurring_.keys.begin());
}

bool TakenDigests::Add(const EntryRecord& record, std::uint32_t entry) {
  keys_.clear();
  AppendKeys(record, recurring_.seed, keys_);
  bool recurs = false;
  for (const std::uint64_t key : keys_) {
    const auto place = PlaceOf(key);
    if (!place) continue;
    recurs = true;
    if (first_[*place] == kNone) {
      first_[*place] = entry;
      continue;
    }
    std::vector<std::uint32_t>& others = others_[*place];
    if (others.size() + 1 < kMaxLookedAt) others.push_back(entry);
  }
  return recurs;
}

std::vector<std::uint32_t> TakenDigests::Find(const EntryRecord& record) const {
  std::vector<std::uint32_t> entries;
  const auto place = PlaceOf(WantedKey(record, recurring_.seed));
  if (!place || first_[*place] == kNone) return entries;
  entries.push_back(first_[*place]);
  const auto others = others_.find(*place);
  if (others != others_.end()) {
    entries.insert(entries.end(), others->second.begin(), others->second.end());
  }
  return entries;
}

}  // namespace kith::catalog
